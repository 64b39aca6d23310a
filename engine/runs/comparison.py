"""Two workers' outcomes side by side: what ``results.json`` says."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas

from engine.files import draft_of
from engine.reading.columns.part_names import PARTS
from engine.runs.experiment import Experiment
from engine.runs.folder import Run
from engine.runs.preparing.inputs import load_inputs
from engine.runs.records.outcome import Outcome
from engine.runs.records.results import DataFacts, Environment, FrameworkResults, ParityFigures, Results, RunFacts
from engine.runs.records.split_facts import split_facts
from engine.shared.devices import describe_machine, physical_cores
from engine.shared.metrics import accuracy_difference, score


def compare(run: Run, outcomes: dict[str, Outcome], state: str, notes: tuple[str, ...]) -> Results:
    """Return the comparison of the frameworks that have finished; their ``predictions.parquet`` are written on the way."""
    experiment = run.read_experiment()
    frame = run.read_rows()
    classes = tuple(sorted(frame["label"].unique()))
    inputs = load_inputs(run)
    test_rows = inputs.rows["test"]
    labels = inputs.labels[test_rows]
    predictions = {}
    for name in outcomes:
        probabilities = np.load(run.test_probabilities(name))
        predictions[name] = probabilities.argmax(axis=1)
        _write_predictions(run, name, frame.iloc[test_rows], classes, probabilities)
    # The baseline learns which class is the largest from the training rows, and is scored on the test rows, like the models.
    majority = int(np.bincount(inputs.labels[inputs.rows["train"]]).argmax())
    scores = {name: score(labels, answers, classes) for name, answers in predictions.items()}
    return Results(
        run=replace(run_facts(run, experiment), created=run.read_status().created, finished=time.time(), state=state, notes=notes),
        data=DataFacts(
            name=experiment.data.name,
            text=experiment.data.text,
            label=experiment.data.label,
            reading=experiment.data.reading,
            rows=len(frame),
            classes=classes,
            split={part: len(inputs.rows[part]) for part in PARTS},
            split_source=split_facts(experiment.data, frame),
            max_tokens=inputs.max_tokens or None,
            truncated=inputs.truncated,
            unknown=inputs.unknown,
            majority_class=classes[majority],
            majority_accuracy=float(np.mean(labels == majority)),
        ),
        frameworks={name: FrameworkResults(**vars(outcome), **vars(scores[name])) for name, outcome in outcomes.items()},
        parity=_parity(run, outcomes, labels, predictions, frame["row"].to_numpy()[test_rows]),
        environment=Environment(**vars(describe_machine()), threads=experiment.threads or physical_cores()),
        encoding=run.read_encoding(),
    )


def run_facts(run: Run, experiment: Experiment) -> RunFacts:
    """Return what is known of a run from the beginning: its name and what was asked of it."""
    return RunFacts(
        identifier=run.identifier,
        mode=experiment.mode,
        classifier=experiment.classifier,
        compiled=experiment.compiled,
        encoder=experiment.encoder if experiment.family_member.pretrained else None,
        schedule=experiment.schedule,
        seed=experiment.seed,
        experiment=experiment,
    )


def _parity(
    run: Run, outcomes: dict[str, Outcome], labels: np.ndarray, predictions: dict[str, np.ndarray], rows: np.ndarray
) -> ParityFigures:
    """Return how far the two are the same; nothing of it when only one framework has finished."""
    if len(outcomes) < 2:
        return ParityFigures()
    left, right = predictions.values()
    first, second = (np.array(outcome.epoch_train_loss) for outcome in outcomes.values())
    epochs = min(len(first), len(second))
    drift = np.abs(first[:epochs] - second[:epochs]) / np.maximum(np.abs(second[:epochs]), 1e-12)
    return ParityFigures(
        first_batch_logit_difference=first_batch_logit_difference(run, tuple(outcomes)),
        encoder_difference=encoder_difference(run, tuple(outcomes)),
        max_epoch_loss_drift=float(drift.max()) if epochs else None,
        test_agreement=float(np.mean(left == right)),
        disagreements=tuple(int(row) for row in rows[left != right]),
        accuracy_difference=accuracy_difference(labels, left, right),
    )


def encoder_difference(run: Run, frameworks: tuple[str, ...]) -> float | None:
    """Return the largest difference between the two encoders' vectors of the probe texts."""
    return _largest_difference([run.probe_vectors(name) for name in frameworks])


def first_batch_logit_difference(run: Run, frameworks: tuple[str, ...]) -> float | None:
    """Return the largest difference between the two untrained models' answers to the same batch."""
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
    with draft_of(run.predictions_file(framework)) as draft:
        frame.to_parquet(draft, index=False)
