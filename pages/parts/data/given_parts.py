"""The boxes in which a person says that the parts of the data are given: by a column, or by files for validation and testing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from engine.data.choice import DataChoice, PartFile
from engine.data.store import SAMPLE, Dataset, DatasetStore
from engine.data.table_cache import read_stored
from engine.display.formatting import plain, shorten, when
from engine.errors import ParityError
from engine.reading.columns.part_names import likely_split_column
from engine.reading.options import ReadingOptions
from engine.reading.table import Table
from pages.parts.data.dataset_choice import FILE_TYPES, LARGEST_FILE

PART_FILES = {"validation_file": ("Validation file", "to decide when to stop"), "test_file": ("Test file", "to compare the models on")}
DRAWN = ""


def given_parts(choice: DataChoice, confirmed: DataChoice | None, table: Table, store: DatasetStore) -> DataChoice:
    """Return the choice with the parts that are given, as the boxes of :func:`show_given_parts` have them; they stand further down."""
    names = [str(name) for name in table.frame.columns]
    column_key, key = _keys(choice)
    likely = confirmed.split_column if confirmed else likely_split_column(table, besides=(*choice.text, choice.label)) or DRAWN
    st.session_state.setdefault(column_key, likely if likely in names else DRAWN)
    if st.session_state[column_key] not in (DRAWN, *names) or st.session_state[column_key] in (*choice.text, choice.label):
        st.session_state[column_key] = DRAWN
    values: dict[str, PartFile | None] = {}
    for field in PART_FILES:
        before: PartFile | None = getattr(confirmed, field) if confirmed else None
        if uploaded := st.session_state.pop(f"uploaded for {key(field)}", None):  # before the box is drawn, which then has it chosen
            st.session_state[key(field)] = uploaded
        identifier = st.session_state.setdefault(key(field), before.dataset if before else None)
        values[field] = before if before and before.dataset == identifier else _part_file(store, identifier)
    return replace(
        choice,
        split_column=st.session_state[column_key],
        validation_file=values["validation_file"],
        test_file=values["test_file"],
    )


def show_given_parts(choice: DataChoice, table: Table, store: DatasetStore) -> None:
    """Show the boxes, in a fold that is open where parts are given."""
    column_key, key = _keys(choice)
    columns = [str(name) for name in table.frame.columns if name not in (*choice.text, choice.label)]
    with st.expander("The parts are given", icon=":material/call_split:", expanded=choice.gives_parts):
        st.caption(
            "Data that are published with a test set of their own can only be compared with published results on that set. "
            "What is not given here is drawn from the rows for training."
        )
        first, *boxes = st.columns(3, gap="medium")
        first.selectbox(
            "Split column",
            [DRAWN, *columns],
            key=column_key,
            persist_state="session",
            format_func=lambda name: shorten(name, 40) if name else "None",
            help="A column that says of each row whether it is for training, validation or testing.",
        )
        stored = {each.identifier: each for each in store.list() if each.identifier != choice.dataset}
        for box, (field, (title, purpose)) in zip(boxes, PART_FILES.items(), strict=True):
            if st.session_state.get(key(field)) not in stored:
                st.session_state[key(field)] = None
            with box:
                st.selectbox(
                    title,
                    list(stored),
                    key=key(field),
                    persist_state="session",
                    placeholder="None",
                    format_func=lambda identifier: f"{shorten(stored[identifier].name, 30)}, {when(stored[identifier].added)}",
                    help=f"A file with the same columns, whose rows are all used {purpose}. Choose an earlier upload, or upload one.",
                )
                if st.button("Upload one", key=f"upload a {field}", type="tertiary", icon=":material/upload:"):
                    _upload(store, title, key(field))


@st.dialog("A file for one part")
def _upload(store: DatasetStore, title: str, key: str) -> None:
    """Ask for a file; one that can be read is chosen, of another it is said why not."""
    file = st.file_uploader(title, FILE_TYPES, max_upload_size=LARGEST_FILE, help="With the same text and label columns as the main file.")
    if file is None:
        return
    try:
        dataset = store.add(file.name, file)
        read_stored(dataset)
    except ParityError as error:
        st.error(plain(shorten(error, 400)), icon=":material/error:")
        return
    st.session_state[f"uploaded for {key}"] = dataset.identifier
    st.rerun()


def _keys(choice: DataChoice) -> tuple[str, Callable[[str], str]]:
    """Return under which names of the session the split column and the part files are kept."""
    return f"split column of {choice.dataset}", lambda field: f"{field} of {choice.dataset}"


def _part_file(store: DatasetStore, identifier: str | None) -> PartFile | None:
    """Return a stored file as it is read by itself; the errors of reading it are those of the check that follows."""
    if identifier is None or identifier == SAMPLE:
        return None
    try:
        dataset: Dataset = store.get(identifier)
        return PartFile(dataset.identifier, dataset.name, _options(store, dataset))
    except ParityError:
        return None


def _options(store: DatasetStore, dataset: Dataset) -> ReadingOptions:
    """Return how a person confirmed that the file is read, else how it is detected."""
    confirmed = store.load_choice(dataset.identifier)
    return confirmed.reading if confirmed else read_stored(dataset).options
