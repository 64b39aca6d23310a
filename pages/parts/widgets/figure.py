"""Draws the charts of ``engine.display.charts`` on a page."""

from __future__ import annotations

import streamlit as st

from engine.display.figure import Picture


def show(picture: Picture, key: str, alt: str | None = None) -> None:
    """Draw it over the full width. With the same ``key`` and ``alt`` at every run the browser keeps the chart and swaps its data.

    A live chart needs an ``alt`` of its own that does not change: with a new one the browser builds the chart anew, and it flickers.
    """
    st.altair_chart(picture.chart, key=key, alt=alt or picture.alt)
    if picture.caption:
        st.caption(picture.caption)
