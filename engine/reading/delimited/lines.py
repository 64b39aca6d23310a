"""The lines of a text, decoded from its bytes, of which some can be given back."""

from __future__ import annotations

import io
from collections.abc import Iterator

from engine.errors import DataError
from engine.reading.delimited.dialect import Dialect
from engine.reading.encoding import UTF8, Encoding
from engine.reading.table import MAX_COLUMNS

PIECE_CHARACTERS = 2**20
MAX_LINE_CHARACTERS = 64 * 2**20
"""A longer line is no row of a table."""
MOST_GIVEN_BACK = 20_000
TESTED_SPANS = (64, 1024, 16384, 262144)
"""After so many lines in one row the reader asks whether a quote has swallowed rows."""


class LongRowError(Exception):
    """One row goes on for as many lines as are tested."""


def decoded(raw: io.BufferedReader, encoding: Encoding) -> io.TextIOWrapper:
    """Open the file as text with its own line ends; a byte order mark is dropped."""
    codec = "utf-8-sig" if encoding.name.lower() in UTF8 else encoding.name
    return io.TextIOWrapper(raw, encoding=codec, errors=encoding.errors, newline="")


class Lines:
    """The lines of a text, prepared for the parser of a dialect; those that a row took can be given back."""

    def __init__(self, text: io.TextIOBase, dialect: Dialect, cut: bool = False) -> None:
        self.taken: list[str] = []
        """The lines since the last :meth:`row_ends`, as they stand in the text."""
        self.number = 0
        """Lines taken in all."""
        self.exhausted = False
        """So many lines were given back that quotes no longer join lines: reading must end."""
        self.cut = cut
        """The text is the start of a longer one."""
        self.ended = False
        """No line follows."""
        self._text, self._dialect = text, dialect
        self._prepared = None if dialect.plain else dialect.prepared
        self._returned: list[str] = []
        self._tested = self._given_back = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._returned:
            line = self._returned.pop()
        else:
            line = self._text.readline(PIECE_CHARACTERS)
            if len(line) == PIECE_CHARACTERS:
                line = self._long_line(line)
            elif not line:
                self.ended = True
                raise StopIteration
        self.number += 1
        taken = self.taken
        taken.append(line)
        if len(taken) > self._tested and (len(taken) in TESTED_SPANS or (self.exhausted and len(taken) == 2)):
            self._tested = len(taken)
            raise LongRowError
        return line if self._prepared is None else self._prepared(line)

    def skip(self, lines: int) -> None:
        """Pass over the next lines."""
        for _ in range(lines):
            if not self._text.readline(PIECE_CHARACTERS):
                return
            self.number += 1

    def row_ends(self) -> None:
        """Forget the lines of the row that was read."""
        self.taken.clear()
        self._tested = 0

    def give_back(self, keep: int, tested: bool = False) -> None:
        """Give the lines of this row back, but the first ``keep``; ``tested`` says that they are no rows as far as they were looked at."""
        self.ended = False
        self._returned.extend(reversed(self.taken[keep:]))
        self._given_back += len(self.taken) - keep
        self.number -= len(self.taken) - keep
        self.exhausted = self._given_back > 4 * self.number + MOST_GIVEN_BACK
        del self.taken[keep:]
        self._tested = self._tested if tested else 0

    def _long_line(self, start: str) -> str:
        """Return the rest of a line too, unless it is longer than any row of a table or has more cells."""
        pieces, size = [start], len(start)
        while True:
            outside = "".join(pieces).split(self._dialect.quote)[::2] if self._dialect.quote else pieces
            if sum(part.count(self._dialect.delimiter) for part in outside) >= MAX_COLUMNS:
                raise too_many_cells(self.number + 1)
            if pieces[-1].endswith(("\n", "\r")) or not (piece := self._text.readline(max(size, PIECE_CHARACTERS))):
                return "".join(pieces)
            pieces.append(piece)
            size += len(piece)
            if size > MAX_LINE_CHARACTERS:
                raise DataError(
                    f"Line {self.number + 1:,} has more than {MAX_LINE_CHARACTERS:,} characters. Expected one row of a table on a line. "
                    "Check that this is a table with line ends, and the encoding."
                )


def too_many_cells(line: int) -> DataError:
    """Return the refusal of a row that no table has."""
    return DataError(
        f"Line {line:,} has more than {MAX_COLUMNS:,} cells; at most {MAX_COLUMNS:,} are read. "
        "Expected a text column, a label column and few others. Check the delimiter (--delimiter) and the quote (--quote), or keep only "
        "the columns you need."
    )
