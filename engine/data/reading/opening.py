"""What a file really is: told from its first bytes, never from its name; and its bytes without compression, within limits."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from engine.data.process.scratch import scratch_folder
from engine.data.reading.json_files.parsing import looks_like_json
from engine.errors import DataError

MEBIBYTE = 2**20
MAX_FILE_BYTES = 200 * MEBIBYTE
"""The largest file that is accepted, as uploaded."""
MAX_DECOMPRESSED_BYTES = 512 * MEBIBYTE
"""The most that a compressed file may unfold to."""
MAX_ARCHIVE_MEMBERS = 10_000
MAX_ROWS = 5_000_000

KINDS = {"csv": "a delimited text file", "json": "JSON", "parquet": "Parquet", "excel": "an Excel workbook"}
EXTENSIONS = {
    ".csv": "csv", ".tsv": "csv", ".tab": "csv", ".txt": "csv", ".jsonl": "json", ".ndjson": "json", ".json": "json",
    ".parquet": "parquet", ".pq": "parquet", ".xlsx": "excel", ".xlsm": "excel",
}  # fmt: skip
ACCEPTED = "CSV, TSV, JSON Lines, Parquet or Excel (.xlsx), or a .gz of one of the text formats"

FOREIGN = (
    (b"\x89PNG", "a PNG image"), (b"\xff\xd8\xff", "a JPEG image"), (b"GIF8", "a GIF image"), (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an old Office document (.xls or .doc)"), (b"{\\rtf", "an RTF document"), (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"), (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"), (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"), (b"MZ\x90", "a program"), (b"SQLite format 3", "an SQLite database"), (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy array"), (b"\x80\x04\x95", "a Python pickle"), (b"ARROW1", "an Arrow or Feather file"),
)  # fmt: skip


@dataclass(frozen=True)
class Content:
    """The uncompressed bytes of a file, for as long as it is held open."""

    path: Path
    kind: str
    bytes: int
    notes: tuple[str, ...]


@contextmanager
def opened(path: Path, name: str, kind: str | None = None) -> Iterator[Content]:
    """Hold the file open as its uncompressed bytes. ``kind`` overrules what the content says among the text formats.

    Raises ``DataError`` where the file is empty, too large, not a table, or unfolds to more than is allowed.
    """
    size = path.stat().st_size
    refuse_empty_or_large(size, name)
    with path.open("rb") as file:
        start = file.read(65536)
    if not start.startswith(b"\x1f\x8b"):
        content_kind = kind_of(start, path, name)
        yield Content(path, chosen_kind(content_kind, kind, name), size, extension_notes(name, content_kind, compressed=False))
        return
    with scratch_folder() as folder:
        unfolded = folder / "content"
        size = decompress(path, unfolded, name)
        refuse_empty_or_large(size, name, limit=MAX_DECOMPRESSED_BYTES)
        with unfolded.open("rb") as file:
            start = file.read(65536)
        content_kind = kind_of(start, unfolded, name)
        if content_kind in ("parquet", "excel"):
            raise DataError(
                f"“{name}” is a .gz file that holds {KINDS[content_kind]}. Expected a text format inside. "
                "Unpack it first and upload the file inside: it is compressed already."
            )
        yield Content(unfolded, chosen_kind(content_kind, kind, name), size, extension_notes(name, content_kind, compressed=True))


def refuse_empty_or_large(size: int, name: str, limit: int = MAX_FILE_BYTES) -> None:
    """Raise ``DataError`` unless 0 < size ≤ limit, in bytes."""
    if size == 0:
        raise DataError(f"“{name}” is empty: it holds no bytes at all. Expected {ACCEPTED}. Check that the export or download finished.")
    if size > limit:
        raise DataError(
            f"“{name}” is {size / MEBIBYTE:,.0f} MB; at most {limit / MEBIBYTE:,.0f} MB are accepted. "
            "Upload a part of its rows, or keep only the text and label columns: Parquet and .gz are also smaller than CSV."
        )


def too_large(name: str, size: str) -> DataError:
    return DataError(
        f"“{name}” unfolds to {size}; at most {MAX_ROWS:,} rows and {MAX_DECOMPRESSED_BYTES / MEBIBYTE:,.0f} MB are accepted. "
        "Reading was stopped there. Upload a part of the rows."
    )


def decompress(source: Path, target: Path, name: str, limit: int | None = None) -> int:
    """Unfold a .gz file, counting while it streams; returns the bytes written. Raises ``DataError`` past the limit or on damage."""
    limit = MAX_DECOMPRESSED_BYTES if limit is None else limit
    written = 0
    try:
        with gzip.open(source, "rb") as compressed, target.open("wb") as out:
            while chunk := compressed.read(MEBIBYTE):
                written += len(chunk)
                if written > limit:
                    raise DataError(
                        f"“{name}” unfolds to more than {limit / MEBIBYTE:,.0f} MB, from {source.stat().st_size / MEBIBYTE:,.1f} MB. "
                        "Reading was stopped there. Upload a smaller part of the data."
                    )
                out.write(chunk)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"“{name}” cannot be unpacked: {error}. Expected a complete .gz file. "
            "It was probably cut off on the way: download or export it again."
        ) from error
    return written


def kind_of(start: bytes, path: Path, name: str) -> str:
    """``csv``, ``json``, ``parquet`` or ``excel``, from the content. Raises ``DataError`` on anything else that is recognised."""
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"PK\x03\x04") or start.startswith(b"PK\x05\x06"):
        return kind_of_archive(path, name)
    for magic, description in FOREIGN:
        if start.startswith(magic):
            raise DataError(
                f"“{name}” is {description}, not a table. Expected {ACCEPTED}. Export the data in one of these formats and upload that."
            )
    first = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if first[:200].lower().startswith((b"<!doctype html", b"<html")):
        raise DataError(
            f"“{name}” is a web page, not a table. Expected {ACCEPTED}. "
            "It was probably saved from a page that shows the file: download the file itself."
        )
    return "json" if looks_like_json(start, name) else "csv"


def kind_of_archive(path: Path, name: str) -> str:
    """``excel`` for a workbook; raises ``DataError`` on every other zip archive, and on one that would unfold too far."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise DataError(f"“{name}” is a damaged zip or Excel file ({error}). Expected {ACCEPTED}. Save or download it again.") from error
    if not any(member.filename == "xl/workbook.xml" for member in members):
        raise DataError(f"“{name}” is a zip archive, not a table. Expected {ACCEPTED}. Unpack it and upload the table inside.")
    unfolded = sum(member.file_size for member in members)
    if unfolded > MAX_DECOMPRESSED_BYTES or len(members) > MAX_ARCHIVE_MEMBERS:
        raise DataError(
            f"“{name}” would unfold to {unfolded / MEBIBYTE:,.0f} MB in {len(members):,} parts; "
            f"at most {MAX_DECOMPRESSED_BYTES / MEBIBYTE:,.0f} MB are accepted. Nothing was unpacked. "
            "Save the sheet as CSV and upload that."
        )
    return "excel"


def chosen_kind(content_kind: str, chosen: str | None, name: str) -> str:
    """Return the kind to read as: the person's choice where the content allows it. Raises ``DataError`` on a choice that it does not."""
    if chosen is None or chosen == content_kind:
        return content_kind
    if chosen not in KINDS:
        raise DataError(f"“{chosen}” is not a kind of file. Expected one of {', '.join(KINDS)}. Choose one of them, or let it be detected.")
    if {content_kind, chosen} <= {"csv", "json"}:
        return chosen
    raise DataError(
        f"“{name}” cannot be read as {KINDS[chosen]}: its content is {KINDS[content_kind]}. Choose {content_kind}, or let the kind of "
        "file be detected."
    )


def extension_notes(name: str, content_kind: str, compressed: bool) -> tuple[str, ...]:
    """Return a sentence where the file's name says something else than its content."""
    lower = name.lower()
    notes = []
    if compressed != lower.endswith(".gz"):
        notes.append(
            "The content is compressed with gzip although the name does not end in .gz; it was unpacked."
            if compressed
            else "The name ends in .gz, but the content is not compressed; it was read as it is."
        )
    extension = Path(lower.removesuffix(".gz")).suffix
    expected = EXTENSIONS.get(extension)
    if expected != content_kind and (expected is not None or extension):
        notes.append(f"The name ends in {extension}, but the content is {KINDS[content_kind]}; the content decides.")
    return tuple(notes)


def verify_archive(file: BinaryIO, name: str, limit: int | None = None) -> set[str]:
    """Unpack every part of a workbook once, counting, before a parser sees it; returns the sheets' parts that hold formulas.

    The sizes in a zip directory are a claim; this is the proof. Raises ``DataError`` past the limit, on damage, and on XML that
    declares entities, which no spreadsheet program writes and which can unfold without end.
    """
    limit = MAX_DECOMPRESSED_BYTES if limit is None else limit
    total = 0
    formulas: set[str] = set()
    try:
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                before = b""
                with archive.open(member) as part:
                    while chunk := part.read(MEBIBYTE):
                        total += len(chunk)
                        if total > limit:
                            raise DataError(
                                f"“{name}” unfolds to more than {limit / MEBIBYTE:,.0f} MB. Reading was stopped there. "
                                "Save the sheet as CSV and upload that."
                            )
                        seam = before + chunk
                        if member.filename.endswith(".xml") and b"<!" in seam and (b"<!DOCTYPE" in seam or b"<!ENTITY" in seam):
                            raise DataError(
                                f"“{name}” declares XML entities in {member.filename}, which no spreadsheet program writes. "
                                "It was not read. Save it anew from a spreadsheet program, or as CSV."
                            )
                        if member.filename.startswith("xl/worksheets/") and (b"<f>" in seam or b"<f " in seam):
                            formulas.add(member.filename)
                        before = chunk[-16:]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise DataError(
            f"“{name}” is damaged or locked with a password ({error}). Expected a readable .xlsx file. Save it again."
        ) from error
    return formulas
