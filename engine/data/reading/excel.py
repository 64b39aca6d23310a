"""Reading a sheet of a workbook."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import openpyxl

from engine.data.choice import ReadingOptions
from engine.data.reading.header import detect_header
from engine.data.reading.opening import MAX_DECOMPRESSED_BYTES, MEBIBYTE, too_large, verify_archive
from engine.data.reading.values import plain_text
from engine.data.table import MAX_COLUMNS, Table, frame_of, strings, unique_names
from engine.errors import DataError


def read_excel(path: Path, name: str, options: ReadingOptions, limit: int | None) -> Table:
    """Read one sheet of a workbook, its header detected; formulas give the value that Excel stored, else their own text."""
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
        rows.append([plain_text(value) for value in row])
        size += sum(map(len, rows[-1])) + 8 * len(row)
        if size > MAX_DECOMPRESSED_BYTES:
            raise too_large(name, f"more than {MAX_DECOMPRESSED_BYTES / MEBIBYTE:,.0f} MB of cells")
        if limit is not None and len(rows) > limit + 50:
            break
    return rows
