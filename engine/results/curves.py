"""What a run's events add up to: the points of its curves and the latest figures, read in steps of only the new bytes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pandas

from engine import FRAMEWORKS
from engine.runs.folder import Run
from engine.runs.history import History

COLUMNS = ["framework", "curve", "epoch", "step", "seconds", "span", "loss"]


@dataclass
class Curves:
    """Both frameworks' histories, read as they come."""

    run: str
    sides: dict[str, History] = field(default_factory=lambda: {framework: History() for framework in FRAMEWORKS})
    offsets: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FRAMEWORKS, 0))
    """Bytes of each one's events that have been read."""

    def read(self, run: Run) -> None:
        """Take in what has been written since the last call."""
        for framework, side in self.sides.items():
            events, self.offsets[framework] = run.read_events(framework, self.offsets[framework])
            side.add(events)

    def points(self) -> pandas.DataFrame:
        """Return one row a point: framework, curve (training or validation), epoch (a fraction within one), step, seconds, span, loss.

        ``span`` is the number of steps whose mean the loss is, 0 for validation; so each epoch's mean stands beside the finer points of
        the training curve, and only means over the same steps are subtracted. Values that are no numbers are left out.
        """
        rows = []
        for framework, side in self.sides.items():
            for point in side.steps:
                rows.append((framework, "training", point.epoch, point.step, point.seconds, point.steps, point.loss))
            for epoch in side.epochs:
                place = (epoch.epoch, epoch.step, epoch.seconds)
                rows.append((framework, "training", *place, side.steps_per_epoch or 1, epoch.train_loss))
                rows.append((framework, "validation", *place, 0, epoch.validation_loss))
        rows = [row for row in rows if row[-1] is not None and math.isfinite(row[-1])]
        table = pandas.DataFrame(rows, columns=COLUMNS).astype({name: float for name in COLUMNS[2:]})
        return table.drop_duplicates(["framework", "curve", "step", "span"], keep="last", ignore_index=True)
