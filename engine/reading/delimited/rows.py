"""The rows of a delimited text, one after the other, whatever its quotes do: no line is swallowed without a word."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.reading.delimited.dialect import Dialect
from engine.reading.delimited.lines import Lines, LongRowError
from engine.reading.delimited.shape import Shape

MOST_JOINED_LINES = 10
"""A cell whose quotes are wrong is looked for in so many lines at most."""
JUDGED_LINES = 60
"""So many lines of a row, evenly spread, tell whether they are rows themselves."""


@dataclass
class Repairs:
    """The 1-based numbers of the lines that were read otherwise than they stand there."""

    unclosed: list[int] = field(default_factory=list)
    """A quote opens a cell and never closes it."""
    loose: list[int] = field(default_factory=list)
    """Quotes inside a quoted cell are not doubled."""
    wrapped: list[int] = field(default_factory=list)
    """The line is quoted as one cell."""
    doubtful: list[int] = field(default_factory=list)
    """A quoted cell holds many lines, most of which could be rows."""
    proper: int = 0
    """Cells quoted as they should be; counted only where it is asked for."""
    spaced: int = 0
    """Rows in which spaces follow a closing quote; they are read as they are meant."""
    needed: int = 0
    """The cells among these that could not be read without the quotes."""


def read_rows(
    lines: Lines, dialect: Dialect, shape: Shape, repairs: Repairs, count_quoted: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the line on which it starts; a blank line is a row without cells. ``shape`` tells rows from swallowed rows."""
    parser = dialect.parser(lines)
    quote, columns, plain = dialect.quote, shape.columns, dialect.plain
    taken = lines.taken
    while True:
        if len(taken) == 1:  # nearly always
            taken.clear()
        else:
            lines.row_ends()
        start = lines.number + 1
        cells: list[str] | None
        try:
            cells = next(parser)
        except StopIteration:
            return
        except csv.Error:
            cells = None
        except LongRowError:
            cells = resumed(lines, dialect, shape)
        if cells is None:
            if lines.cut and lines.ended and len(taken) > 1 and not _even(taken, dialect):
                return  # the text ends inside a cell of several lines
            cells = inside_of(taken[0], dialect, shape)
            if cells is None:
                cells = repaired(lines, dialect, shape, repairs, start)
            else:
                lines.give_back(1)
                repairs.wrapped.append(start)
        else:
            if len(taken) > 1 and columns > 1 and swallowed(cells, taken, dialect, shape, repairs, start):
                lines.give_back(1)
                cells = dialect.split_loosely(taken[0]).cells
                repairs.unclosed.append(start)
            elif count_quoted and quote and quote in taken[0]:
                loose = dialect.split_loosely("".join(taken))
                repairs.proper += loose.quoted
                repairs.needed += loose.needed
            if not plain:
                cells = dialect.restored(cells)
            if len(cells) == 1 and columns > 1 and len(taken) == 1 and (parts := inside_of(taken[0], dialect, shape)) is not None:
                cells = parts
                repairs.wrapped.append(start)
        yield start, cells


def resumed(lines: Lines, dialect: Dialect, shape: Shape) -> list[str] | None:
    """Read a very long row on to its end, unless its lines are rows; ``None`` where its quote swallowed them or never closes."""
    while True:
        if lines.exhausted or looks_swallowed(lines.taken, dialect, shape) == 1:
            return None
        lines.give_back(0, tested=True)
        try:
            return next(dialect.parser(lines), None)
        except LongRowError:
            continue
        except csv.Error:
            return None


def repaired(lines: Lines, dialect: Dialect, shape: Shape, repairs: Repairs, start: int) -> list[str]:
    """Return the cells of a row whose quotes are wrong, and give back the lines that are not part of it."""
    taken = list(lines.taken)
    alone = dialect.split_loosely(taken[0])
    if alone.unclosed and len(taken) > 1:
        # Perhaps a genuine cell of several lines, in which inner quotes are not doubled.
        for count in range(2, min(len(taken), MOST_JOINED_LINES) + 1):
            if dialect.quote not in taken[count - 1]:
                continue
            together = dialect.split_loosely("".join(taken[:count]))
            if not together.unclosed and len(together.cells) == shape.columns:
                if looks_swallowed(taken[:count], dialect, shape) == 0:
                    lines.give_back(count)
                    repairs.loose.append(start)
                    return together.cells
                break
    lines.give_back(1)
    if alone.unclosed:
        repairs.unclosed.append(start)
    elif any(dialect.quote in cell for cell in alone.cells):
        repairs.loose.append(start)
    else:
        repairs.spaced += 1
    return alone.cells


def swallowed(cells: list[str], taken: list[str], dialect: Dialect, shape: Shape, repairs: Repairs, start: int) -> bool:
    """Return whether a row of several lines is really several rows, between two stray quotes; doubt is noted."""
    if len(cells) > shape.columns and shape.joined(cells, dialect) is None:  # as one row it would be left out with all of its lines
        return True
    share = looks_swallowed(taken, dialect, shape)
    if 0.6 <= share < 1 and len(taken) >= 6:
        repairs.doubtful.append(start)
    return share == 1


def looks_swallowed(taken: list[str], dialect: Dialect, shape: Shape) -> float:
    """Return 1 where the lines of one row are rows themselves, else the share of them that could be; 0 is a genuine cell.

    Rows are told by a known class in its place, on the first line and on most others; where no column has classes, all lines must
    have as many cells as the table has columns.
    """
    if shape.columns < 2 or not dialect.quote:
        return 0
    step = max(len(taken) // JUDGED_LINES, 1)
    judged = taken[:-1:step] if len(taken) > 2 else taken
    split = [dialect.split_loosely(line).cells for line in judged]
    known = [shape.has_known_values(cells) for cells in split]
    if shape.closed and known[0] and len(known) > 1 and sum(known) >= max(2, 0.5 * len(known)):
        return 1
    fitting = sum(len(cells) == shape.columns for cells in split) / len(split)
    if fitting == 1 and len(taken) >= (4 if shape.columns > 2 else 8) and not shape.closed:
        return 1
    return min(fitting, 0.99)


def _even(taken: list[str], dialect: Dialect) -> bool:
    """Return whether nearly all lines of a row have the same number of cells, as rows do and a text does not."""
    counts = Counter(len(dialect.split_loosely(line).cells) for line in taken[:: max(len(taken) // JUDGED_LINES, 1)])
    cells, lines = counts.most_common(1)[0]
    return cells > 1 and lines >= 0.9 * counts.total()


def inside_of(line: str, dialect: Dialect, shape: Shape) -> list[str] | None:
    """Return the cells of a line that is quoted as one cell, or ``None`` where it is not or holds no row."""
    inside = unwrapped(line, dialect) if shape.columns > 1 else None
    if inside is None:
        return None
    cells = dialect.split_loosely(inside).cells
    return cells if len(cells) == shape.columns or shape.joined(cells, dialect) is not None else None


def unwrapped(line: str, dialect: Dialect) -> str | None:
    """Return the inside of a line that is quoted as one cell, or ``None``; empty cells after it, as spreadsheets add them, are dropped."""
    quote = dialect.quote or '"'
    body = line.strip().rstrip(";,\t")
    if len(body) < 2 or not body.startswith(quote) or not body.endswith(quote) or dialect.delimiter not in body:
        return None
    inside = body[1:-1].replace(quote * 2, "")
    return None if quote in inside else body[1:-1].replace(quote * 2, quote)
