"""Charts as SVG: the same specifications that the pages draw, rendered without a browser and without a network.

vl-convert carries Vega and its own JavaScript engine: about 35 MB to download, loaded when the first chart is rendered.
"""

from __future__ import annotations

import io
import re
from html import escape
from typing import Any

import altair
import pandas

from engine.display.figure import Picture

GRID = "#7A7F8740"
WORDS = "currentColor"
"""The colour of the text around the chart, which light, dark and print choose."""

LOOK: dict[str, Any] = {
    "font": "sans-serif",
    "aria": False,  # the whole picture has one sentence; thousands of labelled points help nobody
    "background": "transparent",
    "view": {"stroke": None},
    "axis": {
        "labelColor": WORDS,
        "titleColor": WORDS,
        "gridColor": GRID,
        "domainColor": GRID,
        "tickColor": GRID,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    },
    "legend": {"labelColor": WORDS, "titleColor": WORDS, "labelFontSize": 13},
}


def chart_svg(picture: Picture, width: int) -> str:
    """Return an ``<svg>`` element, ``width`` pixels wide with axes and legend, which bears the picture's sentence for screen readers."""
    chart = _with_its_data(picture.chart).properties(width=width, autosize=altair.AutoSizeParams(type="fit-x", contains="padding"))
    text = io.StringIO()
    chart.configure(**LOOK).save(text, format="svg")
    sentence = escape(picture.alt, quote=True)
    return re.sub(r"<svg ", f'<svg role="img" aria-label="{sentence}" ', text.getvalue(), count=1)


def _with_its_data(chart: altair.Chart | altair.LayerChart) -> altair.Chart | altair.LayerChart:
    """Return a copy that holds its data itself.

    Altair would hand them to what is registered for the whole process, and Streamlit changes that for a moment whenever it draws a chart;
    nor is there a limit on the rows then.
    """
    copy = chart.copy(deep=True)
    for part in (copy, *getattr(copy, "layer", ())):
        if isinstance(part.data, pandas.DataFrame):
            part.data = altair.Data(**altair.to_values(part.data))
    return copy
