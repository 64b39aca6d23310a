"""What a run's program is made of, and its main, cut out of the template for the run's classifier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from engine.shared.architecture import Architecture
from engine.shared.classifiers import Classifier
from engine.shared.recipe import Recipe
from engine.source.cutting import cut

TEMPLATE = Path(__file__).parent / "templates" / "standalone.py"
SIZES = ("hidden_units", "embedding_size", "filters")
"""Fields of ``Architecture`` that are settings of a run, too."""


@dataclass(frozen=True)
class EncoderSource:
    """The place where a program finds its pre-trained model."""

    kind: str
    """``package`` (or the hub), ``hub``, ``folder``, or ``bundle``: beside the program itself; empty where there is no such model."""
    name: str = ""
    """The model's name on the hub, or its folder."""
    package: str = ""
    revision: str | None = None


@dataclass(frozen=True)
class Parts:
    """The parts that a run's program is made of."""

    framework: str
    member: Classifier
    weights: Callable[[Architecture], Any]
    """The function that says which weights are drawn, out of ``engine.shared.weights.initial``."""
    recipe: Recipe
    windows: bool
    reached: bool
    """Whether the run's own test accuracy is known."""
    encoder: EncoderSource = EncoderSource("")
    warmup_share: float = 0.0
    """The part of all steps in which the learning rate rises."""

    bfloat16: bool = False
    """Whether the encoder computed the run's vectors in bfloat16."""

    @property
    def over_windows(self) -> bool:
        """Whether the classifier answers window by window; vectors are averaged before it sees them."""
        return self.windows and self.member.sequences

    @property
    def recipe_fields(self) -> dict[str, object]:
        """What the recipe says beyond its defaults and what this framework reads of it."""
        unread = {"steps_per_call"} if self.framework == "pytorch" else set()
        required = {"learning_rate", "batch_size", "seed"}
        values = {item.name: (getattr(self.recipe, item.name), item.default) for item in fields(Recipe) if item.name not in unread}
        return {name: value for name, (value, default) in values.items() if name in required or value != default}

    @property
    def sizes(self) -> tuple[str, ...]:
        """The settings that shape this classifier."""
        return tuple(name for name in SIZES if name in self.member.settings)

    @property
    def loss_apart(self) -> bool:
        """Whether the loss is not left to the framework: means over windows are taken of logits, so the softmax stays in it."""
        return self.over_windows and "loss" in self.recipe.own

    @property
    def absent(self) -> frozenset[str]:
        """Settings that a template names and this run's program has not."""
        names = {*SIZES, *(item.name for item in fields(Recipe)), "revision", "max_tokens", "vocabulary_size"}
        revision = ["revision"] if self.encoder.revision else []
        concerning = [name for name in ("max_tokens", "vocabulary_size") if self.member.concerns(name)]
        return frozenset(names.difference(self.sizes, self.recipe_fields, revision, concerning))


RUN: Parts
"""What a template asks about its run. Templates are cut, never run, so it is declared and no more."""


def main_source(parts: Parts) -> str:
    """Return the last cell of a script: what ``parts`` says, and nothing that this classifier does not need."""
    return cut(TEMPLATE, "Run", parts, parts.absent)
