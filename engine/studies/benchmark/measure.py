"""The benchmark: speed and memory of both frameworks, measured again and again in turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.data.store import sample_choice
from engine.errors import ExperimentError, TrainingError
from engine.runs.preparing.inputs import load_inputs
from engine.runs.processes.turns import worker_title
from engine.runs.records.reading import to_json
from engine.runs.source_code import source_file
from engine.shared.devices import describe_machine, physical_cores
from engine.source.source_tree import Definition, SourceTree
from engine.studies.benchmark.request import BenchmarkRequest, Setting
from engine.studies.benchmark.results import BenchmarkResults, Measurement
from engine.studies.benchmark.verdicts import rows_of
from engine.workers.requests.benchmark import MeasuredAnswer, SpeedAnswer, SpeedRequest, TargetAnswer, TargetRequest

if TYPE_CHECKING:
    from engine.runs.folder import Run
    from engine.studies.coordinator import StudyCoordinator

TARGET = 0.8
"""Accuracy on the validation texts, for the time until it is reached."""

WORKER_FILE = "engine/workers/jobs/benchmark.py"
"""The code of the experiment, by path."""

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
    collected = CollectedAnswers()
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
                for framework, speed in _measure(coordinator, request, prepared[name], setting, order, repeat).items():
                    collected.add(setting, framework, speed)
            for framework in order if targets else ():
                message = f"Repeat {repeat + 1} of {request.repeats}: {name} until {TARGET:.0%} are right, {FRAMEWORK_NAMES[framework]}"
                target = TargetRequest(seed=repeat, target=TARGET, attempt=request.attempt)
                answer = coordinator.measure(framework, message, prepared[name], target)
                collected.add(Setting(name, "matched", settings[name][0].batch_size), framework, answer)
        if repeat:
            _write(coordinator, request, repeat + 1, [collected], collected.measurements(FRAMEWORKS))


def _measure_against_itself(coordinator: StudyCoordinator, request: BenchmarkRequest, prepared: Mapping[str, Run]) -> None:
    """Measure exactly as both frameworks are measured, with two processes of one."""
    sides = ("first", "second")
    collected = {framework: CollectedAnswers() for framework in FRAMEWORKS}
    settings = {name: request.settings(name)[:1] for name in request.classifiers}
    coordinator.expect(request.repeats * len(FRAMEWORKS) * len(sides) * len(settings))
    for repeat in range(request.repeats):
        for framework in FRAMEWORKS:
            coordinator.dismiss()
            twins = tuple(f"{framework} {side}" for side in sides)
            for number, (name, (setting,)) in enumerate(settings.items()):
                order = twins if (repeat + number) % 2 == 0 else twins[::-1]
                answers = _measure(coordinator, request, prepared[name], setting, order, repeat)
                for side, twin in zip(sides, twins, strict=True):
                    collected[framework].add(setting, side, answers[twin])
        if repeat:
            measurements = [replace(each, framework=name) for name in FRAMEWORKS for each in collected[name].measurements(sides)]
            _write(coordinator, request, repeat + 1, list(collected.values()), measurements)


def _measure(
    coordinator: StudyCoordinator, request: BenchmarkRequest, run: Run, setting: Setting, order: Sequence[str], repeat: int
) -> dict[str, SpeedAnswer]:
    """Return what the workers in ``order`` tell, who give way to one another between two rounds.

    Those that are not there yet are loaded in that order too: whoever is the second to read from the disk has it easier.
    """
    coordinator.frameworks = order
    messages = {name: f"Repeat {repeat + 1} of {request.repeats}: {setting.words}, {worker_title(name)}" for name in order}
    speed = SpeedRequest(
        seed=repeat,
        mode=setting.mode,
        batch_size=setting.batch_size,
        tokens=setting.tokens,
        attempt=request.attempt,
        **request.amount(setting)._asdict(),
    )
    return coordinator.measure_in_turns(messages, run, speed)


def _check_batches(request: BenchmarkRequest, classifier: str, run: Run) -> None:
    rows = len(load_inputs(run).rows["train"])
    largest = max(setting.batch_size for setting in request.settings(classifier))
    if rows < largest:
        raise ExperimentError(
            f"The training part has {rows:,} texts, and the benchmark times whole batches of {largest}. Expected at least {largest} texts. "
            "Take a larger file, or the quick benchmark."
        )


class CollectedAnswers:
    """What the workers have told, by setting and side, in the order of the repeats."""

    def __init__(self) -> None:
        self._answers: dict[tuple[Setting, str], list[MeasuredAnswer]] = {}
        self.busy = 0.0
        """The largest share of the processor that others used just before a measurement."""
        self.device: str | None = None

    def add(self, setting: Setting, side: str, answer: MeasuredAnswer) -> None:
        """Keep an answer. Raises ``TrainingError`` when it was measured on another device than those before."""
        kind = "CPU" if answer.device == "cpu" else "GPU"
        if self.device not in (None, kind):
            raise TrainingError(
                f"The measurements before this one were made on the {self.device}, this one ran on the {kind}: the graphics card has "
                "vanished or come back meanwhile. Expected one device for all. What is finished is kept; start the benchmark again when "
                "the card is back, or ask for the CPU."
            )
        self.device = kind
        self.busy = max(self.busy, answer.busy)
        self._answers.setdefault((setting, side), []).append(answer)

    def missed_targets(self) -> list[str]:
        """Return in sentences who did not get as far as ``TARGET``: of those trainings there is no time."""
        sentences = []
        for (setting, side), answers in self._answers.items():
            told = [answer.target_seconds for answer in answers if isinstance(answer, TargetAnswer)]
            if missed := told.count(None):
                sentences.append(
                    f"{FRAMEWORK_NAMES[side]}’s {setting.classifier} had not answered {100 * TARGET:.0f} % of the validation texts rightly "
                    f"when its epochs ended, in {missed} of {len(told)} repeats; those have no time to that accuracy."
                )
        return sentences

    def measurements(self, sides: Sequence[str]) -> list[Measurement]:
        """Return for each claim and setting the figures of both sides in pairs, one a repeat."""
        settings = list(dict.fromkeys(setting for setting, _ in self._answers))
        measurements = []
        for claim, (key, unit) in MEASURES.items():
            for setting in settings[:1] if claim == "import-time" else settings:  # a process is loaded once, whatever it does then
                told = zip(*(self._answers.get((setting, side), ()) for side in sides), strict=False)  # one side may be a repeat ahead
                pairs = [pair for pair in told if all(getattr(answer, key, None) is not None for answer in pair)]
                if not pairs:
                    continue
                every = claim == "import-time"
                measurements.append(
                    Measurement(
                        claim=claim,
                        classifier=None if every else setting.classifier,
                        mode=setting.mode,
                        batch_size=None if every else setting.batch_size,
                        sequence_length=setting.tokens,
                        unit=unit,
                        busy=max(answer.busy for pair in pairs for answer in pair),
                        values={side: tuple(float(getattr(pair[place], key)) for pair in pairs) for place, side in enumerate(sides)},
                    )
                )
        return measurements


def _write(
    coordinator: StudyCoordinator,
    request: BenchmarkRequest,
    repeats: int,
    collected: Sequence[CollectedAnswers],
    measurements: Sequence[Measurement],
) -> None:
    """Write what is known after so many repeats."""
    results = BenchmarkResults(
        repeats=repeats,
        margin=request.margin,
        data=(request.data or sample_choice()).name,
        machine=describe_machine(),
        device=collected[0].device,
        threads=physical_cores(),
        busy=max(each.busy for each in collected),
        notes=(*coordinator.notes, *(note for each in collected for note in each.missed_targets())),
        target=TARGET,
        against_itself=request.against_itself,
        code=source_file(WORKER_FILE) or "",
        measurements=tuple(measurements),
        rows=tuple(rows_of(measurements, request.margin)),
    )
    coordinator.study.write_results(to_json(results))


def experiment_code(results: BenchmarkResults) -> list[Definition]:
    """Return what a worker does in a repeat, as it was when it ran; of a damaged copy, as it is now."""
    for text in (results.code, source_file(WORKER_FILE) or ""):
        try:
            tree = SourceTree({WORKER_FILE: text})
            return [tree.definition(WORKER_FILE, name) for name in ("measure_speed", "plan_of", "rounds_of", "StepClock", "time_answers")]
        except ValueError:
            continue
    return []
