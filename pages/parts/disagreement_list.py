"""The texts on which the two models disagree: the text itself, both answers with their probability, and the truth."""

from __future__ import annotations

from html import escape
from typing import Any

import pandas
import streamlit as st

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from pages.parts.palette import HUES
from pages.parts.wording import count, percent, shorten

AT_ONCE = 10
LONGEST = 1_200
"""Characters of a text that are shown; the download has all of it."""

LINES = {"pytorch": "solid", "tensorflow": "dashed"}
QUIET = "font-size:0.875rem;line-height:1.45;opacity:0.8"


def disagreement_list(table: pandas.DataFrame, key: str) -> None:
    """``table`` from ``engine.evidence.tables.disagreements``; ``key`` keeps filter and length apart between runs."""
    right = right_side(table)
    choices = {name: f"{name} ({amount:,})" for name, amount in right.value_counts().items()}
    if len(choices) > 1:
        kept = st.pills("Show only", list(choices), format_func=choices.get, key=f"{key}_kept")
        table = table if kept is None else table[right == kept]
    length_key = f"{key}_length"
    length = st.session_state.get(length_key, AT_ONCE)
    st.html("".join(_entry(row) for row in table.head(length).to_dict("records")))
    if len(table) > length:

        def show_more() -> None:
            st.session_state[length_key] = length + AT_ONCE

        st.button(f"Show {min(AT_ONCE, len(table) - length)} more of {count(len(table), 'text')}", on_click=show_more, key=f"{key}_more")


def right_side(table: pandas.DataFrame) -> pandas.Series:
    """For each row ``PyTorch is right``, ``TensorFlow is right`` or ``Neither is right``; both cannot be, for they disagree."""
    sides = pandas.Series("Neither is right", index=table.index, dtype=object)
    for name in FRAMEWORK_NAMES.values():
        sides[table[f"{name} answer"] == table["true class"]] = f"{name} is right"
    return sides


def _entry(row: dict[str, Any]) -> str:
    text = str(row["text"])
    shown = escape(text[:LONGEST]) + ("…" if len(text) > LONGEST else "")
    sides = "".join(_side(framework, row) for framework in FRAMEWORKS)
    return (
        '<div style="padding:0.75rem 0 1.25rem;max-width:56rem">'
        f'<div dir="auto" style="white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.5">{shown or "(the text is not stored)"}</div>'
        '<div style="display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,15rem),1fr));gap:0.4rem 1.5rem;padding-top:0.5rem">'
        f'{sides}<div style="padding-left:0.7rem"><div style="{QUIET}">True class</div>'
        f'<div style="overflow-wrap:anywhere">{escape(shorten(row["true class"], 80))}</div></div></div></div>'
    )


def _side(framework: str, row: dict[str, Any]) -> str:
    name = FRAMEWORK_NAMES[framework]
    answer, sure = row[f"{name} answer"], row[f"{name} probability"]
    verdict = "right" if answer == row["true class"] else "wrong"
    return (
        f'<div style="border-left:3px {LINES[framework]} {HUES[framework]};padding-left:0.7rem">'
        f'<div style="{QUIET}">{name}, {verdict}</div>'
        f'<div style="overflow-wrap:anywhere"><b>{escape(shorten(answer, 80))}</b> '
        f'<span style="font-variant-numeric:tabular-nums;opacity:0.8">{percent(sure)}</span></div></div>'
    )
