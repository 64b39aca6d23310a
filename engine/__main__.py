"""The command line, a thin face over the rooms: ``python -m engine train | predict | runs | env``."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.data.choice import DataChoice
from engine.data.reading import guess_columns, read_table
from engine.data.store import sample_choice
from engine.errors import DataError, ParityError, RunError
from engine.neutral.devices import describe_machine
from engine.running.answering import Answerer
from engine.running.experiment import CLASSIFIERS, DEVICES, MODES, SCHEDULES, Experiment
from engine.running.folder import Run, list_runs, open_run
from engine.running.launching import recover, start
from engine.running.preparing import dataset_store

SETTINGS = {item.name: item for item in Experiment.__dataclass_fields__.values()}
"""The form, this command line and the check of an experiment read help, defaults and limits from the same place."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it did what was asked, 1 when it could not (the reason is on standard error)."""
    options = make_parser().parse_args(arguments)
    try:
        return int({"train": train, "predict": predict, "runs": show_runs, "env": show_environment}[options.command](options))
    except ParityError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def make_parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    parser = argparse.ArgumentParser(
        prog="python -m engine", description="Train the same text classifier in PyTorch and TensorFlow, and compare."
    )
    commands = parser.add_subparsers(dest="command", required=True)

    command = commands.add_parser("train", help="train on a file and print the comparison")
    command.add_argument("data", metavar="DATA", help="a CSV, TSV, JSON Lines, Parquet or Excel file, or 'sample'")
    command.add_argument("--text", action="extend", nargs="+", metavar="COL", help="text columns, joined in this order (default: guessed)")
    command.add_argument("--label", metavar="COL", help="the label column (default: guessed)")
    command.add_argument("--rows", type=int, help="take a stratified sample of this many rows")
    for name, choices in (("classifier", CLASSIFIERS), ("mode", MODES), ("schedule", SCHEDULES), ("device", DEVICES)):
        command.add_argument(f"--{name}", choices=list(choices), default=SETTINGS[name].default, help=SETTINGS[name].metadata["help"])
    command.add_argument("--encoder", default=SETTINGS["encoder"].default, help=SETTINGS["encoder"].metadata["help"])
    for name in ("epochs", "batch_size", "max_tokens", "hidden_units", "patience", "seed", "threads"):
        setting = SETTINGS[name]
        command.add_argument(f"--{name.replace('_', '-')}", type=int, default=setting.default, help=setting.metadata["help"])
    command.add_argument(
        "--learning-rate", type=float, default=SETTINGS["learning_rate"].default, help=SETTINGS["learning_rate"].metadata["help"]
    )
    command.add_argument("--frameworks", default=",".join(FRAMEWORKS), help="pytorch, tensorflow or both, separated by a comma")
    command.add_argument("--runs-dir", type=Path, help="where runs are kept (default: PARITY_RUNS, else runs/)")
    command.add_argument("--json", action="store_true", help="print results.json on standard output and nothing else")

    command = commands.add_parser("predict", help="classify texts with both models of a run")
    command.add_argument("run", help="the run's name, as `runs` prints it")
    command.add_argument("text", nargs="+")
    command.add_argument("--runs-dir", type=Path)
    command.add_argument("--json", action="store_true")

    command = commands.add_parser("runs", help="list the runs, newest first")
    command.add_argument("--runs-dir", type=Path)
    command.add_argument("--json", action="store_true")

    command = commands.add_parser("env", help="print versions and hardware, for a report of a problem")
    command.add_argument("--json", action="store_true")
    return parser


def train(options: argparse.Namespace) -> int:
    """Start the run that was asked for, follow it, print its results. Ctrl+C asks it to stop and keeps the best weights."""
    _use_runs_folder(options)
    experiment = Experiment(
        data=choose_data(options),
        frameworks=tuple(name.strip() for name in options.frameworks.split(",") if name.strip()),
        **{name: getattr(options, name) for name in SETTINGS if name not in ("data", "frameworks")},
    )
    run = start(experiment)
    if not options.json:
        print(f"Run {run.identifier} in {run.path}", file=sys.stderr)
    try:
        follow(run, silent=options.json)
    except KeyboardInterrupt:
        print("Stopping; the best weights so far are kept. Press Ctrl+C again to leave the run to itself.", file=sys.stderr)
        run.request_stop()
        follow(run, silent=options.json)
    status, results = run.status, run.results
    if results is not None:
        print(json.dumps(results, indent=1, ensure_ascii=False) if options.json else summary(results))
    if status.state not in ("done", "stopped") or results is None:
        raise RunError(f"Run {run.identifier} {status.state}: {status.message}")
    return 0


def choose_data(options: argparse.Namespace) -> DataChoice:
    """The file and its columns, guessed where nothing was said. Raises ``DataError`` when a guess would be a gamble."""
    if options.data == "sample":
        return replace(sample_choice(), rows=options.rows)
    path = Path(options.data)
    if not path.is_file():
        raise DataError(f"There is no file {options.data}. Expected a CSV, TSV, JSON Lines, Parquet or Excel file, or the word “sample”.")
    dataset = dataset_store().add(path.name, path)
    table = read_table(dataset.path, dataset.name)
    guess = guess_columns(table)
    text, label = tuple(options.text or guess.text), options.label or guess.label
    columns = list(table.frame.columns)
    unknown = [name for name in (*text, label) if name not in columns]
    if not text or not label or unknown:
        wrong = (
            f"no column is called {', '.join(map(str, unknown))}"
            if text and label
            else "the text and label columns could not be told apart"
        )
        raise DataError(f"In {path.name} {wrong}. Found the columns {', '.join(columns)}. Name them with --text and --label.")
    return DataChoice(dataset.identifier, dataset.name, text, label, reading=table.options, rows=options.rows)


def follow(run: Run, silent: bool) -> None:
    """Show how a run gets on until it has ended."""
    bar = tqdm(total=100, unit="%", file=sys.stderr, disable=silent, bar_format="{desc:.70s} {percentage:3.0f}% |{bar:20}| {elapsed}")
    with bar:
        while (status := run.status).active:
            shares = [status.progress.get(name, {}).get("share", 0.0) for name in run.experiment.frameworks]
            if status.phase in ("encode", "download"):
                shares = [status.progress.get(status.phase, {}).get("share") or 0.0]
            turn = f" · {FRAMEWORK_NAMES[status.turn]}'s turn" if status.turn and status.phase == "train" else ""
            bar.set_description_str(f"{status.message}{turn}", refresh=False)
            bar.n = 100 * sum(shares) / len(shares)
            bar.refresh()
            time.sleep(0.2)
        bar.n = 100 if status.state == "done" else bar.n
        bar.set_description_str(status.message)


MEASURES = [
    ("Test accuracy", "test_accuracy", "{:.1%}"),
    ("Macro-F1", "macro_f1", "{:.3f}"),
    ("Training, seconds", "train_seconds", "{:.2f}"),
    ("First step, seconds", "first_step_seconds", "{:.3f}"),
    ("Documents per second", "documents_per_second", "{:,.0f}"),
    ("Import, seconds", "import_seconds", "{:.2f}"),
    ("Peak memory, MiB", "peak_rss_mib", "{:,.0f}"),
    ("Growth in training, MiB", "train_growth_mib", "{:,.0f}"),
]


def summary(results: dict[str, Any]) -> str:
    """The comparison as a small table, PyTorch left."""
    frameworks = results["frameworks"]
    lines = [f"{'':26}" + "".join(f"{FRAMEWORK_NAMES[name]:>14}" for name in frameworks)]
    for title, key, form in MEASURES:
        values = [form.format(figures[key]) if figures.get(key) is not None else "–" for figures in frameworks.values()]
        lines.append(f"{title:26}" + "".join(f"{value:>14}" for value in values))
    latencies = [f"{figures['latency_ms']['single_p50']:.1f}" for figures in frameworks.values()]
    lines.append(f"{'One text, ms (median)':26}" + "".join(f"{value:>14}" for value in latencies))
    data, parity = results["data"], results["parity"]
    lines.append(
        f"\n{data['rows']:,} texts, {len(data['classes'])} classes; always answering “{data['majority_class']}”: "
        f"{data['majority_accuracy']:.1%}."
    )
    if parity["test_agreement"] is not None:
        shown = {"first answers": "first_batch_logit_difference", "encoders": "encoder_difference", "epoch losses": "max_epoch_loss_drift"}
        differences = [f"{words} by {parity[key]:.1g}" for words, key in shown.items() if parity[key] is not None]
        same = f"Same answer on {parity['test_agreement']:.1%} of {data['split']['test']:,} test texts."
        lines.append(f"{same} {parity['accuracy_difference']['verdict']}")
        lines.append(f"Largest differences: {', '.join(differences)}.")
    return "\n".join(lines)


def predict(options: argparse.Namespace) -> int:
    """Answer with every model that the run has."""
    _use_runs_folder(options)
    run = open_run(options.run)
    results = run.results
    if results is None:
        raise RunError(f"Run {run.identifier} has no results yet: {run.status.message}. Wait until it has finished, or resume it.")
    classes = results["data"]["classes"]
    answers = {}
    for framework in results["frameworks"]:
        answerer = Answerer(run, framework)
        try:
            answers[framework] = answerer.answer(options.text)
        finally:
            answerer.close()
    rows = [
        {"text": text}
        | {
            framework: {
                "label": classes[max(range(len(classes)), key=answer["probabilities"][number].__getitem__)],
                "probabilities": dict(zip(classes, answer["probabilities"][number], strict=True)),
            }
            for framework, answer in answers.items()
        }
        for number, text in enumerate(options.text)
    ]
    if options.json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))
        return 0
    for row in rows:
        print(row["text"][:100])
        for framework in answers:
            answer = row[framework]
            print(f"  {FRAMEWORK_NAMES[framework]:11} {answer['label']} ({answer['probabilities'][answer['label']]:.1%})")
    return 0


def show_runs(options: argparse.Namespace) -> int:
    """One line a run; those whose process has died are marked as failed on the way."""
    _use_runs_folder(options)
    recover()
    rows: list[dict[str, Any]] = []
    for run in list_runs():
        status, results = run.status, run.results
        accuracies = {name: figures["test_accuracy"] for name, figures in (results or {"frameworks": {}})["frameworks"].items()}
        rows.append({"run": run.identifier, "state": status.state, "message": status.message, "test_accuracy": accuracies})
    if options.json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))
    elif not rows:
        print("No runs yet. Start one with `python -m engine train sample`.")
    for row in rows if not options.json else []:
        figures = ", ".join(f"{FRAMEWORK_NAMES[name]} {value:.1%}" for name, value in row["test_accuracy"].items())
        print(f"{row['run']}  {row['state']:9} {figures or row['message']}")
    return 0


def show_environment(options: argparse.Namespace) -> int:
    """Hardware and versions."""
    machine = describe_machine()
    if options.json:
        print(json.dumps(machine, indent=1))
        return 0
    for name, value in machine.items():
        if name != "packages":
            print(f"{name:12} {value if value is not None else 'none'}")
    for package, version in machine["packages"].items():
        print(f"  {package:16} {version}")
    return 0


def _use_runs_folder(options: argparse.Namespace) -> None:
    if options.runs_dir:
        os.environ["PARITY_RUNS"] = str(options.runs_dir.absolute())


if __name__ == "__main__":
    sys.exit(main())
