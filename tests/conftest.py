"""For all tests: no network, and never the runs of the person who runs them."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from engine.data.store import sample_choice
from engine.runs.experiment import Experiment
from engine.runs.folder import Run
from engine.runs.launching import start
from engine.runs.processes.identity import living_process

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before any test imports huggingface_hub, which reads it once
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs and uploads of a test live in its temporary folder, and its runs wait for nobody else's."""
    monkeypatch.setenv("PARITY_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("PARITY_LOCK", str(tmp_path / "machine.lock"))


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One finished run, shared and read-only: 150 rows of the bundled sample, the bundled encoder, both frameworks, matched, 3 epochs."""
    folder = tmp_path_factory.mktemp("sample")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARITY_RUNS", str(folder / "runs"))
        patch.setenv("PARITY_LOCK", str(folder / "machine.lock"))
        choice = replace(sample_choice(), rows=150)
        run = start(Experiment(data=choice, epochs=3, batch_size=16, patience=0, device="cpu"))
    ends = time.monotonic() + 280
    while (run.read_status().active or living_process(run.read_status().coordinator)) and time.monotonic() < ends:
        time.sleep(0.1)
    assert run.read_status().state == "done", run.read_status().message
    return run
