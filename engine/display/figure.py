"""A chart together with what it tells, the form in which every chart is handed on."""

from __future__ import annotations

from dataclasses import dataclass

import altair


@dataclass(frozen=True)
class Picture:
    """A chart and what it tells."""

    chart: altair.Chart | altair.LayerChart
    alt: str
    """The takeaway in one sentence."""
    caption: str = ""
    """What was left out, if anything was."""


def tip(name: str, title: str, format: str = "") -> altair.Tooltip:
    """Return a line of a tooltip: a figure with a format, or a name without one."""
    return altair.Tooltip(f"{name}:Q", title=title, format=format) if format else altair.Tooltip(f"{name}:N", title=title)
