"""What a worker's events add up to: the points of its curves and the latest facts, folded in as they come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.runs.records.events import EVENTS, Built, EpochEnded, Evaluated, Imported, Resumed, StepsReported, Trained
from engine.runs.records.reading import from_json

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


@dataclass
class History:
    """One framework's training so far. After a resume the points that will be trained again are dropped."""

    steps: list[StepPoint] = field(default_factory=list)
    epochs: list[EpochPoint] = field(default_factory=list)
    imported: Imported | None = None
    built: Built | None = None
    trained: Trained | None = None
    evaluated: Evaluated | None = None

    def add(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Take in events in the order in which they were written. Unknown kinds, and events that lack a field, are passed over."""
        for event in events:
            if kind := EVENTS.get(str(event.get("event"))):
                self._fold(from_json(kind, event))

    def _fold(self, event: object) -> None:
        match event:
            case StepsReported():
                epoch = event.step / self.steps_per_epoch if self.steps_per_epoch else float(event.epoch)
                self.steps.append(StepPoint(event.step, epoch, event.seconds, event.loss, event.documents, event.steps))
            case EpochEnded():
                losses = event.train_loss, event.validation_loss, event.validation_accuracy
                self.epochs.append(EpochPoint(event.epoch + 1, *losses, event.seconds, event.step))
            case Resumed():
                self.steps = [point for point in self.steps if point.step <= event.step]
                # An epoch that was cut short by a stop has an end, but no checkpoint: it is trained again.
                self.epochs = [point for point in self.epochs if point.epoch <= event.epoch]
                self.trained = self.evaluated = None
            case Imported():
                self.imported = event
            case Built():
                self.built = event
            case Trained():
                self.trained = event
            case Evaluated():
                self.evaluated = event

    @property
    def steps_per_epoch(self) -> int | None:
        """The optimizer's steps in one epoch, once they are known."""
        return self.built.steps_per_epoch if self.built else None

    @property
    def documents_per_second(self) -> float | None:
        """The texts trained in a second of the framework's own turns, over the last few reports."""
        recent = self.steps[-RECENT_REPORTS:]
        seconds = recent[-1].seconds - recent[0].seconds if recent else 0.0
        return sum(point.documents for point in recent[1:]) / seconds if seconds > 0 else None
