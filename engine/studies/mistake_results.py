"""What the museum found, as its ``results.json`` holds it: what became of each mistake in each framework."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.runs.records.reading import write_fields
from engine.shared.devices import Machine
from engine.units import Loss, Seconds, Share


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One line of a traceback."""

    file: str
    """Its path, without the folders above the project or above installed packages."""
    line: int
    """The number of the line."""
    function: str
    """The function that the line belongs to."""
    code: str = ""
    """The line itself."""
    own: bool = False
    """Whether it stands in the file of the mistakes, and not in a library."""


@dataclass(frozen=True, kw_only=True)
class RaisedError:
    """The exception that ended a training, and where it leads a person."""

    type: str = ""
    """The name of the exception's class."""
    message: str = ""
    """Its text, shortened where it is endless."""
    frames: tuple[Frame, ...] = ()
    """The traceback from the mistake's own function downwards."""
    depth: int = 0
    """The number of frames."""
    own_line: Frame | None = None
    """The deepest line of one's own file."""
    library_frames: int = 0
    """Frames of libraries below that line."""
    at_mistake: bool = False
    """Whether that line is the mistaken one."""


@dataclass(frozen=True, kw_only=True)
class PrintedWarning:
    """A warning that was given."""

    type: str = ""
    """The name of its class."""
    message: str = ""
    """Its text."""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What was seen of one training."""

    stage: str = ""
    """Where an exception was raised: ``build``, ``train`` or ``answer``; ``end`` where none was."""
    steps: int = 0
    """Steps that were finished."""
    losses: tuple[Loss | None, ...] = ()
    """The loss of each step; none where it was no number."""
    first_not_a_number: int | None = None
    """The first step, from 1, whose loss was no number."""
    accuracy: Share | None = None
    """Held-out texts that were answered rightly; none where the training came to no answers."""
    error: RaisedError | None = None
    """The exception that ended it."""
    warnings: tuple[PrintedWarning, ...] = ()
    """Warnings that the corrected training does not give, each once."""


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

    def to_json(self) -> dict[str, Any]:
        """Return what a lost process or an ended one leaves."""
        return write_fields(self, ("reason",) if self.reason is None else ("mistaken", "correct", "same_answers", "seconds"))


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
