"""Trained runs for all tests of this room, and bundles of one of them."""

from __future__ import annotations

import io
import json
import shutil
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path

import pytest

from engine.__main__ import main
from engine.runs.folder import Run
from engine.studies import process as study_process
from tests.bundle_use import BundleOf
from tests.running.driving import copy_run, studies_in_this_process
from tests.shared_runs import shared_run


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The TF-IDF classifier, trained by both frameworks on some rows of the sample. Only what is made of it is written beside it."""
    shared = shared_run("tfidf-mlp", tmp_path_factory).run
    return Run(Path(shutil.copytree(shared.path, tmp_path_factory.mktemp("trained") / "runs" / shared.identifier)))


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


@pytest.fixture(scope="session")
def bundle_of(trained: Run) -> BundleOf:
    """``bundle_of("http", "pytorch")`` is that bundle of the trained run, made once by the command line, after its exports."""

    @cache
    def make(bundle: str, framework: str) -> Path:
        printed = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed):
            patch.setenv("PARITY_RUNS", str(trained.path.parent))
            patch.setenv("PARITY_LOCK", str(trained.path.parent.parent / "machine.lock"))
            studies_in_this_process(patch, study_process.main)
            assert main(["export", trained.identifier, "--framework", framework, "--format", bundle, "--json"]) == 0
        return Path(json.loads(printed.getvalue())["file"])

    return make
