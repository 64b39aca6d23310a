"""The standby: a coordinator that waits with one worker per framework, both loaded, for a run to fill or for the models of one to answer.

After a run its workers go on answering for the trained models, until somebody else's are wanted or nobody asks any more.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from engine import FRAMEWORKS
from engine.errors import ParityError
from engine.runs import coordinator
from engine.runs.folder import Run, open_run
from engine.runs.index import run_rows
from engine.runs.paths import StandbyPaths
from engine.runs.processes.channel import WorkerProcess, worker_environment, write_output_to
from engine.runs.processes.identity import ProcessIdentity, living_process, process_identity
from engine.runs.warm.door import Caller, Listener, doors, own_variables, present_version

LOOK_SECONDS = 1.0
"""How often a waiting process looks whether it is still wanted."""
IDLE_SECONDS = 900.0
"""How long trained models are kept for a question after the last one."""
LEAST_MEMORY = 1.5 * 2**30
"""Bytes; with less left for other programs, whoever waits gives its own back."""
ANSWER_SECONDS = 120.0
"""How long one answer may take."""


def main(arguments: list[str]) -> None:
    """Wait in the folder ``arguments[0]`` for as long as the process ``arguments[1:3]`` lives, which keeps a standby."""
    folder, keeper = Path(arguments[0]), ProcessIdentity(int(arguments[1]), float(arguments[2]))
    version = present_version(os.environ | own_variables())  # before anything is loaded, so that no change of a file is missed
    workers: list[WorkerProcess] = []
    try:
        for name in FRAMEWORKS:
            StandbyPaths(folder).framework_folder(name).mkdir(parents=True, exist_ok=True)
            workers.append(WorkerProcess(folder, name, "standby", worker_environment(0, "auto")))
        run = wait_for_a_run(folder, keeper, version, workers)
        if run is not None:
            write_output_to(run.coordinator_log)
            workers = coordinator.fill_run(run, workers)
            answer_for(run, folder, keeper, version, workers)
    finally:
        for worker in workers:
            worker.end()
        shutil.rmtree(folder, ignore_errors=True)


def wait_for_a_run(folder: Path, keeper: ProcessIdentity, version: str, workers: Sequence[WorkerProcess]) -> Run | None:
    """Return the run to fill, once one is handed over. Who wants answers of an older run's models gets them here, and no run comes then."""
    with Listener(folder, version) as listener:
        me, opened = process_identity(), time.time()
        listener.open(me, opened, FRAMEWORKS)
        load_the_rest()
        while _is_wanted(keeper, workers):
            caller = listener.accept(LOOK_SECONDS)
            if caller is None:
                continue
            if version != present_version(os.environ | own_variables()):
                return None  # the code was changed meanwhile: what is loaded here is of an earlier version
            try:
                run = open_run(caller.request.run)
                if caller.request.answer:
                    _load_models(run, workers)
                    listener.open(me, time.time(), FRAMEWORKS, run.identifier)
                    caller.answer({"accepted": True})
                    _answer(listener, run, keeper, workers)
                    return None
                status = run.read_status()
                status.coordinator = me  # before the answer: whatever happens to this process from now on shows in the run
                run.write_status(status)
            except (ParityError, OSError) as error:
                caller.answer({"failed": str(error)})
                continue
            caller.answer({"accepted": True})
            return run
    return None


def load_the_rest() -> None:
    """Load what a coordinator loads late, so that a run does not wait for it."""
    import engine.runs.comparison
    import engine.runs.preparing.prepare
    import engine.runs.preparing.vectors  # noqa: F401

    run_rows()


def answer_for(run: Run, folder: Path, keeper: ProcessIdentity, version: str, workers: Sequence[WorkerProcess]) -> None:
    """Answer with the models that were just trained, whose workers have kept them."""
    if not workers or not _is_wanted(keeper, workers):
        return
    with Listener(folder, version) as listener:
        listener.open(process_identity(), time.time(), tuple(worker.framework for worker in workers), run.identifier)
        _answer(listener, run, keeper, workers)


def _load_models(run: Run, workers: Sequence[WorkerProcess]) -> None:
    for worker in workers:
        if run.model_file(worker.framework).exists():
            worker.adopt(run.path, "answer")


def _answer(listener: Listener, run: Run, keeper: ProcessIdentity, workers: Sequence[WorkerProcess]) -> None:
    """Let the workers answer texts until nobody asks any more, or another process answers for the latest run."""
    asked = opened = time.time()
    while _is_wanted(keeper, workers) and run.path.exists() and time.time() - asked < IDLE_SECONDS:
        caller = listener.accept(LOOK_SECONDS)
        if caller is not None:
            caller.answer(_ask(workers, caller))
            asked = time.time()
        elif any(door.run and door.opened > opened and door.process.pid != os.getpid() for door in doors()):
            return


def _ask(workers: Sequence[WorkerProcess], caller: Caller) -> Mapping[str, object]:
    request = caller.request
    worker = next((worker for worker in workers if worker.framework == request.framework), None)
    if worker is None:
        return {"failed": "no model of this framework is loaded here"}
    ends = time.monotonic() + ANSWER_SECONDS
    for step in ("load", "answer"):
        while not worker.waiting and not worker.finished and "failed" not in worker.facts and time.monotonic() < ends:
            worker.hear(0.2)
        if worker.finished or not worker.waiting:
            return {"failed": str(worker.facts.get("failed") or "the process has ended unexpectedly")}
        if step == "load":
            worker.go(texts=request.texts)
    return {name: value for name, value in worker.facts.items() if name not in ("outcome", "phase")}


def _is_wanted(keeper: ProcessIdentity, workers: Sequence[WorkerProcess]) -> bool:
    """Whether the dashboard still runs, all workers live, and other programs have memory enough."""
    living = all(worker.process.poll() is None for worker in workers)
    return living and living_process(keeper) is not None and psutil.virtual_memory().available > LEAST_MEMORY
