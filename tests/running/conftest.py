"""What the tests of the running room share: a tiny encoder, its vectors, one run to compare with, and a look for processes left behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine.runs.folder import Run
from engine.runs.processes.channel import WorkerProcess
from tests.running.driving import fill, processes_about, short_turns, small_experiment, wait_until, write_tiny_encoder


@pytest.fixture(autouse=True)
def no_process_left(tmp_path: Path) -> Iterator[None]:
    """After every test, whatever it started is gone."""
    yield
    wait_until(lambda: not processes_about(tmp_path), f"these to leave: {[process.cmdline() for process in processes_about(tmp_path)]}")


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_encoder(tmp_path_factory.mktemp("encoder") / "tiny")


@dataclass
class Reference:
    """An uninterrupted run of both frameworks, and what its workers had loaded when they were measured."""

    run: Run
    loaded: dict[str, str] = field(default_factory=dict)
    """The memory map of each training worker, at its end."""


@pytest.fixture(scope="session")
def reference(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """Read-only. Its vectors are there for every test that asks for ``vectors_kept``."""
    folder = tmp_path_factory.mktemp("reference")
    loaded: dict[str, str] = {}
    go = WorkerProcess.go

    def look(worker: WorkerProcess, **facts: object) -> None:
        if worker.phase == "latency":
            loaded[worker.framework] = Path(f"/proc/{worker.process.pid}/maps").read_text()
        go(worker, **facts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARITY_RUNS", str(folder / "runs"))
        patch.setenv("PARITY_LOCK", str(folder / "machine.lock"))
        patch.setattr(WorkerProcess, "go", look)
        short_turns(patch)
        run = fill(small_experiment(tiny_encoder))
    assert run.read_status().state == "done", run.read_status().message
    assert not processes_about(folder)
    return Reference(run, loaded)


@pytest.fixture
def vectors_kept(reference: Reference, tmp_path: Path) -> None:
    """The vectors of the reference run's texts, so that no text is encoded."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "_features").symlink_to(reference.run.path.parent / "_features")
