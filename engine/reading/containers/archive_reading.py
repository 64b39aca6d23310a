"""Reading an archive as one table: what was selected in it, and what of it was left out."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow

from engine.errors import DataError
from engine.reading.containers import limits
from engine.reading.containers.archives import Member, kind_of_archive, members_of, opened_archive, unfold_member
from engine.reading.containers.foreign import not_a_table
from engine.reading.containers.members import TABLES, TOGETHER, Part, Selection, files_alike, select
from engine.reading.encoding import UTF8, scan
from engine.reading.finding import Finding
from engine.reading.formats.parallel_lines import read_parallel_lines
from engine.reading.formats.text_folders import read_text_folders
from engine.reading.options import ReadingOptions
from engine.reading.scratch import scratch_folder
from engine.reading.table import Table, chunks_of, frame_of, strings, unique_names

Reader = Callable[[Path, str, ReadingOptions, int | None], Table]


class UnequalError(DataError):
    """Two tables that would stand side by side have different numbers of rows."""


SPLIT = "split"
"""The name of the column that says from which file of a published split a row comes."""


def read_archive(path: Path, name: str, options: ReadingOptions, limit: int | None, read: Reader) -> Table:
    """Read what an archive holds into one table; ``read`` reads a single file of any format."""
    with opened_archive(path, name) as archive, scratch_folder() as folder:
        selection = select(members_of(archive, name), name, options.member or None, options.kind)
        inner = replace(options, container=None, member=None)
        if selection.texts:
            table = read_text_folders(archive, selection, name, inner, limit)
        else:
            try:
                table = _read_parts(archive, selection, name, inner, limit, read, folder)
            except UnequalError as error:
                if options.member:
                    raise
                single = selection.parts[0]
                rest = [member for part in selection.parts for member in (part.member, part.labels) if member and member != single.member]
                selection = replace(selection, parts=(Part("", single.member),), left_out=(*rest, *selection.left_out))
                table = _read_parts(archive, selection, name, inner, limit, read, folder, str(error))
            if not options.member and not options.kind and len(table.frame.columns) == 1 and (together := files_alike(selection)):
                joined = _read_parts(archive, together, name, inner, limit, read, folder)
                table = joined if joined.options.member == together.member else table
    return table


def _read_parts(
    archive: zipfile.ZipFile,
    selection: Selection,
    name: str,
    options: ReadingOptions,
    limit: int | None,
    read: Reader,
    folder: Path,
    why: str = "",
) -> Table:
    taken = 0
    paths: dict[Member, Path] = {}

    def unfolded(member: Member) -> Path:
        nonlocal taken
        if member in paths:
            return paths[member]
        target = folder / f"{len(list(folder.iterdir()))}"
        taken = unfold_member(archive, member, target, name, taken)
        with target.open("rb") as file:
            if file.read(4) == b"PK\x03\x04" and kind_of_archive(target, member.path) == "zip":
                raise not_a_table(member.path, "an archive inside the archive", "Unpack the outer one and upload what is in it.")
        paths[member] = target
        return target

    def read_part(part: Part, with_options: ReadingOptions, rows: int | None) -> Table:
        if part.labels is None:
            return read(unfolded(part.member), part.member.name, with_options, rows)
        if part.member.ending in TABLES:
            texts_table = read(unfolded(part.member), part.member.name, with_options, rows)
            return _beside(texts_table, read(unfolded(part.labels), part.labels.name, ReadingOptions(), rows), part)
        texts, labels = (unfolded(part.member), part.member.path), (unfolded(part.labels), part.labels.path)
        return read_parallel_lines(texts, labels, with_options, rows)

    several = len(selection.parts) > 1
    first = selection.parts[0]
    # Of several files those in UTF-8 are read as such, and one encoding is given to all others.
    utf8 = several and options.encoding is not None and scan(unfolded(first.member))[0]
    tables = [read_part(first, replace(options, encoding="utf-8") if utf8 else options, limit)]
    left_out = list(selection.left_out)
    reasons = [why] if why else []
    base, legacy = tables[0].options, options.encoding
    if legacy is None and not _is_utf8(base.encoding):
        legacy = base.encoding
    parts = [first]
    for part in selection.parts[1:]:
        rows = None if limit is None else max(limit - sum(len(table.frame) for table in tables), 1)
        encoding = "utf-8" if base.encoding is not None and scan(unfolded(part.member))[0] else legacy
        try:
            table = read_part(part, replace(base, encoding=encoding, container=None, member=None), rows)
            if set(table.frame.columns) != set(tables[0].frame.columns):
                raise DataError(f"“{part.member.path}” has other columns ({', '.join(map(str, table.frame.columns[:8]))}).")
        except DataError as error:
            if options.kind is not None or part.labels is not None:
                raise
            reasons.append(str(error).split(". ")[0].rstrip(".") + ".")
            left_out.append(part.member)
            continue
        if legacy is None and not _is_utf8(table.options.encoding):
            legacy = table.options.encoding
        tables.append(table)
        parts.append(part)
    table = _joined(tables, parts, limit) if several and len(tables) > 1 else tables[0]
    member = Selection(tuple(parts)).member
    resolved = replace(base, encoding=(legacy or base.encoding) if several else base.encoding, member=member)
    pieces = member.split(TOGETHER)
    listed = ", ".join(f"“{piece}”" for piece in pieces[:6]) + (" …" if len(pieces) > 6 else "")
    rest = f", and {len(left_out):,} other files were not" if left_out and len(table.frame.columns) == 1 else ""
    note = f"Of the archive, {listed} {'was read' if len(pieces) == 1 else 'were read together'}{rest}."
    return replace(table, options=resolved, notes=(note, *table.notes), findings=(*members_left_out(left_out, reasons), *table.findings))


def _beside(texts: Table, labels: Table, part: Part) -> Table:
    """Return the columns of two tables side by side; a column that both have, such as a number, once."""
    if part.labels is None or len(texts.frame) != len(labels.frame):
        raise UnequalError(
            f"“{part.member.path}” has {len(texts.frame):,} rows and “{part.labels and part.labels.path}” has {len(labels.frame):,}, so "
            "they cannot be read side by side. Expected a label for each text. Name the one file to read with --member."
        )
    added = [name for name in labels.frame.columns if name not in texts.frame.columns or not labels.frame[name].equals(texts.frame[name])]
    names, _ = unique_names([*map(str, texts.frame.columns), *map(str, added)])
    columns = [chunks_of(texts.frame, name) for name in texts.frame.columns] + [chunks_of(labels.frame, name) for name in added]
    note = f"Each row of “{part.labels.path}” stands beside the same row of “{part.member.path}”."
    return replace(texts, frame=frame_of(names, columns), notes=(note, *texts.notes), findings=(*texts.findings, *labels.findings))


def members_left_out(left_out: Sequence[Member], reasons: Sequence[str] = ()) -> list[Finding]:
    """Say which files of an archive became no row."""
    if not left_out:
        return []
    shown = ", ".join(f"“{member.path}”" for member in left_out[:6]) + (" …" if len(left_out) > 6 else "")
    why = f" {' '.join(reasons)}" if reasons else ""
    return [
        Finding(
            "Files of the archive that were not read",
            len(left_out),
            f"No part of what was read: {shown}.{why}",
            "Choose another member (--member) if one of them is meant.",
            code="members_left_out",
        )
    ]


def _joined(tables: Sequence[Table], parts: Sequence[Part], limit: int | None) -> Table:
    """Put the tables below one another, with a column that says the split where the names of the files do."""
    names = list(tables[0].frame.columns)
    columns: list[list[pyarrow.Array]] = [[] for _ in names]
    splits: list[pyarrow.Array] = []
    files: list[pyarrow.Array] = []
    findings: list[Finding] = []
    rows = 0
    for table, part in zip(tables, parts, strict=True):
        frame = table.frame if limit is None else table.frame.iloc[: max(limit - rows, 0)]
        for column, column_name in zip(columns, names, strict=True):
            column += chunks_of(frame, column_name).chunks
        splits.append(strings([part.split] * len(frame)))
        files.append(strings([part.member.name.rpartition(".")[0] or part.member.name] * len(frame)))
        for finding in table.findings:
            shifted = tuple(row + rows for row in finding.rows)
            findings.append(replace(finding, sentence=f"In “{part.member.path}”: {finding.sentence}", rows=shifted, lines=()))
        rows += len(frame)
        if rows > limits.MAX_ROWS:
            raise limits.too_large(part.member.path, f"more than {limits.MAX_ROWS:,} rows")
    joined = [pyarrow.chunked_array(column, pyarrow.large_string()) for column in columns]
    notes = list(tables[0].notes)
    if all(part.split for part in parts):
        joined.append(pyarrow.chunked_array(splits, pyarrow.large_string()))
        names, _ = unique_names([*map(str, names), SPLIT])
        counts = ", ".join(f"{len(table.frame):,} {part.split}" for table, part in zip(tables, parts, strict=True)) if limit is None else ""
        notes.append(f"The column “{names[-1]}” says from which file a row comes{f' ({counts})' if counts else ''}.")
    elif len(names) == 1:
        joined.append(pyarrow.chunked_array(files, pyarrow.large_string()))
        names, _ = unique_names([*map(str, names), "file"])
        notes.append(f"The column “{names[-1]}” says from which file a row comes: choose it as the label where each file holds one class.")
    return Table(frame_of(names, joined), tables[0].options, tuple(notes), tuple(findings))


def _is_utf8(encoding: str | None) -> bool:
    return encoding is None or encoding.lower() in UTF8
