"""The benchmark: speed and memory of both frameworks, measured again and again in turns, and a verdict on each claim."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.data.choice import DataChoice
from engine.data.store import sample_choice
from engine.errors import ExperimentError, ParityError, TrainingError
from engine.evidence.equivalence import FEWEST, MARGIN, UNDECIDED, compare
from engine.evidence.source_tree import Definition, SourceTree
from engine.neutral.devices import describe_machine, physical_cores
from engine.neutral.family import CLASSIFIERS
from engine.running.estimating import seconds_of_benchmark
from engine.running.experiment import BUNDLED_ENCODER, Experiment
from engine.running.inputs import load_inputs
from engine.running.source_code import ENGINE
from engine.running.studies import Study, list_studies

if TYPE_CHECKING:
    from engine.evidence.study_coordinator import StudyCoordinator
    from engine.running.folder import Run

MODES = ("matched", "defaults", "compiled")
MOST_REPEATS = 30

ROWS = 2000
"""Texts of a file that a benchmark uses unless told otherwise; times of a step do not depend on how many there are."""

STEPS = {"vectors": 300, "terms": 200, "words": 40, "pieces": 5}
"""Of training that are timed in a repeat, by what a classifier takes; a thorough benchmark takes ``THOROUGH`` times as many."""
THOROUGH = 3
BATCH_SIZES = (8, 128)
"""Besides the recommended one, in a thorough benchmark."""
SEQUENCE_LENGTHS = (16, 64, 128)
"""To which a thorough benchmark cuts or stretches texts, of classifiers that read tokens."""
TARGET = 0.8
"""Accuracy on the validation texts, for the time until it is reached."""

WORKER_FILE = "running/worker_benchmarking.py"
"""Within ``engine/``: the code of the experiment."""

BUSY = 0.25
"""Share of the processor in use by others from which on a figure is marked."""

MEASURES = {
    "training-speed": ("step_milliseconds", "ms"),
    "inference-speed": ("batch_milliseconds", "ms"),
    "single-answer": ("single_milliseconds", "ms"),
    "first-step": ("first_step_seconds", "s"),
    "import-time": ("import_seconds", "s"),
    "time-to-accuracy": ("target_seconds", "s"),
    "memory": ("peak_rss_mib", "MiB"),
    "gpu-memory": ("gpu_memory_mib", "MiB"),
    "gpu-utilisation": ("gpu_utilisation", "%"),
    "energy": ("joules_per_step", "J"),
}
"""For each claim what a worker tells, and its unit."""

BETTER = {"memory": "smaller", "gpu-memory": "smaller", "energy": "less", "gpu-utilisation": "lower"}
"""How a smaller figure is called; ``faster`` where nothing is said."""


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
class BenchmarkRequest:
    """What is asked of a benchmark. Raises ``ExperimentError`` on creation when a value is unknown or out of range."""

    classifiers: tuple[str, ...] = tuple(CLASSIFIERS)
    quick: bool = True
    """Only matched mode and the recommended batch size, as the texts are; all classifiers share a process."""
    repeats: int = FEWEST
    modes: tuple[str, ...] = MODES
    """Of a thorough benchmark."""
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
        for found, known, what in ((self.classifiers, CLASSIFIERS, "classifier"), (self.modes, MODES, "mode")):
            unknown = [name for name in found if name not in known]
            if unknown or not found:
                names = ", ".join(f"“{name}”" for name in unknown) or "none"
                raise ExperimentError(f"There is nothing to measure: expected a {what} among {', '.join(known)}, found {names}.")
        if isinstance(self.repeats, bool) or not isinstance(self.repeats, int) or not FEWEST <= self.repeats <= MOST_REPEATS:
            raise ExperimentError(
                f"The number of repeats must be a whole number between {FEWEST} and {MOST_REPEATS}, but is {self.repeats!r}: with fewer "
                "nothing could be concluded."
            )
        if not isinstance(self.margin, (int, float)) or not 0.01 <= self.margin <= 0.5:
            raise ExperimentError(f"The margin must lie between 0.01 and 0.5 (1 and 50 %), but is {self.margin!r}.")
        object.__setattr__(self, "classifiers", tuple(name for name in CLASSIFIERS if name in self.classifiers))
        modes = ("matched",) if self.quick else ("matched", *(mode for mode in MODES[1:] if mode in self.modes))
        object.__setattr__(self, "modes", modes)
        self.experiment(self.classifiers[0])  # says what is wrong with the rest

    def to_json(self) -> dict[str, Any]:
        """What ``start_study("benchmark", …)`` takes."""
        data = (self.data or sample_choice()).to_json()
        return asdict(self) | {"data": data, "classifiers": list(self.classifiers), "modes": list(self.modes)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> BenchmarkRequest:
        """The inverse of :meth:`to_json`; what is missing has its default."""
        known = {name: values[name] for name in cls.__dataclass_fields__ if values.get(name) is not None}
        known |= {name: tuple(known[name]) for name in ("classifiers", "modes") if name in known}
        if "data" in known:
            known["data"] = DataChoice.from_json(known["data"])
        return cls(**known)

    def experiment(self, classifier: str) -> Experiment:
        """What a classifier is trained with: its recommended values."""
        data = self.data or sample_choice()
        return Experiment.recommended(data if data.rows else replace(data, rows=ROWS), classifier, encoder=self.encoder, device=self.device)

    def settings(self, classifier: str) -> list[Setting]:
        """What is timed of a classifier. The first is the recommended one, alone in a fresh process, so that its memory is known."""
        experiment = self.experiment(classifier)
        usual = experiment.batch_size
        settings = [Setting(classifier, mode, usual) for mode in self.modes]
        if not self.quick:
            settings += [Setting(classifier, "matched", size) for size in BATCH_SIZES if size != usual]
            if experiment.family_member.sequences:
                settings += [Setting(classifier, "matched", usual, tokens) for tokens in SEQUENCE_LENGTHS]
        return settings

    def steps(self, setting: Setting) -> int:
        """How many steps are timed: in a sweep as many texts as in the recommended setting."""
        steps = STEPS[CLASSIFIERS[setting.classifier].takes] * (1 if self.quick else THOROUGH)
        return max(3, round(steps * min(1.0, self.experiment(setting.classifier).batch_size / setting.batch_size)))


def expected_seconds(request: BenchmarkRequest) -> float:
    """About how long it will take on a machine like the one it was written on."""
    settings = {name: request.settings(name) for name in request.classifiers}
    if request.against_itself:
        return 2 * seconds_of_benchmark(dict.fromkeys(settings, request.repeats), 2 * request.repeats, 0, 1)
    pieces = {name: request.repeats * (len(some) + (not request.quick)) for name, some in settings.items()}
    starts = request.repeats * (1 if request.quick else len(settings))
    compiled = request.repeats * sum(setting.mode == "compiled" for some in settings.values() for setting in some)
    return seconds_of_benchmark(pieces, starts + 2 * compiled, compiled, 1 if request.quick else THOROUGH)


def conduct(coordinator: StudyCoordinator) -> list[str]:
    """Fill a study's folder, one repeat after the other, each with processes, a seed and an order of its own."""
    request = BenchmarkRequest.from_json(coordinator.request)
    prepared = {name: coordinator.prepare(name, request.experiment(name)) for name in request.classifiers}
    for name, run in prepared.items():
        _check_batches(request, name, run)
    if request.against_itself:
        _measure_against_itself(coordinator, request, prepared)
    else:
        _measure_both(coordinator, request, prepared)
    return []


def _measure_both(coordinator: StudyCoordinator, request: BenchmarkRequest, prepared: Mapping[str, Run]) -> None:
    pieces = Pieces()
    settings = {name: request.settings(name) for name in request.classifiers}
    targets = 0 if request.quick else len(request.classifiers)
    coordinator.expect(request.repeats * len(FRAMEWORKS) * (sum(map(len, settings.values())) + targets))
    for repeat in range(request.repeats):
        coordinator.dismiss()
        for number, name in enumerate(request.classifiers):
            if not request.quick and number:
                coordinator.dismiss()
            order = FRAMEWORKS if (repeat + number) % 2 == 0 else FRAMEWORKS[::-1]
            for setting in settings[name]:
                if setting.mode == "compiled":
                    coordinator.dismiss()  # in one process torch.compile gives up after a few models of one kind
                for framework in order:
                    pieces.add(setting, framework, _measure(coordinator, request, prepared[name], setting, framework, repeat))
            for framework in order if targets else ():
                message = f"Repeat {repeat + 1} of {request.repeats}: {name} until {TARGET:.0%} are right, {FRAMEWORK_NAMES[framework]}"
                facts: dict[str, Any] = {"seed": repeat, "target": TARGET, "attempt": request.attempt}
                answer = coordinator.measure(framework, "benchmark", message, prepared[name], **facts)
                pieces.add(Setting(name, "matched", settings[name][0].batch_size), framework, answer)
        if repeat:
            _write(coordinator, request, pieces.measurements(FRAMEWORKS), repeat + 1, pieces.busy, pieces.device)


def _measure_against_itself(coordinator: StudyCoordinator, request: BenchmarkRequest, prepared: Mapping[str, Run]) -> None:
    twins = ("first", "second")
    pieces = {framework: Pieces() for framework in FRAMEWORKS}
    settings = {name: request.settings(name)[:1] for name in request.classifiers}
    coordinator.expect(request.repeats * len(FRAMEWORKS) * len(twins) * len(settings))
    for repeat in range(request.repeats):
        for framework in FRAMEWORKS:
            for twin in twins if repeat % 2 == 0 else twins[::-1]:
                coordinator.dismiss()
                coordinator.frameworks = (framework,)
                for name, (setting,) in settings.items():
                    answer = _measure(coordinator, request, prepared[name], setting, framework, repeat, twin=twin)
                    pieces[framework].add(setting, twin, answer)
        if repeat:
            found = [{"framework": name} | row for name in FRAMEWORKS for row in pieces[name].measurements(twins)]
            busy = max(each.busy for each in pieces.values())
            _write(coordinator, request, found, repeat + 1, busy, pieces[FRAMEWORKS[0]].device)


def _measure(
    coordinator: StudyCoordinator, request: BenchmarkRequest, run: Run, setting: Setting, framework: str, repeat: int, **more: Any
) -> dict[str, Any]:
    message = f"Repeat {repeat + 1} of {request.repeats}: {setting.words}, {FRAMEWORK_NAMES[framework]}"
    facts: dict[str, Any] = {"seed": repeat, "mode": setting.mode, "batch_size": setting.batch_size, "tokens": setting.tokens}
    facts |= {"steps": request.steps(setting), "attempt": request.attempt}
    return coordinator.measure(framework, "benchmark", message, run, **facts, **more)


def _check_batches(request: BenchmarkRequest, classifier: str, run: Run) -> None:
    rows = len(load_inputs(run).rows["train"])
    largest = max(setting.batch_size for setting in request.settings(classifier))
    if rows < largest:
        raise ExperimentError(
            f"The training part has {rows:,} texts, and the benchmark times whole batches of {largest}. Expected at least {largest} texts. "
            "Take a larger file, or the quick benchmark."
        )


class Pieces:
    """What the workers have told, by setting and side, in the order of the repeats."""

    def __init__(self) -> None:
        self._answers: dict[tuple[Setting, str], list[Mapping[str, Any]]] = {}
        self.busy = 0.0
        """The largest share of the processor that others used just before a measurement."""
        self.device: str | None = None

    def add(self, setting: Setting, side: str, answer: Mapping[str, Any]) -> None:
        """Keep an answer. Raises ``TrainingError`` when it was measured on another device than those before."""
        kind = "CPU" if answer["device"] == "cpu" else "GPU"
        if self.device not in (None, kind):
            raise TrainingError(
                f"The measurements before this one were made on the {self.device}, this one ran on the {kind}: the graphics card has "
                "vanished or come back meanwhile. Expected one device for all. What is finished is kept; start the benchmark again when "
                "the card is back, or ask for the CPU."
            )
        self.device = kind
        self.busy = max(self.busy, answer["busy"])
        self._answers.setdefault((setting, side), []).append(answer)

    def measurements(self, sides: Sequence[str]) -> list[dict[str, Any]]:
        """For each claim and setting the figures of both sides in pairs, one a repeat."""
        settings = list(dict.fromkeys(setting for setting, _ in self._answers))
        found = []
        for claim, (key, unit) in MEASURES.items():
            for setting in settings[:1] if claim == "import-time" else settings:  # a process is loaded once, whatever it does then
                told = [[answer for answer in self._answers.get((setting, side), ()) if answer.get(key) is not None] for side in sides]
                amount = min(map(len, told))
                if not amount:
                    continue
                every = claim == "import-time"
                found.append(
                    {
                        "claim": claim,
                        "classifier": None if every else setting.classifier,
                        "mode": setting.mode,
                        "batch_size": None if every else setting.batch_size,
                        "sequence_length": setting.tokens,
                        "unit": unit,
                        "busy": max(answer["busy"] for answers in told for answer in answers[:amount]),
                        "values": {
                            side: [float(answer[key]) for answer in answers[:amount]] for side, answers in zip(sides, told, strict=True)
                        },
                    }
                )
        return found


def _write(
    coordinator: StudyCoordinator, request: BenchmarkRequest, found: list[dict[str, Any]], repeats: int, busy: float, device: str | None
) -> None:
    coordinator.study.write_results(
        {
            "repeats": repeats,
            "margin": request.margin,
            "data": (request.data or sample_choice()).name,
            "machine": describe_machine(),
            "device": device,
            "threads": physical_cores(),
            "busy": busy,
            "notes": coordinator.notes,
            "target": TARGET,
            "against_itself": request.against_itself,
            "code": (ENGINE / WORKER_FILE).read_text(encoding="utf-8"),
            "measurements": found,
            "rows": rows_of(found, request.margin),
        }
    )


def experiment_code(results: Mapping[str, Any]) -> list[Definition]:
    """What a worker does in a repeat, as it was when it ran; of a damaged copy, as it is now."""
    for text in (str(results.get("code") or ""), (ENGINE / WORKER_FILE).read_text(encoding="utf-8")):
        try:
            tree = SourceTree({WORKER_FILE: text})
            return [tree.definition(WORKER_FILE, name) for name in ("measure_speed", "plan_of", "StepClock", "time_answers")]
        except ValueError:
            continue
    return []


def rows_of(measurements: Sequence[Mapping[str, Any]], margin: float) -> list[dict[str, Any]]:
    """A verdict on each measurement, with any margin: medians, the ratio of the first side to the second, and its 95 % interval."""
    rows = []
    for found in measurements:
        (one, first), (other, second) = found["values"].items()
        outcome = compare([max(value, SMALLEST) for value in first], [max(value, SMALLEST) for value in second], margin)
        better = BETTER.get(found["claim"], "faster")
        verdict = {"first": f"{one} {better}", "second": f"{other} {better}"}.get(outcome.verdict, outcome.verdict)
        facts = {key: value for key, value in found.items() if key != "values"}
        interval = [value if math.isfinite(value) else None for value in outcome.interval]
        rows.append(
            facts
            | {"repeats": len(first), one: outcome.first, other: outcome.second}
            | {"ratio": outcome.ratio, "interval": interval, "verdict": verdict}
        )
    return rows


SMALLEST = 1e-6
"""What counts as nothing, in any unit, so that a ratio can be taken."""


def faster_than_itself(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Rows of a benchmark against itself that claim a difference where there is none."""
    return [row for row in rows if row["verdict"] not in ("equivalent", UNDECIDED)]


def against_itself_words(rows: Sequence[Mapping[str, Any]]) -> str:
    """What a benchmark against itself says of the way it measures."""
    wrong = len(faster_than_itself(rows))
    return f"Each framework against itself: {wrong} of {len(rows)} rows claim a difference where there is none."


def attempts(request: BenchmarkRequest) -> list[Study]:
    """The benchmarks that have asked the same question, the latest attempt first."""
    asked = request.to_json() | {"attempt": 0, "margin": 0}
    found = []
    for study in list_studies("benchmark"):
        try:
            same = study.request | {"attempt": 0, "margin": 0} == asked
        except ParityError:
            continue
        if same:
            found.append(study)
    return sorted(found, key=lambda study: study.request.get("attempt", 1), reverse=True)


def next_attempt(request: BenchmarkRequest) -> BenchmarkRequest:
    """The same question once more; one whose last attempt has not come to its end goes on with that."""
    before = attempts(request)
    if not before:
        return request
    last = before[0].request.get("attempt", 1)
    return replace(request, attempt=last + 1 if before[0].status.state == "done" else last)


IDENTITY = ("claim", "classifier", "mode", "batch_size", "sequence_length", "framework")
"""What makes two rows of two benchmarks the same question."""


def same_verdicts(rows: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """How many verdicts are the same in two benchmarks, and how many questions both have answered."""
    before = {tuple(row.get(key) for key in IDENTITY): row["verdict"] for row in others}
    pairs = [(row["verdict"], before[key]) for row in rows if (key := tuple(row.get(name) for name in IDENTITY)) in before]
    return sum(one == other for one, other in pairs), len(pairs)


def verdict_words(row: Mapping[str, Any], name_of: Callable[[str], str] = lambda side: FRAMEWORK_NAMES.get(side, side)) -> str:
    """``equivalent``, ``PyTorch faster by 1.31 (1.2 to 1.42)`` or ``not enough evidence``; by so many times, that is."""
    side, _, better = row["verdict"].rpartition(" ")
    if side not in row:
        return str(row["verdict"])
    low, high = row["interval"]
    ratio = row["ratio"]
    if ratio < 1:
        ratio, low, high = 1 / ratio, 1 / high, 1 / low
    return f"{name_of(side)} {better} by {ratio:.3g} × ({low:.3g} to {high:.3g})"


def benchmark_table(results: Mapping[str, Any]) -> str:
    """Every row, claim after claim, as text."""
    sides = ("first", "second") if results["against_itself"] else FRAMEWORKS
    lines = [
        f"{results['data']} on the {results['device']}, {results['threads']} threads, float32; medians of {results['repeats']} repeats in "
        f"turns, each with a seed and processes of its own; margin ±{results['margin']:.0%}\n",
        f"{'':16}{'':44}{FRAMEWORK_NAMES.get(sides[0], sides[0]):>12}{FRAMEWORK_NAMES.get(sides[1], sides[1]):>12}",
    ]
    claim = None
    for row in results["rows"]:
        what = row["claim"] if row["claim"] != claim else ""
        claim = row["claim"]
        setting = Setting(row["classifier"], row["mode"], row["batch_size"], row["sequence_length"]).words if row["classifier"] else ""
        if "framework" in row:
            setting = f"{FRAMEWORK_NAMES[row['framework']]} {setting}"
        mark = "  (others used the machine)" if row["busy"] > BUSY else ""
        figures = "".join(f"{row[side]:>12.4g}" for side in sides)
        lines.append(f"{what:16}{setting:44}{figures} {row['unit']:4}{verdict_words(row)}{mark}")
    if results["against_itself"]:
        lines += ["", against_itself_words(results["rows"])]
    return "\n".join([*lines, "", *results["notes"]])
