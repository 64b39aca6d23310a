"""Studies on a page: which one is shown, how it is started, how far it is, how it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from engine.data.choice import DataChoice
from engine.data.store import SAMPLE, sample_choice
from engine.display.formatting import duration, plain, shorten, when
from engine.errors import ParityError
from engine.runs.folder import Run
from engine.runs.preparing.prepare import dataset_store
from engine.shared.devices import Machine
from engine.studies.study import Study, list_studies, start_study

RECENT = 20


def shown_study(kind: str, label: Callable[[Study], str]) -> Study | None:
    """The study that was just started, else the last one with results, with a box to choose another; ``None`` before the first."""
    studies = list_studies(kind)[:RECENT]
    with_results = [study for study in studies if study.read_results() is not None]
    started = next((study for study in studies if study.identifier == st.session_state.get(_key(kind))), None)
    if started is not None and started not in with_results:
        return started
    if len(with_results) < 2:
        return next(iter(with_results or studies), None)
    names = {study.identifier: f"{label(study)}, {when(study.read_status().created)}" for study in with_results}
    st.session_state.setdefault(_key(kind), with_results[0].identifier)
    if st.session_state[_key(kind)] not in names:
        st.session_state[_key(kind)] = with_results[0].identifier
    chosen = st.selectbox("Results", list(names), format_func=names.__getitem__, key=_key(kind), label_visibility="collapsed")
    return next(study for study in with_results if study.identifier == chosen)


def start(kind: str, request: Mapping[str, Any], page: str | None = None) -> None:
    """Start it, or find it under way or finished, and show it from now on: here, or on ``page``."""
    try:
        study = start_study(kind, dict(request))
    except ParityError as error:
        st.error(plain(error), icon=":material/error:")
        return
    st.session_state[_started(kind)] = study.identifier
    if page:
        st.switch_page(page)
    st.rerun()


def take_over_choice() -> None:
    """What was started a moment ago becomes what is shown; called before the box of the same key is drawn."""
    for kind in TITLES:
        if identifier := st.session_state.pop(_started(kind), None):
            st.session_state[_key(kind)] = identifier


def watch(identifiers: Sequence[str], parts: int) -> None:
    """One look at the studies under way, repeated every second; when one has ended or found something, the page starts anew."""
    studies = [study for kind in TITLES for study in list_studies(kind) if study.identifier in identifiers]
    if any(not study.read_status().active for study in studies) or len(studies) < len(identifiers) or pieces(studies) != parts:
        st.rerun()
    kinds: set[str] = set()
    for study in studies:
        status = study.read_status()
        words = f"**{TITLES[study.kind]}**: {plain(status.message)}"
        # Several of one kind may wait in the queue, and each needs a button of its own.
        key = f"stop_{study.identifier if study.kind in kinds else study.kind}"
        kinds.add(study.kind)
        progress_row(study, words, status.share, status.seconds_left, key)


def progress_row(source: Study | Run, words: str, share: float, seconds_left: float | None, key: str) -> None:
    """How far a study or a run is, in ``words`` (escaped) and with the time left, and a button that stops it."""
    left = f", {duration(seconds_left)} left" if seconds_left is not None and seconds_left >= 1 else ""
    bar, stop = st.columns([5, 1], vertical_alignment="center")
    bar.progress(min(1.0, max(0.0, share)), text=f"{words}{left}")
    stopping = source.stop_requested()
    if stop.button("Stopping" if stopping else "Stop", icon=":material/stop_circle:", key=key, disabled=stopping,
                   help="What is finished is kept; the same goes on from there."):  # fmt: skip
        source.request_stop()
        st.rerun(scope="app")


TITLES = {
    "audit": "Audit",
    "ablation": "Defaults",
    "museum": "Museum",
    "benchmark": "Benchmark",
    "migration": "Migration",
    "export": "Export",
}
"""What a study of each kind is called where it is under way."""


def active_studies(*kinds: str) -> list[Study]:
    """Return those of these kinds with something still ahead of them."""
    return [study for kind in kinds for study in list_studies(kind)[:RECENT] if study.read_status().active]


def watch_active(*kinds: str) -> list[Study]:
    """Show how far the studies of these kinds are that are under way, every second anew, and return them."""
    under_way = active_studies(*kinds)
    if under_way:
        st.fragment(watch, run_every=1.0)([study.identifier for study in under_way], pieces(under_way))
    return under_way


def pieces(studies: Sequence[Study]) -> int:
    """How much they have found so far, so that a change can be noticed."""
    return sum(len((study.read_results() or {}).get("rows", [])) + (study.read_results() or {}).get("seeds", 0) for study in studies)


def ending(study: Study) -> None:
    """What to say of a study that did not come to its end, and the way on."""
    status = study.read_status()
    if status.active or status.state == "done":
        return
    if status.state == "failed":
        st.error(plain(status.message), icon=":material/error:")
    else:
        st.write(plain(status.message))
    if st.button("Go on", icon=":material/resume:", key=f"resume_{study.kind}"):
        try:
            request = study.read_request()
        except ParityError as error:
            st.error(plain(error), icon=":material/error:")
        else:
            start(study.kind, request)


def facts(machine: Machine, *own: str) -> str:
    """What was measured on which machine, in one line."""
    versions = ", ".join(f"{name} {machine.packages[name]}" for name in ("torch", "tensorflow", "keras") if name in machine.packages)
    return " · ".join(plain(part) for part in (*own, machine.cpu, versions) if part)


def choose_data(key: str) -> DataChoice:
    """The sample, or a file whose columns have been confirmed on the Data page."""
    store = dataset_store()
    choices = {SAMPLE: sample_choice()}
    for dataset in store.list():
        try:
            choice = store.load_choice(dataset.identifier)
        except ParityError:
            continue
        if choice is not None:
            choices[dataset.identifier] = choice
    names = list(choices)
    chosen = st.selectbox("Texts", names, format_func=lambda name: shorten(choices[name].name, 40), key=key, persist_state="session")
    return choices.get(chosen, choices[SAMPLE])


def _key(kind: str) -> str:
    return f"shown_{kind}"


def _started(kind: str) -> str:
    return f"started_{kind}"
