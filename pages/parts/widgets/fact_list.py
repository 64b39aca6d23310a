"""Draws facts in words: those of both frameworks in a list, those of either side by side."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from engine.display import html_tables, twin_rows


def fact_list(facts: Sequence[tuple[str, str, str]]) -> None:
    """Show facts, each (name, value, sentence)."""
    st.html(html_tables.fact_list(facts))


def twin_facts(facts: Sequence[tuple[str, str, str]]) -> None:
    """Show facts, each (name, PyTorch's value, TensorFlow's value)."""
    st.html(twin_rows.twin_facts(facts))
