"""The loss of each single step: a training whose epochs are one batch each, or a running mean taken apart."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from engine.errors import TrainingError
from engine.shared.batches import Plan, training_plan
from engine.shared.recipe import Recipe
from engine.workers.callback import Listener, Logs

VALIDATION_ROWS = 8
"""``train`` validates after every epoch, and here each step is one."""


def plans_of_steps(steps: int, rows: int, lengths: np.ndarray | None, recipe: Recipe) -> list[Plan]:
    """Return the plans of epochs that are one whole batch each, so that the loss reported of an epoch is exactly that of a step."""
    plans: list[Plan] = []
    for epoch in range(steps):
        plan = training_plan(rows, lengths, recipe.batch_size, recipe.seed, epoch)
        batches = plan.order.reshape(-1, recipe.batch_size)
        plans += [Plan(batch, plan.widths[number : number + 1]) for number, batch in enumerate(batches)]
        if len(plans) >= steps:
            break
    return plans[:steps]


class StepLosses(Listener):
    """Keeps the loss of each step."""

    def __init__(self, steps: int, steps_per_epoch: int, stop_requested: Callable[[], bool]) -> None:
        self.losses: list[float] = []
        self._steps, self._steps_per_epoch, self._stop_requested = steps, steps_per_epoch, stop_requested
        self._sum = 0.0

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        """``logs["loss"]`` is the mean loss of the epoch so far."""
        if self._steps_per_epoch > 1:
            total = float(logs["loss"]) * (batch + 1)
            self._add(total - (self._sum if batch else 0.0))
            self._sum = total

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if self._steps_per_epoch == 1:
            self._add(float(logs["loss"]))

    def _add(self, loss: float) -> None:
        if not math.isfinite(loss):
            raise TrainingError(f"The loss of step {len(self.losses) + 1} is no longer a number. Expected one. Audit fewer steps.")
        self.losses.append(loss)
        self.stopped = self._stop_requested()
        self.stop_training = self.stopped or len(self.losses) == self._steps
