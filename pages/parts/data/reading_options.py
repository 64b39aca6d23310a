"""How a file was read, in one calm line, and the box in which a person reads it differently with the first rows before their eyes."""

from __future__ import annotations

from typing import Any

import pandas
import streamlit as st

from engine.data.process.reader import preview
from engine.data.store import Dataset
from engine.display.formatting import count, plain, shorten
from engine.encodings.offered import codec_name, text_codecs
from engine.errors import DataError
from engine.reading.opening import ARCHIVE
from engine.reading.options import ReadingOptions

KINDS = {
    "csv": "delimited text",
    "json": "JSON",
    "lines": "lines that carry their label",
    "parquet": "Parquet",
    "arrow": "Arrow",
    "excel": "workbook",
    "texts": "text files in folders",
}
CONTAINERS = {"gzip": "gzip", "bzip2": "bzip2", "xz": "xz", "zstandard": "Zstandard", "zip": "zip"}
DELIMITERS = {
    ",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar", "||": "double bar", ":": "colon", "^": "caret", "~": "tilde",
    " ": "space", "\x01": "U+0001", "\x1f": "U+001F",
}  # fmt: skip
QUOTES = {'"': 'double quote "', "'": "single quote '", "": "none: quotes are ordinary characters"}
ESCAPES = {"": "doubled", "\\": "after a backslash"}
HEADERS = {True: "holds the column names", False: "is data"}
TEXT_KINDS = ("csv", "json", "lines")
DETECT = "detect"
PREVIEW_ROWS = 8
SHOWN_COLUMNS = 40
SHOWN_CHARACTERS = 300
"""Longer cells are cut before they are sent to the browser: one cell may hold megabytes."""


def reading_sentence(options: ReadingOptions) -> str:
    """``Delimited text in UTF-8, separated by commas, quoted with ", no header row.``, escaped for ``st.markdown``."""
    words = [KINDS.get(options.kind or "", "text")]
    if options.kind == "excel" and options.sheet:
        words.append(f"sheet “{plain(shorten(options.sheet))}”")
    if options.kind in TEXT_KINDS and options.encoding:
        words[0] += f" in {plain(codec_name(options.encoding).split(',')[0])}"
    if options.kind == "json" and options.shape:
        words.append(f"shape “{plain(shorten(options.shape, 40))}”")
    if options.kind == "csv":
        separator = DELIMITERS.get(options.delimiter or "", options.delimiter or "")
        words.append(f"separated by {plain(separator)}s" if separator.replace(" ", "").isalpha() else f"separated by {plain(separator)}")
        words.append(f"quoted with {plain(options.quote)}" if options.quote else "no quoting")
    if options.skip_rows:
        words.append(f"{count(options.skip_rows, 'line')} skipped")
    if options.kind in ("csv", "excel"):
        words.append("names in the first row" if options.header else "no header row")
    if options.container:
        member = f": {plain(shorten(options.member, 40))}" if options.member else ""
        words.append(f"from {CONTAINERS.get(options.container, options.container)}{member}")
    return ", ".join([words[0][0].upper() + words[0][1:], *words[1:]]) + "."


def shown(frame: pandas.DataFrame) -> pandas.DataFrame:
    """The frame as it may be sent to the browser: at most 40 columns, no cell longer than 300 characters."""
    few = frame.iloc[:, :SHOWN_COLUMNS]
    return few.map(lambda cell: cell if not isinstance(cell, str) or len(cell) <= SHOWN_CHARACTERS else cell[:SHOWN_CHARACTERS] + "…")


def show_rows(frame: pandas.DataFrame, alt: str, numbers: str | None = None) -> None:
    """Show a table of cells as plain text, ``numbers`` a column of whole numbers; say so when columns were left out."""
    config = {numbers: st.column_config.NumberColumn(width="small", format="localized")} if numbers else None
    st.dataframe(shown(frame), hide_index=True, row_height=36, alt=alt, column_config=config)
    if len(frame.columns) > SHOWN_COLUMNS:
        st.caption(f"The first {SHOWN_COLUMNS} of {len(frame.columns):,} columns.")


@st.fragment
def override_reading(dataset: Dataset, overrides: ReadingOptions, read_with: ReadingOptions | None, session_key: str) -> None:
    """Show the boxes and the live preview; leave the options in ``st.session_state[session_key]`` when they are to be used.

    ``read_with`` holds the options with which the file was read, ``None`` where it could not be read with the ``overrides``.
    """
    readable, detection = read_with is not None, read_with or ReadingOptions()
    left, middle, right = st.columns(3)

    def box(column: st.delta_generator.DeltaGenerator, label: str, field: str, names: dict[Any, str], free: bool = False) -> Any:
        """Show one box whose first entry leaves the matter to detection and says what that was; ``free`` takes what is typed, too."""
        detected, value = getattr(detection, field), getattr(overrides, field)
        names = names | {extra: str(extra) for extra in (detected, value) if extra is not None and extra not in names}
        first_entry = f"Detected: {names[detected]}" if detected is not None and value is None else "Detect"
        entries = [DETECT, *names]
        entry = column.selectbox(
            label, entries, 0 if value is None else entries.index(value), key=f"{field} of {dataset.identifier}",
            format_func=lambda entry: first_entry if entry == DETECT else names.get(entry, str(entry)), accept_new_options=free,
        )  # fmt: skip
        return None if entry in (DETECT, None) else entry

    def words(column: st.delta_generator.DeltaGenerator, label: str, field: str, otherwise: str) -> str | None:
        """Show a box for a name that only the file knows."""
        typed = column.text_input(
            label,
            getattr(overrides, field) or "",
            placeholder=getattr(detection, field) or otherwise,
            key=f"{field} of {dataset.identifier}",
        )
        return typed.strip() or None

    kind = box(left, "Kind of file", "kind", KINDS)
    fields = {"kind": kind}
    shape = kind or detection.kind or "csv"
    if shape in TEXT_KINDS:
        fields["encoding"] = box(middle, "Encoding", "encoding", text_codecs(), free=True)
    if shape == "csv":
        fields["delimiter"] = box(right, "Separator", "delimiter", DELIMITERS, free=True)
        fields["quote"] = box(left, "Quote character", "quote", QUOTES, free=True)
        fields["escape"] = box(middle, "A quote within quotes is", "escape", ESCAPES)
    if shape in ("csv", "excel"):
        fields["header"] = box(right, "The first row", "header", HEADERS)
        fields["skip_rows"] = left.number_input(
            "Lines to skip above it",
            0,
            None,
            overrides.skip_rows,
            1,
            placeholder=f"Detected: {detection.skip_rows or 0}",
            key=f"skip_rows of {dataset.identifier}",
        )
    if shape == "excel":
        fields["sheet"] = words(middle, "Sheet", "sheet", "the one with the best table")
    if shape in ("json", "lines"):
        fields["shape"] = words(right, "Shape", "shape", "detected")
    if ARCHIVE in (overrides.container, detection.container):
        fields["member"] = words(right, "File in the archive", "member", "the one with the best table")
    options = ReadingOptions(**fields)
    if readable and options == overrides:
        st.caption("Change a box, and the first rows appear here as they would be read.")
        return
    try:
        table = preview(dataset.path, dataset.name, options, limit=PREVIEW_ROWS)
    except DataError as error:
        st.warning(plain(shorten(error, 500)), icon=":material/error:")
        return
    st.caption(f"{reading_sentence(table.options)} The first rows would be:")
    show_rows(table.frame.head(PREVIEW_ROWS), alt=f"The first rows in {count(len(table.frame.columns), 'column')}.")
    if st.button("Read the whole file this way", icon=":material/check:"):
        st.session_state[session_key] = options
        st.rerun()
