"""Reading the columnar formats: Parquet, and Arrow as a file (also called Feather) or a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from engine.errors import DataError
from engine.reading.containers import limits
from engine.reading.containers.limits import MEBIBYTE, too_large
from engine.reading.options import ReadingOptions
from engine.reading.table import MAX_COLUMNS, Table, frame_of, strings, unique_names
from engine.reading.values import plain_text

BATCH_ROWS = 2048
ARROW_FILE = b"ARROW1"
Batches = Iterator[pyarrow.RecordBatch]


def read_parquet(path: Path, name: str, options: ReadingOptions, limit: int | None) -> Table:
    """Read every column of a Parquet file as strings, batch by batch so that a small file cannot unfold without end."""
    with _damage(name, "Parquet"), pyarrow.parquet.ParquetFile(path) as file:
        groups = [file.metadata.row_group(position) for position in range(file.metadata.num_row_groups)]
        unfolded = sum(group.total_byte_size for group in groups)
        if unfolded > limits.MAX_DECOMPRESSED_BYTES or file.metadata.num_rows > limits.MAX_ROWS:
            raise too_large(name, f"{file.metadata.num_rows:,} rows and {unfolded / MEBIBYTE:,.0f} MB")
        batches = file.iter_batches(batch_size=min(BATCH_ROWS, limit) if limit else BATCH_ROWS)
        return _table(file.schema_arrow, batches, name, replace(options, kind="parquet"), limit)


def read_arrow(path: Path, name: str, options: ReadingOptions, limit: int | None) -> Table:
    """Read every column of an Arrow file or stream as strings."""
    with _damage(name, "Arrow"), pyarrow.OSFile(str(path)) as source:
        start = source.read(len(ARROW_FILE))
        source.seek(0)
        if start != ARROW_FILE:
            stream = pyarrow.ipc.open_stream(source)
            return _table(stream.schema, map(_validated, stream), name, replace(options, kind="arrow"), limit)
        file = pyarrow.ipc.open_file(source)
        batches = (_validated(file.get_batch(position)) for position in range(file.num_record_batches))
        return _table(file.schema, batches, name, replace(options, kind="arrow"), limit)


def _validated(batch: pyarrow.RecordBatch) -> pyarrow.RecordBatch:
    """Return the batch once all its offsets are proved: they lie in the file as they are, and a wrong one would end the process."""
    batch.validate(full=True)
    return batch


@contextmanager
def _damage(name: str, kind: str) -> Iterator[None]:
    """Make every error that a damaged file can raise a sentence; Arrow finds some only when values are taken out."""
    try:
        yield
    except (pyarrow.ArrowException, OSError, ValueError, LookupError, TypeError, OverflowError, AttributeError) as error:
        first = (str(error).splitlines() or ["unreadable"])[0]
        if "utf8" in first.lower() or "utf-8" in first.lower():
            first = "a column of text holds bytes that are not UTF-8"
        raise DataError(f"“{name}” is a damaged {kind} file: {first}. Expected a complete one. Export or download it again.") from error


def _table(schema: pyarrow.Schema, batches: Batches, name: str, options: ReadingOptions, limit: int | None) -> Table:
    metadata = schema.metadata or {}
    classes = _class_names(metadata)
    dropped = _index_columns(metadata, schema)
    fields = [field for field in schema if field.name not in dropped]
    flat_names: list[str] | None = None
    kept: list[list[pyarrow.Array]] = []
    taken = size = 0
    for batch in batches:
        while batch.num_rows or flat_names is None:
            piece = batch.slice(0, BATCH_ROWS if limit is None else min(BATCH_ROWS, limit - taken))
            batch = batch.slice(piece.num_rows)
            flat: list[tuple[str, pyarrow.Array]] = []
            for position, field in enumerate(schema):
                if field in fields:
                    flat += _flattened(field.name, piece.column(position))
            if flat_names is None:
                flat_names = [column_name for column_name, _ in flat]
                if len(flat_names) > MAX_COLUMNS:
                    unique_names(flat_names)
            kept.append([_strings_of(column, classes.get(column_name)) for column_name, column in flat])
            taken += piece.num_rows
            size += sum(column.nbytes for column in kept[-1])
            if size > limits.MAX_DECOMPRESSED_BYTES or taken > limits.MAX_ROWS:
                raise too_large(name, f"more than {limits.MAX_DECOMPRESSED_BYTES / MEBIBYTE:,.0f} MB or {limits.MAX_ROWS:,} rows")
            if (limit is not None and taken >= limit) or piece.num_rows == 0:
                break
        if limit is not None and taken >= limit:
            break
    if flat_names is None:  # no batch at all
        flat_names = [field.name for field in fields]
    names, notes = unique_names(flat_names)
    named = [f"“{column}” ({len(values):,})" for column, values in classes.items() if column in flat_names]
    if named:
        notes.append(f"The file's description holds the names of the classes in {', '.join(named)}; they stand in place of the numbers.")
    if dropped:
        notes.append(f"{len(dropped)} {'column' if len(dropped) == 1 else 'columns'} of row numbers (the index of pandas) were left out.")
    columns = [pyarrow.chunked_array([batch[position] for batch in kept], pyarrow.large_string()) for position in range(len(names))]
    return Table(frame_of(names, columns), options, tuple(notes))


def _flattened(name: str, column: pyarrow.Array) -> list[tuple[str, pyarrow.Array]]:
    """Return a column, or for a struct its fields with dotted names."""
    if isinstance(column, pyarrow.ExtensionArray):
        column = column.storage
    if pyarrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not pyarrow.types.is_struct(column.type) or column.type.num_fields == 0:
        return [(name, column)]
    parts = []
    for position, child in enumerate(column.flatten()):  # with the nulls of the struct itself
        parts += _flattened(f"{name}.{column.type.field(position).name}", child)
    return parts


def _strings_of(column: pyarrow.Array, classes: list[str] | None) -> pyarrow.Array:
    kind = column.type
    if classes is not None and (pyarrow.types.is_integer(kind) or _is_list(kind)):
        return strings([plain_text(_named(value, classes)) for value in column.to_pylist()])
    if pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind):
        column.validate(full=True)  # a file may say that bytes are UTF-8 when they are not
        return column.cast(pyarrow.large_string()).fill_null("")
    if pyarrow.types.is_integer(kind):
        return column.cast(pyarrow.large_string()).fill_null("")
    if pyarrow.types.is_null(kind):
        return strings([""] * len(column))
    if pyarrow.types.is_timestamp(kind) and kind.unit == "ns":  # Python knows microseconds only
        column = column.cast(pyarrow.timestamp("us", kind.tz), safe=False)
    if pyarrow.types.is_decimal(kind):
        return strings(["" if value is None else _plain_decimal(format(value, "f")) for value in column.to_pylist()])
    if pyarrow.types.is_map(kind):
        return strings([plain_text(None if value is None else dict(value)) for value in column.to_pylist()])
    return strings([plain_text(value) for value in column.to_pylist()])


def _named(value: Any, classes: list[str]) -> Any:
    """Return class names for their numbers; −1 is Hugging Face's mark for no label."""
    if isinstance(value, list):
        return [_named(item, classes) for item in value if item is not None and item >= 0]
    if value is None or value < 0:
        return None
    return classes[value] if value < len(classes) else value


def _plain_decimal(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _is_list(kind: pyarrow.DataType) -> bool:
    return pyarrow.types.is_list(kind) or pyarrow.types.is_large_list(kind) or pyarrow.types.is_fixed_size_list(kind)


def _class_names(metadata: dict[bytes, bytes]) -> dict[str, list[str]]:
    """Return the names of the classes of each column, by its dotted name, as Hugging Face's datasets write them into a file."""
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
    except (KeyError, ValueError, TypeError, RecursionError):
        return {}
    classes: dict[str, list[str]] = {}

    def collect(feature: Any, name: str) -> None:
        if isinstance(feature, list) and len(feature) == 1:  # a sequence, in an old notation
            feature = feature[0]
        if not isinstance(feature, dict):
            return
        if feature.get("_type") == "ClassLabel" and isinstance(feature.get("names"), list):
            classes[name] = [str(label) for label in feature["names"]]
        elif feature.get("_type") in ("Sequence", "List", "LargeList"):
            collect(feature.get("feature"), name)
        elif not isinstance(feature.get("_type"), str):
            for key, child in feature.items():
                collect(child, f"{name}.{key}" if name else key)

    collect(features, "")
    return classes


def _index_columns(metadata: dict[bytes, bytes], schema: pyarrow.Schema) -> set[str]:
    """Return the columns in which pandas keeps an unnamed index of numbers."""
    try:
        columns = json.loads(metadata[b"pandas"])["index_columns"]
    except (KeyError, ValueError, TypeError, RecursionError):
        return set()
    unnamed = {column for column in columns if isinstance(column, str) and column.startswith("__index_level_")}
    return {field.name for field in schema if field.name in unnamed and pyarrow.types.is_integer(field.type)}
