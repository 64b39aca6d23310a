"""Charts as SVG: the same specifications that the pages draw, rendered without a browser and without a network.

vl-convert carries Vega and its own JavaScript engine: about 35 MB to download, loaded by a process of its own when the first chart is
rendered. It ends its process on characters that XML does not allow; here they become pictures of themselves.
"""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any

from engine.display.chart_process import CHARTS
from engine.display.figure import Picture

GRID = "#7A7F8740"
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""https://www.w3.org/TR/xml/#charsets"""
SIGNS = {"\ufffe": "[FFFE]", "\uffff": "[FFFF]"} | {chr(code): "\ufffd" for code in range(0xD800, 0xE000)}
"""Control characters have pictures of their own in Unicode (U+2400 to U+241F); half a pair of surrogates is no character at all."""
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
    """Return an ``<svg>`` element, ``width`` pixels wide with axes and legend, which bears the picture's sentence for screen readers.

    Raises ``RunError`` when it cannot be drawn.
    """
    look = {"width": width, "autosize": {"type": "fit-x", "contains": "padding"}, "config": LOOK}
    specification = picture.complete() | look
    sentence = escape(printable(picture.alt), quote=True)
    svg = CHARTS.svg(json.dumps(_printable(specification)))
    return re.sub(r"<svg ", lambda start: f'{start[0]}role="img" aria-label="{sentence}" ', svg, count=1)


def printable(text: str) -> str:
    """Return the text with a visible sign for each character that XML does not allow, another sign for another one."""
    return NOT_XML.sub(lambda character: SIGNS.get(character[0]) or chr(0x2400 + ord(character[0])), text)


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(str(key)): _printable(inner) for key, inner in value.items()}
    return [_printable(inner) for inner in value] if isinstance(value, (list, tuple)) else value
