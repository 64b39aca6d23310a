"""All class probabilities of one text: the class in the middle, PyTorch's bar growing to the left, TensorFlow's to the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy
import streamlit as st

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.display.formatting import MISSING, percent, shorten
from engine.display.palette import HUES

SHOWN = 10
"""Classes drawn at once; the others are folded away."""

ROW = (
    "display:grid;grid-template-columns:3.4rem minmax(0,1fr) clamp(5.5rem,24%,14rem) minmax(0,1fr) 3.4rem;"
    "column-gap:0.5rem;align-items:center;padding:0.2rem 0"
)
FIGURE = "font-size:0.875rem;font-variant-numeric:tabular-nums"


def probability_bars(classes: Sequence[str], probabilities: Mapping[str, Sequence[float]]) -> None:
    """Draw the bars; ``probabilities`` maps a framework to one probability a class; a framework that is absent leaves its side empty.

    The likeliest class comes first (by the mean of both); class names are escaped.
    """
    values = {framework: numpy.asarray(probabilities[framework], dtype=float) for framework in FRAMEWORKS if framework in probabilities}
    order = numpy.argsort(-numpy.mean(list(values.values()), axis=0), kind="stable")
    answers = {framework: int(own.argmax()) for framework, own in values.items()}
    rows = [_row(str(classes[index]), index, values, answers) for index in order]
    # A group with a name is read out as one; the bars inside are decoration beside the figures.
    st.html(f'<div role="group" aria-label="{escape(_takeaway(classes, values, answers))}">{"".join(rows[:SHOWN])}</div>')
    if len(rows) > SHOWN:
        with st.expander(f"The other {len(rows) - SHOWN:,} classes"):
            st.html("".join(rows[SHOWN:]))


def _row(label: str, index: int, values: Mapping[str, numpy.ndarray], answers: Mapping[str, int]) -> str:
    weight = "600" if index in answers.values() else "400"
    left, right = (_figure(values.get(framework), index, answers.get(framework) == index) for framework in FRAMEWORKS)
    left_bar, right_bar = (_bar(values.get(framework), index, HUES[framework], framework == FRAMEWORKS[0]) for framework in FRAMEWORKS)
    words = escape(shorten(label, 60))
    name = f'<div title="{escape(label)}" style="text-align:center;font-weight:{weight};overflow-wrap:anywhere">{words}</div>'
    return f'<div style="{ROW}"><div style="text-align:right">{left}</div>{left_bar}{name}{right_bar}<div>{right}</div></div>'


def _figure(own: numpy.ndarray | None, index: int, answer: bool) -> str:
    written = MISSING if own is None else percent(float(own[index]))
    return f'<span style="{FIGURE};font-weight:{600 if answer else 400}">{written}</span>'


def _bar(own: numpy.ndarray | None, index: int, hue: str, leftwards: bool) -> str:
    share = 0.0 if own is None else float(own[index])
    side = "margin-left:auto" if leftwards else ""
    track = "background:rgba(122,127,135,0.14);border-radius:3px"
    bar = f"width:{100 * share:.2f}%;height:12px;border-radius:3px;background:{hue};{side}"
    return f'<div aria-hidden="true" style="{track}"><div style="{bar}"></div></div>'


def _takeaway(classes: Sequence[str], values: Mapping[str, numpy.ndarray], answers: Mapping[str, int]) -> str:
    parts = [f"{FRAMEWORK_NAMES[key]} answers {classes[answers[key]]} with {percent(float(values[key][answers[key]]))}" for key in values]
    return "; ".join(parts)
