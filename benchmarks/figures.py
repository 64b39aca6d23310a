"""What every benchmark tells: rows of figures with what they are compared with and the goal; printed, and kept where all are collected."""

from __future__ import annotations

import json
import operator
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

COLLECTION = "PARITY_FIGURES"
"""The variable of the environment that names the file to which figures are added; without it they are printed only."""

HEADER = ("what", "figure", "compared with", "its figure", "ratio", "goal", "verdict")


@dataclass(frozen=True)
class Row:
    """A figure of a benchmark, what it is compared with in the same run, and what it should reach."""

    name: str
    value: float
    unit: str = ""
    reference: str = ""
    """What it is compared with; empty where the figure is held against the goal alone."""
    reference_value: float | None = None
    ratio: float | None = None
    """Figure ÷ reference; given where it is a median of pairs, else the quotient of the two."""
    goal: str = ""
    """``≤ 6``, ``≥ 0.97``, ``= 100`` or ``0.95 to 1.05``: of the ratio where there is one, else of the figure; empty without a goal."""

    @property
    def quotient(self) -> float | None:
        """The ratio, as given or computed."""
        if self.ratio is not None or not self.reference_value:
            return self.ratio
        return self.value / self.reference_value

    @property
    def verdict(self) -> str:
        """``reached``, ``missed``, or nothing without a goal."""
        measured = self.value if self.quotient is None else self.quotient
        return ("reached" if reaches(measured, self.goal) else "missed") if self.goal else ""

    def cells(self) -> tuple[str, ...]:
        """Return what a table shows of the row, under ``HEADER``."""
        reference = "" if self.reference_value is None else in_digits(self.reference_value, self.unit)
        ratio = "" if self.quotient is None else f"{self.quotient:.3f}"
        return self.name, in_digits(self.value, self.unit), self.reference, reference, ratio, self.goal, self.verdict


@dataclass(frozen=True)
class Figures:
    """All that one benchmark tells at once."""

    title: str
    rows: tuple[Row, ...]
    note: str = ""
    """How it was measured, in a sentence."""

    @classmethod
    def from_json(cls, text: str) -> Figures:
        """Read what ``publish`` has kept."""
        values = json.loads(text)
        return cls(values["title"], tuple(Row(**row) for row in values["rows"]), values["note"])

    def table(self) -> str:
        """Return the rows as a table in Markdown, without the columns that are empty in all of them."""
        table = [row.cells() for row in self.rows]
        used = [place for place in range(len(HEADER)) if any(cells[place] for cells in table)]
        lines = [HEADER, tuple("---" for _ in HEADER), *table]
        return "\n".join("| " + " | ".join(cells[place] for place in used) + " |" for cells in lines)


def reaches(value: float, goal: str) -> bool:
    """Whether a value is where a goal wants it."""
    if " to " in goal:
        low, high = (float(end) for end in goal.split(" to "))
        return low <= value <= high
    sign, _, number = goal.partition(" ")
    return bool({"≤": operator.le, "≥": operator.ge, "=": operator.eq}[sign](value, float(number)))


def in_digits(value: float, unit: str) -> str:
    """Return three digits that count, or all of a large number, with the unit."""
    size = abs(value)
    if 0 < size < 0.001:
        return f"{value:.2g} {unit}".rstrip()
    digits = 0 if size >= 100 or value == int(value) else 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{value:,.{digits}f} {unit}".rstrip()


def publish(title: str, rows: Sequence[Row], note: str = "") -> None:
    """Print the rows, and add them to the collection where there is one."""
    figures = Figures(title, tuple(rows), note)
    print(f"{title}\n{figures.table()}" + (f"\n{note}" if note else ""), flush=True)
    if COLLECTION in os.environ:
        with Path(os.environ[COLLECTION]).open("a", encoding="utf-8") as collection:
            collection.write(json.dumps(asdict(figures)) + "\n")
