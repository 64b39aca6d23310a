"""Strengths and weaknesses as articles list them, PyTorch's on the left, each with what was found and the way to it."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from engine import FRAMEWORKS
from engine.display.formatting import plain
from engine.guide.claims import CLAIMS, Conclusion
from engine.guide.conclusions import Evidence
from engine.guide.strengths import CARDS, Card
from pages.parts.widgets.code_columns import column_heading

PAGE_NAMES = {"pages/audit.py": "Audit", "pages/code.py": "Code", "pages/museum.py": "Museum", "pages/train.py": "Train"}


def strength_cards(conclusions: Mapping[str, Conclusion], evidence: Evidence) -> None:
    """Show strengths first, then weaknesses, the two frameworks beside each other."""
    for strength, title in ((True, "Strengths"), (False, "Weaknesses")):
        for column, framework in zip(st.columns(2, gap="large"), FRAMEWORKS, strict=True):
            with column:
                column_heading(framework, title.lower())
                for card in CARDS:
                    if card.framework == framework and card.strength is strength:
                        show_card(card, conclusions, evidence)


def show_card(card: Card, conclusions: Mapping[str, Conclusion], evidence: Evidence) -> None:
    """Show what is said, what was found, where to look."""
    st.markdown(f"**{plain(card.says)}**")
    if card.link in CLAIMS:
        st.caption(f"{plain(card.evidence(conclusions, evidence))} [{CLAIMS[card.link].title}](#{card.link})")
    else:
        st.caption(plain(card.evidence(conclusions, evidence)))
        st.page_link(card.link, label=f"See for yourself: {PAGE_NAMES[card.link]}", icon=":material/arrow_forward:")
