"""Answers of a trained model in TensorFlow."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf


def predict_logits(model: keras.Model, features: tf.Tensor) -> np.ndarray:
    """What the last layer answers for one batch, shape (rows, num_classes)."""
    return model(features, training=False).numpy()


def predict(model: keras.Model, features: tf.Tensor, batch_size: int = 256) -> np.ndarray:
    """Class probabilities, float32, shape (rows, num_classes)."""
    answers = [
        model(features[start : start + batch_size], training=False)
        for start in range(0, len(features), batch_size)
    ]
    if model.get_layer("output").activation is keras.activations.linear:
        answers = [tf.nn.softmax(logits, axis=1) for logits in answers]
    return tf.concat(answers, axis=0).numpy()


def classify(
    texts: Sequence[str],
    encode: Callable[[Sequence[str]], np.ndarray],
    model: keras.Model,
    device: str,
) -> tuple[np.ndarray, float, float]:
    """Class probabilities of new texts, shape (texts, num_classes), and the time they took.

    The two times are the milliseconds spent on encoding and on classifying.
    """
    started = time.perf_counter()
    vectors = encode(texts)  # (texts, hidden_size)
    encoded = time.perf_counter()
    with tf.device(device):
        probabilities = predict(model, tf.constant(vectors))
    finished = time.perf_counter()
    return probabilities, (encoded - started) * 1000, (finished - encoded) * 1000
