"""A run to compare with, its vectors, and a look for processes left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shared_runs import SharedRun, shared_run


@pytest.fixture(autouse=True)
def nothing_left(no_process_left: None) -> None:
    """After every test, whatever it started is gone."""


@pytest.fixture
def reference(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SharedRun:
    """An uninterrupted run to compare with. Its vectors are there for every test that asks for ``vectors_kept``."""
    in_numpy = "workers" in request.fixturenames and request.getfixturevalue("workers") == "numpy"
    return shared_run("numpy" if in_numpy else "embedding-mlp", tmp_path_factory)


@pytest.fixture
def vectors_kept(reference: SharedRun, tmp_path: Path) -> None:
    """The vectors of the reference run's texts, so that no text is encoded."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "_features").symlink_to(reference.run.path.parent / "_features")
