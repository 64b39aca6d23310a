"""What the rows of a table have in common: so many cells, and classes or numbers in their places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.reading.columns.header import is_number
from engine.reading.delimited.dialect import Dialect

FEWEST_ROWS = 5
"""The rows from which something is concluded."""


@dataclass(frozen=True)
class Shape:
    """The cells that a row has, and the columns that can be told by their values."""

    columns: int = 0
    """0 where it is not known yet."""
    closed: dict[int, frozenset[str]] = field(default_factory=dict)
    """Columns of few repeating values, with these values."""
    numeric: frozenset[int] = frozenset()
    text: int | None = None
    """The one column to which surplus cells belong; ``None`` where more than one is possible."""

    def has_known_values(self, cells: Sequence[str]) -> bool:
        """Return whether a row has the right number of cells and a known value in each column of few values."""
        return len(cells) == self.columns and all(cells[place].strip() in values for place, values in self.closed.items())

    def joined(self, cells: Sequence[str], dialect: Dialect) -> list[str] | None:
        """Return a row with its surplus cells joined to the text, or ``None`` where that is not plainly right."""
        surplus = len(cells) - self.columns
        if self.text is None or surplus <= 0:
            return None
        between = dialect.delimiter + (" " if dialect.spaced else "")
        row = [*cells[: self.text], between.join(cells[self.text : self.text + surplus + 1]), *cells[self.text + surplus + 1 :]]
        for place, cell in enumerate(row):
            if place in self.numeric and not is_number(cell):
                return None
            if place in self.closed and cell.strip() not in self.closed[place] and not _like(cell, self.closed[place]):
                return None
        return row


def _like(cell: str, values: frozenset[str]) -> bool:
    """Return whether a cell could be one more class: not longer than the known ones by much, and not the middle of a sentence."""
    words = max((len(value.split()) for value in values), default=1)
    return bool(cell.strip()) and not cell.startswith(" ") and len(cell) <= 60 and len(cell.split()) <= words


def shape_of(rows: Sequence[Sequence[str]], columns: int) -> Shape:
    """Measure rows below the header; those with surplus cells count from both of their ends."""
    full = [row for row in rows if len(row) >= columns]
    even = [row for row in full if len(row) == columns]
    if columns < 2 or len(full) < FEWEST_ROWS:
        return Shape(columns)
    left = [_kind([row[place] for row in full]) for place in range(columns)]
    right = [_kind([row[place - columns] for row in full]) for place in range(columns)]
    told = [_kind([row[place] for row in even]) for place in range(columns)] if len(even) >= FEWEST_ROWS else None
    places = [
        place
        for place in range(columns)
        if all(left[:place]) and all(right[place + 1 :]) and not (told[place] if told else (left[place] and right[place]))
    ]
    if len(places) == 2 and places[1] == columns - 1 and told is None:  # both ends have few values: a sentence goes on with a space
        last = [row[-1] for row in full]
        places = places[1:] if sum(cell.startswith(" ") for cell in last) >= 0.6 * len(last) else places
    text = places[0] if len(places) == 1 else None
    if told is None and text is None:
        return Shape(columns)
    kinds = told if text is None and told is not None else [*left[: text or 0], None, *right[(text or 0) + 1 :]]
    closed = {place: kind for place, kind in enumerate(kinds) if isinstance(kind, frozenset)}
    return Shape(columns, closed, frozenset(place for place, kind in enumerate(kinds) if kind is True), text)


def _kind(values: Sequence[str]) -> frozenset[str] | bool | None:
    """Return the values of a column that has few, ``True`` for one of numbers, ``None`` for any other."""
    counts = Counter(value.strip() for value in values)
    repeating = frozenset(value for value, count in counts.items() if count > 1)
    covered = sum(counts[value] for value in repeating)
    few = len(counts) <= max(2, 0.3 * len(values))
    if repeating and few and covered >= 0.9 * len(values) and sum(map(len, repeating)) <= 40 * len(repeating):
        return repeating - {""}
    return True if all(map(is_number, values)) else None
