"""Bundles of a trained run, made by the command line."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path

import pytest

from engine.__main__ import main
from engine.runs.folder import Run
from engine.studies import process as study_process
from tests.bundle_use import BundleOf
from tests.driving import studies_in_this_process


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
