"""For all tests: no network, and never the runs of the person who runs them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before any test imports huggingface_hub, which reads it once
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs and uploads of a test live in its temporary folder, and its runs wait for nobody else's."""
    monkeypatch.setenv("PARITY_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("PARITY_LOCK", str(tmp_path / "machine.lock"))
