"""Index lists that both frameworks follow."""

from __future__ import annotations

import numpy as np
import pytest

from engine.shared.batches import POOL, Plan, evaluation_batch, evaluation_plan, training_plan

ROWS = 1003
LENGTHS = np.random.default_rng(0).integers(1, 60, ROWS)


def batches(plan: Plan, batch_size: int) -> list[np.ndarray]:
    return [plan.order[start : start + batch_size] for start in range(0, len(plan.order), batch_size)]


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["vectors", "tokens"])
def test_a_permutation_that_depends_on_its_arguments_only(lengths: np.ndarray | None) -> None:
    plan = training_plan(ROWS, lengths, 8, seed=3, epoch=7)
    assert plan.order.dtype == plan.widths.dtype == np.int64
    assert plan.order.shape == (ROWS,) and plan.widths.shape == (126,)
    assert np.array_equal(np.sort(plan.order), np.arange(ROWS))
    np.random.default_rng(0).random(5)  # whatever else was drawn meanwhile
    again = training_plan(ROWS, lengths, 8, 3, 7)
    assert np.array_equal(plan.order, again.order) and np.array_equal(plan.widths, again.widths)


@pytest.mark.parametrize("lengths", [None, LENGTHS[:50]], ids=["vectors", "tokens"])
def test_every_epoch_and_seed_has_its_own(lengths: np.ndarray | None) -> None:
    orders = {tuple(training_plan(50, lengths, 4, seed, epoch).order) for seed in range(3) for epoch in range(3)}
    assert len(orders) == 9


@pytest.mark.parametrize("rows", [1, 5, 8, 9, 8 * POOL - 1, 8 * POOL, 8 * POOL + 1, 8 * POOL + 12])
def test_texts_of_like_length_share_a_batch_and_none_is_lost(rows: int) -> None:
    lengths = np.arange(rows) % 40 + 1
    plan = training_plan(rows, lengths, 8, seed=0, epoch=0)
    assert np.array_equal(np.sort(plan.order), np.arange(rows))
    parts = batches(plan, 8)
    assert [len(part) for part in parts[:-1]] == [8] * (len(parts) - 1)  # the small one is the last one
    assert plan.widths.tolist() == [lengths[part].max() for part in parts]
    assert all((np.diff(lengths[part]) >= 0).all() for part in parts), "short to long, as a run that is resumed began"


def test_sorting_saves_most_of_the_padding_and_the_order_stays_random() -> None:
    plan = training_plan(ROWS, LENGTHS, 8, seed=0, epoch=0)
    padding = sum((width - LENGTHS[part]).sum() for width, part in zip(plan.widths, batches(plan, 8), strict=True))
    at_random = training_plan(ROWS, None, 8, seed=0, epoch=0)
    padding_at_random = sum((LENGTHS[part].max() - LENGTHS[part]).sum() for part in batches(at_random, 8))
    assert padding < 0.15 * padding_at_random
    assert abs(np.corrcoef(np.arange(len(plan.widths)), plan.widths)[0, 1]) < 0.3, "short batches must not all come first"
    later = training_plan(ROWS, LENGTHS, 8, seed=0, epoch=1)
    assert {frozenset(part) for part in batches(plan, 8)} != {frozenset(part) for part in batches(later, 8)}


def test_a_compiler_meets_few_widths() -> None:
    for plan in (training_plan(ROWS, LENGTHS, 8, 0, 0, compiled=True), evaluation_plan(ROWS, LENGTHS, 8, compiled=True)):
        assert set(plan.widths.tolist()) <= {16, 32, 64}
        assert all(width >= LENGTHS[part].max() for width, part in zip(plan.widths, batches(plan, 8), strict=True))
    assert np.array_equal(training_plan(ROWS, LENGTHS, 8, 0, 0, compiled=True).order, training_plan(ROWS, LENGTHS, 8, 0, 0).order)


def test_evaluation_takes_every_row_once() -> None:
    plan = evaluation_plan(ROWS, None, 256)
    assert plan.order.tolist() == list(range(ROWS)) and plan.widths.tolist() == [0] * 4
    plan = evaluation_plan(ROWS, LENGTHS, 64)
    assert np.array_equal(np.sort(plan.order), np.arange(ROWS))
    assert (np.diff(LENGTHS[plan.order]) >= 0).all()
    assert plan.widths.tolist() == [LENGTHS[part].max() for part in batches(plan, 64)]
    assert evaluation_batch(LENGTHS) < evaluation_batch(None)


def test_no_vectors_and_one() -> None:
    assert training_plan(0, None, 8, 0, 0).order.tolist() == [] and training_plan(0, None, 8, 0, 0).widths.tolist() == []
    assert training_plan(1, None, 8, 0, 0).order.tolist() == [0] and training_plan(1, None, 8, 0, 0).widths.tolist() == [0]
