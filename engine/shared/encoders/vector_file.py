"""A file of vectors in which every row is sealed together with the text that it belongs to, so that a damaged row shows.

It is an ``.npy`` file of shape (rows, hidden size) with three more numbers a row behind it: the text's hash, which takes two, and the
seal, a checksum of that hash and of the vector. A row without a seal is not there yet. So one file can be renamed as a whole, a killed
process leaves no row that could be taken for another, and a row is trusted because it is sound, not because its file is there.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

NUMBER = np.dtype("<f4")
WORD = np.dtype("<u8")
WORDS = 3
"""The numbers behind the matrix: two of a text's hash and one seal a row."""

CHUNK = 4096
"""Rows that are mapped at once: pages of a file count as a process's memory for as long as it has them mapped."""


@dataclass(frozen=True)
class VectorFile:
    """An open file of vectors, mapped into memory."""

    vectors: np.ndarray
    """float32, shape (rows, hidden size)."""
    texts: np.ndarray
    """Hashes of the texts, shape (rows, 2)."""
    seals: np.ndarray
    """Shape (rows,); 0 where a row is not there."""

    def sound(self, rows: np.ndarray | slice) -> np.ndarray:
        """Return which of these rows are there and undamaged."""
        seals = self.seals[rows]
        return (seals != 0) & (seals == seals_of(self.texts[rows], self.vectors[rows]))


def create_vectors(file: Path, texts: np.ndarray, hidden_size: int) -> None:
    """Make a file for the vectors of these texts, given as hashes, in which no row is there yet.

    Raises ``OSError`` on a full disk at once, where a mapped page without space would end the process later.
    """
    try:
        vectors = np.lib.format.open_memmap(file, mode="w+", dtype=NUMBER, shape=(len(texts), hidden_size))
        size = _size(vectors)
        with open(file, "r+b") as stream:
            stream.truncate(size)
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(stream.fileno(), 0, size)
        open_vectors(file, "r+").texts[:] = texts
    except OSError:
        file.unlink(missing_ok=True)
        raise


def open_vectors(file: Path, mode: str = "r") -> VectorFile:
    """Map a file; ``mode`` is NumPy's. Raises ``OSError`` or ``ValueError`` where it is gone, cut short or no such file."""
    try:
        vectors = np.lib.format.open_memmap(file, mode=mode)
    except (SyntaxError, EOFError, TypeError) as error:  # of a header that is no header
        raise ValueError(f"{file.name} is no file of vectors ({error})") from error
    if vectors.ndim != 2 or vectors.dtype != NUMBER or not vectors.flags.c_contiguous or file.stat().st_size != _size(vectors):
        raise ValueError(f"{file.name} is no whole file of vectors")
    index = np.memmap(file, WORD, mode, _index_start(vectors), (len(vectors), WORDS))  # type: ignore[call-overload]
    return VectorFile(vectors, index[:, :2], index[:, 2])


def hash_texts(texts: Sequence[str]) -> np.ndarray:
    """Return 16 bytes of each text's BLAKE2b, shape (texts, 2); equal where the texts are."""
    digests = (hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in texts)
    return np.frombuffer(b"".join(digests), WORD).reshape(-1, 2)


def seals_of(texts: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Return the seals of vectors with their texts' hashes, shape (rows,); 0, so no seal, where a number is NaN or infinite."""
    if vectors.shape[1] % 2:
        vectors = np.pad(vectors, ((0, 0), (0, 1)))
    words = np.ascontiguousarray(vectors, NUMBER).view(WORD)
    keys = _keys(words.shape[1] + 2)
    sums = np.einsum("rw,w->r", words ^ (words >> 32), keys[2:]) + np.einsum("rw,w->r", texts, keys[:2])  # modulo 2^64
    return np.where(np.isfinite(vectors).all(axis=1), np.maximum(sums, 1), 0).astype(WORD)


@lru_cache(maxsize=8)
def _keys(count: int) -> np.ndarray:
    """Return the same odd numbers everywhere; being odd, they let no single changed word pass."""
    return np.frombuffer(hashlib.shake_128(b"seals of vectors").digest(8 * count), WORD) | np.uint64(1)


def _index_start(vectors: np.ndarray) -> int:
    return -(-(vectors.offset + vectors.nbytes) // 8) * 8  # type: ignore[attr-defined]


def _size(vectors: np.ndarray) -> int:
    return _index_start(vectors) + len(vectors) * WORDS * WORD.itemsize
