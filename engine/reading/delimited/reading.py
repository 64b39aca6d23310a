"""Reading delimited text: a fast way for large even files, and a tolerant way that knows the line of every row."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy
import pyarrow
import pyarrow.compute

from engine.errors import DataError
from engine.reading.delimited.detection import Detected, detect
from engine.reading.delimited.fast import read_fast
from engine.reading.delimited.lines import Lines, decoded, too_many_cells
from engine.reading.delimited.rows import Repairs, read_rows
from engine.reading.encoding import Encoding, detect_encoding, presumed_utf8
from engine.reading.extra_rows import (
    ENDING_ROWS,
    again_findings,
    empty_columns_finding,
    ending_rows,
    finding,
    is_blank,
    is_header_again,
    is_ruler,
    looks_like_second_header,
    plain_name,
    skipped_finding,
)
from engine.reading.finding import Finding
from engine.reading.options import ReadingOptions
from engine.reading.table import MAX_COLUMNS, Table, frame_of, strings, unique_names

SAMPLE_CHARACTERS = 2**18
FAST_BYTES = 4 * 2**20
"""The size from which on the fast way is tried first; below, the tolerant way takes a fraction of a second."""
BATCH_ROWS = 8192


def read_delimited(path: Path, name: str, options: ReadingOptions, limit: int | None) -> Table:
    """Read the table of a delimited text file; ``limit`` reads only the first rows."""
    size = path.stat().st_size
    options = replace(options, kind="csv")
    if limit is None and size >= FAST_BYTES and (presumed := presumed_utf8(path, name, options.encoding)):
        sample, _ = start_of(path, presumed)
        detected = detect(sample, False, name, replace(options, encoding=presumed.name))
        cells = read_fast(path, detected, presumed.newlines)
        if cells is not None:
            return finished(cells.columns, cells.lines, detected, presumed, cells.findings)
    encoding = detect_encoding(path, name, options.encoding)
    sample, complete = start_of(path, encoding)
    if not sample.strip("\r\n\0 \ufeff"):
        raise DataError(
            f"“{name}” holds only blank lines. Expected a table with a text and a label column. Check that the export finished."
        )
    detected = detect(sample, complete, name, replace(options, encoding=encoding.name))
    return read_tolerant(path, encoding, detected, limit)


def start_of(path: Path, encoding: Encoding) -> tuple[str, bool]:
    """Return the first lines of a text, and whether that is all of it."""
    with path.open("rb") as raw:
        text = decoded(raw, encoding)
        sample = text.read(SAMPLE_CHARACTERS)
        complete = not text.read(1)
    if not complete and "\n" in sample:
        sample = sample[: sample.rindex("\n") + 1]
    return sample, complete


def read_tolerant(path: Path, encoding: Encoding, detected: Detected, limit: int | None) -> Table:
    """Read row by row: short rows are filled with empty cells, surplus cells joined or their rows left out; all that is reported."""
    shape, dialect, names = detected.shape, detected.dialect, detected.header
    columns = shape.columns
    repairs = Repairs()
    short: list[int] = []
    surplus: list[int] = []
    joined: list[int] = []
    blank: list[int] = []
    headers: list[int] = []
    rulers: list[int] = []
    second: list[int] = []
    batches: list[list[pyarrow.Array]] = []
    numbers: list[numpy.ndarray] = []
    rows: list[list[str]] = []
    starts: list[int] = []
    trailing_blank: list[int] = []

    def flush() -> None:
        if rows:
            batches.append([strings(cells) for cells in zip(*rows, strict=True)])
            numbers.append(numpy.array(starts, dtype=numpy.int64))
            rows.clear()
            starts.clear()

    with path.open("rb") as raw:
        lines = Lines(decoded(raw, encoding), dialect)
        lines.skip(detected.options.skip_rows or 0)
        header_due, taken = bool(names), 0
        first_name = plain_name(names[0]) if names else ""
        longest = len(first_name) + 8
        for line, row in read_rows(lines, dialect, shape, repairs):
            if not row:
                trailing_blank.append(line)
                continue
            if columns > 1 and is_blank(row):  # said even at the end, where a blank line is no more than the end of the file
                blank += [*trailing_blank, line]
                trailing_blank.clear()
                continue
            if trailing_blank:
                blank += trailing_blank
                trailing_blank.clear()
            if names and row[0][:1] in ":+-=_ " and is_ruler(row):
                rulers.append(line)
                continue
            if header_due:
                header_due = False
                continue
            if limit is not None and taken >= limit:
                break
            if len(row) != columns:
                if len(row) > MAX_COLUMNS:
                    raise too_many_cells(line)
                if any(cell.strip() for cell in row[columns:]):
                    whole = shape.joined(row, dialect)
                    if whole is None:
                        surplus.append(line)
                        continue
                    joined.append(line)
                    row = whole
                else:
                    short.append(line)
                    row = (row + [""] * columns)[:columns]
            elif first_name and len(row[0]) <= longest and plain_name(row[0]) == first_name and is_header_again(row, names):
                headers.append(line)
                continue
            if not taken and len(second) < detected.second:
                second.append(line)
                continue
            rows.append(row)
            starts.append(line)
            taken += 1
            if len(rows) == BATCH_ROWS:
                flush()
        flush()
    findings = [
        *again_findings(headers, rulers, [], second),
        *repair_findings(repairs, joined, detected),
        *ragged_findings(short, surplus, columns),
        *blank_findings(blank),
    ]
    cells = [pyarrow.chunked_array([batch[place] for batch in batches], pyarrow.large_string()) for place in range(columns)]
    starts_of = numpy.concatenate(numbers) if numbers else numpy.zeros(0, dtype=numpy.int64)
    return finished(cells, starts_of, detected, encoding, tuple(findings), limit is None)


def finished(
    cells: list[pyarrow.ChunkedArray],
    lines: numpy.ndarray,
    detected: Detected,
    encoding: Encoding,
    findings: tuple[Finding, ...],
    to_the_end: bool = True,
) -> Table:
    """Return the table of what either way has read: without a total at its end and without columns that hold nothing."""
    columns, header = len(cells), detected.header
    totals: list[int] = []
    doubt: list[Finding] = []
    last = [column.slice(max(0, len(column) - ENDING_ROWS)).to_pylist() for column in cells] if header and to_the_end else []
    if last and len(lines) > ENDING_ROWS and (ending := ending_rows(list(zip(*last, strict=True)), detected.shape.closed)):
        totals += map(int, lines[-ending:])
        cells, lines = [column.slice(0, len(column) - ending) for column in cells], lines[:-ending]
    described = any(item.code == "second_header" for item in findings)
    if header and len(lines) and not described and looks_like_second_header([column[0].as_py() for column in cells], detected.below[1:]):
        said = "The row below the names of the columns ({lines}) may be a second header; it was kept as a row."
        action = "If it is, skip what stands above it (--skip-rows), or delete it from the file."
        doubt = [finding("Perhaps a second header", "second_header_suspected", said, action, [int(lines[0])])]
    names, notes = unique_names(header) if header else ([f"column {place}" for place in range(1, columns + 1)], [])
    empty = [place for place in range(columns) if not (header and header[place].strip()) and len(lines) and holds_nothing(cells[place])]
    if empty and len(empty) < columns:
        kept = [place for place in range(columns) if place not in set(empty)]
        cells = [cells[place] for place in kept]
        unnamed = sum(not header[place].strip() for place in kept) if header else 0
        notes = [note for note in notes if "have no name" not in note]
        notes += [f"{unnamed} of {len(kept)} columns have no name in the header; they are called by their position."] if unnamed else []
        names = [names[place] for place in kept]
    else:
        empty = []
    every = (
        *encoding.findings,
        *skipped_finding(len(detected.skipped), detected.skipped),
        *empty_columns_finding([place + 1 for place in empty]),
        *findings,
        *doubt,
        *again_findings([], [], totals, []),
    )
    return Table(frame_of(names, cells), detected.options, (*encoding.notes, *detected.notes, *notes), every, lines)


def holds_nothing(column: pyarrow.ChunkedArray) -> bool:
    """Return whether every cell of a column is empty."""
    return all(not cell.strip() for cell in column.slice(0, 100).to_pylist()) and all(
        not cell.strip() for chunk in column.chunks for cell in pyarrow.compute.unique(chunk).to_pylist()
    )


def repair_findings(repairs: Repairs, joined: list[int], detected: Detected) -> list[Finding]:
    """Say which lines were read otherwise than they stand in the file."""
    quote, delimiter = detected.dialect.quote, detected.dialect.delimiter
    text = detected.header[detected.shape.text] if detected.header and detected.shape.text is not None else ""
    of_text = f"“{text}”" if text else "the text"
    look = "Look at these rows; quote and delimiter can be set (--quote, --delimiter)."
    every = (
        (repairs.unclosed, "Quotes that never close", "open_quotes",
         f"In {{count}} row(s) a cell opens with {quote} and never closes ({{lines}}); it was ended with its line or delimiter."),
        (repairs.loose, "Quotes that are not doubled", "loose_quotes",
         f"In {{count}} row(s) a quoted cell holds a {quote} that is not doubled ({{lines}}); cells were ended only before a delimiter."),
        (repairs.doubtful, "Long quoted cells", "rows_in_quotes",
         "{count} quoted cell(s) of many lines, most of which could be rows of their own ({lines}): kept as one cell each."),
        (joined, "Delimiters in the text", "joined_cells",
         f"{{count}} row(s) with more {delimiter!r} than the others ({{lines}}): the surplus was taken as part of {of_text}."),
    )  # fmt: skip
    return [finding(title, code, sentence, look, lines) for lines, title, code, sentence in every if lines]


def ragged_findings(short: list[int], surplus: list[int], columns: int) -> list[Finding]:
    """Say what became of the rows with too few or too many cells, whose lines are given."""
    said = (
        f"{{count}} row(s) with other than {columns} cells ({{lines}}): {len(short):,} were filled with empty cells, "
        f"{len(surplus):,} with too many were left out."
    )
    action = "Look at delimiter and quoting (--delimiter, --quote)."
    lines = sorted([*short, *surplus])
    return [finding("Rows with the wrong number of cells", "ragged_rows", said, action, lines)] if lines else []


def blank_findings(blank: list[int]) -> list[Finding]:
    """Say which lines are blank: between rows, or with nothing but delimiters."""
    said = "{count} line(s) blank or of delimiters only ({lines}): left out, for they are no rows."
    return [finding("Blank lines", "blank_lines", said, "Nothing needs to be done.", blank)] if blank else []
