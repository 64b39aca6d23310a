"""Workbooks: the sheet with the table, what is no data in it, and everything that people call .xls."""

import datetime
import io
import zipfile

import openpyxl
import pytest

from engine.errors import DataError
from engine.reading.columns.guess import guess_columns
from engine.reading.options import ReadingOptions
from engine.reading.read_table import read_table
from tests.reading.written_workbooks import ods, ole, xls, xlsb

ROWS = [(f"The parcel number {number} never came to me", ["late", "billing", "account"][number % 3]) for number in range(60)]
HEAD = ("text", "label")
BY_CLASS = [(label if number % 20 == 0 else None, text) for number, (text, label) in enumerate(sorted(ROWS, key=lambda row: row[1]))]
CLASSES = {"late": 20, "billing": 20, "account": 20}


def written(fill):
    """The bytes of a workbook that ``fill`` has filled, given the book and its first sheet."""
    book = openpyxl.Workbook()
    book.active.title = "Data"
    fill(book, book.active)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def put(sheet, rows, head=HEAD):
    for row in [head, *rows]:
        sheet.append(row)


def read(tmp_path, content, name="data.xlsx", options=None, limit=None):
    path = tmp_path / name
    path.write_bytes(content)
    table = read_table(path, name, options or ReadingOptions(), limit)
    if limit is None:
        again = read_table(path, name, table.options)
        assert again.frame.equals(table.frame) and again.options == table.options
    return table


def classes(table):
    guess = guess_columns(table)
    counts = table.frame[guess.label].value_counts().to_dict()
    return {name: count for name, count in counts.items() if name}


def codes(table):
    return {finding.code: finding.count for finding in table.findings}


def cover(book, sheet):
    sheet.title = "About"
    for row in (("Messages of the help desk",), ("Exported by", "the shop"), ("Contact", "me@example.org")):
        sheet.append(row)
    put(book.create_sheet("Messages"), ROWS)


def codebook(book, sheet):
    put(sheet, [(number, f"class {number}") for number in range(200)], ("code", "meaning"))
    put(book.create_sheet("Messages"), ROWS)


def hidden(state):
    def fill(book, sheet):
        sheet.sheet_state = state
        put(sheet, ROWS * 3)
        put(book.create_sheet("Messages"), ROWS)

    return fill


def chart(book, sheet):
    sheet.title = "Messages"
    put(sheet, ROWS)
    book.create_chartsheet("Chart", 0)


@pytest.mark.parametrize("fill", [cover, codebook, hidden("hidden"), hidden("veryHidden"), chart], ids=lambda fill: fill.__name__)
def test_the_sheet_with_the_table_is_read(tmp_path, fill):
    table = read(tmp_path, written(fill))
    assert table.options.sheet == "Messages" and classes(table) == CLASSES and len(table.frame) == 60
    assert any("2 sheets" in note and "“Messages” was read" in note for note in table.notes)
    assert codes(table) == {}


def test_a_hidden_sheet_is_better_than_none(tmp_path):
    def fill(book, sheet):
        sheet.sheet_state = "hidden"
        put(sheet, ROWS)
        book.create_sheet("Empty")

    table = read(tmp_path, written(fill))
    assert len(table.frame) == 60 and any("1 of them hidden" in note for note in table.notes)


def test_sheets_with_the_same_columns_are_named(tmp_path):
    def fill(book, sheet):
        put(sheet, ROWS[:30])
        put(book.create_sheet("February"), ROWS[30:50])
        put(book.create_sheet("Notes"), [("x", "y")], ("a", "b"))

    table = read(tmp_path, written(fill))
    assert len(table.frame) == 30 and codes(table) == {"other_sheets": 1} and "“February”" in table.findings[0].sentence


def test_a_sheet_is_chosen_by_its_name_in_any_case(tmp_path):
    content = written(codebook)
    assert read(tmp_path, content, options=ReadingOptions(sheet="data ")).options.sheet == "Data"
    with pytest.raises(DataError, match=r"no sheet called “Third”.*Data, Messages.*--sheet"):
        read(tmp_path, content, options=ReadingOptions(sheet="Third"))


def merged_first(_, sheet):
    put(sheet, BY_CLASS, ("label", "text"))
    for first in (2, 22, 42):
        sheet.merge_cells(start_row=first, end_row=first + 19, start_column=1, end_column=1)


def merged_last_with_title(_, sheet):
    sheet["C2"] = "Messages of 2024"
    sheet.merge_cells("C2:D2")
    for number, (label, text) in enumerate([("label", "text"), *BY_CLASS]):
        sheet.cell(4 + number, 3, text)
        sheet.cell(4 + number, 4, label)
    for first in (5, 25, 45):
        sheet.merge_cells(start_row=first, end_row=first + 19, start_column=4, end_column=4)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (written(merged_first), "data.xlsx"),
        (written(merged_last_with_title), "data.xlsx"),
        (xls({"Data": [("label", "text"), *BY_CLASS], ("Data", "merged"): [(1, 20, 0, 0), (21, 40, 0, 0), (41, 60, 0, 0)]}), "data.xls"),
        (ods([("label", "text"), *[(label or "", text) for label, text in BY_CLASS]], spans={1: 20, 21: 20, 41: 20}), "data.ods"),
    ],
    ids=["xlsx", "xlsx below a title", "xls", "ods"],
)
def test_merged_labels_are_filled_down_and_counted(tmp_path, content, name):
    table = read(tmp_path, content, name)
    assert classes(table) == CLASSES and codes(table)["merged_cells"] == 57 and len(table.frame) == 60


def test_a_merged_header_fills_nothing(tmp_path):
    def fill(_, sheet):
        put(sheet, ROWS)
        sheet.merge_cells("A1:A1")
        sheet["D1"], sheet["D2"] = "note", "kept"

    table = read(tmp_path, written(fill))
    assert table.frame["note"].tolist() == ["kept"] + [""] * 59 and "merged_cells" not in codes(table)


def title_above(_, sheet):
    for row in (("Help desk 2024",), ("for internal use",), ()):
        sheet.append(row)
    put(sheet, ROWS)


def total_below(_, sheet):
    put(sheet, ROWS)
    sheet["A64"], sheet["B64"] = "Total", 60


def header_again(_, sheet):
    put(sheet, ROWS[:30])
    put(sheet, ROWS[30:])


@pytest.mark.parametrize(
    ("fill", "expected"),
    [(title_above, {"skipped_lines": 3}), (total_below, {"total_row": 1}), (header_again, {"repeated_header": 1})],
    ids=["title", "total", "header again"],
)
def test_rows_that_are_no_data_are_left_out_and_counted(tmp_path, fill, expected):
    table = read(tmp_path, written(fill))
    assert len(table.frame) == 60 and classes(table) == CLASSES and codes(table) == expected
    assert list(table.frame.columns) == ["text", "label"]
    assert table.options.skip_rows == expected.get("skipped_lines", 0)


def test_a_class_called_total_is_a_class(tmp_path):
    rows = [(text, ["Total", "Part"][number % 2]) for number, (text, _) in enumerate(ROWS)]
    table = read(tmp_path, written(lambda _, sheet: put(sheet, [(label, text) for text, label in rows], ("label", "text"))))
    assert len(table.frame) == 60 and codes(table) == {}


def errors(_, sheet):
    put(sheet, [(text, ["#N/A", "#REF!", "#DIV/0!", label][number % 4]) for number, (text, label) in enumerate(ROWS)])


def errors_as_text(_, sheet):
    errors(_, sheet)
    for number in range(2, 62):
        sheet.cell(number, 2).data_type = "s"


@pytest.mark.parametrize("fill", [errors, errors_as_text])
def test_error_cells_are_empty_and_counted(tmp_path, fill):
    table = read(tmp_path, written(fill))
    assert codes(table) == {"error_cells": 45} and sorted(classes(table)) == ["account", "billing", "late"]
    assert (table.frame["label"] == "").sum() == 45


def test_error_cells_of_other_formats(tmp_path):
    rows = [HEAD, *[(text, "#N/A" if number % 4 == 0 else label) for number, (text, label) in enumerate(ROWS)]]
    table = read(tmp_path, ods([HEAD, *ROWS], errors=range(1, 61, 4)), "data.ods")
    assert codes(table) == {"error_cells": 15} and (table.frame["label"] == "").sum() == 15
    assert (read(tmp_path, xls({"Data": rows}), "data.xls").frame["label"] == "").sum() == 15


def test_formulas_without_a_value_are_counted_and_those_with_one_are_not(tmp_path):
    content = written(lambda _, sheet: put(sheet, [(text, label, "=1+1") for text, label in ROWS], (*HEAD, "sum")))
    assert codes(read(tmp_path, content)) == {"formulas_without_value": 60}
    computed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(computed, "w") as target:
        for part in source.namelist():
            target.writestr(part, source.read(part).replace(b"</f><v />", b"</f><v>2</v>").replace(b"</f><v/>", b"</f><v>2</v>"))
    table = read(tmp_path, computed.getvalue())
    assert codes(table) == {} and set(table.frame["sum"]) == {"2"}


def test_values_as_a_person_would_type_them(tmp_path):
    row = ("a text", True, datetime.date(2024, 1, 31), datetime.datetime(2024, 1, 31, 12, 30), 3, 2.5, None)
    table = read(tmp_path, written(lambda _, sheet: put(sheet, [row] * 3, ("text", "flag", "day", "time", "whole", "part", "none"))))
    assert table.frame.iloc[0].tolist() == ["a text", "true", "2024-01-31", "2024-01-31 12:30:00", "3", "2.5", ""]
    assert codes(table) == {}


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (xls({"hidden": [HEAD], "Data": [HEAD, *ROWS]}), "data.xls"),
        (xlsb([HEAD, *ROWS]), "data.xlsb"),
        (ods([HEAD, *ROWS]), "data.ods"),
    ],
)
def test_other_workbooks_are_read_alike(tmp_path, content, name):
    table = read(tmp_path, content, name)
    assert table.options.kind == "excel" and [tuple(row) for row in table.frame.itertuples(index=False)] == ROWS
    assert len(read(tmp_path, content, name, limit=5).frame) == 5


PAGE = b"<html><body><table><tr><td>text</td><td>label</td></tr></table></body></html>"
LOCKED_MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry '
    'manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry></manifest:manifest>'
)


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (ole({"EncryptionInfo": b"", "EncryptedPackage": b""}), "data.xlsx", "locked with a password.*remove the password"),
        (xls({"Data": [HEAD, *ROWS]}, locked=True), "data.xls", "locked with a password"),
        (ods([HEAD], manifest=LOCKED_MANIFEST), "data.ods", "locked with a password"),
        (ole({"WordDocument": b""}), "data.xls", "an old Word document"),
        (ole({"PowerPoint Document": b""}), "data.xls", "an old PowerPoint presentation"),
        (ole({"__properties_version1.0": b""}), "data.xls", "an Outlook message"),
        (ole({"Workbook": b"", "WordDocument": b""})[:700], "data.xls", "damaged Office document"),
        (PAGE, "data.xls", r"a web page \(HTML\).*save it as .xlsx"),
        (b"\xef\xbb\xbf<table border=0><tr><td>text</td></tr></table>", "data.xls", r"a web page \(HTML\)"),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>', "data.xls", "the XML of Excel 2003"),
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n", "data.xls", "a web archive"),
    ],
    ids=range(11),
)
def test_what_is_called_a_workbook_and_is_none(tmp_path, content, name, words):
    with pytest.raises(DataError, match=words):
        read(tmp_path, content, name)


def test_an_old_tab_separated_file_called_xls_is_read(tmp_path):
    content = "\n".join("\t".join(row) for row in [HEAD, *ROWS]).encode()
    assert classes(read(tmp_path, content, "data.xls")) == CLASSES


def repacked(content, change):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        for part in source.infolist():
            change(target, part.filename, source.read(part))
    return out.getvalue()


def after(content, part, replacement):
    """The archive with bytes of a member's packed content replaced."""
    place = content.find(part) + len(part) + 20
    return content[:place] + replacement + content[place + len(replacement) :]


GOOD = written(lambda _, sheet: put(sheet, ROWS))
SHEET = b"xl/worksheets/sheet1.xml"
LZMA = repacked(GOOD, lambda target, name, content: target.writestr(name, content, zipfile.ZIP_LZMA))
DAMAGED = {
    "packed by a method that is unknown": GOOD.replace(b"\x14\x00\x00\x00\x08\x00", b"\x14\x00\x00\x00\x63\x00"),
    "damaged deflate": after(GOOD, SHEET, b"\xff" * 30),
    "damaged lzma": after(LZMA, SHEET, b"\xa5" * 40),
    "cut off": GOOD[: len(GOOD) // 2],
    "no sheet": repacked(GOOD, lambda target, name, content: None if name.encode() == SHEET else target.writestr(name, content)),
    "no valid XML": repacked(
        GOOD, lambda target, name, content: target.writestr(name, content[:200] if name.encode() == SHEET else content)
    ),
    "no book": repacked(GOOD, lambda target, name, content: target.writestr(name, b"" if "workbook.xml" in name else content)),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_damage_is_a_sentence(tmp_path, kind):
    with pytest.raises(DataError, match=r"damaged|no filled cell|no worksheet"):
        read(tmp_path, DAMAGED[kind])


@pytest.mark.parametrize(("place", "words"), [("XFD5", "16,384 columns"), ("CZ1048576", "reaches down to row 1,048,576")])
def test_a_stray_cell_far_away_is_no_end_of_the_process(tmp_path, place, words):
    def fill(_, sheet):
        put(sheet, ROWS)
        sheet[place] = "stray"

    with pytest.raises(DataError, match=words):
        read(tmp_path, written(fill))
