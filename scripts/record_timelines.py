"""Records how runs went, moment by moment, for the test of the time left: ``python -m scripts.record_timelines [FILE …]``.

Runs of several classifiers and sizes are started one after the other, on the sample and on the given tables, some of them twice, so that
the second one finds its vectors, and some with a standby. What their status said, and when, goes into ``tests/recorded/timelines.json``;
figures of one machine.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from engine.commands.parser import make_experiment, make_parser
from engine.runs.experiment import Experiment
from engine.runs.launching import start
from engine.runs.records.reading import to_json
from engine.runs.status import Status
from engine.runs.warm.door import waiting_for
from engine.runs.warm.keeper import keep_standby

FILE = Path(__file__).parents[1] / "tests" / "recorded" / "timelines.json"
EVERY = 0.1
"""Seconds between two looks."""
IDLE = 12
"""Seconds before each run."""

LINES = (
    "sample",
    "sample --max-tokens 128",
    "sample --max-tokens 128 --seed 2",
    "sample --classifier tfidf-mlp",
    "sample --classifier text-cnn",
    "sample --classifier bi-lstm --rows 300 --epochs 3",
    "sample --classifier transformer --rows 90 --epochs 1 --max-tokens 64",
    "sample --frameworks pytorch",
    "sample --mode defaults --epochs 60",
    "sample --rows 200",
)
"""What is trained, as on the command line, in this order."""
WARM_LINES = ("sample", "sample --seed 3", "sample --classifier tfidf-mlp --seed 3", "sample --classifier text-cnn --seed 3")
"""What is trained when a standby waits."""
LINES_OF_FILE = ("--guess --classifier tfidf-mlp", "--guess", "--guess --seed 2")
"""What is trained on each table."""


def experiments(files: list[str]) -> list[Experiment]:
    """Return what is run."""
    return [experiment_of(line) for line in [*LINES, *(f"{file} {line}" for file in files for line in LINES_OF_FILE)]]


def experiment_of(line: str) -> Experiment:
    """Return what a command line asks for."""
    return make_experiment(make_parser().parse_args(["train", *line.split()]))


def record(experiment: Experiment) -> dict[str, Any]:
    """Follow one run to its end."""
    run = start(experiment)
    moments: list[dict[str, Any]] = []
    while (status := run.read_status()).active:
        moment = {"time": status.updated, "phase": status.phase, "progress": to_json(status.progress), "phases": status.phases}
        if status.phase != "queue" and (not moments or moment != moments[-1]):
            moments.append(moment)
        time.sleep(EVERY)
    return timeline(experiment, status, moments, run.read_results())


def timeline(experiment: Experiment, status: Status, moments: list[dict[str, Any]], results: Any) -> dict[str, Any]:
    """Return a run as the test reads it; times count from the moment in which it got the machine."""
    assert status.started is not None and status.finished is not None
    for moment in moments:
        moment["time"] = round(moment["time"] - status.started, 2)
    return {
        "experiment": experiment.to_json(),
        "state": status.state,
        "expected": to_json(status.expected),
        "stages": to_json(results and results.stages),
        "epochs": max((len(side.epoch_train_loss) for side in results.frameworks.values()), default=0) if results else 0,
        "moments": moments,
        "seconds": round(status.finished - status.started, 2),
    }


def main(files: list[str]) -> None:
    """Record them all; each is written when it is over."""
    os.environ["PARITY_STANDBY"] = "0"
    recorded = []
    cold = experiments(files)
    for number, experiment in enumerate([*cold, *map(experiment_of, WARM_LINES)]):
        if number == len(cold):
            os.environ["PARITY_STANDBY"] = "1"
            keep_standby()
        while number >= len(cold) and waiting_for(experiment) is None:
            time.sleep(1)
        time.sleep(IDLE)  # which a standby needs to load, too
        recorded.append(record(experiment))
        FILE.write_text(json.dumps(recorded, separators=(",", ":"), ensure_ascii=False) + "\n", encoding="utf-8")
        print(experiment.data.name, experiment.classifier, recorded[-1]["state"], recorded[-1]["seconds"], flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
