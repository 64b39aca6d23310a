"""The texts on which the two models disagree: the text itself, both answers with their probability, and the truth."""

from __future__ import annotations

import pandas
import streamlit as st

from engine import FRAMEWORK_NAMES
from engine.display.formatting import count
from engine.display.html_tables import disagreement

AT_ONCE = 10
LONGEST = 1_200
"""Characters of a text that are shown; the download has all of it."""


def disagreement_list(table: pandas.DataFrame, key: str) -> None:
    """Show ``table`` from ``engine.results.tables.disagreements``; ``key`` keeps filter and length apart between runs."""
    right = right_side(table)
    choices = {name: f"{name} ({amount:,})" for name, amount in right.value_counts().items()}
    if len(choices) > 1:
        kept = st.pills("Show only", list(choices), format_func=choices.__getitem__, key=f"{key}_kept")
        table = table if kept is None else table[right == kept]
    length_key = f"{key}_length"
    length = st.session_state.get(length_key, AT_ONCE)
    st.html("".join(disagreement(row, LONGEST) for row in table.head(length).to_dict("records")))
    if len(table) > length:

        def show_more() -> None:
            st.session_state[length_key] = length + AT_ONCE

        st.button(f"Show {min(AT_ONCE, len(table) - length)} more of {count(len(table), 'text')}", on_click=show_more, key=f"{key}_more")


def right_side(table: pandas.DataFrame) -> pandas.Series:
    """Return for each row ``PyTorch is right``, ``TensorFlow is right`` or ``Neither is right``; both cannot be, for they disagree."""
    sides = pandas.Series("Neither is right", index=table.index, dtype=object)
    for name in FRAMEWORK_NAMES.values():
        sides[table[f"{name} answer"] == table["true class"]] = f"{name} is right"
    return sides
