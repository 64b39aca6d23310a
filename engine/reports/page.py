"""The report as a page: a title, one sentence with the answer, sections; one HTML file that asks nothing of a network or a script.

Knows nothing of runs. A run's report is one list of sections (``engine.reports.run_report``), a benchmark's will be another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from engine import FRAMEWORK_NAMES
from engine.display.figure import Picture
from engine.display.formatting import MISSING, count, percent
from engine.display.svg import chart_svg, printable
from engine.errors import ParityError
from engine.source.highlighting import highlighted
from engine.source.snippets import Stage
from engine.source.source_tree import Definition

GENERATOR = "Parity report"
"""How a file says that it may be replaced by a newer report: the ``generator`` in its head."""

WIDE, NARROW = 880, 340
"""Pixels of a chart on paper and wide screens, and on a telephone; each is rendered for itself, so that its words stay readable."""


@dataclass(frozen=True)
class Section:
    """A part of a report under its own heading."""

    title: str
    blocks: Sequence[Markup]
    """HTML from the functions below or from ``engine.display.twin_rows`` and ``listings``, which escape what they are given."""
    new_page: bool = False
    """Whether it begins a new page on paper."""

    @property
    def anchor(self) -> str:
        return self.title.lower().replace(" ", "-")


@dataclass(frozen=True)
class Page:
    """Everything that one file shows. All strings are escaped when it is rendered."""

    title: str
    answer: str
    facts: Sequence[str]
    """Short lines below the answer: what it is about, when, what to know."""
    sections: Sequence[Section]
    warning: str = ""
    """One sentence at the very top of what is not finished."""
    left_out: Sequence[str] = field(default_factory=tuple)
    """What is not in the file, and why."""
    made: str = ""
    """When and from what the file was made."""


def render(page: Page) -> str:
    """Return the whole file as HTML."""
    return printable(templates().get_template("report.html").render(page=page, generator=GENERATOR))


def heading(words: str) -> Markup:
    """Return a heading inside a section."""
    return Markup("<h3>{}</h3>").format(words)


def paragraph(words: str, quiet: bool = False) -> Markup:
    """Return one paragraph; empty for no words."""
    return Markup('<p class="quiet">{}</p>' if quiet else "<p>{}</p>").format(words) if words else Markup("")


def figure(picture: Picture, sentence: str = "", widths: tuple[int, int] = (WIDE, NARROW)) -> Markup:
    """Return a chart with its caption and a sentence below, or why it could not be drawn; with two equal widths it is rendered once."""
    try:
        wide = Markup(chart_svg(picture, widths[0]))
        narrow = Markup(chart_svg(picture, widths[1])) if widths[1] != widths[0] else ""
    except ParityError as error:
        return paragraph(f"{picture.alt} {error}")
    return _blocks().figure(wide, narrow, [words for words in (picture.caption, sentence) if words])


def side_by_side(left: Sequence[Markup], right: Sequence[Markup]) -> Markup:
    """Return two columns, PyTorch's first; one below the other where there is no room."""
    return _blocks().columns(left, right)


def table(frame: pandas.DataFrame, figures: str = ".3f") -> Markup:
    """Return a table of numbers and names: percentages where the column is called an accuracy, other fractions as ``figures`` says."""
    kinds = [pandas.api.types.is_numeric_dtype(kind) for kind in frame.dtypes]
    rows = [
        [(_cell(name, value, figures), number) for name, value, number in zip(frame.columns, row, kinds, strict=True)]
        for row in frame.itertuples(index=False, name=None)
    ]
    return _blocks().table(list(zip(frame.columns, kinds, strict=True)), rows)


def code_stage(stage: Stage, own_lines: dict[str, int]) -> Markup:
    """Return one stage of the code that ran, in two columns that begin at the same height."""
    return _blocks().code_stage(stage, own_lines)


def code_folded(title: str, pieces: Sequence[Definition]) -> Markup:
    """Return code behind a line that opens it; on paper only the line is there."""
    return _blocks().code_folded(title, pieces)


def command(words: str) -> Markup:
    """Return a line to type."""
    return Markup('<pre class="command">{}</pre>').format(words)


@lru_cache(maxsize=1)
def templates() -> Environment:
    """Return the templates beside this module; whatever is put into them is escaped unless it is ``Markup`` already."""
    loader = FileSystemLoader(Path(__file__).parent / "templates")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals |= {"names": FRAMEWORK_NAMES, "count": count, "highlighted": highlighted}
    return environment


def _blocks() -> Any:
    """Return the macros of ``blocks.html``, each a function that gives ``Markup``."""
    return templates().get_template("blocks.html").module


def _cell(name: str, value: Any, figures: str) -> str:
    if value is None or value != value:
        return MISSING
    if isinstance(value, float) and "accuracy" in name:
        return percent(value)
    if isinstance(value, float):
        return format(value, figures)
    return f"{value:,}" if isinstance(value, int) else str(value)
