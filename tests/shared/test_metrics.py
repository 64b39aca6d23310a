"""Figures against scikit-learn and against what the words say."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
from sklearn.metrics import f1_score

from engine.shared.metrics import ClassScores, accuracy_difference, score

CLASSES = ("a", "b", "c")


def test_scores() -> None:
    labels, predictions = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 1, 1, 2, 0])
    figures = score(labels, predictions, CLASSES)
    assert figures.test_accuracy == pytest.approx(4 / 6)
    assert figures.macro_f1 == pytest.approx(f1_score(labels, predictions, average="macro"))
    assert figures.confusion == ((1, 1, 0), (0, 2, 0), (1, 0, 1)), "rows are the true classes"
    assert figures.per_class["b"] == ClassScores(pytest.approx(2 / 3), 1.0, pytest.approx(0.8), 2)
    json.dumps(asdict(figures))


def test_a_class_that_is_never_predicted_or_never_there() -> None:
    figures = score(np.array([0, 0, 1]), np.array([0, 0, 0]), CLASSES)
    assert figures.per_class["b"].precision == 0.0
    assert figures.per_class["c"] == ClassScores(0.0, 0.0, 0.0, 0)
    assert np.array(figures.confusion).shape == (3, 3)


def models(both: int, only_left: int, only_right: int, neither: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    counts = (both, only_left, only_right, neither)
    left, right = np.repeat([1, 1, 0, 0], counts), np.repeat([1, 0, 1, 0], counts)
    return np.ones(sum(counts), int), left, right


def test_the_same_answers_are_no_difference() -> None:
    difference = accuracy_difference(*models(90, 0, 0, 10))
    assert difference.value == 0 and difference.low < 0 < difference.high
    assert difference.verdict == "Both are right and wrong on the same 100 test texts; no difference in accuracy was seen."


def test_noise_crowns_no_winner() -> None:
    difference = accuracy_difference(*models(90, 3, 1, 6))
    assert difference.value == pytest.approx(0.02) and difference.low <= 0 <= difference.high
    assert difference.verdict == "The difference is within noise on 100 test texts."


@pytest.mark.parametrize(("counts", "name"), [((500, 60, 5, 435), "PyTorch"), ((500, 5, 60, 435), "TensorFlow")])
def test_what_is_beyond_noise_is_said_with_its_limits(counts: tuple[int, int, int, int], name: str) -> None:
    difference = accuracy_difference(*models(*counts))
    assert abs(difference.value) == pytest.approx(0.055) and difference.low * difference.high > 0
    assert difference.verdict.startswith(f"{name} is more accurate on these 1,000 test texts")
    assert "another seed may differ" in difference.verdict and difference.confidence == 0.95


def test_the_interval_keeps_its_promise() -> None:
    """It covers the true difference in about 95 of 100 draws (Agresti and Min report slightly more)."""
    generator = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        outcome = generator.choice(4, 200, p=[0.8, 0.08, 0.04, 0.08])  # both, only left, only right, neither
        difference = accuracy_difference(np.ones(200), np.isin(outcome, [0, 1]).astype(float), np.isin(outcome, [0, 2]).astype(float))
        covered += difference.low <= 0.04 <= difference.high
    assert covered / 400 >= 0.93
