"""Class weights: what a person may write, what it becomes, and the words about what cannot be."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from engine.errors import DataError
from engine.shared.class_weights import check_class_weights, class_weights

LABELS = np.array([0] * 6 + [1] * 3 + [2])
CLASSES = ("ham", "spam", "odd=name")


def test_balanced_is_scikit_learns() -> None:
    expected = compute_class_weight("balanced", classes=np.arange(3), y=LABELS)
    assert class_weights("balanced", CLASSES, LABELS) == pytest.approx(expected)


def test_none_and_named() -> None:
    assert class_weights("none", CLASSES, LABELS) is None
    assert class_weights("spam=5, odd=name=0.5", CLASSES, LABELS) == (1.0, 5.0, 0.5)


@pytest.mark.parametrize("asked", ["none", "balanced", "a=1", "a=2.5, b=0", " balanced "])
def test_what_may_be_written(asked: str) -> None:
    assert check_class_weights(asked) is None


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("", "found “”"),
        ("even", "found “even”"),
        ("a=x", "“x” is not a number"),
        ("a=-1", "the weight of “a” is -1"),
        ("a=nan", "the weight of “a” is nan"),
        ("a=1, a=2", "“a” is named twice"),
        (7, "must be a text"),
    ],
)
def test_what_may_not(asked: object, words: str) -> None:
    assert words in (check_class_weights(asked) or "")


def test_a_class_that_is_not_there() -> None:
    with pytest.raises(DataError, match="name “egg”, which no text is labelled"):
        class_weights("egg=2", CLASSES, LABELS)


def test_a_class_without_training_texts() -> None:
    with pytest.raises(DataError, match="no training text is labelled “odd=name”"):
        class_weights("balanced", CLASSES, LABELS[:9])
    with pytest.raises(DataError, match="a weight cannot help a class that is never seen"):
        class_weights("odd=name=2", CLASSES, LABELS[:9])
    assert class_weights("spam=2", CLASSES, LABELS[:9]) == (1.0, 2.0, 1.0)
