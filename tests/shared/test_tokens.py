"""Texts as rows of token numbers: cut or in windows, with a checkpoint's tokenizer and with a list of words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from engine.shared.encoders.checkpoint import bundled_checkpoint
from engine.shared.text import tokens
from engine.shared.text.tokens import (
    MOST_WINDOWS,
    TEXTS_AT_ONCE,
    count_longer,
    load_tokenizer,
    mean_of_windows,
    padding_token,
    text_windows,
    token_counts,
    token_rows,
)

CLS, SEP = 101, 102


@pytest.fixture
def pieces() -> Tokenizer:
    return load_tokenizer(bundled_checkpoint().folder, 256)


@pytest.fixture
def words() -> Tokenizer:
    """The plainest tokenizer: no special tokens."""
    tokenizer = Tokenizer(models.WordLevel({"[PAD]": 0, "[UNK]": 1, "late": 2, "parcel": 3}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer


def test_texts_are_cut_and_filled_up(pieces: Tokenizer) -> None:
    rows = token_rows(pieces, ["my parcel is late", "late", ""], 5, windows=False, padding=0)
    assert rows.ids.dtype == np.int32 and rows.lengths.dtype == np.int64
    assert rows.ids.shape == (3, 5) and rows.lengths.tolist() == [5, 3, 2] and rows.truncated == 1
    assert rows.ids[0, 0] == rows.ids[1, 0] == CLS and rows.ids[0, 4] == rows.ids[1, 2] == SEP
    assert rows.ids[1].tolist()[3:] == [0, 0] and rows.ids[2].tolist() == [CLS, SEP, 0, 0, 0]


def test_rows_are_no_wider_than_the_longest_text(pieces: Tokenizer) -> None:
    assert token_rows(pieces, ["late", "my parcel"], 256, windows=False, padding=0).ids.shape == (2, 4)
    assert token_rows(pieces, [], 256, windows=False, padding=0).ids.shape == (0, 1)


def test_a_text_as_long_as_the_limit_is_not_cut(pieces: Tokenizer) -> None:
    assert token_rows(pieces, ["my parcel is late"], 6, windows=False, padding=0).truncated == 0


def test_a_long_text_is_read_in_windows(pieces: Tokenizer) -> None:
    rows = token_rows(pieces, ["late", "my parcel is late again today"], 5, windows=True, padding=9)
    whole = load_tokenizer(bundled_checkpoint().folder, 256).encode("my parcel is late again today").ids[1:-1]
    assert rows.ids.shape == (2, 2, 5) and rows.lengths.tolist() == [3, 5] and rows.truncated == 0
    assert rows.ids[1].tolist() == [[CLS, *whole[:3], SEP], [CLS, *whole[3:], SEP]]
    assert rows.ids[0].tolist() == [[CLS, whole[3], SEP, 9, 9], [9, 9, 9, 9, 9]]


def test_windows_have_an_end(pieces: Tokenizer) -> None:
    texts = ["late " * 3 * MOST_WINDOWS, "late " * (3 * MOST_WINDOWS + 1)]
    rows = token_rows(pieces, texts, 5, windows=True, padding=0)
    assert rows.ids.shape == (2, MOST_WINDOWS, 5) and rows.ids.all()
    assert rows.truncated == 1, "what lies beyond the last window is cut"


def test_a_list_of_words_has_no_special_tokens(words: Tokenizer) -> None:
    rows = token_rows(words, ["late parcel late", "unheard of", "", "   "], 2, windows=False, padding=0)
    assert rows.ids.tolist() == [[2, 3], [1, 1], [0, 0], [0, 0]]
    assert rows.lengths.tolist() == [2, 2, 1, 1] and rows.truncated == 1, "a text without any token is one padding token"
    windows = token_rows(words, ["late parcel late", ""], 2, windows=True, padding=0)
    assert windows.ids.tolist() == [[[2, 3], [2, 0]], [[0, 0], [0, 0]]]
    assert token_rows(words, ["", ""], 2, windows=True, padding=0).ids.tolist() == [[[0]], [[0]]]


@pytest.mark.parametrize("windows", [False, True])
def test_many_texts_are_what_each_of_them_is(pieces: Tokenizer, windows: bool) -> None:
    generator = np.random.default_rng(0)
    vocabulary = ["parcel", "late", "refund", "unheardofness"]
    texts = [" ".join(generator.choice(vocabulary, size)) for size in generator.integers(0, 30, TEXTS_AT_ONCE + 50)]
    rows = token_rows(pieces, texts, 8, windows, 0)
    for row in (0, 1, TEXTS_AT_ONCE - 1, TEXTS_AT_ONCE, TEXTS_AT_ONCE + 49):
        alone = token_rows(pieces, [texts[row]], 8, windows, 0)
        assert rows.lengths[row] == alone.lengths[0]
        known = tuple(slice(size) for size in alone.ids.shape[1:])
        assert np.array_equal(rows.ids[row][known], alone.ids[0])
        assert rows.ids[row].sum() == alone.ids.sum(), "and nothing else"
    assert (
        rows.truncated
        == sum(token_rows(pieces, [text], 8, windows, 0).truncated for text in texts[:100])
        + token_rows(pieces, texts[100:], 8, windows, 0).truncated
    )


def test_the_vector_of_a_text_is_the_mean_of_its_windows() -> None:
    vectors = np.array([[1, 0], [0, 1], [4, 0], [0, 3]], np.float32)
    assert mean_of_windows(vectors, [2, 1, 1], normalize=False).tolist() == [[0.5, 0.5], [4, 0], [0, 3]]
    means = mean_of_windows(vectors, [2, 1, 1], normalize=True)
    assert means.dtype == np.float32 and np.allclose(means, [[0.5**0.5, 0.5**0.5], [1, 0], [0, 1]])


def test_windows_without_a_limit_are_whole_texts(words: Tokenizer) -> None:
    assert text_windows(words, ["late late parcel"], windows=True) == ([[[2, 2, 3]]], 0)


@pytest.mark.parametrize(
    ("config", "token"),
    [
        ({"model_type": "bert", "pad_token_id": 0}, 0),
        ({"model_type": "bert", "pad_token_id": 7}, 7),
        ({"model_type": "albert"}, 0),
        ({"model_type": "roberta", "pad_token_id": None}, 1),
        ({"model_type": "xlm-roberta"}, 1),
    ],
)
def test_the_padding_is_the_checkpoints(tmp_path: Path, config: dict[str, object], token: int) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert padding_token(tmp_path) == token


def test_texts_beyond_a_limit_are_counted_without_taking_every_text_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = bundled_checkpoint().folder
    texts = [letter * number for letter in ("!", "é ", "parcel ", "€") for number in range(1, 60)]
    for limit in (3, 12, 30, 40):
        assert count_longer(folder, texts, limit) == sum(count > limit for count in token_counts(folder, texts))
    looked_at: list[str] = []
    monkeypatch.setattr(tokens, "token_counts", lambda folder, some: looked_at.extend(some) or [1] * len(some))
    count_longer(folder, ["late " * 3, "é", "late " * 60], 256)
    assert looked_at == ["é", "late " * 60]
