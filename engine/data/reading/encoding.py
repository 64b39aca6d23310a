"""Which encoding the bytes of a text are in: byte order mark, then strict UTF-8 over the whole file, then a statistical guess."""

from __future__ import annotations

import codecs
import io
import mmap
import re
from dataclasses import dataclass
from pathlib import Path

import charset_normalizer
import numpy

from engine.errors import DataError

CHUNK = 2**20
FALLBACK = "parity-cp1252"
"""The name of the error handler that reads bytes which are not UTF-8 as cp1252, the usual second encoding of a mixed file."""

MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
         (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
UTF8 = ("utf-8", "utf-8-sig", "ascii")
LATIN = {"latin_1", "cp1250", "cp1252", "cp1254", "cp1257", "cp1258", "hp_roman8", "mac_roman", "mac_latin2", "mac_turkish", "mac_iceland",
         *(f"iso8859_{part}" for part in (2, 3, 4, 9, 10, 13, 14, 15, 16)),
         *(f"cp{page}" for page in ("037", 273, 437, 500, 775, 850, 852, 857, 858, 860, 861, 863, 865, 1026, 1140))}  # fmt: skip
"""Guesses that mean no more than: one byte a letter, and the letters Latin."""


def _read_as_cp1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(FALLBACK, _read_as_cp1252)


@dataclass(frozen=True)
class Encoding:
    """How to decode a file: a codec, what to do with bytes that do not fit it, and how it was found."""

    name: str
    errors: str
    strict: bool
    """Every byte fits the codec."""
    newlines: int
    """Line feeds in the file, as bytes."""
    notes: tuple[str, ...]


def detect_encoding(path: Path, name: str, chosen: str | None = None) -> Encoding:
    """Return the encoding of a text file; ``chosen`` overrules. Raises ``DataError`` on bytes that are no text and on an unknown codec."""
    with path.open("rb") as file:
        start = file.read(2**16)
    marked = next((codec for mark, codec in MARKS if start.startswith(mark)), None)
    detected = chosen or marked or _wide(start)
    if not (detected or "").startswith(("utf-16", "utf-32", "utf_16", "utf_32")):
        refuse_binary(start, name)
    valid, newlines, nuls = scan(path)
    notes = _nul_notes(nuls)
    if chosen is not None:
        _check_codec(chosen)
        canonical = codecs.lookup(chosen).name
        if canonical in UTF8:
            return Encoding(chosen, FALLBACK, valid, newlines, tuple(notes + ([] if valid else [_mixed_note(path)])))
        return Encoding(chosen, "replace", False, newlines, tuple(notes))
    if detected is not None:
        how = "the mark at its start" if marked else "the zero bytes between its letters"
        notes = [f"The text is encoded in {detected.upper().removesuffix('-SIG')}, as {how} says."]
        return Encoding(detected, FALLBACK if marked == "utf-8-sig" else "replace", valid and marked == "utf-8-sig", newlines, tuple(notes))
    if valid:
        return Encoding("utf-8", FALLBACK, True, newlines, tuple(["The text is encoded in UTF-8 (every byte was checked).", *notes]))
    sample, good, bad = lines_beyond_ascii(path)
    if good >= 0.2 * (good + bad):
        return Encoding("utf-8", FALLBACK, False, newlines, tuple([_mixed_note(path), *notes]))
    guess, reason = guess_single(sample)
    return Encoding(guess, "replace", False, newlines, tuple([reason, *notes]))


def presumed_utf8(path: Path, name: str, chosen: str | None = None) -> Encoding | None:
    """Return UTF-8 where the first megabyte is, or ``None``: for a reader that checks the rest by itself, and comes back if it is not."""
    with path.open("rb") as file:
        start = file.read(CHUNK)
    if (chosen or "utf-8").lower() not in UTF8 or start.startswith(tuple(mark for mark, _ in MARKS)) or _wide(start[: 2**16]):
        return None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return None
    refuse_binary(start[: 2**16], name)
    newlines, nuls = count_line_feeds(path)
    notes = [] if chosen else ["The text is encoded in UTF-8 (every byte was checked)."]
    return Encoding(chosen or "utf-8", FALLBACK, True, newlines, (*notes, *_nul_notes(nuls)))


def count_line_feeds(path: Path) -> tuple[int, int]:
    """Count the line feeds and NUL bytes of a file that is not empty, in a memory map."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        data = numpy.frombuffer(mapped, dtype=numpy.uint8)
        pieces = range(0, len(data), CHUNK)
        newlines = sum(int(numpy.count_nonzero(data[start : start + CHUNK] == 10)) for start in pieces)
        nuls = 0 if mapped.find(b"\0") < 0 else sum(int(numpy.count_nonzero(data[start : start + CHUNK] == 0)) for start in pieces)
        del data  # else the map could not be closed
    return newlines, nuls


def scan(path: Path) -> tuple[bool, int, int]:
    """Return whether the whole file is UTF-8, and its line feeds and NUL bytes; one pass, in pieces."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    valid, newlines, nuls = True, 0, 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK)
            newlines += chunk.count(b"\n")
            if b"\0" in chunk:  # many times faster than counting where there is none
                nuls += chunk.count(b"\0")
            if valid:
                try:
                    decoder.decode(chunk, final=not chunk)
                except UnicodeDecodeError:
                    valid = False
            if not chunk:
                return valid, newlines, nuls


def refuse_binary(start: bytes, name: str) -> None:
    """Raise ``DataError`` where more than a tenth of the first bytes are control characters."""
    control = len(start) - len(start.translate(None, bytes([*range(9), 11, *range(14, 27), *range(28, 32), 127])))
    if start and control > 0.1 * len(start):
        raise DataError(
            f"“{name}” is not text: {control / len(start):.0%} of its first bytes are control characters. "
            "Expected CSV, TSV, JSON Lines, Parquet or Excel. Export the data in one of these formats."
        )


def lines_beyond_ascii(path: Path, limit: int = 2**19) -> tuple[bytes, int, int]:
    """Return lines with bytes beyond ASCII (at most ``limit`` bytes of them), and how many of all such lines are UTF-8 and are not."""
    kept: list[bytes] = []
    size = good = bad = 0
    with path.open("rb") as file:
        while line := file.readline(CHUNK):
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                good += 1
            except UnicodeDecodeError:
                bad += 1
            if size < limit:
                kept.append(line[: limit - size])
                size += len(kept[-1])
    return b"".join(kept), good, bad


def guess_single(sample: bytes) -> tuple[str, str]:
    """Return a legacy encoding for bytes that are not UTF-8, and one sentence that says how sure it is."""
    best = charset_normalizer.from_bytes(sample).best()
    guess = best.encoding if best is not None else "cp1252"
    if guess in LATIN:
        guess = "cp1250" if central_european(sample) else "cp1252"
    return guess, f"The text is not UTF-8; it looks like {guess}. That is a guess: look at the accented letters in the preview."


def central_european(sample: bytes) -> bool:
    """Return whether letters of Polish, Czech, Slovak or Hungarian dominate among the letters on which cp1250 and cp1252 differ."""
    counts = [0] * 256
    for run in re.findall(rb"(?<=[A-Za-z\x80-\xff])[\x80-\xff]|[\x80-\xff](?=[A-Za-z\x80-\xff])", sample):
        counts[run[0]] += 1
    central = sum(counts[byte] for byte in b"\xb9\xb3\xbf\xbe\x9d\x9f\x9a\x9e\xa3\xa5\xaf\xec\xf8\xf9\xf2\xef")
    western = sum(counts[byte] for byte in b"\xe0\xe3\xe7\xe8\xea\xf1\xe5\xe6")
    # Signs in cp1252, such as ¹ and ³, but Polish letters in cp1250: a sign does not stand between two letters.
    between = re.findall(rb"(?<=[A-Za-z\x80-\xff])[\xb9\xb3\xbf\xbe\xa3\xa5\xaf](?=[A-Za-z\x80-\xff])", sample)
    hungarian = sum(counts[byte] for byte in b"\xf5\xfb")
    return central > western or len(between) > 0.05 * sum(counts) or (western == 0 and hungarian > 0)


def _wide(start: bytes) -> str | None:
    """Recognise UTF-16 without a mark: Latin text has a zero in every second byte."""
    even, odd = start[0::2], start[1::2]
    if len(odd) < 4:
        return None
    if odd.count(0) > 0.4 * len(odd) and even.count(0) < 0.05 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.4 * len(even) and odd.count(0) < 0.05 * len(odd):
        return "utf-16-be"
    return None


def _nul_notes(nuls: int) -> list[str]:
    return [f"{nuls:,} NUL bytes stand in the file; they are shown as they are and become spaces before training."] if nuls else []


def _check_codec(codec: str) -> None:
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=codec)
    except LookupError as error:
        raise DataError(
            f"“{codec}” is not a text encoding. Expected a name such as utf-8, cp1252 or utf-16. Choose another or detect it."
        ) from error


def _mixed_note(path: Path) -> str:
    _, good, bad = lines_beyond_ascii(path, limit=0)
    return (
        f"The file mixes encodings: {good:,} lines with accented letters are UTF-8, {bad:,} are not and were read as cp1252. "
        "Look at them in the preview."
    )
