"""Every field of every file in a run's folder may be missing or of another type: that run says so, and the others are shown as before."""

from __future__ import annotations

import copy
import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from engine.errors import ParityError
from engine.reports import page as report_page
from engine.reports.model_card import model_card
from engine.reports.run_report import report
from engine.runs.folder import Run, home
from engine.runs.index import run_rows
from engine.studies import study as studies

OpenPage = Callable[..., AppTest]
GONE = "gone"
VALUES: tuple[Any, ...] = (None, [], "words", -7, {}, [[1], {"a": 2}], 10**400, float("nan"), "half a pair \ud83d", GONE)
DEEPEST, MOST_ENTRIES = 4, 12
RUN_FILES = ["status.json", "experiment.json", "results.json"]
PAGES_OF = {
    "*/status.json": ["home", "train", "compare"],
    "*/experiment.json": ["home", "train", "code", "classify"],
    "*/results.json": ["home", "train", "compare", "migrate"],
    "*/inputs.json": ["classify", "code"],
    "*/vocabulary.json": ["code", "classify"],
    "*/code.json": ["code"],
    "*/*/outcome.json": ["train", "compare"],
    "*/exports/*/manifest.json": ["export"],
    "_studies/ablation*/*.json": ["train"],
    "_studies/audit*/*.json": ["audit"],
    "_studies/benchmark*/*.json": ["benchmark", "guide"],
    "_studies/export*/*.json": ["export"],
    "_studies/migration*/*.json": ["migrate"],
    "_studies/museum*/*.json": ["museum"],
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to every field, four levels deep; of long lists and large objects the first entries."""
    keys = list(value)[:MOST_ENTRIES] if isinstance(value, dict) else range(min(len(value), 2)) if isinstance(value, list) else ()
    for key in keys:
        yield (*path, key)
        if len(path) + 1 < DEEPEST:
            yield from places(value[key], (*path, key))


@contextmanager
def damaged(file: Path, place: tuple[Any, ...], value: Any) -> Iterator[None]:
    """The file with one field of another value, for as long as this is looked at."""
    text, facts = file.read_text(encoding="utf-8"), file.stat()
    content = at = json.loads(text)
    for key in place[:-1]:
        at = at[key]
    if value == GONE:
        del at[place[-1]]
    else:
        at[place[-1]] = copy.copy(value)
    file.write_text(json.dumps(content), encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(text, encoding="utf-8")
        os.utime(file, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def damages(file: Path) -> list[tuple[tuple[Any, ...], Any]]:
    return [(place, value) for place in places(json.loads(file.read_text(encoding="utf-8"))) for value in VALUES]


@pytest.mark.parametrize("name", RUN_FILES)
def test_the_other_runs_stay_listed(recorded_run: Run, name: str) -> None:
    other = "20260101-000000-abcdef"
    shutil.copytree(recorded_run.path, home() / other)
    rows = {row.identifier: row for row in run_rows()}
    wrong = []
    for place, value in random.Random(0).sample(chosen := damages(recorded_run.path / name), min(len(chosen), 800)):
        with damaged(recorded_run.path / name, place, value):
            try:
                listed = {row.identifier: row for row in run_rows()}
                if set(listed) != set(rows) or listed[other] != rows[other]:
                    wrong.append(f"{name} {place} = {value!r}: lists {sorted(listed)}")
            except Exception as error:
                wrong.append(f"{name} {place} = {value!r}: {type(error).__name__}: {error}")
    assert not wrong, "\n".join(wrong[:20])


@pytest.mark.parametrize("amount", [4, pytest.param(100, marks=[pytest.mark.thorough, pytest.mark.timeout(3600)])])
def test_no_page_ends_in_a_traceback(
    recorded_run: Run, open_page: OpenPage, amount: int, monkeypatch: pytest.MonkeyPatch, no_process: list[str]
) -> None:
    recorded = {kind: studies.list_studies(kind)[0].identifier.rpartition("-")[2] for kind in studies.KINDS}
    monkeypatch.setattr(studies, "study_key", lambda kind, request: recorded[kind])
    draw, wrong = random.Random(amount), []
    for _ in range(amount):
        pattern = draw.choice(list(PAGES_OF))
        file = draw.choice(sorted(home().glob(pattern)))
        place, value = draw.choice(damages(file))
        with damaged(file, place, value):
            for name in PAGES_OF[pattern]:
                page = open_page(name, run=recorded_run.identifier)
                wrong += [f"{name}: {file.relative_to(home())} {place} = {value!r}: {error.message}" for error in page.exception]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("amount", [4, pytest.param(80, marks=[pytest.mark.thorough, pytest.mark.timeout(3600)])])
def test_no_report_ends_in_a_traceback(recorded_run: Run, amount: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_page, "chart_svg", lambda picture, width: "")
    draw, wrong = random.Random(amount), []
    for _ in range(amount):
        file = recorded_run.path / draw.choice([*RUN_FILES, "code.json"])
        place, value = draw.choice(damages(file))
        with damaged(file, place, value):
            for make in (report, model_card):
                try:
                    make(recorded_run)
                except ParityError:
                    continue
                except Exception as error:
                    wrong.append(f"{make.__name__}: {file.name} {place} = {value!r}: {type(error).__name__}: {error}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("classes", [[], ["one"], ["a", "b", "c", "d", "e", "f"], "words"])
def test_classes_that_do_not_fit_the_answers_cost_what_needs_them(recorded_run: Run, open_page: OpenPage, classes: Any) -> None:
    with damaged(recorded_run.results_file, ("data", "classes"), classes):
        page = open_page("compare", run=recorded_run.identifier)
        assert not page.exception, page.exception
        assert report(recorded_run) and model_card(recorded_run)


@pytest.mark.parametrize(
    ("pattern", "field", "page"),
    [("*/exports/*/manifest.json", "format", "export"), ("_studies/migration*/results.json", "graph", "migrate")],
)
@pytest.mark.parametrize("value", ["", "words", GONE])
def test_names_that_nobody_knows_are_passed_over(
    recorded_run: Run, open_page: OpenPage, pattern: str, field: str, page: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = {kind: studies.list_studies(kind)[0].identifier.rpartition("-")[2] for kind in studies.KINDS}
    monkeypatch.setattr(studies, "study_key", lambda kind, request: recorded[kind])
    for file in home().glob(pattern):
        with damaged(file, (field,), value):
            assert not open_page(page, run=recorded_run.identifier).exception


def test_a_benchmark_whose_claims_are_all_damaged_is_shown_without_them(recorded_run: Run, open_page: OpenPage) -> None:
    [file] = home().glob("_studies/benchmark*/results.json")
    content = json.loads(file.read_text(encoding="utf-8"))
    for field in ("claim", "classifier"):
        for row in (*content["measurements"], *content["rows"]):
            row[field] = "words"
        file.write_text(json.dumps(content), encoding="utf-8")
        for name in ("benchmark", "guide"):
            page = open_page(name, run=recorded_run.identifier)
            assert not page.exception, page.exception
