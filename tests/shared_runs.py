"""What takes long to make and is only read: made by whichever test process needs it first, while the others wait."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from engine import FRAMEWORKS
from engine.runs.experiment import Experiment
from engine.runs.folder import Run
from engine.runs.processes.channel import WorkerProcess
from engine.shared.classifiers import CLASSIFIERS
from tests.driving import fill, processes_about, short_turns, small_experiment, write_tiny_encoder
from tests.numpy_wing import use_numpy_workers


def made_once(name: str, make: Callable[[Path], object], factory: pytest.TempPathFactory) -> Path:
    """The folder of that name, whole, in the place that all test processes of this call of pytest share."""
    place = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent  # each process has a folder of its own in it
    folder, whole = place / f"once-{name}", place / f"once-{name}.whole"
    with FileLock(place / f"once-{name}.lock"):
        if not whole.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a process that failed in the middle of it
            folder.mkdir()
            make(folder)
            whole.touch()
    return folder


@dataclass(frozen=True)
class SharedRun:
    """A run of both frameworks from start to end, and what its workers had loaded when they were measured.

    Read-only: a test that damages or adds something copies it.
    """

    run: Run
    loaded: dict[str, str]
    """The memory map of each training worker, at its end."""


def shared_run(classifier: str, factory: pytest.TempPathFactory) -> SharedRun:
    """A small matched run of a classifier on some rows of the sample, with a tiny encoder where it has one.

    Two more are runs of ``embedding-mlp``: ``bundled`` with the encoder that Parity brings along, ``numpy`` with workers that stand in for
    the frameworks.
    """
    encoder = "bundled" if classifier == "bundled" else tiny_encoder(factory)
    experiment = small_experiment(encoder, classifier if classifier in CLASSIFIERS else "embedding-mlp")
    home = made_once(f"run-{classifier}", lambda folder: _train(experiment, folder, classifier == "numpy"), factory)
    (path,) = (path for path in (home / "runs").iterdir() if (path / "experiment.json").exists())
    run = Run(path)
    assert run.read_status().state == "done", run.read_status().message
    loaded = {framework: (home / f"{framework}.maps").read_text() for framework in FRAMEWORKS}
    return SharedRun(run, loaded)


def tiny_encoder(factory: pytest.TempPathFactory) -> Path:
    """The folder of the encoder that all small runs share."""
    return made_once("encoder", lambda folder: write_tiny_encoder(folder / "tiny"), factory) / "tiny"


def _train(experiment: Experiment, folder: Path, in_numpy: bool) -> None:
    """Fill a run below ``folder`` with its coordinator in this process; the turns are so short that every epoch ends one."""
    go = WorkerProcess.go

    def look(worker: WorkerProcess, **facts: object) -> None:
        if worker.phase == "latency":
            maps = Path(f"/proc/{worker.process.pid}/maps")
            (folder / f"{worker.framework}.maps").write_text(maps.read_text() if maps.exists() else "")
        go(worker, **facts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARITY_RUNS", str(folder / "runs"))
        patch.setenv("PARITY_LOCK", str(folder / "machine.lock"))
        patch.setattr(WorkerProcess, "go", look)
        short_turns(patch)
        if in_numpy:
            use_numpy_workers(patch)
        fill(experiment)
    assert not processes_about(folder)
