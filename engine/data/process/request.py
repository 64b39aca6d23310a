"""What the reading process is asked, and the limits within which it answers."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from engine.reading.containers.limits import MAX_FILE_BYTES
from engine.reading.options import ReadingOptions
from engine.units import Seconds

GIGABYTE = 10**9
PREVIEW_SECONDS = 10.0
"""A person waits for a preview."""
LEAST_SECONDS, SECONDS_PER_MEBIBYTE = 60.0, 2.0
"""A whole file may take a minute, and two seconds more for each MiB of it."""
MOST_BYTES = 4 * GIGABYTE
"""The most memory that a reading may take of a file that is not large, on a machine that has twice as much."""
MEMORY_PER_BYTE = 7
"""Bytes that a reading may take for each byte of a large file: a CSV of 400 MB took 2.4 GB, of which 1.5 GB were in use at one time."""


@dataclass(frozen=True)
class Request:
    """One file to be read, by a process that lives for this request alone."""

    path: str
    name: str
    """The file's own name, for messages."""
    options: ReadingOptions
    limit: int | None
    """The rows of a preview; ``None`` for all."""
    seconds: Seconds
    memory: int
    """Bytes."""
    readings: str | None = None
    """The folder in which the table is kept; ``None``, or one that cannot be written, sends the table back instead."""
    reader: str = ""
    """The version of file and code for which it is kept."""

    @property
    def memory_sentence(self) -> str:
        """What is said of a file that needs more memory than it may take."""
        return (
            f"“{self.name}” needs more than {self.memory / GIGABYTE:.1f} GB of memory to be read, and reading was stopped there. Expected "
            "a table that fits. Upload a part of its rows, or check how it is read: a wrong separator makes millions of cells."
        )

    def to_line(self) -> str:
        """Return the request as one line."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def from_line(cls, line: bytes) -> Request:
        """Read what :meth:`to_line` wrote."""
        values = json.loads(line)
        return cls(**values | {"options": ReadingOptions(**values["options"])})


@dataclass(frozen=True)
class Answer:
    """What the process says in its only line."""

    error: str = ""
    """Why there is no table, in a sentence."""
    kept: str = ""
    """Where the table is kept."""
    table: str = ""
    """What there is to know of the table, as JSON; its cells follow as an Arrow stream."""


def request_for(path: Path, name: str, options: ReadingOptions, limit: int | None = None) -> Request:
    """Return the request with the limits that hold for this file."""
    size, total = path.stat().st_size, psutil.virtual_memory().total
    seconds = PREVIEW_SECONDS if limit is not None else LEAST_SECONDS + SECONDS_PER_MEBIBYTE * size / 2**20
    memory = max(min(MOST_BYTES, total // 2), min(MEMORY_PER_BYTE * size, total * 3 // 4))
    return Request(str(path.absolute()), name, options, limit, seconds, memory)


def largest_upload() -> int:
    """Return how many MB a file may have that is uploaded: a twelfth of the machine's memory, between 200 MB and what is accepted at all.

    A dashboard holds an upload in memory until it is stored, and reading it takes several times as much.
    """
    allowed = psutil.virtual_memory().total // 12
    return max(200 * 2**20, min(MAX_FILE_BYTES, allowed)) // 2**20
