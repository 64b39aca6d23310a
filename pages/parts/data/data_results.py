"""What the Data page computes about a file, kept only while it is shown, and given back when the page is done with it.

These live here and not in the page because a cached function keeps the globals of its module alive: the page's hold the whole table.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc

import pandas
import pyarrow
import streamlit as st

from engine.data.checks.report import Report
from engine.data.choice import DataChoice
from engine.data.chosen_table import chosen_table
from engine.data.splitting import class_counts, prepare
from engine.data.store import DatasetStore
from engine.data.table_cache import read_stored
from engine.display.formatting import shorten
from engine.reading.columns.guess import ColumnGuess, guess_columns
from engine.reading.options import ReadingOptions
from engine.reading.table import Table
from engine.runs.folder import home
from engine.runs.paths import HomePaths
from engine.runs.planning.data_check import check_data, count_tokens
from engine.runs.records.split_facts import SplitFacts, split_facts

MEASURED_TEXTS = 2_000


def dataset_store() -> DatasetStore:
    """The uploaded files, kept beside the runs."""
    return DatasetStore(HomePaths(home()).datasets_folder)


# One table at a time, for a large one takes several times its file's size in memory.
@st.cache_resource(max_entries=1, show_spinner="Reading the file …")
def read(identifier: str, options: ReadingOptions) -> tuple[Table, ColumnGuess]:
    """Return the whole table of a stored file, and the columns to offer. Raises ``DataError``."""
    table = read_stored(dataset_store().get(identifier), options)
    return table, guess_columns(table)


@st.cache_data(max_entries=4, show_spinner=False)
def guess_for(identifier: str, options: ReadingOptions, label: str | None, _table: Table) -> ColumnGuess:
    """Return the columns to offer where a person has chosen the label."""
    return guess_columns(_table, label=label)


def chosen(choice: DataChoice, table: Table) -> Table:
    """Return the table with what the choice adds to it: files of given parts, a row for each label. Raises ``DataError``."""
    if not choice.gives_parts and not choice.several_labels:
        return table
    # What is cleaned, sampled and drawn does not matter to it, so that a switch for these takes the kept one.
    adds = {name: getattr(choice, name) for name in ("several_labels", "split_column", "validation_file", "test_file")}
    return _chosen(DataChoice(choice.dataset, choice.name, choice.text, choice.label, choice.reading, **adds), table)


@st.cache_resource(max_entries=1, show_spinner="Reading the given parts …")
def _chosen(choice: DataChoice, _table: Table) -> Table:
    return chosen_table(dataset_store(), choice, _table)


@st.cache_resource(max_entries=4, show_spinner="Checking every row …")
def check(choice: DataChoice, _table: Table) -> Report:
    """Return the check report of the table of :func:`chosen`; what the choice says of sample and shares does not matter to it."""
    return check_data(choice, _table)


@st.cache_data(max_entries=8, show_spinner="Splitting …")
def split(choice: DataChoice, _table: Table) -> tuple[pandas.DataFrame, list[int], SplitFacts]:
    """Return the texts of each class and part, the lengths in tokens of up to 2,000 texts, and where the parts come from.

    Raises ``DataError``.
    """
    prepared = prepare(_table, choice)
    texts = prepared.frame["text"]
    lengths = count_tokens(texts.sample(min(len(texts), MEASURED_TEXTS), random_state=0).tolist())
    return class_counts(prepared), lengths, split_facts(choice, prepared.frame)


@st.cache_data(max_entries=2, show_spinner=False)
def columns_at_a_glance(identifier: str, options: ReadingOptions, _table: Table) -> pandas.DataFrame:
    """Return what helps to tell texts, labels and ids apart, from the first 10,000 rows."""
    frame = _table.frame.head(10_000)
    return pandas.DataFrame(
        {
            "Column": list(frame.columns),
            "Different values": [frame[name].nunique() for name in frame.columns],
            "Empty": [int((frame[name].str.strip() == "").sum()) for name in frame.columns],
            "Words, average": [round(float(frame[name].str.count(r"\S+").mean()), 1) for name in frame.columns],
            "For example": [shorten(next((cell for cell in frame[name] if cell.strip()), ""), 60) for name in frame.columns],
        }
    )


def forget() -> None:
    """Empty the caches and hand the memory back to the system: the server lives on for days, and a run needs the room."""
    for cached in (read, _chosen, check, split, columns_at_a_glance):
        cached.clear()
    gc.collect()
    pyarrow.default_memory_pool().release_unused()
    with contextlib.suppress(AttributeError, OSError, TypeError):  # glibc keeps freed memory to itself; only glibc has this call
        ctypes.CDLL(None).malloc_trim(0)
