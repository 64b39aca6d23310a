"""A worker's job ``audit``: the losses of a few steps in a given precision, and answers with the weights of the other framework."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from engine.runs.folder import Run
from engine.runs.preparing.inputs import Inputs, load_inputs
from engine.runs.preparing.recipes import recipe_of
from engine.shared.batches import training_plan
from engine.shared.early_stopping import Progress
from engine.shared.weights.files import read_weights, write_arrays
from engine.workers.requests.audit import StepsAnswer, StepsRequest, TransferAnswer, TransferRequest
from engine.workers.session import Session
from engine.workers.step_losses import VALIDATION_ROWS, StepLosses, plans_of_steps

COMPARED_ROWS = 64
"""Test texts to which a model with transferred weights answers."""


def train_steps(session: Session, prepared: Run, request: StepsRequest) -> StepsAnswer | None:
    """Train for a few steps and return the loss of each."""
    inputs, precision, steps = load_inputs(prepared), request.precision, request.steps
    recipe = recipe_of(prepared.read_experiment(), inputs)
    own = frozenset(request.own) - (frozenset() if recipe.weight_decay else {"weight_decay"})
    constants: dict[str, Any] = {**request.constants}
    recipe = replace(recipe, own=own, steps_per_call=1, **constants)
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
    if request.keep:
        folder = prepared.framework_folder(session.framework)
        write_arrays(folder / "audited.safetensors", classifier.to_neutral(core))
        np.save(folder / f"answers_{session.framework}.npy", _answers(session, prepared, inputs, model))
    return StepsAnswer(losses=tuple(losses.losses))


def answer_transferred(session: Session, prepared: Run, request: TransferRequest) -> TransferAnswer:
    """Measure how far this framework's answers with the weights that the other has trained are from that one's own."""
    inputs = load_inputs(prepared)
    classifier, core, model = session.build(prepared, inputs, recipe_of(prepared.read_experiment(), inputs), "float32")
    folder = prepared.framework_folder(request.source)
    classifier.load_neutral(core, read_weights(folder / "audited.safetensors", {}))
    difference = np.abs(_answers(session, prepared, inputs, model) - np.load(folder / f"answers_{request.source}.npy"))
    return TransferAnswer(max_logit_difference=float(difference.max()))


def _answers(session: Session, prepared: Run, inputs: Inputs, model: Any) -> np.ndarray:
    tensors, _, lengths = session.tensors(prepared, inputs, "test", "float32", COMPARED_ROWS)
    if lengths is not None:
        tensors = tuple(values[..., : lengths.max()] for values in tensors)
    return np.asarray(session.inference.predict_logits(model, tensors), np.float64)
