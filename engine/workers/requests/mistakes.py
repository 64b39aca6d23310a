"""What the museum asks: a classic mistake made for real, and its correction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.units import Loss, Seconds, Share
from engine.workers.requests.request import Request


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
class MistakeAnswer:
    """What happened with the mistake and without it."""

    mistaken: Observation
    """The training with the mistake."""
    correct: Observation
    """The training without it."""
    same_answers: Share | None
    """Held-out texts that both models answer alike; none where the mistaken training came to no answers."""
    seconds: Seconds
    """The time of the mistaken training."""


@dataclass(frozen=True, kw_only=True)
class MistakeRequest(Request[MistakeAnswer]):
    """Make one mistake, then its correction."""

    job: ClassVar = "museum"
    answer: ClassVar = MistakeAnswer
    mistake: str
    """The name of its function in the wing's ``mistakes.py``."""
