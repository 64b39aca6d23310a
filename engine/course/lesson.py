"""What a lesson of the course is made of: a text, functions of the engine, a question that a live run answers, an exercise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from engine import FRAMEWORKS
from engine.course.answers import LiveAnswer
from engine.source.snippets import Exhibit, present_snippets
from engine.source.source_tree import Definition

MADE_ONCE = "made once"
"""The name in the place of a stage for what neither framework owns."""


@dataclass(frozen=True)
class Shown:
    """Functions of the engine that a lesson reads: the very ones that run, cut from its source."""

    title: str
    note: str
    """What to look for."""
    classifier: str
    stage: str
    """One of ``engine.source.snippets.STAGES``, or ``MADE_ONCE``."""
    names: tuple[str, ...]
    """What is shown of the stage, in this order; a framework without a piece of that name does without it."""

    def columns(self) -> dict[str, tuple[Definition, ...]]:
        """Return the pieces of each framework's column; nothing where the piece was made once for both."""
        stages = {stage.name: stage for stage in _exhibit(self.classifier).stages}
        if self.stage == MADE_ONCE:
            return {}
        pieces = {row.name: row.pieces for row in stages[self.stage].rows}
        return {wing: tuple(pieces[name][wing] for name in self.names if wing in pieces.get(name, {})) for wing in FRAMEWORKS}

    def shared(self) -> tuple[Definition, ...]:
        """Return the pieces that were made once for both."""
        if self.stage != MADE_ONCE:
            return ()
        pieces = {piece.name: piece for piece in _exhibit(self.classifier).shared}
        return tuple(pieces[name] for name in self.names if name in pieces)


@lru_cache(maxsize=8)
def _exhibit(classifier: str) -> Exhibit:
    """Cut the code once, for that parses every file of the engine and a page asks at every click; a running dashboard's source stays."""
    return present_snippets(classifier)


@dataclass(frozen=True)
class Question:
    """A prediction that the student makes before anything is measured."""

    text: str
    options: Mapping[str, str]
    """What may be predicted, under the key that the answer names."""
    answer: LiveAnswer
    means: str
    """What answers it, in a few words: completes “It is answered by …”."""
    why: str
    """The mechanism, without a figure: it holds whatever this machine measures."""


@dataclass(frozen=True)
class Link:
    """A page of the dashboard."""

    page: str
    """Its file's name, without ``.py``."""
    label: str
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Exercise:
    """Something to do in the dashboard."""

    text: str
    expect: str
    """What should be seen."""
    links: tuple[Link, ...]


@dataclass(frozen=True)
class Lesson:
    """One week."""

    week: int
    title: str
    goal: str
    """One sentence: what is understood afterwards."""
    text: str
    """Markdown."""
    shown: tuple[Shown, ...]
    question: Question
    exercise: Exercise
