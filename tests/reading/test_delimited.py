"""Delimited text: rows that are no data, quotes that go wrong, and the delimiters that people use; no line vanishes without a count."""

import contextlib
import csv
import io
import random
import re
import time

import pytest

from engine.errors import DataError
from engine.reading.columns.guess import guess_columns
from engine.reading.delimited import reading
from engine.reading.options import ReadingOptions
from engine.reading.read_table import read_table

SENTENCES = ("the parcel is late", "my card was charged twice", "the page says unknown user", "nobody rang the bell")
LABELS = ("delivery", "billing", "login")
ROWS = [(f"{SENTENCES[number % 4]} {number}", LABELS[number % 3]) for number in range(30)]
BODY = "".join(f"{text},{label}\n" for text, label in ROWS)
PLAIN = "text,label\n" + BODY


@pytest.fixture
def read(tmp_path):
    """Read a text; every reading must also come out of reading again with the options that it returned, and of the fast way."""

    def read_text(text, name="data.csv", options=None, limit=None):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        table = read_table(path, name, options or ReadingOptions(), limit)
        if limit is None:
            again = read_table(path, name, table.options)
            assert again.options == table.options and again.frame.equals(table.frame) and again.findings == table.findings
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(reading, "FAST_BYTES", 0)
                fast = read_table(path, name, options or ReadingOptions())
            assert fast.frame.equals(table.frame) and fast.lines.tolist() == table.lines.tolist() and fast.options == table.options
            assert fast.findings == table.findings
        return table

    return read_text


def rows_of(table):
    return [tuple(row) for row in table.frame.itertuples(index=False)]


def counts(table):
    return {item.code: item.count for item in table.findings}


def changed(row, change):
    return [change(text, label) if number == row else (text, label) for number, (text, label) in enumerate(ROWS)]


# Rows that are not data

MARKDOWN = "".join(f"| {text} | {label} |\n" for text, label in ROWS)
NOT_DATA = {
    "clean": (PLAIN, {}),
    "empty columns": ("text,label,,,\n" + BODY.replace("\n", ",,,\n"), {"empty_columns": 3}),
    "an empty column before": (",text,label\n" + "".join(f",{line}\n" for line in BODY.splitlines()), {"empty_columns": 1}),
    "sep": ("sep=,\n" + PLAIN, {"skipped_lines": 1}),
    "sep in quotes": ('"sep=;"\n' + PLAIN.replace(",", ";"), {"skipped_lines": 1}),
    "sep of tabs": ("SEP=\t\r\n" + PLAIN.replace(",", "\t"), {"skipped_lines": 1}),
    "title": ("Help desk 2024,\n" + PLAIN, {"skipped_lines": 1}),
    "title without delimiter": ("Help desk 2024\n" + PLAIN, {"skipped_lines": 1}),
    "title, source and blank": ("Help desk\nSource: CRM\n\n" + PLAIN, {"skipped_lines": 3}),
    "title with as many cells": ("Help desk, Bern\n" + PLAIN, {"skipped_lines": 1}),
    "number sign": ("# exported 2024-05-01\n# by the desk, and others, too\n" + PLAIN, {"skipped_lines": 2}),
    "slashes": ("// exported\n" + PLAIN, {"skipped_lines": 1}),
    "percent": ("% a relation\n%\n" + PLAIN, {"skipped_lines": 2}),
    "blank": ("\n\n" + PLAIN, {"skipped_lines": 2}),
    "blank with delimiters": (",\n" + PLAIN, {"skipped_lines": 1}),
    "two titles of several cells": ("Help desk,\nExported by,Bob\n\n" + PLAIN, {"skipped_lines": 3}),
    "a survey": (
        'text,label\nYour problem?,Which?\n"{""ImportId"":""Q1""}","{""ImportId"":""Q2""}"\n' + BODY,
        {"second_header": 2},
    ),
    "two rows of types": ("text,label\nstring,discrete\nmeta,class\n" + BODY, {"second_header": 2}),
    "another language": ("text,label\nTexto,Etiqueta\n" + BODY, {"second_header": 1}),
    "types": ("text,label\nstring,category\n" + BODY, {"second_header": 1}),
    "header again": (PLAIN[:500] + PLAIN[500:].replace("\n", "\ntext,label\n", 1), {"repeated_header": 1}),
    "header in another case": (PLAIN[:500] + PLAIN[500:].replace("\n", "\nText,LABEL\n", 1), {"repeated_header": 1}),
    "a file with a mark joined": (PLAIN[:500] + PLAIN[500:].replace("\n", "\n\ufefftext,label\n", 1), {"repeated_header": 1}),
    "header twice": ("text,label\n" + PLAIN, {"repeated_header": 1}),
    "Markdown": ("| text | label |\n|---|---|\n" + MARKDOWN, {"ruler_rows": 1}),
    "aligned Markdown": ("# Data\n\n| text  | label |\n|:---|---:|\n" + MARKDOWN, {"ruler_rows": 1, "skipped_lines": 2}),
    "Markdown without outer bars": ("text | label\n--- | ---\n" + PLAIN[11:].replace(",", " | "), {"ruler_rows": 1}),
    "a database's table": (
        "+------+-----+\n| text | label |\n+------+-----+\n" + MARKDOWN + "+------+-----+\n",
        {"skipped_lines": 1, "ruler_rows": 2},
    ),
    "total": (PLAIN + "Total,30\n", {"total_row": 1}),
    "rows in set": (PLAIN + "30 rows in set (0.00 sec),\n", {"total_row": 1}),
    "grand total": (PLAIN + "Grand Total:,\n", {"total_row": 1}),
    "total below a blank line": (PLAIN + "\nGesamt,30\n", {"total_row": 1, "blank_lines": 1}),
    "blank lines at the end": (PLAIN + "\n\n", {}),
    "blank lines between": (PLAIN.replace("\n", "\n\n"), {"blank_lines": 30}),
}


@pytest.mark.parametrize("name", NOT_DATA)
def test_rows_that_are_not_data_are_left_out_and_counted(read, name):
    text, expected = NOT_DATA[name]
    table = read(text)
    assert rows_of(table) == ROWS
    assert list(table.frame.columns) == ["text", "label"]
    assert counts(table) == expected
    guess = guess_columns(table)
    assert (guess.text, guess.label, guess.sure) == (("text",), "label", True)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("#happy to help,delivery\n" + BODY, ("#happy to help", "delivery")),  # a hashtag
        ("short,\n" + BODY, ("short", "")),  # no header follows
        (BODY + "total,billing\n", ROWS[0]),
        (BODY + "---,billing\n", ROWS[0]),
    ],
)
def test_data_that_looks_like_something_else_stays(read, text, first):
    table = read(text)
    assert len(table.frame) == 31 and rows_of(table)[0] == first and not {"skipped_lines", "total_row", "ruler_rows"} & set(counts(table))


@pytest.mark.parametrize("ending", ["total,1\n", "Total,0\n"])
def test_a_number_that_is_a_class_is_no_total(read, ending):
    table = read("text,label\n" + "".join(f"{text},{number % 2}\n" for number, (text, _) in enumerate(ROWS)) + ending)
    assert len(table.frame) == 31 and not table.findings


def test_a_row_that_may_be_a_second_header_is_kept_and_said(read):
    table = read("text,label\nAnliegen,Abteilung\n" + BODY)
    assert len(table.frame) == 31 and counts(table) == {"second_header_suspected": 1}


@pytest.mark.parametrize("header", [",0,1", "0,1"])
def test_positions_as_names_are_a_header(read, header):
    table = read(
        header + "\n" + "".join(f"{number},{line}\n" if header[0] == "," else f"{line}\n" for number, line in enumerate(BODY.splitlines()))
    )
    assert table.options.header and len(table.frame) == 30 and list(table.frame.columns)[-2:] == ["0", "1"]
    assert guess_columns(table).text == ("0",) and guess_columns(table).label == "1"


def test_a_header_without_the_name_of_the_index(read):
    """As R writes it."""
    table = read("text,label\n" + "".join(f"{number},{line}\n" for number, line in enumerate(BODY.splitlines(), start=1)))
    assert table.frame["text"].tolist() == [text for text, _ in ROWS] and table.frame["label"].tolist() == [label for _, label in ROWS]


@pytest.mark.parametrize("name", NOT_DATA)
def test_everything_is_read_when_nothing_may_be_skipped(read, name):
    text, _ = NOT_DATA[name]
    table = read(
        text, options=ReadingOptions(header=False, skip_rows=0, delimiter=";" if "sep=;" in text else "\t" if "SEP" in text else None)
    )
    left_out = sum(int(re.search(r"(\d+) with too many", item.sentence)[1]) for item in table.findings if item.code == "ragged_rows")
    assert len(table.frame) + left_out == sum(1 for line in text.splitlines() if line.strip(" ,;\t")) and left_out <= 1
    assert set(counts(table)) <= {"empty_columns", "ragged_rows", "blank_lines", "joined_cells"}


def test_skipped_lines_can_be_chosen(read):
    table = read("one\ntwo\n" + PLAIN, options=ReadingOptions(skip_rows=3))
    assert len(table.frame) + bool(table.options.header) == 30 and table.options.skip_rows == 3


# Quotes

SAID = 'he wrote "the parcel", twice'
QUOTING = {
    "doubled": ("".join(f'"a ""b"", {text}",{label}\n' for text, label in ROWS), 'a "b", {}', {}),
    "backslash": ("".join(f'"a \\"b\\", {text}",{label}\n' for text, label in ROWS), 'a "b", {}', {}),
    "backslash and paths": ("".join(f'"a \\"C:\\temp\\", {text}",{label}\n' for text, label in ROWS), 'a "C:\\temp", {}', {}),
    "paths before the closing quote": ("".join(f'"C:\\{text}, so\\",{label}\n' for text, label in ROWS), "C:\\{}, so\\", {}),
    "spaces before": ("".join(f' "{text}, ok", "{label}"\n' for text, label in ROWS), "{}, ok", {}),
    "spaces after": ("".join(f'"{text}, ok" ,"{label}" \n' for text, label in ROWS), "{}, ok", {}),
    "a space after the comma": ("".join(f'"{text}, ok", {label}\n' for text, label in ROWS), "{}, ok", {}),
    "a line as one cell": ("".join(f'"{text},{label}"\n' for text, label in ROWS), "{}", {}),
    "a line as one cell with quotes": ("".join(f'"""{text}, ok"",{label}"\n' for text, label in ROWS), "{}, ok", {}),
    "a line as one cell and empty cells": ("".join(f'"{text},{label}";;\n' for text, label in ROWS), "{}", {}),
    "apostrophes": ("".join(f"'{text}, it''s so','{label}'\n" for text, label in ROWS), "{}, it's so", {}),
    "not doubled": ("".join(f'"he said "{text}" loudly, yes","{label}"\n' for text, label in ROWS), 'he said "{}" loudly, yes',
                    {"loose_quotes": 30}),
}  # fmt: skip


@pytest.mark.parametrize("name", QUOTING)
def test_quoting(read, name):
    body, text, expected = QUOTING[name]
    header = '"text,label"\n' if "as one cell" in name else "'text','label'\n" if name == "apostrophes" else "text,label\n"
    table = read(header + body)
    assert rows_of(table) == [(text.format(said), label) for said, label in ROWS]
    assert counts(table) == expected


def test_a_few_quoted_cells_among_long_texts_tell_the_quote(read):
    """Shaped like gnad10k: long articles, of which one in ten is quoted with apostrophes."""
    rows = [(label, f"{text} " * 150 + ("; and more" if n % 10 == 7 else "end")) for n, (text, label) in enumerate(ROWS * 4)]
    table = read("".join(f"{label};'{text}'\n" if ";" in text else f"{label};{text}\n" for label, text in rows))
    assert rows_of(table) == rows and table.options.quote == "'" and not table.findings


LATE = "".join(f"{text} and some more words to fill the line,{label}\n" for text, label in ROWS * 40)


@pytest.mark.parametrize("before", ["", LATE])
@pytest.mark.parametrize(
    "after", ["", 'a "quoted" word,login\n', '"a genuine, quoted cell",billing\n', '27" screen,login\n', 'the 27",billing\n']
)
@pytest.mark.parametrize("row", [0, 7, 29])
def test_a_quote_that_never_closes_swallows_no_row(read, monkeypatch, before, after, row):
    monkeypatch.setattr(reading, "SAMPLE_CHARACTERS", 2000)
    rows = changed(row, lambda text, label: (f'"{text}', label))
    table = read("text,label\n" + before + '"one, two",login\n' + "".join(f"{text},{label}\n" for text, label in rows) + BODY + after)
    assert len(table.frame) == before.count("\n") + 1 + 60 + bool(after)
    assert set(table.frame["label"]) == set(LABELS)
    assert counts(table) == {"open_quotes": 1}


@pytest.mark.parametrize("places", [(3, 4), (3, 9), (0, 29)])
def test_two_stray_quotes_do_not_make_a_cell(read, places):
    rows = [(('"' if n == places[0] else "") + text + ('"' if n == places[1] else ""), label) for n, (text, label) in enumerate(ROWS)]
    table = read("text,label\n" + "".join(f"{text},{label}\n" for text, label in rows) + '"one, two",login\n"three, four",login\n')
    assert rows_of(table)[:30] == rows and len(table.frame) == 32 and counts(table) == {"open_quotes": 1}


GENUINE = [
    "Hello,\nI was charged twice, so\nplease help\n\nBob, Bern",
    "one\ntwo",
    "a, b\nc, d\ne, f",
    "\n".join(f"{number}, a line, of a letter" for number in range(300)),
    "ends\n",
    'He said "no, never",\nand left, quietly',
]


@pytest.mark.parametrize("text", GENUINE)
@pytest.mark.parametrize("label_first", [True, False])
def test_a_genuine_cell_of_several_lines_stays_one(read, text, label_first):
    rows = [(text if n % 5 == 2 else said, label) for n, (said, label) in enumerate(ROWS)]
    rows = [row[::-1] for row in rows] if label_first else rows
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([("label", "text") if label_first else ("text", "label"), *rows])
    table = read(out.getvalue())
    assert rows_of(table) == rows and not table.findings


@pytest.mark.parametrize("label_first", [True, False])
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("delimiter", [",", ";", "|"])
@pytest.mark.parametrize("every", [1, 2, 7])
def test_unquoted_delimiters_belong_to_the_text(read, label_first, header, delimiter, every):
    rows = [
        (f"{text}{delimiter} and so on{f'{delimiter} and on' * (n % 3)}" if n % every == 0 else text, label)
        for n, (text, label) in enumerate(ROWS * 2)
    ]
    lines = [delimiter.join((label, text) if label_first else (text, label)) for text, label in rows]
    name = [delimiter.join(("label", "text") if label_first else ("text", "label"))] if header else []
    table = read("\n".join([*name, *lines]) + "\n")
    assert [row[::-1] if label_first else row for row in rows_of(table)] == rows
    assert counts(table) == {"joined_cells": sum(delimiter in text for text, _ in rows)}


def test_surplus_cells_of_a_table_with_numbers_and_classes_around_the_text(read):
    rows = [(str(n), f"{text}, and more" if n % 4 == 0 else text, label) for n, (text, label) in enumerate(ROWS)]
    for header in ("id,text,label\n", ""):
        table = read(header + "".join(",".join(row) + "\n" for row in rows))
        assert rows_of(table) == rows and counts(table) == {"joined_cells": 8}


def test_surplus_cells_where_no_row_has_the_right_number(read):
    rows = [(label, f"{text}, well{', yes' * (n % 3)}") for n, (text, label) in enumerate(ROWS)]
    table = read("label,text\n" + "".join(",".join(row) + "\n" for row in rows))
    assert rows_of(table) == rows and counts(table) == {"joined_cells": 30}


def test_surplus_cells_that_could_belong_anywhere_are_left_out_and_counted(read):
    rows = "".join(f"{text},note on {text},{label}\n" for text, label in ROWS)
    table = read("text,note,label\n" + rows + "one,two,three,login\n")
    assert len(table.frame) == 30 and counts(table) == {"ragged_rows": 1} and table.findings[0].lines == (32,)


def test_a_row_cut_off_at_the_end_is_counted(read):
    for cut in ('"the parcel', "the parcel", '"the parcel",del'):
        table = read("text,label\n" + BODY + '"one, two",login\n' + cut)
        assert len(table.frame) == 32 and (counts(table) or cut.endswith("del"))


# Delimiters


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "||", "^", "~", "::", "\x01", "\x1f", "\x1e"])
@pytest.mark.parametrize("header", [True, False])
def test_delimiters(read, delimiter, header):
    rows = [(f"{text}, they say; at 10:30", label) for text, label in ROWS] if delimiter not in ",;" else ROWS
    table = read("".join(delimiter.join(row) + "\n" for row in ([("text", "label")] if header else []) + rows))
    assert rows_of(table) == rows and table.options.delimiter == delimiter and table.options.header is header and not table.findings


UNEQUAL = {
    "tabs, a comma in every line": ("\t", [(text, "Bern, Switzerland", label) for text, label in ROWS]),
    "semicolons, decimal commas": (";", [(text, f"{n},5", label) for n, (text, label) in enumerate(ROWS)]),
    "semicolons, a comma in every text": (";", [(f"{text}, please", label) for text, label in ROWS]),
    "bars, a comma in every text": ("|", [(f"{text}, please", label) for text, label in ROWS]),
    "tabs, a bar in every line": ("\t", [(text, "a|b", label) for text, label in ROWS]),
    "commas, a bar in every label": (",", [(text, f"{label}|other") for text, label in ROWS]),
}


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("name", UNEQUAL)
def test_the_right_one_of_two_even_delimiters(read, name, header):
    delimiter, rows = UNEQUAL[name]
    names = [("text", "place", "label") if len(rows[0]) == 3 else ("text", "label")] if header else []
    if name.startswith("commas") and not header:
        pytest.skip("nobody can know")
    table = read("".join(delimiter.join(row) + "\n" for row in names + rows))
    assert rows_of(table) == rows and table.options.delimiter == delimiter and table.options.header is header


@pytest.mark.parametrize("delimiter", ["§", "x", ":", "/", "||", ";;", "€"])
def test_any_character_can_be_chosen(read, delimiter):
    rows = [(text.replace("x", "-"), label.replace("x", "-")) for text, label in ROWS]
    table = read("".join(delimiter.join(row) + "\n" for row in rows), options=ReadingOptions(delimiter=delimiter))
    assert rows_of(table) == rows


# Attacks


PATHOLOGICAL = {
    "quotes and commas": '","',
    "quotes": '"',
    "quotes and spaces": '" ',
    "quotes on lines": '"\n',
    "openings": 'x","z\n',
    "openings of three columns": 'x,"y","z\n',
    "openings after text": 'x,"""y""\n',
    "apostrophes": "','",
    "backslashes": '\\"',
    "backslashes and commas": '\\",\\"',
    "lines of bars": "|\n",
    "blank lines": "\n",
    "blank cells": " , \n",
    "comments": "#,\n",
    "rulers": "---,---\n",
    "dashes": "-",
    "a word": "x",
    "spaces": "a, ",
    "a quote and spaces": '"     ',
    "commas": ",",
    "every delimiter": ",;\t|^~::||\x1f",
}  # fmt: skip


def hang_guard(tmp_path, text):
    """A guard against hanging: a megabyte takes a second or two where nothing is quadratic, and hours where something is."""
    path = tmp_path / "data.csv"
    path.write_bytes(text.encode())
    for limit in (None, 50):
        start = time.perf_counter()
        with contextlib.suppress(DataError):
            read_table(path, path.name, limit=limit)
        assert time.perf_counter() - start < 30


@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_no_small_file_takes_long(tmp_path, name):
    hang_guard(tmp_path, "text,label\n" + PATHOLOGICAL[name] * (2**16 // len(PATHOLOGICAL[name])))


@pytest.mark.thorough
@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_no_file_of_a_megabyte_takes_long(tmp_path, name):
    hang_guard(tmp_path, PATHOLOGICAL[name] * (2**20 // len(PATHOLOGICAL[name])))


def test_a_cell_of_very_many_lines_is_quick(read):
    text = "\n".join(f"line {number}{', of a log' * (number % 3)}" for number in range(50_000))
    table = read('text,label\n"' + text + '",login\n' + BODY)
    assert table.frame["text"][0] == text and len(table.frame) == 31


@pytest.mark.parametrize("text", ["," * 5000, PLAIN + "," * 2_000_000, PLAIN + "x," * 1500 + "y\n"])
def test_a_row_with_more_than_a_thousand_cells_is_refused(read, text):
    with pytest.raises(DataError, match="1,000 cells"):
        read(text, options=None if text[0] == "," else ReadingOptions(quote=""))


# Nothing vanishes

WORDS = [
    "parcel",
    "late",
    "card",
    "I",
    "don't",
    "say",
    '"so"',
    '27"',
    "and",
    "help",
    "ok,",
    "a;b",
    "x|y",
    "C:\\d",
    "naïve",
    "#1",
    "--",
    "Total",
]


def random_text(generator, most=9):
    text = " ".join(generator.choices(WORDS, k=generator.randint(1, most)))
    return text + ("\n" + " ".join(generator.choices(WORDS, k=3)) if generator.random() < 0.05 else "")


def random_file(generator):
    """Return the text of a table as people's programs write it, well or badly, with lines that are no rows among them."""
    delimiter = generator.choice([",", ",", ";", "\t", "|", "^", "||"])
    columns = generator.choice([2, 2, 3, 4])
    rows = [
        [random_text(generator, 9 if place == 0 else 4) for place in range(columns - 1)] + [generator.choice(LABELS)] for _ in range(40)
    ]
    if generator.random() < 0.3:
        rows = [row[::-1] for row in rows]
    if generator.random() < 0.7:
        rows.insert(0, ["text", "label", "note", "source"][:columns])
    way = generator.choice(["minimal", "all", "escaped", "naive", "naive quotes", "wrapped"])
    if way in ("minimal", "all", "escaped") and len(delimiter) == 1:
        out = io.StringIO()
        escaped = {"doublequote": False, "escapechar": "\\"} if way == "escaped" else {}
        quoting = csv.QUOTE_ALL if way == "all" else csv.QUOTE_MINIMAL
        csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=generator.choice(["\n", "\r\n"]), **escaped).writerows(rows)
        lines = out.getvalue().splitlines(keepends=True)
    elif way == "naive quotes":
        lines = [delimiter.join(f'"{cell}"' for cell in row) + "\n" for row in rows]
    elif way == "wrapped":
        lines = ['"' + delimiter.join(cell.replace('"', '""') for cell in row) + '"\n' for row in rows]
    else:
        lines = [delimiter.join(row) + "\n" for row in rows]
    for line in ("\n", "# a comment\n", '"never closed' + delimiter + "login\n", lines[0], "---" + delimiter + "---\n", "short\n", "\n\n"):
        if generator.random() < 0.15:
            lines.insert(generator.randint(0, len(lines)), line)
    if generator.random() < 0.2:
        lines.insert(0, "Help desk 2024\n")
    if generator.random() < 0.2:
        lines.append(f"Total{delimiter}40\n")
    text = "".join(lines)
    return text[: generator.randint(1, len(text))] if generator.random() < 0.15 else text


def lines_without_a_trace(text, table):
    """Return the numbers of the lines that are neither in a row nor in a finding."""
    every = [line for line in io.StringIO(text, newline="")]
    left = {number for number, line in enumerate(every, start=1) if line.strip()}
    for start, row in zip(table.lines.tolist(), rows_of(table), strict=True):
        breaks = sum(len(re.findall(r"\r\n|\r|\n", cell)) for cell in row)
        left -= set(range(start, start + breaks + 1))
    for item in table.findings:
        left -= set(item.lines)
    if table.options.header:
        first = next((number for number, line in enumerate(every, start=1) if number > table.options.skip_rows and number in left), 0)
        left -= {first}
    return left


def check_that_nothing_vanishes(tmp_path, seeds):
    path = tmp_path / "data.csv"
    for seed in seeds:
        text = random_file(random.Random(seed))
        path.write_bytes(text.encode())
        try:
            table = read_table(path, path.name)
        except DataError:
            assert not text.strip()
            continue
        assert not lines_without_a_trace(text, table), f"seed {seed}"
        again = read_table(path, path.name, table.options)
        assert again.options == table.options and again.frame.equals(table.frame) and again.findings == table.findings, f"seed {seed}"


def test_every_line_is_a_row_or_in_a_cell_or_counted(tmp_path):
    check_that_nothing_vanishes(tmp_path, range(60))


@pytest.mark.thorough
def test_every_line_of_many_files_is_a_row_or_in_a_cell_or_counted(tmp_path):
    check_that_nothing_vanishes(tmp_path, range(1000, 6000))
