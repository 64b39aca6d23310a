"""Reading large even files with Arrow; what is uneven or doubtful is left to the tolerant way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy
import pyarrow
import pyarrow.compute
import pyarrow.csv

from engine.reading.delimited.detection import Detected
from engine.reading.extra_rows import again_findings, is_header_again, is_ruler, plain_name
from engine.reading.finding import Finding

BLOCK_BYTES = 2**20
MOST_EXTRA_ROWS = 100
"""So many rows that are no data are cut out of the table without a copy; a file with more is read the tolerant way."""


@dataclass(frozen=True)
class Cells:
    """What the fast way has read below the header."""

    columns: list[pyarrow.ChunkedArray]
    lines: numpy.ndarray
    findings: tuple[Finding, ...]


def read_fast(path: Path, detected: Detected, newlines: int) -> Cells | None:
    """Read with Arrow; ``None`` where a row is ragged, a cell very long, a byte not UTF-8, a line blank or a quote doubtful."""
    dialect, columns, skip = detected.dialect, detected.shape.columns, detected.options.skip_rows or 0
    if not (dialect.plain and f"{dialect.delimiter}{dialect.quote}".isascii()) or dialect.spaced or detected.doubtful or not columns:
        return None
    keys = [str(position) for position in range(columns)]
    try:
        read = pyarrow.csv.read_csv(
            path,
            read_options=pyarrow.csv.ReadOptions(column_names=keys, block_size=BLOCK_BYTES, skip_rows=skip),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=dialect.delimiter, quote_char=dialect.quote or False, newlines_in_values=bool(dialect.quote)
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types={key: pyarrow.large_string() for key in keys}, strings_can_be_null=False, check_utf8=True
            ),
        )
    except pyarrow.ArrowInvalid:
        return None
    with path.open("rb") as file:
        file.seek(-1, 2)
        ended = file.read(1) == b"\n"
    lines = line_numbers(read, newlines - skip + (not ended), detected)
    if lines is None or not len(lines):
        return None
    if columns > 1 and holds_blank_rows(read):
        return None
    lines += skip
    if not detected.header:
        return Cells(read.columns, lines, ())
    return below_header(read, lines, detected)


def below_header(read: pyarrow.Table, lines: numpy.ndarray, detected: Detected) -> Cells | None:
    """Cut the header out, and what repeats it or is drawn; ``None`` where that is too much."""
    first, name = read.column(0), plain_name(detected.header[0])
    if not name:  # nothing to look for in the other rows
        candidates = numpy.zeros(1, dtype=numpy.int64)
    else:
        drawn = pyarrow.compute.starts_with(first, "--")
        for mark in (":-", "==", "__", "+-"):
            drawn = pyarrow.compute.or_(drawn, pyarrow.compute.starts_with(first, mark))
        short = pyarrow.compute.less_equal(pyarrow.compute.binary_length(first), len(name.encode()) + 8)
        places = numpy.flatnonzero(short.to_numpy())
        folded = pyarrow.compute.utf8_lower(first.take(pyarrow.array(places)))
        again = places[pyarrow.compute.match_substring(folded, name.lower()).to_numpy()]
        candidates = numpy.union1d(numpy.union1d(again, numpy.flatnonzero(drawn.to_numpy())), [0])
    if len(candidates) > MOST_EXTRA_ROWS:
        return None
    headers: list[int] = []
    rulers: list[int] = []
    for place in candidates.tolist():
        row = [column[place].as_py() for column in read.columns]
        if is_ruler(row):
            rulers.append(place)
        elif place == 0 or is_header_again(row, detected.header):
            headers.append(place)
    below = [place for place in range(1, min(read.num_rows, 2 * MOST_EXTRA_ROWS)) if place not in rulers and place not in headers]
    second = below[: detected.second]
    if 0 in rulers:  # the header stands further down
        return None
    extra = sorted([*headers, *rulers, *second])
    pieces = [read.slice(begin + 1, end - begin - 1) for begin, end in zip(extra, [*extra[1:], read.num_rows], strict=True)]
    kept = pyarrow.concat_tables(pieces)
    findings = again_findings(*([int(lines[place]) for place in places if place] for places in (headers, rulers, [], second)))
    return Cells(kept.columns, numpy.delete(lines, extra), tuple(findings))


def holds_blank_rows(read: pyarrow.Table) -> bool:
    """Return whether a row holds nothing but delimiters and spaces."""
    for _ in range(read.num_columns):  # few rows are left after the first
        read = read.filter(pyarrow.compute.equal(pyarrow.compute.utf8_trim_whitespace(read.column(0)), ""))
        if not read.num_rows:
            return False
        read = read.select(read.column_names[1:])
    return True


def line_numbers(read: pyarrow.Table, text_lines: int, detected: Detected) -> numpy.ndarray | None:
    """Return the line on which each row starts, from the line feeds inside its cells.

    ``None`` where they do not add up to the lines of the text, as with blank lines, and where a cell of several lines may have
    swallowed rows between two stray quotes.
    """
    rows = read.num_rows
    if text_lines == rows:
        return numpy.arange(1, rows + 1)
    spans = numpy.ones(rows, dtype=numpy.int64)
    for column in read.columns:
        feeds = pyarrow.compute.count_substring(column, "\n")
        spans += feeds.to_numpy()
        if may_hold_rows(column.filter(pyarrow.compute.greater(feeds, 0)), detected):
            return None
    ends = numpy.cumsum(spans)
    return numpy.concatenate([[1], ends[:-1] + 1]) if rows and text_lines == ends[-1] else None


def may_hold_rows(cells: pyarrow.ChunkedArray, detected: Detected) -> bool:
    """Return whether one of these cells of several lines holds a line that ends or begins as a row does, or lines that could be rows."""
    mark, columns = re.escape(detected.dialect.delimiter), detected.shape.columns
    patterns = []
    for place, values in detected.shape.closed.items():
        known = "|".join(map(re.escape, sorted(values)))
        if place == columns - 1:
            patterns.append(rf"{mark} *(?:{known}) *\r?\n")
        elif place == 0:
            patterns.append(rf"\n *(?:{known}) *{mark}")
    if not patterns:
        cell = rf"[^{mark}\n]*"
        line = mark.join([cell] * columns)
        patterns.append(rf"(?:{line}\n){{{3 if columns > 2 else 7}}}")
    return any(pyarrow.compute.any(pyarrow.compute.match_substring_regex(cells, pattern)).as_py() for pattern in patterns)
