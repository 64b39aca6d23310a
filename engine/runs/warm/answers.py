"""Trained models that wait for questions: the workers of a run, after it, at the door of their coordinator."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from engine.runs.folder import Run
from engine.runs.processes.channel import WorkerProcess
from engine.runs.processes.identity import ProcessIdentity, living_process, process_identity
from engine.runs.warm.door import Caller, Listener, doors

LOOK_SECONDS = 2.0
"""How often a waiting process looks whether it is still wanted."""
IDLE_SECONDS = 900.0
"""How long trained models are kept for a question after the last one."""
LEAST_MEMORY = 1.5 * 2**30
"""Bytes; with less left for other programs, whoever waits gives its own back."""
ANSWER_SECONDS = 120.0
"""How long one answer may take."""


def answer_for(run: Run, folder: Path, keeper: ProcessIdentity, version: str, workers: Sequence[WorkerProcess]) -> None:
    """Answer with the models that were just trained, whose workers have kept them."""
    if not workers or not is_needed(keeper, workers):
        return
    with Listener(folder, version) as listener:
        listener.open(process_identity(), time.time(), tuple(worker.framework for worker in workers), run.identifier)
        answer_callers(listener, run, keeper, workers)


def answer_callers(listener: Listener, run: Run, keeper: ProcessIdentity, workers: Sequence[WorkerProcess]) -> None:
    """Let the workers answer texts until nobody asks any more, or another process answers for the latest run."""
    asked = opened = time.time()
    while is_needed(keeper, workers) and run.path.exists() and time.time() - asked < IDLE_SECONDS:
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


def is_needed(keeper: ProcessIdentity, workers: Sequence[WorkerProcess]) -> bool:
    """Whether the dashboard still runs, all workers live, and other programs have memory enough."""
    living = all(worker.process.poll() is None for worker in workers)
    return living and living_process(keeper) is not None and psutil.virtual_memory().available > LEAST_MEMORY
