"""How a file was read, in one calm line, and the box in which a person reads it differently with the first rows before their eyes."""

from __future__ import annotations

from typing import Any

import pandas
import streamlit as st

from engine.data.choice import ReadingOptions
from engine.data.process.reader import preview
from engine.data.store import Dataset
from engine.display.formatting import count, plain, shorten
from engine.encodings.offered import codec_name, text_codecs
from engine.errors import DataError

KINDS = {"csv": "delimited text", "json": "JSON", "parquet": "Parquet", "excel": "Excel"}
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar", ":": "colon", " ": "space"}
QUOTES = {'"': 'double quote "', "'": "single quote '", "": "none: quotes are ordinary characters"}
HEADERS = {True: "holds the column names", False: "is data"}
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
    if options.kind in ("csv", "json") and options.encoding:
        words[0] += f" in {plain(_encoding(options.encoding))}"
    if options.kind == "csv":
        separator = DELIMITERS.get(options.delimiter or "", options.delimiter or "")
        words.append(f"separated by {plain(separator)}s" if separator.isalpha() else f"separated by {plain(separator)}")
        words.append(f"quoted with {plain(options.quote)}" if options.quote else "no quoting")
    if options.kind in ("csv", "excel"):
        words.append("names in the first row" if options.header else "no header row")
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

    def box(column: st.delta_generator.DeltaGenerator, label: str, field: str, names: dict[Any, str]) -> Any:
        """Show one box whose first entry leaves the matter to detection and says what that was."""
        detected, value = getattr(detection, field), getattr(overrides, field)
        names = names | {extra: _encoding(str(extra)) for extra in (detected, value) if extra is not None and extra not in names}
        first_entry = f"Detected: {names[detected]}" if detected is not None and value is None else "Detect"
        entries = [DETECT, *names]
        entry = column.selectbox(
            label, entries, 0 if value is None else entries.index(value), key=f"{field} of {dataset.identifier}",
            format_func=lambda entry: first_entry if entry == DETECT else names[entry],
        )  # fmt: skip
        return None if entry == DETECT else entry

    kind = box(left, "Kind of file", "kind", KINDS)
    fields = {"kind": kind}
    shape = kind or detection.kind or "csv"
    if shape in ("csv", "json"):
        fields["encoding"] = box(middle, "Encoding", "encoding", text_codecs())
    if shape == "csv":
        fields["delimiter"] = box(right, "Separator", "delimiter", DELIMITERS)
        fields["quote"] = box(left, "Quote character", "quote", QUOTES)
    if shape in ("csv", "excel"):
        fields["header"] = box(middle, "The first row", "header", HEADERS)
    if shape == "excel":
        key = f"sheet of {dataset.identifier}"
        sheet = right.text_input("Sheet", overrides.sheet or "", placeholder=detection.sheet or "the first one", key=key)
        fields["sheet"] = sheet.strip() or None
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


def _encoding(codec: str) -> str:
    return codec_name(codec.lower().removesuffix("-sig").removesuffix("-le").removesuffix("-be")).split(",")[0]
