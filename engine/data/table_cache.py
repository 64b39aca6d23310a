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
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy
import pyarrow

from engine.data.choice import ReadingOptions
from engine.data.finding import Finding
from engine.data.reading.read_table import DETECT, read_table
from engine.data.scanning import Scan
from engine.data.store import SAMPLE, Dataset
from engine.data.table import Table, chunks_of, frame_of
from engine.files import draft_of, read_json

KEPT_READINGS = 2
"""So many of one stored file; each takes about the file's own size on the disk."""
ABANDONED_SECONDS = 3600
"""A draft older than this was left by a process that was killed."""
LINES = "lines"
"""The column of line numbers; the others are called by their position."""
DAMAGED = (OSError, EOFError, ValueError, LookupError, TypeError, pyarrow.ArrowException, zipfile.BadZipFile, zlib.error)


def read_stored(dataset: Dataset, options: ReadingOptions = DETECT) -> Table:
    """Return the whole table of a stored file, parsed only where it was not kept; the errors are those of :func:`read_table`.

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
    table = read_table(dataset.path, dataset.name, options)
    with contextlib.suppress(OSError, pyarrow.ArrowException):  # a full disk is no reason to lose what was read
        return replace(table, folder=_keep(readings, reader, options, table))
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


def _load(folder: Path, reader: str, options: ReadingOptions) -> Table | None:
    about = read_json(folder / "about.json") or {}
    with contextlib.suppress(*DAMAGED):
        if about["reader"] != reader or asdict(options) not in about["requests"]:
            return None
        content = (folder / "cells.arrow").read_bytes()
        if zlib.crc32(content) != about["crc32"] or about.pop("key") != _key(about):
            return None
        cells = pyarrow.ipc.open_stream(content).read_all()
        frame = frame_of(about["names"], [cells[str(position)] for position in range(len(about["names"]))])
        lines = cells[LINES].to_numpy() if LINES in cells.column_names else None
        return Table(
            frame, ReadingOptions(**about["options"]), tuple(about["notes"]), tuple(map(_finding, about["findings"])), lines, folder
        )
    return None


def _keep(readings: Path, reader: str, options: ReadingOptions, table: Table) -> Path:
    """Write a reading into a folder that appears when it is whole, and remove the oldest ones."""
    columns = {str(position): chunks_of(table.frame, name) for position, name in enumerate(table.frame.columns)}
    if table.lines is not None:
        columns[LINES] = pyarrow.chunked_array([table.lines])
    about: dict[str, object] = {
        "reader": reader,
        "requests": [asdict(options), asdict(table.options)],
        "options": asdict(table.options),
        "names": list(table.frame.columns),
        "notes": table.notes,
        "findings": [asdict(finding) for finding in table.findings],
    }
    folder = readings / _key([reader, asdict(table.options)])
    readings.mkdir(exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=readings, prefix=".draft-"))
    try:
        cells, path = pyarrow.table(columns), str(draft / "cells.arrow")
        with pyarrow.OSFile(path, "wb") as file, pyarrow.ipc.new_stream(file, cells.schema) as stream:
            stream.write_table(cells)
        with pyarrow.memory_map(path) as file:
            about["crc32"] = zlib.crc32(file.read_buffer())
        about = json.loads(json.dumps(about))  # as it will be read
        (draft / "about.json").write_text(json.dumps(about | {"key": _key(about)}), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    for old in _kept(readings)[KEPT_READINGS:]:
        shutil.rmtree(old, ignore_errors=True)
    for old in readings.glob(".draft-*"):
        with contextlib.suppress(OSError):
            if old.stat().st_mtime < time.time() - ABANDONED_SECONDS:
                shutil.rmtree(old)
    return folder


def _kept(readings: Path) -> list[Path]:
    """Return the folders of the readings that were kept, newest first."""
    dated = []
    for about in readings.glob("*/about.json"):
        with contextlib.suppress(OSError):
            dated.append((about.stat().st_mtime, about.parent))
    return [folder for _, folder in sorted(dated, reverse=True) if not folder.name.startswith(".")]


def _finding(values: dict[str, Any]) -> Finding:
    return Finding(**{**values, "rows": tuple(values["rows"]), "lines": tuple(values["lines"])})


def _key(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]


@cache
def _code_version() -> str:
    """Return a name for all that decides what a reading and a scan hold: the code, and the packages that it reads with."""
    here = Path(__file__).parent
    sources = [
        *sorted(here.glob("reading/*.py")),
        *(here / f"{name}.py" for name in ("table", "finding", "rows", "scanning", "table_cache")),
    ]
    packages = [importlib.metadata.version(name) for name in ("pyarrow", "pandas", "openpyxl", "charset-normalizer")]
    return _key([sys.version, packages, *(path.read_text(encoding="utf-8") for path in sources)])
