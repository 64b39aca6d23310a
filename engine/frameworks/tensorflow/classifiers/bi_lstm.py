"""A recurrent network in Keras that reads a text forwards and backwards.

Sources: S. Hochreiter and J. Schmidhuber, Long short-term memory, 1997; A. Graves and
J. Schmidhuber, Framewise phoneme classification with bidirectional LSTM, 2005.
"""

from __future__ import annotations

import keras
import numpy as np

from engine.shared.architecture import Architecture


def build(architecture: Architecture, own: frozenset[str] = frozenset()) -> keras.Model:
    """The untrained model: logits, or with ``own`` loss probabilities, as Keras's loss expects."""
    size, units = architecture.embedding_size, architecture.hidden_units
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    vectors = keras.layers.Embedding(architecture.input_size, size, name="embedding")(tokens)
    # Each direction skips what is masked. The first position is never padding, but in an empty
    # text, which is read as one padding: some GPU code refuses texts without any token.
    real = keras.ops.pad(tokens[:, 1:] != 0, [[0, 0], [1, 0]], constant_values=True)
    both = keras.layers.Bidirectional(keras.layers.LSTM(units), name="lstm")
    states = both(vectors, mask=real)  # (batch, 2 * units): where each direction has ended
    answer = "softmax" if "loss" in own else None
    output = keras.layers.Dense(architecture.num_classes, activation=answer, name="output")
    return keras.Model(tokens, output(states), name="bi_lstm")


def load_neutral(model: keras.Model, weights: dict[str, np.ndarray]) -> None:
    """Copy weights in neutral layout into the model."""
    for layer, names in _layers(model):
        layer.set_weights([weights[name] for name in names])


def to_neutral(model: keras.Model) -> dict[str, np.ndarray]:
    """Copies of the model's weights in neutral layout."""
    weights: dict[str, np.ndarray] = {}
    for layer, names in _layers(model):
        weights |= dict(zip(names, layer.get_weights(), strict=True))
    return weights


def _layers(model: keras.Model) -> list[tuple[keras.layers.Layer, list[str]]]:
    """Each layer and what its weights are called, in the order in which Keras gives them.

    The gates stand in the neutral order: input, forget, cell, output.
    """
    both = model.get_layer("lstm")
    kinds = ("input_weight", "recurrent_weight", "bias")
    return [
        (model.get_layer("embedding"), ["embedding.weight"]),
        (both.forward_layer, [f"forward.{kind}" for kind in kinds]),
        (both.backward_layer, [f"backward.{kind}" for kind in kinds]),
        (model.get_layer("output"), ["output.weight", "output.bias"]),
    ]
