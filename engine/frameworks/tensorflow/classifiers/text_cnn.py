"""A convolution over words in Keras: which phrases of three to five words occur anywhere?

Source: Y. Kim, Convolutional neural networks for sentence classification, 2014 (CNN-rand).
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from engine.shared.architecture import Architecture
from engine.shared.weights.initial import CNN_WIDTHS

LAYERS = (*(f"convolution_{width}" for width in CNN_WIDTHS), "output")


class WideEnough(keras.layers.Layer):
    """Pads a batch of short texts, so that the widest filter fits."""

    def call(self, tokens: tf.Tensor) -> tf.Tensor:
        missing = tf.maximum(0, max(CNN_WIDTHS) - tf.shape(tokens)[1])
        return tf.pad(tokens, [[0, 0], [0, missing]])

    def compute_output_shape(self, tokens_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (tokens_shape[0], None)


class Strongest(keras.layers.Layer):
    """The strongest answer of each filter."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def call(self, answers: tf.Tensor, tokens: tf.Tensor) -> tf.Tensor:
        # Only windows within the text count; a text shorter than the filter keeps its first.
        lengths = tf.math.count_nonzero(tokens, axis=1, keepdims=True, dtype=tf.int32)
        starts = tf.range(tf.shape(answers)[1])
        inside = tf.cast(starts <= tf.maximum(lengths - self.width, 0), answers.dtype)
        return tf.reduce_max(answers * inside[:, :, None], axis=1)  # (batch, filters)

    def compute_output_shape(
        self, answers_shape: tuple[int | None, ...], tokens_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        return (answers_shape[0], answers_shape[2])


def build(architecture: Architecture, own: frozenset[str] = frozenset()) -> keras.Model:
    """The untrained model: logits, or with ``own`` loss probabilities, as Keras's loss expects."""
    size, filters = architecture.embedding_size, architecture.filters
    given = keras.Input((None,), dtype="int32", name="tokens")
    tokens = WideEnough()(given)
    vectors = keras.layers.Embedding(architecture.input_size, size, name="embedding")(tokens)
    strongest = []
    for width in CNN_WIDTHS:  # vectors: (batch, tokens, embedding_size)
        name = f"convolution_{width}"
        convolution = keras.layers.Conv1D(filters, width, activation="relu", name=name)
        strongest.append(Strongest(width)(convolution(vectors), tokens))
    features = keras.layers.Concatenate()(strongest)  # (batch, 3 * filters)
    answer = "softmax" if "loss" in own else None
    output = keras.layers.Dense(architecture.num_classes, activation=answer, name="output")
    return keras.Model(given, output(features), name="text_cnn")


def load_neutral(model: keras.Model, weights: dict[str, np.ndarray]) -> None:
    """Copy weights in neutral layout into the model; Keras keeps all of them in that layout."""
    model.get_layer("embedding").set_weights([weights["embedding.weight"]])
    for name in LAYERS:
        model.get_layer(name).set_weights([weights[f"{name}.weight"], weights[f"{name}.bias"]])


def to_neutral(model: keras.Model) -> dict[str, np.ndarray]:
    """Copies of the model's weights in neutral layout: filters as (width, inputs, filters)."""
    weights = {"embedding.weight": model.get_layer("embedding").get_weights()[0]}
    for name in LAYERS:
        weights[f"{name}.weight"], weights[f"{name}.bias"] = model.get_layer(name).get_weights()
    return weights
