"""Steady training throughput inside a run ÷ an expert's bare script, for each classifier and framework.

    python -m benchmarks.training [CLASSIFIER …] [--cycles 6] [--repeats 1]

A run of both frameworks, as a person starts it, and a bare script of each on the same arrays and the same batches are loaded, and then
compute in turns of a second or two. In each such cycle a throughput is documents ÷ seconds over all readings of 25 steps that lie within
the turn, which leaves out the first one as a run's own figure does; the ratio is that of neighbours, and the median over the cycles counts.
Both sides read the clock as often and have the same variables of the environment. ``--repeats`` begins again with fresh processes.
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

import numpy as np
import pandas
import psutil

from benchmarks.bare_script import SCRIPTS, BareScript, Party, Reading
from benchmarks.figures import Row, publish
from engine import FRAMEWORK_NAMES
from engine.data.choice import DataChoice
from engine.data.store import sample_choice
from engine.runs.experiment import Experiment
from engine.runs.folder import Run
from engine.runs.launching import start
from engine.runs.preparing.inputs import load_inputs
from engine.runs.preparing.prepare import dataset_store
from engine.runs.preparing.recipes import architecture_of, recipe_of
from engine.runs.processes.identity import end_processes, living_process
from engine.shared.batches import training_plan
from engine.shared.classifiers import CLASSIFIERS
from engine.shared.devices import physical_cores
from engine.workers.callback import REPORT_SECONDS, REPORT_STEPS

GOAL, MEMORY_GOAL = "≥ 0.97", "≤ 1.1"
ROWS = {"transformer": 800}
"""Texts; 6,000 for the others."""
WORDS = {"embedding-mlp": 8, "transformer": 16}
"""To how many words texts are cut: what is encoded first should be quick, and a step shorter than a turn."""
SECONDS = {"embedding-mlp": 1.0, "transformer": 2.5}
"""Of a bare script's turn; 1.5 for the others. A run gets more than twice as much, for both of its frameworks."""
EPOCHS = 200
"""More than there is time for: the benchmark ends what it has measured."""


def main() -> None:
    """Publish a row a classifier and framework."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("classifiers", nargs="*", metavar="CLASSIFIER", help="default: all")
    parser.add_argument("--cycles", type=int, default=6, help="turns of each, within the same processes")
    parser.add_argument("--repeats", type=int, default=1, help="fresh processes of each")
    options = parser.parse_args()
    rows: list[Row] = []
    for classifier in options.classifiers or CLASSIFIERS:
        with tempfile.TemporaryDirectory() as folder:
            os.environ |= {"PARITY_RUNS": folder, "PARITY_LOCK": f"{folder}/lock", "PARITY_STANDBY": "0"}
            rows += measure(classifier, Path(folder), options.cycles, options.repeats)
    publish(
        "Steady training throughput in a run",
        rows,
        "Documents a second in a run of both frameworks and in a bare script that does the same steps, in turns of seconds; "
        f"the ratio is the median over {options.repeats * options.cycles} pairs of neighbouring turns.",
    )


def measure(classifier: str, folder: Path, cycles: int, repeats: int) -> list[Row]:
    """Train in runs and in bare scripts, in turns."""
    choice = make_data(folder, ROWS.get(classifier, 6000), WORDS.get(classifier))
    experiment = Experiment.recommended(choice, classifier, epochs=EPOCHS, patience=0, rate_schedule="constant", device="cpu")
    speeds: dict[str, list[tuple[float, float]]] = {name: [] for name in SCRIPTS}
    peaks: dict[str, list[tuple[float, float]]] = {name: [] for name in SCRIPTS}
    for _ in range(repeats):
        side_by_side(experiment, folder, cycles, speeds, peaks)
    rows = []
    for name, pairs in speeds.items():
        ratios = [inside / bare for inside, bare in pairs]
        print(f"  {classifier}, {name}: " + " ".join(f"{ratio:.3f}" for ratio in ratios), file=sys.stderr, flush=True)
        title, (inside, bare) = f"{classifier}, {FRAMEWORK_NAMES[name]}", (median(values) for values in zip(*pairs, strict=True))
        rows.append(Row(title, inside, "documents/s", "a bare script", bare, median(ratios), GOAL))
        if classifier == "transformer" and peaks[name]:
            inside, bare = (median(values) for values in zip(*peaks[name], strict=True))
            rows.append(Row(f"{title}, most memory", inside, "MiB", "a bare script", bare, goal=MEMORY_GOAL))
    return rows


def make_data(folder: Path, rows: int, words: int | None = None) -> DataChoice:
    """Texts made of the sample's sentences, at most of so many words, so that there are enough steps to measure."""
    sample = pandas.read_csv(dataset_store().get(sample_choice().dataset).path)
    generator = np.random.default_rng(0)
    chosen = sample.sample(rows, replace=True, random_state=0)
    texts = [" ".join(generator.permutation(text.split())[:words]) for text in chosen["message"]]
    pandas.DataFrame({"message": texts, "department": chosen["department"]}).to_csv(folder / "texts.csv", index=False)
    dataset = dataset_store().add("texts.csv", folder / "texts.csv")
    return DataChoice(dataset.identifier, dataset.name, ("message",), "department")


def side_by_side(
    experiment: Experiment,
    folder: Path,
    cycles: int,
    speeds: dict[str, list[tuple[float, float]]],
    peaks: dict[str, list[tuple[float, float]]],
) -> None:
    """Add the documents a second of each framework in a run and in a bare script, cycle by cycle, and the most memory of both."""
    seconds = SECONDS.get(experiment.classifier, 1.5)
    run, scripts = start(experiment), {}
    try:
        while not all(has_begun(run.events_file(name)) for name in SCRIPTS):
            assert run.read_status().active, run.read_status().message
            time.sleep(0.05)
        parties = {"run": Party(lambda: processes_of(run), 2 * seconds + 0.5)}
        parties["run"].stop()
        scripts = {name: BareScript(name, write_task(run, experiment, folder / f"task-{name}")) for name in SCRIPTS}
        for name, script in scripts.items():
            script.wait()
            process = psutil.Process(script.process.pid)
            parties[name] = Party(lambda process=process: [process], seconds)  # type: ignore[misc]
            parties[name].stop()
            script.go()
        for cycle in range(cycles):
            for party in (*parties.values(),) if cycle % 2 else (*reversed(parties.values()),):
                party.compute()
        for name, script in scripts.items():
            inside = speed_in_windows(run_readings(run.events_file(name)), parties["run"], experiment.batch_size)
            bare = speed_in_windows(script.readings(), parties[name], experiment.batch_size)
            speeds[name] += [(mine, its) for mine, its in zip(inside, bare, strict=True) if mine and its]
            workers = [process for process in processes_of(run)[1:] if name in process.cmdline()]
            if workers and Path("/proc/self/status").exists():
                peaks[name].append((peak_mib(workers[0].pid), peak_mib(script.process.pid)))
    finally:
        status = run.read_status()
        end_processes(identity for identity in (status.coordinator, *status.workers.values()) if identity is not None)
        for script in scripts.values():
            script.end()


def run_readings(events: Path) -> list[Reading]:
    """Return the reports that a run's own figures count, not the first one of a turn."""
    reports = [event for line in events.read_text(encoding="utf-8").splitlines() if (event := json.loads(line))["event"] == "steps"]
    counted = [(before, now) for before, now in pairwise(reports) if not now["first_of_turn"]]
    return [(now["time"], now["seconds"] - before["seconds"], now["steps"]) for before, now in counted]


def speed_in_windows(readings: list[Reading], party: Party, batch_size: int) -> list[float | None]:
    """Return the documents a second in each window, over the readings that lie within it; ``None`` where there is none."""
    speeds: list[float | None] = []
    for began, ended in party.windows:
        inside = [(took, steps) for end, took, steps in readings if began <= end - took and end <= ended]
        speeds.append(batch_size * sum(steps for _, steps in inside) / sum(took for took, _ in inside) if inside else None)
    return speeds


def has_begun(events: Path) -> bool:
    """Whether there is a report of steps."""
    return events.exists() and '"event": "steps"' in events.read_text(encoding="utf-8")


def processes_of(run: Run) -> list[psutil.Process]:
    """The coordinator and its workers, as long as they are there."""
    status = run.read_status()
    processes = [living_process(identity) for identity in (status.coordinator, *status.workers.values())]
    return [process for process in processes if process is not None]


def peak_mib(pid: int) -> float:
    """Return the most memory that a process of Linux has had in use."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) / 2**10 for line in lines if line.startswith("VmHWM:"))


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
