"""What is read line by line, as HTML for pages and reports: small tables, facts in words, the texts on which two models disagree.

All words are escaped here, so they may hold any characters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.display.formatting import MISSING, percent, shorten
from engine.display.palette import HUES, LINES

QUIET = "font-size:0.875rem;line-height:1.45;opacity:0.8"
VALUE = "font-weight:600;font-variant-numeric:tabular-nums;overflow-wrap:anywhere"
TERM = "font-size:0.875rem;overflow-wrap:anywhere;background:none;color:inherit;padding:0"


def plain_table(headings: Sequence[str], rows: Sequence[Sequence[str]], figures: Sequence[int] = (), swatches: Sequence[str] = ()) -> str:
    """Draw a small table that is read rather than sorted: every cell is shown, lines wrap, and it scrolls by itself if it is too wide.

    A line break in a cell makes the rest of it quiet.

    ``figures`` are the numbers of the columns that hold figures, which stand right-aligned. ``swatches`` are styles of a short line before
    the first cell of each row, as ``solid #RRGGBB``.
    """
    styles = [f"{_place(place, figures)};font-weight:600;white-space:normal" for place in range(len(headings))]
    head = "".join(f'<th style="{style}">{escape(name)}</th>' for style, name in zip(styles, headings, strict=True))
    lines = []
    for number, row in enumerate(rows):
        cells = [_cell(cell, place, figures, swatches[number] if swatches and place == 0 else "") for place, cell in enumerate(row)]
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return (
        f'<div style="overflow-x:auto"><table style="border-collapse:collapse;max-width:60rem"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def fact_list(facts: Sequence[tuple[str, str, str]]) -> str:
    """Draw facts that belong to both frameworks: (name, value, one quiet sentence) each."""
    rows = "".join(
        '<div style="display:flex;flex-wrap:wrap;column-gap:1.5rem;align-items:baseline;padding:0.45rem 0">'
        f'<div style="flex:1 1 14rem;min-width:0">{escape(name)}<div style="{QUIET}">{escape(sentence)}</div></div>'
        f'<div style="flex:1 1 14rem;{VALUE}">{escape(value or MISSING)}</div></div>'
        for name, value, sentence in facts
    )
    return f'<div style="max-width:44rem">{rows}</div>'


def twin_terms(terms: Sequence[tuple[str, str, str]]) -> str:
    """Draw terms, each (PyTorch's name, TensorFlow's name, the difference), in three columns: below each other on a narrow screen."""
    return "".join(
        '<div style="display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,17rem),1fr));gap:0.35rem 1.5rem;'
        f'align-items:start;padding:0.55rem 0">{_term("pytorch", left)}{_term("tensorflow", right)}'
        f'<div style="{QUIET}">{escape(sentence)}</div></div>'
        for left, right, sentence in terms
    )


def disagreement(row: Mapping[str, Any], longest: int) -> str:
    """Draw a row of ``tables.disagreements``: the text, at most ``longest`` characters of it, both answers, and the truth."""
    text = str(row["text"])
    shown = escape(text[:longest]) + ("…" if len(text) > longest else "")
    sides = "".join(_side(framework, row) for framework in FRAMEWORKS)
    return (
        '<div style="padding:0.75rem 0 1.25rem;max-width:56rem">'
        f'<div dir="auto" style="white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.5">{shown or "(the text is not stored)"}</div>'
        '<div style="display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,15rem),1fr));gap:0.4rem 1.5rem;padding-top:0.5rem">'
        f'{sides}<div style="padding-left:0.7rem"><div style="{QUIET}">True class</div>'
        f'<div style="overflow-wrap:anywhere">{escape(shorten(row["true class"], 80))}</div></div></div></div>'
    )


def _term(framework: str, name: str) -> str:
    return (
        f'<div style="border-left:3px {LINES[framework]} {HUES[framework]};padding-left:0.7rem;min-width:0">'
        f'<code style="{TERM}">{escape(name or MISSING)}</code></div>'
    )


def _side(framework: str, row: Mapping[str, Any]) -> str:
    name = FRAMEWORK_NAMES[framework]
    answer, sure = row[f"{name} answer"], row[f"{name} probability"]
    verdict = "right" if answer == row["true class"] else "wrong"
    return (
        f'<div style="border-left:3px {LINES[framework]} {HUES[framework]};padding-left:0.7rem">'
        f'<div style="{QUIET}">{name}, {verdict}</div>'
        f'<div style="overflow-wrap:anywhere"><b>{escape(shorten(answer, 80))}</b> '
        f'<span style="font-variant-numeric:tabular-nums;opacity:0.8">{percent(sure)}</span></div></div>'
    )


def _cell(words: str, place: int, figures: Sequence[int], swatch: str) -> str:
    first, _, rest = (words or MISSING).partition("\n")
    line = f'<span style="display:inline-block;width:1.5rem;vertical-align:middle;border-top:3px {swatch}"></span>&ensp;' if swatch else ""
    quiet = f'<div style="{QUIET}">{escape(rest)}</div>' if rest else ""
    return f'<td style="{_place(place, figures)}">{line}{escape(first)}{quiet}</td>'


def _place(place: int, figures: Sequence[int]) -> str:
    side = "text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums" if place in figures else "text-align:left"
    return f"{side};padding:0.35rem 1.25rem 0.35rem 0;vertical-align:top;border:none"
