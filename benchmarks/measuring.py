"""What the benchmark measures ÷ what a bare script measures on the same batches: ``python -m benchmarks.measuring [CLASSIFIER …]``.

Both take turns by rounds, in processes of their own; ratios are taken within such a pair, the median of the pairs counts,
for a step of training and for a batch of answers. The goal: within 5 %.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.bare_script import SCRIPTS, BareScript
from benchmarks.figures import Row, publish
from benchmarks.training import make_data, write_task
from engine import FRAMEWORK_NAMES
from engine.runs.experiment import Experiment
from engine.runs.folder import Run
from engine.runs.launching import start
from engine.runs.preparing.inputs import load_inputs
from engine.runs.processes.channel import WorkerProcess, worker_environment
from engine.runs.processes.turns import Turns
from engine.runs.records.reading import to_json
from engine.shared.classifiers import CLASSIFIERS
from engine.studies.benchmark.request import AMOUNTS, Setting
from engine.workers.jobs.benchmark import plan_of, rounds_of
from engine.workers.requests.benchmark import SpeedRequest

ROWS = 800
GOAL = "0.95 to 1.05"


def main() -> None:
    """Publish two rows a classifier and framework."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("classifiers", nargs="*", metavar="CLASSIFIER", help="default: all")
    parser.add_argument("--frameworks", nargs="+", choices=list(SCRIPTS), default=list(SCRIPTS))
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    rows: list[Row] = []
    for classifier in options.classifiers or CLASSIFIERS:
        with tempfile.TemporaryDirectory() as folder:
            os.environ |= {"PARITY_RUNS": folder, "PARITY_LOCK": f"{folder}/lock", "PARITY_STANDBY": "0"}
            rows += compare(classifier, options.frameworks, Path(folder), options.repeats)
    publish(
        "What the benchmark measures",
        rows,
        f"Round by round in turns; the ratio is the median of {options.repeats} pairs of fresh processes.",
    )


def compare(classifier: str, frameworks: list[str], folder: Path, repeats: int) -> list[Row]:
    """The same batches, by the benchmark's worker and by a bare script, in turns."""
    choice, rows = make_data(folder, ROWS), []
    for framework in frameworks:
        experiment = Experiment.recommended(choice, classifier, frameworks=(framework,), epochs=1, patience=0, rate_schedule="constant")
        run = finish(experiment)
        setting = Setting(classifier, "matched", experiment.batch_size)
        amount = AMOUNTS[experiment.family_member.takes]
        amounts = amount._replace(steps=2 * amount.steps)._asdict()
        request = SpeedRequest(seed=0, mode=setting.mode, batch_size=setting.batch_size, tokens=None, **amounts)
        task = same_batches(run, experiment, request, folder / "task")
        steps, batches = [], []
        for _ in range(repeats):
            benchmark, script = measured(run, framework, request, BareScript(framework, task))
            steps.append((benchmark["step_milliseconds"], script["milliseconds"]))
            batches.append((benchmark["batch_milliseconds"], script["batch_milliseconds"]))
            print(f"  pair: {steps[-1]}, {batches[-1]}", file=sys.stderr, flush=True)
        for what, pairs in (("a step of training", steps), ("a batch of answers", batches)):
            ours, bare = (median(values) for values in zip(*pairs, strict=True))
            ratio = median(mine / its for mine, its in pairs)
            rows.append(Row(f"{classifier}, {FRAMEWORK_NAMES[framework]}, {what}", ours, "ms", "a bare script", bare, ratio, GOAL))
    return rows


def finish(experiment: Experiment) -> Run:
    """A whole run."""
    run = start(experiment)
    while run.read_status().active:
        time.sleep(0.3)
    return run


def measured(run: Run, framework: str, request: SpeedRequest, bare: BareScript) -> tuple[dict[str, float], dict[str, float]]:
    """What the benchmark's worker tells, in a process of its own that is asked as a study asks it; and a bare script between its rounds."""
    bare.wait()
    worker = WorkerProcess(run.path, framework, "benchmark", worker_environment(0, "cpu"))
    turns = Turns([worker], False, lambda changed: None)
    try:
        turns.run_until("ready", lambda _: {"prepared": str(run.path)})
        turns.run_until("work", lambda _: {"device": "cpu"})
        turns.give(worker, lambda _: {"kind": SpeedRequest.__name__, "prepared": str(run.path), "request": to_json(request)})
        while worker.facts.pop("pause", False):
            turns.suspend([worker])
            bare.take_turn()
            turns.give(worker)
        turns.raise_failures()
        bare.take_turn()
        return worker.facts["answer"], bare.figures
    finally:
        turns.end()


def same_batches(run: Run, experiment: Experiment, request: SpeedRequest, folder: Path) -> Path:
    """The task of a bare script: the benchmark's own batches as a single epoch."""
    write_task(run, experiment, folder)
    _, labels, lengths = load_inputs(run).part(run, "train")
    call = experiment.family_member.steps_per_call
    rounds = rounds_of(request.rounds, math.ceil(request.steps / request.rounds / call) * call, call)
    plan = plan_of(rounds[-1].stop, len(labels), lengths, experiment.batch_size, request.seed, False)
    np.save(folder / "orders.npy", plan.order[None])
    np.save(folder / "widths.npy", plan.widths[None])
    task = json.loads((folder / "task.json").read_text())
    task |= {"rounds": [(steps.start, steps.stop) for steps in rounds], "answers": True}
    (folder / "task.json").write_text(json.dumps(task))
    return folder


if __name__ == "__main__":
    main()
