"""Parity and accuracy on labelled files: ``python benchmarks/accuracy.py [FILE …]``.

For each file a matched run (10 epochs, batch 32, seed 0, no early stop), compared with scikit-learn's logistic regression on the same
vectors and split. Bars: first-batch logit difference ≤ 1e-5, epoch training losses within 0.2 %, test agreement ≥ 99.5 %, accuracy no more
than 0.5 points below logistic regression.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from sklearn.linear_model import LogisticRegression


def main() -> None:
    """Print one block a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", default=["sample"], help="labelled files (default: the bundled sample)")
    files = parser.parse_args().files
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PARITY_RUNS"], os.environ["PARITY_LOCK"] = folder, f"{folder}/lock"
        for file in files:
            measure(file)


def measure(file: str) -> None:
    """One run and one regression."""
    from engine.__main__ import choose_data, make_parser
    from engine.running.experiment import Experiment
    from engine.running.inputs import load_inputs
    from engine.running.launching import start

    choice = choose_data(make_parser().parse_args(["train", file]))
    run = start(Experiment(data=choice, epochs=10, batch_size=32, seed=0, patience=0))
    while run.status.active:
        time.sleep(0.5)
    results = run.results
    if results is None:
        sys.exit(f"{file}: {run.status.message}")
    inputs = load_inputs(run)
    vectors, rows = inputs.open_features(), inputs.rows
    regression = LogisticRegression(max_iter=3000).fit(vectors[rows["train"]], inputs.labels[rows["train"]])
    reference = regression.score(vectors[rows["test"]], inputs.labels[rows["test"]])
    parity = results["parity"]
    print(
        f"{Path(file).name}: {results['data']['rows']:,} texts, {len(results['data']['classes'])} classes, {len(rows['test']):,} test texts"
    )
    print(f"  first-batch logit difference {parity['first_batch_logit_difference']:.2g} (bar ≤ 1e-5)")
    print(f"  encoder difference {parity['encoder_difference']:.2g} (bar ≤ 1e-4)")
    print(f"  largest epoch-loss drift {parity['max_epoch_loss_drift']:.4%} (bar ≤ 0.2 %)")
    print(f"  test agreement {parity['test_agreement']:.2%} (bar ≥ 99.5 %)")
    for name, figures in results["frameworks"].items():
        gap = 100 * (figures["test_accuracy"] - reference)
        print(f"  {name} accuracy {figures['test_accuracy']:.2%}, logistic regression {reference:.2%}: {gap:+.2f} points (bar ≥ −0.5)")


if __name__ == "__main__":
    main()
