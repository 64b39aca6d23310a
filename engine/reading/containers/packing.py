"""Several files packed into one zip archive, the same files always into the same bytes."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from engine.errors import DataError
from engine.reading.containers import limits
from engine.reading.containers.limits import MEBIBYTE

LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The earliest date that a zip archive can hold; the files' own would make another archive of the same content."""


def files_below(folder: Path) -> dict[str, Path]:
    """Return the files below a folder by their paths in it, hidden ones left out. Raises ``DataError`` where there are none or too many."""
    files: dict[str, Path] = {}
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(root) / name
            if not name.startswith(".") and path.is_file():
                files[path.relative_to(folder).as_posix()] = path
        if len(files) > limits.MAX_ARCHIVE_MEMBERS:
            raise DataError(
                f"The folder “{folder.name}” holds more than {limits.MAX_ARCHIVE_MEMBERS:,} files. Expected a folder for each class with "
                "text files in it, or a few tables. Choose a folder further down."
            )
    if not files:
        raise DataError(
            f"The folder “{folder.name}” holds no file. Expected a folder for each class with text files in it, or tables. Choose another."
        )
    return files


def pack(target: Path, files: Mapping[str, Path | BinaryIO | bytes], name: str) -> None:
    """Write the files into a zip archive at ``target``, sorted by their paths. Raises ``DataError`` past the limit of unfolded bytes."""
    size = 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            source = files[path]
            info = zipfile.ZipInfo(path, LONG_AGO)
            info.compress_type = zipfile.ZIP_DEFLATED
            stream = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") if isinstance(source, Path) else source
            try:
                with archive.open(info, "w", force_zip64=False) as member:
                    while chunk := stream.read(MEBIBYTE):
                        size += len(chunk)
                        if size > limits.MAX_DECOMPRESSED_BYTES:
                            raise DataError(
                                f"The files of “{name}” are more than {limits.MAX_DECOMPRESSED_BYTES / MEBIBYTE:,.0f} MB together. "
                                "Expected less. Leave out what is no text or table, or choose a folder further down."
                            )
                        member.write(chunk)
            finally:
                if isinstance(source, Path):
                    stream.close()
