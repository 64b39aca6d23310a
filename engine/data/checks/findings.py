"""The registry of the checks, and the words that they share. A new check is one function in ``label_checks.py`` or ``text_checks.py``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps

import numpy

from engine.data.rows import Rows
from engine.reading.finding import SHOWN_ROWS, Finding

Check = Callable[[Rows], Finding | None]
CHECKS: list[Check] = []
BLOCKING: list[Check] = []
"""Those of the checks that can stand in the way; only they are made again when rows are split."""


def check(function: Check) -> Check:
    """Register a check: it gets the rows and returns a finding, which gets the check's name, or ``None`` where all is well."""

    @wraps(function)
    def named(rows: Rows) -> Finding | None:
        finding = function(rows)
        return finding and replace(finding, code=function.__name__)

    CHECKS.append(named)
    return named


def blocking_check(function: Check) -> Check:
    """Register a check whose finding can be that nothing can be trained."""
    BLOCKING.append(check(function))
    return BLOCKING[-1]


def about_rows(
    mask: numpy.ndarray, title: str, one: str, many: str, rest: str, action: str, choice_field: str | None = None
) -> Finding | None:
    """Return a finding about the rows of a mask, with their number before the rest of its sentence; ``None`` where there are none."""
    count = int(mask.sum())
    return Finding(title, count, f"{plural(count, one, many)} {rest}", action, first_rows(mask), choice_field) if count else None


def first_rows(rows: numpy.ndarray) -> tuple[int, ...]:
    """Return the first row positions of a mask or of an array of positions."""
    positions = numpy.flatnonzero(rows) if rows.dtype == bool else rows
    return tuple(positions[:SHOWN_ROWS].tolist())


def quoted(names: list[str], limit: int = 5) -> str:
    """Return some names for a sentence, long ones cut."""
    shown = ", ".join(f"“{name if len(name) <= 40 else name[:39] + '…'}”" for name in names[:limit])
    return shown + (f" and {len(names) - limit:,} more" if len(names) > limit else "")


def share(part: float, whole: float) -> str:
    """Return a percentage as people say it: never 0 % of something that exists."""
    percent = 100 * part / max(whole, 1)
    return "less than 0.1 %" if 0 < percent < 0.1 else f"{percent:.1f} %" if percent < 10 else f"{percent:.0f} %"


def plural(count: int, one: str, many: str) -> str:
    """Return a number with its noun: ``1 row``, ``1,200 rows``."""
    return f"{count:,} {one if count == 1 else many}"
