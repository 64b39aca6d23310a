"""Reading JSON, in the shapes in which labelled texts are written down."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy

from engine.data.choice import ReadingOptions
from engine.data.finding import SHOWN_ROWS, Finding
from engine.data.reading.delimited.lines import decoded
from engine.data.reading.encoding import detect_encoding
from engine.data.reading.values import plain_text
from engine.data.table import MAX_COLUMNS, Table, frame_of, strings, unique_names
from engine.errors import DataError


def read_json(path: Path, name: str, options: ReadingOptions, limit: int | None) -> Table:
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
                column.append(plain_text(value))
            lines.append(number)
    if not lines:
        raise DataError(
            f'“{name}” holds no JSON object. Expected one object a line, such as {{"text": "…", "label": "…"}}; '
            f"{len(broken):,} lines were something else. Export it as JSON Lines, or choose CSV as the kind of file."
        )
    for column in columns.values():
        column.extend([""] * (len(lines) - len(column)))
    names, notes = unique_names(list(columns))
    findings = []
    if broken:
        listed = ", ".join(f"{number:,}" for number in broken[:5]) + (" …" if len(broken) > 5 else "")
        findings.append(
            Finding(
                "Lines that cannot be read",
                len(broken),
                f"{len(broken):,} lines are not a JSON object and were left out (lines {listed}).",
                "Correct them in the file if they matter.",
                code="lines_left_out",
                lines=tuple(broken[:SHOWN_ROWS]),
            )
        )
    resolved = replace(options, kind="json", encoding=encoding.name)
    frame = frame_of(names, [strings(column) for column in columns.values()])
    is_array = start.startswith("[")
    return Table(frame, resolved, (*encoding.notes, *notes), tuple(findings), None if is_array else numpy.array(lines))


def _array(text: str, name: str) -> list[Any]:
    try:
        values = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"“{name}” starts like a JSON array but cannot be read: {error}. "
            "Expected a list of objects, or better one object a line. Export it again."
        ) from error
    return list(values)
