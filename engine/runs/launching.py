"""Starts runs and finds those whose process has gone. Takes a run folder, returns at once: the seam for other machines."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from engine.errors import RunError
from engine.runs.experiment import Experiment
from engine.runs.folder import Run, create_run
from engine.runs.index import run_rows
from engine.runs.planning.stages import stages_of
from engine.runs.processes.identity import end_processes
from engine.runs.status import Status
from engine.runs.warm.door import hand_over, own_variables, waiting_for
from engine.runs.work_folder import WorkFolder


def start(experiment: Experiment) -> Run:
    """Create a run's folder and start its coordinator, which outlives this process. Raises ``RunError`` when the disk refuses."""
    run = create_run(experiment, Status(expected=stages_of(experiment, warm=waiting_for(experiment) is not None)))
    launch(run)
    return run


def resume(run: Run) -> None:
    """Go on with a stopped or failed run: what is finished is kept, the rest goes on from its last checkpoint.

    Raises ``RunError`` while the run is still going on or when it has nothing left to do.
    """
    status = run.read_status()
    if status.active:
        raise RunError(f"Run {run.identifier} is still going on (“{status.message}”). Wait until it has ended, or stop it first.")
    if status.state == "done":
        raise RunError(f"Run {run.identifier} has finished; there is nothing to resume. Start a new one from the Train page.")
    outcomes = {framework: run.read_outcome(framework) for framework in run.read_experiment().frameworks}
    reasons = [outcome.stop_reason if outcome else None for outcome in outcomes.values()]
    if run.read_results() and "diverged" in reasons and set(reasons) <= {"diverged", "finished", "early"}:
        raise RunError(
            f"Run {run.identifier} ended because the loss was no longer a number, and would end so again. "
            "Start a new one from the Train page, with a smaller learning rate."
        )
    end_processes(run.read_status().workers.values())
    status.state, status.message, status.phase, status.coordinator = "queued", "Waiting to start again", "queue", None
    try:
        run.withdraw_stop()
        for framework, outcome in outcomes.items():
            if outcome and outcome.stop_reason == "stopped":
                run.forget_outcome(framework)  # a result after a stop was not the end of what was asked for
        run.write_status(status)
    except OSError as error:
        raise RunError(
            f"Run {run.identifier} cannot be resumed: its folder {run.path} cannot be written ({error.strerror}). Free some space and "
            "try again."
        ) from error
    launch(run)


def launch(run: Run) -> None:
    """Hand a run folder to the standby, or start its coordinator in a session of its own, and return at once."""
    if hand_over(run):
        return
    try:
        if (status := run.written_status()).coordinator is not None:  # a standby took it and died over it
            status.coordinator = None
            run.write_status(status)
        detach("engine.runs.coordinator", run.path)
    except OSError as error:
        message = f"The run's process could not be started: {error}. Check memory and disk, then resume the run."
        with suppress(OSError):
            run.write_status(Status(state="failed", message=message, phase="end"))
        raise RunError(message) from error


def detach(module: str, folder: Path) -> None:
    """Start the process that fills a folder, in a session of its own, with its log there; ``OSError`` when that fails.

    ``module`` knows the folder's coordinator, as ``engine/runs/processes/entry.py`` says.
    """
    process = start_coordinator(module, [str(folder)], WorkFolder(folder).coordinator_log)
    # Its end must be noticed, so that a finished process does not stay a zombie of the dashboard.
    threading.Thread(target=process.wait, daemon=True, name=f"waits for {folder.name}").start()


def start_coordinator(module: str, words: list[str], log: Path) -> subprocess.Popen[bytes]:
    """Start a coordinator in a session of its own, so that it outlives this process; ``words`` are what its module's ``main`` is given."""
    with open(log, "ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "engine.runs.processes.entry", module, *words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=Path(__file__).parents[2],
            start_new_session=True,
            env=os.environ | own_variables(),
        )


def recover() -> list[Run]:
    """End the workers of runs whose coordinator has died without a word, say in their status what happened, and return them."""
    orphans = []
    for row in run_rows():
        if row.state == "failed" and row.phase != "end":  # so it already reads when the recorded coordinator is gone
            run, status = row.run, row.run.read_status()
            end_processes(status.workers.values())
            status.phase, status.workers, status.finished = "end", {}, status.updated
            with suppress(OSError):  # on a full disk it goes on reading as failed, which is true as well
                run.write_status(status)
            orphans.append(run)
    return orphans
