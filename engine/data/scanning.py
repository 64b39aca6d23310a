"""One pass over all texts: their words, which kinds of characters they hold, and which of them are the same once normalised.

Half a million texts are too many for a Python loop, so NumPy works on the bytes of the column, a piece at a time. Where it would have to
know Unicode, and where a text begins or ends with white space, the rules are Python's own: those of :func:`normalised`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy
import pyarrow
import pyarrow.compute

from engine.reading.characters import CONTROL_CHARACTERS, normalised

PIECE_BYTES = 2**20
"""Measured: with smaller pieces the two threads wait for the interpreter's lock, larger ones leave the processor's cache."""
COMPARED_TEXTS = 1000
"""Texts that are Python strings at the same time."""
BEYOND_ASCII, MARKUP, CONTROL = 1, 2, 4
_ASCII = bytes(range(128))

_SPACES = bytes([9, 10, 11, 12, 13, 28, 29, 30, 31, 32])  # what str.split() takes for white space
_CONTROL_BYTES = bytes(byte for byte in range(128) if CONTROL_CHARACTERS.match(chr(byte)))
_FOLDED = bytes(32 if byte in _SPACES + _CONTROL_BYTES else ord(chr(byte).lower()) if byte < 128 else byte for byte in range(256))
_KINDS = bytes(
    BEYOND_ASCII if byte >= 128 else MARKUP if byte in b"<&#" else CONTROL if byte in _CONTROL_BYTES else 0 for byte in range(256)
)


@dataclass(frozen=True)
class Scan:
    """What one pass over ``n`` texts tells."""

    words: numpy.ndarray
    """(n,) int32."""
    kinds: numpy.ndarray
    """(n,) uint8, a sum of ``BEYOND_ASCII``, ``MARKUP`` (a character that begins markup) and ``CONTROL``."""
    groups: numpy.ndarray
    """(n,) int64, the position of the first text that is the same once normalised, often a text's own."""


def scan_texts(texts: pyarrow.ChunkedArray) -> Scan:
    """Describe every text of a column without nulls."""
    # NumPy lets other threads run while it computes, so two of them share the pieces.
    with ThreadPoolExecutor(2) as pool:
        pieces = list(pool.map(_describe, _pieces(texts)))
    empty = numpy.zeros(0, numpy.int32), numpy.zeros(0, numpy.uint8), numpy.zeros(0, numpy.uint64)
    words, kinds, fingerprints = map(numpy.concatenate, zip(empty, *pieces, strict=True))
    return Scan(words, kinds, _groups(texts, fingerprints))


def _pieces(texts: pyarrow.ChunkedArray) -> Iterator[pyarrow.LargeStringArray]:
    """Yield the column in pieces of about ``PIECE_BYTES`` or, where they are smaller, its own chunks."""
    for chunk in texts.chunks:
        bounds, start = _bounds_of(chunk), 0
        while start < len(chunk):
            end = max(start + 1, int(numpy.searchsorted(bounds, bounds[start] + PIECE_BYTES, side="right")) - 1)
            yield chunk.slice(start, end - start)
            start = end


def _describe(texts: pyarrow.LargeStringArray) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """Return the words, kinds and fingerprints of some texts. What is normalised is let go at once, for all of it would fill the memory."""
    raw, bounds = _bytes_of(texts)
    filled = bounds[1:] > bounds[:-1]
    starts, lasts = bounds[:-1][filled], bounds[1:][filled] - 1
    kinds = numpy.zeros(len(texts), numpy.uint8)
    if len(starts):
        kinds[filled] = numpy.bitwise_or.reduceat(numpy.frombuffer(raw.translate(_KINDS), numpy.uint8), starts)

    folded = numpy.frombuffer(raw.translate(_FOLDED), numpy.uint8)
    by_python = numpy.zeros(len(texts), bool)
    if special := "".join(filter(_is_special, set(raw.translate(None, _ASCII).decode("utf-8")))):
        by_python |= _with_any(texts, special)
        if control := "".join(CONTROL_CHARACTERS.findall(special)):
            kinds |= numpy.uint8(CONTROL) * _with_any(texts, control)
    by_python[filled] |= (folded[starts] == 32) | (folded[lasts] == 32)
    spaces = numpy.flatnonzero(folded == 32)
    doubled = spaces[1:][numpy.diff(spaces) == 1]
    words = numpy.diff(numpy.searchsorted(spaces, bounds)) + filled
    if len(doubled):
        dropped = numpy.searchsorted(doubled, bounds)
        folded, bounds, words = numpy.delete(folded, doubled), bounds - dropped, words - numpy.diff(dropped)
    fingerprints = _fingerprints(folded, bounds)

    if by_python.any():
        forms = [normalised(text) for text in texts.filter(pyarrow.array(by_python)).to_pylist()]
        words[by_python] = [form.count(" ") + bool(form) for form in forms]
        raw, bounds = _bytes_of(pyarrow.array(forms, pyarrow.large_string()))
        fingerprints[by_python] = _fingerprints(numpy.frombuffer(raw, numpy.uint8), bounds)
    return words.astype(numpy.int32), kinds, fingerprints


@cache
def _is_special(character: str) -> bool:
    """Return whether a character beyond ASCII is not its own normal form, or may be another one after what stands before it."""
    return normalised(character) != character or unicodedata.category(character)[0] == "M" or "\u1160" <= character <= "\u11ff"


def _with_any(texts: pyarrow.LargeStringArray, characters: str) -> numpy.ndarray:
    """(n,) bool: whether a text holds one of some characters beyond ASCII."""
    return pyarrow.compute.match_substring_regex(texts, f"[{characters}]").to_numpy(zero_copy_only=False)


def _fingerprints(data: numpy.ndarray, bounds: numpy.ndarray) -> numpy.ndarray:
    """(n,) uint64 from the length and five windows of eight bytes of each text, mixed as in MurmurHash3's finaliser."""
    padded = numpy.concatenate([data, numpy.zeros(8, dtype=numpy.uint8)])
    windows = numpy.ndarray((len(padded) - 7,), dtype="<u8", buffer=padded.data, strides=(1,))
    starts, sizes = bounds[:-1], numpy.diff(bounds)
    short = numpy.maximum(8 - sizes, 0).astype(numpy.uint64) * numpy.uint64(8)
    inside = numpy.where(short < 64, numpy.uint64(2**64 - 1) >> numpy.minimum(short, numpy.uint64(63)), numpy.uint64(0))
    room = numpy.maximum(sizes - 8, 0)
    mixed = sizes.astype(numpy.uint64)
    for quarter in range(5):
        mixed ^= windows[starts + room * quarter // 4] & inside
        mixed ^= mixed >> numpy.uint64(33)
        mixed *= numpy.uint64(0xFF51AFD7ED558CCD)
        mixed ^= mixed >> numpy.uint64(33)
    return mixed


def _groups(texts: pyarrow.ChunkedArray, fingerprints: numpy.ndarray) -> numpy.ndarray:
    """Return the position of the first equal text of each; only texts that share a fingerprint with another are compared in full."""
    groups = numpy.arange(len(fingerprints))
    ordered = numpy.sort(fingerprints)
    candidates = numpy.flatnonzero(numpy.isin(fingerprints, ordered[1:][ordered[1:] == ordered[:-1]]))
    exact: dict[str, int] = {}
    equal: dict[str, int] = {}
    for start in range(0, len(candidates), COMPARED_TEXTS):
        rows = candidates[start : start + COMPARED_TEXTS]
        for row, text in zip(rows.tolist(), taken(texts, rows).to_pylist(), strict=True):
            if text not in exact:  # most that repeat do so letter for letter
                exact[text] = equal.setdefault(normalised(text), row)
            groups[row] = exact[text]
    return groups


def taken(texts: pyarrow.ChunkedArray, positions: numpy.ndarray) -> pyarrow.LargeStringArray:
    """Return the texts at ascending positions, chunk by chunk; Arrow's own way would first join all chunks, a copy of the whole column."""
    starts = numpy.cumsum([0, *(len(chunk) for chunk in texts.chunks)])
    cuts = numpy.searchsorted(positions, starts)
    parts = [
        chunk.take(pyarrow.array(positions[first:last] - start))
        for chunk, start, first, last in zip(texts.chunks, starts[:-1], cuts[:-1], cuts[1:], strict=True)
        if last > first
    ]
    return pyarrow.concat_arrays(parts) if parts else pyarrow.array([], pyarrow.large_string())


def _bytes_of(texts: pyarrow.LargeStringArray) -> tuple[bytes, numpy.ndarray]:
    """Return the bytes of the texts, one after the other, and where each starts in them, as :func:`_bounds_of`."""
    bounds, data = _bounds_of(texts), texts.buffers()[2]
    return data.slice(bounds[0], bounds[-1] - bounds[0]).to_pybytes() if data is not None else b"", bounds - bounds[0]


def _bounds_of(texts: pyarrow.LargeStringArray) -> numpy.ndarray:
    """(n + 1,) int64: where each text starts and the last one ends, in the bytes of the column."""
    buffer = texts.buffers()[1]
    if buffer is None or len(texts) == 0:
        return numpy.zeros(len(texts) + 1, dtype=numpy.int64)
    return numpy.frombuffer(buffer, dtype=numpy.int64)[texts.offset : texts.offset + len(texts) + 1]
