"""What the museum found, as its ``results.json`` holds it: what became of each mistake in each framework."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.shared.devices import Machine
from engine.units import Seconds, Share
from engine.workers.requests.mistakes import Observation


@dataclass(frozen=True, kw_only=True)
class MistakeRow:
    """What became of one mistake in one framework."""

    mistake: str
    """The mistake's name."""
    framework: str
    """The framework in which it was made."""
    outcome: str
    """One of ``OUTCOMES``."""
    when: str = "never"
    """When it was noticed: ``build``, ``first step``, ``later step``, ``answer`` or ``never``."""
    step: int | None = None
    """The step, from 1, at which an exception ended the training."""
    caught: bool = False
    """Whether an exception ended it."""
    reason: str | None = None
    """Why the process was lost; the key is there only where it was, and the next four only where it was not."""
    mistaken: Observation = field(default_factory=Observation)
    """The training with the mistake."""
    correct: Observation = field(default_factory=Observation)
    """The training without it."""
    same_answers: Share | None = None
    """Held-out texts that both models answer alike; none where the mistaken training came to no answers."""
    seconds: Seconds = 0.0
    """The time of the mistaken training."""

    def left_out(self) -> tuple[str, ...]:
        """Return the keys that are not written of a process that was lost, or of one that was not."""
        return ("reason",) if self.reason is None else ("mistaken", "correct", "same_answers", "seconds")


@dataclass(frozen=True, kw_only=True)
class MuseumResults:
    """All that the museum found."""

    data: str = ""
    """The name of the data set."""
    texts: int = 0
    """Texts that were used."""
    machine: Machine = field(default_factory=Machine)
    """Where it ran."""
    rows: tuple[MistakeRow, ...] = ()
    """Mistake after mistake, PyTorch before TensorFlow."""
