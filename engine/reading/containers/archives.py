"""Zip archives, and the workbooks that are zip archives: their members, unfolded within limits and never by a path of their own."""

from __future__ import annotations

import contextlib
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from engine.errors import DataError
from engine.reading.containers import limits
from engine.reading.containers.compression import ENDINGS
from engine.reading.containers.foreign import locked, not_a_table
from engine.reading.containers.limits import ACCEPTED, MEBIBYTE

DAMAGE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError,
    LookupError, OverflowError,
)  # fmt: skip
"""What Python's zip module raises on damaged members, on methods of packing that it does not know, and on impossible sizes."""
DOCUMENTS = {
    "word/document.xml": "a Word document (.docx)", "ppt/presentation.xml": "a PowerPoint presentation (.pptx)",
    "visio/document.xml": "a Visio drawing", "META-INF/MANIFEST.MF": "a Java archive", "AndroidManifest.xml": "an Android program",
    "Index/Document.iwa": "a document of Apple Numbers, Pages or Keynote", "META-INF/container.xml": "an e-book (EPUB)",
}  # fmt: skip
OPEN_DOCUMENT = b"application/vnd.oasis.opendocument."
COMPRESSED = frozenset(ENDINGS.values())
LEFTOVERS = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")
"""What operating systems add to archives and folders."""


UNUSUAL = re.compile(r"\\|^/|//|(?:^|/)\.\.?(?:/|$)|/$")
"""What no plain relative path holds."""


@dataclass(frozen=True, eq=False)
class Member:
    """A file in an archive."""

    path: str
    """Its name with folders, as it was meant."""
    info: zipfile.ZipInfo

    @property
    def name(self) -> str:
        """The name without folders."""
        return self.path.rpartition("/")[2]

    @cached_property
    def ending(self) -> str:
        """The ending in lower case, that of a compression taken off: ``.csv`` for ``Data.CSV.gz``, empty where there is none."""
        stem, dot, ending = self.name.lower().rpartition(".")
        if dot and stem and f".{ending}" in COMPRESSED:
            stem, dot, ending = stem.rpartition(".")
        return f".{ending}" if dot and stem else ""


@contextmanager
def opened_archive(path: Path, name: str) -> Iterator[zipfile.ZipFile]:
    """Hold a zip archive open; damage becomes a ``DataError``, whenever it shows."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except DAMAGE as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(
            f"“{name}” is a damaged zip or Excel file ({type(error).__name__}: {reason}). Expected {ACCEPTED}. Save or download it again."
        ) from error


def members_of(archive: zipfile.ZipFile, name: str) -> list[Member]:
    """Return the files of an archive in the order of their paths, without what operating systems leave there. Locked ones are refused."""
    infos = archive.infolist()
    if len(infos) > limits.MAX_ARCHIVE_MEMBERS:
        raise DataError(
            f"“{name}” holds {len(infos):,} files; at most {limits.MAX_ARCHIVE_MEMBERS:,} are accepted. Nothing was unpacked. "
            "Put the texts into one table, such as a CSV file."
        )
    members = {}
    for info in infos:
        path = _proper_path(info)
        if not info.is_dir() and path and not any(part.startswith(".") or part + "/" in LEFTOVERS for part in path.split("/")):
            members[path] = Member(path, info)
    kept = [members[path] for path in sorted(members) if members[path].name not in LEFTOVERS]
    if any(member.info.flag_bits & 1 for member in kept):
        raise locked(name)
    return kept


def unfold_member(archive: zipfile.ZipFile, member: Member, target: Path, name: str, taken: int = 0) -> int:
    """Write a member's bytes, counting them; returns the bytes unfolded so far, ``taken`` included. Raises ``DataError`` past the limit."""
    with archive.open(member.info) as part, target.open("wb") as out:
        while chunk := part.read(MEBIBYTE):
            taken += len(chunk)
            if taken > limits.MAX_DECOMPRESSED_BYTES:
                raise DataError(
                    f"“{name}” unfolds to more than {limits.MAX_DECOMPRESSED_BYTES / MEBIBYTE:,.0f} MB. Reading was stopped there. "
                    "Upload a smaller part of the data."
                )
            out.write(chunk)
    return taken


def kind_of_archive(path: Path, name: str) -> str:
    """Return ``excel`` for a workbook and ``zip`` for an archive of files; raises ``DataError`` on other documents."""
    with opened_archive(path, name) as archive:
        infos = archive.infolist()
        names = {info.filename for info in infos}
        mimetype = archive.read("mimetype")[:200] if "mimetype" in names and archive.getinfo("mimetype").file_size < 1000 else b""
    if mimetype.startswith(OPEN_DOCUMENT) and not mimetype.startswith(OPEN_DOCUMENT + b"spreadsheet"):
        raise not_a_table(name, f"an OpenDocument {mimetype[len(OPEN_DOCUMENT) :].decode('ascii', 'replace').strip()} (.odt or the like)")
    if names & {"xl/workbook.xml", "xl/workbook.bin"} or mimetype:
        unfolded = sum(info.file_size for info in infos)
        if unfolded > limits.MAX_DECOMPRESSED_BYTES or len(infos) > limits.MAX_WORKBOOK_PARTS:
            raise DataError(
                f"“{name}” would unfold to {unfolded / MEBIBYTE:,.0f} MB in {len(infos):,} parts; "
                f"at most {limits.MAX_DECOMPRESSED_BYTES / MEBIBYTE:,.0f} MB are accepted. Nothing was unpacked. "
                "Save the sheet as CSV and upload that."
            )
        if mimetype.startswith(OPEN_DOCUMENT) or names & {"xl/workbook.xml", "xl/workbook.bin"}:
            return "excel"
    for part, description in DOCUMENTS.items():
        if part in names:
            raise not_a_table(name, description)
    if names and all(part.endswith(".npy") for part in names):
        raise not_a_table(name, "a NumPy archive (.npz)")
    if any(part.endswith("data.pkl") for part in names):
        raise not_a_table(name, "a file of PyTorch")
    return "zip"


def _proper_path(info: zipfile.ZipInfo) -> str:
    """Return a member's path in the characters that were meant: some programs write UTF-8 without saying so."""
    path = info.filename
    if path.isascii() and not UNUSUAL.search(path):  # nearly always, and there may be 100,000 of them
        return path
    if not info.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            path = path.encode("cp437").decode("utf-8")
    return "/".join(part for part in path.replace("\\", "/").split("/") if part not in ("", ".", ".."))
