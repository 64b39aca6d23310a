"""Initial weights under neutral names."""

from __future__ import annotations

import numpy as np

from engine.neutral.weights import SHAPES, initial_weights
from engine.running.experiment import CLASSIFIERS


def test_every_classifier_has_its_shapes() -> None:
    assert set(SHAPES) == set(CLASSIFIERS)


def test_glorot_matrices_and_zero_biases_that_depend_on_the_seed_only() -> None:
    shapes = SHAPES["embedding-mlp"](384, 512, 5)
    weights = initial_weights(shapes, seed=0)
    assert {name: values.shape for name, values in weights.items()} == shapes
    assert all(values.dtype == np.float32 for values in weights.values())
    for name, (inputs, outputs) in {"hidden.weight": (384, 512), "output.weight": (512, 5)}.items():
        limit = np.sqrt(6 / (inputs + outputs))
        assert np.abs(weights[name]).max() <= limit
        assert abs(float(weights[name].std()) - limit / np.sqrt(3)) < 0.05 * limit
    assert not weights["hidden.bias"].any() and not weights["output.bias"].any()
    again, other = initial_weights(shapes, seed=0), initial_weights(shapes, seed=1)
    assert all(np.array_equal(weights[name], again[name]) for name in shapes)
    assert not np.array_equal(weights["hidden.weight"], other["hidden.weight"])
