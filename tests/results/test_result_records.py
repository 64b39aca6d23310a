"""The results that tests make by hand say what a really trained run says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from engine import FRAMEWORKS
from engine.runs.folder import Run
from engine.runs.records.events import EVENTS
from engine.runs.records.reading import to_json

NAMED_BY_THE_DATA = ("per_class", "packages")
"""Objects whose keys are classes or packages."""

MAY_BE_UNKNOWN = {"step_milliseconds_p50", "disagreements", "notes", "batch_p95"}
"""A short run has no steady steps, two equal models disagree on nothing, most runs need no note, and a p95 needs 20 calls."""


def values_of(written: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Every key of a JSON value with the keys that lead to it, and what stands there."""
    for key, value in written.items() if isinstance(written, dict) else ():
        place = (*path, "*" if path and path[-1] in NAMED_BY_THE_DATA else key)
        yield place, value
        yield from values_of(value, place)


def test_a_run_made_by_hand_has_the_keys_and_figures_of_a_trained_one(finished_run: Run, sample_run: Run) -> None:
    made, trained = (dict(values_of(to_json(run.read_results()))) for run in (finished_run, sample_run))
    assert set(made) == set(trained)
    unknown = [
        {path for path, value in values.items() if value in (None, "", [], {}) and not {"experiment", "reading"} & {*path}}
        for values in (made, trained)
    ]
    assert {path[-1] for path in unknown[0] ^ unknown[1]} <= MAY_BE_UNKNOWN


def test_events_are_written_as_they_are_described(sample_run: Run) -> None:
    events = [event for framework in FRAMEWORKS for event in sample_run.read_events(framework)[0]]
    assert {event["event"] for event in events} == set(EVENTS) - {"resumed"}
    for event in events:
        assert set(event) == {"event", "time"} | {item.name for item in fields(EVENTS[event["event"]])}
