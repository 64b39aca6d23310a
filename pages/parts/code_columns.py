"""Code in two columns: the framework's name with its hue and dash, and a piece of source with the place where it stands."""

from __future__ import annotations

from html import escape

import streamlit as st

from engine import FRAMEWORK_NAMES
from engine.evidence.source_tree import Definition
from pages.parts.palette import HUES
from pages.parts.twin_row import LINES
from pages.parts.wording import count

QUIET = "font-size:0.8125rem;line-height:1.4;opacity:0.75"


def column_heading(framework: str, words: str) -> None:
    """The framework's name with its hue and dash, and a few quiet words beside it."""
    swatch = (
        f'<span style="display:inline-block;width:2rem;vertical-align:middle;border-top:3px {LINES[framework]} {HUES[framework]}"></span>'
    )
    st.html(
        f'<div style="font-weight:600">{swatch}&ensp;{FRAMEWORK_NAMES[framework]}'
        f'<span style="{QUIET};font-weight:400">&ensp;{escape(words)}</span></div>'
    )


def show_piece(piece: Definition, wrap: bool = False) -> None:
    """Where it stands, how long it is, and its source."""
    place = piece.file.removeprefix("engine/").removeprefix("frameworks/")
    st.html(f'<div style="{QUIET}">{escape(place)}, from line {piece.first_line:,} · {count(piece.lines, "line")}</div>')
    st.code(piece.source, line_numbers=True, wrap_lines=wrap)
