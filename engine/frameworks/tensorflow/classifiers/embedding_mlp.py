"""The guide's classifier in Keras: a sentence vector, 512 rectified units, one output a class."""

from __future__ import annotations

import keras
import numpy as np

from engine.shared.architecture import Architecture


def build(architecture: Architecture, own: frozenset[str] = frozenset()) -> keras.Model:
    """The untrained model.

    It answers with logits, as the PyTorch one does; with ``own`` loss, with probabilities, because
    Keras's cross-entropy expects those unless told otherwise.
    """
    answer = "softmax" if "loss" in own else None
    return keras.Sequential(
        [
            keras.Input((architecture.input_size,)),  # (batch, input_size)
            keras.layers.Dense(architecture.hidden_units, activation="relu", name="hidden"),
            keras.layers.Dense(architecture.num_classes, activation=answer, name="output"),
        ],
        name="embedding_mlp",
    )


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
