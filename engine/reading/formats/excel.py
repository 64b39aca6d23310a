"""Reading a sheet of a workbook: ``.xlsx``, ``.xlsm``, ``.xlsb``, ``.xls`` and ``.ods``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy
import python_calamine

from engine.errors import DataError
from engine.reading.columns.guess import guess_columns
from engine.reading.columns.header import detect_header
from engine.reading.containers import limits
from engine.reading.containers.foreign import locked
from engine.reading.containers.limits import MEBIBYTE, too_large
from engine.reading.extra_rows import (
    ENDING_ROWS,
    again_findings,
    empty_columns_finding,
    ending_rows,
    finding,
    is_header_again,
    is_second_header,
    leading_rows,
    looks_like_second_header,
    skipped_finding,
)
from engine.reading.finding import SHOWN_ROWS, Finding
from engine.reading.formats.workbook_parts import SheetFacts, facts_of
from engine.reading.options import ReadingOptions
from engine.reading.table import MAX_COLUMNS, Table, frame_of, strings, unique_names
from engine.reading.values import plain_text

ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#GETTING_DATA", "#SPILL!", "#CALC!", "Err:502"})
"""What spreadsheet programs show in place of a value that could not be computed."""
LOOKED_AT_ROWS = 400
"""Rows of each sheet that tell which of them holds the table."""
VISIBLE = python_calamine.SheetVisibleEnum.Visible
MOST_CLASSES = 200
"""A column with more values than this is no class that a total could be taken for."""
Rows = list[tuple[int, list[str]]]
"""Rows of cells with their 1-based numbers in the sheet."""


@dataclass(frozen=True)
class Sheet:
    """The cells of a sheet, before it is known what of them is a table."""

    title: str
    rows: Rows
    merged: tuple[tuple[int, int, int], ...]
    """Merged cells that span rows: the first row, the last row (both 1-based) and the column (from 0) of each."""
    error_cells: int
    """Cells with an error as their text; other errors come as empty cells."""


def read_excel(path: Path, name: str, options: ReadingOptions, limit: int | None) -> Table:
    """Read the sheet of a workbook that holds a table; merged cells are filled down, cells with an error are empty, both are said."""
    facts = facts_of(path, name)
    with _damage(name):
        book = python_calamine.load_workbook(str(path))
        titles = [item.name for item in book.sheets_metadata]
        hidden = {item.name for item in book.sheets_metadata if item.visible != VISIBLE}
        if options.sheet is not None:
            title = _title(options.sheet, titles, name)
            sheet, others = _sheet(book, title, name, facts, limit), list[Sheet]()
        else:
            sheet, others = _best_sheet(book, titles, hidden, name, facts, limit)
    if not sheet.rows:
        raise DataError(
            f"The sheet “{sheet.title}” of “{name}” has no filled cell. Expected a table. Choose another sheet of: {', '.join(titles)}."
        )
    table = _table(sheet, options, limit)
    findings = [*table.findings, *_cell_findings(sheet, facts.get(sheet.title, SheetFacts())), *_other_sheets(table, others, options)]
    notes = list(table.notes)
    if len(titles) > 1:
        unseen = f", {len(hidden)} of them hidden" if hidden else ""
        notes.append(f"The workbook has {len(titles)} sheets{unseen}; “{sheet.title}” was read.")
    return replace(table, notes=tuple(notes), findings=tuple(findings))


@contextmanager
def _damage(name: str) -> Iterator[None]:
    """Make whatever the parser raises on a damaged workbook a sentence, panics included, which are no ``Exception``."""
    try:
        yield
    except (DataError, KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError):
        raise
    except python_calamine.PasswordError as error:
        raise locked(name) from error
    except BaseException as error:
        reason = (str(error).splitlines() or ["unreadable"])[0]
        if "password" in reason.lower():
            raise locked(name) from error
        if "limit exceeded" in reason.lower():
            raise too_large(name, "more cells than can be held") from error
        raise DataError(
            f"“{name}” is a damaged workbook ({type(error).__name__}: {reason}). Expected a readable one. Save it again."
        ) from error


def _title(wanted: str, titles: list[str], name: str) -> str:
    """Return the sheet with this title; case and outer spaces do not matter where only one fits."""
    close = [title for title in titles if title == wanted] or [t for t in titles if t.strip().lower() == wanted.strip().lower()]
    if len(close) != 1:
        raise DataError(
            f"“{name}” has no sheet called “{wanted}”. Expected one of: {', '.join(titles) or 'none'}. Choose one of them (--sheet)."
        )
    return close[0]


def _best_sheet(
    book: Any, titles: list[str], hidden: set[str], name: str, facts: dict[str, SheetFacts], limit: int | None
) -> tuple[Sheet, list[Sheet]]:
    """Return the visible sheet with the best table, and the other visible ones; a hidden one only where no visible one has a table."""
    worksheets = {item.name for item in book.sheets_metadata if item.typ == python_calamine.SheetTypeEnum.WorkSheet} or set(titles)
    visible = [_sheet(book, title, name, facts, limit) for title in titles if title in worksheets and title not in hidden]
    if len(visible) == 1 and len(worksheets) == 1:
        return visible[0], []
    if all(_merit(sheet)[0] == 0 for sheet in visible):
        visible += [_sheet(book, title, name, facts, limit) for title in titles if title in worksheets and title in hidden]
    if not visible:
        raise DataError(f"“{name}” has no worksheet. Expected a table on one. It holds: {', '.join(titles) or 'nothing'}.")
    best = max(visible, key=_merit)  # the first of equal ones
    return best, [sheet for sheet in visible if sheet is not best and sheet.title not in hidden]


def _merit(sheet: Sheet) -> tuple[int, int]:
    """Return how much a sheet is like a table of texts and labels, and then its rows."""
    if not sheet.rows or max(len(row) for _, row in sheet.rows) < 2:
        return (0, len(sheet.rows))
    sample = replace(sheet, rows=sheet.rows[:LOOKED_AT_ROWS])
    try:
        table = _table(sample, ReadingOptions(), LOOKED_AT_ROWS)
    except DataError:
        return (0, len(sheet.rows))
    guess = guess_columns(table)
    found = guess.label is not None and bool(guess.text)
    return (1 + found + (found and guess.sure) if len(table.frame) > 0 else 0, len(sheet.rows))


def _sheet(book: Any, title: str, name: str, facts: dict[str, SheetFacts], limit: int | None) -> Sheet:
    cells = book.get_sheet_by_name(title)
    rows: Rows = []
    size = errors = 0
    if cells.width > MAX_COLUMNS:
        unique_names([""] * cells.width)
    for number, row in enumerate(cells.iter_rows(), start=1):
        texts = [plain_text(value) for value in row]
        for position, text in enumerate(texts):
            if text[:1] in ("#", "E") and text in ERRORS:
                texts[position] = ""
                errors += 1
        while texts and not texts[-1].strip():
            texts.pop()
        if texts:
            rows.append((number, texts))
        size += sum(map(len, texts)) + 8 * len(row)
        if size > limits.MAX_DECOMPRESSED_BYTES:
            raise too_large(name, f"more than {limits.MAX_DECOMPRESSED_BYTES / MEBIBYTE:,.0f} MB of cells")
        if limit is not None and len(rows) > limit + LOOKED_AT_ROWS:
            break
    first_column = cells.start[1] if cells.start else 0  # empty columns on the left are not given
    ranges = cells.merged_cell_ranges or ()
    merged = [(top + 1, bottom + 1, left) for (top, left), (bottom, _) in ranges if bottom > top]
    merged += facts.get(title, SheetFacts()).merged
    return Sheet(title, rows, tuple((top, bottom, left - first_column) for top, bottom, left in merged), errors)


def _table(sheet: Sheet, options: ReadingOptions, limit: int | None) -> Table:
    """Make a table out of the rows of a sheet: what is above it is skipped, its header told, merged cells filled down."""
    width = max(len(row) for _, row in sheet.rows)
    skipped = options.skip_rows or 0
    rows = [(number, row + [""] * (width - len(row))) for number, row in sheet.rows if number > skipped]
    findings: list[Finding] = []
    # What is merged counts as filled where the table is looked for, but only its rows are filled in the end, not a header of two rows.
    probe = [(number, list(row)) for number, row in rows[:LOOKED_AT_ROWS]]
    _fill_down(probe, sheet.merged)
    if options.skip_rows is None:
        above = leading_rows([row for _, row in probe])
        if above:
            findings = skipped_finding(rows[above][0] - 1, [" ".join(filter(None, row)) for _, row in rows[:above]])
        rows, probe = rows[above:], probe[above:]
    first = rows[0][0] if rows else 1
    header, sentence = (options.header, "") if options.header is not None else detect_header([row for _, row in probe])
    notes = [sentence] if sentence else []
    names, places = [f"column {place}" for place in range(1, width + 1)], list(range(width))
    if header and rows:
        head, (rows, more) = rows[0][1], _without_extra_rows(rows[0][1], rows[1:])
        empty = [place for place in places if not head[place].strip() and not any(row[place].strip() for _, row in rows)]
        places = [place for place in places if place not in empty]
        names = [unique_names(head)[0][place] for place in places]
        notes += unique_names([head[place] for place in places])[1]
        findings += [*more, *empty_columns_finding([place + 1 for place in empty])]
    filled = _fill_down(rows, sheet.merged)
    if filled:
        findings.append(
            Finding(
                "Merged cells",
                len(filled),
                f"Cells that are merged with the one above come empty: {len(filled):,} got the value of the whole.",
                "Nothing, if the merged value is meant for every row.",
                code="merged_cells",
                rows=tuple(filled[:SHOWN_ROWS]),
            )
        )
    rows = rows[:limit] if limit is not None else rows
    frame = frame_of(names, [strings([row[place] for _, row in rows]) for place in places])
    lines = numpy.array([number for number, _ in rows], dtype=numpy.int64)
    resolved = replace(options, kind="excel", sheet=sheet.title, header=header, skip_rows=first - 1)
    return Table(frame, resolved, tuple(notes), tuple(findings), lines)


def _without_extra_rows(head: list[str], rows: Rows) -> tuple[Rows, list[Finding]]:
    """Return the rows below a header that are data, and what was said of the others."""
    below = [row for _, row in rows[1:LOOKED_AT_ROWS]]
    second = [rows[0][0]] if len(below) > 1 and is_second_header(rows[0][1], head, below) else []
    doubt: list[Finding] = []
    if below and not second and looks_like_second_header(rows[0][1], below):
        said = "The row below the names of the columns ({lines}) may be a second header; it was kept as a row."
        action = "If it is, skip what stands above it (--skip-rows), or delete it from the sheet."
        doubt = [finding("Perhaps a second header", "second_header_suspected", said, action, [rows[0][0]])]
    again = [number for number, row in rows if row[0].strip() == head[0].strip() and is_header_again(row, head)]
    totals: list[int] = []
    if len(rows) > ENDING_ROWS and ending_rows([row for _, row in rows], {}):
        few = {place: few for place in range(len(head)) if len(few := {other[place] for _, other in rows[:-3]}) <= MOST_CLASSES}
        ending = ending_rows([row for _, row in rows], few)
        totals = [number for number, _ in rows[len(rows) - ending :]]
    left_out = {*second, *again, *totals}
    kept = [(number, row) for number, row in rows if number not in left_out] if left_out else rows
    return kept, [*again_findings(again, [], totals, second), *doubt]


def _fill_down(rows: Rows, merged: tuple[tuple[int, int, int], ...]) -> list[int]:
    """Write the value of merged cells into each of their rows that is there; returns the positions of those rows."""
    if not merged:
        return []
    positions = {number: position for position, (number, _) in enumerate(rows)}
    filled = []
    for top, bottom, column in merged:
        if top not in positions or column >= len(rows[0][1]):
            continue  # in the title, or the header
        value = rows[positions[top]][1][column]
        for number in range(top + 1, min(bottom, rows[-1][0]) + 1):
            if value and number in positions and not rows[positions[number]][1][column]:
                rows[positions[number]][1][column] = value
                filled.append(positions[number])
    return sorted(filled)


def _cell_findings(sheet: Sheet, facts: SheetFacts) -> list[Finding]:
    findings = []
    if errors := facts.errors + sheet.error_cells:
        findings.append(
            Finding(
                "Cells with an error",
                errors,
                f"An error such as #N/A in place of a value is read as an empty cell: {errors:,} of them.",
                "Correct the formulas in the workbook if the values matter.",
                code="error_cells",
            )
        )
    if facts.uncomputed:
        findings.append(
            Finding(
                "Formulas without a value",
                facts.uncomputed,
                f"A formula that no program has computed yet is read as an empty cell: {facts.uncomputed:,} of them.",
                "Open the workbook in a spreadsheet program and save it again.",
                code="formulas_without_value",
            )
        )
    return findings


def _other_sheets(table: Table, others: list[Sheet], options: ReadingOptions) -> list[Finding]:
    """Say which other sheets hold a table with the same columns: a year in twelve sheets is no smaller data set."""
    alike = []
    for sheet in others:
        if sheet.rows and [cell.strip() for cell in sheet.rows[0][1]] == list(table.frame.columns):
            alike.append(sheet)
    if not alike:
        return []
    listed = ", ".join(f"“{sheet.title}”" for sheet in alike[:6]) + (" …" if len(alike) > 6 else "")
    return [
        Finding(
            "Other sheets with the same columns",
            len(alike),
            f"Not read, though with the same columns: {listed}.",
            "Choose another sheet (--sheet), or copy the rows into one.",
            code="other_sheets",
        )
    ]
