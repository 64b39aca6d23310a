"""The table that every format is read into: strings only, with unique column names."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy
import pandas
import pyarrow

from engine.errors import DataError
from engine.reading.characters import visible
from engine.reading.finding import Finding
from engine.reading.options import ReadingOptions

MAX_COLUMNS = 1000
"""A table with more columns than this was not meant to be one."""


@dataclass(frozen=True)
class Table:
    """The rows of a file, and how they were found in it."""

    frame: pandas.DataFrame
    """Every column as strings, the empty string for a missing cell."""
    options: ReadingOptions
    """Every field that matters for the kind of file is filled in, so that reading again with it detects nothing anew."""
    notes: tuple[str, ...] = ()
    """One sentence each: what was detected and how sure, what was repaired."""
    findings: tuple[Finding, ...] = ()
    """What a person should know of the lines that became no row, or not the row that stands there; part of the check report."""
    lines: numpy.ndarray | None = None
    """1-based line number in the file on which each row starts, where that is known."""
    folder: Path | None = None
    """Where the reading is kept, with what was computed of all its rows; see ``table_cache.py``."""
    parts: numpy.ndarray | None = None
    """int64, the given part of each row as its place in ``PARTS``, -1 for a row in none; ``None`` where parts are drawn."""
    origins: numpy.ndarray | None = None
    """Which rows were one row of a file before each of its labels got a row of its own: they have the same number; else ``None``."""
    files: tuple[tuple[str, int], ...] = ()
    """Name and first row of each file, where the table was put together of several; see ``chosen_table.py``."""


def unique_names(header: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return column names that can be shown and typed, neither empty nor double, and one sentence for each kind of repair."""
    if len(header) > MAX_COLUMNS:
        raise DataError(
            f"The table has {len(header):,} columns; at most {MAX_COLUMNS:,} are read. "
            "Expected a text column, a label column and few others. Check the delimiter, or keep only the columns you need."
        )
    names: list[str] = []
    unnamed = 0
    doubles: list[str] = []
    cleaned = [unicodedata.normalize("NFC", visible(name)) for name in header]
    taken = set(cleaned)
    used: set[str] = set()
    for position, name in enumerate(cleaned, start=1):
        if not name:
            unnamed += 1
            name = f"column {position}"
        if name in used:
            doubles.append(name)
            copy = 2
            while f"{name} ({copy})" in used or f"{name} ({copy})" in taken:
                copy += 1
            name = f"{name} ({copy})"
        used.add(name)
        names.append(name)
    notes = []
    if doubles:
        listed = ", ".join(f"“{name}”" for name in list(dict.fromkeys(doubles))[:5])
        notes.append(f"The header uses a name more than once ({listed}); the later ones got a number.")
    if unnamed:
        notes.append(f"{unnamed} of {len(names)} columns have no name in the header; they are called by their position.")
    return names, notes


def frame_of(names: Sequence[str], columns: Sequence[pyarrow.ChunkedArray | pyarrow.Array]) -> pandas.DataFrame:
    """Return a data frame of strings over Arrow memory (64-bit offsets), in the chunks that were read, without a copy of the texts."""
    joined = [column.cast(pyarrow.large_string()) for column in columns]
    frame = pyarrow.table(joined, names=[str(position) for position in range(len(joined))]).to_pandas()
    frame = frame.astype("str") if len(frame) == 0 else frame
    frame.columns = pandas.Index(list(names), dtype="object")
    return frame


def strings(values: Sequence[str]) -> pyarrow.Array:
    """Return an Arrow array of the strings; half a surrogate pair, which no encoding can write, becomes a question mark."""
    try:
        return pyarrow.array(values, type=pyarrow.large_string())
    except UnicodeEncodeError:
        repaired = [value.encode("utf-8", "replace").decode("utf-8") for value in values]
        return pyarrow.array(repaired, type=pyarrow.large_string())


def column_of(frame: pandas.DataFrame, name: str) -> pyarrow.LargeStringArray:
    """Return one column as a single Arrow array without nulls; a copy where it was read in several chunks."""
    column = chunks_of(frame, name)
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def chunks_of(frame: pandas.DataFrame, name: str) -> pyarrow.ChunkedArray:
    """Return one column without nulls, in the chunks in which it was read."""
    series = frame[name]
    if not isinstance(series.dtype, pandas.StringDtype):
        series = series.fillna("").astype("str")
    column = pyarrow.array(series)
    if not isinstance(column, pyarrow.ChunkedArray):
        column = pyarrow.chunked_array([column])
    if column.type != pyarrow.large_string():
        column = column.cast(pyarrow.large_string())
    return column.fill_null("") if column.null_count else column
