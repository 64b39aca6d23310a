"""How the bytes of a file become a table, as it was detected or as a person wants it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReadingOptions:
    """How the bytes of a file become a table. ``None`` means: detect it."""

    kind: str | None = None
    """``csv`` (any delimiter), ``json`` (any shape), ``parquet``, ``arrow``, ``excel``, ``lines`` (a label and a text on each line) or
    ``texts`` (text files in a folder for each class)."""
    encoding: str | None = None
    """A Python codec name, for example ``utf-8`` or ``cp1252``."""
    delimiter: str | None = None
    """One character; for ``csv`` only."""
    quote: str | None = None
    """The quote character, or the empty string for no quoting; for ``csv`` only."""
    escape: str | None = None
    """The character that takes a quote's meaning away, or the empty string where quotes are doubled; for ``csv`` only."""
    header: bool | None = None
    """Whether the first row, after the lines that are skipped, holds the column names."""
    skip_rows: int | None = None
    """Lines above the table that are no part of it: titles, comments, blank lines; for ``csv`` and ``excel``."""
    sheet: str | None = None
    """The sheet's name; for ``excel`` only."""
    shape: str | None = None
    """How rows are written. In lines with labels: ``fasttext``, ``label:fine`` or ``parallel``. In JSON: ``lines``, ``array``, ``pairs``,
    ``columns``, ``classes``, ``splits``, ``split``, ``table``, ``index``, ``mapping``, ``object``, or ``rows:KEY`` for the list under a
    key; see ``reading/json_files/shapes.py``."""
    container: str | None = None
    """What the file came in, always told from its bytes: ``gzip``, ``bzip2``, ``xz``, ``zstandard`` or ``zip``."""
    member: str | None = None
    """The file that is read in a ``zip``, or those read together with `` + `` between; for ``texts`` the folder of the classes."""
