"""What a reader or a check has to say about a file: one line of the check report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SHOWN_ROWS = 1000
Level = Literal["blocks", "worth knowing"]


@dataclass(frozen=True)
class Finding:
    """One line of the check report."""

    title: str
    count: int
    """How many of what the title names: rows, lines, classes or columns."""
    sentence: str
    action: str
    rows: tuple[int, ...] = ()
    """Row positions in the table's frame, at most the first 1,000."""
    choice_field: str | None = None
    """The flag of ``DataChoice`` that deals with it, if there is one."""
    level: Level = "worth knowing"
    code: str = ""
    """Stable, for tests and links: the name of the check, or of what the reader found."""
    lines: tuple[int, ...] = ()
    """1-based line numbers in the file of what a reader found, at most the first 1,000; for lines that became no row."""
