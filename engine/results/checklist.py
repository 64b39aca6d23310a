"""The fairness checklist: what has to be equal for a comparison to mean something, and what a run's own figures say about each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.display.formatting import count, number
from engine.runs.coordinator import ENCODER_BAR, LOGIT_BAR
from engine.runs.records.results import Results

UNKNOWN = "not measured"


class FairnessCheck(NamedTuple):
    """One line of the list, in the order of ``fact_list``."""

    claim: str
    verdict: str
    """``yes``, ``no`` or ``not measured``."""
    evidence: str
    """One sentence on where the verdict comes from."""


def checklist(results: Results) -> list[FairnessCheck]:
    """Return every check that concerns the run. What only a finished run can tell is "not measured" before."""
    return [*_same_start(results), *_same_conditions(results), *_same_judgement(results)]


def _same_start(results: Results) -> Iterator[FairnessCheck]:
    run, member = results.run, results.run.family_member
    split, source, parity = results.data.split, results.data.split_source, results.parity
    matched = run.mode == "matched"
    left = "Left to each framework's defaults: that is what this mode compares."
    yield FairnessCheck(
        "Same texts in the same parts",
        "yes" if split else UNKNOWN,
        f"The same for both: {' / '.join(f'{size:,}' for size in split.values())} texts for training, validation, test. {source.origin}"
        if split
        else "",
    )
    difference = parity.first_batch_logit_difference
    measured = "" if difference is None else f"Before training, their answers to the same batch differ by {number(difference)}"
    if not matched:
        yield FairnessCheck("Same initial weights", "no", f"{left} {measured}.".replace(" .", ""))
    else:
        bar = f"{measured}, at most {LOGIT_BAR:g} was expected." if measured else "Measured on the first batch once both models are built."
        yield FairnessCheck("Same initial weights", _verdict(None if difference is None else difference <= LOGIT_BAR), bar)
    drawn = "One order for both, drawn once with NumPy." if matched else left
    yield FairnessCheck("Same batches in the same order", "yes" if matched else "no", drawn)
    equation = "The same rule, ε, weight decay and clipping in both." if matched else left
    yield FairnessCheck("Same optimizer equation and constants", "yes" if matched else "no", equation)
    if member is not None and member.takes == "vectors":
        encoders = parity.encoder_difference
        evidence = (
            "" if encoders is None else f"The two encoders' vectors differ by {number(encoders)}; at most {ENCODER_BAR:g} was expected."
        )
        yield FairnessCheck("Same vectors of the texts", _verdict(None if encoders is None else encoders <= ENCODER_BAR), evidence)
    yield _equal(results, "parameters", "Same number of trained weights", lambda value: f"{value:,}")


def _same_conditions(results: Results) -> Iterator[FairnessCheck]:
    yield _equal(results, "device", "Same device", lambda value: "the CPU" if value == "cpu" else str(value))
    yield _equal(results, "threads", "Same number of threads", str)
    schedule = results.run.schedule
    alone = schedule == "turns"
    how = "They took turns and never computed at the same time." if alone else "Both computed at once and competed for the machine."
    yield FairnessCheck("Each timed by itself", _verdict(alone if schedule else None), how if schedule else "")
    yield _equal(results, "epoch_train_loss", "As many epochs in both", lambda losses: count(len(losses), "epoch"))


def _same_judgement(results: Results) -> Iterator[FairnessCheck]:
    reasons = _of_both(results, "stop_reason")
    ended = all(reason in ("finished", "early") for reason in reasons.values())
    early = "All epochs were trained, or the validation loss had stopped falling." if ended else "At least one was cut short."
    yield FairnessCheck("Trained to the planned end", _verdict(ended if len(reasons) == 2 else None), early if len(reasons) == 2 else "")
    difference = results.parity.accuracy_difference
    yield FairnessCheck(
        "Accuracy difference held against noise", _verdict(True if difference else None), difference.verdict if difference else ""
    )
    yield FairnessCheck("More than one seed", "no", "One run is one seed: another one would move both accuracies.")


def _equal(results: Results, key: str, claim: str, write: Callable[[Any], str]) -> FairnessCheck:
    """Return whether a figure, a field of ``FrameworkResults``, is the same on both sides, written out."""
    values = _of_both(results, key)
    if len(values) < 2:
        return FairnessCheck(claim, UNKNOWN, "")
    written = [write(value) for value in values.values()]
    if written[0] == written[1]:
        return FairnessCheck(claim, "yes", f"Both: {written[0]}.")
    sides = [f"{FRAMEWORK_NAMES[framework]}: {words}" for framework, words in zip(values, written, strict=True)]
    return FairnessCheck(claim, "no", "; ".join(sides) + ".")


def _of_both(results: Results, key: str) -> dict[str, object]:
    sides = {framework: getattr(results.frameworks.get(framework), key, None) for framework in FRAMEWORKS}
    return {framework: value for framework, value in sides.items() if value not in (None, "")}


def _verdict(met: bool | None) -> str:
    return UNKNOWN if met is None else "yes" if met else "no"
