"""Parity and accuracy on labelled files: ``python benchmarks/accuracy.py [FILE …] [--classifier NAME …] [--test FILE]``.

For each file and classifier a matched run with the recommended settings (seed 0). ``--test`` names the official test part of a single
file, which then is what is tested on, and a tenth of the file is held out for validation. With ``--learning-rates`` each is tried, and the
one with the lowest validation loss is reported. ``tfidf-mlp`` and ``embedding-mlp`` are compared with scikit-learn's logistic regression
on the same inputs and split. ``LABEL:detail text`` lines (TREC) are read too.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from benchmarks.figures import Row, publish
from engine import FRAMEWORK_NAMES
from engine.commands.data_options import choose_data
from engine.commands.parser import make_parser
from engine.data.choice import DataChoice
from engine.data.splitting import load_prepared
from engine.data.store import sample_choice
from engine.runs.experiment import Experiment
from engine.runs.folder import Run, create_run
from engine.runs.launching import launch
from engine.runs.preparing.inputs import load_inputs
from engine.runs.preparing.prepare import dataset_store
from engine.shared.classifiers import CLASSIFIERS

AGREEMENT = {"embedding-mlp": 0.99, "tfidf-mlp": 0.99, "text-cnn": 0.98, "bi-lstm": 0.98, "transformer": 0.98}


def main() -> None:
    """Print one block a file and classifier."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", default=["sample"], help="labelled files (default: the bundled sample)")
    parser.add_argument("--classifier", nargs="+", choices=list(CLASSIFIERS), default=["embedding-mlp"])
    parser.add_argument("--test", help="the official test part of the only FILE")
    parser.add_argument("--learning-rates", nargs="+", type=float, help="choose among these on the validation part")
    parser.add_argument("--frameworks", default="pytorch,tensorflow")
    parser.add_argument("--set", action="append", default=[], metavar="SETTING=VALUE", help="another value than the recommended one")
    options = parser.parse_args()
    for file in options.files:
        for classifier in options.classifier:
            with tempfile.TemporaryDirectory() as folder:
                os.environ["PARITY_RUNS"], os.environ["PARITY_LOCK"] = folder, f"{folder}/lock"
                measure(file, classifier, options)


def measure(file: str, classifier: str, options: argparse.Namespace) -> None:
    """A run for each learning rate; the one with the lowest validation loss is printed."""
    changes = {name: as_value(text) for name, text in (item.split("=", 1) for item in options.set)}
    choice, frame = read(file, options.test)
    experiment = Experiment.recommended(
        choice, classifier, device="cpu", **({"frameworks": tuple(options.frameworks.split(","))} | changes)
    )
    rates = options.learning_rates or [experiment.learning_rate]
    runs = {rate: finish(replace(experiment, learning_rate=rate), frame) for rate in rates}
    losses = {rate: validation_loss(run) for rate, run in runs.items()}
    best = min(losses, key=losses.__getitem__)
    tried = ", ".join(f"{rate:g}: {loss:.4f}" for rate, loss in losses.items())
    chosen = f" Validation loss by learning rate {tried}; {best:g} was chosen." if len(rates) > 1 else ""
    report(runs[best], classifier, Path(file).name, chosen)


def as_value(text: str) -> Any:
    """A number or ``true`` and ``false`` as JSON writes them, anything else as it stands."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def read(file: str, test: str | None) -> tuple[DataChoice, pandas.DataFrame | None]:
    """What was chosen of a file; with an official test part also the split rows, which then stand in for the product's own split."""
    if test is None and not file.endswith((".train", ".label")):
        return choose_data(make_parser().parse_args(["train", file])), None
    parts = [table_of(file), table_of(test)] if test else [table_of(file)]
    rest, held_out = train_test_split(parts[0], test_size=0.1, stratify=parts[0]["label"], random_state=0)
    split = {"train": rest, "validation": held_out} | ({"test": parts[1]} if test else {})
    frame = pandas.concat([part.assign(split=name) for name, part in split.items()], ignore_index=True)
    frame.insert(0, "row", np.arange(len(frame)))
    return replace(sample_choice(), name=Path(file).name), frame


def table_of(file: str) -> pandas.DataFrame:
    """Text and label of a file that is read by itself."""
    path = Path(file)
    if path.suffix in (".train", ".test", ".label"):
        lines = path.read_text(encoding="latin-1").splitlines()
        return pandas.DataFrame({"text": [line.partition(" ")[2] for line in lines], "label": [line.partition(":")[0] for line in lines]})
    return load_prepared(dataset_store(), choose_data(make_parser().parse_args(["train", file]))).frame[["text", "label"]]


def finish(experiment: Experiment, frame: pandas.DataFrame | None) -> Run:
    """A whole run. Rows that are in the run's folder already are not split again."""
    run = create_run(experiment)
    if frame is not None:
        frame.to_parquet(run.data_file, index=False)
    launch(run)
    while run.read_status().active:
        time.sleep(0.5)
    if run.read_results() is None:
        sys.exit(f"{run.read_status().state}: {run.read_status().message}")
    return run


def validation_loss(run: Run) -> float:
    """The lowest of the first framework."""
    results = run.read_results()
    assert results is not None, "finish() ends the benchmark where a run has none"
    return min(next(iter(results.frameworks.values())).epoch_validation_loss)


def report(run: Run, classifier: str, name: str, chosen: str) -> None:
    """Publish accuracy, agreement and what was measured beside them."""
    results = run.read_results()
    assert results is not None, "finish() ends the benchmark where a run has none"
    parity, data, rows = results.parity, results.data, list[Row]()
    for what, value, goal in (
        ("first answers, largest difference of logits", parity.first_batch_logit_difference, "≤ 1e-5"),
        ("encoders, largest difference", parity.encoder_difference, "≤ 1e-4"),
        ("largest drift of an epoch's loss", parity.max_epoch_loss_drift, ""),
        ("test texts on which both agree", parity.test_agreement, f"≥ {AGREEMENT[classifier]:g}"),
    ):
        rows += [Row(what, value, goal=goal)] if value is not None else []
    reference = None
    if classifier in ("embedding-mlp", "tfidf-mlp"):
        inputs = load_inputs(run)
        (train, test) = (inputs.part(run, part) for part in ("train", "test"))
        regression = LogisticRegression(max_iter=3000).fit(matrix(train[0], inputs.input_size), train[1])
        reference = 100 * regression.score(matrix(test[0], inputs.input_size), test[1])
    for framework, figures in results.frameworks.items():
        title, accuracy = FRAMEWORK_NAMES[framework], 100 * (figures.test_accuracy or 0.0)
        rows.append(Row(f"{title}, test accuracy", accuracy, "%", "logistic regression" if reference else "", reference))
        if reference is not None:
            rows.append(Row(f"{title}, points above logistic regression", accuracy - reference, goal="≥ -0.5"))
        rows.append(Row(f"{title}, macro-F1", figures.macro_f1 or 0.0))
        rows.append(Row(f"{title}, training", figures.train_seconds or 0.0, "s"))
    sizes = f"{data.rows:,} texts, {len(data.classes)} classes, {data.split['test']:,} test texts, {data.truncated:,} cut."
    publish(f"Accuracy: {name}, {classifier}", rows, sizes + chosen)


def matrix(arrays: tuple[np.ndarray, ...], size: int) -> Any:
    """What scikit-learn takes: vectors as they are, terms and shares as a sparse matrix."""
    if len(arrays) == 1:
        return arrays[0]
    terms, shares = arrays
    rows = np.repeat(np.arange(len(terms)), terms.shape[1])
    return csr_matrix((shares.reshape(-1), (rows, terms.reshape(-1))), shape=(len(terms), size))


if __name__ == "__main__":
    main()
