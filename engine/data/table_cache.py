"""Parsed tables, kept beside the stored files: a file is parsed once and its texts normalised once, whoever asks and in which process.

``<stored file>/readings/<key>/`` holds one reading: ``cells.arrow``, ``about.json`` and a ``scan-*.npz`` for each choice of text columns.
What is missing, damaged or of another version of this code is made again, so the folders can be deleted at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import shutil
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from functools import cache
from pathlib import Path

import numpy
import pyarrow

from engine.data.process.reader import ask
from engine.data.process.request import request_for
from engine.data.scanning import Scan
from engine.data.store import SAMPLE, Dataset
from engine.files import draft_of, read_json
from engine.reading.options import ReadingOptions
from engine.reading.read_table import DETECT, read_table
from engine.reading.scratch import PREFIX, remove_scratch, scratch_folder
from engine.reading.table import Table
from engine.reading.table_file import about, cells_of, table_of

KEPT_READINGS = 2
"""So many of one stored file; each takes about the file's own size on the disk."""
DAMAGED = (OSError, EOFError, ValueError, LookupError, TypeError, pyarrow.ArrowException, zipfile.BadZipFile, zlib.error)


def read_stored(dataset: Dataset, options: ReadingOptions = DETECT) -> Table:
    """Return the whole table of a stored file, parsed only where it was not kept, in a process of its own; see ``process/reader.py``.

    Raises ``DataError`` as :func:`read_table`, and where the reading passes its limits.
    Asked for with the options that an earlier reading detected, it is that reading, with its notes.
    """
    if dataset.identifier == SAMPLE:  # it ships with the product, may change with it, and takes milliseconds
        return read_table(dataset.path, dataset.name, options)
    readings = dataset.path.parent / "readings"
    file = dataset.path.stat()
    reader = _key([_code_version(), dataset.name, file.st_size, file.st_mtime_ns])  # the name, for the notes may speak of its ending
    for folder in _kept(readings):
        table = _load(folder, reader, options)
        if table is not None:
            return table
    request = replace(request_for(dataset.path, dataset.name, options), readings=str(readings.absolute()), reader=reader)
    kept, table = ask(request)
    if kept and (table := _load(Path(kept), reader, options)) is None:  # somebody emptied the folder in the same moment
        table = ask(replace(request, readings=None))[1]
    assert table is not None
    return table


def kept_scan(table: Table, columns: tuple[str, ...], scan: Callable[[], Scan]) -> Scan:
    """Return the scan of the texts of these columns, made by ``scan`` only where it was not kept with the table."""
    if table.folder is None:
        return scan()
    path = table.folder / f"scan-{_key(list(columns))}.npz"
    with contextlib.suppress(*DAMAGED), numpy.load(path) as arrays:  # a zip file, which checks its own sums
        return Scan(*(arrays[field.name] for field in fields(Scan)))
    made = scan()
    with contextlib.suppress(OSError), draft_of(path) as draft:
        numpy.savez(draft, **{field.name: getattr(made, field.name) for field in fields(Scan)})
    return made


def keep(readings: Path, reader: str, options: ReadingOptions, table: Table) -> Path:
    """Write a reading into a folder that appears when it is whole, and remove the oldest ones; the process that reads does it.

    ``reader`` is the version of file and code, ``options`` how the file was asked to be read. Raises ``OSError`` or ``ArrowException``.
    """
    described: dict[str, object] = {"reader": reader, "requests": [asdict(options), asdict(table.options)], **about(table)}
    folder = readings / _key([reader, asdict(table.options)])
    readings.mkdir(exist_ok=True)
    remove_scratch(readings)
    with scratch_folder(readings) as draft:
        cells, path = cells_of(table), str(draft / "cells.arrow")
        with pyarrow.OSFile(path, "wb") as file, pyarrow.ipc.new_stream(file, cells.schema) as stream:
            stream.write_table(cells)
        described["crc32"] = _checksum(Path(path))
        described = json.loads(json.dumps(described))  # as it will be read
        (draft / "about.json").write_text(json.dumps(described | {"key": _key(described)}), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    for old in _kept(readings)[KEPT_READINGS:]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def _checksum(path: Path) -> int:
    """Return the CRC-32 of a file, read in pieces: all of it at once would be as much memory again as the table."""
    checksum = 0
    with path.open("rb") as file:
        while piece := file.read(2**20):
            checksum = zlib.crc32(piece, checksum)
    return checksum


def _load(folder: Path, reader: str, options: ReadingOptions) -> Table | None:
    described = read_json(folder / "about.json") or {}
    with contextlib.suppress(*DAMAGED):
        if described["reader"] != reader or asdict(options) not in described["requests"]:
            return None
        content = (folder / "cells.arrow").read_bytes()
        if zlib.crc32(content) != described["crc32"] or described.pop("key") != _key(described):
            return None
        return table_of(described, pyarrow.ipc.open_stream(content).read_all(), folder)
    return None


def _kept(readings: Path) -> list[Path]:
    """Return the folders of the readings that were kept, newest first."""
    dated = []
    for described in readings.glob("*/about.json"):
        with contextlib.suppress(OSError):
            dated.append((described.stat().st_mtime, described.parent))
    return [folder for _, folder in sorted(dated, reverse=True) if not folder.name.startswith(PREFIX)]


def _key(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]


@cache
def _code_version() -> str:
    """Return a name for all that decides what a reading and a scan hold: the code, and the packages that it reads with."""
    here = Path(__file__).parent
    sources = [
        *(path for room in ("encodings", "reading") for path in sorted((here.parent / room).rglob("*.py"))),
        *(here / f"{name}.py" for name in ("rows", "scanning", "table_cache")),
    ]
    packages = [importlib.metadata.version(name) for name in ("pyarrow", "pandas", "python-calamine")]
    return _key([sys.version, packages, *(path.read_text(encoding="utf-8") for path in sources)])
