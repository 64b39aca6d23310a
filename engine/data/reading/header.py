"""Whether the first row of a table holds the names of its columns, told by its words and by how it differs from the rows below."""

from __future__ import annotations

import re

from engine.data.reading.column_names import is_usual_name


def detect_header(rows: list[list[str]]) -> tuple[bool, str]:
    """Return whether the first row holds names, by its words and by how it differs from the rows below; and a sentence about it."""
    if not rows:
        return True, "The file has no rows."
    first, rest = [cell.strip() for cell in rows[0]], rows[1:2001]
    usual = sum(is_usual_name(cell) for cell in first)
    if not rest:
        names = usual > 0 or all(cell and len(cell) <= 40 and not is_number(cell) for cell in first)
        return (
            names,
            "The file has a single row; it was taken for the header." if names else "The file has a single row, which is not a header.",
        )
    score = 2.0 * usual
    for position, cell in enumerate(first):
        below = [row[position].strip() for row in rest if position < len(row)]
        if not below:
            continue
        numbers = sum(map(is_number, below)) / len(below)
        if is_number(cell):
            score -= 3
        elif numbers > 0.9:
            score += 3
        if not cell:
            score -= 0.5
        elif cell in below and not is_usual_name(cell):
            score -= 3
        average = sum(map(len, below)) / len(below)
        if len(cell) <= 30 and average > 3 * max(len(cell), 5):
            score += 1
        elif len(cell) > 60:
            score -= 2
    if len(set(first)) < len(first) and not usual:
        score -= 1
    unsure = " That is a guess: check the preview." if abs(score) < 2 else ""
    if score > 0:
        return True, f"The first row holds the column names.{unsure}"
    return False, f"There is no header: the first row looks like the rows below, so columns are called by their position.{unsure}"


def is_number(cell: str) -> bool:
    """Return whether a cell is a number, in English or continental notation."""
    return re.fullmatch(r"[+-]?\d[\d.,]*(?:[eE][+-]?\d+)?%?", cell.strip()) is not None
