"""A worker's job ``audit``: the losses of a few steps in a given precision, and answers with the weights of the other framework."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from engine.runs.folder import Run
from engine.runs.preparing.inputs import Inputs, load_inputs
from engine.runs.preparing.recipes import recipe_of
from engine.runs.processes.channel import Channel
from engine.shared.batches import training_plan
from engine.shared.early_stopping import Progress
from engine.shared.weights.files import read_weights, write_arrays
from engine.workers.session import Session, serve
from engine.workers.step_losses import VALIDATION_ROWS, StepLosses, plans_of_steps

COMPARED_ROWS = 64
"""Test texts to which a model with transferred weights answers."""


def audit(run: Run, framework: str, channel: Channel) -> None:
    """Do what the coordinator of an audit asks for."""
    serve(
        run,
        framework,
        channel,
        lambda session, prepared, asked: (answer_transferred if "source" in asked else train_steps)(session, prepared, asked),
    )


def train_steps(session: Session, prepared: Run, asked: dict[str, Any]) -> dict[str, Any] | None:
    """The loss of each of the first ``steps`` steps.

    ``own`` and ``constants`` change the recipe of the prepared experiment. With ``keep`` the trained weights stay beside what was prepared.
    """
    inputs, precision, steps = load_inputs(prepared), asked["precision"], asked["steps"]
    recipe = recipe_of(prepared.read_experiment(), inputs)
    own = frozenset(asked["own"]) - (frozenset() if recipe.weight_decay else {"weight_decay"})
    recipe = replace(recipe, own=own, steps_per_call=1, **asked["constants"])
    classifier, core, model = session.build(prepared, inputs, recipe, precision)
    whole = len(inputs.rows["train"]) // recipe.batch_size  # batches
    train_inputs, labels, lengths = session.tensors(prepared, inputs, "train", precision, whole * recipe.batch_size)
    validation = session.tensors(prepared, inputs, "validation", precision, VALIDATION_ROWS)
    if "shuffling" in recipe.own:
        losses = StepLosses(steps, whole, session.stop_requested)
        plans = [training_plan(len(labels), lengths, recipe.batch_size, recipe.seed, 0)]
        batches, epochs = session.training.make_batches(train_inputs, labels, lambda epoch: plans[0], recipe), math.ceil(steps / whole)
    else:
        losses = StepLosses(steps, 1, session.stop_requested)
        plans = plans_of_steps(steps, whole * recipe.batch_size, lengths, recipe)
        batches, epochs = session.training.make_batches(train_inputs, labels, plans.__getitem__, recipe), steps
    optimizer = session.training.make_optimizer(model, recipe)
    session.training.train(model, optimizer, batches, validation, recipe, epochs, Progress(), lambda _: None, losses)
    if losses.stopped:
        return None
    if asked.get("keep"):
        folder = prepared.framework_folder(session.framework)
        write_arrays(folder / "audited.safetensors", classifier.to_neutral(core))
        np.save(folder / f"answers_{session.framework}.npy", _answers(session, prepared, inputs, model))
    return {"losses": losses.losses}


def answer_transferred(session: Session, prepared: Run, asked: dict[str, Any]) -> dict[str, Any]:
    """How far this framework's answers with the weights that ``source`` has trained are from that framework's own."""
    inputs = load_inputs(prepared)
    classifier, core, model = session.build(prepared, inputs, recipe_of(prepared.read_experiment(), inputs), "float32")
    folder = prepared.framework_folder(asked["source"])
    classifier.load_neutral(core, read_weights(folder / "audited.safetensors", {}))
    difference = np.abs(_answers(session, prepared, inputs, model) - np.load(folder / f"answers_{asked['source']}.npy"))
    return {"max_logit_difference": float(difference.max())}


def _answers(session: Session, prepared: Run, inputs: Inputs, model: Any) -> np.ndarray:
    tensors, _, lengths = session.tensors(prepared, inputs, "test", "float32", COMPARED_ROWS)
    if lengths is not None:
        tensors = tuple(values[..., : lengths.max()] for values in tensors)
    return np.asarray(session.inference.predict_logits(model, tensors), np.float64)
