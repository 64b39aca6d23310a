"""The lines of a text, decoded from its bytes."""

from __future__ import annotations

import io

from engine.data.reading.encoding import UTF8, Encoding


def decoded(raw: io.BufferedReader, encoding: Encoding) -> io.TextIOWrapper:
    """Open the file as text with its own line ends; a byte order mark is dropped."""
    codec = "utf-8-sig" if encoding.name.lower() in UTF8 else encoding.name
    return io.TextIOWrapper(raw, encoding=codec, errors=encoding.errors, newline="")
