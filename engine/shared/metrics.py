"""Predictions to figures: accuracy, F1, confusion, and how sure one can be that two accuracies differ."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from engine import FRAMEWORK_NAMES

Z_95 = 1.959964
"""The 97.5 % point of the normal distribution."""


def score(labels: np.ndarray, predictions: np.ndarray, classes: tuple[str, ...]) -> dict[str, Any]:
    """Accuracy, macro-F1, per-class figures and the confusion matrix (rows: true class) of test rows.

    ``labels`` and ``predictions`` are class numbers, shape (rows,). A class that is never predicted has precision 0.
    """
    numbers = list(range(len(classes)))
    precision, recall, f1, support = precision_recall_fscore_support(labels, predictions, labels=numbers, zero_division=0.0)
    return {
        "test_accuracy": float(np.mean(labels == predictions)),
        "macro_f1": float(np.mean(f1)),
        "per_class": {
            name: {"precision": float(precision[i]), "recall": float(recall[i]), "f1": float(f1[i]), "support": int(support[i])}
            for i, name in enumerate(classes)
        },
        "confusion": confusion_matrix(labels, predictions, labels=numbers).tolist(),
    }


def accuracy_difference(labels: np.ndarray, left: np.ndarray, right: np.ndarray) -> dict[str, Any]:
    """The accuracy of ``left`` minus that of ``right`` on the same rows, with a 95 % confidence interval for paired proportions.

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
    return {"value": value, "low": low, "high": high, "confidence": 0.95, "rows": rows, "verdict": verdict}
