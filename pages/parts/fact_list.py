"""Facts that belong to both frameworks, or that are words rather than numbers: name, value, and one quiet sentence."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from pages.parts.wording import MISSING

QUIET = "font-size:0.875rem;line-height:1.45;opacity:0.8"
VALUE = "font-weight:600;font-variant-numeric:tabular-nums;overflow-wrap:anywhere"


def fact_list(facts: Sequence[tuple[str, str, str]]) -> None:
    """Each fact is (name, value, sentence); all three are escaped, so they may hold any characters."""
    rows = "".join(
        '<div style="display:flex;flex-wrap:wrap;column-gap:1.5rem;align-items:baseline;padding:0.45rem 0">'
        f'<div style="flex:1 1 14rem;min-width:0">{escape(name)}<div style="{QUIET}">{escape(sentence)}</div></div>'
        f'<div style="flex:1 1 14rem;{VALUE}">{escape(value or MISSING)}</div></div>'
        for name, value, sentence in facts
    )
    st.html(f'<div style="max-width:44rem">{rows}</div>')


def twin_facts(facts: Sequence[tuple[str, str, str]]) -> None:
    """Each fact is (name, PyTorch's value, TensorFlow's value), in words; the name stands in the middle as in a twin row."""
    columns = "display:grid;grid-template-columns:minmax(0,1fr) 8rem minmax(0,1fr);column-gap:1rem;align-items:baseline"
    rows = "".join(
        f'<div style="{columns};padding:0.3rem 0"><div style="text-align:right;{VALUE}">{escape(left or MISSING)}</div>'
        f'<div style="text-align:center;{QUIET}">{escape(name)}</div>'
        f'<div style="text-align:left;{VALUE}">{escape(right or MISSING)}</div></div>'
        for name, left, right in facts
    )
    st.html(rows)
