"""One pass over all texts: their normalised fingerprints, the number of words, and which kinds of characters each text holds.

It works on the bytes of the Arrow column with NumPy, a piece at a time, because half a million texts are too many for a
Python loop. Texts with capitals or white space beyond ASCII are the exception: there the rules are Python's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy
import pyarrow
import pyarrow.compute

PIECE_BYTES = 2**20
"""Measured: with smaller pieces the two threads wait for the interpreter's lock, larger ones leave the processor's cache."""
BEYOND_ASCII, MARKUP, CONTROL = 1, 2, 4

_SPACES = bytes([9, 10, 11, 12, 13, 28, 29, 30, 31, 32])  # what str.split() takes for white space
_FOLDED = bytes(32 if byte in _SPACES else ord(chr(byte).lower()) if byte < 128 else byte for byte in range(256))
_CONTROL_BYTES = frozenset([*range(9), 11, 12, *range(14, 32), 127])
_KINDS = bytes(
    BEYOND_ASCII if byte >= 128 else MARKUP if byte in b"<&#" else CONTROL if byte in _CONTROL_BYTES else 0 for byte in range(256)
)


@dataclass(frozen=True)
class Scan:
    """What one pass over ``n`` texts found."""

    texts: pyarrow.ChunkedArray
    """(n,) as they were given; see :func:`normalised_at`."""
    words: numpy.ndarray
    """(n,) int32."""
    kinds: numpy.ndarray
    """(n,) uint8, a sum of ``BEYOND_ASCII``, ``MARKUP`` (a character that begins markup) and ``CONTROL``."""
    fingerprints: numpy.ndarray
    """(n,) uint64, equal for equal normalised texts, nearly always different for different ones."""


def scan_texts(texts: pyarrow.ChunkedArray) -> Scan:
    """Normalise and describe every text of a column without nulls."""
    if len(texts) == 0:
        nothing = numpy.zeros(0, dtype=numpy.int32)
        return Scan(texts, nothing, nothing.astype(numpy.uint8), nothing.astype(numpy.uint64))
    # NumPy and Arrow let other threads run while they compute, so two of them share the pieces.
    with ThreadPoolExecutor(2) as pool:
        pieces = list(pool.map(_describe, _pieces(texts)))
    words, kinds, fingerprints = zip(*pieces, strict=True)
    return Scan(texts, numpy.concatenate(words), numpy.concatenate(kinds), numpy.concatenate(fingerprints))


def _pieces(texts: pyarrow.ChunkedArray) -> Iterator[pyarrow.LargeStringArray]:
    """The column in pieces of about ``PIECE_BYTES`` or, where they are smaller, its own chunks."""
    for chunk in texts.chunks:
        offsets, start = offsets_of(chunk), 0
        while start < len(chunk):
            end = max(start + 1, int(numpy.searchsorted(offsets, offsets[start] + PIECE_BYTES, side="right")) - 1)
            yield chunk.slice(start, end - start)
            start = end


def _describe(texts: pyarrow.LargeStringArray) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """Words, kinds and fingerprints. The normalised texts are let go at once: to keep them would double the memory, and cost its time."""
    normalised, words, kinds = _normalise(texts)
    return words, kinds, fingerprints_of(normalised)


def normalised_at(texts: pyarrow.ChunkedArray, positions: numpy.ndarray) -> pyarrow.LargeStringArray:
    """The texts at ascending positions, case-folded, runs of white space as one space, none at the ends."""
    return _normalise(taken(texts, positions))[0]


def _normalise(texts: pyarrow.LargeStringArray) -> tuple[pyarrow.LargeStringArray, numpy.ndarray, numpy.ndarray]:
    """The normalised texts, their words and their kinds."""
    bounds = offsets_of(texts)
    raw = bytes_of(texts)[bounds[0] : bounds[-1]].tobytes()
    bounds = bounds - bounds[0]
    kinds = kinds_of(raw, bounds)
    normalised, words = _normalise_ascii(raw, bounds)
    special = special_characters(raw) if (kinds & BEYOND_ASCII).any() else ""
    if special:
        beyond = numpy.flatnonzero(kinds & BEYOND_ASCII)
        originals = texts.take(pyarrow.array(beyond))
        hits = pyarrow.compute.match_substring_regex(originals, f"[{special}]")
        split = [text.casefold().split() for text in originals.filter(hits).to_pylist()]
        beyond = beyond[hits.to_numpy(zero_copy_only=False)]
        words[beyond] = [len(parts) for parts in split]
        mask = numpy.zeros(len(texts), dtype=bool)
        mask[beyond] = True
        folded = pyarrow.array([" ".join(parts) for parts in split], type=pyarrow.large_string())
        normalised = pyarrow.compute.replace_with_mask(normalised, pyarrow.array(mask), folded)
    return normalised, words.astype(numpy.int32), kinds


def special_characters(raw: bytes) -> str:
    """The characters beyond ASCII that case folding changes or that are white space, each once."""
    data = numpy.frombuffer(raw, dtype=numpy.uint8)
    beyond = data[data >= 128].tobytes()
    return "".join(
        sorted(character for character in set(beyond.decode("utf-8")) if character.casefold() != character or character.isspace())
    )


def kinds_of(raw: bytes, bounds: numpy.ndarray) -> numpy.ndarray:
    """(n,) which kinds of characters stand between each pair of the (n + 1,) bounds."""
    kinds = numpy.zeros(len(bounds) - 1, dtype=numpy.uint8)
    marks = numpy.frombuffer(raw.translate(_KINDS), dtype=numpy.uint8)
    found = numpy.flatnonzero(marks != 0)
    if len(found) > 0.1 * len(raw):  # a script of its own: nearly every byte counts
        filled = bounds[1:] > bounds[:-1]
        kinds[filled] = numpy.bitwise_or.reduceat(marks, bounds[:-1][filled])
    elif len(found):
        numpy.bitwise_or.at(kinds, numpy.searchsorted(bounds, found, side="right") - 1, marks[found])
    return kinds


def _normalise_ascii(raw: bytes, bounds: numpy.ndarray) -> tuple[pyarrow.LargeStringArray, numpy.ndarray]:
    """Bytes of consecutive texts and their (n + 1,) bounds → the normalised texts and their words; changes ASCII only."""
    folded = numpy.frombuffer(raw.translate(_FOLDED), dtype=numpy.uint8)
    spaces = numpy.flatnonzero(folded == 32)
    words = numpy.diff(numpy.searchsorted(spaces, bounds))
    # Dropped are spaces after a space or at the start of a text; then the one that a run at the end of a text has left.
    doubled = spaces[1:][numpy.diff(spaces) == 1]
    folded, bounds, words = _without(numpy.union1d(doubled, _edges(folded, bounds, bounds[:-1])), folded, bounds, words)
    folded, bounds, words = _without(_edges(folded, bounds, bounds[1:] - 1), folded, bounds, words)
    return _string_array(folded, bounds), words + (bounds[1:] > bounds[:-1])


def _edges(folded: numpy.ndarray, bounds: numpy.ndarray, places: numpy.ndarray) -> numpy.ndarray:
    """Those of the texts' first or last places that hold a space; empty texts have none."""
    places = places[bounds[1:] > bounds[:-1]]
    return places[folded[places] == 32]


def _without(
    dropped: numpy.ndarray, folded: numpy.ndarray, bounds: numpy.ndarray, words: numpy.ndarray
) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """Take sorted places out of the bytes; bounds and the spaces counted in ``words`` follow."""
    if not len(dropped):
        return folded, bounds, words
    before = numpy.searchsorted(dropped, bounds)
    return numpy.delete(folded, dropped), bounds - before, words - numpy.diff(before)


def fingerprints_of(texts: pyarrow.LargeStringArray) -> numpy.ndarray:
    """(n,) uint64 from the length and five windows of eight bytes of each text, mixed as in MurmurHash3's finaliser."""
    bounds, data = offsets_of(texts), bytes_of(texts)
    padded = numpy.concatenate([data, numpy.zeros(8, dtype=numpy.uint8)])
    windows = numpy.ndarray((len(padded) - 7,), dtype="<u8", buffer=padded.data, strides=(1,))
    starts, sizes = bounds[:-1], bounds[1:] - bounds[:-1]
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


def first_equal(scan: Scan) -> numpy.ndarray:
    """(n,) int64: for each text the position of the first one that is the same once normalised, itself where there is none.

    Only texts that share a fingerprint with another are compared in full.
    """
    first = numpy.arange(len(scan.fingerprints))
    ordered = numpy.sort(scan.fingerprints)
    shared = numpy.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(shared):
        return first
    place = numpy.minimum(numpy.searchsorted(shared, scan.fingerprints), len(shared) - 1)
    candidates = numpy.flatnonzero(shared[place] == scan.fingerprints)
    encoded = normalised_at(scan.texts, candidates).dictionary_encode()
    codes = encoded.indices.to_numpy()
    _, earliest = numpy.unique(codes, return_index=True)
    first[candidates] = candidates[earliest][codes]
    return first


def taken(texts: pyarrow.ChunkedArray, positions: numpy.ndarray) -> pyarrow.LargeStringArray:
    """The texts at ascending positions, chunk by chunk; Arrow's own way would first join all chunks, a copy of the whole column."""
    starts = numpy.cumsum([0, *(len(chunk) for chunk in texts.chunks)])
    cuts = numpy.searchsorted(positions, starts)
    parts = [
        chunk.take(pyarrow.array(positions[first:last] - start))
        for chunk, start, first, last in zip(texts.chunks, starts[:-1], cuts[:-1], cuts[1:], strict=True)
    ]
    return pyarrow.concat_arrays(parts) if parts else pyarrow.array([], pyarrow.large_string())


def sizes_of(texts: pyarrow.ChunkedArray) -> numpy.ndarray:
    """(n,) int64: the bytes of each text."""
    return numpy.concatenate([numpy.zeros(0, dtype=numpy.int64), *(numpy.diff(offsets_of(chunk)) for chunk in texts.chunks)])


def _string_array(data: numpy.ndarray, bounds: numpy.ndarray) -> pyarrow.LargeStringArray:
    offsets = pyarrow.py_buffer(numpy.ascontiguousarray(bounds, dtype=numpy.int64))
    return pyarrow.LargeStringArray.from_buffers(len(bounds) - 1, offsets, pyarrow.py_buffer(numpy.ascontiguousarray(data)))


def offsets_of(texts: pyarrow.LargeStringArray) -> numpy.ndarray:
    """(n + 1,) int64: where each text starts and the last one ends, in the bytes of the column."""
    buffer = texts.buffers()[1]
    if buffer is None or len(texts) == 0:
        return numpy.zeros(1, dtype=numpy.int64)
    return numpy.frombuffer(buffer, dtype=numpy.int64)[texts.offset : texts.offset + len(texts) + 1]


def bytes_of(texts: pyarrow.LargeStringArray) -> numpy.ndarray:
    """The bytes of the whole column, without a copy."""
    buffer = texts.buffers()[2]
    return numpy.frombuffer(buffer, dtype=numpy.uint8) if buffer is not None else numpy.zeros(0, dtype=numpy.uint8)


def trimmed(texts: pyarrow.LargeStringArray) -> pyarrow.LargeStringArray:
    """The texts without white space at their ends; the same array where there is none."""
    offsets, data = offsets_of(texts), bytes_of(texts)
    filled = offsets[1:] > offsets[:-1]
    if not filled.any():
        return texts
    first, last = data[offsets[:-1][filled]], data[offsets[1:][filled] - 1]
    found = (first <= 32) | (first >= 127) | (last <= 32) | (last >= 127)  # beyond ASCII there are more kinds of space
    if not found.any():
        return texts
    mask = numpy.zeros(len(texts), dtype=bool)
    mask[numpy.flatnonzero(filled)[found]] = True
    shorter = pyarrow.compute.utf8_trim_whitespace(texts.filter(pyarrow.array(mask)))
    return pyarrow.compute.replace_with_mask(texts, pyarrow.array(mask), shorter)


def joined(columns: list[pyarrow.LargeStringArray]) -> pyarrow.LargeStringArray:
    """The texts of several columns, row by row, parted by a blank line; empty ones are passed over."""
    whole, *others = [trimmed(column) for column in columns]
    separator = pyarrow.scalar("\n\n", pyarrow.large_string())
    for column in others:
        # Joined pair by pair: Arrow's own skipping of nulls loses rows in which every column is null (seen with 26.0).
        both = pyarrow.compute.binary_join_element_wise(whole, column, separator)
        either = pyarrow.compute.if_else(pyarrow.compute.equal(column, ""), whole, both)
        whole = pyarrow.compute.if_else(pyarrow.compute.equal(whole, ""), column, either)
    return whole
