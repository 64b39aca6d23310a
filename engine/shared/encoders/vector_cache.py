"""Vectors of texts, computed once for a list of texts and an encoder, kept on disk and memory-mapped by whoever trains on them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.files import draft_of, read_json, write_atomically

PROBE_TEXTS = 32
"""How many texts both encoders embed in every run, so that their vectors can be compared."""

Note = dict[str, str | float | None]
"""Who encoded a matrix, how many texts, how fast, and how far the other framework's vectors were away (``encoder_difference``)."""


@dataclass(frozen=True)
class Features:
    """The place of one matrix of vectors, shape (texts, hidden size), whether it is there yet or not."""

    folder: Path
    key: str

    @property
    def file(self) -> Path:
        return self.folder / f"{self.key}.npy"

    @property
    def draft(self) -> Path:
        """The file in which the matrix grows until it is complete; an interrupted encoding goes on from here."""
        return self.folder / f"{self.key}.draft.npy"

    @property
    def done_file(self) -> Path:
        """The file that says which rows of the draft are complete."""
        return self.folder / f"{self.key}.done.npy"

    @property
    def complete(self) -> bool:
        """Whether the matrix is there and whole: a file that was cut short since is computed again."""
        try:
            return bool(self.open().size)
        except (OSError, ValueError, EOFError):
            return False

    def forget(self) -> None:
        """Remove the matrix, so that it is computed again."""
        self.file.unlink(missing_ok=True)

    def open(self) -> np.ndarray:
        """Return the matrix, memory-mapped; copy-on-write, so that no reader can change it for another."""
        return np.load(self.file, mmap_mode="c")

    def read_note(self) -> Note:
        """Return what was recorded beside the matrix; empty where nothing was."""
        return read_json(self.folder / f"{self.key}.json") or {}

    def write_note(self, note: Note) -> None:
        write_atomically(self.folder / f"{self.key}.json", json.dumps(note))


def features_of(
    folder: Path, texts: Sequence[str], fingerprint: str, max_tokens: int, windows: bool = False, precision: str = "float32"
) -> Features:
    """Return where the vectors of these texts (in this order) by this encoder are kept; equal arguments give an equal place.

    ``precision`` is that in which they are computed; they are kept in float32.
    """
    digest = hashlib.sha256(f"{fingerprint} {max_tokens} {precision}{' windows' if windows else ''}".encode())
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little") + data)
    return Features(folder, digest.hexdigest()[:32])


def _reserve(file: Path) -> None:
    """Take the file's whole space on the disk at once.

    Raises ``OSError`` on a full one, where a mapped page without space would end the process.
    """
    if hasattr(os, "posix_fallocate"):
        try:
            with open(file, "r+b") as stream:
                os.posix_fallocate(stream.fileno(), 0, file.stat().st_size)
        except OSError:
            file.unlink(missing_ok=True)
            raise


class FeatureWriter:
    """Fills a matrix batch by batch in any order; what is written survives a kill and is not computed again."""

    def __init__(self, features: Features, rows: int, hidden_size: int) -> None:
        features.folder.mkdir(parents=True, exist_ok=True)
        self._features = features
        try:
            self._matrix = np.lib.format.open_memmap(features.draft, mode="r+")
            self.done = np.load(features.done_file)
            if self._matrix.shape != (rows, hidden_size) or self.done.shape != (rows,):
                raise ValueError("a draft of another shape")
        except (OSError, ValueError, EOFError):
            features.done_file.unlink(missing_ok=True)
            self._matrix = np.lib.format.open_memmap(features.draft, mode="w+", dtype=np.float32, shape=(rows, hidden_size))
            self.done = np.zeros(rows, bool)
            _reserve(features.draft)
        self._unsaved = 0

    def write(self, rows: np.ndarray, vectors: np.ndarray) -> None:
        """Store ``vectors``, shape (len(rows), hidden size), at ``rows``."""
        self._matrix[rows] = vectors
        self.done[rows] = True
        self._unsaved += len(rows)
        if self._unsaved >= 2048:
            self.save()

    def save(self) -> None:
        """Flush the vectors first, then the note that they are there."""
        self._matrix.flush()
        with draft_of(self._features.done_file) as draft:
            np.save(draft, self.done)
        self._unsaved = 0

    def finish(self) -> None:
        """Give the complete matrix its final name. Raises ``ValueError`` when rows are missing."""
        if not self.done.all():
            raise ValueError(f"{int((~self.done).sum())} of {len(self.done)} vectors are missing")
        self._matrix.flush()
        del self._matrix
        os.replace(self._features.draft, self._features.file)
        self._features.done_file.unlink(missing_ok=True)
