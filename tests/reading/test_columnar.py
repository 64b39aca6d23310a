"""Parquet and Arrow: values as a person would type them, class names in place of numbers, damage in a sentence."""

import datetime
import decimal
import json
import random

import pandas
import pyarrow
import pyarrow.feather
import pyarrow.parquet
import pytest

from engine.errors import DataError
from engine.reading.columns.guess import guess_columns
from engine.reading.options import ReadingOptions
from engine.reading.read_table import read_table

TEXTS = [f"The parcel number {number} never came to me" for number in range(60)]
NAMES = ["late", "billing", "account"]
LABELS = [NAMES[number % 3] for number in range(60)]
CLASSES = {"late": 20, "billing": 20, "account": 20}
CLASS_LABEL = {"names": NAMES, "_type": "ClassLabel"}


def parquet(table):
    out = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(table, out)
    return out.getvalue().to_pybytes()


def arrow(table, stream, **options):
    out = pyarrow.BufferOutputStream()
    with (pyarrow.ipc.new_stream if stream else pyarrow.ipc.new_file)(out, table.schema, **options) as writer:
        writer.write_table(table, max_chunksize=25)
    return out.getvalue().to_pybytes()


def feather(table):
    out = pyarrow.BufferOutputStream()
    pyarrow.feather.write_feather(table, out)
    return out.getvalue().to_pybytes()


def read(tmp_path, content, name="data.parquet", limit=None):
    path = tmp_path / name
    path.write_bytes(content)
    table = read_table(path, name, ReadingOptions(), limit)
    if limit is None:
        again = read_table(path, name, table.options)
        assert again.frame.equals(table.frame) and again.options == table.options
    return table


def with_features(table, features):
    return table.replace_schema_metadata({b"huggingface": json.dumps({"info": {"features": features}}).encode()})


def table_with(label, **columns):
    return pyarrow.table({"text": TEXTS, "label": label, **columns})


FORMS = {
    "plain": table_with(LABELS),
    "dictionary": table_with(pyarrow.array(LABELS).dictionary_encode()),
    "category of pandas": pyarrow.Table.from_pandas(pandas.DataFrame({"text": TEXTS, "label": pandas.Categorical(LABELS)})),
    "list of one": table_with([[label] for label in LABELS]),
    "fixed list of one": table_with(pyarrow.array([[label] for label in LABELS], pyarrow.list_(pyarrow.string(), 1))),
    "large string": table_with(pyarrow.array(LABELS, pyarrow.large_string())),
    "bytes": table_with([label.encode() for label in LABELS]),
    "class label": with_features(table_with([number % 3 for number in range(60)]), {"label": CLASS_LABEL}),
    "class label, small": with_features(
        table_with(pyarrow.array([number % 3 for number in range(60)], pyarrow.int8())), {"label": CLASS_LABEL}
    ),
    "list of class labels": with_features(
        table_with([[number % 3] for number in range(60)]), {"label": {"feature": CLASS_LABEL, "_type": "Sequence"}}
    ),
    "list of class labels, old notation": with_features(table_with([[number % 3] for number in range(60)]), {"label": [CLASS_LABEL]}),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_class_is_its_name_however_it_is_stored(tmp_path, form):
    for content in (parquet(FORMS[form]), arrow(FORMS[form], stream=True), arrow(FORMS[form], stream=False)):
        table = read(tmp_path, content)
        assert table.frame["label"].value_counts().to_dict() == CLASSES and guess_columns(table).label == "label"
        assert any("names of the classes" in note for note in table.notes) == ("class label" in form)


def test_no_class_and_several_classes(tmp_path):
    numbers = [-1, None, 0, 1, 2, 9]
    features = {"label": CLASS_LABEL, "several": {"feature": CLASS_LABEL, "_type": "List"}}
    source = pyarrow.table({"label": pyarrow.array(numbers, pyarrow.int64()), "several": [[0, 2], [], None, [1], [-1], [2, None]]})
    frame = read(tmp_path, parquet(with_features(source, features))).frame
    assert frame["label"].tolist() == ["", "", "late", "billing", "account", "9"]
    assert frame["several"].tolist() == ['["late", "account"]', "", "", "billing", "", "account"]


def test_nested_fields_are_dotted_columns(tmp_path):
    rows = [{"text": text, "meta": {"label": number % 3, "id": number}} if number else None for number, text in enumerate(TEXTS)]
    source = with_features(pyarrow.table({"data": rows}), {"data": {"text": {"_type": "Value"}, "meta": {"label": CLASS_LABEL}}})
    frame = read(tmp_path, parquet(source)).frame
    assert list(frame.columns) == ["data.text", "data.meta.label", "data.meta.id"]
    assert frame.iloc[0].tolist() == ["", "", ""] and frame.iloc[1].tolist() == [TEXTS[1], "billing", "1"]


def test_values_as_a_person_would_type_them(tmp_path):
    moment = datetime.datetime(2024, 1, 31, 12, 30)
    columns = {
        "decimal": (pyarrow.array([decimal.Decimal("1.50"), decimal.Decimal("2.00"), None], pyarrow.decimal128(10, 2)), ["1.5", "2", ""]),
        "nanoseconds": (pyarrow.array([moment] * 2 + [None], pyarrow.timestamp("ns")), ["2024-01-31 12:30:00"] * 2 + [""]),
        "day": (pyarrow.array([datetime.date(2024, 1, 31)] * 3), ["2024-01-31"] * 3),
        "whole": (pyarrow.array([1.0, float("nan"), None]), ["1", "", ""]),
        "flag": (pyarrow.array([True, False, None]), ["true", "false", ""]),
        "bytes": (pyarrow.array([b"abc", b"\xc3\xa9", None]), ["abc", "é", ""]),
        "map": (pyarrow.array([[("a", 1)], [], None], pyarrow.map_(pyarrow.string(), pyarrow.int64())), ['{"a": 1}', "", ""]),
        "nothing": (pyarrow.nulls(3), ["", "", ""]),
    }
    frame = read(tmp_path, parquet(pyarrow.table({name: values for name, (values, _) in columns.items()}))).frame
    assert {name: frame[name].tolist() for name in columns} == {name: expected for name, (_, expected) in columns.items()}


def test_an_index_of_numbers_is_no_column_and_one_of_texts_is(tmp_path):
    frame = pandas.DataFrame({"text": TEXTS, "label": LABELS})
    numbered = read(tmp_path, parquet(pyarrow.Table.from_pandas(frame.sample(frac=0.5, random_state=0))))
    assert list(numbered.frame.columns) == ["text", "label"] and any("index of pandas" in note for note in numbered.notes)
    named = read(tmp_path, parquet(pyarrow.Table.from_pandas(frame.set_index("text"))))
    assert set(named.frame.columns) == {"text", "label"} and named.frame["text"].tolist() == TEXTS


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (arrow(FORMS["plain"], stream=True), "data.arrow"),
        (arrow(FORMS["plain"], stream=False), "data.arrow"),
        (arrow(FORMS["plain"], stream=False, options=pyarrow.ipc.IpcWriteOptions(compression="zstd")), "data.arrow"),
        (feather(FORMS["plain"]), "data.feather"),
    ],
    ids=["stream", "file", "compressed file", "feather"],
)
def test_arrow(tmp_path, content, name):
    table = read(tmp_path, content, name)
    assert table.options == ReadingOptions("arrow") and table.frame["text"].tolist() == TEXTS and not table.notes
    assert read(tmp_path, content, name, limit=30).frame["text"].tolist() == TEXTS[:30]


def strings_of(values):
    """Bytes that a file claims to be UTF-8."""
    return pyarrow.Array.from_buffers(pyarrow.string(), len(values), pyarrow.array(values, pyarrow.binary()).buffers())


INVALID = strings_of([b"bad \xff byte" if number == 30 else text.encode() for number, text in enumerate(TEXTS)])
UNREADABLE = {
    "string": pyarrow.table({"text": INVALID, "label": LABELS}),
    "dictionary": table_with(pyarrow.DictionaryArray.from_arrays([number % 2 for number in range(60)], strings_of([b"a\xff", b"b"]))),
    "list": table_with(pyarrow.ListArray.from_arrays(list(range(61)), INVALID)),
    "struct": table_with(pyarrow.StructArray.from_arrays([INVALID], ["inner"])),
}


@pytest.mark.parametrize("form", UNREADABLE)
def test_invalid_text_is_a_sentence_wherever_it_stands(tmp_path, form):
    for content in (parquet(UNREADABLE[form]), arrow(UNREADABLE[form], stream=True), arrow(UNREADABLE[form], stream=False)):
        with pytest.raises(DataError, match=r"is a damaged (Parquet|Arrow) file: a column of text.*not UTF-8.*Export or download it again"):
            read(tmp_path, content)


def test_damage_anywhere_is_a_sentence(tmp_path):
    draw = random.Random(0)
    mixed = with_features(table_with([number % 3 for number in range(60)], tags=[["a"]] * 60), {"label": CLASS_LABEL})
    outcomes = []
    for content in (parquet(mixed), arrow(mixed, stream=True), arrow(mixed, stream=False)):
        for _ in range(60):
            mutated = bytearray(content)
            for _ in range(draw.choice((1, 3, 10))):
                mutated[draw.randrange(8, len(mutated))] = draw.randrange(256)
            if draw.random() < 0.2:
                del mutated[draw.randrange(8, len(mutated)) :]
            (tmp_path / "mutated").write_bytes(bytes(mutated))
            try:
                read_table(tmp_path / "mutated", "mutated")
                outcomes.append("read")
            except DataError:
                outcomes.append("refused")
    assert outcomes.count("refused") > 50
