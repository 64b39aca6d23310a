"""The table under a choice: the stored file, below it the files of given parts, the part of each row, a row for each label of a cell.

Whoever checks, splits or trains reads through :func:`chosen_table`, so that all of them speak of the same rows.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy
import pandas

from engine.data.checks.findings import first_rows, plural, quoted, share
from engine.data.choice import DataChoice, PartFile
from engine.data.rows import Rows
from engine.data.store import DatasetStore
from engine.data.table_cache import read_stored
from engine.errors import DataError
from engine.reading.columns.labels import split_labels
from engine.reading.columns.part_names import NO_PART, PARTS, parts_of
from engine.reading.finding import Finding
from engine.reading.table import Table, chunks_of

BY_POSITION = re.compile(r"column \d+")
"""What readers call a column without a name."""
SPLIT_COLUMN_ADVICE = "Choose another column, or none, so that the parts are drawn (--split-column '')."


def chosen_table(store: DatasetStore, choice: DataChoice, table: Table | None = None) -> Table:
    """Return the rows that a choice speaks of; ``table`` is the main file's where it is at hand, and comes back where nothing was added.

    Raises ``DataError`` where a file or a column cannot give the parts that it was chosen for.
    """
    table = table or read_stored(store.get(choice.dataset), choice.reading)
    others = {part: _part_table(store, file, table, choice) for part, file in choice.part_files.items()}
    for part, file in choice.part_files.items():
        if file.dataset == choice.dataset and others[part].options == table.options:
            raise DataError(
                f"“{file.name}” is given for the {part} part, but it is the main file itself, so every text would be in both. "
                f"Expected another file. Choose one (--{part}-file), or none."
            )
    return with_label_rows(with_given_parts(table, choice, others), choice)


def _part_table(store: DatasetStore, file: PartFile, table: Table, choice: DataChoice) -> Table:
    """Return the table of a part's file, read as the main file is where only so its columns are found: a short header is easily missed."""
    dataset, needed = store.get(file.dataset), {*choice.text, choice.label}
    detected = read_stored(dataset, file.reading)
    if table.options.kind == detected.options.kind and not needed <= set(detected.frame.columns):
        as_main = replace(table.options, container=detected.options.container, skip_rows=None, sheet=None, member=None)
        with contextlib.suppress(DataError):
            other = read_stored(dataset, as_main)
            if needed <= set(other.frame.columns) and len(other.frame.columns) == len(table.frame.columns):
                return replace(other, notes=(*other.notes, f"It is read as “{choice.name}” is: only so its columns are found."))
    return detected


def with_given_parts(table: Table, choice: DataChoice, others: Mapping[str, Table]) -> Table:
    """Return the table with the part of each row, and below it the tables of ``others``, by their part."""
    names = list(map(str, table.frame.columns))
    needed = [*choice.text, choice.label]
    if not choice.gives_parts or not set(needed) <= set(names):  # columns that do not exist are a line of the check report
        return table
    table = _with_column(table, choice)
    for part, file in choice.part_files.items():
        if table.parts is not None and (table.parts == PARTS.index(part)).any():
            raise DataError(
                f"Both the column “{choice.split_column}” and the file “{file.name}” give the {part} part. Expected one of them. "
                f"Leave the file out (--{part}-file), or take no split column (--split-column '')."
            )
        table = _appended(table, choice.name, others[part], file, part, needed)
    return table


def _with_column(table: Table, choice: DataChoice) -> Table:
    """Return the table with the parts that its split column says; all of it is for training without such a column."""
    rows, name = len(table.frame), choice.split_column
    if not name:
        return replace(table, parts=numpy.zeros(rows, dtype=numpy.int64))
    if name not in table.frame.columns:
        raise DataError(f"There is no column “{name}”; there is {quoted(list(map(str, table.frame.columns)))}. {SPLIT_COLUMN_ADVICE}")
    if name in (*choice.text, choice.label):
        raise DataError(f"“{name}” is the text or the label, so it cannot say the part of a row too. {SPLIT_COLUMN_ADVICE}")
    encoded = chunks_of(table.frame, name).combine_chunks().dictionary_encode()
    values, codes = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
    counts = dict(zip(values, numpy.bincount(codes, minlength=len(values)).tolist(), strict=True))
    meaning = parts_of(values, name)
    strange = [value for value in values if meaning[value] is None]
    if strange or PARTS[0] not in meaning.values():
        shown = strange or values
        found = ", ".join(f"{quoted([value])} in {plural(counts[value], 'row', 'rows')}" for value in shown[:5])
        others = f" and {len(shown) - 5:,} other values" if shown[5:] else ""
        raise DataError(
            f"“{name}” does not say which rows are for training: found {found}{others}. "
            f"Expected values such as train, validation (or dev) and test. {SPLIT_COLUMN_ADVICE}"
        )
    places = numpy.array([PARTS.index(part) if (part := meaning[value]) else -1 for value in values], dtype=numpy.int64)
    parts = places[codes]
    told = [
        f"{part} {(parts == place).sum():,} ({quoted(sources)})" if sources != [part] else f"{part} {(parts == place).sum():,}"
        for place, part in enumerate(PARTS)
        if (sources := [value for value in values if meaning[value] == part])
    ]
    note = f"The column “{name}” says the part of each row: {', '.join(told)}."
    outside = [value for value in values if meaning[value] == NO_PART]
    findings = table.findings
    if outside:
        count = int((parts < 0).sum())
        finding = Finding(
            "Rows in no part",
            count,
            f"“{name}” puts {plural(count, 'row', 'rows')} ({share(count, rows)}) into none of the parts: {quoted(outside)}.",
            "They are left out. Take no split column to use them.",
            first_rows(parts < 0),
            "split_column",
            code="rows_without_part",
        )
        findings += (finding,)
    return replace(table, parts=parts, notes=(*table.notes, note), findings=findings)


def _appended(table: Table, name: str, other: Table, file: PartFile, part: str, needed: Sequence[str]) -> Table:
    """Return the table with the rows of a part's file below its own; columns that only one of them has are empty in the other."""
    names, others = list(map(str, table.frame.columns)), list(map(str, other.frame.columns))
    headless = [found for found, columns in ((name, names), (file.name, others)) if all(map(BY_POSITION.fullmatch, columns))]
    missing = [column for column in needed if column not in others]
    if missing or len(headless) == 1 or (headless and len(names) != len(others)):
        wrong = f"has no column {quoted(missing)}" if missing else "has other columns"
        first_row = f" The first row of {quoted(headless)} was taken for data, not for names." if len(headless) == 1 else ""
        raise DataError(
            f"“{file.name}”, given for the {part} part, {wrong}: found {quoted(others)}. Expected the text and label columns of "
            f"“{name}”, {quoted(list(needed))}.{first_row} Name its columns in the same way, or choose how the two files are read."
        )
    assert table.parts is not None
    start, rows = len(table.frame), len(other.frame)
    if not rows:
        raise DataError(f"“{file.name}”, given for the {part} part, has no rows. Expected labelled texts. Choose another file.")
    frame = pandas.concat([table.frame, other.frame.reindex(columns=names, fill_value="").astype("str")], ignore_index=True)
    moved = tuple(
        replace(finding, sentence=f"In “{file.name}”: {finding.sentence}", rows=tuple(start + row for row in finding.rows))
        for finding in other.findings
    )
    lines = None if table.lines is None or other.lines is None else numpy.concatenate([table.lines, other.lines])
    return replace(
        table,
        frame=frame,
        parts=numpy.concatenate([table.parts, numpy.full(rows, PARTS.index(part), dtype=numpy.int64)]),
        notes=(
            *table.notes,
            *(f"In “{file.name}”: {note}" for note in other.notes),
            f"“{file.name}” is the {part} part: {plural(rows, 'row', 'rows')}.",
        ),
        findings=table.findings + moved,
        lines=lines,
        files=(*(table.files or ((name, 0),)), (file.name, start)),
        folder=None,  # what is kept there was computed of the main file's rows alone
    )


def with_label_rows(table: Table, choice: DataChoice) -> Table:
    """Return the table with one row for each label of a cell, where that was chosen; the texts are the same, and stay in one part.

    A model with several answers would take the cells as they are: rows that share a number in ``origins`` are the labels of one text.
    """
    if choice.several_labels != "rows" or choice.label not in table.frame.columns:
        return table
    rows = Rows(table, choice)
    if not rows.separator:
        return table
    cells, codes = rows.label_cells
    labels = [split_labels(cell, rows.separator) or ("",) for cell in cells]  # a cell without a label stays a row without one
    counts = numpy.array([len(several) for several in labels])
    times, first = counts[codes], (numpy.cumsum(counts) - counts)[codes]
    starts = numpy.cumsum(times) - times
    origins = numpy.repeat(numpy.arange(len(rows)), times)
    positions = (first - starts)[origins] + numpy.arange(len(origins))
    frame = table.frame.iloc[origins].reset_index(drop=True)
    frame[choice.label] = pandas.Series([label for several in labels for label in several], dtype="str").iloc[positions].array
    several = numpy.flatnonzero(times > 1)
    finding = Finding(
        "Several labels in one cell",
        len(several),
        f"{plural(len(several), 'cell holds', 'cells hold')} more than one label, for example {quoted([cells[codes[several[0]]]])}: "
        f"{len(rows):,} rows became {len(frame):,}, one for each label.",
        "Rows of one text stay in one part. A model gives one answer, so of a text with two labels one row is always counted as wrong.",
        first_rows(numpy.flatnonzero(numpy.isin(origins, several))),
        "several_labels",
        code="several_labels",
    )
    moved = [replace(found, rows=tuple(starts[list(found.rows)].tolist())) for found in table.findings]
    return replace(
        table,
        frame=frame,
        findings=(*moved, finding),
        lines=None if table.lines is None else table.lines[origins],
        parts=None if table.parts is None else table.parts[origins],
        files=tuple((name, int(starts[start])) for name, start in table.files),
        origins=origins,
        folder=None,
    )
