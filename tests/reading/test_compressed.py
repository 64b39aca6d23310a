"""Compressed files: of one stream and of several, cut off, damaged, and within the limit of what they may unfold to."""

import bz2
import csv
import gzip
import io
import lzma
import random
import zipfile

import pyarrow
import pytest

from engine.errors import DataError
from engine.reading.containers import limits
from engine.reading.options import ReadingOptions
from engine.reading.read_table import read_table

ROWS = [
    (f"The parcel number {number} never came{', it seems' if number % 2 else ''}", ["late", "billing", "account"][number % 3])
    for number in range(60)
]


def table_text(rows=ROWS, header=("text", "label"), **layout):
    out = io.StringIO()
    csv.writer(out, **layout).writerows([header, *rows] if header else rows)
    return out.getvalue().encode()


def zst(content):
    out = pyarrow.BufferOutputStream()
    with pyarrow.CompressedOutputStream(out, "zstd") as stream:
        stream.write(content)
    return out.getvalue().to_pybytes()


def zipped_table():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("data.csv", table_text())
    return out.getvalue()


def read(tmp_path, content, name="data.zip", options=None, limit=None):
    path = tmp_path / name
    path.write_bytes(content)
    table = read_table(path, name, options or ReadingOptions(), limit)
    if limit is None:
        again = read_table(path, name, table.options)
        assert again.frame.equals(table.frame) and again.options == table.options
    return table


def pairs(table):
    return [tuple(row) for row in table.frame[["text", "label"]].itertuples(index=False)]


def codes(table):
    return {finding.code: finding.count for finding in table.findings}


COMPRESSED = {
    "gzip": ("csv.gz", gzip.compress),
    "bzip2": ("csv.bz2", bz2.compress),
    "xz": ("csv.xz", lzma.compress),
    "zstandard": ("csv.zst", zst),
}


@pytest.mark.parametrize("container", COMPRESSED)
def test_compressed_files_of_one_and_of_several_streams(tmp_path, container):
    ending, compress = COMPRESSED[container]
    table = read(tmp_path, compress(table_text()), f"data.{ending}")
    assert pairs(table) == ROWS and table.options.container == container and codes(table) == {}
    assert not any("name" in note and "ends" in note for note in table.notes)
    joined = compress(table_text(ROWS[:30])) + compress(table_text(ROWS[30:], None))
    assert pairs(read(tmp_path, joined, f"data.{ending}")) == ROWS
    assert any("although the name does not end" in note for note in read(tmp_path, compress(table_text()), "data.csv").notes)


@pytest.mark.parametrize("container", COMPRESSED)
def test_compressed_files_that_are_cut_off_or_damaged(tmp_path, container):
    ending, compress = COMPRESSED[container]
    content = compress(table_text(ROWS * 50))
    draw = random.Random(0)
    for cut in (len(content) // 2, len(content) - 3):
        with pytest.raises(DataError, match="cannot be unpacked"):
            read(tmp_path, content[:cut], f"data.{ending}")
    for _ in range(0 if container == "zstandard" else 40):  # without a sum of its content, which few programs write, that one cannot tell
        damaged = bytearray(content)
        for _ in range(3):
            damaged[draw.randrange(10, len(damaged))] ^= 1 + draw.randrange(255)
        with pytest.raises(DataError):
            read(tmp_path, bytes(damaged), f"data.{ending}")


@pytest.mark.parametrize("container", COMPRESSED)
def test_a_compressed_file_unfolds_to_the_limit_and_no_further(tmp_path, monkeypatch, container):
    monkeypatch.setattr(limits, "MAX_DECOMPRESSED_BYTES", 2**18)
    ending, compress = COMPRESSED[container]
    with pytest.raises(DataError, match="unfolds to more than 0 MB"):
        read(tmp_path, compress(b"a,b\n" * 2**17), f"data.{ending}")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (gzip.compress(gzip.compress(table_text())), "compressed twice"),
        (bz2.compress(zipped_table()), "a zip archive inside a .bz2 file"),
        (lzma.compress(b""), "is empty"),
    ],
    ids=["twice", "zip inside", "empty"],
)
def test_what_compressed_files_may_not_hold(tmp_path, content, words):
    with pytest.raises(DataError, match=words):
        read(tmp_path, content, "data.csv.gz")
