"""Initial weights under neutral names."""

from __future__ import annotations

import numpy as np
import pytest

from engine.shared.architecture import Architecture
from engine.shared.classifiers import CLASSIFIERS
from engine.shared.weights.initial import WEIGHTS, Weight, initial_weights, merge_initial

ARCHITECTURE = Architecture(num_classes=5, input_size=384, hidden_units=64, embedding_size=48, filters=40)


def test_every_classifier_says_what_its_weights_are() -> None:
    assert set(WEIGHTS) == set(CLASSIFIERS)


@pytest.mark.parametrize("classifier", WEIGHTS)
def test_the_draw_depends_on_the_seed_only(classifier: str) -> None:
    weights = WEIGHTS[classifier](ARCHITECTURE)
    drawn, again, other = (initial_weights(weights, seed) for seed in (0, 0, 1))
    assert {name: values.shape for name, values in drawn.items()} == {name: weight.shape for name, weight in weights.items()}
    assert all(values.dtype == np.float32 for values in drawn.values())
    assert all(np.array_equal(drawn[name], again[name]) for name in weights)
    assert not np.array_equal(drawn["output.weight"], other["output.weight"])
    assert drawn["output.weight"].shape[1] == 5 and not drawn["output.bias"].any()


@pytest.mark.parametrize(
    ("classifier", "name", "fan"),
    [
        ("embedding-mlp", "hidden.weight", 384 + 64),
        ("tfidf-mlp", "output.weight", 64 + 5),
        ("text-cnn", "convolution_3.weight", 3 * (48 + 40)),  # each filter sees three words
        ("text-cnn", "convolution_5.weight", 5 * (48 + 40)),
        ("bi-lstm", "forward.input_weight", 48 + 4 * 64),
        ("transformer", "output.weight", 384 + 5),
    ],
)
def test_matrices_and_filters_are_drawn_within_glorots_limit(classifier: str, name: str, fan: int) -> None:
    drawn = initial_weights(WEIGHTS[classifier](ARCHITECTURE), seed=0)[name]
    limit = np.sqrt(6 / fan)
    assert 0.95 * limit < np.abs(drawn).max() <= limit
    assert abs(float(drawn.std()) - limit / np.sqrt(3)) < 0.08 * limit


@pytest.mark.parametrize("classifier", ["text-cnn", "bi-lstm"])
def test_word_vectors_are_small_and_that_of_the_padding_is_zero(classifier: str) -> None:
    vectors = initial_weights(WEIGHTS[classifier](ARCHITECTURE), seed=0)["embedding.weight"]
    assert vectors.shape == (384, 48) and not vectors[0].any()
    assert 0.24 < np.abs(vectors[1:]).max() <= 0.25 and np.abs(vectors[1:]).max(axis=1).min() > 0


def test_the_lstm_keeps_the_length_of_its_state_and_remembers_at_first() -> None:
    drawn = initial_weights(WEIGHTS["bi-lstm"](ARCHITECTURE), seed=0)
    for direction in ("forward", "backward"):
        for gate in np.split(drawn[f"{direction}.recurrent_weight"], 4, axis=1):
            assert np.abs(gate.T @ gate - np.eye(64)).max() < 1e-5
        given, forget, candidate, shown = np.split(drawn[f"{direction}.bias"], 4)
        assert (forget == 1).all() and not (given.any() or candidate.any() or shown.any())
    assert not np.array_equal(drawn["forward.recurrent_weight"], drawn["backward.recurrent_weight"])


def test_what_is_left_to_a_framework_begins_as_it_drew_it() -> None:
    weights = {"output.weight": Weight((3, 2), "glorot"), "output.bias": Weight((2,))}
    shared = initial_weights(weights, seed=0)
    drawn = {name: values + 1 for name, values in shared.items()}

    def taken_from(own: set[str]) -> list[str]:
        merged = merge_initial(shared, drawn, frozenset(own))
        assert list(merged) == list(shared)
        return ["drawn" if np.array_equal(merged[name], drawn[name]) else "shared" for name in merged]

    assert taken_from(set()) == ["shared", "shared"]
    assert taken_from({"initialiser"}) == ["drawn", "shared"]
    assert taken_from({"bias"}) == ["shared", "drawn"]
    assert taken_from({"initialiser", "bias", "epsilon"}) == ["drawn", "drawn"]
