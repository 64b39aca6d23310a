"""Starting a run from a page: once, however often the button is pressed."""

from __future__ import annotations

import streamlit as st

from engine.runs import launching
from engine.runs.experiment import Experiment
from engine.runs.folder import Run
from engine.runs.index import runs_of

RECENT = 20


def run_under_way(experiment: Experiment) -> Run | None:
    """A queued or running run of exactly these settings; a second click, tab or browser finds it too."""
    return next((row.run for row in runs_of(experiment, RECENT) if row.active), None)


def start_once(experiment: Experiment) -> Run:
    """The run of this experiment: the one under way if there is one, else a new one. Raises ``ParityError`` where it cannot start."""
    run = run_under_way(experiment)
    if run is None:
        return launching.start(experiment)
    st.toast("This run is already under way.", icon=":material/info:")
    return run
