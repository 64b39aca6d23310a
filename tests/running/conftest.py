"""What the tests of the running room share: a tiny encoder, its vectors, one run to compare with, and a look for processes left behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running.driving import processes_about, wait_until
from tests.shared_runs import SharedRun, shared_run, tiny_encoder


@pytest.fixture(autouse=True)
def no_process_left(tmp_path: Path) -> Iterator[None]:
    """After every test, whatever it started is gone."""
    yield
    wait_until(lambda: not processes_about(tmp_path), f"these to leave: {[process.cmdline() for process in processes_about(tmp_path)]}")


@pytest.fixture(scope="session", name="tiny_encoder")
def tiny_encoder_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_encoder(tmp_path_factory)


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
