"""The API dictionary on a page: one box to search it, and the terms of both frameworks beside each other."""

from __future__ import annotations

import streamlit as st

from engine.course.api_dictionary import entries, search
from engine.display.formatting import count, plain, shorten
from engine.display.html_tables import twin_terms
from pages.parts.widgets.code_columns import column_heading


def show_dictionary() -> None:
    """Show the box, which the address keeps (``?search=``), and what it finds, stage by stage."""
    words = st.text_input(
        "Search",
        key="search",
        bind="query-params",
        placeholder="Linear, dropout, from_logits …",
        icon=":material/search:",
        max_chars=100,
        help="Parts of names and of the sentences, in small or capital letters. Several words must all occur.",
    )
    found = search(words or "")
    amount, whole = sum(map(len, found.values())), sum(1 for _ in entries())
    if not found:
        st.markdown(f"#### Nothing is called “{plain(shorten(words, 60))}” here")
        st.write(
            f"{count(whole, 'pair')} of terms are known. Try a part of the name, such as “norm” for LayerNorm and LayerNormalization, or "
            "what it does, such as “padding”."
        )
        return
    st.caption(f"{count(whole, 'pair')} of terms" if amount == whole else f"{amount:,} of {count(whole, 'pair')} of terms")
    for column, framework in zip(st.columns(3)[:2], ("pytorch", "tensorflow"), strict=True):
        with column:
            column_heading(framework, "")
    for stage, pairs in found.items():
        st.markdown(f"##### {stage}")
        st.html(twin_terms([(pair.pytorch, pair.tensorflow, pair.difference) for pair in pairs]))
