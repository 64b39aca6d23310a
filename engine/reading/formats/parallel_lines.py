"""Two files side by side: a text on each line of one, its label on the same line of the other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy

from engine.errors import DataError
from engine.reading.encoding import Encoding, detect_encoding
from engine.reading.options import ReadingOptions
from engine.reading.table import Table, frame_of, strings

HEADS = {"text", "texts", "sentence", "label", "labels", "class", "category", "target"}
"""A first line that names the column."""


def read_parallel_lines(texts: tuple[Path, str], labels: tuple[Path, str], options: ReadingOptions, limit: int | None) -> Table:
    """Join the lines of two files, each given with its name. Raises ``DataError`` where they have different numbers of lines."""
    text_lines, encoding = _lines(*texts, options.encoding)
    label_lines, of_labels = _lines(*labels, options.encoding)
    if len(text_lines) != len(label_lines):
        for lines in (text_lines, label_lines):
            while lines and not lines[-1].strip():
                lines.pop()
    if len(text_lines) != len(label_lines):
        raise DataError(
            f"“{texts[1]}” has {len(text_lines):,} lines and “{labels[1]}” has {len(label_lines):,}, so a text and its label cannot be "
            "told to belong together. Expected a label on the same line for each text. Look for line breaks inside texts, "
            "or name the one file to read with --member."
        )
    head = options.header
    if head is None:
        head = bool(text_lines) and text_lines[0].strip().lower() in HEADS and label_lines[0].strip().lower() in HEADS
    first = int(head)
    last = None if limit is None else first + limit
    frame = frame_of(["text", "label"], [strings(text_lines[first:last]), strings(label_lines[first:last])])
    note = f"Each line of “{labels[1]}” is the label of the same line of “{texts[1]}” ({len(text_lines):,} each)."
    resolved = replace(options, kind="lines", shape="parallel", encoding=options.encoding and encoding.name, header=head)
    notes = (note, *dict.fromkeys([*encoding.notes, *of_labels.notes]))
    return Table(frame, resolved, notes, encoding.findings + of_labels.findings, numpy.arange(first + 1, first + 1 + len(frame)))


def _lines(path: Path, name: str, chosen: str | None) -> tuple[list[str], Encoding]:
    encoding = detect_encoding(path, name, chosen)
    with path.open(encoding="utf-8-sig" if encoding.name == "utf-8" else encoding.name, errors=encoding.errors, newline=None) as file:
        lines = file.read().split("\n")
    return lines[:-1] if lines[-1] == "" else lines, encoding
