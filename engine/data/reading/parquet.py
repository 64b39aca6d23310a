"""Reading Parquet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow
import pyarrow.parquet

from engine.data.choice import ReadingOptions
from engine.data.reading.opening import MAX_DECOMPRESSED_BYTES, MAX_ROWS, MEBIBYTE, too_large
from engine.data.reading.values import plain_text
from engine.data.table import Table, frame_of, strings, unique_names
from engine.errors import DataError


def read_parquet(path: Path, name: str, options: ReadingOptions, limit: int | None) -> Table:
    """Read every column of a Parquet file as strings, batch by batch so that a small file cannot unfold without end."""
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            groups = [file.metadata.row_group(position) for position in range(file.metadata.num_row_groups)]
            unfolded = sum(group.total_byte_size for group in groups)
            if unfolded > MAX_DECOMPRESSED_BYTES or file.metadata.num_rows > MAX_ROWS:
                raise too_large(name, f"{file.metadata.num_rows:,} rows and {unfolded / MEBIBYTE:,.0f} MB")
            names, notes = unique_names(file.schema_arrow.names)
            batches: list[list[pyarrow.Array]] = []
            taken = size = 0
            for batch in file.iter_batches(batch_size=min(2048, limit) if limit else 2048):
                if limit is not None:
                    batch = batch.slice(0, limit - taken)
                taken += batch.num_rows
                batches.append([strings_of(column) for column in batch.columns])
                size += sum(column.nbytes for column in batches[-1])
                if size > MAX_DECOMPRESSED_BYTES:
                    raise too_large(name, f"more than {MAX_DECOMPRESSED_BYTES / MEBIBYTE:,.0f} MB")
                if limit is not None and taken >= limit:
                    break
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        first = (str(error).splitlines() or ["unreadable"])[0]
        raise DataError(f"“{name}” is a damaged Parquet file: {first}. Expected a complete one. Export or download it again.") from error
    columns = [pyarrow.chunked_array([batch[position] for batch in batches], pyarrow.large_string()) for position in range(len(names))]
    return Table(frame_of(names, columns), replace(options, kind="parquet"), tuple(notes))


def strings_of(column: pyarrow.Array) -> pyarrow.Array:
    if pyarrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pyarrow.types.is_string(column.type) or pyarrow.types.is_large_string(column.type) or pyarrow.types.is_integer(column.type):
        return column.cast(pyarrow.large_string()).fill_null("")
    return strings([plain_text(value) for value in column.to_pylist()])
