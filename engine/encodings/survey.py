"""Which lines of a file with bytes beyond ASCII are looked at: some from everywhere, and some for every byte that occurs at all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy

CHUNK = 2**20
LINES = 2000
LINES_OF_A_BYTE = 4
REACH = 400
"""Bytes of a line that are looked at before and behind the first one beyond ASCII; the rest of a long line says nothing new."""
MOST_OF_A_LINE = 1600

BEYOND = re.compile(rb"[\x80-\xff]")
LINE_END = re.compile(rb"[\r\n]")


@dataclass(frozen=True)
class Survey:
    """Lines with bytes beyond ASCII, cut where they are long."""

    lines: tuple[bytes, ...]
    utf8: int
    """How many of those that were looked at are UTF-8."""


def survey(path: Path) -> Survey:
    """Look through a whole file, in pieces; takes about a second for 200 MB."""
    quota = max(16, LINES * CHUNK // max(path.stat().st_size, 1))
    kept: dict[bytes, bool] = {}
    seen: Counter[int] = Counter()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            chunk += file.readline(CHUNK)
            if chunk.isascii():
                continue
            end = taken = 0
            while taken < quota and (found := BEYOND.search(chunk, end)):
                line, end = line_around(chunk, found.start())
                taken += 1
                if line not in kept:
                    kept[line] = is_utf8(line)
                    seen.update(set(line))
            present = numpy.flatnonzero(numpy.bincount(numpy.frombuffer(chunk, numpy.uint8), minlength=256)[128:]) + 128
            for byte in present.tolist():
                end = 0
                while seen[byte] < LINES_OF_A_BYTE and (start := chunk.find(bytes([byte]), end)) >= 0:
                    line, end = line_around(chunk, start)
                    seen[byte] += 1
                    if line not in kept:
                        kept[line] = is_utf8(line)
                        seen.update(set(line) - {byte})
    return Survey(tuple(kept), sum(kept.values()))


def line_around(chunk: bytes, position: int) -> tuple[bytes, int]:
    """Return the line in which a position lies, cut at a space where it is long, and where it ends."""
    start = max(chunk.rfind(b"\n", 0, position), chunk.rfind(b"\r", 0, position)) + 1
    found = LINE_END.search(chunk, position)
    end = found.start() if found else len(chunk)
    first, last = start, end
    if position - start > REACH:
        first = chunk.find(b" ", position - REACH, position) + 1 or position - REACH
    if end - position > REACH:
        space = chunk.rfind(b" ", position, position + REACH)
        last = space if space > position else min(end, position + MOST_OF_A_LINE)  # Chinese and its neighbours have no spaces
    return chunk[first:last], end


def portion(lines: Sequence[bytes], size: int) -> list[bytes]:
    """Return lines from everywhere, of about ``size`` bytes together, and more where a byte occurs in none of them."""
    step = max(1, -(-sum(map(len, lines)) // size))
    chosen = list(lines[::step])
    seen = set(b"".join(chosen))
    for line in lines if step > 1 else ():
        if not seen.issuperset(line):
            chosen.append(line)
            seen.update(line)
    return chosen


def is_utf8(line: bytes) -> bool:
    """Return whether the bytes are UTF-8."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
