"""Hands out turns: the worker that is furthest behind goes next, and in training they alternate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from engine import FRAMEWORK_NAMES
from engine.errors import TrainingError
from engine.runs.processes.channel import TURN_SECONDS, WorkerProcess

PHASES = (
    "start", "standby", "import", "encode", "probe", "build", "train", "evaluate", "check", "latency", "answer", "ready", "work", "end",
)  # fmt: skip
"""The phases of a worker, which goes through those that concern it. One that answers a study's requests is ``ready`` when its framework is
loaded, and then asks for ``work`` again and again; one that loads no framework begins with ``work``."""

WORKER_NAMES = FRAMEWORK_NAMES | {"onnx": "ONNX Runtime"}
"""The name of each kind of worker; one answers with an exported file beside those of the frameworks."""

SIGNALS = {
    6: "SIGABRT, a crash inside a library",
    7: "SIGBUS, most often a full disk",
    9: "SIGKILL, from outside",
    11: "SIGSEGV, a crash inside a library",
    15: "SIGTERM, from outside",
}


def worker_title(name: str) -> str:
    """Return the framework's name for readers, without the word that tells two workers of one framework apart."""
    return WORKER_NAMES[name.partition(" ")[0]]


class Turns:
    """Lets workers run through their phases, one at a time or, where that was asked for, all at once.

    A worker that fails or dies is noted in ``failures`` and does not keep the others from finishing.
    """

    def __init__(
        self, workers: list[WorkerProcess], at_once: bool, on_change: Callable[[WorkerProcess | None], None], advice: str = ""
    ) -> None:
        self.workers, self.at_once, self._on_change, self._advice = workers, at_once, on_change, advice
        self.failures: dict[str, str] = {}
        self._last: WorkerProcess | None = None

    def run_until(
        self,
        phase: str,
        answer: Callable[[WorkerProcess], dict[str, object]] = lambda worker: {},
        of: WorkerProcess | None = None,
        together: bool = False,
    ) -> None:
        """Give turns until every living worker waits for ``phase`` or has finished. ``answer`` adds facts to a turn.

        ``of`` one worker alone. ``together`` where nothing is measured, so that nobody has to wait for the other.
        """
        goal = PHASES.index(phase)
        while True:
            ready = []
            for worker in self._living() if of is None else [of] * (not of.finished):
                if not worker.waiting:
                    self._listen_until_waiting(worker)
                if worker.waiting and PHASES.index(worker.phase) < goal:
                    ready.append(worker)
            if not ready:
                break
            if self.at_once or together:
                self._all_at_once(ready, answer, goal)
            else:
                ready.sort(key=lambda worker: (PHASES.index(worker.phase), worker is self._last))
                self._last = ready[0]
                self.give(ready[0], answer)
        self._on_change(None)

    def together(self, answers: Mapping[WorkerProcess, Sequence[Mapping[str, object]]], phase: str) -> None:
        """Let workers do different work side by side, where nothing is measured that the other one could disturb.

        Each is given its ``answers``, one after the other, from the moment on in which it first waits for ``phase``. The end is when all
        have used theirs and wait again, or when one has failed.
        """
        left, begun = {worker: list(told) for worker, told in answers.items()}, set[WorkerProcess]()
        while not self.failures and (busy := [worker for worker in left if not worker.finished and (left[worker] or not worker.waiting)]):
            for worker in busy:
                if not worker.waiting:
                    self._note(worker, worker.hear(0.05))
                    continue
                if worker.phase == phase:
                    begun.add(worker)
                worker.go(turn=True, seconds=TURN_SECONDS, **(left[worker].pop(0) if worker in begun else {}))
            self._on_change(None)

    def lead(self, answer: dict[str, object]) -> None:
        """Let the first worker take its first step of training, so that a curve begins while the next one loads."""
        worker = self.workers[0]
        self.run_until("build", of=worker)
        others = [other for other in self.workers[1:] if not other.waiting and not other.finished]
        for other in others:  # what is loading stops for that moment, so that the first step is taken on a quiet machine
            other.suspend()
        for phase in ("build", "train"):
            if not worker.finished and worker.phase == phase:
                self.give(worker, lambda worker: {"seconds": 0.0} | answer)
        for other in others:
            other.resume()
        self._last = worker

    def give(self, worker: WorkerProcess, answer: Callable[[WorkerProcess], dict[str, object]] = lambda worker: {}) -> None:
        """Give one worker one turn, from go to its next question, while every other one that waits is suspended.

        A worker that is given turn after turn goes on undisturbed: stopping and waking it each second would slow small steps down.
        """
        self.suspend([other for other in self.workers if other is not worker])
        worker.go(**{"turn": True, "seconds": TURN_SECONDS} | answer(worker))
        self._on_change(worker)
        self._listen_until_waiting(worker)

    def suspend(self, workers: list[WorkerProcess]) -> None:
        """Stop those of ``workers`` that wait, until their next turn."""
        for worker in workers:
            if worker.waiting and not worker.finished:
                worker.suspend()

    def _all_at_once(self, ready: list[WorkerProcess], answer: Callable[[WorkerProcess], dict[str, object]], goal: int) -> None:
        for worker in ready:
            worker.go(turn=True, seconds=TURN_SECONDS, **answer(worker))
        while any(not worker.waiting and not worker.finished for worker in ready):
            for worker in ready:
                if not worker.waiting and not worker.finished:
                    self._note(worker, worker.hear(0.05))
                if worker.waiting and worker.phase == "train" and PHASES.index("train") < goal:
                    worker.go(turn=True, seconds=TURN_SECONDS)  # nobody waits for the other's turn to end
            self._on_change(None)

    def _listen_until_waiting(self, worker: WorkerProcess) -> None:
        while not worker.waiting and not worker.finished:
            self._note(worker, worker.hear(0.5))
            self._on_change(worker)

    def _note(self, worker: WorkerProcess, message: dict[str, object] | None) -> None:
        if message is None:
            return
        if "failed" in message:
            self.failures[worker.framework] = str(message["failed"])
        if "ended" in message and not worker.facts.get("done") and worker.framework not in self.failures:
            self.failures[worker.framework] = self._obituary(worker, message["ended"])

    def _obituary(self, worker: WorkerProcess, code: object) -> str:
        name = WORKER_NAMES[worker.framework]
        if isinstance(code, int) and code < 0:
            how = f"was ended by signal {-code} ({SIGNALS.get(-code, 'another')})"
            why = "Most often memory ran out and the system ended it."
        else:
            how = f"ended by itself with exit code {code}"
            why = f"The reason is in {worker.framework}/worker.log in the run's folder."
        return f"The {name} worker {how} in the phase “{worker.phase}”; expected it to finish. {why} {self._advice}".rstrip()

    def _living(self) -> list[WorkerProcess]:
        return [worker for worker in self.workers if not worker.finished]

    def raise_failures(self) -> None:
        """Raise ``TrainingError`` when a worker has failed."""
        if self.failures:
            raise TrainingError(" ".join(self.failures.values()))

    def end(self) -> None:
        """End every worker that is still there."""
        for worker in self.workers:
            worker.end()
