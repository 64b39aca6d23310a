"""Two workers' outcomes side by side: what ``results.json`` says."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas

from engine.data.choice import PARTS
from engine.errors import RunError
from engine.runs.experiment import Experiment
from engine.runs.folder import Run
from engine.runs.preparing.inputs import load_inputs
from engine.runs.records.reading import to_json
from engine.shared.devices import describe_machine, physical_cores
from engine.shared.metrics import accuracy_difference, score


def compare(run: Run, outcomes: dict[str, dict[str, Any]], state: str, notes: list[str]) -> dict[str, Any]:
    """The content of ``results.json`` from the frameworks that have finished; writes their ``predictions.parquet`` on the way."""
    experiment = run.read_experiment()
    frame = run.read_data()
    if frame is None:
        raise RunError(f"The rows of run {run.identifier} are gone from its folder. Start the run again.")
    classes = tuple(sorted(frame["label"].unique()))
    inputs = load_inputs(run)
    test_rows = inputs.rows["test"]
    labels = inputs.labels[test_rows]
    predictions = {}
    for name in outcomes:
        probabilities = np.load(run.test_probabilities(name))
        predictions[name] = probabilities.argmax(axis=1)
        _write_predictions(run, name, frame.iloc[test_rows], classes, probabilities)
    sizes = {part: len(inputs.rows[part]) for part in PARTS}
    # The baseline learns which class is the largest from the training rows, and is scored on the test rows, like the models.
    majority = int(np.bincount(inputs.labels[inputs.rows["train"]]).argmax())
    environment = to_json(describe_machine())
    return {
        "run": {
            "identifier": run.identifier,
            "created": run.read_status().created,
            "finished": time.time(),
            "state": state,
            **asked(experiment),
            "notes": list(notes),
        },
        "data": {
            "name": experiment.data.name,
            "rows": len(frame),
            "classes": list(classes),
            "split": sizes,
            "max_tokens": inputs.max_tokens or None,
            "truncated": inputs.truncated,
            "unknown": inputs.unknown,
            "majority_class": classes[majority],
            "majority_accuracy": float(np.mean(labels == majority)),
        },
        "frameworks": {name: outcome | score(labels, predictions[name], classes) for name, outcome in outcomes.items()},
        "parity": _parity(run, outcomes, labels, predictions, frame["row"].to_numpy()[test_rows]),
        "environment": environment | {"threads": experiment.threads or physical_cores()},
    }


def asked(experiment: Experiment) -> dict[str, Any]:
    """What ``results.json`` says of the experiment: all of it, and beside it what is looked up most."""
    return {
        "mode": experiment.mode,
        "classifier": experiment.classifier,
        "compiled": experiment.compiled,
        "encoder": experiment.encoder if experiment.family_member.pretrained else None,
        "schedule": experiment.schedule,
        "seed": experiment.seed,
        "experiment": experiment.to_json(),
    }


def _parity(
    run: Run, outcomes: dict[str, dict[str, Any]], labels: np.ndarray, predictions: dict[str, np.ndarray], rows: np.ndarray
) -> dict[str, Any]:
    """How far the two are the same; every figure is ``None`` when only one framework has finished."""
    names = [
        "first_batch_logit_difference",
        "encoder_difference",
        "max_epoch_loss_drift",
        "test_agreement",
        "disagreements",
        "accuracy_difference",
    ]
    if len(outcomes) < 2:
        return dict.fromkeys(names)
    left, right = predictions.values()
    first, second = (np.array(outcome["epoch_train_loss"]) for outcome in outcomes.values())
    epochs = min(len(first), len(second))
    drift = np.abs(first[:epochs] - second[:epochs]) / np.maximum(np.abs(second[:epochs]), 1e-12)
    values = [
        first_batch_logit_difference(run, tuple(outcomes)),
        encoder_difference(run, tuple(outcomes)),
        float(drift.max()) if epochs else None,
        float(np.mean(left == right)),
        [int(row) for row in rows[left != right]],
        accuracy_difference(labels, left, right),
    ]
    return dict(zip(names, values, strict=True))


def encoder_difference(run: Run, frameworks: tuple[str, ...]) -> float | None:
    """The largest difference between the two encoders' vectors of the probe texts."""
    return _largest_difference([run.probe_vectors(name) for name in frameworks])


def first_batch_logit_difference(run: Run, frameworks: tuple[str, ...]) -> float | None:
    """The largest difference between the two untrained models' answers to the same batch."""
    return _largest_difference([run.first_logits(name) for name in frameworks])


def _largest_difference(files: list[Path]) -> float | None:
    try:
        arrays = [np.load(file).astype(np.float64) for file in files]
    except (OSError, ValueError):
        return None
    return float(np.abs(arrays[0] - arrays[1]).max()) if len(arrays) == 2 and arrays[0].shape == arrays[1].shape else None


def _write_predictions(run: Run, framework: str, test: pandas.DataFrame, classes: tuple[str, ...], probabilities: np.ndarray) -> None:
    frame = pandas.DataFrame({"row": test["row"].to_numpy(), "label": test["label"].to_numpy()})
    frame["prediction"] = np.array(classes, object)[probabilities.argmax(axis=1)]
    frame = pandas.concat([frame, pandas.DataFrame(probabilities, columns=[f"p{number}" for number in range(len(classes))])], axis=1)
    draft = run.predictions_file(framework).with_name(f".predictions.{os.getpid()}.parquet")
    frame.to_parquet(draft, index=False)
    os.replace(draft, run.predictions_file(framework))
