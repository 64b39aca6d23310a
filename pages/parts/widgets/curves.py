"""Keeps the curves of the run that a page looks at, so that each rerun reads only what has been written since."""

from __future__ import annotations

import streamlit as st

from engine.results.curves import Curves
from engine.runs.folder import Run


def follow(run: Run) -> Curves:
    """The curves of a run, kept in the session so that each call reads only what is new."""
    curves = st.session_state.get("curves")
    if not isinstance(curves, Curves) or curves.run != run.identifier:
        curves = Curves(run.identifier)
        st.session_state["curves"] = curves
    curves.read(run)
    return curves
