"""Whether the first row of a table holds the names of its columns, told by its words and by how it differs from the rows below."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.reading.columns.names import is_usual_name


def detect_header(rows: Sequence[Sequence[str]]) -> tuple[bool, str]:
    """Return whether the first row holds names, by its words and by how it differs from the rows below; and a sentence about it."""
    if not rows:
        return True, "The file has no rows."
    if len(rows) == 1:
        first = [cell.strip() for cell in rows[0]]
        names = any(map(is_usual_name, first)) or all(cell and len(cell) <= 40 and not is_number(cell) for cell in first)
        return (
            names,
            "The file has a single row; it was taken for the header." if names else "The file has a single row, which is not a header.",
        )
    score = header_score(rows)
    unsure = " That is a guess: check the preview." if abs(score) < 2 else ""
    if score > 0:
        return True, f"The first row holds the column names.{unsure}"
    return False, f"There is no header: the first row looks like the rows below, so columns are called by their position.{unsure}"


def header_score(rows: Sequence[Sequence[str]]) -> float:
    """Return how much more the first row looks like names than like the rows below; beyond ±2 it is no guess."""
    first, rest = [cell.strip() for cell in rows[0]], rows[1:2001]
    if positions_as_names(first, rest):
        return 5.0
    usual = sum(is_usual_name(cell) for cell in first)
    score = 2.0 * usual
    for position, cell in enumerate(first):
        below = [row[position].strip() for row in rest if position < len(row)]
        if not any(below):  # nothing is named by an empty cell, and nothing is missing there
            continue
        numbers = sum(map(is_number, below)) / len(below)
        if is_number(cell):
            score -= 3
        elif numbers > 0.9:
            score += 3
        if not cell:
            score -= 0.5 if numbers > 0.9 else 1.5
        elif cell in below and not is_usual_name(cell):
            score -= 3
        elif len(below) >= 10 and len(set(below)) <= 0.2 * len(below) and not is_number(cell):
            score += 1.5  # it stands above few values, and is none of them
        average = sum(map(len, below)) / len(below)
        if len(cell) <= 30 and average > 3 * max(len(cell), 5):
            score += 1
        elif len(cell) > 60:
            score -= 2
    named = [cell for cell in first if cell]
    if len(set(named)) < len(named) and not usual:
        score -= 1
    return score


def positions_as_names(first: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Return whether the first row is 0, 1, 2 …, perhaps after an empty cell for the index, as pandas names columns that have no name."""
    names = list(first[1:] if first and not first[0] else first)
    if len(names) < 1 + (len(names) == len(first)) or names != [str(number) for number in range(len(names))]:
        return False
    start = len(first) - len(names)
    columns = [[row[place].strip() for row in rest if place < len(row)] for place in range(start, len(first))]
    return any(column and sum(map(is_number, column)) < 0.1 * len(column) for column in columns)


def is_number(cell: str) -> bool:
    """Return whether a cell is a number, in English or continental notation."""
    return re.fullmatch(r"[+-]?\d[\d.,]*(?:[eE][+-]?\d+)?%?", cell.strip()) is not None
