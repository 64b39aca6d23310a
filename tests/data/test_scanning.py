"""The scan works on bytes, and must agree with Python's own string methods on every text."""

import random

import numpy
import pyarrow
import pytest

from engine.data import rows, scanning

LETTERS = ["a", "B", "Z", "9", " ", "  ", "\n", "\t", "\x1c", "<", "&", "\0", "\x1f", "\x7f", "é", "É", "ß", "İ", "Σ", "ﬁ", "e\u0301",
           "\u0345", "\u200b", "\ufeff", "\u00a0", "\u0085", "\u2028", "\u3000", "\u180e", "ａ", "Ａ", "٣", "Ⅷ", "語", "\ufffd", "🙂",
           "👩\u200d🔬"]  # fmt: skip


def in_chunks(texts: list[str], cut: int) -> pyarrow.ChunkedArray:
    """A column that was read in two chunks."""
    return pyarrow.chunked_array([texts[:cut], texts[cut:]], type=pyarrow.large_string())


def agrees_with_python(column: pyarrow.ChunkedArray) -> None:
    scan, texts = scanning.scan_texts(column), column.to_pylist()
    forms = [" ".join(text.casefold().split()) for text in texts]
    assert scan.words.tolist() == [len(form.split()) for form in forms]
    assert scan.groups.tolist() == [forms.index(form) for form in forms]
    for text, kinds in zip(texts, scan.kinds.tolist(), strict=True):
        assert bool(kinds & scanning.BEYOND_ASCII) == (not text.isascii())
        assert bool(kinds & scanning.MARKUP) == any(mark in text for mark in "<&#")
        assert bool(kinds & scanning.CONTROL) == any(mark in text for mark in "\0\x1c\x1f\x7f")
    assert (scan.words.dtype, scan.kinds.dtype, scan.groups.dtype) == (numpy.int32, numpy.uint8, numpy.int64)


@pytest.mark.parametrize("piece_bytes", [1, 7, 64, 2**18])
def test_scan_agrees_with_python(piece_bytes, monkeypatch):
    monkeypatch.setattr(scanning, "PIECE_BYTES", piece_bytes)
    monkeypatch.setattr(scanning, "COMPARED_TEXTS", 3)
    source = random.Random(piece_bytes)
    for _ in range(60):
        letters = [*source.sample(LETTERS, 5), " ", "a"]  # few different ones, so that equal texts come up
        texts = ["".join(source.choices(letters, k=source.randint(0, 12))) for _ in range(source.randint(0, 30))]
        agrees_with_python(in_chunks(texts, source.randint(0, len(texts))))


def test_texts_that_share_a_fingerprint_are_compared_in_full(monkeypatch):
    monkeypatch.setattr(scanning, "_fingerprints", lambda data, bounds: numpy.full(len(bounds) - 1, 7, numpy.uint64))
    assert scanning.scan_texts(in_chunks(["one text", "another text", "ONE  text", "a third"], 2)).groups.tolist() == [0, 1, 0, 3]


def test_a_slice_of_a_column_is_scanned_from_its_own_start():
    column = pyarrow.array(["left out", "Kept Text", "x"], type=pyarrow.large_string()).slice(1, 1)
    assert scanning.scan_texts(pyarrow.chunked_array([column])).words.tolist() == [2]


def test_scripts_beyond_ascii_are_scanned_like_others():
    agrees_with_python(in_chunks(["Здравствуйте, МОЙ заказ", "здравствуйте,  мой заказ", "注文した商品", "", "注文した\u3000商品 <b>"], 1))


def test_joined_columns_pass_over_empty_cells():
    titles = pyarrow.array([" Title ", "", "Only title", ""], type=pyarrow.large_string())
    bodies = pyarrow.array(["Body", "only body\n", " ", ""], type=pyarrow.large_string())
    assert rows.joined([titles, bodies]).to_pylist() == ["Title\n\nBody", "only body", "Only title", ""]
    assert rows.trimmed(pyarrow.array(["as", "it is"], pyarrow.large_string()).slice(1)).to_pylist() == ["it is"]


def test_texts_are_taken_from_the_chunk_they_lie_in():
    texts = ["zero", "one", "two", "drei", "", "fünf"]
    for cut in range(len(texts) + 1):
        column = in_chunks(texts, cut)
        assert scanning.taken(column, numpy.array([0, 2, 3, 5])).to_pylist() == ["zero", "two", "drei", "fünf"]
        assert scanning.taken(column, numpy.array([], dtype=int)).to_pylist() == []
