"""Answers of a trained model in TensorFlow."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import lru_cache

import keras
import numpy as np
import tensorflow as tf

from engine.frameworks.tensorflow.training import _gives_logits
from engine.shared.batches import evaluation_batch, evaluation_plan


@lru_cache(maxsize=4)
def _answer(model: keras.Model) -> Callable[..., tf.Tensor]:
    """The model as one graph.

    The open shapes let TensorFlow trace it once instead of once a batch size and length.
    """
    shapes = [tf.TensorSpec(given.shape, given.dtype) for given in model.inputs]
    return tf.function(
        lambda *inputs: model(inputs if len(inputs) > 1 else inputs[0], training=False),
        input_signature=shapes,
    )


def predict_logits(model: keras.Model, inputs: tuple[tf.Tensor, ...]) -> np.ndarray:
    """What the last layer answers for one batch, shape (rows, num_classes)."""
    return _answer(model)(*inputs).numpy()


def predict(
    model: keras.Model, inputs: tuple[tf.Tensor, ...], lengths: np.ndarray | None = None
) -> np.ndarray:
    """Class probabilities, shape (rows, num_classes), in the order of the rows.

    Where rows are tokens, ``lengths`` says how many; texts of like length share a batch.
    """
    batch_size = evaluation_batch(lengths)
    plan = evaluation_plan(len(inputs[0]), lengths, batch_size)
    answers = []
    for number, width in enumerate(plan.widths.tolist()):
        rows = plan.order[number * batch_size : (number + 1) * batch_size]
        batch = tuple(tf.gather(values, rows) for values in inputs)
        batch = tuple(values[..., :width] for values in batch) if width else batch
        answer = _answer(model)(*batch)  # (batch, num_classes)
        answers.append(tf.nn.softmax(answer, axis=1) if _gives_logits(model) else answer)
    probabilities = tf.concat(answers, axis=0).numpy()
    return probabilities[np.argsort(plan.order)]


def classify(
    texts: Sequence[str],
    encode: Callable[[Sequence[str]], tuple[tuple[np.ndarray, ...], np.ndarray | None]],
    model: keras.Model,
    device: str,
) -> tuple[np.ndarray, float, float]:
    """Class probabilities of new texts, shape (texts, num_classes), and the time they took.

    ``encode`` turns texts into what the classifier takes, and their lengths in tokens. The two
    times are the milliseconds spent on encoding and on classifying.
    """
    started = time.perf_counter()
    arrays, lengths = encode(texts)
    encoded = time.perf_counter()
    with tf.device(device):
        inputs = tuple(tf.constant(values) for values in arrays)
        probabilities = predict(model, inputs, lengths)
    finished = time.perf_counter()
    return probabilities, (encoded - started) * 1000, (finished - encoded) * 1000
