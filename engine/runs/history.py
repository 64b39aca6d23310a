"""What a worker's events add up to: the points of its curves and the latest facts, folded in as they come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from engine.runs.records.reading import from_json
from engine.units import MiB, Seconds, Share

RECENT_REPORTS = 12
"""Reports over which the present speed is taken."""


@dataclass(frozen=True)
class StepPoint:
    """The training loss over the steps since the point before."""

    step: int
    """Optimizer steps finished in all."""
    epoch: float
    """Epochs finished, with the part of the present one: 1.5 in the middle of the second."""
    seconds: float
    """Seconds of training inside turns, the first step left out."""
    loss: float | None
    """``None`` where it was not a number any more."""
    documents: int
    """Texts seen since the point before."""
    steps: int
    """Steps over which the loss is the mean."""


@dataclass(frozen=True)
class EpochPoint:
    """A finished epoch; the first one is number 1."""

    epoch: int
    train_loss: float
    validation_loss: float
    validation_accuracy: float
    seconds: float
    step: int


@dataclass(frozen=True)
class Imported:
    """The framework is loaded."""

    seconds: Seconds | None = None
    rss_mib: MiB | None = None
    """Memory of the process, the framework included."""
    device: str = ""
    """``cpu`` or ``gpu``."""
    threads: int | None = None


@dataclass(frozen=True)
class Built:
    """The model is there, and what it will be trained for."""

    parameters: int | None = None
    steps_per_epoch: int | None = None
    epochs: int | None = None
    start_epoch: int | None = None
    """Epochs that an earlier attempt has finished."""


@dataclass(frozen=True)
class Trained:
    """The training has come to an end."""

    reason: str = ""
    """``finished``, ``early``, ``stopped`` or ``diverged``."""
    best_epoch: int | None = None
    epochs: int | None = None


@dataclass(frozen=True)
class Evaluated:
    """The test texts are answered."""

    test_accuracy: Share | None = None


FACTS = {"imported": Imported, "built": Built, "trained": Trained, "evaluated": Evaluated}
"""Events of which the latest is known, by kind."""


@dataclass
class History:
    """One framework's training so far. After a resume the points that will be trained again are dropped."""

    steps: list[StepPoint] = field(default_factory=list)
    epochs: list[EpochPoint] = field(default_factory=list)
    imported: Imported | None = None
    built: Built | None = None
    trained: Trained | None = None
    evaluated: Evaluated | None = None

    def add(self, events: Iterable[dict[str, Any]]) -> None:
        """Take in events in the order in which they were written. Unknown kinds, and events that lack a field, are passed over."""
        for event in events:
            try:
                self._fold(event)
            except (KeyError, TypeError):
                continue  # written by another version

    def _fold(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind == "steps":
            epoch = event["step"] / self.steps_per_epoch if self.steps_per_epoch else float(event["epoch"])
            self.steps.append(StepPoint(event["step"], epoch, event["seconds"], event["loss"], event["documents"], event["steps"]))
        elif kind == "epoch":
            losses = event["train_loss"], event["validation_loss"], event["validation_accuracy"]
            self.epochs.append(EpochPoint(event["epoch"] + 1, *losses, event["seconds"], event["step"]))
        elif kind == "resumed":
            self.steps = [point for point in self.steps if point.step <= event["step"]]
            # An epoch that was cut short by a stop has an end, but no checkpoint: it is trained again.
            self.epochs = [point for point in self.epochs if point.epoch <= event["epoch"]]
            self.trained = self.evaluated = None
        elif kind in FACTS:
            setattr(self, kind, from_json(FACTS[kind], event))

    @property
    def device(self) -> str | None:
        """The device, ``cpu`` or ``gpu``, once it is known."""
        return self.imported.device or None if self.imported else None

    @property
    def steps_per_epoch(self) -> int | None:
        return self.built.steps_per_epoch or None if self.built else None

    @property
    def documents_per_second(self) -> float | None:
        """The texts trained in a second of the framework's own turns, over the last few reports."""
        recent = self.steps[-RECENT_REPORTS:]
        seconds = recent[-1].seconds - recent[0].seconds if recent else 0.0
        return sum(point.documents for point in recent[1:]) / seconds if seconds > 0 else None
