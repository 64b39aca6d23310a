"""What may be asked of a benchmark: which settings, how often, and what has been asked before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from engine.data.choice import DataChoice
from engine.data.store import sample_choice
from engine.errors import ExperimentError, ParityError
from engine.runs.experiment import BUNDLED_ENCODER, Experiment
from engine.runs.planning.study_times import seconds_of_benchmark
from engine.shared.classifiers import CLASSIFIERS
from engine.studies.benchmark.statistics import FEWEST, MARGIN
from engine.studies.request import StudyRequest
from engine.studies.study import Study, list_studies

BENCHMARK_MODES = {"matched": "matched", "defaults": "framework defaults", "compiled": "compiled"}
"""The modes that are measured, with their names on pages; ``compiled`` is matched as well."""

"""By the mode of a row, its name on pages; the compiled one is matched as well."""
MOST_REPEATS = 30

ROWS, QUICK_ROWS = 2000, 400
"""Texts of a file that a thorough and a quick benchmark use unless told otherwise; times of a step do not depend on how many there are."""


class Amount(NamedTuple):
    """How much is timed in a repeat."""

    steps: int
    """Steps of training; a thorough benchmark takes ``THOROUGH`` times as many."""
    rounds: int
    """Rounds in which that is done, with the other framework's in between."""
    singles: int
    """Texts that are answered one at a time."""


AMOUNTS = {
    "vectors": Amount(300, 5, 100),
    "terms": Amount(100, 5, 100),
    "words": Amount(25, 5, 50),
    "pieces": Amount(3, 3, 24),
}
"""How much is measured, by what a classifier takes: the longer a step takes, the fewer are needed."""
THOROUGH = 3
BATCH_SIZES = (8, 128)
"""Besides the recommended one, in a thorough benchmark."""
SEQUENCE_LENGTHS = (16, 64, 128)
"""Lengths to which a thorough benchmark cuts or stretches texts, for classifiers that read tokens."""


@dataclass(frozen=True)
class Setting:
    """One way to train that is timed."""

    classifier: str
    mode: str
    batch_size: int
    tokens: int | None = None
    """The length of every text, or ``None`` for the texts as they are."""

    @property
    def words(self) -> str:
        """``text-cnn, compiled, batches of 32``."""
        length = f", {self.tokens} tokens" if self.tokens else ""
        return f"{self.classifier}, {self.mode}, batches of {self.batch_size}{length}"


@dataclass(frozen=True)
class BenchmarkRequest(StudyRequest):
    """What is asked of a benchmark. Raises ``ExperimentError`` on creation when a value is unknown or out of range."""

    classifiers: tuple[str, ...] = tuple(CLASSIFIERS)
    quick: bool = True
    """Only matched mode and the recommended batch size, as the texts are; all classifiers share a process."""
    repeats: int = FEWEST
    modes: tuple[str, ...] = tuple(BENCHMARK_MODES)
    """The modes of a thorough benchmark."""
    margin: float = MARGIN
    against_itself: bool = False
    """Each framework against itself, two processes of it in turns: whoever measures well finds no difference."""
    data: DataChoice | None = None
    """The bundled sample, where there is none."""
    encoder: str = BUNDLED_ENCODER
    device: str = "auto"
    attempt: int = 1
    """Nothing but a number that makes the same question a new one."""

    def __post_init__(self) -> None:
        for names, offered, what in ((self.classifiers, CLASSIFIERS, "classifier"), (self.modes, BENCHMARK_MODES, "mode")):
            unknown = [name for name in names if name not in offered]
            if unknown or not names:
                listed = ", ".join(f"“{name}”" for name in unknown) or "none"
                raise ExperimentError(f"There is nothing to measure: expected a {what} among {', '.join(offered)}, found {listed}.")
        if isinstance(self.repeats, bool) or not isinstance(self.repeats, int) or not FEWEST <= self.repeats <= MOST_REPEATS:
            raise ExperimentError(
                f"The number of repeats must be a whole number between {FEWEST} and {MOST_REPEATS}, but is {self.repeats!r}: with fewer "
                "nothing could be concluded."
            )
        if not isinstance(self.margin, (int, float)) or not 0.01 <= self.margin <= 0.5:
            raise ExperimentError(f"The margin must lie between 0.01 and 0.5 (1 and 50 %), but is {self.margin!r}.")
        object.__setattr__(self, "classifiers", tuple(name for name in CLASSIFIERS if name in self.classifiers))
        modes = ("matched",) if self.quick else ("matched", *(mode for mode in BENCHMARK_MODES if mode != "matched" and mode in self.modes))
        object.__setattr__(self, "modes", modes)
        self.experiment(self.classifiers[0])  # says what is wrong with the rest

    def experiment(self, classifier: str) -> Experiment:
        """Return what a classifier is trained with: its recommended values."""
        data = self.data or sample_choice()
        return Experiment.recommended(
            data if data.rows else replace(data, rows=QUICK_ROWS if self.quick else ROWS),
            classifier,
            encoder=self.encoder,
            device=self.device,
        )

    def settings(self, classifier: str) -> list[Setting]:
        """Return what is timed of a classifier. The recommended setting is first, alone in a fresh process, so that its memory is known."""
        experiment = self.experiment(classifier)
        usual = experiment.batch_size
        settings = [Setting(classifier, mode, usual) for mode in self.modes]
        if not self.quick:
            settings += [Setting(classifier, "matched", size) for size in BATCH_SIZES if size != usual]
            if experiment.family_member.sequences:
                settings += [Setting(classifier, "matched", usual, tokens) for tokens in SEQUENCE_LENGTHS]
        return settings

    def amount(self, setting: Setting) -> Amount:
        """Return how much is timed: in a sweep of batch sizes as many texts as in the recommended setting."""
        amount = AMOUNTS[CLASSIFIERS[setting.classifier].takes]
        steps = amount.steps * (1 if self.quick else THOROUGH)
        steps = max(3, round(steps * min(1.0, self.experiment(setting.classifier).batch_size / setting.batch_size)))
        return amount._replace(steps=steps)


def expected_seconds(request: BenchmarkRequest) -> float:
    """Return about how long it will take on a machine like the one it was written on."""
    settings = {name: request.settings(name) for name in request.classifiers}
    if request.against_itself:
        return 2 * seconds_of_benchmark(dict.fromkeys(settings, request.repeats), 2 * request.repeats, 0, 1)
    pieces = {name: request.repeats * (len(some) + (not request.quick)) for name, some in settings.items()}
    starts = request.repeats * (1 if request.quick else len(settings))
    compiled = request.repeats * sum(setting.mode == "compiled" for some in settings.values() for setting in some)
    return seconds_of_benchmark(pieces, starts + 2 * compiled, compiled, 1 if request.quick else THOROUGH)


def attempts(request: BenchmarkRequest) -> list[Study]:
    """Return the benchmarks that have asked the same question, the latest attempt first."""
    question = request.to_json() | {"attempt": 0, "margin": 0}
    studies = []
    for study in list_studies("benchmark"):
        try:
            same = study.read_request() | {"attempt": 0, "margin": 0} == question
        except ParityError:
            continue
        if same:
            studies.append(study)
    return sorted(studies, key=lambda study: study.read_request().get("attempt", 1), reverse=True)


def next_attempt(request: BenchmarkRequest) -> BenchmarkRequest:
    """Return the same question once more; one whose last attempt has not come to its end goes on with that."""
    before = attempts(request)
    if not before:
        return request
    last = before[0].read_request().get("attempt", 1)
    return replace(request, attempt=last + 1 if before[0].read_status().state == "done" else last)
