"""Texts as batches of like length for an encoder, under a budget of tokens, and the way back from windows to texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from tokenizers import Tokenizer

from engine.shared.text.tokens import TEXTS_AT_ONCE, mean_of_windows, text_windows

WORTH_A_BATCH = 0.5
"""Windows of exactly one length have a batch of their own, without padding, where they spend this share of the budget."""


@dataclass(frozen=True)
class TokenBatch:
    """Windows of like length, as an encoder takes them: each text has one, a long one may have several."""

    token_ids: list[list[int]]
    """The tokens of each window."""
    _rows: np.ndarray
    _ends: np.ndarray  # for each text the row behind its last window
    _vectors: list[np.ndarray]  # of all windows, (windows, hidden_size), as soon as the first batch is there
    _start: int
    _windows: bool

    def finished_texts(self, vectors: np.ndarray, normalize: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return the positions of the texts that this batch completes, and their vectors, (texts, hidden_size).

        ``vectors`` are those of this batch's windows; a text in windows has their mean, scaled to length 1 with ``normalize``.
        """
        if not self._windows:
            return self._start + self._rows, vectors
        if not self._vectors:
            self._vectors.append(np.empty((self._ends[-1], vectors.shape[1]), vectors.dtype))
        self._vectors[0][self._rows] = vectors
        # The last window of a text is its shortest, and comes last: with it the text is complete.
        texts = np.flatnonzero(np.isin(self._ends - 1, self._rows))
        starts = np.append(0, self._ends)[texts]
        if not len(texts):
            return texts, vectors[:0]
        rows = np.concatenate([np.arange(first, end) for first, end in zip(starts, self._ends[texts], strict=True)])
        return self._start + texts, mean_of_windows(self._vectors[0][rows], (self._ends[texts] - starts).tolist(), normalize)


def token_batches(tokenizer: Tokenizer, texts: Sequence[str], token_budget: int, windows: bool) -> Iterator[TokenBatch]:
    """Cut texts into tokens and give them out in batches of at most ``token_budget`` tokens, padding included, and at least one window.

    The longest come first, so that a lack of memory shows at once; texts of like length side by side need little padding. With ``windows``
    a text that is longer than the tokenizer's limit comes as up to 16 windows.
    """
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        of_text, _ = text_windows(tokenizer, texts[start : start + TEXTS_AT_ONCE], windows)
        ends = np.cumsum([len(parts) for parts in of_text])
        token_ids = list(chain.from_iterable(of_text))
        vectors: list[np.ndarray] = []
        for rows in batches_of_like_length(np.array([len(tokens) for tokens in token_ids]), token_budget):
            yield TokenBatch([token_ids[row] for row in rows], rows, ends, vectors, start, windows)


def batches_of_like_length(lengths: np.ndarray, token_budget: int) -> Iterator[np.ndarray]:
    """Yield the positions of each batch, the longest first and those of one length in their order."""
    order = np.argsort(-lengths, kind="stable")
    in_order = lengths[order]
    first = 0
    while first < len(order):
        longest = max(int(in_order[first]), 1)
        most = max(token_budget // longest, 1)
        equal = int(np.searchsorted(-in_order[first : first + most], -longest, side="right"))
        size = equal if equal >= WORTH_A_BATCH * most else most
        yield order[first : first + size]
        first += size
