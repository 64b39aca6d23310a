"""What an experiment means in the numbers that the wings read: the classifier's ``Architecture`` and the ``Recipe`` of its training."""

from __future__ import annotations

import math

from engine.runs.experiment import Experiment
from engine.runs.preparing.inputs import Inputs
from engine.shared.architecture import Architecture
from engine.shared.encoders.checkpoint import resolve
from engine.shared.recipe import EVERY_DEFAULT, Recipe


def architecture_of(experiment: Experiment, inputs: Inputs) -> Architecture:
    """The classifier's shape for the prepared texts. Raises ``EncoderError`` when its pre-trained model is gone."""
    checkpoint = resolve(inputs.encoder) if experiment.family_member.takes == "pieces" else None
    return Architecture(
        num_classes=inputs.num_classes,
        input_size=inputs.input_size,
        hidden_units=experiment.hidden_units,
        embedding_size=experiment.embedding_size,
        filters=experiment.filters,
        encoder=checkpoint.folder if checkpoint else None,
        pooling=checkpoint.pooling if checkpoint else "mean",
        padding=inputs.padding,
    )


def recipe_of(experiment: Experiment, inputs: Inputs, has_bfloat16: bool = False) -> Recipe:
    """How to train; ``has_bfloat16`` says whether the device computes that, without which mixed precision only costs time.

    A newcomer who uses no weight decay takes plain Adam, so then that default is nobody's own.
    """
    own = EVERY_DEFAULT if experiment.mode == "defaults" else frozenset()
    if not experiment.weight_decay:
        own -= {"weight_decay"}
    steps = experiment.epochs * math.ceil(len(inputs.rows["train"]) / experiment.batch_size)
    linear = experiment.rate_schedule == "linear"
    return Recipe(
        learning_rate=experiment.learning_rate,
        batch_size=experiment.batch_size,
        seed=experiment.seed,
        own=own,
        weight_decay=experiment.weight_decay,
        clip_norm=experiment.clip_norm,
        warmup_steps=round(steps * experiment.warmup_share) if linear else 0,
        decay_steps=steps if linear else 0,
        class_weights=inputs.class_weights,
        compiled=experiment.compiled,
        mixed_precision=experiment.precision == "mixed" and has_bfloat16,
        steps_per_call=experiment.family_member.steps_per_call,
    )
