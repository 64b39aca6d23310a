"""Batches under a budget of tokens: every window once, within the budget, and every text told when it is complete."""

from __future__ import annotations

import numpy as np
import pytest

from engine.shared.text.token_batches import batches_of_like_length, token_batches
from engine.shared.text.tokens import mean_of_windows, text_windows
from engine.shared.text.vocabulary import train_words

GENERATOR = np.random.default_rng(3)


@pytest.mark.parametrize(
    ("lengths", "budget", "expected"),
    [
        ([], 10, []),
        ([5], 1, [[0]]),  # longer than the budget: alone
        ([0, 0], 10, [[0, 1]]),
        ([2, 5, 2, 2], 10, [[1], [0, 2, 3]]),  # one of length 5 spends half of the budget by itself
        ([3, 3, 3, 2, 2, 1], 9, [[0, 1, 2], [3, 4], [5]]),  # enough of one length: nothing is padded
        ([9, 1, 8, 1], 40, [[0, 2, 1, 3]]),  # one of length 9 does not
    ],
)
def test_batches_by_hand(lengths: list[int], budget: int, expected: list[list[int]]) -> None:
    assert [batch.tolist() for batch in batches_of_like_length(np.array(lengths, int), budget)] == expected


@pytest.mark.parametrize("budget", [1, 7, 64, 1024, 10**9])
def test_every_window_comes_once_and_within_the_budget(budget: int) -> None:
    lengths = GENERATOR.integers(1, 65, 500)
    batches = list(batches_of_like_length(lengths, budget))
    assert sorted(np.concatenate(batches)) == list(range(500))
    assert all(len(batch) == 1 or len(batch) * lengths[batch].max() <= budget for batch in batches)
    longest = [lengths[batch].max() for batch in batches]
    assert longest == sorted(longest, reverse=True)


@pytest.mark.parametrize("windows", [False, True])
@pytest.mark.parametrize("budget", [1, 9, 40, 1000])
def test_a_text_is_told_once_with_the_mean_of_its_windows(budget: int, windows: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the vector of a window were its first and its last token; in portions of seven texts."""
    monkeypatch.setattr("engine.shared.text.token_batches.TEXTS_AT_ONCE", 7)
    texts = [" ".join(GENERATOR.choice(["late", "parcel", "refund"], size)) for size in (0, *GENERATOR.integers(0, 30, 19))]
    words = train_words(texts, 10)
    words.enable_truncation(6)

    def vectors_of(token_ids: list[list[int]]) -> np.ndarray:
        return np.array([[(tokens or [0])[0] + 1, len(tokens)] for tokens in token_ids], np.float32)

    told: list[int] = []
    vectors = np.full((len(texts), 2), np.nan, np.float32)
    for batch in token_batches(words, texts, budget, windows):
        positions, finished = batch.finished_texts(vectors_of(batch.token_ids), normalize=False)
        told += positions.tolist()
        vectors[positions] = finished
    assert sorted(told) == list(range(len(texts)))
    of_text, _ = text_windows(words, texts, windows)
    expected = mean_of_windows(
        vectors_of([part for parts in of_text for part in parts]), [len(parts) for parts in of_text], normalize=False
    )
    assert np.allclose(vectors, expected) and (len(max(of_text, key=len)) > 1) == windows
