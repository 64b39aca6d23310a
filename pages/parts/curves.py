"""What a run's events add up to: the points of its curves and the latest figures, read in steps of only the new bytes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import pandas
import streamlit as st

from engine import FRAMEWORKS
from engine.running.folder import Run

COLUMNS = ["framework", "curve", "epoch", "step", "seconds", "span", "loss"]
RECENT_REPORTS = 12
"""Reports over which the live pace is taken."""


@dataclass
class Side:
    """One framework's part of the story so far."""

    offset: int = 0
    """Bytes of its events that have been read."""
    steps: list[dict[str, Any]] = field(default_factory=list)
    epochs: list[dict[str, Any]] = field(default_factory=list)
    latest: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The last event of each other kind: imported, built, trained, evaluated, saved, failed."""

    def fold(self, event: dict[str, Any]) -> None:
        """Take one event in. After a resume the points that are trained again replace the earlier ones."""
        kind = event.get("event")
        if kind == "steps":
            self.steps.append(event)
        elif kind == "epoch":
            self.epochs.append(event)
        elif isinstance(kind, str):
            if kind == "built":
                start = event.get("start_epoch") or 0
                self.steps = [point for point in self.steps if point["epoch"] < start]
                self.epochs = [point for point in self.epochs if point["epoch"] < start]
                for over in ("trained", "evaluated", "saved", "failed"):
                    self.latest.pop(over, None)
            self.latest[kind] = event

    @property
    def accuracy(self) -> float | None:
        """On the validation texts, after the last finished epoch."""
        return self.epochs[-1].get("validation_accuracy") if self.epochs else None

    def documents_per_second(self) -> float | None:
        """Texts trained in a second of its own turns, over the last few reports."""
        recent = self.steps[-RECENT_REPORTS:]
        passed = recent[-1]["seconds"] - recent[0]["seconds"] if recent else 0.0
        return sum(event.get("documents", 0) for event in recent[1:]) / passed if passed > 0 else None


@dataclass
class Curves:
    """Both frameworks' points, folded as they come."""

    run: str
    sides: dict[str, Side] = field(default_factory=lambda: {framework: Side() for framework in FRAMEWORKS})

    def read(self, run: Run) -> None:
        """Take in what has been written since the last call."""
        for framework, side in self.sides.items():
            events, side.offset = run.events(framework, side.offset)
            for event in events:
                side.fold(event)

    def points(self) -> pandas.DataFrame:
        """One row for each point: framework, curve (training or validation), epoch (a fraction within one), step, seconds, span, loss.

        ``span`` is the number of steps whose mean the loss is, 0 for validation; so each epoch's mean stands beside the finer points of
        the training curve, and only means over the same steps are subtracted. Values that are no numbers are left out.
        """
        rows = []
        for framework, side in self.sides.items():
            built = side.latest.get("built", {})
            steps_per_epoch = max(1, built.get("steps_per_epoch") or 1)
            for event in side.steps:
                place = (event["step"] / steps_per_epoch, event["step"], event["seconds"])
                rows.append((framework, "training", *place, event["steps"], event["loss"]))
            for event in side.epochs:
                place = (event["epoch"] + 1, event["step"], event["seconds"])
                rows.append((framework, "training", *place, steps_per_epoch, event["train_loss"]))
                rows.append((framework, "validation", *place, 0, event["validation_loss"]))
        rows = [row for row in rows if row[-1] is not None and math.isfinite(row[-1])]
        table = pandas.DataFrame(rows, columns=COLUMNS).astype({name: float for name in COLUMNS[2:]})
        return table.drop_duplicates(["framework", "curve", "step", "span"], keep="last", ignore_index=True)


def follow(run: Run) -> Curves:
    """The curves of a run, kept in the session so that each call reads only what is new."""
    curves = st.session_state.get("curves")
    if not isinstance(curves, Curves) or curves.run != run.identifier:
        curves = Curves(run.identifier)
        st.session_state["curves"] = curves
    curves.read(run)
    return curves
