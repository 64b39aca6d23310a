"""The two boxes for the text and the label, filled with a guess that follows the label, and the questions that settle an unsure one."""

from __future__ import annotations

import streamlit as st

from engine.data.choice import DataChoice
from engine.data.store import SAMPLE, Dataset
from engine.display.formatting import plain
from engine.reading.columns.guess import ColumnGuess
from engine.reading.table import Table
from pages.parts.data.data_results import columns_at_a_glance, guess_for


def choose_columns(dataset: Dataset, table: Table, guess: ColumnGuess, confirmed: DataChoice | None) -> tuple[list[str], str | None]:
    """Show the boxes; return the text columns in their order, and the label."""
    names = list(table.frame.columns)
    if confirmed and confirmed.label in names and set(confirmed.text) <= set(names):
        guess = ColumnGuess(confirmed.text, confirmed.label, True, f"“{confirmed.label}” is the label, as it was confirmed before.")
    columns_key = f"{dataset.identifier} {hash(tuple(names))}"  # other names, as after another way of reading, are another question
    text_key, label_key, guessed_key = (f"{what} of {columns_key}" for what in ("text", "label", "text as guessed"))
    state = st.session_state
    state.setdefault(label_key, guess.label if guess.label in names else None)
    state.setdefault(text_key, [name for name in guess.text if name in names])
    state.setdefault(guessed_key, (guess.label, list(guess.text)))
    guessed_for, guessed_text = state[guessed_key]
    if state[label_key] != guessed_for:
        guess = guess_for(dataset.identifier, table.options, state[label_key], table)
        if state[text_key] == guessed_text or state[label_key] in state[text_key]:  # what a person chose stays
            state[text_key] = list(guess.text)
        state[guessed_key] = (state[label_key], list(guess.text))
    text_box, label_box = st.columns(2, gap="large")
    text = text_box.multiselect(
        "Text",
        names,
        key=text_key,
        persist_state="session",
        placeholder="Choose one column, or several to join",
        help="Several columns, such as a title and a body, are joined by a blank line in the order in which you choose them.",
    )
    label = label_box.selectbox(
        "Label",
        names,
        key=label_key,
        persist_state="session",
        placeholder="Choose the column to be predicted",
        help="The class of each text, which both models learn to predict.",
    )
    if dataset.identifier != SAMPLE:
        st.caption(plain(guess.reason))
    if not guess.sure:
        st.markdown(
            "The guess is unsure; two questions settle it. **Text**: which column would a person read to decide? It holds sentences, "
            "nearly every row a different one. **Label**: which column holds the decision? A few values that come back many times, such "
            "as a topic, a department, or spam and not spam. Leave out ids, dates, links, and columns that are only known after the "
            "decision."
        )
        glance = columns_at_a_glance(dataset.identifier, table.options, table)
        st.dataframe(glance, hide_index=True, alt="Each column with its number of different values.")
    return text, label
