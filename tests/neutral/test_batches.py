"""Index lists that both frameworks follow."""

from __future__ import annotations

import numpy as np

from engine.neutral.batches import epoch_order


def test_a_permutation_that_depends_on_its_arguments_only() -> None:
    order = epoch_order(1000, seed=3, epoch=7)
    assert order.dtype == np.int64 and order.shape == (1000,)
    assert np.array_equal(np.sort(order), np.arange(1000))
    np.random.default_rng(0).random(5)  # whatever else was drawn meanwhile
    assert np.array_equal(order, epoch_order(1000, 3, 7))


def test_every_epoch_and_seed_has_its_own() -> None:
    orders = [tuple(epoch_order(50, seed, epoch)) for seed in range(3) for epoch in range(3)]
    assert len(set(orders)) == 9


def test_no_rows_and_one_row() -> None:
    assert epoch_order(0, 0, 0).tolist() == [] and epoch_order(1, 0, 0).tolist() == [0]
