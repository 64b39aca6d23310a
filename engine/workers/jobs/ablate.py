"""A worker's job ``ablate``: whole trainings in which one default is left to the framework and everything else is matched."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, replace

import numpy as np

from engine.errors import TrainingError
from engine.runs.folder import Run
from engine.runs.preparing.inputs import load_inputs
from engine.runs.preparing.recipes import recipe_of
from engine.shared.batches import training_plan
from engine.shared.early_stopping import Progress
from engine.shared.recipe import Recipe
from engine.workers.callback import Listener, Logs
from engine.workers.requests.ablation import TrainingFigures, TrainingRequest
from engine.workers.session import Session


def train_once(session: Session, prepared: Run, request: TrainingRequest) -> TrainingFigures | None:
    """Train once: the last epoch's loss, the accuracy on the test texts, the time."""
    inputs, experiment = load_inputs(prepared), prepared.read_experiment()
    flip = {name: value for name, value in asdict(request.flip).items() if value is not None}
    recipe: Recipe = replace(recipe_of(experiment, inputs), seed=request.seed, own=frozenset(request.own), **flip)
    _, _, model = session.build(prepared, inputs, recipe, "float32")
    train_inputs, labels, lengths = session.tensors(prepared, inputs, "train", "float32")
    validation = session.tensors(prepared, inputs, "validation", "float32")
    batches = session.training.make_batches(
        train_inputs,
        labels,
        lambda epoch: training_plan(len(labels), lengths, recipe.batch_size, recipe.seed, epoch, recipe.compiled),
        recipe,
    )
    clock = EpochClock(lambda: session.devices.synchronize(session.device), session.stop_requested)
    optimizer = session.training.make_optimizer(model, recipe)
    session.training.train(model, optimizer, batches, validation, recipe, experiment.epochs, Progress(), lambda _: None, clock)
    if clock.stopped:
        return None
    test_inputs, test_labels, test_lengths = session.tensors(prepared, inputs, "test", "float32")
    predicted = session.inference.predict(model, test_inputs, test_lengths).argmax(axis=1)
    accuracy = float(np.mean(predicted == np.asarray(test_labels)))
    return TrainingFigures(final_loss=clock.loss, accuracy=accuracy, seconds=clock.seconds)


class EpochClock(Listener):
    """Keeps the last loss and the time that epochs take."""

    def __init__(self, synchronize: Callable[[], None], stop_requested: Callable[[], bool]) -> None:
        self.loss = math.nan
        self._epochs: list[float] = []
        self._synchronize, self._stop_requested = synchronize, stop_requested
        self._started = self._looked = time.perf_counter()

    @property
    def seconds(self) -> float:
        """The time of all epochs, each as long as the median one; the first, which holds tracing and warm-up, is left out of it."""
        return statistics.median(self._epochs[1:] or self._epochs) * len(self._epochs)

    def on_epoch_begin(self, epoch: int) -> None:
        self._started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        if time.perf_counter() - self._looked > 0.2:
            self._looked = time.perf_counter()
            self.stopped = self.stop_training = self._stop_requested()

    def on_test_begin(self) -> None:
        self._synchronize()
        self._epochs.append(time.perf_counter() - self._started)

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        self.loss = float(logs["loss"])
        if not math.isfinite(self.loss):
            raise TrainingError(f"The loss of epoch {epoch + 1} is no longer a number. Expected one. Choose a smaller learning rate.")
