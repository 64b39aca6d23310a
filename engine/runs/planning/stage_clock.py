"""Where a run is between the click and its last result: what is done of it, and how long it will still take."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from engine.runs.planning.stages import STAGES
from engine.runs.records.stages import StageEstimate, StageTimes
from engine.runs.status import Status

PRIOR_SECONDS, MOST_PACE = 10.0, 3.0
"""How much the expectation counts, in seconds of work, against what this run took longer or shorter so far; and how far that goes."""
HEAVIER = {("loading", "tensorflow"): 2.0, ("training", "tensorflow"): 1.5}
"""How much longer a framework takes for its part of a stage than the other one, about."""
PASSED: dict[str, dict[str, float]] = {
    "loading": {"build": 0.9, "train": 1.0},
    "testing": {"check": 1.0, "latency": 1.0},
    "timing": {"answer": 1.0, "end": 1.0},
}
"""Which part of its share of a stage a worker has done that has come to a phase."""
SIDE_BY_SIDE = {"loading": 0.55, "timing": 0.24}
"""Which part of a stage both workers do side by side: the frameworks and the encoders are loaded so."""


class StageClock:
    """Watches a run go through its stages: its coordinator says what begins, and lets the clock fill in what the status says of time."""

    def __init__(self, expected: Mapping[str, StageEstimate], warm: bool = False, now: Callable[[], float] = time.monotonic) -> None:
        self.expected, self.warm, self._now = dict(expected), warm, now
        self.taken: dict[str, float] = {}
        """Seconds of each stage that is over."""
        self._stage, self._begun = "", now()
        self._share, self._heard, self._told = 0.0, 0.0, 0.0
        self._first = (0.0, 0.0)
        """What was done of the present stage, and when, as its workers first said something: before that, they were loading."""

    def begin(self, stage: str) -> None:
        """Say that the run has come to ``stage``, which ends the one before."""
        if stage != self._stage:
            self._close()
            self._stage, self._begun, self._share, self._heard, self._first = stage, self._now(), 0.0, 0.0, (0.0, 0.0)

    def tell(self, status: Status) -> None:
        """Fill in what is done of the whole run, which never goes back, and how long the rest will take."""
        left = self.left(status)
        passed = sum(self.taken.values()) + (self._now() - self._begun if self._stage else 0.0)
        self._told = max(self._told, passed / (passed + left) if passed + left > 0 else 0.0)
        status.share, status.seconds_left = self._told, left

    def left(self, status: Status) -> float:
        """Return the seconds to the end of the run."""
        pace = self._pace()
        ahead = [stage for stage in STAGES if stage in self.expected and stage not in self.taken and stage != self._stage]
        if self._stage:
            ahead = [stage for stage in ahead if STAGES.index(stage) > STAGES.index(self._stage)]
        return self._left_of_stage(pace, status) + pace * sum(self.expected[stage].seconds for stage in ahead)

    def _left_of_stage(self, pace: float, status: Status) -> float:
        if not self._stage:
            return 0.0
        elapsed = self._now() - self._begun
        estimate = self.expected.get(self._stage)
        whole = max(pace * estimate.seconds if estimate else 0.0, 1.25 * elapsed)  # what lasts longer than expected, still lasts a while
        self._hear(status)
        if self._share <= self._first[0]:  # nothing is known of its pace
            return whole - elapsed
        part = estimate.part if estimate else 1.0
        # A training may end early again; how much later than the earlier ones, nobody knows.
        share = self._share / (max(part, min(1.0, 1.3 * self._share)) if part < 1 else 1.0)
        trust = min(1.0, 2 * share)  # the first steps say little
        whole = (1 - trust) * whole + trust * self._whole_at_this_pace(share / self._share)
        return max(whole - elapsed, (elapsed - self._heard) / 4) if share < 1 else 0.0

    def _whole_at_this_pace(self, scale: float) -> float:
        """Return the seconds of the present stage if it goes on as since its workers first said something.

        ``scale`` turns what they say is done of it into what is done of the part that is expected.
        """
        share, first = scale * self._share, scale * self._first[0]
        return self._heard + (1 - share) * (self._heard - self._first[1]) / (share - first)

    def _hear(self, status: Status) -> None:
        """Take in which part of the present stage is done, as its workers say, and when they said so; 0 where they say nothing."""
        done = PASSED.get(self._stage, {})
        if self._stage in ("encoding", "downloading"):
            shares = {self._stage: status.of("encode" if self._stage == "encoding" else "download").share or 0.0}
        elif self._stage == "training":
            names = (status.progress.keys() | status.phases.keys()) - {"encode", "download"}
            shares = {name: status.of(name).share or 0.0 for name in names}
        else:
            shares = {name: done.get(phase, 0.0) for name, phase in status.phases.items()}
        weights = {name: HEAVIER.get((self._stage, name), 1.0) for name in shares}
        share = sum(weights[name] * shares[name] for name in shares) / sum(weights.values()) if shares else 0.0
        if 0 < share < 1:
            share += (1 - share) * SIDE_BY_SIDE.get(self._stage, 0.0)
        if share > self._share:
            first = not self._share and self._stage in ("encoding", "training")
            self._share, self._heard = min(share, 1.0), self._now() - self._begun
            self._first = (self._share, self._heard) if first else self._first

    def _pace(self) -> float:
        """Return how much slower than expected the run has been so far, a stage that lasts longer than expected included."""
        over = {stage: seconds for stage, seconds in self.taken.items() if stage in self.expected}
        if self._stage in self.expected and (elapsed := self._now() - self._begun) > self.expected[self._stage].seconds:
            over[self._stage] = elapsed
        taken, expected = sum(over.values()), sum(self.expected[stage].seconds for stage in over)
        return min(MOST_PACE, max(1 / MOST_PACE, (taken + PRIOR_SECONDS) / (expected + PRIOR_SECONDS)))

    def _close(self) -> None:
        if self._stage:
            self.taken[self._stage] = self.taken.get(self._stage, 0.0) + self._now() - self._begun

    def times(self, share_of_epochs: float = 1.0) -> StageTimes:
        """Return what each stage took; of the training ``share_of_epochs`` was done, and its typical time is that of this part."""
        self._close()
        self._stage = ""
        typical = {stage: self.expected[stage].typical for stage in self.taken if stage in self.expected}
        if "training" in typical:
            typical["training"] *= share_of_epochs
        return StageTimes(self.warm, dict(self.taken), typical)
