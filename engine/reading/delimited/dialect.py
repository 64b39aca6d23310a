"""The dialect of a delimited text: what parts the cells, what quotes them, and how one row is split by it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine.errors import DataError
from engine.reading.options import ReadingOptions

DELIMITERS = {
    ",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", "||": "double bars", "^": "carets", "~": "tildes", "::": "double colons",
    "\x01": "the control character U+0001", "\x1f": "the control character U+001F", "\x1e": "the control character U+001E",
}  # fmt: skip
MAX_CELL_CHARACTERS = 64 * 2**20
"""A quoted cell that is longer is taken for one whose quote was never closed."""
QUOTES = ('"', "'", "")
# Noncharacters of Unicode: they stand for what a line must not show the parser, and no text holds them.
BETWEEN, ESCAPED_QUOTE, ESCAPED_DELIMITER, ESCAPED_ESCAPE = "\ufdd0", "\ufdd1", "\ufdd2", "\ufdd3"


@dataclass(frozen=True)
class Dialect:
    """What parts, quotes and escapes."""

    delimiter: str
    """One character, or two that are the same."""
    quote: str
    """One character, or the empty string for no quoting."""
    escape: str = ""
    """The character that takes the meaning of a quote or delimiter away, or the empty string."""
    spaced: bool = False
    """Spaces after a delimiter are part of the layout, not of the cell; beside bars, spaces on both sides."""
    barred: bool = False
    """A bar stands at both ends of a line, as in Markdown."""

    @property
    def plain(self) -> bool:
        """Whether a line can be given to the parser as it is."""
        return len(self.delimiter) == 1 and not self.escape and not self.barred and not (self.spaced and self.delimiter == "|")

    def prepared(self, line: str) -> str:
        """Return the line with one character for each delimiter and stand-ins for what is escaped."""
        if self.escape and self.escape in line:
            line = line.replace(self.escape * 2, ESCAPED_ESCAPE).replace(self.escape + self.delimiter, ESCAPED_DELIMITER)
            line = line.replace(self.escape + self.quote, ESCAPED_QUOTE) if self.quote else line
        if self.barred:
            line = line.strip().removeprefix("|").removesuffix("|")
        return line.replace(self.delimiter, BETWEEN) if len(self.delimiter) > 1 else line

    def restored(self, cells: list[str]) -> list[str]:
        """Return the cells of a prepared line as they are meant."""
        if self.plain:
            return cells
        if self.spaced and self.delimiter == "|":
            cells = [cell.strip() for cell in cells]
        meant = ((BETWEEN, self.delimiter), (ESCAPED_DELIMITER, self.delimiter), (ESCAPED_QUOTE, self.quote), (ESCAPED_ESCAPE, self.escape))
        for sign, text in meant:
            cells = [cell.replace(sign, text) if sign in cell else cell for cell in cells]
        return cells

    def parser(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """Return a ``csv`` reader of prepared lines that raises ``csv.Error`` where quotes are not as they should be."""
        csv.field_size_limit(MAX_CELL_CHARACTERS)  # the default of 128 KiB would refuse long texts
        delimiter = BETWEEN if len(self.delimiter) > 1 else self.delimiter
        if self.quote:
            return csv.reader(lines, delimiter=delimiter, quotechar=self.quote, skipinitialspace=self.spaced, strict=True)
        return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE, skipinitialspace=self.spaced)

    def split_loosely(self, row: str) -> LooseRow:
        """Split one row whose quotes may be wrong: a quote closes its cell only before a delimiter or the end of the row.

        One that is never closed is a character like others. Takes time in proportion to the length of the row.
        """
        body = self.prepared(row).rstrip("\r\n")
        delimiter, quote, size = BETWEEN if len(self.delimiter) > 1 else self.delimiter, self.quote, len(body)
        even_runs: dict[int, int] = {}  # runs of quotes before a delimiter, start → end
        odd_runs: list[tuple[int, int]] = []
        if quote:
            mark, stop = re.escape(quote), re.escape(delimiter)
            for run in re.finditer(rf"(?<!{mark}){mark}++(?= *+(?:{stop}|\Z))", body):
                if (run.end() - run.start()) % 2:
                    odd_runs.append(run.span())
                else:
                    even_runs[run.start()] = run.end()
        cells: list[str] = []
        after = position = following = quoted = needed = unclosed = 0
        while True:
            begin = position
            while begin < size and body[begin] == " ":
                begin += 1
            if quote and begin < size and body[begin] == quote and (self.spaced or begin == position):
                while following < len(odd_runs) and odd_runs[following][0] <= begin:
                    following += 1
                end = even_runs.get(begin) or (odd_runs[following][1] if following < len(odd_runs) else None)
                if end is not None:
                    quoted += 1
                    inside = body[begin + 1 : end - 1]
                    needed += delimiter in inside or quote in inside or "\n" in inside
                    cells.append(inside.replace(quote * 2, quote))
                    position = body.find(delimiter, end) + 1
                    if not position:
                        break
                    continue
                unclosed += 1
                closed = re.compile(rf"{mark}(?:[^{mark}]|{mark}{mark})*+{mark}").match(body, begin)
                if closed and not closed[0][:-1].rstrip(" ").endswith(delimiter):  # else that quote opens the next cell
                    after = closed.end()  # words follow the quoted ones: a delimiter between the quotes parts nothing
            end = body.find(delimiter, max(position, after))
            cells.append(body[begin if self.spaced else position : end if end >= 0 else size])
            if end < 0:
                break
            position = end + 1
        return LooseRow(self.restored(cells), quoted, needed, unclosed)


@dataclass(frozen=True)
class LooseRow:
    """One row, however its quotes are."""

    cells: list[str]
    quoted: int
    """Cells that open and close with the quote."""
    needed: int
    """The cells among these that could not be read without it: they hold a delimiter, a quote or a line end."""
    unclosed: int
    """Cells that open with it and do not close."""


def check_characters(options: ReadingOptions) -> None:
    """Raise ``DataError`` on a delimiter, quote or escape that is not one usable character."""
    delimiter = options.delimiter
    if delimiter is not None:
        doubled = len(delimiter) == 2 and delimiter[0] == delimiter[1] and not delimiter.isalnum() and not delimiter.isspace()
        if (len(delimiter) != 1 and not doubled) or set(delimiter) & set("\r\n\0"):
            raise DataError(
                f"The delimiter {delimiter!r} cannot be used. Expected one character, such as a comma or a tab, or a doubled one such as "
                "||. Choose another."
            )
    for what, sign in (("quote", options.quote), ("escape", options.escape)):
        if sign and (len(sign) != 1 or sign in "\r\n\0" or sign in (delimiter or "")):
            raise DataError(
                f"The {what} {sign!r} cannot be used. Expected one character other than the delimiter, or none. Choose another."
            )
