"""The store: bytes under their hash, nothing half-written, no way out of its folder."""

import io
import os

import pytest

from engine.data import store as store_module
from engine.data.choice import DataChoice
from engine.data.store import SAMPLE, DatasetStore, sample_choice
from engine.errors import DataError
from engine.reading.options import ReadingOptions


@pytest.fixture
def store(tmp_path):
    return DatasetStore(tmp_path / "_datasets")


def test_the_same_bytes_are_stored_once(store, tmp_path):
    (tmp_path / "file.csv").write_bytes(b"a,b\n1,2\n")
    first = store.add("first.csv", b"a,b\n1,2\n")
    assert first == store.get(first.identifier) and len(first.identifier) == 16 and first.bytes == 8
    assert store.add("second.csv", io.BytesIO(b"a,b\n1,2\n")).identifier == first.identifier
    third = store.add("third.csv", tmp_path / "file.csv")
    assert third.identifier == first.identifier and third.name == "third.csv" and third.path.read_bytes() == b"a,b\n1,2\n"
    assert len(store.list()) == 1


def test_newest_first_and_nothing_half_written(store):
    identifiers = [store.add(f"{number}.csv", f"a,{number}\n".encode()).identifier for number in range(3)]
    for number, identifier in enumerate(identifiers):
        (store.root / identifier / "about.json").write_text(f'{{"name": "{number}.csv", "added": {number}}}')
    (store.root / ("f" * 16)).mkdir()
    (store.root / "stray").write_text("x")
    assert [dataset.name for dataset in store.list()] == ["2.csv", "1.csv", "0.csv"]
    assert not [name for name in os.listdir(store.root) if name.startswith(".unfinished")]
    assert DatasetStore(store.root / "absent").list() == []


@pytest.mark.parametrize("identifier", ["", "../..", "../../etc/passwd", "0" * 16, "A" * 16, "0" * 15, "0" * 16 + "\n", "x/../y"])
def test_unknown_and_malformed_identifiers(store, identifier):
    store.add("file.csv", b"a,b\n")
    with pytest.raises(DataError, match=r"(?s)no stored file.*upload it again"):
        store.get(identifier)
    with pytest.raises(DataError):
        store.load_choice(identifier)


def test_empty_and_oversized_files_are_refused_and_leave_nothing(store, monkeypatch):
    with pytest.raises(DataError, match="is empty"):
        store.add("empty.csv", b"")
    monkeypatch.setattr(store_module, "MAX_FILE_BYTES", 2**20)
    monkeypatch.setattr(store_module.refuse_empty_or_large, "__defaults__", (2**20,))
    with pytest.raises(DataError, match="is 3 MB; at most 1 MB"):
        store.add("large.csv", io.BytesIO(b"x" * 3 * 2**20))
    assert os.listdir(store.root) == [] and store.list() == []


def test_names_lose_their_folders(store):
    assert store.add("C:\\private\\..\\data.csv", b"a,b\n").name == "data.csv"
    assert store.add("../../<b>.csv", b"a,c\n").name == "<b>.csv"


def test_a_full_disk_is_explained(store, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store_module.tempfile, "mkstemp", full)
    with pytest.raises(DataError, match=r"could not be stored: No space left on device.*upload it again"):
        store.add("file.csv", b"a,b\n")


def test_the_last_choice_is_kept(store):
    dataset = store.add("file.csv", b"a,b\n")
    assert store.load_choice(dataset.identifier) is None
    choice = DataChoice(dataset.identifier, "file.csv", ("a",), "b", ReadingOptions(kind="csv", delimiter=";"), rows=50, seed=3)
    store.save_choice(choice)
    assert store.load_choice(dataset.identifier) == choice
    (store.root / dataset.identifier / "choice.json").write_text('{"unknown": 1}')
    assert store.load_choice(dataset.identifier) is None
    (store.root / dataset.identifier / "choice.json").write_text("{torn")
    assert store.load_choice(dataset.identifier) is None


def test_the_sample(store, tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "SAMPLE_PATH", tmp_path / "support_messages.csv")
    with pytest.raises(DataError, match="sample data is missing"):
        store.get(SAMPLE)
    (tmp_path / "support_messages.csv").write_text("message,department\nhello there,sales\n")
    assert store.get(SAMPLE).name == "support_messages.csv"
    choice = sample_choice()
    assert (choice.dataset, choice.text, choice.label) == (SAMPLE, ("message",), "department")
    store.save_choice(choice)
    assert store.load_choice(SAMPLE) == choice
