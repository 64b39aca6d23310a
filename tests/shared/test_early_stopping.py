"""One rule for both frameworks."""

from __future__ import annotations

import math

import pytest

from engine.shared.early_stopping import Progress


def after(losses: list[float], patience: int) -> Progress:
    progress = Progress(patience=patience)
    for epoch, loss in enumerate(losses):
        progress.improved(epoch, loss)
    return progress


@pytest.mark.parametrize(
    ("losses", "patience", "exhausted", "best"),
    [
        ([3, 2, 1], 1, False, 2),
        ([1, 2], 1, True, 0),
        ([1, 2], 2, False, 0),
        ([1, 2, 3], 2, True, 0),
        ([1, 2, 0.5, 2], 2, False, 2),
        ([1, 1], 1, True, 0),  # equal is not lower
        ([1, 2, 3, 4], 0, False, 0),  # 0 never stops
        ([1, math.nan], 1, True, 0),
        ([math.nan, 1], 1, False, 1),
        ([math.inf], 1, True, None),
    ],
)
def test_patience(losses: list[float], patience: int, exhausted: bool, best: int | None) -> None:
    progress = after(losses, patience)
    assert progress.exhausted is exhausted and progress.best_epoch == best
    assert progress.next_epoch == len(losses)


def test_only_a_lower_loss_is_an_improvement() -> None:
    progress = Progress()
    assert progress.improved(0, 2.0) and not progress.improved(1, 2.0) and not progress.improved(2, math.nan) and progress.improved(3, 1.0)
    assert (progress.best_epoch, progress.best_loss, progress.epochs_without_improvement) == (3, 1.0, 0)
