"""Trained models kept warm: one process for each run and framework, which answers until it is closed or its owner ends."""

from __future__ import annotations

import threading
import time
from typing import Any

from engine import FRAMEWORK_NAMES
from engine.errors import RunError
from engine.runs.folder import Run
from engine.runs.processes.channel import WorkerProcess, worker_environment


class Answerer:
    """A worker process that holds one framework's encoder and classifier of a run."""

    def __init__(self, run: Run, framework: str, timeout: float = 120.0) -> None:
        """Start loading; the first answer waits for it. Raises ``RunError`` when this framework has no trained model in the run."""
        if not run.model_file(framework).exists():
            raise RunError(
                f"Run {run.identifier} has no trained {FRAMEWORK_NAMES[framework]} model: training has not finished or its file was "
                "removed. Choose another run, or resume this one on the Train page."
            )
        self.run, self.framework, self._timeout = run, framework, timeout
        self._lock = threading.Lock()
        experiment = run.read_experiment()
        self._worker = WorkerProcess(run.path, framework, "answer", worker_environment(experiment.threads, experiment.device))

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        return self._worker.process.poll() is None

    def answer(self, texts: list[str]) -> dict[str, Any]:
        """``probabilities`` (texts × classes), ``encode_ms``, ``classify_ms``, ``tokens`` (of each text, before any cut), ``max_tokens``
        (the cut) and ``known`` (of those tokens, how many the run's own vocabulary has; ``None`` where the encoder brings its own).

        Several callers wait for one another.
        """
        with self._lock:
            self._wait()
            self._worker.go(texts=texts)
            self._wait()
            facts = self._worker.facts
            return {name: facts[name] for name in ("probabilities", "encode_ms", "classify_ms", "tokens", "max_tokens", "known")}

    def _wait(self) -> None:
        worker, ends = self._worker, time.monotonic() + self._timeout
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
        """End the process and free its memory."""
        self._worker.end()
