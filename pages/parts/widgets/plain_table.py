"""Draws the small tables of ``engine.display.html_tables`` on a page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from engine.display import html_tables


def plain_table(headings: Sequence[str], rows: Sequence[Sequence[str]], figures: Sequence[int] = (), swatches: Sequence[str] = ()) -> None:
    """A table that is read rather than sorted, as ``engine.display.html_tables.plain_table`` describes it."""
    st.html(html_tables.plain_table(headings, rows, figures, swatches))
