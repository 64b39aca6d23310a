"""A worker's job ``audit``: the losses of a few steps in a given precision, and answers with the weights of the other framework."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import TrainingError
from engine.runs.folder import Run
from engine.runs.preparing.inputs import Inputs, load_inputs
from engine.runs.preparing.recipes import architecture_of, recipe_of
from engine.runs.processes.channel import Channel
from engine.shared.batches import Plan, training_plan
from engine.shared.early_stopping import Progress
from engine.shared.recipe import Recipe
from engine.shared.weights.files import read_weights, write_arrays
from engine.shared.weights.initial import WEIGHTS, initial_weights, merge_initial
from engine.workers.wing import build_model, import_wing, prepare_device

VALIDATION_ROWS = 8
"""``train`` validates after every epoch, and here each step is one."""

COMPARED_ROWS = 64
"""Test texts to which a model with transferred weights answers."""


@dataclass(frozen=True)
class Wing:
    """One framework, loaded."""

    framework: str
    training: Any
    inference: Any
    devices: Any
    device: str
    stop_requested: Callable[[], bool]
    import_seconds: float
    """How long loading it took."""
    say: Callable[[str, float], None] = lambda words, share: None
    """Tells the coordinator what is being done and how much of the present piece of work is behind, from 0 to 1."""

    def build(self, prepared: Run, inputs: Inputs, recipe: Recipe, precision: str) -> tuple[Any, Any, Any]:
        """The classifier's module, the classifier, and the model that is trained, with the weights that ``recipe`` begins with."""
        self.devices.use_precision(precision)
        self.devices.set_seed(recipe.seed)
        experiment, architecture = prepared.read_experiment(), architecture_of(prepared.read_experiment(), inputs)
        classifier, core, model = build_model(self.framework, experiment, architecture, recipe.own, self.device)
        shared = initial_weights(WEIGHTS[experiment.classifier](architecture), recipe.seed)
        classifier.load_neutral(core, merge_initial(shared, classifier.to_neutral(core), recipe.own))
        return classifier, core, model

    def tensors(self, prepared: Run, inputs: Inputs, part: str, precision: str, rows: int | None = None) -> tuple[Any, Any, Any]:
        """The first ``rows`` rows of a part of the data: inputs in ``precision``, labels, lengths."""
        arrays, labels, lengths = inputs.part(prepared, part)
        arrays = tuple(values[:rows].astype(precision) if values.dtype.kind == "f" else values[:rows] for values in arrays)
        return *self.training.as_tensors(arrays, labels[:rows], self.device), None if lengths is None else lengths[:rows]


def audit(run: Run, framework: str, channel: Channel) -> None:
    """Do what the coordinator of an audit asks for."""
    serve(
        run,
        framework,
        channel,
        lambda wing, prepared, asked: (answer_transferred if "source" in asked else train_steps)(wing, prepared, asked),
    )


def serve(run: Run, framework: str, channel: Channel, work: Callable[[Wing, Run, dict[str, Any]], dict[str, Any] | None]) -> None:
    """Load the framework, then do one piece of work a turn until the coordinator is gone; no answer means that a stop was asked for."""
    asked = channel.take("import")
    experiment = Run(Path(asked["prepared"])).read_experiment()
    started = time.perf_counter()
    training, inference = import_wing(framework, "training", "inference")
    import_seconds = time.perf_counter() - started
    devices, _, gpu = prepare_device(framework, experiment.device, experiment.threads)
    device = channel.take("build", gpu=gpu)["device"]
    wing = Wing(
        framework,
        training,
        inference,
        devices,
        devices.use_device(device),
        lambda: run.stop_requested,
        import_seconds,
        lambda words, share: channel.tell(doing=words, share=share),
    )
    asked = channel.take("train")
    while True:
        asked = channel.take("train", answer=work(wing, Run(Path(asked["prepared"])), asked))


def train_steps(wing: Wing, prepared: Run, asked: dict[str, Any]) -> dict[str, Any] | None:
    """The loss of each of the first ``steps`` steps.

    ``own`` and ``constants`` change the recipe of the prepared experiment. With ``keep`` the trained weights stay beside what was prepared.
    """
    inputs, precision, steps = load_inputs(prepared), asked["precision"], asked["steps"]
    recipe = recipe_of(prepared.read_experiment(), inputs)
    own = frozenset(asked["own"]) - (frozenset() if recipe.weight_decay else {"weight_decay"})
    recipe = replace(recipe, own=own, steps_per_call=1, **asked["constants"])
    classifier, core, model = wing.build(prepared, inputs, recipe, precision)
    whole = len(inputs.rows["train"]) // recipe.batch_size  # batches
    train_inputs, labels, lengths = wing.tensors(prepared, inputs, "train", precision, whole * recipe.batch_size)
    validation = wing.tensors(prepared, inputs, "validation", precision, VALIDATION_ROWS)
    if "shuffling" in recipe.own:
        losses = StepLosses(steps, whole, wing.stop_requested)
        plans = [training_plan(len(labels), lengths, recipe.batch_size, recipe.seed, 0)]
        batches, epochs = wing.training.make_batches(train_inputs, labels, lambda epoch: plans[0], recipe), math.ceil(steps / whole)
    else:
        losses = StepLosses(steps, 1, wing.stop_requested)
        plans = plans_of_steps(steps, whole * recipe.batch_size, lengths, recipe)
        batches, epochs = wing.training.make_batches(train_inputs, labels, plans.__getitem__, recipe), steps
    optimizer = wing.training.make_optimizer(model, recipe)
    wing.training.train(model, optimizer, batches, validation, recipe, epochs, Progress(), lambda _: None, losses)
    if losses.stopped:
        return None
    if asked.get("keep"):
        folder = prepared.framework_folder(wing.framework)
        write_arrays(folder / "audited.safetensors", classifier.to_neutral(core))
        np.save(folder / f"answers_{wing.framework}.npy", _answers(wing, prepared, inputs, model))
    return {"losses": losses.losses}


def plans_of_steps(steps: int, rows: int, lengths: np.ndarray | None, recipe: Recipe) -> list[Plan]:
    """The plans of epochs that are one whole batch each, so that the loss reported of an epoch is exactly that of a step."""
    plans: list[Plan] = []
    for epoch in range(steps):
        plan = training_plan(rows, lengths, recipe.batch_size, recipe.seed, epoch)
        batches = plan.order.reshape(-1, recipe.batch_size)
        plans += [Plan(batch, plan.widths[number : number + 1]) for number, batch in enumerate(batches)]
        if len(plans) >= steps:
            break
    return plans[:steps]


class Listener:
    """A callback that both wings can call while they train, and that does nothing yet."""

    stop_training = False
    stopped = False
    """Whether a stop was asked for."""

    def on_train_begin(self) -> None: ...
    def on_epoch_begin(self, epoch: int) -> None: ...
    def on_train_batch_end(self, batch: int, logs: dict[str, Any]) -> None: ...
    def on_test_begin(self) -> None: ...
    def on_test_end(self) -> None: ...
    def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None: ...
    def on_train_end(self) -> None: ...


class StepLosses(Listener):
    """Keeps the loss of each step."""

    def __init__(self, steps: int, steps_per_epoch: int, stop_requested: Callable[[], bool]) -> None:
        self.losses: list[float] = []
        self._steps, self._steps_per_epoch, self._stop_requested = steps, steps_per_epoch, stop_requested
        self._sum = 0.0

    def on_train_batch_end(self, batch: int, logs: dict[str, Any]) -> None:
        """``logs["loss"]`` is the mean loss of the epoch so far."""
        if self._steps_per_epoch > 1:
            total = float(logs["loss"]) * (batch + 1)
            self._add(total - (self._sum if batch else 0.0))
            self._sum = total

    def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
        if self._steps_per_epoch == 1:
            self._add(float(logs["loss"]))

    def _add(self, loss: float) -> None:
        if not math.isfinite(loss):
            raise TrainingError(f"The loss of step {len(self.losses) + 1} is no longer a number. Expected one. Audit fewer steps.")
        self.losses.append(loss)
        self.stopped = self._stop_requested()
        self.stop_training = self.stopped or len(self.losses) == self._steps


def answer_transferred(wing: Wing, prepared: Run, asked: dict[str, Any]) -> dict[str, Any]:
    """How far this framework's answers with the weights that ``source`` has trained are from that framework's own."""
    inputs = load_inputs(prepared)
    classifier, core, model = wing.build(prepared, inputs, recipe_of(prepared.read_experiment(), inputs), "float32")
    folder = prepared.framework_folder(asked["source"])
    classifier.load_neutral(core, read_weights(folder / "audited.safetensors", {}))
    difference = np.abs(_answers(wing, prepared, inputs, model) - np.load(folder / f"answers_{asked['source']}.npy"))
    return {"max_logit_difference": float(difference.max())}


def _answers(wing: Wing, prepared: Run, inputs: Inputs, model: Any) -> np.ndarray:
    tensors, _, lengths = wing.tensors(prepared, inputs, "test", "float32", COMPARED_ROWS)
    if lengths is not None:
        tensors = tuple(values[..., : lengths.max()] for values in tensors)
    return np.asarray(wing.inference.predict_logits(model, tensors), np.float64)
