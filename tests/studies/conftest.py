"""Copies of trained runs, and studies that are done in the process of the tests."""

from __future__ import annotations

import pytest

from engine.runs.folder import Run
from engine.studies import process as study_process
from tests.driving import copy_run, studies_in_this_process


@pytest.fixture(autouse=True)
def nothing_left(no_process_left: None) -> None:
    """After every test, whatever it started is gone."""


@pytest.fixture
def run(sample_run: Run) -> Run:
    """A copy of the shared run in this test's home, for what becomes of it lies within it and beside it."""
    return copy_run(sample_run)


@pytest.fixture(params=["tiny", pytest.param("bundled", marks=pytest.mark.thorough)])
def run_of_encoder(request: pytest.FixtureRequest) -> Run:
    """A copy of a run with a tiny encoder, and of one with the bundled encoder."""
    return copy_run(request.getfixturevalue({"tiny": "sample_run", "bundled": "bundled_run"}[request.param]))


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exports and migrations are done before ``start_study`` returns."""
    studies_in_this_process(monkeypatch, study_process.main)
