"""Processes that wait: a run is handed to them, whatever happens to them it goes on or says why, and they leave by themselves."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from engine import FRAMEWORKS
from engine.runs import launching
from engine.runs.folder import Run, home
from engine.runs.processes.answering import Answerer
from engine.runs.warm import door as doors_module
from engine.runs.warm import keeper
from engine.runs.warm.door import Door, Request, doors, waiting_for
from tests import numpy_standby
from tests.driving import kinds, processes_about, small_experiment, wait_for_end, wait_until, weights
from tests.shared_runs import SharedRun

pytestmark = pytest.mark.usefixtures("workers", "no_process_left")
Start = Callable[[], Door]


@pytest.fixture
def standby(workers: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts a standby that this process keeps; returns its door when it is open."""
    monkeypatch.setenv("PARITY_STANDBY", "1")
    here = psutil.Process()
    cores = here.cpu_affinity()
    here.cpu_affinity(cores[:1])  # for whoever is started from here too, so that the one thread of small runs fits
    started: list[subprocess.Popen[bytes]] = []

    def start() -> Door:
        started.append(keeper.start_standby(numpy_standby.__name__ if workers == "numpy" else "engine.runs.warm.standby"))
        return wait_until(lambda: next((door for door in doors() if door.process.pid == started[-1].pid), None), "the door to open")

    yield start
    for process in started:
        process.terminate()
        process.wait()
    here.cpu_affinity(cores)


def experiment(encoder: Path, **changes: object) -> object:
    return small_experiment(encoder, **changes)


def test_a_run_is_handed_over_and_its_models_answer_afterwards(
    standby: Start, tiny_encoder: Path, vectors_kept: None, reference: SharedRun
) -> None:
    door = standby()
    run = launching.start(experiment(tiny_encoder))
    status = wait_until(lambda: not run.read_status().active and run.read_status(), "the end")
    assert (status.state, status.message) == ("done", "Finished")
    assert status.coordinator == door.process
    for framework in FRAMEWORKS:
        assert weights(run, framework) == weights(reference.run, framework), "as in a run that was started anew"
        assert kinds(run, framework)[0] == "imported" and run.read_log(framework) is not None
        assert run.read_results().frameworks[framework].import_seconds > 0
    wait_until(lambda: any(each.run == run.identifier for each in doors()), "the trained models to wait for questions")
    answers = [Answerer(run, framework) for framework in FRAMEWORKS]
    assert all(answerer._worker is None for answerer in answers), "no process was started for them"
    probabilities = [answerer.answer(["My parcel has not arrived", "an invoice"]).probabilities for answerer in answers]
    np.testing.assert_allclose(probabilities[0], probabilities[1], atol=1e-4)
    assert len(processes_about(run.path.parent)) <= 4, "the standby and its workers alone"


@pytest.mark.thorough
def test_an_older_run_is_answered_by_the_standby(standby: Start, reference: SharedRun, tmp_path: Path) -> None:
    home().mkdir(parents=True, exist_ok=True)
    run = Run(Path(shutil.copytree(reference.run.path, home() / reference.run.identifier)))
    door = standby()
    answerers = [Answerer(run, framework) for framework in FRAMEWORKS]
    assert all(answerer._worker is None for answerer in answerers)
    assert len(answerers[0].answer(["a text"]).probabilities) == len(answerers[1].answer(["a text"]).probabilities) == 1
    assert waiting_for(experiment(Path("bundled"))) is None, "it can take no run now"
    os.kill(door.process.pid, signal.SIGKILL)
    wait_until(lambda: not answerers[0].alive, "its end to be noticed")
    with pytest.raises(Exception, match=r"The PyTorch model's process has ended unexpectedly. Ask again; it is started anew"):
        answerers[0].answer(["a text"])
    again = Answerer(run, "pytorch")
    try:
        assert len(again.answer(["a text"]).probabilities) == 1
    finally:
        again.close()


@pytest.mark.parametrize(
    "moment",
    [pytest.param("while it waits", marks=pytest.mark.thorough), "when it is asked",
     pytest.param("when it has accepted", marks=pytest.mark.thorough)],
)  # fmt: skip
def test_a_standby_that_is_killed(
    moment: str, standby: Start, tiny_encoder: Path, vectors_kept: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = standby()

    def kill() -> None:
        os.kill(door.process.pid, signal.SIGKILL)
        wait_until(lambda: not processes_about(home() / "_standby"), "its workers to go with it")

    call = Door.call

    def killed(self: Door, request: Request, timeout: float = 5.0) -> object:
        if moment == "when it is asked":
            kill()
        answer = call(self, request, timeout)
        if moment == "when it has accepted":
            kill()
        return answer

    monkeypatch.setattr(Door, "call", killed)
    if moment == "while it waits":
        kill()
    run = launching.start(experiment(tiny_encoder, epochs=3))
    if moment == "when it has accepted":
        status = run.read_status()
        assert status.state == "failed" and "The run's own process ended unexpectedly" in status.message
        launching.recover()
        launching.resume(run)
    assert wait_for_end(run).state == "done", run.read_status().message


@pytest.mark.thorough
def test_two_runs_at_the_same_instant(standby: Start, tiny_encoder: Path, vectors_kept: None) -> None:
    door = standby()
    first = launching.start(experiment(tiny_encoder, epochs=3))
    second = launching.start(experiment(tiny_encoder, epochs=3, seed=1))
    assert wait_until(lambda: not first.read_status().active and first.read_status(), "the first").state == "done"
    assert wait_for_end(second).state == "done"
    assert first.read_status().coordinator == door.process != second.read_status().coordinator


@pytest.mark.thorough
def test_a_standby_of_another_version_is_left_alone(
    standby: Start, tiny_encoder: Path, vectors_kept: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = standby()
    monkeypatch.setenv("PARITY_SOMETHING", "else")  # as a changed file does
    assert doors() == []
    run = launching.start(experiment(tiny_encoder, epochs=2))
    assert wait_for_end(run).state == "done"
    assert run.read_status().coordinator != door.process


def test_what_does_not_fit_or_is_not_wanted_starts_anew(standby: Start, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    standby()
    assert waiting_for(experiment(tiny_encoder)) is not None
    assert waiting_for(experiment(tiny_encoder, threads=7)) is None
    monkeypatch.setattr(doors_module, "graphics_processors", lambda: ["a card"])
    assert waiting_for(experiment(tiny_encoder, device="cpu")) is None, "the card is hidden from a worker of the CPU alone"
    monkeypatch.setenv("PARITY_STANDBY", "0")
    assert doors() == []


@pytest.mark.thorough
def test_it_leaves_with_the_dashboard(standby: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = subprocess.Popen(["true"])
    identity = keeper.process_identity(ended.pid)
    ended.wait()
    monkeypatch.setattr(keeper, "process_identity", lambda: identity)
    process = keeper.start_standby(numpy_standby.__name__)
    assert process.wait(60) == 0
    assert not list((home() / "_standby").iterdir())


def test_a_stranger_without_the_key_is_not_let_in(standby: Start, tiny_encoder: Path) -> None:
    door = standby()
    stranger = Door(door.process, door.port, "no key", door.version, door.opened, "", door.frameworks)
    with pytest.raises(doors_module.DoorClosedError, match="did not answer"):
        stranger.call(Request("20260101-000000-000000"))
    assert "There is no run" in str(door.call(Request("20260101-000000-000000"))["failed"])
    (file,) = (home() / "_standby").glob("*/door.json")
    assert file.parent.stat().st_mode & 0o077 == 0
