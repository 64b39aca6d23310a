"""Keeps the curves of the runs that are looked at, for all visitors: a rerun reads what has been written since, and draws it once."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from functools import lru_cache

from engine.display.curve_charts import Axis, curve_pair
from engine.display.figure import Picture
from engine.results.curves import Curves
from engine.runs.folder import Run

LONG = 1_000_000
"""Bytes of events from which on curves take long to draw, some 5,000 reports."""
REST = 30
"""While a long run is live, its curves are shown as they are for so many times as long as they took to draw."""

Pictures = tuple[Picture, Picture]


@dataclass
class Drawing:
    """Both pictures as they were last drawn."""

    pictures: Pictures
    shown: tuple[float | None, ...]
    """The bytes of events that are in them, and the end of the axis."""
    ended: float
    """When they were drawn."""
    seconds: float
    """How long that took."""

    def may_stay(self, live: bool, size: int) -> bool:
        """Whether it is too soon to draw what has come since; ``size`` are the bytes of all events."""
        return live and size > LONG and time.monotonic() - self.ended < REST * self.seconds


@dataclass
class Followed:
    """A run that is looked at."""

    curves: Curves
    alone: threading.Lock = field(default_factory=threading.Lock)
    """Keeps two visitors from taking in the same bytes at once."""
    drawings: dict[tuple[Axis, bool], Drawing] = field(default_factory=dict)
    """The last one by axis, and whether the run was live."""


def follow(run: Run) -> Curves:
    """The curves of a run, kept for all visitors so that each call reads only what is new."""
    followed = _followed(run)
    with followed.alone:
        followed.curves.read(run)
    return followed.curves


def pictures_of(run: Run, x: Axis = "epoch", end: float | None = None) -> Pictures:
    """Both curves, and the strip of their difference, as far as they have been written; drawn anew only when there are new points.

    ``end`` is the right end of the axis while the run is live; then those of a long run may be some seconds old.
    """
    followed, live = _followed(run), end is not None
    with followed.alone:
        followed.curves.read(run)
        offsets = followed.curves.offsets.values()
        shown, drawing = (*offsets, end), followed.drawings.get((x, live))
        if drawing is None or (drawing.shown != shown and not drawing.may_stay(live, sum(offsets))):
            began = time.monotonic()
            pictures = curve_pair(followed.curves.points(), x, end)
            drawing = Drawing(pictures, shown, time.monotonic(), time.monotonic() - began)
            followed.drawings[x, live] = drawing
        return drawing.pictures


def _followed(run: Run) -> Followed:
    """Return what is kept of a run; another run under the same name begins anew."""
    return _kept(run, run.experiment_file.stat().st_ino if run.experiment_file.exists() else 0)


@lru_cache(maxsize=16)
def _kept(run: Run, folder: int) -> Followed:
    return Followed(Curves(run.identifier))
