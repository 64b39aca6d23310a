"""Where a run stands, said by its coordinator to everybody who reads the run's folder."""

from __future__ import annotations

import time
import traceback

from engine.runs.folder import Run
from engine.runs.processes.channel import WorkerProcess
from engine.runs.processes.identity import process_identity


class StatusBoard:
    """The one writer of a run's status."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.status = run.read_status()
        self.status.coordinator, self.status.state, self.status.workers = process_identity(), "queued", {}
        self.processes: list[WorkerProcess] = []
        """All workers that were started for this run; their progress and memory are part of the status."""
        self._written = 0.0
        self.write()

    def write(self) -> None:
        """Replace the status on disk."""
        self._written = time.monotonic()
        self.run.write_status(self.status)

    def say(self, phase: str, message: str, state: str = "preparing") -> None:
        """Enter a phase."""
        self.status.phase, self.status.message, self.status.state = phase, message, state
        self.write()

    @property
    def age(self) -> float:
        """Seconds since the status was last written."""
        return time.monotonic() - self._written

    def say_queued(self, message: str) -> None:
        """What the run waits for; written when it changes, else once a second as a sign of life."""
        if message != self.status.message or self.age > 1:
            self.say("queue", message, "queued")

    def finish(self, state: str, message: str) -> None:
        """The last word; when not even that can be written, the readers see that the process has gone."""
        self.status.state, self.status.message, self.status.phase = state, message, "end"
        self.status.turn, self.status.finished, self.status.workers = None, time.time(), {}
        try:
            self.write()
        except OSError:
            traceback.print_exc()

    def on_change(self, worker: WorkerProcess | None) -> None:
        """Called at every turn and about twice a second in between."""
        turn = worker.framework if worker else None
        if turn == self.status.turn and self.age < 0.9:
            return
        self.status.turn = turn
        for process in self.processes:
            facts, framework = process.facts, process.framework
            if process.job == "train" and "share" in facts:
                share, left = (1.0, 0.0) if facts.get("trained") else (facts["share"], facts.get("seconds_left"))
                self.status.progress[framework] = {"share": share, "seconds_left": left}
            if process.job == "encode" and "encoded" in facts:
                left = (facts["of"] - facts["encoded"]) / facts["per_second"] if facts.get("per_second") else None
                self.status.progress["encode"] = {"share": facts["encoded"] / facts["of"], "seconds_left": left}
            if not process.finished:
                self.status.memory[framework] = process.rss() / 2**20
        self.write()
