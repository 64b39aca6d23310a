"""How much of the disk kept vectors may take: the oldest unused go first, those in use never."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from filelock import FileLock

from engine.errors import ParityError

LIMIT = 5.0
"""Gigabytes, unless ``PARITY_VECTORS_LIMIT`` says otherwise; a tenth of what the disk has free where that is less."""


@dataclass(frozen=True)
class KeptVectors:
    """What is kept of vectors."""

    texts: int
    """Rows of all matrices; a text that is kept in two counts twice."""
    size: int
    """Bytes on the disk."""
    limit: int
    """Bytes that they may take."""

    @property
    def sentence(self) -> str:
        """Say all three."""
        size = f"{self.size / 1e9:,.1f} GB" if self.size > 1e9 else f"{self.size / 1e6:,.1f} MB"
        return f"Vectors kept for later runs: {self.texts:,}. They take {size}, at most {self.limit / 1e9:,.1f} GB."


@dataclass
class _Matrix:
    """A matrix with what lies beside it under the same key."""

    files: list[Path]
    size: int = 0
    used: float = 0.0

    @property
    def busy(self) -> bool:
        return any(in_use(file) for file in self.files)


def kept_limit(folder: Path) -> int:
    """Return how many bytes kept vectors may take. Raises ``ParityError`` where ``PARITY_VECTORS_LIMIT`` is no number."""
    if stated := os.environ.get("PARITY_VECTORS_LIMIT"):
        try:
            if not 0 <= float(stated) < math.inf:
                raise ValueError
        except ValueError:
            raise ParityError(
                f"PARITY_VECTORS_LIMIT is “{stated[:40]}”. Expected the gigabytes that kept vectors may take, for example 20; with 0 only "
                "those in use are kept. Correct it or unset it."
            ) from None
        return int(float(stated) * 1e9)
    there = next(place for place in (folder, *folder.parents) if place.exists())
    return int(min(LIMIT * 1e9, (shutil.disk_usage(there).free + kept_size(folder)) / 10))


def survey(folder: Path) -> KeptVectors:
    """Return how much is kept, and the limit."""
    texts = 0
    for matrix in _matrices(folder).values():
        for file in matrix.files:
            if file.suffix == ".npy":
                with suppress(OSError, ValueError, EOFError, IndexError):
                    texts += len(np.load(file, mmap_mode="r"))
    return KeptVectors(texts, kept_size(folder), kept_limit(folder))


def make_room(folder: Path, key: str = "", limit: int | None = None) -> int:
    """Remove the matrices that were not used for longest until the rest keeps to the limit; return how many bytes that freed.

    That of ``key`` and those in use stay; so does what the system does not let go.
    """
    limit = kept_limit(folder) if limit is None else limit
    freed = 0
    with _locked(folder):
        matrices = _matrices(folder)
        size = sum(matrix.size for matrix in matrices.values())
        for name, matrix in sorted(matrices.items(), key=lambda item: item[1].used):
            if size - freed <= limit:
                break
            if name == key or matrix.busy:
                continue
            for file in matrix.files:
                with suppress(OSError):  # Windows removes no file that is mapped
                    size_of_file = file.stat().st_size
                    file.unlink()
                    freed += size_of_file
    return freed


def mark_in_use(folder: Path, key: str) -> None:
    """Say that this process uses a matrix: :func:`make_room` leaves it as long as the process lives and the mark is there."""
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        (folder / f"{key}.{os.getpid()}.use").touch()


def unmark(folder: Path, key: str) -> None:
    """Take this process's mark away, and those of processes that have gone."""
    for mark in folder.glob(f"{key}.*.use"):
        if mark.name == f"{key}.{os.getpid()}.use" or not in_use(mark):
            mark.unlink(missing_ok=True)


def in_use(file: Path) -> bool:
    """Return whether the process in the file's name, if there is one, lives; another that got its number since does not count."""
    number = file.name.split(".")[1]
    try:
        return number.isdigit() and psutil.Process(int(number)).create_time() <= file.stat().st_mtime + 1
    except (psutil.Error, OSError):
        return False


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Nobody marks a matrix as used between the look whether somebody does and its removal."""
    if not folder.exists():
        yield
        return
    with FileLock(folder / ".lock"):
        yield


def _matrices(folder: Path) -> dict[str, _Matrix]:
    """Return the matrices by their keys; hidden files are on their way to a name."""
    matrices: dict[str, _Matrix] = {}
    for file in folder.glob("[!.]*"):
        with suppress(OSError):  # removed meanwhile
            facts = file.stat()
            matrix = matrices.setdefault(file.name.split(".")[0], _Matrix([]))
            matrix.files.append(file)
            matrix.size += facts.st_size
            matrix.used = max(matrix.used, facts.st_mtime)
    return matrices


def kept_size(folder: Path) -> int:
    """Return how many bytes are kept."""
    return sum(matrix.size for matrix in _matrices(folder).values())
