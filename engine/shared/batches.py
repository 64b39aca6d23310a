"""Which texts make up which batch: index lists drawn with NumPy, so that both frameworks see the same ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

POOL = 50
"""Batches within which texts are sorted by length: enough to save padding, few enough to keep the order random."""


@dataclass(frozen=True)
class Plan:
    """The batches of one pass. Batch ``k`` is ``order[k * batch_size : (k + 1) * batch_size]``; the last one may be smaller."""

    order: np.ndarray
    """A permutation of the row numbers, int64, shape (rows,)."""
    widths: np.ndarray
    """The number of tokens to which a batch's rows are cut, for those beyond are padding: int64, shape (batches,). 0 without tokens."""


def training_plan(rows: int, lengths: np.ndarray | None, batch_size: int, seed: int, epoch: int, compiled: bool = False) -> Plan:
    """Return a random order that depends on nothing but its arguments; texts with ``lengths`` are put beside others of like length."""
    generator = np.random.default_rng([seed, epoch])
    order = generator.permutation(rows)
    if lengths is None:
        return Plan(order, np.zeros(-(-rows // batch_size), np.int64))
    pool = POOL * batch_size
    pools = [order[start : start + pool] for start in range(0, rows, pool)]
    order = np.concatenate([chosen[np.argsort(lengths[chosen], kind="stable")] for chosen in pools])
    whole = rows // batch_size  # the last, smaller batch stays the last one
    shuffled = order[: whole * batch_size].reshape(whole, batch_size)[generator.permutation(whole)].reshape(-1)
    order = np.concatenate([shuffled, order[whole * batch_size :]])
    return Plan(order, _widths(lengths, order, batch_size, compiled))


def evaluation_plan(rows: int, lengths: np.ndarray | None, batch_size: int, compiled: bool = False) -> Plan:
    """Return every row once: in the order of the rows, or of their lengths where they have any."""
    if lengths is None:
        return Plan(np.arange(rows), np.zeros(-(-rows // batch_size), np.int64))
    order = np.argsort(lengths, kind="stable")
    return Plan(order, _widths(lengths, order, batch_size, compiled))


def _widths(lengths: np.ndarray, order: np.ndarray, batch_size: int, compiled: bool) -> np.ndarray:
    longest = np.maximum.reduceat(lengths[order], np.arange(0, len(order), batch_size)).astype(np.int64)
    if compiled:  # a compiler makes a program for each width: let there be few
        longest = 2 ** np.ceil(np.log2(np.maximum(longest, 16))).astype(np.int64)
    return longest


def evaluation_batch(lengths: np.ndarray | None) -> int:
    """Rows at once where nothing is learned: fewer where each is a whole text, which takes more memory."""
    return 256 if lengths is None else 64
