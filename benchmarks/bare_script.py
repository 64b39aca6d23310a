"""A bare script in a process of its own, taking turns with what it is compared to.

A machine's speed drifts by tens of percent within minutes, more than what is to be measured; so both sides are started, and then compute
by turns of seconds.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from engine.runs.processes.channel import worker_environment

SCRIPTS = {"pytorch": "pytorch_steps.py", "tensorflow": "keras_steps.py"}

Reading = tuple[float, float, int]
"""Time of day at the end, seconds, steps."""


class BareScript:
    """What an expert would write for a framework, at work on the task in ``folder``. Computes one step, and no other before its turn."""

    def __init__(self, framework: str, folder: Path) -> None:
        self._name, self._errors = SCRIPTS[framework], open(folder / "errors.txt", "w+", encoding="utf-8")  # noqa: SIM115 - until the end
        self._readings = folder / "readings.jsonl"
        self.figures: dict[str, Any] = {}
        """What it measured, once it has come to its end."""
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "bare" / self._name), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=worker_environment(0, "cpu"),
            encoding="utf-8",
        )

    def take_turn(self) -> None:
        """Let it compute until it gives way or comes to its end."""
        if not self.figures:
            self.go()
            self.wait()

    def go(self) -> None:
        """Let it compute, and do not wait."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def wait(self) -> None:
        """Wait until it gives way or comes to its end; the first time for the libraries and the first step."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self._errors.seek(0)
            sys.exit(f"{self._name} failed:\n{self._errors.read()[-2000:]}")
        if line != "your turn\n":
            self.figures = json.loads(line)
            self.process.communicate()
            self._errors.close()

    def readings(self) -> list[Reading]:
        """Return what it has measured so far."""
        whole_lines = self._readings.read_text(encoding="utf-8").rpartition("\n")[0].splitlines()
        return [tuple(json.loads(line)) for line in whole_lines]

    def end(self) -> None:
        """End it, wherever it is."""
        self.process.kill()
        self.process.communicate()
        self._errors.close()


class Party:
    """Processes that compute in windows of time, and stand still between them."""

    def __init__(self, processes: Callable[[], Iterable[psutil.Process]], seconds: float) -> None:
        self._processes, self._seconds = processes, seconds
        self._stopped: list[psutil.Process] = []
        self.windows: list[tuple[float, float]] = []
        """Times of day from when to when it computed."""

    def compute(self) -> None:
        """Let the processes compute for their seconds."""
        began = time.time()
        self.resume()
        time.sleep(self._seconds)
        self.stop()
        self.windows.append((began, time.time()))

    def resume(self) -> None:
        """Let those compute that were stopped here."""
        for process in reversed(self._stopped):
            with suppress(psutil.NoSuchProcess):  # it has come to its end
                process.resume()

    def stop(self) -> None:
        """Stop the processes, the first one first. One that somebody else has stopped is not ours to resume."""
        self._stopped = []
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                if process.status() != psutil.STATUS_STOPPED:
                    process.suspend()
                    self._stopped.append(process)
