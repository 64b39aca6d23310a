"""A study from start to finish: what it prepares, how it asks workers, and how much of its work is behind."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.errors import TrainingError
from engine.runs.experiment import Experiment
from engine.runs.folder import Run
from engine.runs.preparing.prepare import prepare_for_study
from engine.runs.processes.channel import WorkerProcess
from engine.runs.processes.coordinating import Coordinator, StopAskedError
from engine.runs.processes.turns import Turns, worker_title
from engine.runs.records.reading import from_json, to_json
from engine.shared.devices import choose_device
from engine.studies.study import Study, UnitCache
from engine.workers.requests.request import Answer, Request


@dataclass(frozen=True)
class Lost:
    """The end of a worker that was expected to answer."""

    how: str
    """``crashed`` or ``hung``."""
    reason: str


Work = Callable[["StudyCoordinator"], list[str]]
"""What a study does; the answer is why it is not complete."""


class StudyCoordinator(Coordinator):
    """What the work of every study needs: prepared inputs, answers of workers, and a share of the work that grows."""

    last_word_when_stopped = f"Stopped on request. {Study.advice}"

    def __init__(self, study: Study, work: Work) -> None:
        self.study = study
        self.request = study.read_request()
        super().__init__(study)
        self._do = work
        self._turns: Turns | None = None
        self.frameworks: Sequence[str] = FRAMEWORKS
        """Which are loaded for the next piece of work. Where one is measured against itself there are two of its kind: each then has a
        word of its own behind the framework's name, and is asked by that."""
        self.notes: list[str] = []
        """What the reader of the results should know of the device."""
        self._cache = UnitCache()
        self._limit: float | None = None
        self._ends = math.inf
        """When a worker that has not answered is ended; only :meth:`attempt` sets a limit."""
        self._whole = self._finished = self._spent = self._worked = 0.0
        self._cost = 0.0
        """The cost of the present piece of work."""

    def work(self) -> tuple[str, str]:
        """Do what a study of this kind does. Failures end it as ``failed``, with what has been found until then."""
        if failures := self._do(self):
            return "failed", " ".join(failures)
        self.dismiss()
        shutil.rmtree(self.study.prepared_folder, ignore_errors=True)
        self.status.share = 1.0
        return "done", "Finished"

    # --- The status ------------------------------------------------------------------------------------------------------------------

    def _say_queued(self, message: str) -> None:
        if self._turns is not None:
            self._turns.suspend(self._turns.workers)  # while a run computes, no idle thread pool spins here
        super()._say_queued(message)

    def expect(self, work: float) -> None:
        """How much work there is in all, in the unit of ``measure``'s costs; pieces that were finished before count as well."""
        self._whole = work

    @property
    def finished_work(self) -> float:
        """How much of it is behind."""
        return self._finished

    def skip(self, cost: float) -> None:
        """Count work as behind that is not going to be done."""
        self._finished += cost
        self.status.share = min(1.0, self._finished / self._whole)
        self.status.seconds_left = (self._whole - self._finished) * self._spent / self._worked if self._worked else None

    def _on_change(self, worker: WorkerProcess | None, prepared: Run | None = None) -> None:
        if worker is not None and self._ends < math.inf and (time.monotonic() > self._ends or self.study.stop_requested()):
            worker.process.kill()  # nobody knows whether it would ever come to an end
        if prepared is not None and self.study.stop_requested():
            prepared.request_stop()
        if worker is not None and self.age > 0.5:
            facts = worker.facts
            if "encoded" in facts and facts["encoded"] < facts["of"]:
                self.status.message = f"Computing the vectors of {facts['of']:,} texts: {facts['encoded']:,} are there"
            if "doing" in facts and self._whole:
                self.status.message = facts["doing"]
                self.status.share = min(1.0, (self._finished + self._cost * facts["share"]) / self._whole)
            self.write()

    # --- Preparing -------------------------------------------------------------------------------------------------------------------

    def prepare(self, name: str, experiment: Experiment) -> Run:
        """Everything that workers take of an experiment, in a folder like that of a run. Raises ``ParityError``s of data and encoder."""
        prepared = Run(self.study.prepared_folder / name)
        prepare_for_study(
            prepared,
            experiment,
            lambda: self.say(f"Preparing the texts for {experiment.classifier}"),
            lambda arrived, expected: self._downloaded(experiment, arrived, expected),
            lambda: self._encode(prepared, experiment),
        )
        return prepared

    def _downloaded(self, experiment: Experiment, arrived: float, expected: float) -> None:
        if self.age > 0.5:
            self.say(f"Downloading {experiment.encoder}: {arrived / 1e6:,.0f} of {expected / 1e6:,.0f} MB")
        if self.study.stop_requested():
            raise StopAskedError

    def _encode(self, prepared: Run, experiment: Experiment) -> None:
        """The vectors, by the first framework; they are kept for runs and further studies."""
        worker = self.start(FRAMEWORKS[0], "encode", prepared.path, experiment)
        turns = self.take_turns([worker], lambda changed: self._on_change(changed, prepared))
        turns.run_until("end")
        turns.end()
        self._raise_stop()
        turns.raise_failures()

    # --- Measuring -------------------------------------------------------------------------------------------------------------------

    def measure(self, framework: str, message: str, prepared: Run, request: Request[Answer], cost: float = 1.0) -> Answer:
        """Return what one framework's worker answers to a request about what was prepared; at once, if it has answered before.

        ``cost`` is its share of what :meth:`expect` was told. Raises ``StopAskedError``, and ``TrainingError`` when the worker failed.
        """
        return self.measure_in_turns({framework: message}, prepared, request, cost)[framework]

    def measure_in_turns(
        self, messages: Mapping[str, str], prepared: Run, request: Request[Answer], cost: float = 1.0
    ) -> dict[str, Answer]:
        """Do as :meth:`measure` with each framework in ``messages``, which says what it is doing. The first goes first.

        Whenever a worker gives way, the next one goes on.
        """
        questions = {framework: self._question(framework, prepared, request) for framework in messages}
        kept = {} if request.leaves_files else {name: self._cache.find(question, request.answer) for name, question in questions.items()}
        answers: dict[str, Answer] = {name: answer for name, answer in kept.items() if answer is not None}
        ahead = [framework for framework in messages if framework not in answers]
        started, requests = time.monotonic(), len(ahead)
        if ahead:
            self._raise_stop()
            self.wait_for_the_machine()
            started = time.monotonic()
            turns = self._turns or self._load(request.job, prepared)
        message, self._cost = {"prepared": str(prepared.path), "kind": type(request).__name__, "request": to_json(request)}, cost
        while ahead:
            for framework in tuple(ahead):
                self.say(messages[framework])
                answer = self._ask(turns, framework, request, message)
                if answer is not None:
                    self._cache.keep(questions[framework], answer)
                    answers[framework] = answer
                    ahead.remove(framework)
            message = {}  # from now on each goes on with what it was asked
        if requests:
            self._spent += time.monotonic() - started
            self._worked += cost * requests
        self.skip(cost * len(messages))
        return {framework: answers[framework] for framework in messages}

    def attempt(self, framework: str, message: str, prepared: Run, request: Request[Answer], seconds: float) -> Answer | Lost:
        """Do as :meth:`measure`, but the worker may die over it, and is ended after ``seconds``: the next piece of work gets a fresh one.

        Such an end is not kept for other studies.
        """
        self._limit = seconds
        try:
            return self.measure(framework, message, prepared, request)
        except TrainingError as error:
            worker = next((process for process in self.processes if (process.name, process.job) == (framework, request.job)), None)
            if self._turns is None or worker is None or "failed" in worker.facts:
                raise  # it could not be loaded, or told in a sentence what is wrong
            late = time.monotonic() > self._ends
            self._raise_stop()
            self.dismiss()
            self.skip(1.0)
            silence = f"The {FRAMEWORK_NAMES[framework]} worker gave no answer within {seconds:.3g} seconds and was ended."
            return Lost("hung", silence) if late else Lost("crashed", str(error))
        finally:
            self._limit, self._ends = None, math.inf

    def is_known(self, framework: str, prepared: Run, request: Request[Any]) -> bool:
        """Return whether :meth:`measure` would answer at once."""
        return self._cache.find(self._question(framework, prepared, request), request.answer) is not None

    def _question(self, framework: str, prepared: Run, request: Request[Any]) -> dict[str, object]:
        """Return everything that decides the answer; whether weights are kept on the way does not."""
        decisive = {name: value for name, value in to_json(request).items() if name != "keep"}
        kind = type(request).__name__
        return {"framework": framework, "kind": kind, "experiment": prepared.read_experiment().to_json(), "request": decisive}

    def _load(self, job: str, prepared: Run) -> Turns:
        """A worker for each framework, both loaded, on the device that both have."""
        self.say(f"Loading {' and '.join(dict.fromkeys(map(worker_title, self.frameworks)))}")
        workers = [self.start(name, job, self.study.path, prepared.read_experiment()) for name in self.frameworks]
        turns = self.take_turns(workers, self._on_change)
        turns.run_until("ready", lambda worker: {"prepared": str(prepared.path)})
        turns.raise_failures()
        seen = {worker.framework: worker.facts["gpu"] for worker in workers if "gpu" in worker.facts}
        devices, self.notes = choose_device(prepared.read_experiment().device, seen)
        turns.run_until("work", lambda worker: {"device": devices[worker.framework]})
        turns.raise_failures()
        self._turns = turns
        return turns

    def _ask(self, turns: Turns, framework: str, request: Request[Answer], message: dict[str, object]) -> Answer | None:
        """Return the answer, or ``None`` when the worker gives way to others before it has one."""
        worker = next(worker for worker in turns.workers if worker.name == framework)
        for name in ("answer", "doing", "pause"):
            worker.facts.pop(name, None)
        self._ends = math.inf if self._limit is None else time.monotonic() + self._limit
        turns.give(worker, lambda _: message)
        turns.raise_failures()
        if worker.facts.get("pause"):
            return None
        if worker.facts.get("answer") is None:
            raise StopAskedError
        answer: Answer | None = from_json(request.answer, worker.facts["answer"])
        if answer is None:
            name = FRAMEWORK_NAMES.get(worker.framework, worker.framework)
            raise TrainingError(f"The {name} worker’s answer is no {request.answer.__name__}. Start the study again: the code has changed.")
        return answer

    def _raise_stop(self) -> None:
        if self.study.stop_requested():
            raise StopAskedError

    def dismiss(self) -> None:
        """End all workers; the next piece of work starts new ones."""
        super().dismiss()
        self._turns = None
