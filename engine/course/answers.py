"""How the course answers a question: with runs or a study, found or started here, and never with an answer written down before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol

from engine import FRAMEWORKS
from engine.errors import ParityError, RunError
from engine.runs import launching
from engine.runs.experiment import Experiment
from engine.runs.folder import Run
from engine.runs.index import RunRow, runs_of
from engine.runs.planning.estimating import estimate
from engine.studies.request import StudyRequest
from engine.studies.results import Results, read_results
from engine.studies.study import Study, find_study, start_study


@dataclass(frozen=True)
class Verdict:
    """What was measured."""

    right: str
    """The key of the option that turned out right."""
    sentence: str
    """The figures."""
    rows: tuple[tuple[str, Mapping[str, float], str], ...] = ()
    """What can stand in twin rows: measure, value by framework, and unit as in ``engine.results.sentences.FORMATS``."""


@dataclass(frozen=True)
class Need:
    """A run or a study that an answer needs, and where it stands."""

    title: str
    state: str
    """``missing``, ``active``, ``ended`` (it failed or was stopped) or ``done``."""
    source: Run | Study | None = None
    message: str = ""
    share: float = 0.0
    seconds_left: float | None = None


class LiveAnswer(Protocol):
    """Whatever can answer a question by measuring."""

    def needs(self) -> list[Need]:
        """Return what it needs, read from disk at every call."""

    def seconds(self) -> float:
        """Return how long what is missing will take, in seconds."""

    def start(self) -> None:
        """Start what is missing and go on with what has ended early. Raises ``ParityError`` where that cannot be."""

    def verdict(self) -> Verdict | None:
        """Return the answer, or ``None`` before everything is done. Raises ``RunError`` where results are damaged."""


@dataclass(frozen=True)
class AnswerFromRuns:
    """Answered by one run or several, which are those of the Train page with the same settings."""

    experiments: Mapping[str, Experiment]
    """The experiments under their titles."""
    judge: Callable[[Sequence[Run]], Verdict]

    def needs(self) -> list[Need]:
        """Return for each experiment its finished run, else the one under way, else the last that ended early."""
        return [_need_of_runs(title, runs_of(experiment)) for title, experiment in self.experiments.items()]

    def seconds(self) -> float:
        """Return the seconds that the Train page estimates for what is missing."""
        pairs = zip(self.needs(), self.experiments.values(), strict=True)
        return sum(estimate(experiment).seconds for need, experiment in pairs if need.state != "done")

    def start(self) -> None:
        """Start what is missing; a run that cannot go on is begun anew."""
        for need, experiment in zip(self.needs(), self.experiments.values(), strict=True):
            if need.state == "ended" and isinstance(need.source, Run):
                try:
                    launching.resume(need.source)
                except ParityError:
                    launching.start(experiment)
            elif need.state == "missing":
                launching.start(experiment)

    def verdict(self) -> Verdict | None:
        """Return what the judge says of the runs, in the order of the experiments."""
        needs = self.needs()
        runs = [need.source for need in needs if isinstance(need.source, Run) and need.state == "done"]
        return self.judge(runs) if len(runs) == len(needs) else None


@dataclass(frozen=True)
class AnswerFromStudy(Generic[Results]):
    """Answered by a study of the Audit or the Museum page."""

    kind: str
    title: str
    request: Callable[[], StudyRequest]
    seconds_needed: float
    results: type[Results]
    """The type of what such a study finds."""
    judge: Callable[[Results], Verdict]
    wider: Callable[[], StudyRequest]
    """A larger request whose results hold the answer too."""

    def needs(self) -> list[Need]:
        """Return the study itself or the wider one: whichever is done, else under way, else the one that ended early."""
        studies = (find_study(self.kind, request().to_json()) for request in (self.request, self.wider))
        needs = [_need_of_study(self.title, study) for study in studies if study is not None]
        for state in ("done", "active", "ended"):
            if fitting := [need for need in needs if need.state == state]:
                return fitting[:1]
        return [Need(self.title, "missing")]

    def seconds(self) -> float:
        """Return the seconds that the study needs; nothing where the results are there."""
        return 0.0 if self.needs()[0].state == "done" else self.seconds_needed

    def start(self) -> None:
        """Start the study; it goes on where an earlier one of the same request was cut short."""
        start_study(self.kind, self.request().to_json())

    def verdict(self) -> Verdict | None:
        """Return what the judge says of the results."""
        [need] = self.needs()
        if need.state != "done" or not isinstance(need.source, Study):
            return None
        if need.source.read_results() is None:
            raise RunError("The results of this study are gone from its folder. Start it again.")
        return self.judge(read_results(need.source, self.results))


def _need_of_runs(title: str, rows: Sequence[RunRow]) -> Need:
    """Return the most useful of several runs with the same settings."""
    ended = None
    active = None
    for row in rows:
        if row.state == "done" and set(row.accuracies) == set(FRAMEWORKS):
            return Need(title, "done", row.run, share=1.0)
        if row.active and active is None:
            status = row.run.read_status()
            sides = [status.of(name) for name in FRAMEWORKS]
            left = [side.seconds_left for side in sides if side.seconds_left is not None]
            share = sum(side.share or 0.0 for side in sides) / len(sides)
            active = Need(title, "active", row.run, row.message, share, sum(left) if left else None)
        elif ended is None and not row.active:
            ended = Need(title, "ended", row.run, row.message)
    return active or ended or Need(title, "missing")


def _need_of_study(title: str, study: Study) -> Need:
    status = study.read_status()
    if status.state == "done":
        return Need(title, "done", study, share=1.0)
    return Need(title, "active" if status.active else "ended", study, status.message, status.share, status.seconds_left)
