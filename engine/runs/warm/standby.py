"""The standby: a coordinator that waits with one worker per framework, both loaded, for a run to fill or for the models of one to answer.

After a run its workers go on answering for the trained models, until somebody else's are wanted or nobody asks any more.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from engine import FRAMEWORKS
from engine.errors import ParityError
from engine.runs import coordinator
from engine.runs.folder import Run, open_run
from engine.runs.index import run_rows
from engine.runs.paths import StandbyPaths
from engine.runs.processes.channel import WorkerProcess, worker_environment, write_output_to
from engine.runs.processes.identity import ProcessIdentity, process_identity
from engine.runs.warm.answers import LOOK_SECONDS, answer_callers, answer_for, is_needed
from engine.runs.warm.door import Listener, own_variables, present_version


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
        while is_needed(keeper, workers):
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
                    answer_callers(listener, run, keeper, workers)
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
    import engine.runs.preparing.prepare
    import engine.runs.preparing.vectors  # noqa: F401

    coordinator.load_for_the_end()
    run_rows()


def _load_models(run: Run, workers: Sequence[WorkerProcess]) -> None:
    for worker in workers:
        if run.model_file(worker.framework).exists():
            worker.adopt(run.path, "answer")
