"""The two twins' looks: one hue and one dash each, the same in light and dark, and a few greys that read on both.

The hues reach 3:1 (WCAG AA for lines, bars and marks) against both page backgrounds of ``.streamlit/config.toml``. No single
colour reaches the 4.5:1 that small text needs on both, so words keep the theme's own text colour and a swatch carries the hue.
"""

from __future__ import annotations

import altair

from engine import FRAMEWORK_NAMES, FRAMEWORKS

HUES = {"pytorch": "#C4532F", "tensorflow": "#2F75BC"}
"""Rust and blue: apart for every common kind of colour blindness."""

DASHES: dict[str, list[int]] = {"pytorch": [1, 0], "tensorflow": [8, 6]}
"""PyTorch solid, TensorFlow dashed, so that both stay visible where their curves coincide."""

LINES = {"pytorch": "solid", "tensorflow": "dashed"}
"""The same as ``DASHES`` in the words of CSS, for swatches and borders."""

SHAPES = {"pytorch": "circle", "tensorflow": "diamond"}
"""Markers of single measurements."""

NEUTRAL = "#7A7F87"
"""For what belongs to neither framework: counts, rules, baselines; 3:1 or more on both backgrounds."""

BACKGROUNDS = {"light": "#FFFFFF", "dark": "#14171C"}
"""The page backgrounds of the theme, against which a test measures the contrasts."""

LEVEL_HUES = {
    "as-they-come": NEUTRAL,
    "same-weights": "#A07E1F",
    "same-batches": "#B0528C",
    "same-epsilon": "#8A63A6",
    "exact-constants": "#2E8B7A",
    "float32": "#2E8B7A",
}
"""Hues of the audit's levels, which belong to neither framework; the last two make the same equal, in two precisions."""

LEVEL_DASHES: dict[str, list[int]] = {name: [6, 4] if name == "float32" else [1, 0] for name in LEVEL_HUES}

NAMES = [FRAMEWORK_NAMES[framework] for framework in FRAMEWORKS]
"""The frameworks' names in their fixed order: PyTorch, then TensorFlow."""


def colour_scale() -> altair.Scale:
    """Map the names PyTorch and TensorFlow to their hues, whichever of them a chart's data holds."""
    return altair.Scale(domain=NAMES, range=[HUES[framework] for framework in FRAMEWORKS])


def dash_scale() -> altair.Scale:
    """Map the names PyTorch and TensorFlow to their dashes."""
    return altair.Scale(domain=NAMES, range=[DASHES[framework] for framework in FRAMEWORKS])


def shape_scale() -> altair.Scale:
    """Map the names PyTorch and TensorFlow to their markers."""
    return altair.Scale(domain=NAMES, range=[SHAPES[framework] for framework in FRAMEWORKS])


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours ``#RRGGBB``, from 1 to 21 (WCAG 2.2, section 1.4.3)."""

    def luminance(colour: str) -> float:
        channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    brighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)
