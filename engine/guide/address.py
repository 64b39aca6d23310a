"""Answers and changed weights as the words of an address, and back: what is wrong or out of date there is left out, never an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.display.formatting import shorten
from engine.guide.questionnaire import DEFAULT, LARGEST_WEIGHT, QUESTIONS, REASONS

WEIGHTS = "weights"
"""The name in an address under which the weights stand that were changed, as ``on-device.3 short-code.0``."""

ADDRESS_NAMES = (*QUESTIONS, WEIGHTS)


@dataclass(frozen=True)
class Asked:
    """What an address asks for."""

    answers: dict[str, str]
    """Question → option, every question."""
    weights: dict[str, int]
    """Reason → weight, only those that were changed."""
    ignored: tuple[str, ...] = ()
    """Parts of the address that mean nothing here, shortened."""


def from_address(parameters: Mapping[str, str]) -> Asked:
    """Return the answers and weights in an address. What is wrong or out of date there is left out and named, never an error."""
    answers, weights, ignored = dict.fromkeys(QUESTIONS, DEFAULT), {}, []
    for name, question in QUESTIONS.items():
        value = parameters.get(name, "").strip() or DEFAULT
        if value in (option.key for option in question.options):
            answers[name] = value
        else:
            ignored.append(shorten(f"{name}={value}", 40))
    for part in parameters.get(WEIGHTS, "").split():
        name, _, figure = part.rpartition(".")
        if name in REASONS and REASONS[name].adjustable and figure in map(str, range(LARGEST_WEIGHT + 1)):
            weights[name] = int(figure)
        else:
            ignored.append(shorten(f"{WEIGHTS}={part}", 40))
    return Asked(answers, _changed(weights), tuple(ignored))


def to_address(answers: Mapping[str, str], weights: Mapping[str, int]) -> dict[str, str]:
    """Return what an address has to say: nothing about questions without an answer and weights as they usually are."""
    said = {name: answers[name] for name in QUESTIONS if answers.get(name, DEFAULT) != DEFAULT}
    changed = [f"{name}.{weight}" for name, weight in sorted(_changed(weights).items())]
    return said | ({WEIGHTS: " ".join(changed)} if changed else {})


def _changed(weights: Mapping[str, int]) -> dict[str, int]:
    return {name: weight for name, weight in weights.items() if REASONS[name].adjustable and weight != REASONS[name].weight}
