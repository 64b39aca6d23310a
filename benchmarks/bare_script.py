"""A bare script in a process of its own, taking turns with what it is compared to.

A machine's speed drifts by tens of percent within minutes, more than what is to be measured; so both sides are started, and then compute
by turns of seconds.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from engine.runs.processes.channel import worker_environment

SCRIPTS = {"pytorch": "pytorch_steps.py", "tensorflow": "keras_steps.py"}

Pauses = list[tuple[float, float]]
"""Times of day, in seconds: from when to when."""


class BareScript:
    """What an expert would write for a framework, at work on the task in ``folder``. Computes nothing before its first turn."""

    def __init__(self, framework: str, folder: Path) -> None:
        self._name, self._errors = SCRIPTS[framework], open(folder / "errors.txt", "w+", encoding="utf-8")  # noqa: SIM115 - until the end
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
        self._wait()  # for the libraries, and the first step

    def take_turn(self) -> None:
        """Let it compute until it gives way or comes to its end."""
        if not self.figures:
            self.go()
            self._wait()

    def go(self) -> None:
        """Let it compute, and do not wait."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def _wait(self) -> None:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self._errors.seek(0)
            sys.exit(f"{self._name} failed:\n{self._errors.read()[-2000:]}")
        if line != "your turn\n":
            self.figures = json.loads(line)
            self.process.communicate()
            self._errors.close()

    def alternate(self, others: Callable[[], list[psutil.Process]], seconds: float) -> tuple[Pauses, Pauses]:
        """Let it come to its end while it and the processes of ``others``, as long as there are any, compute in turns.

        Tells when it, and when the others, stood still.
        """
        self.go()
        me = [psutil.Process(self.process.pid)]
        mine: Pauses = []
        theirs: Pauses = []
        while self.process.poll() is None and (processes := others()):
            for waiting, at_work, pauses in ((me, processes, mine), (processes, me, theirs)):
                began = time.time()
                suspend(waiting)
                _send(at_work, psutil.Process.resume)
                time.sleep(seconds)
                pauses.append((began, time.time()))
        _send(others(), psutil.Process.resume)
        self._wait()
        return mine, theirs


def suspend(processes: list[psutil.Process]) -> None:
    """Stop processes until they are resumed."""
    _send(processes, psutil.Process.suspend)


def _send(processes: list[psutil.Process], signal: Callable[[psutil.Process], None]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # it has come to its end
            signal(process)
