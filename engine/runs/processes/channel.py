"""The channel between the coordinator and one worker: who may compute now, and what a worker has to say.

One JSON object a line. The worker asks ``{"phase": …}`` and then computes nothing until it reads ``{"turn": …}``; what it tells in
between (``{"tell": …}``) needs no answer. The end of its input means that the coordinator is gone, and ends the worker.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from engine.files import JsonObject
from engine.runs.paths import WorkPaths
from engine.runs.processes.identity import process_identity
from engine.shared.devices import physical_cores

TURN_SECONDS = 1.0
"""Shorter turns cost: with a quarter of a second, step times are visibly worse than those of a process that runs alone."""


class Channel:
    """The worker's end."""

    def __init__(self) -> None:
        # The pipe is this process's standard output; whatever a library prints goes to the log instead.
        self._pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        self.turn = 0
        self._turn_ends = 0.0

    def take(self, phase: str, **facts: Any) -> JsonObject:
        """Ask for a turn in ``phase`` and wait for it; the coordinator's answer. Ends the process when there is no coordinator any more."""
        self.tell(phase=phase, **facts)
        line = sys.stdin.readline()
        if not line:
            sys.exit(0)
        answer: JsonObject = json.loads(line)
        self.turn += 1
        self._turn_ends = time.perf_counter() + answer.get("seconds", float("inf"))
        return answer

    @property
    def spent(self) -> bool:
        """Whether the turn's time is up."""
        return time.perf_counter() >= self._turn_ends

    def tell(self, **facts: Any) -> None:
        """Say something that needs no answer."""
        self._pipe.write(json.dumps(facts) + "\n")
        self._pipe.flush()


KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(2**28), "MALLOC_MMAP_THRESHOLD_": str(2**25)}
"""Bytes; the second is the most that every version of glibc takes."""


def worker_environment(threads: int, device: str) -> dict[str, str]:
    """Return the variables of a worker that uses this many threads (0: one for each core) and the device ``auto``, ``cpu`` or ``gpu``."""
    environment = os.environ | {
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "OMP_NUM_THREADS": str(threads or physical_cores()),
        # PyTorch's threads wait for one another in a loop. Where another program needs the cores they would wait in vain: steps take ten
        # times as long (measured). After ten thousand rounds they sleep; sooner would slow the small steps of an idle machine down.
        "GOMP_SPINCOUNT": os.environ.get("GOMP_SPINCOUNT", "10000"),
        # What a step frees stays in the process for the next one. By itself glibc hands it back, to be fetched again page by page, or not:
        # that depends on what was allocated before, and one process took 2.1 ms a step where another took 1.05 (measured).
        **{name: os.environ.get(name, size) for name, size in KEEP_MEMORY.items()},
        "HF_HUB_OFFLINE": "1",  # whatever had to be downloaded is there
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",  # they would fill the log
        "PYTHONUNBUFFERED": "1",
    }
    return environment | ({"CUDA_VISIBLE_DEVICES": "-1"} if device == "cpu" else {})


def write_output_to(log: Path) -> None:
    """Let all that this process and the libraries in it print go to the end of a file."""
    with open(log, "ab") as file:
        os.dup2(file.fileno(), 2)
    os.dup2(2, 1)


class WorkerProcess:
    """The coordinator's end: a worker that computes only while it has the turn."""

    def __init__(self, run_path: Path, name: str, job: str, environment: dict[str, str]) -> None:
        """``name`` is that of the framework; where there are two of one, with a word of its own behind it: ``pytorch first``."""
        framework = name.partition(" ")[0]
        self.name, self.framework, self.job = name, framework, job
        self.phase = "start"
        self.waiting = False
        self.finished = False
        self.facts: JsonObject = {}
        """The latest of everything that the worker has told."""
        self.messages: queue.Queue[JsonObject] = queue.Queue()
        self._log = open(WorkPaths(run_path).worker_log(framework), "ab")  # noqa: SIM115 - closed with the process
        command = [sys.executable, "-m", "engine.workers.main", str(run_path), framework, job]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=environment,
            cwd=Path(__file__).parents[3],
            encoding="utf-8",
            errors="replace",
        )
        self._handle = psutil.Process(self.process.pid)
        self.identity = process_identity(self.process.pid)
        self._suspended, self._suspended_at = False, 0.0
        self.paused = 0.0
        """Seconds for which it was stopped while it had something to do."""
        self._answered_ahead = False
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                continue  # cut off by its end
            if isinstance(message, dict):
                self.messages.put(message)
        self.messages.put({"ended": self.process.wait()})

    def adopt(self, run_path: Path, job: str) -> None:
        """Give a worker that waits without a run one to do a job for; what it prints goes to that run's log from then on."""
        self.job, self.facts = job, {}
        self.go(run=str(run_path), job=job)

    def rss(self) -> int:
        """Return the bytes of memory that the worker has in use; 0 when it is gone."""
        try:
            return int(self._handle.memory_info().rss)
        except psutil.Error:
            return 0

    def go(self, **facts: Any) -> None:
        """Give the worker the turn, or, before it has asked for one, the first turn that it will ask for."""
        assert self.process.stdin is not None
        self.resume()
        self._answered_ahead = not self.waiting
        self.waiting = False
        try:
            self.process.stdin.write(json.dumps(facts) + "\n")
            self.process.stdin.flush()
        except (OSError, ValueError):
            pass  # it has died or was ended; the listener says so

    def hear(self, timeout: float) -> JsonObject | None:
        """Return the worker's next message, or ``None`` when there was none in time."""
        try:
            message = self.messages.get(timeout=timeout)
        except queue.Empty:
            return None
        self.facts |= message
        if "phase" in message:
            self.phase, self.waiting = message["phase"], not self._answered_ahead
            self._answered_ahead = False
        if "ended" in message:
            self.finished = True
        return message

    def suspend(self) -> None:
        """Stop the worker altogether, so that no idle thread pool spins while the other one is timed."""
        if self._suspended:
            return
        with suppress(psutil.Error, OSError):
            self._handle.suspend()
            self._suspended, self._suspended_at = True, time.perf_counter()

    def resume(self) -> None:
        """Let a suspended worker go on. What it was stopped for in the middle of something is added to ``paused``."""
        if not self._suspended:
            return
        with suppress(psutil.Error, OSError):
            self._handle.resume()
            self._suspended = False
            if not self.waiting:
                self.paused += time.perf_counter() - self._suspended_at

    def end(self) -> None:
        """End the process and wait until it is gone. May be called twice."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.finished = True
        self._listener.join()
        assert self.process.stdin is not None and self.process.stdout is not None
        with suppress(OSError):  # what it has not read any more
            self.process.stdin.close()
        self.process.stdout.close()
        self._log.close()
