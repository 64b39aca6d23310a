"""Draws the small tables of ``engine.evidence.listings`` on a page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from engine.evidence import listings


def plain_table(headings: Sequence[str], rows: Sequence[Sequence[str]], figures: Sequence[int] = (), swatches: Sequence[str] = ()) -> None:
    """A table that is read rather than sorted, as ``engine.evidence.listings.plain_table`` describes it."""
    st.html(listings.plain_table(headings, rows, figures, swatches))
