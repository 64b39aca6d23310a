"""Initial weights, drawn once with NumPy, under names and layouts that belong to neither framework.

A dense layer's ``weight`` has the shape (inputs, outputs), as in the equation ``outputs = inputs · weight + bias``.
"""

from __future__ import annotations

import numpy as np


def embedding_mlp_shapes(input_size: int, hidden_units: int, num_classes: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the weights of ``embedding-mlp``."""
    return {
        "hidden.weight": (input_size, hidden_units),
        "hidden.bias": (hidden_units,),
        "output.weight": (hidden_units, num_classes),
        "output.bias": (num_classes,),
    }


SHAPES = {"embedding-mlp": embedding_mlp_shapes}
"""For each classifier, what its weights are called and how large they are; a new classifier adds its line here."""


def initial_weights(shapes: dict[str, tuple[int, ...]], seed: int) -> dict[str, np.ndarray]:
    """Float32 weights for matched mode: Glorot-uniform matrices and zero biases, the same in both frameworks.

    Source: X. Glorot and Y. Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010.
    """
    generator = np.random.default_rng(seed)
    weights = {}
    for name, shape in shapes.items():
        if len(shape) == 1:
            weights[name] = np.zeros(shape, np.float32)
        else:
            limit = np.sqrt(6 / (shape[0] + shape[1]))
            weights[name] = generator.uniform(-limit, limit, shape).astype(np.float32)
    return weights
