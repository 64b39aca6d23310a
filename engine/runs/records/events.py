"""The events of a framework's training: one line each in its ``events.jsonl``, beside their name ``event`` and the moment ``time``."""

from __future__ import annotations

from dataclasses import dataclass

from engine.units import Loss, MiB, Seconds, Share


@dataclass(frozen=True)
class Imported:
    """The framework has been loaded."""

    seconds: Seconds | None = None
    """The time that it took."""
    rss_mib: MiB | None = None
    """Resident memory of the worker afterwards."""
    device: str = ""
    """``cpu`` or ``gpu``."""
    threads: int | None = None
    """Threads of the framework."""


@dataclass(frozen=True)
class Built:
    """The model is there and has its initial weights."""

    parameters: int | None = None
    """Numbers that are trained."""
    steps_per_epoch: int | None = None
    """Steps of the optimizer in one epoch."""
    epochs: int | None = None
    """Epochs at most."""
    start_epoch: int | None = None
    """Epochs that an earlier process has finished."""


@dataclass(frozen=True, kw_only=True)
class StepsReported:
    """Some steps have been trained."""

    epoch: int
    """Epochs that were finished before."""
    step: int
    """Steps in all."""
    steps: int
    """Steps since the last report."""
    loss: Loss | None
    """The mean over those; null where it was not a number any more."""
    seconds: Seconds
    """Training inside turns so far, the first call left out."""
    documents: int
    """Texts seen since the last report."""
    turn: int | None = None
    """The number of the turn."""
    first_of_turn: bool = False
    """Whether it is the first report of its turn, which the steady figures leave out."""


@dataclass(frozen=True, kw_only=True)
class EpochEnded:
    """An epoch has been trained and validated."""

    epoch: int
    """Epochs that were finished before."""
    step: int
    """Steps in all."""
    train_loss: Loss
    """The mean training loss of the epoch."""
    validation_loss: Loss
    """The loss on the validation texts."""
    validation_accuracy: Share
    """The accuracy on the validation texts."""
    seconds: Seconds
    """Training inside turns so far, the first call left out."""
    best: bool = False
    """Whether the validation loss was lower than ever, so that its weights were kept."""


@dataclass(frozen=True, kw_only=True)
class Resumed:
    """Another process goes on from a checkpoint: what came after it is trained again."""

    epoch: int
    """Epochs in the checkpoint."""
    step: int
    """Steps in the checkpoint."""


@dataclass(frozen=True)
class Trained:
    """The training has ended."""

    reason: str = ""
    """``finished``, ``early``, ``stopped`` or ``diverged``."""
    best_epoch: int | None = None
    """The epoch whose weights were kept, counted from 1."""
    epochs: int | None = None
    """Epochs that were finished."""


@dataclass(frozen=True)
class Evaluated:
    """The test texts have been answered."""

    test_accuracy: Share | None = None
    """The share of them that get their true class."""


@dataclass(frozen=True)
class Saved:
    """The weights have been saved; the last event."""


EVENTS: dict[str, type] = {
    "imported": Imported,
    "resumed": Resumed,
    "built": Built,
    "steps": StepsReported,
    "epoch": EpochEnded,
    "trained": Trained,
    "evaluated": Evaluated,
    "saved": Saved,
}
"""The events by name, in the order in which they come."""
