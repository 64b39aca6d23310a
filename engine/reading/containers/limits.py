"""How large a file may be, as it comes and unfolded, and the sentences that say so."""

from __future__ import annotations

from engine.errors import DataError

MEBIBYTE = 2**20
MAX_FILE_BYTES = 2048 * MEBIBYTE
"""The largest file that is accepted; whether its table fits into the memory is seen when it is read."""
MAX_DECOMPRESSED_BYTES = 512 * MEBIBYTE
"""The most that a compressed file may unfold to."""
MAX_WORKBOOK_PARTS = 10_000
MAX_ARCHIVE_MEMBERS = 200_000
"""A published folder of reviews has 100,000 files, one a text."""
MAX_ROWS = 5_000_000
ACCEPTED = "CSV, TSV, JSON, Parquet, Arrow or a workbook (.xlsx, .xls, .xlsb, .ods), also compressed (.gz, .bz2, .xz, .zst) or in a .zip"


def refuse_empty_or_large(size: int, name: str, limit: int | None = None) -> None:
    """Raise ``DataError`` unless 0 < size ≤ limit, in bytes."""
    limit = MAX_FILE_BYTES if limit is None else limit
    if size == 0:
        raise DataError(f"“{name}” is empty: it holds no bytes at all. Expected {ACCEPTED}. Check that the export or download finished.")
    if size > limit:
        raise DataError(
            f"“{name}” is {size / MEBIBYTE:,.0f} MB; at most {limit / MEBIBYTE:,.0f} MB are accepted. "
            "Upload a part of its rows, or keep only the text and label columns: Parquet and .gz are also smaller than CSV."
        )


def too_large(name: str, size: str) -> DataError:
    """Return the error about a file whose cells are too many or too large."""
    return DataError(
        f"“{name}” unfolds to {size}; at most {MAX_ROWS:,} rows and {MAX_DECOMPRESSED_BYTES / MEBIBYTE:,.0f} MB are accepted. "
        "Reading was stopped there. Upload a part of the rows."
    )
