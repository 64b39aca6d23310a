"""The scan works on bytes, and must agree with Python's own string methods on every text."""

import random
import unicodedata

import numpy
import pandas
import pyarrow
import pytest

from engine.data import rows, scanning
from engine.data.choice import DataChoice
from engine.data.splitting import prepare
from engine.reading.options import ReadingOptions
from engine.reading.table import Table

LETTERS = ["a", "B", "Z", "9", " ", "  ", "\n", "\t", "\x1c", "<", "&", "\0", "\x1f", "\x7f", "é", "É", "ß", "İ", "Σ", "ﬁ", "e\u0301",
           "\u0345", "\u200b", "\ufeff", "\u00a0", "\u0085", "\u2028", "\u3000", "\u180e", "ａ", "Ａ", "٣", "Ⅷ", "語", "\ufffd", "🙂",
           "👩\u200d🔬", "\u0301", "\u00ad", "\u202e", "\u200c", "❤\ufe0f", "❤", "\u0090", "\ufffe", "\x02", "가", "\u1100", "\u1161",
           "\u11a8", "がぎ", "か\u3099", "न\u093c", "\u0958", "…", "½"]  # fmt: skip


def in_chunks(texts: list[str], cut: int) -> pyarrow.ChunkedArray:
    """A column that was read in two chunks."""
    return pyarrow.chunked_array([texts[:cut], texts[cut:]], type=pyarrow.large_string())


def agrees_with_python(column: pyarrow.ChunkedArray) -> None:
    scan, texts = scanning.scan_texts(column), column.to_pylist()
    forms = [scanning.normalised(text) for text in texts]
    assert scan.words.tolist() == [len(form.split()) for form in forms]
    assert scan.groups.tolist() == [forms.index(form) for form in forms]
    for text, kinds in zip(texts, scan.kinds.tolist(), strict=True):
        assert bool(kinds & scanning.BEYOND_ASCII) == (not text.isascii())
        assert bool(kinds & scanning.MARKUP) == any(mark in text for mark in "<&#")
        assert bool(kinds & scanning.CONTROL) == any(mark in text for mark in "\0\x02\x1c\x1f\x7f\ufffe")
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


def as_seen(text: str) -> str:
    """What a person sees of a text, spelled out apart from the product: NFKC, no invisible characters, single spaces, lower case."""
    seen = "".join(
        character for character in text if unicodedata.category(character) not in ("Cf", "Cs") and character not in "\ufe0e\ufe0f"
    )
    seen = "".join(" " if unicodedata.category(character) in ("Cc", "Cn") else character for character in seen)
    return " ".join(unicodedata.normalize("NFKC", seen).casefold().split())


UNSEEN = ["\0", "\0\0", "\x02", "\x1f", "\x7f", "\u0085", "\u0090", "\ufffe", "\u200b", "\u200d", "\u00ad", "\u202e", "\ufeff", "\u2060",
          " ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u2003", "\u3000"]  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_no_text_is_in_two_parts_whatever_cleaning_touches(seed):
    """Each text comes in several disguises: control characters and spaces at its ends and in its gaps, and every Unicode form."""
    source = random.Random(seed)
    texts, labels = [], []
    for number in range(40):
        words = [source.choice(["café", "naïve", "Ångström", "ｗｉｄｅ", "ﬁne", "plain", "한국어", "❤"]) for _ in range(3)] + [str(number)]
        for _ in range(source.randint(1, 4)):
            form = source.choice(["NFC", "NFD", "NFKC", "NFKD"])
            gaps = [source.choice([" ", "\u00a0", "\t", "\n", " \0", "\x02 ", "\u3000", " \u200b"]) for _ in range(3)]
            text = "".join(word + gap for word, gap in zip(words, [*gaps, ""], strict=True))
            ends = ["".join(source.choices(UNSEEN, k=source.randint(0, 3))) for _ in range(2)]
            texts.append(ends[0] + unicodedata.normalize(form, source.choice([str, str.upper])(text)) + ends[1])
            labels.append(f"class {number % 3}")
    table = Table(pandas.DataFrame({"text": texts, "label": labels}, dtype="str"), ReadingOptions(kind="csv"))
    frame = prepare(table, DataChoice("0" * 16, "data.csv", ("text",), "label", seed=seed)).frame
    parts: dict[str, set[str]] = {}
    for text, part in zip(frame["text"], frame["split"], strict=True):
        assert text == text.strip() and not set(text) & set("\0\x02\x1f\x7f\ufffe")
        parts.setdefault(as_seen(text), set()).add(part)
    assert len(parts) == 40 and all(len(found) == 1 for found in parts.values())


def test_a_text_that_nobody_can_see_is_empty():
    for text in ["\0\0", "\x02 \x1f", "\u200b", "\ufeff\u00a0", "\u202e\u200e", "\ufffe"]:
        assert scanning.scan_texts(in_chunks([text, "seen"], 1)).words.tolist() == [0, 1]
