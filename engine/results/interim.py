"""What is known of a run whether or not it has finished: its results, or what its other files tell in the form of ``results.json``."""

from __future__ import annotations

from typing import Any

from engine.data.choice import PARTS
from engine.results.curves import Curves
from engine.runs.comparison import asked
from engine.runs.folder import Run, readable_experiment
from engine.runs.history import History


def results_so_far(run: Run, curves: Curves) -> dict[str, Any]:
    """``results.json``, or without one its parts that the experiment, the rows, the events and the outcomes tell.

    Nothing is estimated: what is not known yet is missing, which every reader of results takes as "not measured". ``curves`` have read
    the run's events.
    """
    if (results := run.read_results()) is not None:
        return results
    experiment, rows = readable_experiment(run), run.read_data()
    known: dict[str, Any] = {"run": {"identifier": run.identifier}, "data": {}, "frameworks": {}, "parity": {}, "environment": {}}
    if experiment is not None:
        known["run"] |= asked(experiment)
        known["data"]["name"] = experiment.data.name
    if rows is not None:
        split = {part: int((rows["split"] == part).sum()) for part in PARTS}
        known["data"] |= {"rows": len(rows), "classes": sorted(rows["label"].unique()), "split": split}
    for framework, side in curves.sides.items():
        if side.steps or side.epochs:
            known["frameworks"][framework] = _from_events(side) | (run.read_outcome(framework) or {})
    return known


def _from_events(side: History) -> dict[str, Any]:
    """What one framework's events say of its training, under the names that its results have."""
    imported, built, evaluated = side.imported or {}, side.built or {}, side.evaluated or {}
    found = {
        "epoch_train_loss": [point.train_loss for point in side.epochs],
        "epoch_validation_loss": [point.validation_loss for point in side.epochs],
        "epoch_validation_accuracy": [point.validation_accuracy for point in side.epochs],
        "test_accuracy": evaluated.get("test_accuracy"),
        "import_seconds": imported.get("seconds"),
        "rss_after_import_mib": imported.get("rss_mib"),
        "parameters": built.get("parameters"),
        "device": imported.get("device"),
        "threads": imported.get("threads"),
        "best_epoch": (side.trained or {}).get("best_epoch"),
        "stop_reason": (side.trained or {}).get("reason"),
    }
    return {name: value for name, value in found.items() if value is not None}
