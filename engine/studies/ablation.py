"""Which default makes the difference: from matched mode one choice at a time is left to the frameworks, with several seeds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.data.choice import DataChoice
from engine.data.store import sample_choice
from engine.errors import ExperimentError
from engine.runs.experiment import BUNDLED_ENCODER, Experiment
from engine.runs.preparing.inputs import load_inputs
from engine.runs.records.reading import to_json
from engine.shared.class_weights import class_weights
from engine.shared.classifiers import CLASSIFIERS
from engine.shared.devices import describe_machine, graphics_processors
from engine.shared.framework_defaults import DIFFERENCES
from engine.studies.ablation_results import AblationResults, FlipRow
from engine.studies.request import StudyRequest
from engine.workers.requests.ablation import MEASURES, Flip, TrainingFigures, TrainingRequest

if TYPE_CHECKING:
    from engine.runs.folder import Run
    from engine.studies.coordinator import StudyCoordinator

MATCHED = "matched"
COMPILED = "compiled"
"""No default but a choice that can be flipped as well."""

SEEDS, MOST_SEEDS = 5, 50
ROWS = 2000
"""Texts of a file that an ablation uses unless told otherwise."""
EPOCHS = {"vectors": 10, "terms": 5, "words": 4, "pieces": 1}
"""Epochs by what a classifier takes: few, for each choice is trained with each seed in each framework."""
SLOWER = 0.05
"""A change of the time that is smaller is taken for noise whatever its spread: other programs use the machine too."""

FLIPS = {
    "clipping": "gradients clipped at 1: PyTorch all together, Keras each by itself",
    "weight_decay": "AdamW with the framework's own decay: PyTorch 0.01, Keras 0.004, of every weight",
    "loss_weighting": "classes weighed the same, the mean taken as the framework does",
    COMPILED: "torch.compile and XLA",
}
"""What is changed where leaving the choice to the framework alone would change nothing."""


@dataclass(frozen=True)
class AblationRequest(StudyRequest):
    """What is asked of an ablation. Raises ``ExperimentError`` on creation when a value is unknown or out of range."""

    classifier: str = "embedding-mlp"
    seeds: int = SEEDS
    epochs: int | None = None
    """The classifier's entry in ``EPOCHS``, where there is none."""
    defaults: tuple[str, ...] = ()
    """Which choices to flip; all that concern the classifier, where there are none."""
    data: DataChoice | None = None
    """The bundled sample, where there is none."""
    encoder: str = BUNDLED_ENCODER
    device: str = "auto"

    def __post_init__(self) -> None:
        if self.classifier not in CLASSIFIERS:
            raise ExperimentError(f"There is no classifier “{self.classifier}”. Expected one of {', '.join(CLASSIFIERS)}.")
        if isinstance(self.seeds, bool) or not isinstance(self.seeds, int) or not 2 <= self.seeds <= MOST_SEEDS:
            raise ExperimentError(
                f"The number of seeds must be a whole number between 2 and {MOST_SEEDS}, but is {self.seeds!r}: with one alone nobody "
                "could tell a change from noise."
            )
        choices = (*aspects_of(self.classifier, self.device), COMPILED)
        unknown = [name for name in self.defaults if name not in choices]
        if unknown:
            raise ExperimentError(
                f"{self.classifier} has nothing to flip called {', '.join(f'“{name}”' for name in unknown)}. "
                f"Expected some of {', '.join(choices)}."
            )
        object.__setattr__(self, "defaults", tuple(name for name in choices if name in self.defaults) or choices[:-1])
        if self.epochs is None:
            object.__setattr__(self, "epochs", EPOCHS[CLASSIFIERS[self.classifier].takes])
        self.experiment()  # says what is wrong with the rest

    def experiment(self) -> Experiment:
        """Return what every training begins with: matched mode and the classifier's recommended values, but a set number of epochs."""
        data = self.data or sample_choice()
        fixed = {"epochs": self.epochs, "patience": 0, "encoder": self.encoder, "device": self.device}
        return Experiment.recommended(data if data.rows else replace(data, rows=ROWS), self.classifier, **fixed)


def aspects_of(classifier: str, device: str = "auto") -> tuple[str, ...]:
    """Return the choices that can be left to the frameworks and change something for this classifier on this machine."""
    concerned = [each.aspect for each in DIFFERENCES if each.aspect and (not each.concerns or classifier in each.concerns)]
    if device == "cpu" or not graphics_processors():
        concerned = [aspect for aspect in concerned if aspect != "tf32"]
    return tuple(dict.fromkeys(concerned))


def conduct(coordinator: StudyCoordinator) -> list[str]:
    """Fill a study's folder, one seed after the other, so that there is something to see from the second seed on."""
    request = AblationRequest.from_json(coordinator.request)
    experiment, aspects = request.experiment(), (MATCHED, *request.defaults)
    coordinator.expect(request.seeds * len(aspects) * len(FRAMEWORKS))
    prepared = coordinator.prepare(request.classifier, experiment)
    units: Units = {(framework, aspect): [] for framework in FRAMEWORKS for aspect in aspects}
    for seed in range(request.seeds):
        for aspect in aspects:
            if aspect == COMPILED:
                coordinator.dismiss()  # in one process torch.compile gives up after a few models of one kind
            for framework in FRAMEWORKS:
                message = f"{request.classifier}: seed {seed + 1} of {request.seeds}, {aspect}, {FRAMEWORK_NAMES[framework]}"
                own = () if aspect in (MATCHED, COMPILED) else (aspect,)
                training = TrainingRequest(seed=seed, own=own, flip=flip_of(aspect, experiment, prepared))
                units[framework, aspect].append(coordinator.measure(framework, message, prepared, training))
        if seed:
            rows, noise, matched = summarise(units)
            results = AblationResults(
                classifier=request.classifier,
                seeds=seed + 1,
                epochs=experiment.epochs,
                data=experiment.data.name,
                machine=describe_machine(),
                notes=tuple(coordinator.notes),
                flips={name: words for name, words in FLIPS.items() if name in aspects},
                rows=rows,
                noise=noise,
                matched=matched,
            )
            coordinator.study.write_results(to_json(results))
    return []


def flip_of(aspect: str, experiment: Experiment, prepared: Run) -> Flip:
    """Return what else a flip changes in the recipe, so that it changes something at all."""
    if aspect == "clipping" and not experiment.clip_norm:
        return Flip(clip_norm=1.0)
    if aspect == COMPILED:
        return Flip(compiled=True)
    if aspect == "loss_weighting":
        inputs = load_inputs(prepared)
        labels = inputs.labels[inputs.rows["train"]]
        return Flip(class_weights=class_weights("balanced", [str(number) for number in range(inputs.num_classes)], labels))
    return Flip()


Units = dict[tuple[str, str], list[TrainingFigures]]
"""The trainings by framework and choice, one a seed."""


def summarise(units: Units) -> tuple[tuple[FlipRow, ...], dict[str, TrainingFigures], dict[str, TrainingFigures]]:
    """Return a row for each flip, the noise of matched trainings and their means; ``MATCHED`` must be among the choices."""
    rows, noise, matched = [], {}, {}
    for framework in dict.fromkeys(framework for framework, _ in units):
        base = units[framework, MATCHED]
        noise[framework] = _over_seeds(statistics.stdev, base)
        matched[framework] = _over_seeds(statistics.fmean, base)
        rows += [
            _flip_row(framework, aspect, units[framework, aspect], base)
            for other, aspect in units
            if other == framework and aspect != MATCHED
        ]
    return tuple(rows), noise, matched


def _over_seeds(reduce: Callable[[list[float]], float], trainings: Sequence[TrainingFigures]) -> TrainingFigures:
    return TrainingFigures(**{name: reduce([training.figure(name) for training in trainings]) for name in MEASURES})


def _flip_row(framework: str, aspect: str, flipped: Sequence[TrainingFigures], base: Sequence[TrainingFigures]) -> FlipRow:
    """Set the trainings with a flipped choice against the matched ones of the same seeds."""
    figures: dict[str, float] = {}
    beyond = []
    for name in MEASURES:
        pairs = [(after.figure(name), before.figure(name)) for after, before in zip(flipped, base, strict=True)]
        matched = [before for _, before in pairs]
        ratio = name == "seconds"
        paired = [after / before if ratio else after - before for after, before in pairs]
        change, spread = statistics.fmean(paired), statistics.stdev(paired)
        figures |= {name: statistics.fmean(after for after, _ in pairs), f"{name}_change": change, f"{name}_spread": spread}
        noise = statistics.stdev(matched)
        noise = max(noise / statistics.fmean(matched), SLOWER) if ratio else noise
        if is_beyond_noise(change - 1.0 if ratio else change, spread, len(paired), noise):
            beyond.append(name)
    return FlipRow(framework=framework, aspect=aspect, beyond_noise_of=tuple(beyond), beyond_noise=bool(beyond), **figures)


def is_beyond_noise(change: float, spread: float, seeds: int, noise: float) -> bool:
    """Whether a mean change is larger than what another seed does, and than its own spread over the seeds explains (paired t, 95 %)."""
    from scipy.stats import t  # here, for it takes a second to load and pages do not need it

    return abs(change) > noise and abs(change) > t.ppf(0.975, seeds - 1) * spread / math.sqrt(seeds)


def ablation_table(results: AblationResults) -> str:
    """Return what each flip changes in each framework, with its spread over the seeds, against the noise of the seeds alone."""
    lines = [
        f"{results.classifier} on {results.data}: change against matched mode, mean ± deviation over {results.seeds} seeds of "
        f"{results.epochs} epochs; * beyond the noise of the seeds\n",
        f"{'':12}{'':16}{'final loss':>24}{'accuracy':>24}{'time':>20}",
    ]
    for framework, base in results.matched.items():
        noise, name = results.noise[framework], FRAMEWORK_NAMES[framework]
        loss = f"{base.final_loss:12.4f} ± {noise.final_loss:<9.4f}"
        accuracy = f"{base.accuracy:14.1%} ± {noise.accuracy:<7.1%}"
        lines.append(f"{name:12}{MATCHED:16}{loss}{accuracy}{base.seconds:10.2f} ± {noise.seconds:.2f} s")
        for row in results.rows:
            if row.framework == framework:
                star = {measure: "*" if measure in row.beyond_noise_of else " " for measure in MEASURES}
                lines.append(
                    f"{'':12}{row.aspect:16}{row.final_loss_change:+12.4f} ± {row.final_loss_spread:<8.4f}{star['final_loss']}"
                    f"{100 * row.accuracy_change:+12.1f} ± {100 * row.accuracy_spread:<4.1f} %{star['accuracy']}  "
                    f"{row.seconds_change:10.2f} ± {row.seconds_spread:<4.2f} ×{star['seconds']}"
                )
    return "\n".join([*lines, "", *(f"{name}: {words}" for name, words in results.flips.items()), *results.notes])
