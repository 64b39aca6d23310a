"""Files compressed as a whole: gzip, bzip2, xz and Zstandard, unfolded while counting."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow

from engine.errors import DataError
from engine.reading.containers import limits
from engine.reading.containers.limits import MEBIBYTE

ENDINGS = {"gzip": ".gz", "bzip2": ".bz2", "xz": ".xz", "zstandard": ".zst"}
XZ_MEMORY = 512 * MEBIBYTE
"""What a stream may ask for its dictionary; the strongest usual setting takes 65 MB."""
DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, pyarrow.ArrowException, OSError, ValueError)


def compression_of(start: bytes) -> str:
    """Return the name of the compression that the first bytes announce, else the empty string."""
    if start.startswith(b"\x1f\x8b"):
        return "gzip"
    if re.match(rb"BZh[1-9](?:1AY&SY|\x17\x72\x45\x38\x50\x90)", start):
        return "bzip2"
    if start.startswith((b"\xfd7zXZ\0", b"\x5d\0\0")):  # the second is the older .lzma
        return "xz"
    return "zstandard" if start.startswith(b"\x28\xb5\x2f\xfd") else ""


def unfold(source: Path, target: Path, name: str, container: str, limit: int | None = None) -> int:
    """Write the uncompressed bytes of a file; returns their number. Raises ``DataError`` past the limit or on damage."""
    limit = limits.MAX_DECOMPRESSED_BYTES if limit is None else limit
    written = 0
    try:
        with target.open("wb") as out:
            for chunk in _chunks(source, container):
                written += len(chunk)
                if written > limit:
                    raise DataError(
                        f"“{name}” unfolds to more than {limit / MEBIBYTE:,.0f} MB, from {source.stat().st_size / MEBIBYTE:,.1f} MB. "
                        "Reading was stopped there. Upload a smaller part of the data."
                    )
                out.write(chunk)
    except DAMAGE as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(
            f"“{name}” cannot be unpacked: {reason}. Expected a complete {ENDINGS[container]} file. "
            "It was probably cut off on the way: download or export it again."
        ) from error
    return written


def _chunks(source: Path, container: str) -> Iterator[bytes]:
    if container == "xz":
        yield from _xz_chunks(source)
        return
    if container == "zstandard":
        with pyarrow.OSFile(str(source)) as file, pyarrow.CompressedInputStream(file, "zstd") as stream:
            while chunk := stream.read(MEBIBYTE):
                yield chunk
        return
    with gzip.open(source) if container == "gzip" else bz2.open(source) as stream:
        while chunk := stream.read(MEBIBYTE):
            yield chunk


def _xz_chunks(source: Path) -> Iterator[bytes]:
    """Yield the bytes of one stream after another, each with a limit of memory, which ``lzma.open`` cannot set."""
    with source.open("rb") as file:
        pending = file.read(MEBIBYTE)
        while pending:
            decoder = lzma.LZMADecompressor(memlimit=XZ_MEMORY)
            while not decoder.eof:
                if chunk := decoder.decompress(pending, MEBIBYTE):
                    yield chunk
                pending = b"" if not decoder.needs_input else file.read(MEBIBYTE)
                if decoder.needs_input and not pending and not decoder.eof:
                    raise EOFError("the compressed stream ends before its end mark")
            pending = (decoder.unused_data or file.read(MEBIBYTE)).lstrip(b"\0")  # streams are padded with zeros
