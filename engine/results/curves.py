"""What a run's events add up to: the points of its curves and the latest figures, read in steps of only the new bytes."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy
import pandas

from engine import FRAMEWORKS
from engine.runs.folder import Run
from engine.runs.history import History, StepPoint

CURVES = ("training", "validation")
COLUMNS = ["framework", "curve", "epoch", "step", "seconds", "span", "loss"]
WIDTH = 5
"""The numbers of a point: the columns behind the first two."""


Row = tuple[float, float, float, float, float]
"""Epoch, step, seconds, span and loss of a point."""


@dataclass
class StepColumns:
    """The reports of one framework as rows of numbers, to which new ones are added; a long run has 40,000 of them."""

    numbers: array[float] = field(default_factory=lambda: array("d"))
    steps: list[StepPoint] = field(default_factory=list)
    """The list whose points these are; a resume makes a new one."""

    def catch_up(self, steps: list[StepPoint]) -> numpy.ndarray:
        """Add what is new in the list, and return all rows."""
        if steps is not self.steps:
            self.numbers, self.steps = array("d"), steps
        for point in steps[len(self.numbers) // WIDTH :]:
            loss = math.nan if point.loss is None else point.loss
            self.numbers.extend((point.epoch, point.step, point.seconds, point.steps, loss))
        return numpy.array(self.numbers).reshape(-1, WIDTH)


@dataclass(eq=False)
class Curves:
    """Both frameworks' histories, read as they come."""

    run: str
    sides: dict[str, History] = field(default_factory=lambda: {framework: History() for framework in FRAMEWORKS})
    offsets: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FRAMEWORKS, 0))
    """Bytes of each one's events that have been read."""
    _columns: dict[str, StepColumns] = field(default_factory=lambda: {framework: StepColumns() for framework in FRAMEWORKS})

    def read(self, run: Run) -> None:
        """Take in what has been written since the last call."""
        for framework, side in self.sides.items():
            events, self.offsets[framework] = run.read_events(framework, self.offsets[framework])
            side.add(events)

    @property
    def empty(self) -> bool:
        """Whether there is no point yet."""
        return not any(side.steps or side.epochs for side in self.sides.values())

    def points(self) -> pandas.DataFrame:
        """Return one row a point: framework, curve (training or validation), epoch (a fraction within one), step, seconds, span, loss.

        ``span`` is the number of steps whose mean the loss is, 0 for validation; so each epoch's mean stands beside the finer points of
        the training curve, and only means over the same steps are subtracted. Values that are no numbers are left out.
        """
        tables = []
        for framework, side in self.sides.items():
            epochs = [(epoch.epoch, epoch.step, epoch.seconds) for epoch in side.epochs]
            means = [(*place, side.steps_per_epoch or 1, epoch.train_loss) for place, epoch in zip(epochs, side.epochs, strict=True)]
            validation = [(*place, 0, epoch.validation_loss) for place, epoch in zip(epochs, side.epochs, strict=True)]
            reports = self._columns[framework].catch_up(side.steps)
            training = _last_of_each(numpy.concatenate([reports, _rows(means)]))
            tables += [_table(framework, "training", training), _table(framework, "validation", _last_of_each(_rows(validation)))]
        return pandas.concat(tables, ignore_index=True)


def _rows(rows: Sequence[Row]) -> numpy.ndarray:
    return numpy.array(rows, dtype=float).reshape(-1, WIDTH)


def _last_of_each(rows: numpy.ndarray) -> numpy.ndarray:
    """Return the rows with a loss; of several over the same steps the last, which a resumed run wrote."""
    rows = rows[numpy.isfinite(rows[:, -1])]
    order = numpy.lexsort((numpy.arange(len(rows)), rows[:, 3], rows[:, 1]))
    place = rows[order][:, [1, 3]]
    last = numpy.ones(len(rows), dtype=bool)
    last[:-1] = (place[1:] != place[:-1]).any(axis=1)
    return rows[numpy.sort(order[last])]


def _table(framework: str, curve: str, rows: numpy.ndarray) -> pandas.DataFrame:
    table = pandas.DataFrame(rows, columns=COLUMNS[2:])
    for name, value, values in (("curve", curve, CURVES), ("framework", framework, FRAMEWORKS)):
        table.insert(0, name, pandas.Categorical.from_codes(numpy.full(len(rows), values.index(value), dtype="int8"), values))
    return table
