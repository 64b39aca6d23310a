"""Reading the other formats: JSON Lines, Parquet and Excel."""

from __future__ import annotations

import datetime
import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import openpyxl
import pyarrow
import pyarrow.parquet

from engine.data.choice import ReadingOptions
from engine.data.reading.delimited import decoded
from engine.data.reading.encoding import detect_encoding
from engine.data.reading.opening import MAX_DECOMPRESSED_BYTES, MEBIBYTE, verify_archive
from engine.data.table import MAX_COLUMNS, Table, frame_of, strings, unique_names
from engine.errors import DataError

BATCH_ROWS = 8192
MAX_ROWS = 5_000_000


def read_json_lines(path: Path, name: str, options: ReadingOptions, limit: int | None) -> Table:
    """Read one JSON object a line (or one array of objects); nested values are kept as JSON text. Other lines are left out and reported."""
    encoding = detect_encoding(path, name, options.encoding)
    columns: dict[str, list[str]] = {}
    lines: list[int] = []
    broken: list[int] = []
    with path.open("rb") as raw:
        text = decoded(raw, encoding)
        start = text.read(4096).lstrip("\ufeff \t\r\n")
        text.seek(0)
        source = enumerate(text, start=1) if not start.startswith("[") else enumerate(_array(text.read(), name), start=1)
        for number, line in source:
            if isinstance(line, str) and not line.strip():
                continue
            if limit is not None and len(lines) >= limit:
                break
            try:
                values = json.loads(line) if isinstance(line, str) else line
            except (ValueError, RecursionError):
                values = None
            if not isinstance(values, dict):
                broken.append(number)
                continue
            for key, value in values.items():
                column = columns.get(key)
                if column is None:
                    if len(columns) >= MAX_COLUMNS:
                        unique_names([""] * (MAX_COLUMNS + 1))
                    column = columns[key] = []
                column.extend([""] * (len(lines) - len(column)))
                column.append(_plain(value))
            lines.append(number)
    if not lines:
        raise DataError(
            f'“{name}” holds no JSON object. Expected one object a line, such as {{"text": "…", "label": "…"}}; '
            f"{len(broken):,} lines were something else. Export it as JSON Lines, or choose CSV as the kind of file."
        )
    for column in columns.values():
        column.extend([""] * (len(lines) - len(column)))
    names, notes = unique_names(list(columns))
    if broken:
        listed = ", ".join(f"{number:,}" for number in broken[:5]) + (" …" if len(broken) > 5 else "")
        notes = [*notes, f"{len(broken):,} lines are not a JSON object and were left out (lines {listed})."]
    resolved = replace(options, kind="json-lines", encoding=encoding.name)
    frame = frame_of(names, [strings(column) for column in columns.values()])
    is_array = start.startswith("[")
    return Table(frame, resolved, (*encoding.notes, *notes), tuple(broken), None if is_array else numpy.array(lines))


def _array(text: str, name: str) -> list[Any]:
    try:
        values = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"“{name}” starts like a JSON array but cannot be read: {error}. "
            "Expected a list of objects, or better one object a line. Export it again."
        ) from error
    return list(values)


def _plain(value: Any) -> str:
    """Return a value as a person would type it into a cell."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def read_parquet(path: Path, name: str, options: ReadingOptions, limit: int | None) -> Table:
    """Read every column of a Parquet file as strings, batch by batch so that a small file cannot unfold without end."""
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            groups = [file.metadata.row_group(position) for position in range(file.metadata.num_row_groups)]
            unfolded = sum(group.total_byte_size for group in groups)
            if unfolded > MAX_DECOMPRESSED_BYTES or file.metadata.num_rows > MAX_ROWS:
                raise _too_large(name, f"{file.metadata.num_rows:,} rows and {unfolded / MEBIBYTE:,.0f} MB")
            names, notes = unique_names(file.schema_arrow.names)
            batches: list[list[pyarrow.Array]] = []
            taken = size = 0
            for batch in file.iter_batches(batch_size=min(2048, limit) if limit else 2048):
                if limit is not None:
                    batch = batch.slice(0, limit - taken)
                taken += batch.num_rows
                batches.append([_strings_of(column) for column in batch.columns])
                size += sum(column.nbytes for column in batches[-1])
                if size > MAX_DECOMPRESSED_BYTES:
                    raise _too_large(name, f"more than {MAX_DECOMPRESSED_BYTES / MEBIBYTE:,.0f} MB")
                if limit is not None and taken >= limit:
                    break
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        first = (str(error).splitlines() or ["unreadable"])[0]
        raise DataError(f"“{name}” is a damaged Parquet file: {first}. Expected a complete one. Export or download it again.") from error
    columns = [pyarrow.chunked_array([batch[position] for batch in batches], pyarrow.large_string()) for position in range(len(names))]
    return Table(frame_of(names, columns), replace(options, kind="parquet"), tuple(notes))


def _strings_of(column: pyarrow.Array) -> pyarrow.Array:
    if pyarrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pyarrow.types.is_string(column.type) or pyarrow.types.is_large_string(column.type) or pyarrow.types.is_integer(column.type):
        return column.cast(pyarrow.large_string()).fill_null("")
    return strings([_plain(value) for value in column.to_pylist()])


def _too_large(name: str, size: str) -> DataError:
    return DataError(
        f"“{name}” unfolds to {size}; at most {MAX_ROWS:,} rows and {MAX_DECOMPRESSED_BYTES / MEBIBYTE:,.0f} MB are accepted. "
        "Reading was stopped there. Upload a part of the rows."
    )


def read_excel(path: Path, name: str, options: ReadingOptions, limit: int | None) -> Table:
    """Read one sheet of a workbook, its header detected; formulas give the value that Excel stored, else their own text."""
    from engine.data.reading.dialect import detect_header

    with path.open("rb") as file:
        formulas = verify_archive(file, name)
    with path.open("rb") as file, path.open("rb") as second, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns about styles and extensions that do not concern the cells
        try:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            sheets = [sheet.title for sheet in book.worksheets]
            title = (
                options.sheet
                if options.sheet is not None
                else next((s.title for s in book.worksheets if _has_cells(s)), sheets[0] if sheets else "")
            )
            if title not in sheets:
                raise DataError(
                    f"“{name}” has no sheet called “{title}”. Expected one of: {', '.join(sheets) or 'none'}. Choose one of them."
                )
            rows = _sheet_rows(book[title], name, limit)
            if formulas:
                # A formula that no program has computed yet has no value: show the formula instead of nothing.
                source = _sheet_rows(openpyxl.load_workbook(second, read_only=True, data_only=False)[title], name, limit)
                rows = [[value or formula for value, formula in zip(*pair, strict=True)] for pair in zip(rows, source, strict=True)]
        except DataError:
            raise
        except Exception as error:  # openpyxl raises a dozen kinds of error on damaged workbooks
            raise DataError(
                f"“{name}” is a damaged Excel file ({type(error).__name__}: {error}). Expected a readable .xlsx. Save it again."
            ) from error
    numbered = [(number, row) for number, row in enumerate(rows, start=1) if any(row)]
    width = max((len(row) for _, row in numbered), default=0)
    while width and not any(len(row) >= width and row[width - 1] for _, row in numbered):
        width -= 1
    if not numbered or width == 0:
        raise DataError(
            f"The sheet “{title}” of “{name}” has no filled cell. Expected a table. Choose another sheet of: {', '.join(sheets)}."
        )
    filled = [(number, (row + [""] * width)[:width]) for number, row in numbered]
    header, sentence = (options.header, "") if options.header is not None else detect_header([row for _, row in filled])
    notes = [sentence] if sentence else []
    if len(sheets) > 1:
        notes.append(f"The workbook has {len(sheets)} sheets; “{title}” was read.")
    names = [f"column {position}" for position in range(1, width + 1)]
    if header:
        names, repairs = unique_names(filled[0][1])
        notes += repairs
        filled = filled[1:]
    filled = filled[:limit] if limit is not None else filled
    frame = frame_of(names, [strings([row[position] for _, row in filled]) for position in range(width)])
    lines = numpy.array([number for number, _ in filled], dtype=numpy.int64)
    return Table(frame, replace(options, kind="excel", sheet=title, header=header), tuple(notes), (), lines)


def _has_cells(sheet: Any) -> bool:
    sheet.reset_dimensions()  # the size that a workbook claims is often wrong
    return any(any(value is not None for value in row) for row, _ in zip(sheet.iter_rows(values_only=True), range(50), strict=False))


def _sheet_rows(sheet: Any, name: str, limit: int | None) -> list[list[str]]:
    sheet.reset_dimensions()
    rows: list[list[str]] = []
    size = 0
    for row in sheet.iter_rows(values_only=True):
        if len(row) > MAX_COLUMNS:
            unique_names([""] * len(row))
        rows.append([_plain(value) for value in row])
        size += sum(map(len, rows[-1])) + 8 * len(row)
        if size > MAX_DECOMPRESSED_BYTES:
            raise _too_large(name, f"more than {MAX_DECOMPRESSED_BYTES / MEBIBYTE:,.0f} MB of cells")
        if limit is not None and len(rows) > limit + 50:
            break
    return rows
