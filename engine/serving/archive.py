"""Zips and tars that are written whole or not at all, and whose members stay in the folder in which they are unpacked."""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from engine.errors import RunError
from engine.files import draft_of

Contents = Mapping[str, bytes | Path]
"""What goes into an archive by the name of the member: the bytes themselves, or the file that holds them."""

MEMBER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
"""Relative, with plain characters and slashes: no drive, no backslash, no part that begins with a dot."""

LARGE = 1_000_000
"""Bytes above which a file is stored as it is: those are weights, which hardly shrink."""

BEFORE_ALL = (1980, 1, 1, 0, 0, 0)
"""The time of every member, so that the same contents give the same archive."""


def safe_member(name: str) -> str:
    """Return the name, if it stays in its folder wherever the archive is unpacked. Raises ``RunError`` otherwise."""
    if not MEMBER.fullmatch(name):
        raise RunError(
            f"“{name}” cannot be the name of a file in an archive. Expected letters, digits, dots, dashes and underscores between slashes, "
            "no part that begins with a dot. Nothing was written."
        )
    return name


def files_below(folder: Path, prefix: str = "") -> dict[str, Path]:
    """Return every file of a folder by the name that it gets below ``prefix``; links are left out, for they may lead elsewhere."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
    return {prefix + path.relative_to(folder).as_posix(): path for path in files}


def write_zip(path: Path, contents: Contents) -> Path:
    """Write a zip file; half of one is never left behind. Raises ``RunError`` for a member that would leave its folder."""
    with draft_of(path) as draft, zipfile.ZipFile(draft, "w") as archive:
        for name, content in _checked(contents):
            member = zipfile.ZipInfo(name, BEFORE_ALL)
            size = len(content) if isinstance(content, bytes) else content.stat().st_size
            member.compress_type = zipfile.ZIP_STORED if size > LARGE else zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            member.file_size = size  # above 2 GiB the header needs another form, which is chosen by this
            with archive.open(member, "w", force_zip64=size > 2**31 - 1) as target, _opened(content) as source:
                while portion := source.read(1 << 20):
                    target.write(portion)
    return path


def write_tar(path: Path, contents: Contents) -> Path:
    """Write a ``.tar.gz``; half of one is never left behind. Raises ``RunError`` for a member that would leave its folder."""
    with (
        draft_of(path) as draft,
        open(draft, "wb") as file,
        gzip.GzipFile("", "wb", 1, file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        for name, content in _checked(contents):
            member = tarfile.TarInfo(name)
            member.size = len(content) if isinstance(content, bytes) else content.stat().st_size
            with _opened(content) as source:
                archive.addfile(member, source)
    return path


def _checked(contents: Contents) -> list[tuple[str, bytes | Path]]:
    """All names are looked at before the first byte is written."""
    return [(safe_member(name), content) for name, content in contents.items()]


def _opened(content: bytes | Path) -> BinaryIO:
    return io.BytesIO(content) if isinstance(content, bytes) else open(content, "rb")
