"""The byte-level scan must agree with Python's own string methods on every text."""

import random

import numpy
import pyarrow
import pytest

from engine.data import scanning

LETTERS = ["a", "B", "Z", " ", "  ", "\n", "\t", "é", "É", "ß", "İ", "Σ", "\u00a0", "\u3000", "<", "&", "\0", "\x1f", "語", "🙂"]


def in_chunks(texts: list[str], cut: int) -> pyarrow.ChunkedArray:
    """A column that was read in two chunks."""
    return pyarrow.chunked_array([texts[:cut], texts[cut:]], type=pyarrow.large_string())


@pytest.mark.parametrize("piece_bytes", [1, 7, 64, 2**18])
def test_scan_agrees_with_python(piece_bytes, monkeypatch):
    monkeypatch.setattr(scanning, "PIECE_BYTES", piece_bytes)
    source = random.Random(piece_bytes)
    for _ in range(60):
        texts = ["".join(source.choices(LETTERS, k=source.randint(0, 12))) for _ in range(source.randint(0, 30))]
        found = scanning.scan_texts(in_chunks(texts, source.randint(0, len(texts))))
        expected = [" ".join(text.casefold().split()) for text in texts]
        assert scanning.normalised_at(found.texts, numpy.arange(len(texts))).to_pylist() == expected
        assert found.words.tolist() == [len(text.split()) for text in expected]
        assert scanning.first_equal(found).tolist() == [expected.index(text) for text in expected]
        for text, kinds in zip(texts, found.kinds.tolist(), strict=True):
            assert bool(kinds & scanning.BEYOND_ASCII) == (not text.isascii())
            assert bool(kinds & scanning.MARKUP) == any(mark in text for mark in "<&#")
            assert bool(kinds & scanning.CONTROL) == any(mark in text for mark in "\0\x1f")


def test_equal_fingerprints_are_compared_in_full(monkeypatch):
    found = scanning.scan_texts(in_chunks(["one text", "another text", "ONE  text", "a third"], 2))
    found.fingerprints[:] = 7
    assert scanning.first_equal(found).tolist() == [0, 1, 0, 3]


def test_a_slice_of_a_column_is_scanned_from_its_own_start():
    column = pyarrow.array(["left out", "Kept Text", "x"], type=pyarrow.large_string()).slice(1, 1)
    assert scanning.normalised_at(pyarrow.chunked_array([column]), numpy.array([0])).to_pylist() == ["kept text"]
    assert scanning.scan_texts(pyarrow.chunked_array([column])).words.tolist() == [2]


def test_scripts_beyond_ascii_are_scanned_like_others():
    texts = ["Здравствуйте, МОЙ заказ", "здравствуйте,  мой заказ", "注文した商品", "", "注文した\u3000商品 <b>"]
    found = scanning.scan_texts(in_chunks(texts, 1))
    assert scanning.normalised_at(found.texts, numpy.arange(len(texts))).to_pylist() == [
        " ".join(text.casefold().split()) for text in texts
    ]
    assert found.kinds.tolist() == [1, 1, 1, 0, 3] and scanning.first_equal(found).tolist() == [0, 0, 2, 3, 4]


def test_joined_columns_pass_over_empty_cells():
    titles = pyarrow.array([" Title ", "", "Only title", ""], type=pyarrow.large_string())
    bodies = pyarrow.array(["Body", "only body\n", " ", ""], type=pyarrow.large_string())
    assert scanning.joined([titles, bodies]).to_pylist() == ["Title\n\nBody", "only body", "Only title", ""]


def test_texts_and_sizes_are_taken_from_the_chunk_they_lie_in():
    texts = ["zero", "one", "two", "drei", "", "fünf"]
    for cut in range(len(texts) + 1):
        column = in_chunks(texts, cut)
        assert scanning.taken(column, numpy.array([0, 2, 3, 5])).to_pylist() == ["zero", "two", "drei", "fünf"]
        assert scanning.taken(column, numpy.array([], dtype=int)).to_pylist() == []
        assert scanning.sizes_of(column).tolist() == [4, 3, 3, 4, 0, 5]
    assert scanning.sizes_of(pyarrow.chunked_array([], pyarrow.large_string())).tolist() == []
