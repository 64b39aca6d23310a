"""Turns with stand-in workers that speak the protocol and load no framework."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from engine.errors import TrainingError
from engine.runs.folder import Run, create_run
from engine.runs.processes import channel
from engine.runs.processes.channel import KEEP_MEMORY, WorkerProcess, worker_environment
from engine.runs.processes.turns import Turns
from tests.driving import small_experiment, wait_until

BEGIN = """
import os, sys, time
from engine.runs.processes.channel import Channel
channel = Channel()
print("what a library prints is not a message")
os.write(1, b"nor is this\\n")
"""
THREE_PHASES = """
channel.take("import")
channel.take("train", share=0.0)
for number in range(3):
    channel.take("train", share=(number + 1) / 3)
channel.take("evaluate")
channel.tell(done=True)
"""


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., WorkerProcess]]:
    """Makes workers that run the given lines instead of a wing."""
    run = create_run(small_experiment("bundled"))
    made: list[WorkerProcess] = []
    popen = channel.subprocess.Popen

    def make(lines: str, framework: str = "pytorch") -> WorkerProcess:
        def start(command: list[str], **options: object) -> object:
            return popen([sys.executable, "-c", BEGIN + lines], **options)

        with monkeypatch.context() as patch:
            patch.setattr(channel.subprocess, "Popen", start)
            made.append(WorkerProcess(run.path, framework, "train", dict(channel.os.environ)))
        return made[-1]

    yield make
    for worker in made:
        worker.end()
        worker.end()
        assert not psutil.pid_exists(worker.process.pid)


def suspended(worker: WorkerProcess) -> bool:
    return psutil.Process(worker.process.pid).status() == psutil.STATUS_STOPPED


def test_they_alternate_and_only_one_computes(workers: Callable[..., WorkerProcess]) -> None:
    pair = [workers(THREE_PHASES, "pytorch"), workers(THREE_PHASES, "tensorflow")]
    given: list[str] = []
    seen: list[str | None] = []

    def watch(worker: WorkerProcess | None) -> None:
        seen.append(worker.framework if worker else None)
        computing = [each for each in pair if each.phase != "start" and not each.waiting and not each.finished]
        assert len(computing) <= 1, "both start up at once; whoever has asked for a turn waits until it is given"

    turns = Turns(pair, False, watch)
    give = turns.give

    def note(worker: WorkerProcess, *rest: object) -> None:
        given.append(f"{worker.framework} {worker.phase}")
        give(worker, *rest)
        others = [other for other in pair if other is not worker and other.waiting]
        wait_until(lambda: all(suspended(other) for other in others), "whoever waits to be suspended while the other one has its turn")

    turns.give = note  # type: ignore[method-assign,assignment]
    turns.run_until("train")
    assert given == ["pytorch import", "tensorflow import"]
    assert [worker.phase for worker in pair] == ["train", "train"]
    given.clear()
    turns.run_until("evaluate")
    assert given == ["pytorch train", "tensorflow train"] * 4
    turns.run_until("end")
    assert all(worker.finished and worker.facts["done"] for worker in pair) and turns.failures == {}
    assert None in seen
    turns.raise_failures()


def test_both_at_once(workers: Callable[..., WorkerProcess]) -> None:
    pair = [workers(THREE_PHASES, "pytorch"), workers(THREE_PHASES, "tensorflow")]
    turns = Turns(pair, True, lambda worker: None)
    turns.run_until("evaluate")
    assert [worker.phase for worker in pair] == ["evaluate", "evaluate"]
    turns.run_until("end")
    assert turns.failures == {}


def test_the_first_turn_may_be_given_before_it_is_asked_for(workers: Callable[..., WorkerProcess]) -> None:
    worker = workers(THREE_PHASES)
    worker.go(turn=True)
    turns = Turns([worker], False, lambda worker: None)
    turns.run_until("train")
    assert worker.phase == "train" and worker.waiting
    turns.run_until("end")
    assert worker.facts["done"] and turns.failures == {}


def test_answers_reach_the_worker(workers: Callable[..., WorkerProcess]) -> None:
    worker = workers('channel.tell(heard=channel.take("build")["device"], seconds=channel.spent)\nchannel.take("evaluate")')
    Turns([worker], False, lambda worker: None).run_until("evaluate", lambda worker: {"device": "gpu"})
    assert worker.facts["heard"] == "gpu" and worker.facts["seconds"] is False


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ('channel.take("train")\nos.kill(os.getpid(), 9)', "was ended by signal 9 (SIGKILL, from outside) in the phase “train”"),
        ('channel.take("train")\nos.kill(os.getpid(), 11)', "signal 11 (SIGSEGV, a crash inside a library)"),
        ('channel.take("train")\nos._exit(3)', "ended by itself with exit code 3 in the phase “train”"),
        ('channel.take("train")\nchannel.tell(failed="The loss is a parrot.")', "The loss is a parrot."),
        ("os._exit(1)", "ended by itself with exit code 1 in the phase “start”; expected it to finish. The reason is in pytorch/worker"),
        ('channel.take("train")\nos.write(channel._pipe.fileno(), b\'{"phase": "tr\')\nos._exit(4)', "exit code 4"),
    ],
)
def test_a_failure_is_noted_and_the_other_one_finishes(workers: Callable[..., WorkerProcess], lines: str, says: str) -> None:
    wrong, right = workers(lines, "pytorch"), workers(THREE_PHASES, "tensorflow")
    turns = Turns([wrong, right], False, lambda worker: None)
    turns.run_until("end")
    assert list(turns.failures) == ["pytorch"] and says in turns.failures["pytorch"]
    assert right.facts["done"]
    with pytest.raises(TrainingError):
        turns.raise_failures()


def test_killed_while_suspended(workers: Callable[..., WorkerProcess]) -> None:
    worker = workers(THREE_PHASES)
    turns = Turns([worker], False, lambda worker: None)
    turns.run_until("train")
    turns.give(worker)
    assert not worker._suspended, "a worker without another one beside it is never stopped"
    turns.suspend([worker])
    wait_until(lambda: suspended(worker), "the worker to be suspended")
    worker.process.kill()
    turns.run_until("end")
    assert "SIGKILL" in turns.failures["pytorch"]
    worker.suspend()
    worker.go(turn=True)
    assert worker.rss() == 0


def test_a_worker_without_a_coordinator_leaves(workers: Callable[..., WorkerProcess]) -> None:
    worker = workers(THREE_PHASES)
    assert worker.process.stdin is not None
    worker.process.stdin.close()
    assert worker.process.wait(60) == 0


def test_what_a_worker_prints_is_in_its_log(workers: Callable[..., WorkerProcess]) -> None:
    worker = workers(THREE_PHASES)
    Turns([worker], False, lambda worker: None).run_until("end")
    log = Path(worker._log.name).read_text()
    assert "nor is this" in log and "what a library prints" in log
    assert Run(Path(worker._log.name).parents[1]).read_status().state == "queued"


def test_the_first_worker_leads_by_its_first_step_while_what_loads_stands_still(workers: Callable[..., WorkerProcess]) -> None:
    first, second = workers(THREE_PHASES), workers(THREE_PHASES, "tensorflow")
    turns = Turns([first, second], at_once=False, on_change=lambda worker: None)
    give, first_steps = turns.give, []

    def note(worker: WorkerProcess, *rest: object) -> None:
        if worker.phase == "train":
            wait_until(lambda: suspended(second), "the other one to stand still")
            first_steps.append(worker)
        give(worker, *rest)

    turns.give = note  # type: ignore[method-assign,assignment]
    turns.lead({})
    turns.give = give  # type: ignore[method-assign]
    assert first_steps == [first]
    wait_until(lambda: not suspended(second), "the other one to go on")
    assert (first.phase, first.facts["share"]) == ("train", pytest.approx(1 / 3)), "it has trained one turn, and waits"
    assert second.phase in ("start", "import"), "nothing has been given to the other one"
    turns.run_until("evaluate")
    assert first.phase == second.phase == "evaluate"
    assert turns.failures == {}


def test_a_worker_keeps_what_it_frees_unless_the_user_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEEP_MEMORY:
        monkeypatch.delenv(name, raising=False)
    assert KEEP_MEMORY.items() <= worker_environment(0, "cpu").items()
    assert int(KEEP_MEMORY["MALLOC_MMAP_THRESHOLD_"]) <= 2**25, "older versions of glibc take no more and would stay at 128 KiB"
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "1000")
    assert worker_environment(0, "cpu")["MALLOC_TRIM_THRESHOLD_"] == "1000"


def test_a_gpu_is_hidden_from_a_worker_of_the_cpu_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    hidden = {device: worker_environment(0, device)["CUDA_VISIBLE_DEVICES"] for device in ("cpu", "gpu", "auto")}
    assert hidden == {"cpu": "-1", "gpu": "1", "auto": "1"}


TWO_PARTS = """
channel.take("import")
answer = channel.take("build")
while "device" not in answer:
    told = channel.take(answer["next"])
    channel.tell(did=told["texts"])
    answer = channel.take("build")
"""


def test_different_work_is_done_side_by_side(workers: Callable[..., WorkerProcess]) -> None:
    first, second = workers(TWO_PARTS, "pytorch"), workers(TWO_PARTS, "tensorflow")
    turns = Turns([first, second], False, lambda worker: None)
    turns.together({first: ({"next": "encode"}, {"texts": "all"}), second: ({"next": "probe"}, {"texts": "none"})}, "build")
    for worker, did in ((first, "all"), (second, "none")):
        assert worker.waiting and worker.phase == "build" and worker.facts["did"] == did and not suspended(worker)


def test_what_is_done_side_by_side_ends_when_one_fails(workers: Callable[..., WorkerProcess]) -> None:
    """The other one may have minutes of work before it, which would be for nothing."""
    busy = workers('channel.take("import")\nchannel.take("build")\ntime.sleep(600)', "pytorch")
    failing = workers('channel.take("import")\nchannel.take("build")\nsys.exit(3)', "tensorflow")
    turns = Turns([busy, failing], False, lambda worker: None)
    turns.together({busy: ({"next": "encode"},), failing: ({"next": "probe"},)}, "build")
    assert not busy.finished and not busy.waiting
    with pytest.raises(TrainingError, match="The TensorFlow worker ended by itself with exit code 3"):
        turns.raise_failures()
