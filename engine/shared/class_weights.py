"""How much each class counts in the loss: what a person writes becomes one number a class, the same in both frameworks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine.errors import DataError

CHOICES = ("none", "balanced")


def check_class_weights(asked: object) -> str | None:
    """Return what is wrong with the words of a setting, or ``None``; whether the classes exist is known with the data only."""
    if not isinstance(asked, str):
        return f"class_weights must be a text, but is {asked!r}"
    try:
        _named(asked)
    except ValueError as error:
        return f"class_weights must be 'none', 'balanced' or weights like 'spam=5, ham=1', but {error}"
    return None


def class_weights(asked: str, classes: Sequence[str], labels: np.ndarray) -> tuple[float, ...] | None:
    """Return one weight a class, or ``None`` where all count the same.

    ``labels`` are the class numbers of the training texts, shape (rows,). ``balanced`` is rows / (classes · rows of the class), as in
    scikit-learn. Raises ``DataError`` when a named class is not in the data, or a class that must be weighed has no training text.
    """
    if asked.strip() == "none":
        return None
    counts = np.bincount(labels, minlength=len(classes))
    absent = [name for name, count in zip(classes, counts, strict=True) if count == 0]
    if asked.strip() == "balanced":
        if absent:
            raise DataError(
                f"Balanced class weights cannot be computed: no training text is labelled {_quoted(absent)}. Expected at least one text of "
                "each class in the training part. Add texts, remove the class, or set class_weights to 'none'."
            )
        return tuple(float(weight) for weight in len(labels) / (len(classes) * counts))
    named = _named(asked)
    unknown = [name for name in named if name not in classes]
    if unknown:
        raise DataError(
            f"The class weights name {_quoted(unknown)}, which no text is labelled. Expected classes out of {_quoted(list(classes)[:20])}. "
            "Correct the name or leave it out."
        )
    empty = [name for name in named if name in absent]
    if empty:
        raise DataError(
            f"The class weights name {_quoted(empty)}, but no training text is labelled so; a weight cannot help a class that is never "
            "seen. Add texts of this class, or leave its weight out."
        )
    return tuple(named.get(name, 1.0) for name in classes)


def _named(asked: str) -> dict[str, float]:
    if asked.strip() in CHOICES:
        return {}
    weights: dict[str, float] = {}
    for part in asked.split(","):
        name, equals, number = part.rpartition("=")
        if not equals or not name.strip():
            raise ValueError(f"found “{part.strip()}”")
        try:
            weight = float(number)
        except ValueError:
            raise ValueError(f"“{number.strip()}” is not a number") from None
        if not math.isfinite(weight) or weight < 0:
            raise ValueError(f"the weight of “{name.strip()}” is {weight:g}, where a number of at least 0 was expected")
        if name.strip() in weights:
            raise ValueError(f"“{name.strip()}” is named twice")
        weights[name.strip()] = weight
    return weights


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)
