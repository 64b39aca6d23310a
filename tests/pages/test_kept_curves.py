"""Curves are drawn when there is something new, and while a run is live no more often than drawing them is cheap."""

from __future__ import annotations

from typing import Any

import pytest

from engine.runs.folder import Run
from pages.parts.widgets import curves


@pytest.fixture
def drawing(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A clock that is set by hand, how long a drawing takes on it, and how many there were."""
    told: dict[str, Any] = {"now": 100.0, "takes": 0.0, "drawn": 0}

    def draw(*arguments: object) -> tuple[str, int]:
        told["now"] += told["takes"]
        told["drawn"] += 1
        return "picture", told["drawn"]

    monkeypatch.setattr(curves.time, "monotonic", lambda: told["now"])
    monkeypatch.setattr(curves, "curve_pair", draw)
    monkeypatch.setattr(curves, "LONG", 0)
    curves._kept.cache_clear()
    return told


def add_event(run: Run) -> None:
    with open(run.events_file("pytorch"), "a", encoding="utf-8") as file:
        file.write('{"event": "none that is known"}\n')


@pytest.mark.parametrize(("takes", "end", "later", "drawn"), [
    (0.01, 6.0, 1.0, 2),  # cheap: at every rerun
    (0.5, 6.0, 1.0, 1),
    (0.5, 6.0, 16.0, 2),
    (0.5, None, 0.0, 2),  # the run has ended: everything is shown
])  # fmt: skip
def test_a_live_run_is_drawn_anew_as_often_as_it_is_cheap(
    finished_run: Run, drawing: dict[str, Any], takes: float, end: float | None, later: float, drawn: int
) -> None:
    drawing["takes"] = takes
    first = curves.pictures_of(finished_run, "epoch", end)
    assert curves.pictures_of(finished_run, "epoch", end) == first, "nothing new"
    add_event(finished_run)
    drawing["now"] += later
    curves.pictures_of(finished_run, "epoch", end)
    assert drawing["drawn"] == drawn


def test_a_short_run_is_drawn_anew_however_long_that_takes(
    finished_run: Run, drawing: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first drawing of a server takes longest; the last epochs must not wait for that."""
    monkeypatch.setattr(curves, "LONG", 1_000_000)
    drawing["takes"] = 5.0
    first = curves.pictures_of(finished_run, "epoch", 6.0)
    add_event(finished_run)
    assert curves.pictures_of(finished_run, "epoch", 6.0) != first


def test_when_a_live_run_ends_its_last_points_are_drawn(finished_run: Run, drawing: dict[str, Any]) -> None:
    drawing["takes"] = 5.0
    live = curves.pictures_of(finished_run, "epoch", 6.0)
    add_event(finished_run)
    assert curves.pictures_of(finished_run, "epoch", 6.0) == live != curves.pictures_of(finished_run, "epoch", None)
