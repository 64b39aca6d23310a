"""What the coordinators of runs and of studies share: their turn on the machine, their workers, their status and their last word."""

from __future__ import annotations

import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout
from safetensors import SafetensorError

from engine.errors import ParityError
from engine.runs.experiment import Experiment
from engine.runs.processes.channel import WorkerProcess, worker_environment
from engine.runs.processes.identity import process_identity
from engine.runs.processes.queue import wait_in_queue
from engine.runs.processes.turns import Turns
from engine.runs.status import Status
from engine.runs.work_folder import WorkFolder

SECONDS_TO_LEAVE = 30.0
"""How long a run or a study that goes on waits for the process of its first attempt to leave."""

Folder = TypeVar("Folder", bound=WorkFolder)


class StopAskedError(Exception):
    """Somebody asked for a stop."""


def fill(folder: Folder, coordinator_of: Callable[[Folder], Coordinator]) -> None:
    """Do the work of a folder. Whatever happens, its status says how it ended, and no worker is left behind unless it is still wanted."""
    try:
        # One process for each folder. The one before, which has failed, may still be ending its workers.
        with FileLock(folder.coordinator_lock, timeout=SECONDS_TO_LEAVE):
            if folder.read_status().state != "queued":
                return  # a second click on “resume” came after the first one's work had ended
            try:
                coordinator = coordinator_of(folder)
            except ParityError as error:
                folder.write_status(Status(state="failed", message=str(error), phase="end"))
            else:
                coordinator.conduct()
    except Timeout:
        print(f"Not started: another process is at work on the {folder.word} {folder.identifier}.")


class Coordinator(ABC):
    """Fills one folder; the only writer of its status."""

    last_word_when_stopped: str

    def __init__(self, folder: WorkFolder) -> None:
        self.folder = folder
        self.status = folder.read_status()
        self.status.coordinator, self.status.workers = process_identity(), {}
        self.processes: list[WorkerProcess] = []
        """All workers that were started and not dismissed since."""
        self._lock: FileLock | None = None
        self._written = 0.0
        self.write()

    @abstractmethod
    def work(self) -> tuple[str, str]:
        """Do the work; the state that it ends in, and the last word."""

    def conduct(self) -> None:
        """Wait in the queue, work, and leave a last word."""
        state = "failed"
        try:
            self.wait_for_the_machine()
            state, message = self.work()
        except StopAskedError:
            state, message = "stopped", self.last_word_when_stopped
        except ParityError as error:
            message = str(error)
        except SystemExit:
            phase = f" in the phase “{self.status.phase}”" if self.status.phase else ""
            message = (
                f"The {self.folder.word} was asked to end from outside (SIGTERM){phase}, for example because the machine shuts down. "
                f"{self.folder.advice}"
            )
        except Exception as error:  # the last resort: the status must not stay “running”
            traceback.print_exc()
            message = self._in_words(error)
        finally:
            self.dismiss()
        self.finish(state, message)
        if self._lock is not None:
            self._lock.release()  # only now is the machine free for the next one

    def _in_words(self, error: Exception) -> str:
        word, again = self.folder.word, self.folder.again
        if isinstance(error, MemoryError):
            return f"The machine's memory ran out. Use fewer rows, then start the {word} again."
        if isinstance(error, (OSError, SafetensorError)):
            return (
                f"A file could not be written or read: {error}. Check the free space and that the {word}'s folder is there, then {again}."
            )
        return f"Unexpected: {type(error).__name__}: {error}. The details are in coordinator.log in the {word}'s folder; {again}."

    # --- The machine -----------------------------------------------------------------------------------------------------------------

    def wait_for_the_machine(self) -> None:
        """Wait until the machine is free; runs that wait go first, also between two pieces of a study. Raises ``StopAskedError``."""
        if self._lock is not None:
            self._lock.release()
        self._lock = wait_in_queue(self.folder, self._say_queued)
        if self._lock is None:
            raise StopAskedError

    def _say_queued(self, message: str) -> None:
        """Say what is waited for: when that changes, else once a second as a sign of life."""
        if message != self.status.message or self.age > 1:
            self.say(message, "queued", "queue")

    # --- The status ------------------------------------------------------------------------------------------------------------------

    def write(self) -> None:
        """Replace the status on disk."""
        self._written = time.monotonic()
        self.folder.write_status(self.status)

    @property
    def age(self) -> float:
        """Seconds since the status was last written."""
        return time.monotonic() - self._written

    def say(self, message: str, state: str = "running", phase: str = "") -> None:
        """Tell the readers what is being done."""
        self.status.message, self.status.state, self.status.phase = message, state, phase
        self.write()

    def finish(self, state: str, message: str) -> None:
        """Leave the last word; when not even that can be written, the readers see that the process has gone."""
        self.status.state, self.status.message, self.status.phase = state, message, "end"
        self.status.turn, self.status.seconds_left, self.status.finished = None, None, time.time()
        try:
            self.write()
        except OSError:
            traceback.print_exc()

    # --- The workers -----------------------------------------------------------------------------------------------------------------

    def start(self, name: str, job: str, folder: Path, experiment: Experiment) -> WorkerProcess:
        """Start a worker for ``folder``. ``name`` is the framework's, as in ``WorkerProcess``."""
        return self.take_on(WorkerProcess(folder, name, job, worker_environment(experiment.threads, experiment.device)))

    def take_on(self, process: WorkerProcess) -> WorkerProcess:
        """Count a worker among those of this folder, which are ended with it, also when this process dies."""
        self.processes.append(process)
        self.status.workers[f"{process.name} {process.job}"] = process.identity
        self.write()
        return process

    def take_turns(self, workers: list[WorkerProcess], on_change: Callable[[WorkerProcess | None], None], at_once: bool = False) -> Turns:
        """Return the turns of these workers."""
        return Turns(workers, at_once, on_change, self.folder.advice)

    def dismiss(self) -> None:
        """End all workers; no process is left behind."""
        for process in self.processes:
            process.end()
        self.processes, self.status.workers = [], {}
