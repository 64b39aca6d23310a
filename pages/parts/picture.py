"""A chart together with what it tells, the form in which every chart is handed on."""

from __future__ import annotations

from dataclasses import dataclass

import altair
import streamlit as st


@dataclass(frozen=True)
class Picture:
    """A chart and what it tells."""

    chart: altair.Chart | altair.LayerChart
    alt: str
    """The takeaway in one sentence."""
    caption: str = ""
    """What was left out, if anything was."""

    def show(self, key: str, alt: str | None = None) -> None:
        """Draw it over the full width. With the same ``key`` and ``alt`` at every run the browser keeps the chart and swaps its data.

        A live chart needs an ``alt`` of its own that does not change: with a new one the browser builds the chart anew, and it flickers.
        """
        st.altair_chart(self.chart, key=key, alt=alt or self.alt)
        if self.caption:
            st.caption(self.caption)


def tip(name: str, title: str, format: str = "") -> altair.Tooltip:
    """A figure with a format, or a name without one."""
    return altair.Tooltip(f"{name}:Q", title=title, format=format) if format else altair.Tooltip(f"{name}:N", title=title)
