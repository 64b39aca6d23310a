"""What is said of the time left, held against how recorded runs went on: each is expected by the others alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.runs.experiment import Experiment
from engine.runs.planning.stage_clock import StageClock
from engine.runs.planning.stages import STAGE_OF_PHASE, EarlierRun, expected_stages
from engine.runs.records.reading import from_json
from engine.runs.records.stages import StageTimes
from engine.runs.status import Status, read_status

RECORDED: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "recorded" / "timelines.json").read_text(encoding="utf-8"))
"""How runs of several classifiers and sizes went, as ``scripts/record_timelines.py`` saw their status."""

FROM, EVERY = 3.0, 0.25
"""The second from which on the time left must be true, and how often it is looked at."""
A_MOMENT = 2.0
"""Seconds below which no page tells times apart: it says “a few seconds”."""


def earlier(recorded: dict[str, Any]) -> EarlierRun:
    stages = from_json(StageTimes, recorded["stages"])
    assert stages is not None
    return EarlierRun(Experiment.from_json(recorded["experiment"]), stages, recorded["epochs"])


def told(recorded: dict[str, Any], others: list[EarlierRun], monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[float, float, float]]:
    """Return for moments of a run how much is said to be done and left then, and how long it really went on."""
    run, now = earlier(recorded), [0.0]
    monkeypatch.setattr("engine.runs.status.time.time", lambda: now[0])
    typical = {stage: expected["typical"] for stage, expected in recorded["expected"].items()}
    clock = StageClock(expected_stages(run.experiment, typical, run.stages.warm, others), run.stages.warm, lambda: now[0])
    moments, end = recorded["moments"], recorded["seconds"]
    for moment, following in zip(moments, [*(later["time"] for later in moments[1:]), end], strict=True):
        now[0] = moment["time"]
        status: Status = read_status({"started": 0.0, "updated": now[0], **moment})
        clock.begin(STAGE_OF_PHASE[status.phase])
        clock.tell(status)
        while now[0] < following:
            share, left = status.now()
            assert left is not None
            yield share, left, end - now[0]
            now[0] += EVERY


def test_the_time_left_is_true_within_a_factor_of_two_in_nine_of_ten_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {}
    for number, recorded in enumerate(RECORDED):
        others = [earlier(other) for position, other in enumerate(RECORDED) if position != number]
        for share, left, truth in told(recorded, others, monkeypatch):
            assert 0 <= share <= 1
            ratio = max(left, A_MOMENT) / max(truth, A_MOMENT)
            if recorded["seconds"] - truth >= FROM and not 0.5 <= ratio <= 2:
                wrong.setdefault(number, f"run {number}: {left:.1f} s were said to be left when {truth:.1f} s were")
    assert len(RECORDED) >= 12 and len(wrong) <= len(RECORDED) / 10, "\n".join(wrong.values())
