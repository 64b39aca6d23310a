"""A file is read in a process of its own: whatever becomes of that, the one that asked goes on, hears it in a sentence and tidies up."""

import gzip
import os
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy
import pandas
import psutil
import pytest

from engine.data import table_cache
from engine.data.process import reader, request
from engine.data.process.reader import Spare, preview
from engine.data.store import DatasetStore
from engine.errors import DataError
from engine.reading import scratch
from engine.reading.options import ReadingOptions
from engine.reading.read_table import read_table
from engine.reading.scratch import PREFIX, remove_scratch, scratch_folder
from tests.driving import wait_until

CONTENT = b'text,label\n"two\nlines",a\nna\xc3\xafve,b\nshort\n'
PROJECT = Path(__file__).parents[2]
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals are a matter of POSIX")


@pytest.fixture
def files_are_read_here() -> None:
    """Not here: these tests are about the process."""


def started_since(before):
    """The processes that this one has started, but for those of other tests, which share their workers."""
    return set(psutil.Process().children()) - before


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """The temporary folder of the test and its processes; whatever happened, nothing is left in it, and no process is left."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    before = set(psutil.Process().children())
    yield folder
    assert not list(folder.iterdir())
    assert not started_since(before)


@pytest.fixture
def misbehaving(monkeypatch):
    monkeypatch.setattr(reader, "MODULE", "tests.misbehaving_reader")
    monkeypatch.setattr(request, "PREVIEW_SECONDS", 60.0)


@pytest.fixture
def impatient(misbehaving, monkeypatch):
    """Nothing that is read in earnest is asked within so short a time, for the machine may be busy."""
    monkeypatch.setattr(request, "PREVIEW_SECONDS", 0.2)
    monkeypatch.setattr(request, "LEAST_SECONDS", 0.2)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "content"
    path.write_bytes(CONTENT)
    return path


def same(crossed, read):
    pandas.testing.assert_frame_equal(crossed.frame, read.frame)
    assert replace(crossed, frame=None, lines=None, folder=None) == replace(read, frame=None, lines=None, folder=None)
    numpy.testing.assert_array_equal(crossed.lines, read.lines)


def test_a_preview_is_what_is_read_here(file):
    for options in (ReadingOptions(), ReadingOptions(header=False, delimiter=";")):
        same(preview(file, "mail.csv", options, 2), read_table(file, "mail.csv", options, 2))


def test_a_table_crosses_where_it_cannot_be_kept(tmp_path, monkeypatch):
    dataset = DatasetStore(tmp_path).add("mail.csv.gz", gzip.compress(CONTENT))
    (dataset.path.parent / "readings").write_bytes(b"in the way")
    table = table_cache.read_stored(dataset)
    same(table, read_table(dataset.path, dataset.name))
    assert table.folder is None and table.findings


def test_an_error_crosses_as_it_is(file):
    with pytest.raises(DataError) as here:
        read_table(file, "mail.csv", ReadingOptions(kind="parquet"))
    with pytest.raises(DataError) as there:
        preview(file, "mail.csv", ReadingOptions(kind="parquet"))
    assert str(there.value) == str(here.value)


@pytest.mark.parametrize(
    ("way", "sentence"),
    [
        ("computes", "“computes.csv” could not be read within 0.2 seconds, and reading was stopped. Expected a table"),
        ("unfolds", "could not be read within"),
        ("grows", r"“grows.csv” needs more than 0.4 GB of memory .* Expected a table that fits. Upload a part"),
        ("leaves", r"“leaves.csv” ended before it was done \(it gave the status 3\). Expected .* Export it again"),
        pytest.param("aborts", r"\(the system ended it with SIGABRT\)", marks=POSIX),
        pytest.param("segfaults", r"\(the system ended it with SIGSEGV\)", marks=POSIX),
        ("fails", r"“fails.csv” cannot be read: .*\(LZMAError: Corrupt input data\). Expected .* Save or export it again"),
        pytest.param("recurses", r"\(RecursionError: maximum recursion depth exceeded\)", marks=pytest.mark.thorough),
    ],
)
def test_whatever_becomes_of_it_is_a_sentence(way, sentence, file, misbehaving, monkeypatch):
    monkeypatch.setattr(request, "MOST_BYTES", 4 * 10**8)
    monkeypatch.setattr(request, "PREVIEW_SECONDS", 0.2 if way in ("computes", "unfolds") else 60.0)
    with pytest.raises(DataError, match=sentence):
        preview(file, f"{way}.csv")


def test_what_a_library_prints_is_no_answer(file, misbehaving):
    assert list(preview(file, "prints.csv").frame["label"]) == ["a", "b", ""]


def test_a_whole_file_has_limits_too_and_leaves_nothing_beside_it(tmp_path, impatient, monkeypatch):
    monkeypatch.setattr(request, "SECONDS_PER_MEBIBYTE", 0)
    dataset = DatasetStore(tmp_path / "datasets").add("unfolds.csv", CONTENT)
    with pytest.raises(DataError, match=r"within 0\.2 seconds"):
        table_cache.read_stored(dataset)
    assert {path.name for path in dataset.path.parent.iterdir()} <= {"content", "about.json", "readings"}


def test_the_limits_grow_with_the_file(tmp_path):
    (tmp_path / "small").write_bytes(CONTENT)
    (tmp_path / "large").write_bytes(bytes(30 * 2**20))
    small, large = (request.request_for(tmp_path / name, name, ReadingOptions()) for name in ("small", "large"))
    assert 60 <= small.seconds < 61 and large.seconds == 120
    assert request.request_for(tmp_path / "large", "large", ReadingOptions(), 20).seconds == 10


@pytest.mark.parametrize(
    ("gigabytes", "size", "memory", "upload"), [(2, 2**20, 10**9, 200), (8, 10**9, 6 * 10**9, 635), (64, 2 * 10**9, 14 * 10**9, 2048)]
)
def test_a_large_file_may_take_what_the_machine_has(tmp_path, monkeypatch, gigabytes, size, memory, upload):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=gigabytes * 10**9))
    (tmp_path / "large").touch()
    os.truncate(tmp_path / "large", size)  # takes no room on the disk
    assert request.request_for(tmp_path / "large", "large", ReadingOptions()).memory == memory
    assert request.largest_upload() == upload


def test_memory_that_a_file_of_commas_would_take_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(request, "MOST_BYTES", 4 * 10**8)
    path = tmp_path / "commas.csv.gz"
    path.write_bytes(gzip.compress(b"," * 40_000_000 + b"\n", compresslevel=1))
    with pytest.raises(DataError, match=r"Expected|at most"):
        table_cache.read_stored(DatasetStore(tmp_path / "datasets").add(path.name, path))


def test_the_one_that_asks_goes_on_meanwhile(file, impatient):
    before, ended = started_since(set()), threading.Event()

    def ask():
        with pytest.raises(DataError, match=r"within 0\.2 seconds"):
            preview(file, "computes.csv")
        ended.set()

    asking = threading.Thread(target=ask)
    asking.start()
    wait_until(lambda: started_since(before), "the reading process")
    turns = 0
    while turns < 1000 and not ended.is_set():
        sum(range(100))
        turns += 1
    assert turns == 1000, "the interpreter was held until the process ended"
    asking.join(60)
    assert ended.is_set()


def test_readings_at_once_do_not_wait_for_one_another(file, misbehaving):
    before, tables, reasons = started_since(set()), [], []

    def hang():
        with pytest.raises(DataError) as caught:
            preview(file, "waits.csv")
        reasons.append(str(caught.value))

    hanging = threading.Thread(target=hang)
    hanging.start()
    [process] = wait_until(lambda: started_since(before), "the reading process")
    reading = [threading.Thread(target=lambda: tables.append(preview(file, "mail.csv"))) for _ in range(2)]
    for thread in reading:
        thread.start()
    for thread in reading:
        thread.join(60)
    assert [len(table.frame) for table in tables] == [3, 3] and hanging.is_alive()
    process.kill()  # as the system does where memory runs out
    hanging.join(60)
    assert "“waits.csv” ended before it was done" in reasons[0]


ASKING = """
import sys
from pathlib import Path
from engine.data.process import reader
reader.MODULE = "tests.misbehaving_reader"
way = sys.argv[2]
if way == "spare":
    reader.SPARE.keep()
    print("ready", flush=True)
    sys.stdin.read()
else:
    print("ready", flush=True)
    reader.preview(Path(sys.argv[1]), f"{way}.csv")
"""


@POSIX
@pytest.mark.parametrize("way", [*(pytest.param(way, marks=pytest.mark.thorough) for way in ("waits", "computes")), "unfolds", "spare"])
def test_it_ends_with_the_one_that_asked_also_when_that_is_killed(way, file, temporary):
    asking = subprocess.Popen(
        [sys.executable, "-c", ASKING, str(file), way], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    asking.stdout.readline()
    wait_until(lambda: psutil.Process(asking.pid).children(), "the reading process")
    [child] = psutil.Process(asking.pid).children()
    if way == "unfolds":
        wait_until(lambda: list(temporary.iterdir()), "the folder of what it unfolds")
    elif way == "computes":
        wait_until(lambda: child.cpu_times().user > 1.5, "it to compute")
    asking.send_signal(signal.SIGKILL)
    asking.wait()
    asking.stdin.close(), asking.stdout.close()
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, "the reading process to end")
    same(preview(file, "next.csv"), read_table(file, "next.csv"))  # and the next one removes what it left


def test_a_spare_one_waits_where_many_are_asked(file, monkeypatch):
    spare = Spare()
    monkeypatch.setattr(reader, "SPARE", spare)
    preview(file, "mail.csv")
    assert spare._process is None, "a command reads once"
    spare.keep()
    try:
        first = spare._process.process.pid
        same(preview(file, "mail.csv"), read_table(file, "mail.csv"))
        assert not psutil.pid_exists(first)
        spare._process.process.kill()  # as one that nobody needed for long ends by itself
        spare._process.process.wait()
        same(preview(file, "mail.csv"), read_table(file, "mail.csv"))
    finally:
        spare.end()
    assert spare._process is None


def test_only_what_belongs_to_nobody_is_removed(temporary, monkeypatch):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    others = [temporary / name for name in ("parity-elsewhere", f"{PREFIX}", f"{PREFIX}x-1", "something")]
    for folder in (*others, left := temporary / f"{PREFIX}{gone.pid}-a"):
        folder.mkdir()
    with scratch_folder() as mine:
        remove_scratch()
        assert mine.is_dir() and not left.exists() and all(folder.is_dir() for folder in others)
        monkeypatch.setattr(scratch, "OLDEST_SECONDS", -1)
        remove_scratch()
        assert not mine.exists()
    for folder in others:
        folder.rmdir()
