"""The guide's classifier in Keras: a sentence vector, 512 rectified units, one output a class."""

from __future__ import annotations

import keras
import numpy as np


def build(
    input_size: int, hidden_units: int, num_classes: int, mode: str = "matched"
) -> keras.Model:
    """The untrained model.

    In matched mode it answers with logits, as the PyTorch one does; with the framework's defaults,
    with probabilities, because Keras's cross-entropy expects those unless told otherwise.
    """
    return keras.Sequential(
        [
            keras.Input((input_size,)),  # (batch, input_size)
            keras.layers.Dense(
                hidden_units, activation="relu", name="hidden"
            ),  # (batch, hidden_units)
            keras.layers.Dense(
                num_classes, activation="softmax" if mode == "defaults" else None, name="output"
            ),  # (batch, num_classes)
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
