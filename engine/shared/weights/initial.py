"""Initial weights, drawn once with NumPy, under names and layouts that belong to neither framework.

A dense layer's ``weight`` has the shape (inputs, outputs), as in the equation ``outputs = inputs · weight + bias``; a convolution's
(width, inputs, filters); an LSTM's gates stand in the order input, forget, cell, output along the last axis. The pre-trained part of
``transformer`` keeps the names and layouts of its checkpoint file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.shared.architecture import Architecture

CNN_WIDTHS = (3, 4, 5)
"""Words that one filter of ``text-cnn`` sees. Source: Y. Kim, Convolutional neural networks for sentence classification, 2014."""


@dataclass(frozen=True)
class Weight:
    """One array of a classifier and how it is drawn: ``glorot``, ``embedding``, ``orthogonal``, ``zeros`` or ``forget``."""

    shape: tuple[int, ...]
    draw: str = "zeros"


def dense_weights(name: str, inputs: int, outputs: int) -> dict[str, Weight]:
    """Matrix and bias of one dense layer."""
    return {f"{name}.weight": Weight((inputs, outputs), "glorot"), f"{name}.bias": Weight((outputs,))}


def mlp_weights(architecture: Architecture) -> dict[str, Weight]:
    """Weights of ``embedding-mlp`` and ``tfidf-mlp``: two dense layers."""
    hidden = architecture.hidden_units
    return dense_weights("hidden", architecture.input_size, hidden) | dense_weights("output", hidden, architecture.num_classes)


def text_cnn_weights(architecture: Architecture) -> dict[str, Weight]:
    """Weights of ``text-cnn``: word vectors, one convolution a width, one dense layer."""
    size, filters = architecture.embedding_size, architecture.filters
    weights = {"embedding.weight": Weight((architecture.input_size, size), "embedding")}
    for width in CNN_WIDTHS:
        name = f"convolution_{width}"
        weights |= {f"{name}.weight": Weight((width, size, filters), "glorot"), f"{name}.bias": Weight((filters,))}
    return weights | dense_weights("output", len(CNN_WIDTHS) * filters, architecture.num_classes)


def bi_lstm_weights(architecture: Architecture) -> dict[str, Weight]:
    """Weights of ``bi-lstm``: word vectors, an LSTM in each direction, one dense layer."""
    size, units = architecture.embedding_size, architecture.hidden_units
    weights = {"embedding.weight": Weight((architecture.input_size, size), "embedding")}
    for direction in ("forward", "backward"):
        weights |= {
            f"{direction}.input_weight": Weight((size, 4 * units), "glorot"),
            f"{direction}.recurrent_weight": Weight((units, 4 * units), "orthogonal"),
            f"{direction}.bias": Weight((4 * units,), "forget"),
        }
    return weights | dense_weights("output", 2 * units, architecture.num_classes)


def transformer_weights(architecture: Architecture) -> dict[str, Weight]:
    """Weights of ``transformer`` that are drawn: those of the head. The encoder's come from its checkpoint."""
    return dense_weights("output", architecture.input_size, architecture.num_classes)


WEIGHTS = {
    "embedding-mlp": mlp_weights,
    "tfidf-mlp": mlp_weights,
    "text-cnn": text_cnn_weights,
    "bi-lstm": bi_lstm_weights,
    "transformer": transformer_weights,
}
"""The function that says what a classifier's weights are called, how large they are and how they begin; a new one adds its line here."""


def initial_weights(weights: Mapping[str, Weight], seed: int) -> dict[str, np.ndarray]:
    """Float32 weights for matched mode, the same in both frameworks.

    Sources: X. Glorot and Y. Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010, for matrices;
    Y. Kim, 2014, for word vectors (uniform within ±0.25, the padding's all zero); R. Jozefowicz et al., An empirical exploration of
    recurrent network architectures, 2015, for the bias of 1 of the forget gate.
    """
    generator = np.random.default_rng(seed)
    return {name: _draw(weight, generator).astype(np.float32) for name, weight in weights.items()}


def _draw(weight: Weight, generator: np.random.Generator) -> np.ndarray:
    shape = weight.shape
    if weight.draw == "glorot":
        seen = int(np.prod(shape[:-2]))  # positions that a convolution's filter covers; 1 for a matrix
        limit = np.sqrt(6 / (seen * (shape[-2] + shape[-1])))
        return generator.uniform(-limit, limit, shape)
    if weight.draw == "embedding":
        vectors = generator.uniform(-0.25, 0.25, shape)
        vectors[0] = 0.0
        return vectors
    if weight.draw == "orthogonal":
        square = [np.linalg.qr(generator.normal(size=(shape[0], shape[0])))[0] for _ in range(shape[1] // shape[0])]
        return np.concatenate(square, axis=1)
    values = np.zeros(shape)
    if weight.draw == "forget":
        units = shape[0] // 4
        values[units : 2 * units] = 1.0
    return values


def merge_initial(shared: Mapping[str, np.ndarray], drawn: Mapping[str, np.ndarray], own: frozenset[str]) -> dict[str, np.ndarray]:
    """Return the weights to begin with: the shared ones, but the framework's own draw of the kinds that are left to it."""
    return {name: drawn[name] if ("bias" if name.endswith("bias") else "initialiser") in own else values for name, values in shared.items()}
