"""Which encoding the bytes of a text are in: byte order mark, then strict UTF-8 over the whole file, then judged by its language."""

from __future__ import annotations

import codecs
import mmap
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy

from engine.encodings.guesses import GUESSES, EncodingGuess, cut, guesses
from engine.encodings.judging import Judgement, is_sure, judge
from engine.encodings.offered import codec_name, codec_of, is_text_codec
from engine.encodings.survey import is_utf8, survey
from engine.encodings.without_mark import seven_bit_codec, wide_codec
from engine.errors import DataError
from engine.reading.finding import Finding

CHUNK = 2**20
FALLBACK = "parity-cp1252"
"""The name of the error handler that reads bytes which are not UTF-8 as cp1252, the usual second encoding of a mixed file."""

MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
         (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
UTF8 = ("utf-8", "utf-8-sig", "ascii")
MIXED = 0.2
"""The share of the lines beyond ASCII that must be UTF-8 for the others to be taken as left over from another encoding."""


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
    findings: tuple[Finding, ...] = ()
    """What is not sure about it; for the check report."""


def detect_encoding(path: Path, name: str, chosen: str | None = None) -> Encoding:
    """Return the encoding of a text file; ``chosen`` overrules. Raises ``DataError`` on bytes that are no text and on an unknown codec."""
    start = _start(path)
    codec, how = (_chosen(chosen, start), "") if chosen is not None else shown_codec(path, start)
    if codec is None or not _plain(codec).startswith(("utf16", "utf32", "iso2022")):
        refuse_binary(start, name)
    valid, newlines, nuls = scan(path)
    notes = _nul_notes(nuls)
    if codec is None and valid:
        return Encoding("utf-8", FALLBACK, True, newlines, ("The text is encoded in UTF-8 (every byte was checked).", *notes))
    if codec is not None:
        utf8 = _plain(codec) in ("utf8", "utf8sig", "ascii")
        if how:
            notes = [f"The text is encoded in {codec.upper().removesuffix('-SIG').replace('_', '-')}, as {how}.", *(notes if utf8 else ())]
        mixed = [_mixed(path)] if utf8 and not valid else []
        notes += [finding.sentence for finding in mixed]
        return Encoding(codec, FALLBACK if utf8 else "replace", utf8 and valid, newlines, tuple(notes), tuple(mixed))
    found = survey(path)
    if found.utf8 >= MIXED * len(found.lines):
        mixed = [_mixed(path)]
        return Encoding("utf-8", FALLBACK, False, newlines, (mixed[0].sentence, *notes), tuple(mixed))
    judged = judge(found.lines)
    note, findings = _reason(judged, found.lines)
    return Encoding(judged[0].codec, "replace", False, newlines, (note, *notes), findings)


def likely_encodings(path: Path) -> tuple[EncodingGuess, ...]:
    """Return the encodings that a text file may be in, at most three, the likeliest first, each with a line as it would read."""
    start = _start(path)
    codec, _ = shown_codec(path, start)
    if codec is None and scan(path)[0]:
        codec = "utf-8"
    found = survey(path)
    if codec is not None:
        shown = b"\n".join(found.lines[:9]) if codec.startswith("utf-8") else start
        lines = shown.decode(codec, "replace").lstrip("\ufeff").split("\n")
        return (EncodingGuess(codec, "sure", cut(next((line for line in lines if not line.isascii()), ""))),)
    judged = judge(found.lines)
    first: tuple[EncodingGuess, ...] = ()
    if found.utf8 >= MIXED * len(found.lines):
        line = next(filter(is_utf8, found.lines))
        first = (EncodingGuess("utf-8", "likely", cut(line.decode("utf-8", "replace"))),)
    return (*first, *guesses(judged, found.lines))[:GUESSES]


def shown_codec(path: Path, start: bytes) -> tuple[str | None, str]:
    """Return the codec that a mark, zero bytes or escape sequences show, and what shows it; ``None`` where nothing does."""
    for mark, codec in MARKS:
        if start.startswith(mark):
            return codec, "the mark at its start says"
    if wide := wide_codec(start):
        return wide, "the zero bytes beside its letters say"
    if escaped := seven_bit_codec(escaped_text(path, start)):
        return escaped, "its escape sequences say"
    return None, ""


def escaped_text(path: Path, start: bytes) -> bytes:
    """Return what follows the first escape character, in whole lines; the start of the file where there is none."""
    if not start:
        return start
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        position = mapped.find(b"\x1b")
        if position < len(start):
            return start
        begin = mapped.rfind(b"\n", 0, position) + 1
        return mapped[begin : begin + len(start)]


def presumed_utf8(path: Path, name: str, chosen: str | None = None) -> Encoding | None:
    """Return UTF-8 where the first megabyte is, or ``None``: for a reader that checks the rest by itself, and comes back if it is not."""
    with path.open("rb") as file:
        start = file.read(CHUNK)
    if (chosen or "utf-8").lower() not in UTF8 or shown_codec(path, start[: 2**16])[0]:
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


def _reason(judged: Sequence[Judgement], lines: Sequence[bytes]) -> tuple[str, tuple[Finding, ...]]:
    """Say why the first of the judgements was taken; where it is not sure, also as a finding."""
    best = judged[0]
    named = f"{codec_name(best.codec)} ({best.codec})"
    if is_sure(judged):
        words = len(best.writing.words)
        return f"The text is not UTF-8; it is {named}, by the letters of {words:,} different words: {best.language.name}.", ()
    best_guesses = guesses(judged, lines)
    others = " ".join(f"With {guess.codec}: “{guess.preview}”." for guess in best_guesses[1:])
    options = " or ".join(f"--encoding {guess.codec}" for guess in best_guesses[1:])
    finding = Finding(
        "The encoding is a guess",
        len(lines),
        f"The file is not UTF-8. It was read as {named}, which is not sure: “{best_guesses[0].preview}”. {others}",
        f"Look at the letters beyond ASCII; if they are wrong, choose another encoding ({options}).",
        code="encoding_unsure",
    )
    return f"The text is not UTF-8; it was read as {named}. That is a guess: look at the accented letters in the preview.", (finding,)


def _mixed(path: Path) -> Finding:
    """Count the lines that are not UTF-8, in a file in which many are."""
    good = bad = 0
    with path.open("rb") as file:
        while line := file.readline(CHUNK):
            if not line.isascii():
                try:
                    line.decode("utf-8")
                    good += 1
                except UnicodeDecodeError:
                    bad += 1
    return Finding(
        "Two encodings in one file",
        bad,
        f"The file mixes encodings: {good:,} lines with accented letters are UTF-8, {bad:,} are not and were read as cp1252. "
        "Look at them in the preview.",
        "Export the file anew in UTF-8 if they are wrong, or choose one encoding for all of it (--encoding cp1252).",
        code="encodings_mixed",
    )


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(2**16)


def _plain(codec: str) -> str:
    return codec.lower().replace("-", "").replace("_", "")


def _chosen(chosen: str, start: bytes) -> str:
    """Return the codec that a person asked for, in the byte order of the file."""
    codec = chosen if re.fullmatch("[a-z0-9_-]+", chosen) and is_text_codec(chosen) else codec_of(chosen)
    if codec is None:
        raise DataError(f"“{chosen}” is not a text encoding. Expected a name such as utf-8, cp1252 or utf-16. Choose another or detect it.")
    for width in ("utf16", "utf32"):
        if _plain(codec).startswith(width):
            marked = next((found for mark, found in MARKS if start.startswith(mark) and _plain(found) == width), None)
            wide = wide_codec(start) if _plain(codec) == width else None
            return marked or (wide if wide and _plain(wide).startswith(width) else codec)
    return codec


def _nul_notes(nuls: int) -> list[str]:
    return [f"{nuls:,} NUL bytes stand in the file; they are shown as they are and become spaces before training."] if nuls else []
