"""Keeps the curves of the runs that are looked at, for all visitors: a rerun reads what has been written since, and draws it once."""

from __future__ import annotations

import threading
from functools import lru_cache

from engine.display.curve_charts import Axis, curve_pair
from engine.display.figure import Picture
from engine.results.curves import Curves
from engine.runs.folder import Run


def follow(run: Run) -> Curves:
    """The curves of a run, kept for all visitors so that each call reads only what is new."""
    curves, alone = _followed(run)
    with alone:
        curves.read(run)
    return curves


def pictures_of(run: Run, x: Axis = "epoch", end: float | None = None) -> tuple[Picture, Picture]:
    """Both curves, and the strip of their difference, as far as they have been written; drawn anew only when there are new points."""
    curves, alone = _followed(run)
    with alone:
        curves.read(run)
        return _drawn(curves, tuple(curves.offsets.values()), x, end)


@lru_cache(maxsize=32)
def _drawn(curves: Curves, read: tuple[int, ...], x: Axis, end: float | None) -> tuple[Picture, Picture]:
    return curve_pair(curves.points(), x, end)


def _followed(run: Run) -> tuple[Curves, threading.Lock]:
    """The curves, and what keeps two visitors from taking in the same bytes at once. Another run under the same name begins anew."""
    return _kept(run, run.experiment_file.stat().st_ino if run.experiment_file.exists() else 0)


@lru_cache(maxsize=16)
def _kept(run: Run, folder: int) -> tuple[Curves, threading.Lock]:
    return Curves(run.identifier), threading.Lock()
