"""Encodings that show in the bytes alone: UTF-16 and UTF-32 without a mark, and those that write letters with ASCII bytes."""

from __future__ import annotations

import re

import numpy

from engine.encodings.judging import judged_text, kind_of, reads_well
from engine.encodings.languages import LANGUAGES

STRUCTURE = b'\t\n\r ",;:{}[]|'
"""What stands between the cells of a table, in any language."""
ESCAPED = ("iso2022_jp", "iso2022_jp_2", "iso2022_jp_2004", "iso2022_jp_3", "iso2022_jp_ext", "iso2022_kr")
SEVEN_BIT = re.compile(rb"\+[A-Za-z0-9+/]{3,}-|~\{[!-~]{2,}~\}")


def wide_codec(start: bytes) -> str | None:
    """Return UTF-16 or UTF-32 in the right byte order for bytes without a mark, or ``None``; ``start`` begins where the file does."""
    if b"\0" not in start or len(start) < 4:
        return None
    data = numpy.frombuffer(start[: len(start) // 2 * 2], numpy.uint8)
    quarters = data[: len(data) // 4 * 4].reshape(-1, 4)
    for codec, zeros in (("utf-32-le", quarters[:, 2:]), ("utf-32-be", quarters[:, :2])):
        if (zeros == 0).mean() > 0.9 and _decodes(start, codec):
            return codec
    structure = numpy.isin(data, numpy.frombuffer(STRUCTURE, numpy.uint8))
    aligned = {codec: int((structure[at::2] & (data[1 - at :: 2] == 0)).sum()) for codec, at in (("utf-16-le", 0), ("utf-16-be", 1))}
    codec = max(aligned, key=aligned.__getitem__)
    zeros = data[1::2] == 0 if codec == "utf-16-le" else data[::2] == 0
    if aligned[codec] <= 2 * min(aligned.values()) or not _decodes(start, codec):
        return None
    # In Latin writing nearly every letter has its zero; elsewhere at least spaces, commas and line ends have. Long Chinese rows have few
    # of them, and bytes that look like them: there the characters must be frequent ones.
    plausible = zeros.mean() > 0.8 or aligned[codec] > 0.6 * int(structure.sum()) or _frequent(start.decode(codec, "replace"))
    return codec if plausible else None


def _decodes(data: bytes, codec: str) -> bool:
    """Return whether nearly everything is an assigned character; the end may be cut."""
    text = data.decode(codec, "replace")
    broken = sum(kind_of(character) == "broken" for character in text[:20_000] if character not in "\t\n\r")
    return broken <= 0.02 * len(text[:20_000]) + 1


def _frequent(text: str) -> bool:
    known = {letter for language in LANGUAGES for letter in language.frequencies}
    letters = [character for character in text[:20_000].lower() if not character.isascii()]
    return len(letters) >= 8 and sum(letter in known for letter in letters) > 0.35 * len(letters)


def seven_bit_codec(start: bytes) -> str | None:
    """Return the codec of text that writes other letters with ASCII bytes (ISO-2022, HZ, UTF-7), or ``None`` where that is not sure."""
    if b"\x1b" in start:
        for codec in ESCAPED:
            text = _strictly(start, codec)
            if text is not None and not text.isascii() and "\x1b" not in text:
                return codec
    if SEVEN_BIT.search(start) and start.isascii():
        for codec in ("hz", "utf_7"):
            text = _strictly(start, codec)
            if text is not None and reads_well(judged_text(codec, text)):
                return codec
    return None


def _strictly(data: bytes, codec: str) -> str | None:
    """Decode whole lines without a single error."""
    end = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
    try:
        return (data[:end] or data).decode(codec)
    except UnicodeError:
        return None
