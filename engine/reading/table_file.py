"""A table as an Arrow stream and a line of JSON: as it is kept beside its file, and as it crosses from the process that read it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pyarrow

from engine.files import JsonObject
from engine.reading.finding import Finding
from engine.reading.options import ReadingOptions
from engine.reading.table import Table, chunks_of, frame_of

LINES = "lines"
"""The column of line numbers; the others are called by their position."""


def cells_of(table: Table) -> pyarrow.Table:
    """Return the cells and the line numbers, without a copy of the texts."""
    columns = {str(position): chunks_of(table.frame, name) for position, name in enumerate(table.frame.columns)}
    if table.lines is not None:
        columns[LINES] = pyarrow.chunked_array([table.lines])
    return pyarrow.table(columns)


def about(table: Table) -> JsonObject:
    """Return all else that there is to know of it, ready for ``json.dumps``."""
    return {
        "options": asdict(table.options),
        "names": list(table.frame.columns),
        "notes": table.notes,
        "findings": [asdict(finding) for finding in table.findings],
    }


def table_of(values: JsonObject, cells: pyarrow.Table, folder: Path | None = None) -> Table:
    """Return the table that :func:`about` and :func:`cells_of` were given."""
    frame = frame_of(values["names"], [cells[str(position)] for position in range(len(values["names"]))])
    lines = cells[LINES].to_numpy() if LINES in cells.column_names else None
    findings = (Finding(**{**given, "rows": tuple(given["rows"]), "lines": tuple(given["lines"])}) for given in values["findings"])
    return Table(frame, ReadingOptions(**values["options"]), tuple(values["notes"]), tuple(findings), lines, folder)
