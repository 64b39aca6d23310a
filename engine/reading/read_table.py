"""A file becomes a table: its content decides the format, what is detected can be overruled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.reading.containers.archive_reading import read_archive
from engine.reading.delimited.reading import read_delimited
from engine.reading.formats.columnar import read_arrow, read_parquet
from engine.reading.formats.excel import read_excel
from engine.reading.formats.labelled_lines import read_labelled_lines
from engine.reading.json_files.reading import read_json
from engine.reading.opening import ARCHIVE, opened
from engine.reading.options import ReadingOptions
from engine.reading.table import Table

DETECT = ReadingOptions()
READERS = {
    "csv": read_delimited,
    "json": read_json,
    "parquet": read_parquet,
    "arrow": read_arrow,
    "excel": read_excel,
    "lines": read_labelled_lines,
}
"""A reader takes the uncompressed file, its own name, the options and the rows to read at most, and fills in the options."""


def read_table(path: Path, name: str, options: ReadingOptions = DETECT, limit: int | None = None) -> Table:
    """Read a file into strings. ``name`` is the file's own name, for messages; ``limit`` reads only the first rows, for a preview.

    Every field of ``options`` that is ``None`` is detected. Raises ``DataError`` where the file is empty, too large, damaged or not a
    table, and where an option does not fit it.
    """
    with opened(path, name, options.kind) as content:
        if content.kind == ARCHIVE:
            table = read_archive(content.path, name, options, limit, read_table)
        else:
            table = READERS[content.kind](content.path, name, options, limit)
    options = replace(table.options, container=content.container) if content.container else table.options
    return replace(table, options=options, notes=(*content.notes, *table.notes))
