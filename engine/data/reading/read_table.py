"""A file becomes a table: its content decides the format, what is detected can be overruled."""

from __future__ import annotations

from pathlib import Path

from engine.data.choice import ReadingOptions
from engine.data.reading.columns import ColumnGuess, guess_columns
from engine.data.reading.delimited import read_delimited
from engine.data.reading.formats import read_excel, read_json_lines, read_parquet
from engine.data.reading.opening import opened
from engine.data.table import Table

__all__ = ["ColumnGuess", "Table", "guess_columns", "read_table"]

DETECT = ReadingOptions()


def read_table(path: Path, name: str, options: ReadingOptions = DETECT, limit: int | None = None) -> Table:
    """Read a file into strings. ``name`` is the file's own name, for messages; ``limit`` reads only the first rows, for a preview.

    Every field of ``options`` that is ``None`` is detected. Raises ``DataError`` where the file is empty, too large, damaged or not a
    table, and where an option does not fit it.
    """
    with opened(path, name, options.kind) as content:
        if content.kind == "json-lines":
            table = read_json_lines(content.path, name, options, limit)
        elif content.kind == "parquet":
            table = read_parquet(content.path, name, options, limit)
        elif content.kind == "excel":
            table = read_excel(content.path, name, options, limit)
        else:
            table = read_delimited(content.path, name, content.bytes, options, limit)
    return Table(table.frame, table.options, (*content.notes, *table.notes), table.ragged_lines, table.lines)
