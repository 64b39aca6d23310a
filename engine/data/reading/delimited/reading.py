"""Reading delimited text: a fast way for large even files, and a tolerant way that knows the line of every row."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy
import pyarrow
import pyarrow.compute
import pyarrow.csv

from engine.data.choice import ReadingOptions
from engine.data.finding import SHOWN_ROWS, Finding
from engine.data.reading.delimited.dialect import detect_layout, reader
from engine.data.reading.delimited.lines import decoded
from engine.data.reading.encoding import Encoding, detect_encoding, presumed_utf8
from engine.data.table import Table, frame_of, strings, unique_names
from engine.errors import DataError

SAMPLE_CHARACTERS = 2**18
FAST_BYTES = 4 * 2**20
"""The size from which on the fast way is tried first; below, the tolerant way takes a fraction of a second."""
BLOCK_BYTES = 2**20
BATCH_ROWS = 8192


def read_delimited(path: Path, name: str, options: ReadingOptions, limit: int | None) -> Table:
    """Read the table of a delimited text file; ``limit`` reads only the first rows."""
    size = path.stat().st_size
    if limit is None and size >= FAST_BYTES and (presumed := presumed_utf8(path, name, options.encoding)):
        sample, _ = start_of(path, presumed)
        if not sample.startswith(("\n", "\r")):
            resolved, columns, notes = detect_layout(sample, False, name, replace(options, kind="csv", encoding=presumed.name))
            table = read_fast(path, resolved, columns, presumed.newlines)
            if table is not None:
                return replace(table, notes=(*presumed.notes, *notes, *table.notes))
    encoding = detect_encoding(path, name, options.encoding)
    sample, complete = start_of(path, encoding)
    if not sample.strip("\r\n\0 \ufeff"):
        raise DataError(
            f"“{name}” holds only blank lines. Expected a table with a text and a label column. Check that the export finished."
        )
    resolved, columns, notes = detect_layout(sample, complete, name, replace(options, kind="csv", encoding=encoding.name))
    table = read_tolerant(path, encoding, resolved, columns, limit)
    return replace(table, notes=(*encoding.notes, *notes, *table.notes), findings=(*encoding.findings, *table.findings))


def start_of(path: Path, encoding: Encoding) -> tuple[str, bool]:
    """Return the first lines of a text, and whether that is all of it."""
    with path.open("rb") as raw:
        text = decoded(raw, encoding)
        sample = text.read(SAMPLE_CHARACTERS)
        complete = not text.read(1)
    if not complete and "\n" in sample:
        sample = sample[: sample.rindex("\n") + 1]
    return sample, complete


def read_fast(path: Path, options: ReadingOptions, columns: int, newlines: int) -> Table | None:
    """Read with Arrow; ``None`` where a row is ragged, a cell very long or a byte not UTF-8: for the tolerant way."""
    keys = [str(position) for position in range(columns)]
    try:
        read = pyarrow.csv.read_csv(
            path,
            read_options=pyarrow.csv.ReadOptions(column_names=keys, block_size=BLOCK_BYTES),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=options.delimiter, quote_char=options.quote or False, newlines_in_values=bool(options.quote)
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types={key: pyarrow.large_string() for key in keys}, strings_can_be_null=False, check_utf8=True
            ),
        )
    except pyarrow.ArrowInvalid:
        return None
    names = [f"column {position}" for position in range(1, columns + 1)]
    notes: list[str] = []
    if options.header:
        names, notes = unique_names([str(read.column(position)[0].as_py()).lstrip("\ufeff") for position in range(columns)])
    lines = line_numbers(read, newlines)
    frame = frame_of(names, read.slice(1 if options.header else 0).columns)
    return Table(frame, options, tuple(notes), (), lines[1:] if lines is not None and options.header else lines)


def line_numbers(read: pyarrow.Table, newlines: int) -> numpy.ndarray | None:
    """Return the line on which each row starts, from the line feeds inside its cells; ``None`` where skipped lines make that wrong."""
    rows = read.num_rows
    if newlines in (rows, rows - 1):
        return numpy.arange(1, rows + 1)
    spans = numpy.ones(rows, dtype=numpy.int64)
    for column in read.columns:
        spans += pyarrow.compute.count_substring(column, "\n").to_numpy()
    ends = numpy.cumsum(spans)
    return numpy.concatenate([[1], ends[:-1] + 1]) if rows and newlines in (ends[-1], ends[-1] - 1) else None


def read_tolerant(path: Path, encoding: Encoding, options: ReadingOptions, columns: int, limit: int | None) -> Table:
    """Read row by row: short rows are filled with empty cells, rows with surplus cells are left out, and both are reported."""
    names = [f"column {position}" for position in range(1, columns + 1)]
    notes: list[str] = []
    ragged: list[int] = []
    surplus = 0
    batches: list[list[pyarrow.Array]] = []
    lines: list[numpy.ndarray] = []
    rows: list[list[str]] = []
    starts: list[int] = []

    def flush() -> None:
        if rows:
            batches.append([strings(cells) for cells in zip(*rows, strict=True)])
            lines.append(numpy.array(starts, dtype=numpy.int64))
            rows.clear()
            starts.clear()

    with path.open("rb") as raw:
        parsed = reader(decoded(raw, encoding), str(options.delimiter), str(options.quote))
        header_due = bool(options.header)
        taken, line = 0, 1
        for row in parsed:
            start, line = line, parsed.line_num + 1
            if not row:
                continue
            if header_due:
                header_due = False
                columns = max(columns, len(row)) if len(row) != columns and not any(not cell.strip() for cell in row[columns:]) else columns
                names, notes = unique_names((row + [""] * columns)[:columns])
                continue
            if limit is not None and taken >= limit:
                break
            if len(row) != columns:
                ragged.append(start)
                if any(cell.strip() for cell in row[columns:]):
                    surplus += 1
                    continue
                row = (row + [""] * columns)[:columns]
            rows.append(row)
            starts.append(start)
            taken += 1
            if len(rows) == BATCH_ROWS:
                flush()
        flush()
    findings = ragged_findings(ragged, surplus, columns)
    frame = frame_of(
        names, [pyarrow.chunked_array([batch[position] for batch in batches], pyarrow.large_string()) for position in range(columns)]
    )
    return Table(frame, options, tuple(notes), tuple(findings), numpy.concatenate(lines) if lines else numpy.zeros(0, dtype=numpy.int64))


def ragged_findings(ragged: list[int], surplus: int, columns: int) -> list[Finding]:
    """Say what became of the rows with too few or too many cells, whose lines are given."""
    if not ragged:
        return []
    listed = ", ".join(f"{number:,}" for number in ragged[:5]) + (" …" if len(ragged) > 5 else "")
    return [
        Finding(
            "Rows with the wrong number of cells",
            len(ragged),
            f"{len(ragged):,} rows do not have {columns} cells (lines {listed}): {len(ragged) - surplus:,} were filled with empty cells, "
            f"{surplus:,} with too many were left out.",
            "Look at delimiter and quoting.",
            code="ragged_rows",
            lines=tuple(ragged[:SHOWN_ROWS]),
        )
    ]
