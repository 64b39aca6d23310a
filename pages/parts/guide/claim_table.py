"""The usual comparison as twin rows: what is said of each framework on its side, the claim between them, and below it what was found."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import streamlit as st

from engine import FRAMEWORKS
from engine.display.formatting import unbroken
from engine.display.html_tables import QUIET
from engine.display.twin_rows import COLUMNS, WIDTH
from engine.guide.claims import CLAIMS, GROUPS, SOURCES, Claim, Conclusion
from engine.guide.conclusions import NO_GPU
from pages.parts.widgets.drawing import twin_heading

GROUP = f"{WIDTH};padding:1.1rem 0 0.1rem;text-align:center;font-size:0.875rem;opacity:0.8"


def claim_table(conclusions: Mapping[str, Conclusion]) -> None:
    """Show all claims, each name a link to its evidence further down."""
    twin_heading()
    for group, claims in GROUPS.items():
        rows = "".join(claim_row(CLAIMS[claim], conclusions[claim]) for claim in claims)
        st.html(f'<div style="{GROUP}">{escape(group)}</div>{rows}')


def claim_row(claim: Claim, conclusion: Conclusion) -> str:
    """Return one row as HTML."""
    left, right = (escape(claim.says[framework]) for framework in FRAMEWORKS)
    name = f'<a href="#{escape(conclusion.claim)}" style="font-size:0.9375rem;color:inherit">{escape(claim.title)}</a>'
    verdict = f'<div style="text-align:center;font-weight:600">{escape(conclusion.verdict)}</div>' if conclusion.verdict else ""
    untold = not conclusion.verdict or conclusion.source == "stated" or conclusion.figure == NO_GPU
    origin = "" if untold else f"{SOURCES[conclusion.source]}. "
    return (
        f'<div style="{WIDTH};padding:0.35rem 0 0.6rem"><div style="{COLUMNS}">'
        f'<div style="text-align:right;overflow-wrap:anywhere">{left}</div><div style="text-align:center">{name}</div>'
        f'<div style="text-align:left;overflow-wrap:anywhere">{right}</div></div>{verdict}'
        f'<div style="text-align:center;{QUIET}">{escape(unbroken(origin + conclusion.figure))}</div></div>'
    )
