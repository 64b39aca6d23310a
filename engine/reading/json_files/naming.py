"""The names of the values of lists, which JSON does not give: a header among the lists, or what the values themselves tell."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from engine.reading.columns.names import LABEL_NAMES, OTHER_NAMES, TEXT_NAMES, TITLE_NAMES, name_rank
from engine.reading.values import Row, plain_text

SAMPLE_ROWS = 2000
"""Rows from which names and order of unnamed columns are told; a preview reads as many, so that both tell the same."""


@dataclass(frozen=True)
class Naming:
    """The names of the columns of lists, and where they come from."""

    names: list[str]
    header: bool
    """The first list holds them."""
    note: str


def names_of(sample: list[Any], header: bool | None) -> Naming | None:
    """Return the names of the values of lists, or ``None`` where most are no lists: of two, the one that repeats is the label."""
    rows = [item for item in sample[:SAMPLE_ROWS] if isinstance(item, list) and item]
    if len(rows) < 0.5 * len(sample[:SAMPLE_ROWS]) or not rows:
        return None
    width = Counter(map(len, rows)).most_common(1)[0][0]
    even = [[plain_text(cell) for cell in row] for row in rows if len(row) == width]
    first = cells_of(rows[0])
    if (len(first) == width and len(even) > 1 and is_header(first, even[1:])) if header is None else header:
        return Naming([cell.strip() for cell in first], True, "The first list holds the column names.")
    if width == 2:
        distinct = [len({row[place] for row in even}) for place in (0, 1)]
        label = 0 if distinct[0] < distinct[1] else 1
        lengths = [sum(len(row[place]) for row in even) for place in (0, 1)]
        cats = any(isinstance(row[-1], dict) for row in rows[:1])
        if cats or (distinct[label] <= max(0.5 * len(even), 2) and lengths[label] < lengths[1 - label] and distinct[0] != distinct[1]):
            said = f"Its lists have no names: the {('first', 'second')[label]} value is called the label because its values repeat."
            return Naming(["label", "text"] if label == 0 and not cats else ["text", "label"], False, said)
    names = [f"column {place}" for place in range(1, width + 1)]
    return Naming(names, False, "Its lists have no names, so columns are called by their position.")


def is_header(first: list[str], others: list[list[str]]) -> bool:
    """Return whether the first of several lists holds names: all are usual ones, or one is and none comes again below."""
    usual = [name_rank(cell, TEXT_NAMES + TITLE_NAMES + LABEL_NAMES + OTHER_NAMES) is not None and len(cell) <= 40 for cell in first]
    below = [row for row in others if row != first]  # files with a header each may have been joined
    again = any(cell in {row[place] for row in below} for place, cell in enumerate(first))
    return len(set(first)) == len(first) and not again and any(usual)


def row_of(item: Any, names: list[str]) -> Any:
    """Return a list as a row with these fields; ``None`` for what is no list or has more values."""
    if not isinstance(item, list) or len(item) > len(names) or not item:
        return None
    row: Row = {}
    for name, cell in zip(names, item, strict=False):
        if isinstance(cell, dict) and name.startswith(("label", "column")):  # spaCy: [text, {"cats": {…}}]
            row |= cell
        else:
            row[name] = cell
    return row


def cells_of(item: Any) -> list[str]:
    """Return the values of a list as cells; none of what is no list."""
    return [plain_text(cell).strip() for cell in item] if isinstance(item, list) else []
