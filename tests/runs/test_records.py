"""From JSON to records and back: older, newer and damaged files are normal states."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from engine.data.choice import DataChoice
from engine.runs.records.reading import docstrings, from_json, to_json
from engine.units import Seconds, Share


@dataclass(frozen=True)
class Step:
    """A part of the whole."""

    name: str
    """What it is
    called."""
    seconds: Seconds | None = None
    """How long it took."""


@dataclass(frozen=True)
class Whole:
    """Every kind of field that a record may have."""

    title: str = ""
    share: Share | None = None
    first: Step | None = None
    steps: tuple[Step, ...] = ()
    span: tuple[float, float] | None = None
    by_name: dict[str, Step] = field(default_factory=dict)
    limit: int | None = 3
    data: DataChoice | None = None
    rest: Any = None


@dataclass(frozen=True)
class Gaps:
    """What may lack a value in the middle."""

    losses: tuple[float | None, ...] = ()
    accuracies: dict[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Longer(Step):
    """A record that adds a field to another."""

    more: bool = False
    """Whether there is more."""


WRITTEN: dict[str, Any] = {
    "title": "A",
    "share": 1,
    "first": {"name": "one", "seconds": None},
    "steps": [{"name": "two", "seconds": 2.5}],
    "span": [0.0, 1],
    "by_name": {"three": {"name": "three", "seconds": 0.1}},
    "limit": None,
    "data": DataChoice("sample", "a.csv", ("text",), "label").to_json(),
    "rest": {"anything": [1, None]},
}


def test_a_record_is_written_as_it_was_read() -> None:
    record = from_json(Whole, WRITTEN)
    assert record is not None and record.first == Step("one") and record.data is not None and record.data.text == ("text",)
    assert json.dumps(to_json(record)) == json.dumps(WRITTEN)
    assert to_json(Longer("x", more=True)) == {"name": "x", "seconds": None, "more": True}


def test_a_missing_key_takes_the_default_and_an_unknown_one_is_ignored() -> None:
    assert from_json(Whole, {"title": "A", "invented": 1}) == Whole(title="A")
    assert from_json(Whole, {}) == Whole()


def test_what_is_no_object_or_lacks_what_it_needs_is_none() -> None:
    assert from_json(Whole, None) is from_json(Whole, [1]) is from_json(Step, {"seconds": 1.0}) is None


def test_a_value_of_another_kind_counts_as_missing() -> None:
    damaged = {"title": 5, "share": "half", "first": [], "limit": True, "data": {"unknown": 1}, "by_name": {"a": {}, "b": {"name": "b"}}}
    assert from_json(Whole, damaged) == Whole(by_name={"b": Step("b")})
    assert from_json(Whole, {"steps": [{"seconds": 1}, {"name": "kept"}, None]}) == Whole(steps=(Step("kept"),))


def test_a_value_that_was_not_measured_keeps_its_place() -> None:
    written = {"losses": [0.5, None, 0.25], "accuracies": {"pytorch": None, "tensorflow": 0.9}}
    assert from_json(Gaps, written) == Gaps((0.5, None, 0.25), {"pytorch": None, "tensorflow": 0.9})


def test_the_docstrings_of_fields_are_found_those_inherited_too() -> None:
    assert docstrings(Longer) == {"name": "What it is called.", "seconds": "How long it took.", "more": "Whether there is more."}
