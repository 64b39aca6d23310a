"""One process for one framework and one run: ``python -m engine.workers.main RUN_DIR FRAMEWORK JOB``.

Only this process, with the other modules of this room, imports a wing.
"""

from __future__ import annotations

import ctypes
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError

from engine.errors import ParityError
from engine.runs.folder import Run
from engine.runs.processes.channel import Channel
from engine.workers.jobs.ablate import train_once
from engine.workers.jobs.answer import answer
from engine.workers.jobs.audit import answer_transferred, train_steps
from engine.workers.jobs.benchmark import measure_speed, reach_target
from engine.workers.jobs.check import check
from engine.workers.jobs.encode import encode
from engine.workers.jobs.export import write
from engine.workers.jobs.latency_race import race
from engine.workers.jobs.migrate import arrive, leave
from engine.workers.jobs.mistakes import make_mistake
from engine.workers.jobs.train import train
from engine.workers.loading import stand_by
from engine.workers.requests.ablation import TrainingRequest
from engine.workers.requests.audit import StepsRequest, TransferRequest
from engine.workers.requests.benchmark import SpeedRequest, TargetRequest
from engine.workers.requests.export import WriteRequest
from engine.workers.requests.migration import ArriveRequest, LeaveRequest
from engine.workers.requests.mistakes import MistakeRequest
from engine.workers.session import Answers, serve

JOBS: dict[str, Callable[[Run, str, Channel], None]] = {
    "encode": encode,
    "train": train,
    "answer": answer,
    "check": check,
    "race": race,
}
"""What a worker does by itself, or without a framework."""

ANSWERS: Answers = {
    StepsRequest: train_steps,
    TransferRequest: answer_transferred,
    TrainingRequest: train_once,
    MistakeRequest: make_mistake,
    SpeedRequest: measure_speed,
    TargetRequest: reach_target,
    LeaveRequest: leave,
    ArriveRequest: arrive,
    WriteRequest: write,
}
"""What the worker of any other job answers to a study's requests, its framework loaded; the job only gives the process its name."""


def main(arguments: list[str]) -> None:
    """Do one job for one run, which is there or still to come, and leave."""
    run, framework, job = Run(Path(arguments[0])), arguments[1], arguments[2]
    if job != "answer":
        end_with_the_coordinator()
    channel = Channel()
    speak_plainly(channel, lambda: work(run, framework, job, channel))


def work(run: Run, framework: str, job: str, channel: Channel) -> None:
    """Do a job; ``standby`` is that which comes with a later run."""
    if job == "standby":
        run, job = stand_by(framework, channel)
    if job in JOBS:
        JOBS[job](run, framework, channel)
    else:
        serve(run, framework, channel, ANSWERS)


def speak_plainly(channel: Channel, job: Callable[[], None]) -> None:
    """Do a job. A failure that the engine knows is told in a sentence; the traceback goes to the log either way."""
    try:
        job()
        channel.tell(done=True)
    except ParityError as error:
        traceback.print_exc()
        channel.tell(failed=str(error))
    except MemoryError:
        traceback.print_exc()
        channel.tell(failed="The machine's memory ran out. Use a smaller batch size, fewer rows or a smaller encoder.")
    except (OSError, SafetensorError) as error:
        traceback.print_exc()
        channel.tell(
            failed=f"A file could not be written or read: {error}. Check the free space and that the run's folder is there, then resume."
        )
    except Exception as error:  # whatever a framework raises is told, never shown as a traceback on a page
        traceback.print_exc()
        reason = (str(error).strip() or "no message").splitlines()[0][:300]
        channel.tell(failed=f"{type(error).__name__}: {reason} (details in worker.log).")


def end_with_the_coordinator() -> None:
    """Ask Linux to end this process when its parent dies, even while it is suspended; elsewhere the closed input does it on waking.

    Not for the job ``answer``: Linux means the thread that started the process, and those of the dashboard come and go. It is never
    suspended, so its closed input ends it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1:])
