"""Runs that have read their texts and trained nothing yet, for scripts that are written and not run."""

from __future__ import annotations

import sys
from typing import Any

import pandas

from engine.data.choice import DataChoice
from engine.runs.experiment import Experiment
from engine.runs.folder import Run, create_run
from engine.source.scripts import COLUMNS

RUFF = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select", "F,E9,B", "--target-version", "py311"]


EVERYTHING = {
    "mode": "defaults", "long_texts": "windows", "class_weights": "balanced", "compiled": True, "precision": "mixed", "device": "gpu",
    "weight_decay": 0.1, "clip_norm": 1.0, "rate_schedule": "linear", "warmup_share": 0.5,
}  # fmt: skip
"""Every setting that adds a part to a script."""


def prepared_run(classifier: str, **changes: Any) -> Run:
    """A run that has read its texts and trained nothing yet."""
    choice = DataChoice(dataset="sample", name="support_messages.csv", text=("message",), label="department")
    run = create_run(Experiment.recommended(choice, classifier, **changes))
    rows = [(f"text number {number}", "xy"[number % 2], ("train", "train", "validation", "test")[number // 2 % 4]) for number in range(16)]
    pandas.DataFrame(rows, columns=COLUMNS).to_parquet(run.data_file, index=False)
    return run
