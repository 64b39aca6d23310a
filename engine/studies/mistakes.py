"""The museum of mistakes: each of them made for real in both frameworks; is it caught, when, and where does the message lead."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.data.store import sample_choice
from engine.errors import ExperimentError
from engine.runs.experiment import Experiment
from engine.runs.records.reading import to_json
from engine.runs.source_code import cut_code, save_code
from engine.shared.devices import describe_machine
from engine.shared.mistake_data import BATCH_SIZE
from engine.source.source_tree import Definition, SourceTree
from engine.studies.coordinator import Lost
from engine.studies.mistake_catalogue import MISTAKES
from engine.studies.mistake_results import MistakeRow, MuseumResults
from engine.studies.request import StudyRequest
from engine.studies.study import Study
from engine.workers.requests.mistakes import MistakeAnswer, MistakeRequest, Observation, RaisedError

if TYPE_CHECKING:
    from engine.studies.coordinator import StudyCoordinator

ROWS = 380
"""Texts of the sample: eight batches to train on, the others are held out."""

SECONDS = 60.0
"""After this long a mistake counts as hung; the slowest takes about two."""

HARMLESS = 0.99
"""A mistake without a word is harmless where at least this share of held-out texts is answered as by the corrected model."""

OUTCOMES = {
    "stopped": "an exception ends the training",
    "warned": "it runs to its end, and a warning is printed",
    "silent": "it runs to its end without a word, and the model is another one",
    "harmless": "it runs to its end without a word, and the answers are the same",
    "crashed": "the process died",
    "hung": "it had to be ended",
}
"""What can become of a mistake."""

FILE = "engine/frameworks/{framework}/mistakes.py"


@dataclass(frozen=True)
class MuseumRequest(StudyRequest):
    """What is asked of a museum. Raises ``ExperimentError`` on creation when a mistake is unknown."""

    only: tuple[str, ...] = tuple(MISTAKES)

    def __post_init__(self) -> None:
        unknown = [name for name in self.only if name not in MISTAKES]
        if unknown or not self.only:
            found = ", ".join(f"“{name}”" for name in unknown) or "none"
            raise ExperimentError(f"There is nothing to show: the mistakes must be among {', '.join(MISTAKES)}, but found {found}.")
        object.__setattr__(self, "only", tuple(name for name in MISTAKES if name in self.only))


def conduct(coordinator: StudyCoordinator) -> list[str]:
    """Fill a study's folder. A worker that dies or hangs is what became of a mistake, no reason to end."""
    request = MuseumRequest.from_json(coordinator.request)
    coordinator.expect(len(request.only) * len(FRAMEWORKS))
    data = replace(sample_choice(), rows=ROWS)
    experiment = Experiment.recommended(data, "tfidf-mlp", device="cpu", threads=1)
    save_code(coordinator.study)
    prepared = coordinator.prepare("mistakes", experiment)
    rows: list[MistakeRow] = []
    for name in request.only:
        pair = []
        for framework in FRAMEWORKS:
            message = f"{MISTAKES[name].title}, {FRAMEWORK_NAMES[framework]}"
            answer = coordinator.attempt(framework, message, prepared, MistakeRequest(mistake=name), SECONDS)
            pair.append(judge(name, framework, answer))
        rows += pair
        results = MuseumResults(data=data.name, texts=ROWS, machine=describe_machine(), rows=tuple(rows))
        coordinator.study.write_results(to_json(results))
    return []


def judge(mistake: str, framework: str, answer: MistakeAnswer | Lost) -> MistakeRow:
    """Return what became of a mistake and when, from what a worker has seen of it."""
    if isinstance(answer, Lost):
        return MistakeRow(mistake=mistake, framework=framework, outcome=answer.how, reason=answer.reason)
    mistaken = answer.mistaken
    when, step = "never", None
    if mistaken.error:
        when = {"build": "build", "answer": "answer"}.get(mistaken.stage, "later step" if mistaken.steps else "first step")
        step = mistaken.steps + 1 if mistaken.stage == "train" else None
        outcome = "stopped"
    elif mistaken.warnings:
        outcome = "warned"
    else:
        alike = (answer.same_answers or 0.0) >= HARMLESS and mistaken.first_not_a_number is None
        outcome = "harmless" if alike else "silent"
    caught = outcome == "stopped"
    return MistakeRow(mistake=mistake, framework=framework, outcome=outcome, when=when, step=step, caught=caught, **vars(answer))


def final_loss(observed: Observation) -> float | None:
    """Return the mean loss of the last steps, as many as an epoch has at most; ``None`` when one of them is no number."""
    last = observed.losses[-max(1, ROWS // BATCH_SIZE) :]
    numbers = [loss for loss in last if loss is not None]
    return statistics.fmean(numbers) if numbers and len(numbers) == len(last) else None


def outcomes_by_mistake(results: MuseumResults) -> dict[str, dict[str, MistakeRow]]:
    """Return the rows by mistake, in the order of the museum, and by framework."""
    pairs: dict[str, dict[str, MistakeRow]] = {}
    for name in MISTAKES:
        pair = {row.framework: row for row in results.rows if row.mistake == name}
        if pair:
            pairs[name] = pair
    return pairs


def museum_answer(results: MuseumResults) -> str:
    """Return how many mistakes each framework stops, warns of and lets pass."""
    outcomes = outcomes_by_mistake(results)
    total = f"Of {len(outcomes)} mistakes" if len(outcomes) != 1 else "Of one mistake"
    stopped = [f"{FRAMEWORK_NAMES[name]} stops {_amount(outcomes, 'stopped', name)}" for name in FRAMEWORKS]
    warned = [f"{FRAMEWORK_NAMES[name]} warns of {amount}" for name in FRAMEWORKS if (amount := _amount(outcomes, "warned", name))]
    silent = sum(all(row.outcome == "silent" for row in pair.values()) for pair in outcomes.values())
    warnings = f"; {' and '.join(warned)}" if warned else ""
    return f"{total} {' and '.join(stopped)}{warnings}; {silent} {'spoils' if silent == 1 else 'spoil'} the model silently in both."


def _amount(outcomes: Mapping[str, Mapping[str, MistakeRow]], outcome: str, framework: str) -> int:
    return sum(framework in pair and pair[framework].outcome == outcome for pair in outcomes.values())


def outcome_words(row: MistakeRow) -> str:
    """Return what became of it, in a few words."""
    if row.outcome == "stopped":
        moments = {"build": "while the model is built", "first step": "at the first step", "answer": "when it is asked for answers"}
        moment = moments.get(row.when) or f"at step {row.step}"
        return f"Stopped {moment}"
    return {
        "warned": "A warning, no stop",
        "silent": "Not caught",
        "harmless": "Not caught, harmless",
        "crashed": "The process died",
        "hung": "Never came to an end",
    }[row.outcome]


def detail_words(row: MistakeRow) -> str:
    """Return the exception, where it leads and how deep it lies, or what the mistake did to the model."""
    if row.outcome in ("crashed", "hung"):
        return row.reason or ""
    if error := row.mistaken.error:
        frames = f"{error.depth} frame{'s' if error.depth != 1 else ''}"
        return f"{error.type}, {place_words(error)}; {frames} deep"
    harm = harm_words(row)
    return f"{harm[:1].upper()}{harm[1:]}"


def place_words(error: RaisedError) -> str:
    """Return which line of one's own the traceback leads to."""
    own = error.own_line
    if own is None:
        return "none of its lines is one’s own"
    where = "the mistaken line itself" if error.at_mistake else f"line {own.line}, in {own.function}"
    return f"leads to {where}"


def harm_words(row: MistakeRow) -> str:
    """Return what a mistake that ran to its end did."""
    mistaken, correct = row.mistaken, row.correct
    if (row.same_answers or 0.0) >= HARMLESS and mistaken.first_not_a_number is None:
        return f"answers {100 * (row.same_answers or 0.0):.4g} % of held-out texts as without the mistake"
    accuracies = [100 * (seen.accuracy or 0.0) for seen in (mistaken, correct)]
    begin = f"right on {accuracies[0]:.1f} % of held-out texts instead of {accuracies[1]:.1f} %"
    if mistaken.first_not_a_number:
        return f"{begin}; no number as a loss from step {mistaken.first_not_a_number} on"
    if mistaken.losses == correct.losses:
        return f"{begin}; the training is the same"
    loss, right_loss = final_loss(mistaken), final_loss(correct)
    return begin if loss is None or right_loss is None else f"{begin}; final loss {loss:.3g} instead of {right_loss:.3g}"


def museum_table(results: MuseumResults) -> str:
    """Return each mistake with what became of it in PyTorch and in TensorFlow."""
    table = [["", *FRAMEWORK_NAMES.values()]]
    for name, pair in outcomes_by_mistake(results).items():
        sides = [pair.get(framework) for framework in FRAMEWORKS]
        table.append([MISTAKES[name].title, *(outcome_words(row) if row else "" for row in sides)])
        table.append([f"  {name}", *(detail_words(row) if row else "" for row in sides)])
    widths = [max(map(len, column)) + 2 for column in zip(*table, strict=True)]
    lines = ["".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    return "\n".join([museum_answer(results), "", *lines])


@dataclass(frozen=True)
class MistakeCode:
    """The functions that ran."""

    mistakes: dict[str, dict[str, tuple[Definition, ...]]]
    """The function of each mistake and framework, and before it what only this mistake needs."""
    shared: dict[str, tuple[Definition, ...]]
    """What several mistakes use, by framework."""


def mistake_code(study: Study | None) -> MistakeCode:
    """Cut from the source that the study kept, for that is what ran; the present code where there is none, or it is damaged."""
    return cut_code(study, _cut)


def _cut(files: dict[str, str]) -> MistakeCode:
    tree = SourceTree(files)
    mistakes: dict[str, dict[str, tuple[Definition, ...]]] = {name: {} for name in MISTAKES}
    shared: dict[str, tuple[Definition, ...]] = {}
    for framework in FRAMEWORKS:
        file = FILE.format(framework=framework)
        needed = {name: [piece for piece in tree.closure([tree.definition(file, name)]) if piece.file == file] for name in MISTAKES}
        users = [piece for pieces in needed.values() for piece in pieces]
        for name, pieces in needed.items():
            mistakes[name][framework] = tuple(piece for piece in pieces if users.count(piece) == 1)
        shared[framework] = tuple(dict.fromkeys(piece for piece in users if users.count(piece) > 1))
    return MistakeCode(mistakes, shared)


def curve(observed: Observation) -> Sequence[tuple[int, float]]:
    """Return step and loss, steps without a number left out."""
    return [(step, loss) for step, loss in enumerate(observed.losses, start=1) if loss is not None]
