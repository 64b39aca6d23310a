"""The audit: both wings from the same weights on the same batches, one more thing equal at each level, down to the last bits."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.data.choice import DataChoice
from engine.data.store import sample_choice
from engine.errors import DataError, ExperimentError, ParityError
from engine.runs.experiment import BUNDLED_ENCODER, Experiment
from engine.runs.preparing.inputs import load_inputs
from engine.runs.records.reading import to_json
from engine.shared.classifiers import CLASSIFIERS
from engine.shared.devices import describe_machine
from engine.shared.recipe import EVERY_DEFAULT
from engine.studies.audit_results import AuditResults, LevelRow, TransferRow
from engine.studies.request import StudyRequest
from engine.workers.requests.audit import StepsRequest, TransferRequest

if TYPE_CHECKING:
    from engine.studies.coordinator import StudyCoordinator

STEPS = 50
MOST_STEPS = 1000
ROWS = 1000
"""Texts of a file that an audit uses unless told otherwise; more would be encoded and not be seen."""


@dataclass(frozen=True)
class Level:
    """How much is equal."""

    title: str
    sentence: str
    own: frozenset[str]
    """What is left to the frameworks."""
    exact_constants: bool = False
    precision: str = "float64"


LEVELS = {
    "as-they-come": Level(
        "As they come",
        "Each framework draws its own weights and its own order of the texts, and uses its own constants.",
        EVERY_DEFAULT,
    ),
    "same-weights": Level(
        "Same initial weights",
        "NumPy draws the weights once for both; the first difference left is which texts come first.",
        EVERY_DEFAULT - {"initialiser", "bias"},
    ),
    "same-batches": Level(
        "Same batches",
        "One order of the texts for both; from here on the first losses agree, and Adam's different ε drives later ones apart.",
        EVERY_DEFAULT - {"initialiser", "bias", "shuffling", "loss_report"},
    ),
    "same-epsilon": Level(
        "Same ε in the same place",
        "The same ε, added after the bias correction by both, and with it every other choice of matched mode.",
        frozenset(),
    ),
    "exact-constants": Level(
        "Constants that both hold exactly",
        "Learning rate, β₁, β₂, ε and weight decay are binary fractions, which nothing rounds on their way into a step.",
        frozenset(),
        exact_constants=True,
    ),
    "float32": Level(
        "The same in float32",
        "Everything as equal as before, in the precision of real trainings: what is left is rounding, and how it grows.",
        frozenset(),
        exact_constants=True,
        precision="float32",
    ),
}
"""The levels in the order in which they are peeled; a level makes one more thing equal than the one before."""

LAST_LEVELS = ("exact-constants", "float32")
"""What the audit is judged by."""

BARS = {"embedding-mlp": 1e-14, "tfidf-mlp": 1e-14, "text-cnn": 1e-13, "bi-lstm": 1e-12, "transformer": 1e-7}
"""The largest relative difference of the loss that the last level in float64 may have."""

TRANSFER_BAR = 1e-5
"""The largest difference between the logits of a trained model and those of the other framework's model with its weights."""

REMAINS = {
    "embedding-mlp": "The last digit of float64: matrix products add the same numbers up, each framework in its own order.",
    "tfidf-mlp": "The last digit of float64: the terms of a text are put in their places exactly, and the products after that add up in "
    "another order.",
    "text-cnn": "The last digit of float64: convolutions and the gradients of words that appear often add up in another order, and the "
    "maximum over time picks the same window in both.",
    "bi-lstm": "A few of the last digits of float64: both directions pass their state from word to word, and rounding with it.",
    "transformer": "A few of the last digits of float64, summed in another order layer by layer: GELU, the scale of the attention and the "
    "ε of its norms, which Keras and KerasHub round to float32 or fix otherwise, are given to both in full.",
}
"""One sentence on each classifier: why its last level in float64 is not zero, as measured on the bundled sample in 50 steps."""


@dataclass(frozen=True)
class AuditRequest(StudyRequest):
    """What is asked of an audit. Raises ``ExperimentError`` on creation when a value is unknown or out of range."""

    classifiers: tuple[str, ...] = tuple(CLASSIFIERS)
    steps: int = STEPS
    data: DataChoice | None = None
    """The bundled sample, where there is none."""
    encoder: str = BUNDLED_ENCODER

    def __post_init__(self) -> None:
        unknown = [name for name in self.classifiers if name not in CLASSIFIERS]
        if unknown or not self.classifiers:
            found = ", ".join(f"“{name}”" for name in unknown) or "none"
            raise ExperimentError(f"Nothing can be audited: the classifiers must be among {', '.join(CLASSIFIERS)}, but found {found}.")
        if isinstance(self.steps, bool) or not isinstance(self.steps, int) or not 1 <= self.steps <= MOST_STEPS:
            raise ExperimentError(f"The number of steps must be a whole number between 1 and {MOST_STEPS:,}, but is {self.steps!r}.")
        object.__setattr__(self, "classifiers", tuple(name for name in CLASSIFIERS if name in self.classifiers))

    def experiment(self, classifier: str) -> Experiment:
        """Return what one classifier is audited on: its recommended values, but short texts and a constant learning rate.

        One thread adds numbers up in the same order on every machine.
        """
        takes = CLASSIFIERS[classifier].takes
        small = {"words": {"max_tokens": 32}, "pieces": {"max_tokens": 32, "batch_size": 4}}.get(takes, {})
        fixed = {"rate_schedule": "constant", "warmup_share": 0.0, "device": "cpu", "threads": 1, "encoder": self.encoder}
        data = self.data or sample_choice()
        return Experiment.recommended(replace(data, rows=data.rows or ROWS), classifier, **(small | fixed))


def exact_constants(experiment: Experiment) -> dict[str, float]:
    """Return constants near the usual ones of which every precision holds every digit."""
    constants = {
        "learning_rate": 2.0 ** round(math.log2(experiment.learning_rate)),
        "beta_1": 0.875,
        "beta_2": 1 - 2.0**-10,
        "epsilon": 2.0**-23,
    }
    if experiment.weight_decay:
        constants["weight_decay"] = 2.0 ** round(math.log2(experiment.weight_decay))
    return constants


def conduct(coordinator: StudyCoordinator) -> list[str]:
    """Fill a study's folder; the reasons why classifiers are missing in its results."""
    request = AuditRequest.from_json(coordinator.request)
    pieces = len(FRAMEWORKS) * (len(LEVELS) + 1)
    coordinator.expect(sum(pieces * cost(name) for name in request.classifiers))
    results = AuditResults(steps=request.steps, data=(request.data or sample_choice()).name, machine=describe_machine())
    failures: dict[str, str] = {}
    for classifier in request.classifiers:
        before = coordinator.finished_work
        try:
            rows, transfers = _audit_one(coordinator, request, classifier)
        except ParityError as error:
            failures[classifier] = str(error)
            coordinator.dismiss()
            coordinator.skip(before + pieces * cost(classifier) - coordinator.finished_work)
            continue
        results = replace(results, rows=(*results.rows, *rows), transfers=(*results.transfers, *transfers))
        coordinator.study.write_results(to_json(results))
    reasons = dict.fromkeys(failures.values())  # the same fault of the data is told once
    return [f"{', '.join(name for name in failures if failures[name] == reason)}: {reason}" for reason in reasons]


def cost(classifier: str) -> float:
    """Return how long a piece of its audit takes, compared with others; for the progress bar alone."""
    return {"vectors": 1.0, "terms": 1.0, "words": 2.0, "pieces": 8.0}[CLASSIFIERS[classifier].takes]


def _audit_one(coordinator: StudyCoordinator, request: AuditRequest, classifier: str) -> tuple[list[LevelRow], list[TransferRow]]:
    experiment, price = request.experiment(classifier), cost(classifier)
    prepared = coordinator.prepare(classifier, experiment)
    rows_there = len(load_inputs(prepared).rows["train"])
    if rows_there < experiment.batch_size:
        raise DataError(
            f"The audit needs a whole batch of training texts. Expected at least {experiment.batch_size}, found {rows_there}. "
            "Use more rows."
        )
    directions = [(source, target) for source in FRAMEWORKS for target in FRAMEWORKS if source != target]
    transfer = {(source, target): TransferRequest(source=source, steps=request.steps) for source, target in directions}
    # The weights that are carried across are those of the level in float32, which is then trained even if its losses are known.
    carry = not all(coordinator.is_known(target, prepared, transfer[source, target]) for source, target in directions)
    rows = []
    for name, level in LEVELS.items():
        steps_request = StepsRequest(
            steps=request.steps,
            own=tuple(sorted(level.own)),
            constants=exact_constants(experiment) if level.exact_constants else {},
            precision=level.precision,
            keep=carry and level.precision == "float32",
        )
        losses = {}
        for framework in FRAMEWORKS:
            message = f"{classifier}: {level.title[0].lower()}{level.title[1:]}, {FRAMEWORK_NAMES[framework]}"
            losses[framework] = coordinator.measure(framework, message, prepared, steps_request, price).losses
        differences = relative_differences(*losses.values())
        rows.append(
            LevelRow(
                classifier=classifier,
                precision=level.precision,
                level=name,
                steps=len(differences),
                max_relative_loss_difference=max(differences),
                losses=losses,
                differences=tuple(differences),
            )
        )
    transfers = []
    for source, target in directions:
        message = f"{classifier}: {FRAMEWORK_NAMES[source]}'s weights in {FRAMEWORK_NAMES[target]}"
        largest = coordinator.measure(target, message, prepared, transfer[source, target], price).max_logit_difference
        transfers.append(TransferRow(classifier=classifier, source=source, target=target, max_logit_difference=largest))
    return rows, transfers


def relative_differences(first: Iterable[float], second: Iterable[float]) -> list[float]:
    """Return the difference of each pair, relative to the larger of the two."""
    return [abs(one - other) / max(abs(one), abs(other), 1e-300) for one, other in zip(first, second, strict=True)]


def verdicts(results: AuditResults) -> list[dict[str, str | int | float]]:
    """Return what ``audit --json`` prints: of each classifier the last level in float64 and the same in float32."""
    keys = ("classifier", "precision", "steps", "max_relative_loss_difference")
    return [{key: getattr(row, key) for key in keys} for row in results.rows if row.level in LAST_LEVELS]


def audit_table(results: AuditResults) -> str:
    """Return the peel of each classifier, the bar that its last level must keep, and what remains."""
    classifiers = list(dict.fromkeys(row.classifier for row in results.rows))
    largest = {(row.classifier, row.level): row.max_relative_loss_difference for row in results.rows}
    lines = [f"Largest relative difference of the loss between the two frameworks in {results.steps} steps on {results.data}\n"]
    lines.append(f"{'':43}" + "".join(f"{name:>15}" for name in classifiers))
    for key, level in LEVELS.items():
        lines.append(f"{level.title:33}{level.precision:>10}" + "".join(f"{largest[name, key]:15.1e}" for name in classifiers))
    lines.append(f"{'Bar of the last in float64':43}" + "".join(f"{BARS.get(name, math.nan):15.0e}" for name in classifiers))
    for source, target in dict.fromkeys((row.source, row.target) for row in results.transfers):
        carried = {row.classifier: row.max_logit_difference for row in results.transfers if row.source == source}
        title = f"{FRAMEWORK_NAMES[source]}'s weights in {FRAMEWORK_NAMES[target]}"
        lines.append(f"{title:43}" + "".join(f"{carried[name]:15.1e}" for name in classifiers))
    lines.append(f"(the last two: largest difference between logits on test texts, bar {TRANSFER_BAR:.0e})\n")
    return "\n".join(lines + [f"{name}: {REMAINS[name]}" for name in classifiers if name in REMAINS])
