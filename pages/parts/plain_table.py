"""A small table of words and figures that is read rather than sorted: every cell is shown, lines wrap, it scrolls by itself if too wide."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from pages.parts.wording import MISSING

QUIET = "font-size:0.875rem;line-height:1.45;opacity:0.8"


def plain_table(headings: Sequence[str], rows: Sequence[Sequence[str]], figures: Sequence[int] = (), swatches: Sequence[str] = ()) -> None:
    """Cells are escaped; a line break in one makes the rest of it quiet.

    ``figures`` are the numbers of the columns that hold figures, which stand right-aligned. ``swatches`` are styles of a short line before
    the first cell of each row, as ``solid #RRGGBB``.
    """
    styles = [f"{_place(place, figures)};font-weight:600;white-space:normal" for place in range(len(headings))]
    head = "".join(f'<th style="{style}">{escape(name)}</th>' for style, name in zip(styles, headings, strict=True))
    lines = []
    for number, row in enumerate(rows):
        cells = [_cell(cell, place, figures, swatches[number] if swatches and place == 0 else "") for place, cell in enumerate(row)]
        lines.append(f"<tr>{''.join(cells)}</tr>")
    st.html(
        f'<div style="overflow-x:auto"><table style="border-collapse:collapse;max-width:60rem"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _cell(words: str, place: int, figures: Sequence[int], swatch: str) -> str:
    first, _, rest = (words or MISSING).partition("\n")
    line = f'<span style="display:inline-block;width:1.5rem;vertical-align:middle;border-top:3px {swatch}"></span>&ensp;' if swatch else ""
    quiet = f'<div style="{QUIET}">{escape(rest)}</div>' if rest else ""
    return f'<td style="{_place(place, figures)}">{line}{escape(first)}{quiet}</td>'


def _place(place: int, figures: Sequence[int]) -> str:
    side = "text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums" if place in figures else "text-align:left"
    return f"{side};padding:0.35rem 1.25rem 0.35rem 0;vertical-align:top;border:none"
