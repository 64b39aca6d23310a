"""Code in two columns: the framework's name with its hue and dash, and a piece of source with the place where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import streamlit as st

from engine import FRAMEWORK_NAMES
from engine.display.formatting import count
from engine.display.twin_rows import swatch
from engine.source.source_tree import Definition

QUIET = "font-size:0.8125rem;line-height:1.4;opacity:0.75"


def column_heading(framework: str, words: str) -> None:
    """Show the framework's name with its hue and dash, and a few quiet words beside it."""
    st.html(_heading(framework, words))


def column_headings(words: Mapping[str, str]) -> None:
    """Show both headings above two columns, beside each other where the columns are."""
    sides = "".join(f'<div style="flex:1 1 15rem">{_heading(framework, said)}</div>' for framework, said in words.items())
    st.html(f'<div style="display:flex;flex-wrap:wrap;gap:0 2rem">{sides}</div>')


def _heading(framework: str, words: str) -> str:
    return (
        f'<div style="font-weight:600">{swatch(framework)}&ensp;{FRAMEWORK_NAMES[framework]}'
        f'<span style="{QUIET};font-weight:400">&ensp;{escape(words)}</span></div>'
    )


def show_piece(piece: Definition, wrap: bool = False) -> None:
    """Show where a piece stands, how long it is, and its source."""
    place = piece.file.removeprefix("engine/").removeprefix("frameworks/")
    st.html(f'<div style="{QUIET}">{escape(place)}, from line {piece.first_line:,} · {count(piece.lines, "line")}</div>')
    st.code(piece.source, line_numbers=True, wrap_lines=wrap)
