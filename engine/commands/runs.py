"""The commands about runs: ``train``, ``predict``, ``runs``, ``report``; and ``env``, which says where they ran."""

from __future__ import annotations

import argparse
import json
import sys

from engine import FRAMEWORK_NAMES, __version__
from engine.commands.following import check_before_start, follow
from engine.commands.parser import make_experiment
from engine.errors import DataError, RunError
from engine.runs.folder import open_run
from engine.runs.index import run_rows
from engine.runs.launching import recover, start
from engine.runs.preparing.kept_vectors import clear_vectors, kept_vectors
from engine.runs.processes.answering import Answerer
from engine.runs.records.reading import to_json
from engine.runs.records.results import Results
from engine.shared.devices import describe_machine
from engine.studies.study import list_studies


def train(options: argparse.Namespace) -> int:
    """Check and start the run that was asked for, follow it, print its results. Ctrl+C asks it to stop and keeps the best weights."""
    experiment = make_experiment(options)
    check_before_start(experiment)
    run = start(experiment)
    if not options.json:
        print(f"Run {run.identifier} in {run.path}", file=sys.stderr)
    try:
        follow(run, silent=options.json)
    except KeyboardInterrupt:
        print("Stopping; the best weights so far are kept. Press Ctrl+C again to leave the run to itself.", file=sys.stderr)
        run.request_stop()
        follow(run, silent=options.json)
    status, results = run.read_status(), run.read_results()
    if results is not None:
        print(json.dumps(to_json(results), indent=1, ensure_ascii=False) if options.json else summary(results))
    if status.state not in ("done", "stopped") or results is None:
        raise RunError(f"Run {run.identifier} {status.state}: {status.message}")
    return 0


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


def summary(results: Results) -> str:
    """Return the comparison as a small table, PyTorch left."""
    frameworks = results.frameworks
    lines = [f"{'':26}" + "".join(f"{FRAMEWORK_NAMES[name]:>14}" for name in frameworks)]
    for title, key, form in MEASURES:
        values = [form.format(value) if (value := getattr(side, key)) is not None else "–" for side in frameworks.values()]
        lines.append(f"{title:26}" + "".join(f"{value:>14}" for value in values))
    latencies = ["–" if (value := side.latency_ms.single_p50) is None else f"{value:.1f}" for side in frameworks.values()]
    lines.append(f"{'One text, ms (median)':26}" + "".join(f"{value:>14}" for value in latencies))
    data, parity = results.data, results.parity
    lines.append(
        f"\n{data.rows or 0:,} texts, {len(data.classes)} classes; always answering “{data.majority_class}”: "
        f"{data.majority_accuracy or 0:.1%}."
    )
    if data.split_source.kind != "drawn":
        lines.append(f"{data.split_source.origin} {data.split_source.promise}")
    if parity.test_agreement is not None and parity.accuracy_difference is not None:
        shown = {
            "first answers": parity.first_batch_logit_difference,
            "encoders": parity.encoder_difference,
            "epoch losses": parity.max_epoch_loss_drift,
        }
        differences = [f"{words} by {value:.1g}" for words, value in shown.items() if value is not None]
        same = f"Same answer on {parity.test_agreement:.1%} of {data.split.get('test', 0):,} test texts."
        lines.append(f"{same} {parity.accuracy_difference.verdict}")
        lines.append(f"Largest differences: {', '.join(differences)}.")
    return "\n".join(lines)


def predict(options: argparse.Namespace) -> int:
    """Answer with every model that the run has. Raises ``DataError`` on a text without a word."""
    if not all(text.strip() for text in options.text):
        raise DataError("A text is empty: there is nothing to classify. Expected at least one word in each text. Leave the empty ones out.")
    run = open_run(options.run)
    results = run.read_results()
    if results is None:
        raise RunError(f"Run {run.identifier} has no results yet: {run.read_status().message}. Wait until it has finished, or resume it.")
    classes = results.data.classes
    answers = {}
    for framework in results.frameworks:
        answerer = Answerer(run, framework)
        try:
            answers[framework] = answerer.answer(options.text)
        finally:
            answerer.close()
    rows = [
        {"text": text}
        | {
            framework: {
                "label": classes[max(range(len(classes)), key=answer.probabilities[number].__getitem__)],
                "probabilities": dict(zip(classes, answer.probabilities[number], strict=True)),
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
    """Print one line a run; those whose process has died are marked as failed on the way."""
    recover()
    rows = run_rows()
    cleared = clear_vectors() if options.clear_vectors else ""
    if options.json:
        facts = [{"run": row.identifier, "state": row.state, "message": row.message, "test_accuracy": row.accuracies} for row in rows]
        print(json.dumps(facts, indent=1, ensure_ascii=False))
    elif not rows:
        print("No runs yet. Start one with `python -m engine train sample`.")
    for row in rows if not options.json else []:
        figures = ", ".join(f"{FRAMEWORK_NAMES[name]} {value:.1%}" for name, value in row.accuracies.items() if value is not None)
        print(f"{row.identifier}  {row.state:9} {figures or row.message}")
    if not options.json and (cleared or kept_vectors().size):
        print(cleared or kept_vectors().sentence)
    return 0


def write_report(options: argparse.Namespace) -> int:
    """Write the report of a run, and its model card if asked for, or of a benchmark; print where they are."""
    from engine.reports.benchmark_report import write_benchmark_report  # here, for charts take a moment that no other command needs
    from engine.reports.run_report import write_reports

    benchmarks = {study.identifier: study for study in list_studies("benchmark")}
    if options.run in benchmarks:
        written = write_benchmark_report(benchmarks[options.run], options.to)
    else:
        written = write_reports(open_run(options.run), options.to, options.card)
    files = {name: str(path) for name, path in written.items()}
    print(json.dumps(files, indent=1, ensure_ascii=False) if options.json else "\n".join(files.values()))
    return 0


def show_environment(options: argparse.Namespace) -> int:
    """Print hardware and versions."""
    machine = {"parity": __version__} | to_json(describe_machine())
    if options.json:
        print(json.dumps(machine, indent=1))
        return 0
    for name, value in machine.items():
        if name != "packages":
            print(f"{name:12} {value if value is not None else 'none'}")
    for package, version in machine["packages"].items():
        print(f"  {package:16} {version}")
    return 0
