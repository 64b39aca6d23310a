"""The twin row: one measure, PyTorch on the left, TensorFlow on the right, a thin bar from the centre, one plain sentence below.

It is HTML with its look in the elements themselves, so that a page and a report show the same. What goes in is escaped here: a value or
a sentence may hold any characters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape

from engine import FRAMEWORK_NAMES
from engine.display.formatting import MISSING, number
from engine.display.palette import HUES, LINES, NEUTRAL

WIDTH = "max-width:46rem;margin:0 auto"
COLUMNS = "display:grid;grid-template-columns:minmax(0,1fr) 8rem minmax(0,1fr);column-gap:0.75rem;align-items:baseline"
TRACK = "display:grid;grid-template-columns:1fr 1px 1fr;align-items:center;margin:0.2rem 0 0.3rem"
VALUE = "font-size:1.375rem;line-height:1.3;font-weight:600;font-variant-numeric:tabular-nums"
QUIET = "font-size:0.875rem;line-height:1.45;opacity:0.8"
WORDS = "font-weight:600;font-variant-numeric:tabular-nums;overflow-wrap:anywhere"


def swatch(framework: str) -> str:
    """Draw a short line in the framework's hue and dash."""
    return (
        f'<span style="display:inline-block;width:2rem;vertical-align:middle;border-top:3px {LINES[framework]} {HUES[framework]}"></span>'
    )


def twin_heading() -> str:
    """Draw the two names with their hue and dash, once above a group of twin rows."""
    return (
        f'<div style="{WIDTH};display:grid;grid-template-columns:1fr 1fr;column-gap:2.5rem;font-weight:600">'
        f'<div style="text-align:right">{FRAMEWORK_NAMES["pytorch"]}&ensp;{swatch("pytorch")}</div>'
        f'<div style="text-align:left">{swatch("tensorflow")}&ensp;{FRAMEWORK_NAMES["tensorflow"]}</div></div>'
    )


def twin_row(
    measure: str,
    pytorch: float | None,
    tensorflow: float | None,
    unit: str = "",
    sentence: str = "",
    help: str | None = None,
    format: Callable[[float], str] | None = None,
) -> str:
    """Draw one comparison.

    ``format`` writes a value, with its unit unless ``unit`` is given too; without it a value gets three significant digits. The bar
    grows from the centre towards the larger value, by the share in which the other falls short of it. ``help`` explains the measure
    behind its underlined name.
    """
    left, right = (escape(_written(value, unit, format or number)) for value in (pytorch, tensorflow))
    left_share, right_share = bar_shares(pytorch, tensorflow)
    below = f'<div style="text-align:center;{QUIET}">{escape(sentence)}</div>' if sentence else ""
    return (
        f'<div style="{WIDTH};padding:0.1rem 0 0.4rem"><div style="{COLUMNS}">'
        f'<div style="text-align:right;{VALUE}">{left}</div><div style="text-align:center">{_name(measure, help)}</div>'
        f'<div style="text-align:left;{VALUE}">{right}</div></div>'
        f'<div style="{TRACK}" aria-hidden="true">{_bar(left_share, HUES["pytorch"], "margin-left:auto")}'
        f'<div style="height:12px;background:{NEUTRAL}"></div>{_bar(right_share, HUES["tensorflow"], "")}</div>{below}</div>'
    )


def twin_facts(facts: Sequence[tuple[str, str, str]]) -> str:
    """Draw facts, each (name, PyTorch's value, TensorFlow's value), in words; the name stands in the middle as in a twin row."""
    return "".join(
        f'<div style="{COLUMNS};padding:0.3rem 0"><div style="text-align:right;{WORDS}">{escape(left or MISSING)}</div>'
        f'<div style="text-align:center;{QUIET}">{escape(name)}</div>'
        f'<div style="text-align:left;{WORDS}">{escape(right or MISSING)}</div></div>'
        for name, left, right in facts
    )


def bar_shares(pytorch: float | None, tensorflow: float | None) -> tuple[float, float]:
    """Return how far the bar reaches to the left and to the right, each from 0 to 1; at most one of them is more than 0."""
    if pytorch is None or tensorflow is None or not (math.isfinite(pytorch) and math.isfinite(tensorflow)):
        return 0.0, 0.0
    span = max(abs(pytorch), abs(tensorflow))
    share = min(1.0, abs(pytorch - tensorflow) / span) if span else 0.0
    return (share, 0.0) if pytorch > tensorflow else (0.0, share)


def _written(value: float | None, unit: str, write: Callable[[float], str]) -> str:
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{write(value)} {unit}".rstrip()


def _bar(share: float, hue: str, side: str) -> str:
    return f'<div style="width:{100 * share:.1f}%;height:4px;border-radius:2px;background:{hue};{side}"></div>'


def _name(measure: str, help: str | None) -> str:
    name = f'<span style="font-size:0.9375rem">{escape(measure)}</span>'
    if not help:
        return name
    return (
        f'<details><summary style="list-style:none;cursor:help;text-decoration:underline dotted;text-underline-offset:4px">{name}</summary>'
        f'<div style="{QUIET};max-width:22rem;margin:auto;padding:0.35rem 0">{escape(help)}</div></details>'
    )
