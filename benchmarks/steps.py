"""Step time and peak memory of each classifier inside a run ÷ an expert's bare script: ``python benchmarks/steps.py [CLASSIFIER …]``.

A run of one framework and a bare script on the same arrays and the same batches compute in turns of seconds; ratios are taken within such
a pair, medians of the pairs are printed. Both sides read the clock as often and have the same variables of the environment; a reading that
a turn interrupted does not count, and the first step is left out. Bars: ≤ 1.05 of the step time; ``transformer`` ≤ 1.10 of the peak memory.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pandas
import psutil

from benchmarks.bare_script import SCRIPTS, BareScript, Pauses, suspend
from engine.data.choice import DataChoice
from engine.data.store import sample_choice
from engine.runs.experiment import Experiment
from engine.runs.folder import Run
from engine.runs.launching import start
from engine.runs.preparing.inputs import load_inputs
from engine.runs.preparing.prepare import dataset_store
from engine.runs.preparing.recipes import architecture_of, recipe_of
from engine.runs.processes.identity import living_process
from engine.shared.batches import training_plan
from engine.shared.classifiers import CLASSIFIERS
from engine.shared.devices import physical_cores
from engine.workers.callback import REPORT_SECONDS, REPORT_STEPS

ROWS = {"transformer": 800}
EPOCHS = {"transformer": 2, "tfidf-mlp": 6, "text-cnn": 3, "bi-lstm": 3}
TURN_SECONDS = {"transformer": 12}
"""Seconds of a turn; 2 for the others, for several readings fit into one."""


def main() -> None:
    """Print two lines a classifier and framework."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("classifiers", nargs="*", metavar="CLASSIFIER", help="default: all")
    parser.add_argument("--frameworks", nargs="+", choices=list(SCRIPTS), default=list(SCRIPTS))
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    for classifier in options.classifiers or CLASSIFIERS:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["PARITY_RUNS"], os.environ["PARITY_LOCK"] = folder, f"{folder}/lock"
            measure(classifier, options.frameworks, Path(folder), options.repeats)


def measure(classifier: str, frameworks: list[str], folder: Path, repeats: int) -> None:
    """Train in runs and in bare scripts, in turns."""
    choice = make_data(folder, ROWS.get(classifier, 6000))
    for framework in frameworks:
        experiment = Experiment.recommended(
            choice, classifier, frameworks=(framework,), epochs=EPOCHS.get(classifier, 40), patience=0, rate_schedule="constant"
        )
        times, peaks = [], []
        for _ in range(repeats):
            inside, outside, run, bare = side_by_side(experiment, folder, TURN_SECONDS.get(classifier, 2))
            results = run.read_results()
            assert results is not None, run.read_status().message
            times.append((inside, outside))
            peaks.append((results.frameworks[framework].peak_rss_mib or 0.0, bare["peak_mib"]))
            print(f"  pair: {times[-1][0]:.3f} and {times[-1][1]:.3f} ms", file=sys.stderr, flush=True)
        report(f"{classifier} {framework}: milliseconds a step", times, "≤ 1.05")
        report(f"{classifier} {framework}: peak memory in MiB", peaks, "≤ 1.10" if classifier == "transformer" else "none")


def report(what: str, pairs: list[tuple[float, float]], bar: str, words: tuple[str, str] = ("in a run", "in a bare script")) -> None:
    """Medians, and the median of the ratios with their range."""
    ratios = [inside / bare for inside, bare in pairs]
    inside, bare = (median(values) for values in zip(*pairs, strict=True))
    print(
        f"{what}: {inside:,.2f} {words[0]}, {bare:,.2f} {words[1]}; ratio {median(ratios):.3f} "
        f"({min(ratios):.3f}–{max(ratios):.3f}; bar {bar})",
        flush=True,
    )


def make_data(folder: Path, rows: int) -> DataChoice:
    """Texts of ordinary length made of the sample's sentences, so that there are enough steps to measure."""
    sample = pandas.read_csv(dataset_store().get(sample_choice().dataset).path)
    generator = np.random.default_rng(0)
    chosen = sample.sample(rows, replace=True, random_state=0)
    texts = [" ".join(generator.permutation(text.split())) for text in chosen["message"]]
    pandas.DataFrame({"message": texts, "department": chosen["department"]}).to_csv(folder / "texts.csv", index=False)
    dataset = dataset_store().add("texts.csv", folder / "texts.csv")
    return DataChoice(dataset.identifier, dataset.name, ("message",), "department")


def side_by_side(experiment: Experiment, folder: Path, seconds: float) -> tuple[float, float, Run, dict[str, Any]]:
    """Milliseconds of a step in a run and in a bare script that starts when the run has begun to train; the run; the script's figures."""
    run, (framework,) = start(experiment), experiment.frameworks
    while not has_begun(run.events_file(framework)):
        assert run.read_status().active, run.read_status().message
        time.sleep(0.05)
    began = time.time()
    suspend(processes_of(run))
    bare = BareScript(framework, write_task(run, experiment, folder / "task"))
    mine, theirs = bare.alternate(lambda: processes_of(run), seconds)
    while run.read_status().active:
        time.sleep(0.3)
    theirs[0] = began, theirs[0][1]  # the run stood still, too, while the script was loaded
    return median_step(readings(run.events_file(framework)), theirs), median_step(bare.figures["readings"], mine), run, bare.figures


def readings(events: Path) -> list[tuple[float, float, int]]:
    """Return the reports that a run's own figures count, not the first one of a turn: time of day, seconds since the one before, steps."""
    reports = [event for line in events.read_text(encoding="utf-8").splitlines() if (event := json.loads(line))["event"] == "steps"]
    counted = [(before, now) for before, now in pairwise(reports) if not now["first_of_turn"]]
    return [(now["time"], now["seconds"] - before["seconds"], now["steps"]) for before, now in counted]


def median_step(reports: list[tuple[float, float, int]], pauses: Pauses) -> float:
    """Milliseconds: the median over the steps of all readings that no pause falls into."""
    whole = [
        (seconds / steps, steps)
        for end, seconds, steps in reports
        if not any(stopped < end and end - seconds < went_on for stopped, went_on in pauses)
    ]
    step_seconds, repeats = zip(*whole, strict=True)
    return 1000 * float(np.median(np.repeat(step_seconds, repeats)))


def has_begun(events: Path) -> bool:
    """Whether there is a report of steps."""
    return events.exists() and '"event": "steps"' in events.read_text(encoding="utf-8")


def processes_of(run: Run) -> list[psutil.Process]:
    """The coordinator and the worker, as long as they are there."""
    status = run.read_status()
    processes = [living_process(identity) for identity in (status.coordinator, *status.workers.values())]
    return [process for process in processes if process is not None]


def write_task(run: Run, experiment: Experiment, folder: Path) -> Path:
    """The run's own arrays and batches, for the bare script."""
    folder.mkdir(exist_ok=True)
    inputs = load_inputs(run)
    arrays, labels, lengths = inputs.part(run, "train")
    for number, values in enumerate(arrays):
        np.save(folder / f"input_{number}.npy", values)
    np.save(folder / "labels.npy", labels)
    plans = [training_plan(len(labels), lengths, experiment.batch_size, experiment.seed, epoch) for epoch in range(experiment.epochs)]
    np.save(folder / "orders.npy", np.stack([plan.order for plan in plans]))
    np.save(folder / "widths.npy", np.stack([plan.widths for plan in plans]))
    architecture, recipe = architecture_of(experiment, inputs), recipe_of(experiment, inputs)
    task = vars(architecture) | vars(recipe) | {"classifier": experiment.classifier, "threads": physical_cores()}
    task |= {"report_steps": REPORT_STEPS, "report_seconds": REPORT_SECONDS, "turns": True}
    (folder / "task.json").write_text(json.dumps(task, default=lambda value: str(value) if isinstance(value, Path) else sorted(value)))
    return folder


if __name__ == "__main__":
    main()
