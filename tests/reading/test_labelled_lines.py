"""Lines that carry their label, as fastText and TREC write them; and tables and texts that only look alike."""

import json

import pytest

from engine.errors import DataError
from engine.reading.columns.guess import guess_columns
from engine.reading.formats.labelled_lines import FASTTEXT, TREC, shape_of_lines
from engine.reading.options import ReadingOptions
from engine.reading.read_table import read_table

TEXTS = [f"the parcel number {number} never came{', it seems' if number % 3 else ''}" for number in range(60)]
LABELS = [["late", "billing", "account"][number % 3] for number in range(60)]
FINE = ["DESC:manner", "ENTY:animal", "ENTY:other", "HUM:ind", "NUM:date", "NUM:count"]


def text_of(line):
    return "".join(line(number, text, label) + "\n" for number, (text, label) in enumerate(zip(TEXTS, LABELS, strict=True)))


def read(tmp_path, content, options=None, limit=None, name="data.txt"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    table = read_table(path, name, options or ReadingOptions(), limit)
    if limit is None:
        again = read_table(path, name, table.options)
        assert again.frame.equals(table.frame) and again.options == table.options
    return table


MARKED = {
    "first": lambda _, text, label: f"__label__{label} {text}",
    "last": lambda _, text, label: f"{text} __label__{label}",
    "a tab between": lambda _, text, label: f"__label__{label}\t{text}",
    "a comma of its own": lambda _, text, label: f"__label__{label} , {text}",
    "spaces around": lambda _, text, label: f"  __label__{label}   {text}  ",
}


@pytest.mark.parametrize("form", MARKED)
def test_one_label_a_line(tmp_path, form):
    content = text_of(MARKED[form])
    table = read(tmp_path, content)
    assert table.frame["text"].tolist() == TEXTS and table.frame["label"].tolist() == LABELS
    assert table.options == ReadingOptions("lines", encoding="utf-8", shape=FASTTEXT) and not table.findings
    assert read(tmp_path, content.replace("\n", "\r\n").encode("utf-8-sig")).frame["text"].tolist() == TEXTS
    assert read(tmp_path, content, limit=7).frame["text"].tolist() == TEXTS[:7]


def test_several_labels_and_lines_without_one(tmp_path):
    content = text_of(lambda number, text, label: f"__label__{label}{' __label__urgent' if number < 5 else ''} {text}")
    table = read(tmp_path, content + "\nno label at all\n")
    assert table.frame["label"].tolist() == [json.dumps([label, "urgent"]) for label in LABELS[:5]] + LABELS[5:]
    assert [(finding.code, finding.count, finding.lines) for finding in table.findings] == [("lines_without_label", 1, (62,))]
    assert any("5 lines have several labels" in note for note in table.notes)


def test_a_coarse_and_a_fine_label(tmp_path):
    content = text_of(lambda number, text, _: f"{FINE[number % 6]} {text}")
    table = read(tmp_path, content + "who wrote this?\n")
    assert table.frame["text"].tolist() == TEXTS and table.lines[-1] == 60
    assert table.frame["label"].tolist() == [FINE[number % 6].split(":")[0] for number in range(60)]
    assert table.frame["fine"].tolist() == [FINE[number % 6].split(":")[1] for number in range(60)]
    assert guess_columns(table).label == "label" and guess_columns(table).sure
    assert table.options.shape == TREC and [finding.count for finding in table.findings] == [1]
    legacy = text_of(lambda number, text, _: f"{FINE[number % 6]} café {text}").encode("cp1252")
    assert read(tmp_path, legacy).options.shape == TREC


NOT_LABELLED = {
    "a table with marks": "label,text\n" + text_of(lambda _, text, label: f"__label__{label},{text}"),
    "marks without a space": text_of(lambda _, text, label: f"__label__{label};{text}"),
    "times": text_of(lambda number, text, _: f"12:{number:02d} {text}"),
    "addresses": text_of(lambda number, text, _: f"https://example.org/{number} {text}"),
    "speakers": text_of(lambda number, text, _: f"{['Anna', 'Ben'][number % 2]}: {text}"),
    "speakers without a space": text_of(lambda number, text, _: f"{['Anna', 'Ben'][number % 2]}:well {text}"),
    "a table of tabs": text_of(lambda number, text, label: f"{FINE[number % 6]} {text}\t{label}"),
    "a table of commas": text_of(lambda number, text, label: f"{FINE[number % 6]} text {number},{label}"),
    "amounts": text_of(lambda number, text, _: f"{number % 4 + 1} pieces {text}"),
    "prose": text_of(lambda number, text, _: text if number % 2 else f"NOTE:well {text}"),
    "every label once": text_of(lambda number, text, _: f"N{number}:x {text}".upper()),
    "one line": "__label__a one line only\n",
    "nothing": "\n\n",
}


@pytest.mark.parametrize("form", NOT_LABELLED)
def test_what_only_looks_alike_is_no_labelled_line(form):
    assert shape_of_lines(NOT_LABELLED[form]) is None


def test_the_kind_can_be_chosen_and_must_fit(tmp_path):
    content = text_of(MARKED["first"])
    assert read(tmp_path, content, ReadingOptions(kind="csv")).options.kind == "csv"
    with pytest.raises(DataError, match=r"No line of “data.txt” carries a label"):
        read(tmp_path, "a text\nanother text\n", ReadingOptions(kind="lines"))
    with pytest.raises(DataError, match="“parallel” is not a way"):
        read(tmp_path, content, ReadingOptions(kind="lines", shape="parallel"))


def test_a_long_line_takes_no_long_time(tmp_path):
    """Blank runs and repeated marks of a megabyte each, on which a careless pattern would take minutes."""
    content = "__label__a " + " " * 2**20 + "x\n" + "__label__" * 2**16 + "\n" + "A:" * 2**19 + "\n__label__b text\n" * 40
    assert len(read(tmp_path, content, ReadingOptions(kind="lines", shape=FASTTEXT)).frame) == 42
