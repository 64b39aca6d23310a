"""Draws on a page what ``engine.display`` makes: charts, twin rows, small tables, facts in words."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

from engine.display import html_tables, twin_rows
from engine.display.figure import Picture

Parameters = ParamSpec("Parameters")


def _drawn(make: Callable[Parameters, str]) -> Callable[Parameters, None]:
    """Return what shows the HTML that is made; Streamlit's sanitiser lets no script through."""

    @wraps(make)
    def show_html(*arguments: Parameters.args, **options: Parameters.kwargs) -> None:
        st.html(make(*arguments, **options))

    return show_html


twin_heading = _drawn(twin_rows.twin_heading)
twin_row = _drawn(twin_rows.twin_row)
twin_facts = _drawn(twin_rows.twin_facts)
fact_list = _drawn(html_tables.fact_list)
plain_table = _drawn(html_tables.plain_table)


def show(picture: Picture, key: str, alt: str | None = None) -> None:
    """Draw it over the full width. With the same ``key`` and ``alt`` at every run the browser keeps the chart and swaps its data.

    A live chart needs an ``alt`` of its own that does not change: with a new one the browser builds the chart anew, and it flickers.
    """
    st.vega_lite_chart(picture.for_page, key=key, alt=alt or picture.alt)
    if picture.caption:
        st.caption(picture.caption)
