"""Trained models kept warm: one process for each run and framework, which answers until it is closed or its owner ends."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from engine import FRAMEWORK_NAMES
from engine.errors import RunError
from engine.runs.folder import Run
from engine.runs.processes.channel import WorkerProcess, worker_environment
from engine.runs.processes.identity import living_process
from engine.runs.records.reading import from_json
from engine.runs.warm.door import Door, DoorClosedError, Request, answering_for, doors, keeper
from engine.units import Milliseconds


@dataclass(frozen=True)
class Answers:
    """What one framework's model answers to several texts."""

    probabilities: tuple[tuple[float, ...], ...] = ()
    """The probability of each class, text by text."""
    encode_ms: Milliseconds = 0.0
    """The time from the texts to what the classifier takes, all texts together, measured inside the worker."""
    classify_ms: Milliseconds = 0.0
    """The time from there to the probabilities, likewise."""
    tokens: tuple[int, ...] = ()
    """The tokens of each text, before any cut."""
    tokens_in_vocabulary: tuple[int, ...] = ()
    """How many of them the run's own vocabulary has; empty where the encoder brings its own."""
    max_tokens: int = 0
    """Where texts are cut; 0 where they are not."""
    restarted: bool = False
    """Whether the process had died and was started again for them."""

    def __add__(self, more: Answers) -> Answers:
        """Return these answers followed by those to further texts."""
        return Answers(
            self.probabilities + more.probabilities,
            self.encode_ms + more.encode_ms,
            self.classify_ms + more.classify_ms,
            self.tokens + more.tokens,
            self.tokens_in_vocabulary + more.tokens_in_vocabulary,
            more.max_tokens,
            self.restarted or more.restarted,
        )


SECONDS_TO_OPEN = 2.0
"""How long the processes of a run that has just ended may take until they can be asked."""


class Answerer:
    """What answers for one framework's encoder and classifier of a run: a process that waits with it, or one of its own."""

    def __init__(self, run: Run, framework: str, timeout: float = 120.0) -> None:
        """Start loading; the first answer waits for it, and for the end of a run whose answers are being timed.

        Raises ``RunError`` when this framework has no trained model in the run.
        """
        if not run.model_file(framework).exists():
            raise RunError(
                f"Run {run.identifier} has no trained {FRAMEWORK_NAMES[framework]} model: training has not finished or its file was "
                "removed. Choose another run, or resume this one on the Train page."
            )
        self.run, self.framework, self._timeout = run, framework, timeout
        self._lock = threading.Lock()
        self._door: Door | None = None
        self._worker: WorkerProcess | None = None
        self._connected = False
        if not self._is_being_timed():
            self._connect()

    def _is_being_timed(self) -> bool:
        """Whether the run has results and goes on: then its own processes will answer in a moment."""
        status = self.run.read_status()
        return status.active and status.phase == "latency" and keeper() is not None

    def _connect(self) -> None:
        """Find a process that has the model, or start one."""
        experiment, self._connected = self.run.read_experiment(), True
        self._door = answering_for(self.run, self.framework)
        if self._door is None:
            self._worker = WorkerProcess(self.run.path, self.framework, "answer", worker_environment(experiment.threads, experiment.device))

    def _wait_for_the_run(self) -> None:
        ends = time.monotonic() + self._timeout
        while self._is_being_timed() and time.monotonic() < ends:
            time.sleep(0.05)
        ends = time.monotonic() + SECONDS_TO_OPEN
        while time.monotonic() < ends and not any(door.run == self.run.identifier for door in doors()):
            time.sleep(0.05)

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        if self._worker is not None:
            return self._worker.process.poll() is None
        if not self._connected:
            return True
        return self._door is not None and living_process(self._door.process) is not None

    def answer(self, texts: list[str]) -> Answers:
        """Answer the texts. Several callers wait for one another. Raises ``RunError`` when the process cannot answer, or has ended."""
        with self._lock:
            if not self._connected:
                self._wait_for_the_run()
                self._connect()
            if self._worker is None:
                return self._ask_at_the_door(texts)
            self._wait(self._worker)
            self._worker.go(texts=texts)
            self._wait(self._worker)
            return from_json(Answers, self._worker.facts) or Answers()

    def _ask_at_the_door(self, texts: list[str]) -> Answers:
        name = FRAMEWORK_NAMES[self.framework]
        gone = RunError(f"The {name} model's process has ended unexpectedly. Ask again; it is started anew.")
        if self._door is None:
            raise gone
        try:
            facts = self._door.call(Request(self.run.identifier, framework=self.framework, texts=tuple(texts)), self._timeout)
        except DoorClosedError as error:
            self._door = None  # so that ``alive`` says no from now on
            raise gone from error
        if "failed" in facts:
            self._door = None
            raise RunError(f"The {name} model cannot answer: {facts['failed']}")
        return from_json(Answers, facts) or Answers()

    def _wait(self, worker: WorkerProcess) -> None:
        ends = time.monotonic() + self._timeout
        while not worker.waiting:
            worker.hear(0.5)
            name = FRAMEWORK_NAMES[self.framework]
            if "failed" in worker.facts or worker.finished:
                worker.end()  # so that ``alive`` says no from now on
            if "failed" in worker.facts:
                raise RunError(f"The {name} model cannot answer: {worker.facts['failed']}")
            if worker.finished:
                raise RunError(f"The {name} model's process has ended unexpectedly. Ask again; it is started anew.")
            if time.monotonic() > ends:
                raise RunError(f"The {name} model did not answer within {self._timeout:.0f} seconds. Try fewer texts, or ask again.")

    def close(self) -> None:
        """End the process and free its memory; one that others may ask as well leaves by itself."""
        if self._worker is not None:
            self._worker.end()
        self._door = None
