"""What each difference of the table comes to in one experiment, and the line of the engine's source that makes the choice."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.shared.classifiers import CLASSIFIERS
from engine.shared.framework_defaults import Difference
from engine.shared.recipe import EVERY_DEFAULT
from engine.shared.syntax import parse

PROJECT = Path(__file__).parents[2]
NOT_HERE = "not in this classifier"


def own_choices(experiment: Any) -> frozenset[str]:
    """Return what an experiment leaves to the frameworks. A newcomer who asks for no weight decay takes plain Adam, which has none."""
    own = EVERY_DEFAULT if experiment.mode == "defaults" else frozenset()
    return own if experiment.weight_decay else own - {"weight_decay"}


def matters(difference: Difference, experiment: Any) -> bool:
    """Tell whether the choice has any effect on what an experiment trains, as far as its settings say."""
    return bool(difference.code) and value_used(difference, "pytorch", experiment) not in (NOT_HERE, *IDLE.values())


def value_used(difference: Difference, framework: str, experiment: Any) -> str:
    """Return what a framework will do in an experiment, in a few words.

    ``experiment`` has the fields of ``engine.runs.experiment.Experiment``, a room that this one does not know.
    """
    if difference.concerns and experiment.classifier not in difference.concerns:
        return NOT_HERE
    own = difference.aspect in own_choices(experiment)
    special = SPECIAL.get(difference.key)
    return (special and special(experiment, framework, own)) or (difference.default(framework) if own else difference.matched)


IDLE = {
    "weight_decay": "no decay asked for",
    "clip_norm": "no clipping asked for",
    "class_weights": "no class weights asked for",
    "cpu": "no effect on the CPU",
}
"""What is said of a choice that a setting makes irrelevant."""


def _decay(experiment: Any, framework: str, own: bool) -> str | None:
    if not experiment.weight_decay:
        return IDLE["weight_decay"]
    return None if own else f"{experiment.weight_decay:g}, of matrices only"


def _decay_form(experiment: Any, framework: str, own: bool) -> str | None:
    return None if experiment.weight_decay else IDLE["weight_decay"]


def _clipping(experiment: Any, framework: str, own: bool) -> str | None:
    if not experiment.clip_norm:
        return IDLE["clip_norm"]
    each = own and framework == "tensorflow"
    return f"{'each variable by itself' if each else 'all gradients together'}, at {experiment.clip_norm:g}"


def _loss(experiment: Any, framework: str, own: bool) -> str | None:
    """Answers to windows are averaged before the softmax, so Keras has to take logits there."""
    windows = experiment.long_texts == "windows" and CLASSIFIERS[experiment.classifier].sequences
    return "takes logits" if own and windows else None


def _weighting(experiment: Any, framework: str, own: bool) -> str | None:
    return IDLE["class_weights"] if experiment.class_weights.strip() == "none" else None


def _shuffling(experiment: Any, framework: str, own: bool) -> str | None:
    if not own:
        return None
    if framework == "pytorch":
        return f"DataLoader(shuffle=True): a new order each epoch, {experiment.batch_size:,} texts a batch"
    # Keras shuffles inside a tf.data pipeline, whose seeded random numbers begin anew with every pass.
    return f"fit(shuffle=True): one order of its own for all epochs, as a seed is set, {experiment.batch_size:,} texts a batch"


def _execution(experiment: Any, framework: str, own: bool) -> str | None:
    if framework == "pytorch":
        return "torch.compile" if experiment.compiled else "eager: one operation after the other"
    steps = 1 if own else CLASSIFIERS[experiment.classifier].steps_per_call
    call = "one step a call" if steps == 1 else f"{steps} steps a call"
    compiler = "compiled with XLA" if experiment.compiled else "XLA where Keras deems it wise" if own else "without XLA"
    return f"as a graph, {call}, {compiler}"


def _gpu_only(experiment: Any, framework: str, own: bool) -> str | None:
    return IDLE["cpu"] if experiment.device == "cpu" else None


SPECIAL: dict[str, Callable[[Any, str, bool], str | None]] = {
    "weight_decay": _decay,
    "decay_form": _decay_form,
    "clipping": _clipping,
    "loss": _loss,
    "loss_weighting": _weighting,
    "shuffling": _shuffling,
    "execution": _execution,
    "tf32": _gpu_only,
    "gpu_memory": _gpu_only,
}
"""Choices whose value depends on more than the mode."""


@dataclass(frozen=True)
class Line:
    """One line of the engine's source."""

    file: str
    name: str
    number: int
    text: str


def line_of_code(difference: Difference, framework: str) -> Line | None:
    """Return the line of the engine's present source that makes the choice; ``None`` where nothing is set.

    Raises ``ValueError`` when the source no longer holds it, which a test finds first.
    """
    place = difference.code.get(framework)
    if place is None:
        return None
    lines, spans = _source(place.file)
    if place.name not in spans:
        raise ValueError(f"{place.file} defines no {place.name}")
    first, last = spans[place.name]
    for number in range(first, last + 1):
        if place.words in lines[number - 1]:
            return Line(place.file, place.name, number, lines[number - 1].strip())
    raise ValueError(f"{place.file} has no line with “{place.words}” in {place.name}")


@lru_cache(maxsize=32)
def _source(file: str) -> tuple[list[str], dict[str, tuple[int, int]]]:
    """The lines of a source file, and from which to which line each of its definitions goes."""
    text = (PROJECT / file).read_text(encoding="utf-8")
    spans = {}
    for node in parse(text).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            spans[node.name] = (node.lineno, node.end_lineno or node.lineno)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            spans[node.targets[0].id] = (node.lineno, node.end_lineno or node.lineno)
    return text.splitlines(), spans
