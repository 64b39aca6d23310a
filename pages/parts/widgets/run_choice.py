"""Which run a page is about: the one in its address, else the last one looked at, else the newest; and what to show without one."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from engine.display.formatting import plain, shorten, what_trains, when
from engine.errors import ParityError, RunError
from engine.runs.experiment import Experiment
from engine.runs.folder import Run, open_run
from engine.runs.index import RunRow, row_of, run_rows

LAST_RUN = "last_run"
"""Session key under which page switches keep the run; the address forgets it."""

RECENT = 50


def choose_run(purpose: str, results_needed: bool = True, meanwhile: Callable[[Run], None] | None = None) -> Run:
    """The run that the page shows, with a box to choose another; keeps it in the address (``?run=``). Call it first, above the title.

    ``purpose`` completes "Finish a run to …", for example "compare the two models". Stops the page, after saying what is missing
    and where to get it, when the address names no run, when there is none yet, and with ``results_needed`` when it has no results;
    ``meanwhile`` then shows what there is of the run.
    """
    identifier = st.query_params.get("run")
    if identifier is not None:
        run = asked_run(identifier)
    else:
        run = _remembered() or _newest(results_needed) or _no_run_yet(purpose)
    remember(run)
    run = _choose_another(run, results_needed)
    if results_needed and run.read_results() is None:
        _no_results_yet(run, purpose, meanwhile)
    return run


def asked_run(identifier: str) -> Run:
    """The run that the address names; an unknown or impossible name ends the page with one sentence and the way out."""
    try:
        return open_run(identifier)
    except RunError as error:
        st.session_state.pop(LAST_RUN, None)
        st.title("No such run")
        st.error(plain(shorten(error, 400)), icon=":material/search_off:")
        st.page_link("pages/home.py", label="All runs are listed on the Home page", icon=":material/home:")
        st.stop()


def experiment_of(run: Run, title: str) -> Experiment:
    """Return what was asked of the run; where that cannot be read, the page ends with ``title`` and the reason."""
    try:
        return run.read_experiment()
    except ParityError as error:
        st.title(title, anchor=False)
        st.error(plain(shorten(error, 400)), icon=":material/error:")
        st.stop()


def remember(run: Run) -> None:
    """Keep the run in the address and for the other pages of this browser tab."""
    st.session_state[LAST_RUN] = run.identifier
    if st.query_params.get("run") != run.identifier:
        st.query_params["run"] = run.identifier


def run_caption(run: Run) -> str:
    """``support_messages.csv · Text CNN · matched · 12 minutes ago`` and the identifier, in Markdown: for below a title."""
    experiment = run.read_experiment()
    return " · ".join([plain(experiment.data.name), plain(what_trains(experiment)), when(run.read_status().created), run.identifier])


def run_label(row: RunRow) -> str:
    """Return ``support_messages.csv, Text CNN, matched, 12 minutes ago``, not escaped: for option lists, which show plain text."""
    if row.experiment is None:
        return f"{row.identifier} (description damaged)"
    state = "" if row.state == "done" else f", {row.state}"
    trained = what_trains(row.experiment).replace(" · ", ", ")
    return f"{shorten(row.experiment.data.name, 40)}, {trained}, {when(row.created)}{state}"


def _remembered() -> Run | None:
    try:
        return open_run(st.session_state[LAST_RUN])
    except (KeyError, ParityError):
        return None


def _newest(results_needed: bool) -> Run | None:
    rows = run_rows(RECENT)
    shown = next((row for row in rows if not results_needed or row.has_results), rows[0] if rows else None)
    return shown.run if shown else None


def _choose_another(run: Run, results_needed: bool) -> Run:
    rows = [row for row in run_rows(RECENT) if row.run == run or not results_needed or row.has_results]
    if len(rows) < 2:
        return run
    if all(row.run != run for row in rows):
        rows.insert(0, row_of(run))
    labels = {row.identifier: run_label(row) for row in rows}

    def follow() -> None:
        st.query_params["run"] = st.session_state[f"choice_of_{run.identifier}"]

    # The key holds the run, so that a new address starts the box anew instead of showing the earlier choice.
    names = list(labels)
    st.selectbox(
        "Run", names, index=names.index(run.identifier), format_func=labels.__getitem__, key=f"choice_of_{run.identifier}", on_change=follow
    )
    return run


def _no_run_yet(purpose: str) -> Run:
    st.title("No run yet")
    st.write(f"Finish a run to {purpose}. On the sample it takes less than half a minute and needs no upload.")
    st.page_link("pages/home.py", label="Try it on the sample", icon=":material/play_arrow:")
    st.page_link("pages/data.py", label="Use your own data", icon=":material/upload_file:")
    st.stop()


def _no_results_yet(run: Run, purpose: str, meanwhile: Callable[[Run], None] | None) -> None:
    status = run.read_status()
    st.title("No results yet")
    if status.active:
        st.write(f"This run is still {status.state}. When it has finished you can {purpose}.")
        label = "Watch it train"
    else:
        st.write(f"This run {'was stopped' if status.state == 'stopped' else 'failed'} before it had anything to compare.")
        label = "See what happened, and resume it"
    st.page_link("pages/train.py", label=label, icon=":material/monitoring:", query_params={"run": run.identifier})
    if meanwhile is not None:
        meanwhile(run)
    st.stop()
