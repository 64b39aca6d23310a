"""A file of texts without labels: which column holds them, both models' answers to every row, and the file with the answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy
import pandas
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from engine.data.process.reader import preview
from engine.display.formatting import count, plain
from engine.reading.columns.guess import guess_columns
from engine.reading.options import ReadingOptions
from engine.reading.scratch import scratch_folder
from engine.reading.table import Table
from engine.results.tables import answers_table, join_to_file, safe_csv
from pages.parts.classify.answer_view import column_formats, short_table
from pages.parts.classify.warm_models import answer_with_both

MAX_ROWS = 10_000
SHOWN_ROWS = 200
TYPES = ["csv", "tsv", "txt", "jsonl", "ndjson", "parquet", "xlsx", "gz"]

ONE_TEXT_A_LINE = ReadingOptions(kind="csv", delimiter="\x1f", quote="", header=False)
"""A separator that no text holds, so that every line stays whole."""


@dataclass(frozen=True)
class ChosenTexts:
    """The rows of a file, and the column whose cells are to be classified."""

    frame: pandas.DataFrame
    column: str

    @property
    def filled(self) -> numpy.ndarray:
        """Return which rows hold more than spaces; the others get no answer."""
        return self.frame[self.column].str.strip().ne("").to_numpy(dtype=bool)


def choose_texts(upload: UploadedFile) -> ChosenTexts | None:
    """Read the file and let the person confirm the column; ``None`` when there is nothing to classify. Raises ``DataError``."""
    by_line = upload.name.lower().removesuffix(".gz").endswith(".txt")
    table = _table(upload, by_line)
    frame = table.frame.head(MAX_ROWS)
    columns = list(frame.columns)
    guessed = guess_columns(table).text if len(frame) else ()
    first = columns.index(guessed[0]) if guessed and guessed[0] in columns else 0
    column = (
        st.selectbox("Column of the texts", columns, index=first, key=f"text_column_{upload.file_id}") if len(columns) > 1 else columns[0]
    )
    chosen = ChosenTexts(frame, column)
    amount = int(chosen.filled.sum())
    if len(table.frame) > MAX_ROWS:
        st.warning(f"The file has more than {MAX_ROWS:,} rows; only its first {MAX_ROWS:,} are classified.", icon=":material/info:")
    if not amount:
        st.warning(f"The column “{plain(column)}” holds no text in any row. Choose another column or another file.")
        return None
    without = f", no answer for {count(len(frame) - amount, 'row')} without text" if len(frame) > amount else ""
    st.caption(f"{count(amount, 'text')} to classify{without}. The first of them:")
    st.dataframe(
        pandas.DataFrame({column: frame.loc[chosen.filled, column].head(5)}),
        hide_index=True,
        alt="The first texts of the file, as they were read.",
    )
    with st.expander("How the file was read"):
        for note in table.notes or ("There is nothing to note.",):
            st.markdown(f"- {plain(note)}")
    return chosen


def answer_file(
    chosen: ChosenTexts,
    identifier: str,
    frameworks: Sequence[str],
    classes: Sequence[str],
    say: Callable[[str], object],
    progress: Callable[[float, float | None], object],
) -> pandas.DataFrame:
    """Return ``answers_table`` of every row; rows without text have empty answers. Raises ``RunError``."""
    filled, texts = chosen.filled, chosen.frame[chosen.column]
    answers = answer_with_both(identifier, frameworks, texts[filled].tolist(), say, progress)
    probabilities = {}
    for framework, own in answers.items():
        probabilities[framework] = numpy.full((len(texts), len(classes)), numpy.nan)
        probabilities[framework][filled] = own.probabilities
    return answers_table(texts.tolist(), classes, probabilities)


def show_file(chosen: ChosenTexts, answers: pandas.DataFrame, name: str) -> None:
    """Show the first rows with their answers; the file's own columns with all of them to take away."""
    if "agree" in answers:
        answered, same = int((answers["agree"] != "").sum()), int((answers["agree"] == "yes").sum())
        every = "all" if same == answered else f"{same:,} of"
        st.markdown(f"#### Both models give the same answer to {every} {count(answered, 'text')}.")
    shown = short_table(answers.head(SHOWN_ROWS))
    st.dataframe(shown, hide_index=True, column_config=column_formats(answers), alt="The first rows with the answers of both models.")
    st.download_button(
        "Download with both answers",
        lambda: safe_csv(join_to_file(chosen.frame, answers)),
        file_name=f"{Path(name).name.split('.')[0]}-answers.csv",
        mime="text/csv",
        type="primary",
        icon=":material/download:",
        on_click="ignore",
        key="download_file",
    )
    st.caption("A text that begins like a formula (=, +, -, @) gets a leading apostrophe, so that no spreadsheet runs it.")


def _table(upload: UploadedFile, by_line: bool) -> Table:
    """Return the first rows of the upload, read once; the bytes touch the disk only for as long as that takes."""
    kept = st.session_state.get("text_file")
    if kept is None or kept[0] != upload.file_id:
        with scratch_folder() as folder:
            path = folder / "upload"
            path.write_bytes(upload.getbuffer())
            # One row more than is classified tells whether there are more.
            kept = (upload.file_id, preview(path, upload.name, ONE_TEXT_A_LINE if by_line else ReadingOptions(), MAX_ROWS + 1))
        st.session_state["text_file"] = kept
    return kept[1]
