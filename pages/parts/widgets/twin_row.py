"""Draws the twin rows of ``engine.display.twin_rows`` on a page; Streamlit's sanitiser lets no script through."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from engine.display import twin_rows


def twin_heading() -> None:
    """The two names with their hue and dash, once above a group of twin rows."""
    st.html(twin_rows.twin_heading())


def twin_row(
    measure: str,
    pytorch: float | None,
    tensorflow: float | None,
    unit: str = "",
    sentence: str = "",
    help: str | None = None,
    format: Callable[[float], str] | None = None,
) -> None:
    """One comparison, as ``engine.display.twin_rows.twin_row`` describes it."""
    st.html(twin_rows.twin_row(measure, pytorch, tensorflow, unit, sentence, help, format))
