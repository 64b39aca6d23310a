"""Reading JSON: one object a line as it streams by, everything else as a whole in one of the shapes of ``shapes.py``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pyarrow
import pyarrow.compute

from engine.errors import DataError
from engine.reading.delimited.lines import decoded
from engine.reading.encoding import Encoding, detect_encoding
from engine.reading.finding import SHOWN_ROWS, Finding
from engine.reading.json_files.exports import REJECTED, SPANS, TURNS, rows_of_export
from engine.reading.json_files.naming import SAMPLE_ROWS
from engine.reading.json_files.parsing import Parser, encoding_without_mark, is_one_object_a_line
from engine.reading.json_files.shapes import Rows, rows_of
from engine.reading.options import ReadingOptions
from engine.reading.table import MAX_COLUMNS, Table, frame_of, strings, unique_names
from engine.reading.values import flattened, plain_text

LINES = "lines"
SAMPLE_CHARACTERS = 2**18
PREVIEW_CHARACTERS = 2**22
"""The start of a list from which a preview is read."""
BATCH_ROWS = 4096
PROMPT_ENDS = ("\n\n###\n\n", "\n\n===\n\n", " ->", "->", "\n\nIntent:\n\n", "\n\nLabel:", "\n\n")
COMPLETION_ENDS = (" END", "###", " ###", "<|endoftext|>", " STOP")


class TooManyFieldsError(Exception):
    """More columns than a table may have, where nested fields are columns of their own."""


class Columns:
    """The columns of a table whose rows come one after the other, each with the fields that it has."""

    def __init__(self) -> None:
        self.rows = 0
        self._batches: list[int] = []
        self._done: dict[str, dict[int, pyarrow.Array]] = {}
        """Column → batch → its cells; a batch in which no row has the column is missing."""
        self._open: dict[str, list[str]] = {}
        self._taken = 0

    def add(self, cells: dict[str, str]) -> None:
        for name, cell in cells.items():
            column = self._open.get(name)
            if column is None:
                if name not in self._done:
                    if len(self._done) >= MAX_COLUMNS:
                        raise TooManyFieldsError
                    self._done[name] = {}
                column = self._open[name] = []
            column.extend([""] * (self._taken - len(column)))
            column.append(cell)
        self.rows += 1
        self._taken += 1
        if self._taken == BATCH_ROWS:
            self._flush()

    def _flush(self) -> None:
        for name, column in self._open.items():
            column.extend([""] * (self._taken - len(column)))
            self._done[name][len(self._batches)] = strings(column)
        self._batches.append(self._taken)
        self._open, self._taken = {}, 0

    def finished(self) -> dict[str, pyarrow.ChunkedArray]:
        """Return every column with a cell for each row."""
        if self._taken:
            self._flush()
        empty = {rows: strings([""] * rows) for rows in set(self._batches)}
        return {
            name: pyarrow.chunked_array([found.get(batch, empty[rows]) for batch, rows in enumerate(self._batches)], pyarrow.large_string())
            for name, found in self._done.items()
        }


def read_json(path: Path, name: str, options: ReadingOptions, limit: int | None) -> Table:
    """Read JSON of any shape. Values that are no row are left out and counted; nested fields become columns with dotted names.

    Raises ``DataError`` where the file holds no rows, is damaged, or does not have the shape that was chosen.
    """
    with path.open("rb") as file:
        told = None if options.encoding else encoding_without_mark(file.read(4))
    encoding = detect_encoding(path, name, options.encoding or told)
    if told:
        note = f"The text is encoded in {told.upper()}, as the zero bytes around its first bracket say."
        encoding = replace(encoding, notes=(note,))
    try:
        return _read(path, name, encoding, options, limit, nested=True)
    except TooManyFieldsError:
        try:
            table = _read(path, name, encoding, options, limit, nested=False)
        except TooManyFieldsError:
            unique_names([""] * (MAX_COLUMNS + 1))  # says it
            raise
        note = f"Nested fields are kept as JSON text: as columns of their own they would be more than {MAX_COLUMNS:,}."
        return replace(table, notes=(*table.notes, note))


def _read(path: Path, name: str, encoding: Encoding, options: ReadingOptions, limit: int | None, nested: bool) -> Table:
    parser = Parser()
    broken: list[int] = []
    with path.open("rb") as raw:
        text = decoded(raw, encoding)
        sample = text.read(SAMPLE_CHARACTERS)
        complete = not text.read(1)
        text.seek(0)
        if by_line := options.shape == LINES or (options.shape is None and is_one_object_a_line(Parser(), sample, complete)):
            rows = Rows(LINES, "one object a line", ())
            items: Iterable[tuple[int, Any]] = _lines(parser, text)
        else:
            start = text.read(PREVIEW_CHARACTERS) if limit is not None else ""
            values = parser.start_of_list(start, max(limit or 0, SAMPLE_ROWS)) if start else []
            if not values:
                values, broken = parser.whole(start + text.read(), name)
            rows = rows_of(_joined(values), options.shape, options.header, name)
            items = enumerate(rows.items, start=1)
        columns = Columns()
        counts: Counter[str] = Counter()
        lines, no_rows = _collect(items, columns, counts, limit, nested)
    if not columns.rows:
        raise DataError(
            f'“{name}” holds no JSON object that is a row. Expected one object a line, such as {{"text": "…", "label": "…"}}; '
            f"{len(no_rows) + len(broken) + counts[REJECTED]:,} lines or entries were something else. "
            "Export it as JSON Lines, or choose CSV as the kind of file."
        )
    cells = columns.finished()
    notes = [*encoding.notes, *rows.notes, *_trim_endings(cells), *_notes(counts, parser)]
    names, repairs = unique_names([column.encode("utf-8", "replace").decode() for column in cells])
    findings = [
        *encoding.findings,
        *_left_out(broken + no_rows if by_line else broken, "Lines that cannot be read", "lines are not a JSON object", "lines"),
        *_left_out([] if by_line else no_rows, "Entries that are no row", "entries are no row like the others", "entries"),
        *_findings(counts, parser, rows),
    ]
    resolved = replace(options, kind="json", encoding=encoding.name, shape=rows.shape, header=rows.header)
    frame = frame_of(names, list(cells.values()))
    return Table(frame, resolved, (*notes, *repairs), tuple(findings), numpy.array(lines) if by_line else None)


def _lines(parser: Parser, text: Iterable[str]) -> Iterator[tuple[int, Any]]:
    """Yield what stands in each line, ``None`` for a line that is no object; blank lines are passed over."""
    for number, line in enumerate(text, start=1):
        if stripped := line.strip("\ufeff\x1e\0 \t\r\n"):
            for value in parser.line(stripped) or [None]:
                yield number, value


def _joined(values: list[Any]) -> Any:
    """Return the one value of a text, or its several values as one list; several lists of rows are put one after the other."""
    if len(values) == 1:
        return values[0]
    if values and all(isinstance(value, list) and value and isinstance(value[0], (dict, list)) for value in values):
        return [item for value in values for item in value]
    return values


def _collect(
    items: Iterable[tuple[int, Any]], columns: Columns, counts: Counter[str], limit: int | None, nested: bool
) -> tuple[list[int], list[int]]:
    """Add rows to the columns; returns the number of each row's line or entry, and those of what is no row."""
    taken: list[int] = []
    no_rows: list[int] = []
    for number, item in items:
        if limit is not None and columns.rows >= limit:
            break
        try:
            if not isinstance(item, dict) or not item:
                raise TypeError
            rows = [
                flattened(row) if nested else {key: plain_text(value) for key, value in row.items()} for row in rows_of_export(item, counts)
            ]
        except (TypeError, KeyError, RecursionError):
            no_rows.append(number)
            continue
        for row in rows if limit is None else rows[: limit - columns.rows]:
            columns.add(row)
            taken.append(number)
    return taken, no_rows


def _trim_endings(cells: dict[str, pyarrow.ChunkedArray]) -> list[str]:
    """Take off what ends every prompt and every completion, as OpenAI's fine-tuning asks for, and the space before a completion."""
    notes = []
    if not {"prompt", "completion"} <= cells.keys():
        return []
    cells["completion"] = pyarrow.compute.utf8_trim_whitespace(cells["completion"])
    for column, endings in (("prompt", PROMPT_ENDS), ("completion", COMPLETION_ENDS)):
        for ending in endings:
            ends = pyarrow.compute.ends_with(cells[column], ending)
            count = pyarrow.compute.sum(ends).as_py() or 0
            if count > 1 and count >= 0.9 * len(cells[column]):
                shorter = pyarrow.compute.utf8_slice_codeunits(cells[column], 0, -len(ending))
                cells[column] = pyarrow.compute.if_else(ends, shorter, cells[column])
                notes.append(f"{count:,} cells of “{column}” ended in {ending!r}, which was taken off.")
                break
    return notes


def _notes(counts: Counter[str], parser: Parser) -> list[str]:
    said = {
        "conversations": "{:,} conversations: what the user says is the text, the assistant's last answer the label.",
        "labelled conversations": "{:,} conversations have a label of their own: all that is said is the text.",
        "system": "{:,} rows have a system message, which is a column of its own and no part of the text.",
        "texts of classes": "{:,} rows are texts that stand in a list under their class; other lists of the class were left out.",
        "descriptions": "{:,} descriptions of classes are no text and were left out.",
    }
    notes = [sentence.format(counts[what]) for what, sentence in said.items() if counts[what]]
    if parser.literals:
        notes.append(f"Python literals (single quotes, None) were read as JSON: {parser.literals:,} values.")
    return notes + [f"Passed over: {', '.join(parser.repairs)}."] * bool(parser.repairs)


def _left_out(numbers: list[int], title: str, what: str, unit: str) -> list[Finding]:
    if not numbers:
        return []
    listed = ", ".join(f"{number:,}" for number in numbers[:5]) + (" …" if len(numbers) > 5 else "")
    sentence = f"{len(numbers):,} {what} and were left out ({unit} {listed})."
    lines = tuple(numbers[:SHOWN_ROWS]) if unit == "lines" else ()
    return [Finding(title, len(numbers), sentence, "Correct them in the file if they matter.", code=f"{unit}_left_out", lines=lines)]


def _findings(counts: Counter[str], parser: Parser, rows: Rows) -> list[Finding]:
    """Say what else became no row, or another row than a person may expect."""
    lost = sum(size for _, size in rows.lost)
    listed = ", ".join(f"“{path}” ({size:,})" for path, size in rows.lost[:5])
    said = (
        ("Rejected answers", counts[REJECTED], "rejected_answers",
         "{:,} rows were rejected or ignored in Prodigy and were left out.", "Answer them in Prodigy if they matter."),
        ("Labels of places in the texts", counts[SPANS], "span_labels",
         "{:,} lists of labels mark places in a text (start, end, name), which are no class of the whole text.",
         "Choose another column as the label, or label whole texts."),
        ("Conversations of several turns", counts[TURNS], "several_turns",
         "{:,} conversations have several answers: all that the user says is the text, the last answer the label.",
         "Look at these rows in the preview."),
        ("Keys that stand twice", parser.repeated_keys, "repeated_keys",
         "{:,} objects have a key more than once; the last one counts.", "Correct them in the file if they matter."),
        ("Lists beside the rows", lost, "lists_left_out",
         f"{{:,}} entries stand in other lists than the rows and were left out: {listed}.",
         "Choose another list with --shape rows:NAME if it is meant."),
    )  # fmt: skip
    return [
        Finding(title, count, sentence.replace("{:,}", f"{count:,}"), action, code=code)
        for title, count, code, sentence, action in said
        if count
    ]
