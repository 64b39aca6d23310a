"""Weighted word counts in Keras: one number a known term, then the dense layers of the guide.

Source: K. Spärck Jones, A statistical interpretation of term specificity, 1972.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from engine.shared.architecture import Architecture


class Spread(keras.layers.Layer):
    """TF-IDF vectors from the few terms that a text does have."""

    def __init__(self, input_size: int) -> None:
        super().__init__()
        self.input_size = input_size

    def call(self, terms: tf.Tensor, shares: tf.Tensor) -> tf.Tensor:
        # terms and shares: (batch, longest). Padding adds a share of 0 to term 0: nothing.
        texts, longest = tf.shape(terms)[0], tf.shape(terms)[1]
        rows = tf.repeat(tf.range(texts)[:, None], longest, axis=1)
        places = tf.stack([rows, terms], axis=2)  # (batch, longest, 2)
        return tf.scatter_nd(places, shares, (texts, self.input_size))

    def compute_output_shape(
        self, terms_shape: tuple[int | None, ...], shares_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        return (terms_shape[0], self.input_size)


def build(architecture: Architecture, own: frozenset[str] = frozenset()) -> keras.Model:
    """The untrained model: logits, or with ``own`` loss probabilities, as Keras's loss expects."""
    terms = keras.Input((None,), dtype="int32", name="terms")
    shares = keras.Input((None,), name="shares")
    vectors = Spread(architecture.input_size)(terms, shares)  # (batch, input_size)
    hidden = keras.layers.Dense(architecture.hidden_units, activation="relu", name="hidden")
    answer = "softmax" if "loss" in own else None
    output = keras.layers.Dense(architecture.num_classes, activation=answer, name="output")
    return keras.Model([terms, shares], output(hidden(vectors)), name="tfidf_mlp")


def load_neutral(model: keras.Model, weights: dict[str, np.ndarray]) -> None:
    """Copy weights in neutral layout into the model.

    ``Dense`` keeps its matrix as (inputs, outputs), so nothing is transposed.
    """
    for name in ("hidden", "output"):
        model.get_layer(name).set_weights([weights[f"{name}.weight"], weights[f"{name}.bias"]])


def to_neutral(model: keras.Model) -> dict[str, np.ndarray]:
    """Copies of the model's weights in neutral layout: matrices as (inputs, outputs)."""
    weights = {}
    for name in ("hidden", "output"):
        weights[f"{name}.weight"], weights[f"{name}.bias"] = model.get_layer(name).get_weights()
    return weights
