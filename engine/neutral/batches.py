"""Which texts make up which batch: index lists drawn with NumPy, so that both frameworks see the same ones."""

from __future__ import annotations

import numpy as np


def epoch_order(number_of_rows: int, seed: int, epoch: int) -> np.ndarray:
    """A permutation of the row numbers, int64, shape (number_of_rows,), that depends on nothing but its arguments.

    Batch ``k`` of the epoch is ``order[k * batch_size : (k + 1) * batch_size]``; the last one may be smaller.
    """
    return np.random.default_rng([seed, epoch]).permutation(number_of_rows)
