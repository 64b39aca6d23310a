"""What proves a model in a worker: its answers to the test texts, its losses in further training, and how long each stage takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine import FRAMEWORK_NAMES
from engine.runs.folder import Run
from engine.runs.preparing.graph_inputs import OWN, part_of_run, rows_are_windows
from engine.runs.preparing.inputs import Inputs
from engine.runs.preparing.recipes import recipe_of
from engine.shared.batches import evaluation_batch, evaluation_plan
from engine.shared.early_stopping import Progress
from engine.shared.encoders.checkpoint import resolve
from engine.workers.session import Session
from engine.workers.step_losses import StepLosses, plans_of_steps
from engine.workers.wing import make_embed


class Stages:
    """Says what is being done, stage after stage, and keeps how long each took."""

    def __init__(self, session: Session, expected: int) -> None:
        self._session, self._expected = session, expected
        self.seconds: dict[str, float] = {"loads": session.import_seconds}
        """The seconds of each stage, by what is done in it: ``answers the test texts``."""

    @contextmanager
    def __call__(self, words: str) -> Iterator[None]:
        """Time a stage; ``words`` say what the framework does, as a sentence goes on that begins with its name."""
        self._session.say(f"{FRAMEWORK_NAMES[self._session.framework]} {words}", (len(self.seconds) - 1) / self._expected)
        started = time.perf_counter()
        yield
        self.seconds[words] = time.perf_counter() - started


def keep_answers(session: Session, run: Run, inputs: Inputs, model: Any, file: Path, form: str = OWN, exact: bool = False) -> float:
    """Keep the logits of all test texts, (texts, classes), and return the share of right ones.

    With ``exact`` they are those to vectors in float32, also where the run has kept some that were computed in bfloat16.
    """
    arrays, labels, lengths = part_of_run(run, inputs, "test", form)
    if exact and form == OWN and inputs.encoding_precision == "bfloat16":
        arrays = (_exact_vectors(session, run, inputs),)
    size = _fewer(evaluation_batch(lengths), arrays, run, form)
    plan = evaluation_plan(len(labels), lengths, size)
    logits = np.empty((len(labels), inputs.num_classes), np.float32)
    for number, width in enumerate(plan.widths.tolist()):
        rows = plan.order[number * size : (number + 1) * size]
        batch, _ = session.training.as_tensors(tuple(values[rows][..., : width or None] for values in arrays), labels[rows], session.device)
        logits[rows] = session.inference.predict_logits(model, batch)
    np.save(file, logits)
    return float(np.mean(logits.argmax(axis=1) == labels))


def _exact_vectors(session: Session, run: Run, inputs: Inputs) -> np.ndarray:
    """Return the vectors of the test texts, computed again in float32."""
    every = inputs.texts(run)
    embed = make_embed(session.framework, resolve(inputs.encoder), run.read_experiment(), "cpu")
    return embed([every[row] for row in inputs.rows["test"].tolist()])


def _fewer(size: int, arrays: Any, run: Run, form: str) -> int:
    """Return how many rows go at once: where each has all its windows in one graph, as many windows as there would be texts."""
    return max(1, size // arrays[0].shape[1]) if rows_are_windows(run, form) else size


BATCH_ROWS, TRAINING_ROWS = 8, 1024
"""Texts of a further step, and among how many they are drawn: enough to show that both learn alike, and few enough for an encoder."""

VALIDATION_ROWS = 1
"""``train`` validates after every epoch, and here each step is one: as little as that can be."""


def train_on(session: Session, run: Run, inputs: Inputs, model: Any, steps: int, form: str = OWN) -> tuple[float, ...] | None:
    """Train a few further steps, of the same batches in the same order in both frameworks, and return their losses; none after a stop.

    The optimizer is new in both, for its memory does not travel.
    """
    recipe = replace(
        recipe_of(run.read_experiment(), inputs), own=frozenset(), steps_per_call=1, warmup_steps=0, decay_steps=0, compiled=False
    )
    every = min(len(inputs.rows["train"]), TRAINING_ROWS)
    arrays, labels, lengths = part_of_run(run, inputs, "train", form, every)
    size = _fewer(min(recipe.batch_size, BATCH_ROWS, every), arrays, run, form)
    recipe = replace(recipe, batch_size=size)
    whole = slice(every // size * size)
    arrays, labels, lengths = tuple(values[whole] for values in arrays), labels[whole], None if lengths is None else lengths[whole]
    tensors, targets = session.training.as_tensors(arrays, labels, session.device)
    some, some_labels, some_lengths = part_of_run(run, inputs, "validation", form, VALIDATION_ROWS)
    validation = (*session.training.as_tensors(some, some_labels, session.device), some_lengths)
    plans = plans_of_steps(steps, len(labels), lengths, recipe)
    batches = session.training.make_batches(tensors, targets, plans.__getitem__, recipe)
    losses = StepLosses(steps, 1, session.stop_requested)
    optimizer = session.training.make_optimizer(model, recipe)
    session.training.train(model, optimizer, batches, validation, recipe, steps, Progress(), lambda _: None, losses)
    return None if losses.stopped else tuple(losses.losses)
