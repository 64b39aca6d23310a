"""The box at the top of the Data page: an upload, the sample or an earlier upload; what was chosen stands in the address (``?data=``)."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from engine.data.process.reader import preview
from engine.data.process.request import largest_upload
from engine.data.store import Dataset, DatasetStore
from engine.display.formatting import count, plain, shorten, when
from engine.errors import DataError
from engine.reading.containers.packing import pack
from engine.reading.options import ReadingOptions
from engine.reading.scratch import scratch_folder

FILE_TYPES = [
    *("csv", "tsv", "tab", "txt", "md", "jsonl", "ndjson", "json", "parquet", "pq", "arrow", "feather"),
    *("xlsx", "xlsm", "xls", "xlsb", "ods", "gz", "bz2", "xz", "zst", "zip"),
]
LARGEST_FILE = largest_upload()
"""MB that the browser lets through; the store refuses what is larger than any file may be."""
SAMPLE = "sample"
PROBLEM = "upload_problem"
UPLOADS = "uploads_taken"


def choose_dataset(store: DatasetStore) -> Dataset | None:
    """The data set of the address, with the three ways to choose another; ``None`` before there is one or when it has gone."""
    dataset = None
    if identifier := st.query_params.get("data"):
        try:
            dataset = store.get(identifier)
        except DataError as error:
            st.error(plain(shorten(error, 500)), icon=":material/search_off:")
    uploader, others = st.columns([3, 2], gap="large")
    with uploader:
        key = f"upload {st.session_state.get(UPLOADS, 0)}"
        st.file_uploader(
            "Upload labelled text",
            FILE_TYPES,
            accept_multiple_files=True,
            key=key,
            on_change=_take,
            args=(store, key),
            max_upload_size=LARGEST_FILE,
        )
        st.caption(
            "One row for each text, with a column that says its label: CSV, JSON, Parquet, Arrow or a workbook, also compressed or in a "
            f"zip, up to {LARGEST_FILE:,} MB a file: what this machine’s memory allows. Drop files that belong together, such as train and "
            "test, together. They stay on this computer."
        )
    with others:
        sample_chosen = dataset is not None and dataset.identifier == SAMPLE
        st.button(
            "Use the sample",
            icon=":material/play_arrow:",
            help="Customer messages to five departments of a shop.",
            type="secondary" if dataset else "primary",
            disabled=sample_chosen,
            width="stretch",
            on_click=_choose,
            args=(SAMPLE,),
        )
        _earlier_uploads(store, dataset)
    if problem := st.session_state.get(PROBLEM):
        name, message = problem
        st.error(f"**{plain(shorten(name, 80))}** was not taken. {plain(shorten(message, 600))}", icon=":material/error:")
    return dataset


def _earlier_uploads(store: DatasetStore, dataset: Dataset | None) -> None:
    earlier = {stored.identifier: stored for stored in store.list()}
    if not earlier:
        return
    st.session_state["earlier"] = dataset.identifier if dataset and dataset.identifier in earlier else None
    st.selectbox(
        "Or an earlier upload",
        list(earlier),
        key="earlier",
        placeholder="Choose one",
        format_func=lambda identifier: f"{shorten(earlier[identifier].name, 40)}, {when(earlier[identifier].added)}",
        on_change=lambda: _choose(st.session_state["earlier"]),
    )


def _choose(identifier: str | None) -> None:
    st.session_state.pop(PROBLEM, None)
    if identifier is None:
        st.query_params.pop("data", None)
    else:
        st.query_params["data"] = identifier


def _take(store: DatasetStore, key: str) -> None:
    """Store the bytes at once: the box forgets them on a page switch. What no option makes readable leaves the earlier choice as it is."""
    files = [file for file in st.session_state[key] or () if hasattr(file, "read")]
    if not files:  # nothing, or the trace of a file that was taken before the visitor went back in the browser
        return
    # A new key empties the box, and Streamlit is told to drop its own copy of the bytes, which it would keep as long as the tab is open.
    st.session_state[UPLOADS] = st.session_state.get(UPLOADS, 0) + 1
    context = get_script_run_ctx()
    remove_file = getattr(context.uploaded_file_mgr, "remove_file", None) if context else None
    if context and remove_file:
        for file in files:
            remove_file(context.session_id, file.file_id)
    name = files[0].name if len(files) == 1 else f"{Path(files[0].name).stem} and {count(len(files) - 1, 'more file')}.zip"
    try:
        with scratch_folder() as folder:
            copy = folder / "upload"
            if len(files) == 1:
                copy.write_bytes(files[0].getbuffer())
            else:
                pack(copy, _by_name(files), name)
            if reason := _why_unreadable(copy, name):
                st.session_state[PROBLEM] = (name, reason)
                return
            _choose(store.add(name, copy).identifier)
    except (DataError, OSError) as error:
        st.session_state[PROBLEM] = (name, str(error))


def _by_name(files: list[UploadedFile]) -> dict[str, BinaryIO]:
    """Return the files by names of which none occurs twice."""
    named: dict[str, BinaryIO] = {}
    for file in files:
        copies = sum(file.name == name or name.endswith(f"/{file.name}") for name in named)
        named[f"{copies + 1}/{file.name}" if copies else file.name] = file
    return named


def _why_unreadable(path: Path, name: str) -> str | None:
    """The reason when the file is readable neither as detected nor as delimited text, which a person may still choose."""
    reasons = []
    for options in (ReadingOptions(), ReadingOptions(kind="csv")):
        try:
            preview(path, name, options, limit=20)
            return None
        except DataError as error:
            reasons.append(str(error))
    return reasons[0]
