"""What stands around the rows of a delimited text and is no row: below the table, below the header; and what is refused by what it is."""

from __future__ import annotations

import json

import pytest

from engine.errors import DataError
from engine.reading.delimited import reading
from engine.reading.read_table import read_table

ROWS = [(f"The {('parcel', 'invoice', 'password')[n % 3]} number {n} is wrong", ("ships", "bills", "login")[n % 3]) for n in range(30)]
PLAIN = "text,label\n" + "".join(f"{text},{label}\n" for text, label in ROWS)


@pytest.fixture
def read(tmp_path):
    """Read a text; reading again with the options that come back gives the same, and so does the fast way."""

    def read_text(text, name="data.csv", limit=None):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8", newline="")
        table = read_table(path, name, limit=limit)
        if limit is None:
            assert read_table(path, name, table.options).frame.equals(table.frame)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(reading, "FAST_BYTES", 0)
                fast = read_table(path, name)
            assert fast.frame.equals(table.frame) and fast.findings == table.findings
        return table

    return read_text


def rows_of(table):
    return [tuple(row) for row in table.frame.itertuples(index=False)]


def counts(table):
    return {item.code: item.count for item in table.findings}


ENDINGS = {
    "a total and the date": "Gesamt:,30\nStand: 12.03.2024,\n",
    "what was counted": "Total général,30\n",
    "a comment": "# end of export\n",
    "rows of a database": "\n(30 rows affected)\n",
    "a notice with a comma": '\n"Confidential Information - Do Not Distribute"\nCopyright (c) 2024 Some Company, inc. All rights.\n',
    "the end of a DOS file": "\x1a",
}


@pytest.mark.parametrize("name", ENDINGS)
def test_what_stands_below_the_table_is_left_out_and_counted(read, name):
    table = read(PLAIN + ENDINGS[name])
    assert rows_of(table) == ROWS and "total_row" in counts(table)


SECOND_HEADERS = {
    "of a survey": ("Respondent ID,Problem,Team", ",Open-Ended Response,Response"),
    "of two levels": (",content,meta", ",text,label"),
    "in brackets": ("id,text,label", "[number],[string],[class]"),
}


@pytest.mark.parametrize("name", SECOND_HEADERS)
def test_a_second_header_with_gaps_or_brackets_is_left_out(read, name):
    header, second = SECOND_HEADERS[name]
    table = read("\n".join([header, second, *(f"{100 + n},{text},{label}" for n, (text, label) in enumerate(ROWS))]) + "\n")
    assert [row[1:] for row in rows_of(table)] == ROWS and counts(table)["second_header"] == 1


def test_a_first_row_with_a_gap_is_data(read):
    rows = [("", "a text without an id", "ships"), *((str(n) if n % 5 else "", text, label) for n, (text, label) in enumerate(ROWS))]
    table = read("\n".join(["id,text,label", *map(",".join, rows)]) + "\n")
    assert rows_of(table) == rows and not table.findings


def test_texts_with_more_commas_than_the_header_has_names_for(read):
    rows = [(str(n), label, f"{text}, well, yes") for n, (text, label) in enumerate(ROWS)]
    table = read("\n".join(["id,label,text", *map(",".join, rows)]) + "\n")
    assert rows_of(table) == rows and counts(table) == {"joined_cells": 30}
    table = read("\n".join(["id,text", *(f"{n},{text},{label}" for n, (text, label) in enumerate(ROWS))]) + "\n")
    assert [row[1:] for row in rows_of(table)] == ROWS  # a column whose name is missing


NO_TABLES = {
    "an ARFF file": "% from Weka\n@RELATION mail\n@attribute text string\n@attribute label {a,b}\n@data\n'late parcel',a\n",
    "an XML document": '<?xml version="1.0"?>\n<rows><row text="late, parcel" label="a"/></rows>\n',
    "a JavaScript file": '// export\nvar data = [{"text": "late parcel", "label": "a"}];\n',
}


@pytest.mark.parametrize("what", NO_TABLES)
def test_what_is_no_table_is_refused_by_what_it_is(read, what):
    with pytest.raises(DataError, match=what):
        read(NO_TABLES[what])


@pytest.mark.parametrize("first", ["@relation of mine", "var data was lost", "// a comment"])
def test_a_text_that_only_begins_like_one_is_a_row(read, first):
    assert len(read(f"text,label\n{first},ships\n" + PLAIN.removeprefix("text,label\n")).frame) == 31


@pytest.mark.parametrize("name", ["te{xt", "{0}", "{count", "}{"])
def test_braces_in_a_name_are_part_of_a_sentence(read, name):
    rows = [f"{text}, and more,{label}" if place % 5 == 0 else f"{text},{label}" for place, (text, label) in enumerate(ROWS)]
    table = read("\n".join([f"{name},label", *rows]) + "\n")
    assert counts(table) == {"joined_cells": 6} and f"“{name}”" in table.findings[0].sentence


@pytest.mark.parametrize("name", ["other{s", "{0}", "}{"])
def test_braces_in_a_key_are_part_of_a_sentence(read, name):
    classes = {label: [text for text, other in ROWS if other == label] for label in ("ships", "bills", "login")}
    table = read(json.dumps({**classes, name: "one text alone"}), "data.json")
    assert counts(table) == {"lists_left_out": 1} and name in table.findings[0].sentence


def test_rows_of_delimiters_only_are_blank_lines(read):
    for delimiter in ",;":
        body = PLAIN.replace(",", delimiter).splitlines()
        table = read("\n".join([*body[:5], delimiter, *body[5:], delimiter, f" {delimiter} ", f'""{delimiter}""']) + "\n")
        assert rows_of(table) == ROWS and counts(table) == {"blank_lines": 4}
        assert next(item for item in table.findings if item.code == "blank_lines").lines == (6, 33, 34, 35)


def test_many_rows_of_delimiters_only_below_a_spreadsheet(read):
    wide = "".join(f"{line},,,\n" for line in PLAIN.splitlines())
    table = read(wide + ",,,,\n" * 200)
    assert rows_of(table) == ROWS and counts(table) == {"empty_columns": 3, "blank_lines": 200}
    table = read(wide + ",,,,\n" * 200, limit=40)
    assert rows_of(table) == ROWS


def test_a_row_with_one_value_is_no_blank_line(read):
    table = read(PLAIN + ",login\nno label here,\n")
    assert rows_of(table) == [*ROWS, ("", "login"), ("no label here", "")] and "blank_lines" not in counts(table)


def test_words_behind_a_closing_quote_keep_the_columns(read):
    texts = [f'"{text}, ""please"", now" #5' if n % 6 == 4 else f"{text} #5" for n, (text, _) in enumerate(ROWS)]
    table = read("v1,v2,,,\n" + "".join(f"{label},{text},,,\n" for text, (_, label) in zip(texts, ROWS, strict=True)))
    assert list(table.frame.columns) == ["v1", "v2"]
    assert rows_of(table) == [(label, text) for text, (_, label) in zip(texts, ROWS, strict=True)]
    assert counts(table) == {"empty_columns": 3, "open_quotes": 5}


def test_a_space_before_the_quote_in_some_rows(read):
    lines = [f'{label},{" " * (n % 4 == 0)}"{text}, ok"' for n, (text, label) in enumerate(ROWS)]
    table = read("label,text\n" + "\n".join(lines) + "\n")
    assert rows_of(table) == [(label, f"{text}, ok") for text, label in ROWS] and not table.findings


def test_a_text_that_goes_on_with_a_quoted_word_keeps_its_quotes(read):
    lines = [f'{label},{text}, "no"' if n % 4 == 0 else f'{label},"{text}, ok"' for n, (text, label) in enumerate(ROWS)]
    texts = [f'{text}, "no"' if n % 4 == 0 else f"{text}, ok" for n, (text, _) in enumerate(ROWS)]
    table = read("label,text\n" + "\n".join(lines) + "\n")
    assert table.frame["text"].tolist() == texts and counts(table) == {"joined_cells": 8}
