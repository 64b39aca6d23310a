"""Predictions to figures: accuracy, F1, confusion, and how sure one can be that two accuracies differ."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine import FRAMEWORK_NAMES
from engine.units import Rows, Share, ShareDifference

Z_95 = 1.959964
"""The 97.5 % point of the normal distribution."""


@dataclass(frozen=True)
class ClassScores:
    """How well one class is told from the others on the test texts."""

    precision: Share
    """The share of the texts put into this class that belong to it; 0 where none was put there."""
    recall: Share
    """The share of the texts of this class that were put into it."""
    f1: Share
    """The harmonic mean of precision and recall."""
    support: Rows
    """Test texts of this class."""


@dataclass(frozen=True)
class Scores:
    """What a model reaches on the test texts."""

    test_accuracy: Share | None = None
    """The share of the test texts that get their true class."""
    macro_f1: Share | None = None
    """F1 averaged over the classes, each counting the same."""
    per_class: dict[str, ClassScores] = field(default_factory=dict)
    """The scores of each class, by its name."""
    confusion: tuple[tuple[Rows, ...], ...] = ()
    """The confusion matrix: a line for each true class, in it the texts put into each class."""


@dataclass(frozen=True)
class AccuracyDifference:
    """The accuracy of one model minus that of another on the same texts, with a confidence interval for paired proportions."""

    value: ShareDifference
    """The difference itself."""
    low: ShareDifference
    """The lower end of the interval."""
    high: ShareDifference
    """The upper end of the interval."""
    confidence: Share = 0.95
    """The confidence of the interval."""
    rows: Rows | None = None
    """Test texts that both have answered."""
    verdict: str = ""
    """One sentence on what the interval says."""


def score(labels: np.ndarray, predictions: np.ndarray, classes: tuple[str, ...]) -> Scores:
    """Return the scores of test rows.

    ``labels`` and ``predictions`` are class numbers, shape (rows,). A class that is never predicted has precision 0.
    """
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support  # here, for whoever only reads scores has no need of it

    numbers = list(range(len(classes)))
    columns = precision_recall_fscore_support(labels, predictions, labels=numbers, zero_division=0.0)
    precision, recall, f1, support = (column.tolist() for column in columns)
    return Scores(
        test_accuracy=float(np.mean(labels == predictions)),
        macro_f1=float(np.mean(f1)),
        per_class={name: ClassScores(*figures) for name, *figures in zip(classes, precision, recall, f1, support, strict=True)},
        confusion=tuple(map(tuple, confusion_matrix(labels, predictions, labels=numbers).tolist())),
    )


def accuracy_difference(labels: np.ndarray, left: np.ndarray, right: np.ndarray) -> AccuracyDifference:
    """Return the accuracy of ``left`` minus that of ``right`` on the same rows, with a 95 % confidence interval for paired proportions.

    Source: A. Agresti and Y. Min, Simple improved confidence intervals for comparing matched proportions, 2005 (the "+2" interval).
    """
    only_left = int(np.sum((left == labels) & (right != labels)))
    only_right = int(np.sum((right == labels) & (left != labels)))
    rows = len(labels)
    b, c, n = only_left + 0.5, only_right + 0.5, rows + 2
    centre = (b - c) / n
    half_width = Z_95 * np.sqrt((b + c) - (b - c) ** 2 / n) / n
    low, high = float(max(-1.0, centre - half_width)), float(min(1.0, centre + half_width))
    value = (only_left - only_right) / rows
    if only_left == only_right == 0:
        verdict = f"Both are right and wrong on the same {rows:,} test texts; no difference in accuracy was seen."
    elif low <= 0 <= high:
        verdict = f"The difference is within noise on {rows:,} test texts."
    else:
        better = FRAMEWORK_NAMES["pytorch" if value > 0 else "tensorflow"]
        verdict = f"{better} is more accurate on these {rows:,} test texts, beyond the noise of this one test set; another seed may differ."
    return AccuracyDifference(value, low, high, 0.95, rows, verdict)
