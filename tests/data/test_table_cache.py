"""A stored file is parsed once and its texts are normalised once; what is kept of that is exactly what was read, or it is read again."""

import gzip
import io
import json
import os
from dataclasses import replace

import numpy
import openpyxl
import pandas
import pytest

from engine.data import rows, table_cache
from engine.data.choice import DataChoice
from engine.data.process import child
from engine.data.rows import Rows
from engine.data.store import DatasetStore
from engine.data.table_cache import read_stored
from engine.errors import DataError
from engine.reading.delimited import reading as delimited
from engine.reading.options import ReadingOptions
from engine.reading.read_table import read_table
from engine.reading.scratch import PREFIX


def workbook() -> bytes:
    book = openpyxl.Workbook()
    for row in (["text", "label", None], [None, None, None], ["late again", "shipping", 3], ["wrong sum", "billing", None]):
        book.active.append(row)
    book.save(content := io.BytesIO())
    return content.getvalue()


def parquet() -> bytes:
    pandas.DataFrame({"text": ["one", None, ""], "label": ["a", "b", None]}).to_parquet(content := io.BytesIO())
    return content.getvalue()


EVEN = b"text,label\n" + b"".join(b'"text %d\nof two lines",class %d\n' % (number, number % 3) for number in range(50))
FILES = {
    "even.csv": EVEN,
    "ragged.csv": b"text,label,text\none,a,x\ntwo\n\nthree,b,y,too,many\nfour,,z\n",
    "legacy.csv": "text;label\ncafé;naïve\nZürich;süß\n".encode("cp1252"),
    "marked.txt": "text\tlabel\nžluťoučký kůň\tzvíře\n".encode("utf-16"),
    "broken.jsonl": b'{"text": "half a pair \\ud83d", "label": "a", "b\\ud83d": null}\nno object\n{"text": "", "label": null}\n',
    "array.json": b'[{"text": "one", "label": "a"}, {"text": "two", "label": "b"}]',
    "headless.csv": b"it is late,1\nit is wrong,2\n",
    "empty.csv": b"text,label\n",
    "folded.csv": gzip.compress(EVEN),
    "book.xlsx": workbook(),
    "rows.parquet": parquet(),
}


@pytest.fixture
def store(tmp_path):
    return DatasetStore(tmp_path / "_datasets")


@pytest.fixture
def parsed(monkeypatch):
    """The names of the files that are parsed from now on."""
    names = []
    monkeypatch.setattr(child, "read_table", lambda path, name, *given: names.append(name) or read_table(path, name, *given))
    return names


def same(kept, read):
    pandas.testing.assert_frame_equal(kept.frame, read.frame)
    assert replace(kept, frame=None, lines=None, folder=None) == replace(read, frame=None, lines=None, folder=None)
    assert (kept.lines is None) == (read.lines is None)
    if kept.lines is not None:
        numpy.testing.assert_array_equal(kept.lines, read.lines)


@pytest.mark.parametrize("name", FILES)
def test_what_is_kept_is_what_was_read(name, store, parsed, monkeypatch):
    monkeypatch.setattr(delimited, "FAST_BYTES", 0 if name == "even.csv" else delimited.FAST_BYTES)
    dataset = store.add(name, FILES[name])
    read = read_table(dataset.path, name)
    for options in (ReadingOptions(), ReadingOptions(), read.options):  # as detected, kept, and as the person confirmed it
        same(read_stored(dataset, options), read)
    assert parsed == [name]
    pandas.testing.assert_frame_equal(read_table(dataset.path, name, read.options).frame, read.frame)


def test_another_way_of_reading_and_another_name_are_read_anew(store, parsed):
    dataset = store.add("mail.csv", FILES["even.csv"])
    headless = ReadingOptions(header=False)
    assert len(read_stored(dataset).frame) == len(read_stored(dataset, headless).frame) - 1
    assert len(read_stored(dataset, headless).frame) == 51 and parsed == ["mail.csv"] * 2
    assert any(".xlsx" in note for note in read_stored(store.add("mail.xlsx", FILES["even.csv"])).notes)
    assert parsed[2:] == ["mail.xlsx"]
    assert not any(".xlsx" in note for note in read_stored(store.add("mail.csv", FILES["even.csv"])).notes)


@pytest.mark.parametrize("change", [{"names": []}, {"names": "x"}, {"options": {}}, {"notes": [[1]]}, {"findings": "x"}])
def test_a_reading_whose_description_was_changed_is_made_again(change, store, parsed):
    dataset = store.add("even.csv", FILES["even.csv"])
    path = read_stored(dataset).folder / "about.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    same(read_stored(dataset), read_table(dataset.path, dataset.name))
    assert len(parsed) == 2


@pytest.mark.parametrize("file", ["about.json", "cells.arrow"])
@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "flipped", "other"])
def test_a_damaged_reading_is_made_again(file, damage, store, parsed):
    dataset = store.add("even.csv", FILES["even.csv"])
    path = read_stored(dataset).folder / file
    content = path.read_bytes()
    half = len(content) // 2
    path.write_bytes(
        {"empty": b"", "cut": content[:half], "flipped": content[:half] + b"\xff" + content[half + 1 :], "other": b"[]"}.get(damage, b"")
    )
    if damage == "gone":
        path.unlink()
    same(read_stored(dataset), read_table(dataset.path, dataset.name))
    assert len(parsed) == 2
    same(read_stored(dataset), read_table(dataset.path, dataset.name))
    assert len(parsed) == 2, "kept again"


def test_another_version_of_the_code_reads_again(store, parsed, monkeypatch):
    dataset = store.add("even.csv", FILES["even.csv"])
    read_stored(dataset)
    monkeypatch.setattr(table_cache, "_code_version", lambda: "another")
    read_stored(dataset)
    assert len(parsed) == 2


def test_a_stored_file_that_somebody_changed_is_read_anew(store, parsed):
    dataset = store.add("even.csv", FILES["even.csv"])
    read_stored(dataset)
    dataset.path.write_bytes(FILES["even.csv"].replace(b"text 7\n", b"mail 7\n"))  # as long as before
    os.utime(dataset.path, (0, 0))
    assert read_stored(dataset).frame["text"][7].startswith("mail") and len(parsed) == 2


def test_a_full_disk_costs_no_more_than_the_time(store, parsed, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    dataset = store.add("even.csv", FILES["even.csv"])
    monkeypatch.setattr(child, "keep", full)
    table = read_stored(dataset)
    assert table.folder is None and len(table.frame) == 50
    read_stored(dataset)
    assert len(parsed) == 2


def test_what_cannot_be_read_leaves_nothing(store):
    dataset = store.add("file.parquet", b"PAR1 and nothing else PAR1")
    with pytest.raises(DataError, match="damaged"):
        read_stored(dataset)
    assert set(os.listdir(dataset.path.parent)) == {"content", "about.json"}


def test_few_readings_are_kept_and_no_abandoned_draft(store):
    dataset = store.add("even.csv", FILES["even.csv"])
    readings = dataset.path.parent / "readings"
    living = readings / f"{PREFIX}{os.getppid()}-of-another-process"
    old = readings / f"{PREFIX}{os.getppid()}-old"
    for folder in (living, old):
        folder.mkdir(parents=True)
        (folder / "about.json").touch()
    os.utime(old, (0, 0))
    for delimiter in ",;|\t":
        last = read_stored(dataset, ReadingOptions(delimiter=delimiter))
    folders = {path.name for path in readings.iterdir()}
    assert len(folders) == table_cache.KEPT_READINGS + 1 and {last.folder.name, living.name} <= folders


def test_the_sample_is_read_where_it_is(store):
    assert read_stored(store.get("sample")).folder is None
    assert store.list() == []


def test_texts_are_normalised_once_for_the_same_columns(store, monkeypatch):
    scanned = []
    scan_texts = rows.scan_texts
    monkeypatch.setattr(rows, "scan_texts", lambda texts: scanned.append(len(texts)) or scan_texts(texts))
    dataset = store.add("even.csv", FILES["even.csv"])
    choice = DataChoice(dataset.identifier, dataset.name, ("text",), "label")

    def scan(**changes):
        return Rows(read_stored(dataset), replace(choice, **changes)).scan

    first, again = scan(), scan(drop_duplicates=True)
    assert len(scanned) == 1
    for name in ("words", "kinds", "groups"):
        numpy.testing.assert_array_equal(getattr(first, name), getattr(again, name), strict=True)
    scan(text=("text", "label"))
    scan(text=("label", "text"))
    assert len(scanned) == 3
    for path in read_stored(dataset).folder.glob("scan-*.npz"):
        content = path.read_bytes()
        path.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
    numpy.testing.assert_array_equal(scan().groups, first.groups)
    scan()
    assert len(scanned) == 4
