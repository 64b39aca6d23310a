"""Steady training throughput inside a run ÷ the same model in a bare script, and seconds from start to the first loss point.

``python benchmarks/training.py [--repeats N]``: runs and bare scripts take turns, ratios are of medians. Bars: ≥ 0.95 of the bare script;
start to first loss ≤ 1.5 × the slower framework's own import.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pandas

from engine.data.choice import DataChoice
from engine.data.store import sample_choice
from engine.runs.experiment import Experiment
from engine.runs.folder import Run
from engine.runs.launching import start
from engine.runs.preparing.inputs import load_inputs
from engine.runs.preparing.prepare import dataset_store
from engine.shared.devices import physical_cores

ROWS, EPOCHS, BATCH = 6000, 12, 32


def main() -> None:
    """Print one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PARITY_RUNS"], os.environ["PARITY_LOCK"] = folder, f"{folder}/lock"
        measure(Path(folder), repeats)


def measure(folder: Path, repeats: int) -> None:
    """Train in runs and in bare scripts, in turns."""
    experiment = make_experiment(folder)
    run_once(experiment)  # computes the vectors once; not counted
    inside: dict[str, list[float]] = {"pytorch": [], "tensorflow": []}
    bare: dict[str, list[float]] = {"pytorch": [], "tensorflow": [], "fit with its defaults": []}
    starts, imports = [], []
    for _ in range(repeats):
        run, first_loss = run_once(experiment)
        results = run.read_results()
        assert results is not None and first_loss is not None, run.read_status().message
        starts.append(first_loss)
        imports.append(max(figures.import_seconds or 0.0 for figures in results.frameworks.values()))
        for name, figures in results.frameworks.items():
            inside[name].append(figures.documents_per_second or 0.0)
        inputs = load_inputs(run)
        vectors_file, labels_file = folder / "vectors.npy", folder / "labels.npy"
        np.save(vectors_file, inputs.part(run, "train")[0][0])
        np.save(labels_file, inputs.part(run, "train")[1])
        common = [str(vectors_file), str(labels_file), str(EPOCHS), str(BATCH), str(physical_cores())]
        bare["pytorch"].append(run_bare("pytorch_loop.py", common))
        bare["tensorflow"].append(run_bare("keras_fit.py", [*common, "25"]))
        bare["fit with its defaults"].append(run_bare("keras_fit.py", [*common, "1"]))
    for name in ("pytorch", "tensorflow"):
        ratios = [a / b for a, b in zip(inside[name], bare[name], strict=True)]
        print(
            f"{name}: {median(inside[name]):,.0f} documents/s in a run, {median(bare[name]):,.0f} in a bare script; "
            f"ratio {median(ratios):.3f} ({min(ratios):.3f}–{max(ratios):.3f}; bar ≥ 0.95)"
        )
    defaults = median(bare["fit with its defaults"])
    print(
        f"tensorflow, plain fit with steps_per_execution=1: {defaults:,.0f} documents/s, "
        f"{median(inside['tensorflow']) / defaults:.1f} × slower"
    )
    ratio = median(starts) / median(imports)
    print(f"start to first loss point: {median(starts):.2f} s, slower import {median(imports):.2f} s; ratio {ratio:.2f} (bar ≤ 1.5)")


def make_experiment(folder: Path) -> Experiment:
    """Short texts cut from the sample, so that encoding is quick and an epoch has about 130 steps."""
    sample = pandas.read_csv(dataset_store().get(sample_choice().dataset).path)
    generator = np.random.default_rng(0)
    rows = sample.sample(ROWS, replace=True, random_state=0)
    texts = [" ".join(generator.permutation(text.split())[:8]) for text in rows["message"]]
    pandas.DataFrame({"message": texts, "department": rows["department"]}).to_csv(folder / "short.csv", index=False)
    dataset = dataset_store().add("short.csv", folder / "short.csv")
    choice = DataChoice(dataset.identifier, dataset.name, ("message",), "department")
    return Experiment(data=choice, epochs=EPOCHS, batch_size=BATCH, patience=0)


def run_once(experiment: Experiment) -> tuple[Run, float | None]:
    """A whole run, and the seconds until its first loss was on disk."""
    started = time.perf_counter()
    run = start(experiment)
    first_loss = None
    while run.read_status().active:
        if first_loss is None and any('"steps"' in read(run, name) for name in experiment.frameworks):
            first_loss = time.perf_counter() - started
        time.sleep(0.02 if first_loss is None else 0.5)
    return run, first_loss


def read(run: Run, framework: str) -> str:
    """The events so far."""
    return json.dumps(run.read_events(framework)[0])


def run_bare(script: str, arguments: list[str]) -> float:
    """Documents per second of a bare script in a process of its own."""
    command = [sys.executable, str(Path(__file__).parent / "bare" / script), *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(answer.stdout.strip().splitlines()[-1])["documents_per_second"])


if __name__ == "__main__":
    main()
