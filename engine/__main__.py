"""The command line, a thin face over the rooms: ``python -m engine train``, ``audit``, ``ablate``, ``museum``, ``benchmark`` and more."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import replace
from typing import Any

from tqdm import tqdm

from engine import FRAMEWORK_NAMES
from engine.command_line import choose_data, make_experiment, make_parser
from engine.errors import MigrationError, ParityError, RunError
from engine.evidence.ablation import COMPILED, AblationRequest, ablation_table
from engine.evidence.audit import AuditRequest, audit_table, verdicts
from engine.evidence.benchmark_request import MODES, BenchmarkRequest, attempts, next_attempt
from engine.evidence.benchmark_rows import benchmark_table, same_verdicts
from engine.evidence.exhibits import EXHIBITS
from engine.evidence.museum import MuseumRequest, museum_table
from engine.migration.bundles.kinds import BUNDLES, artifacts_needed
from engine.migration.bundles.making import make_bundle
from engine.migration.export_request import PRECISIONS, ExportRequest, bundles_folder, find_manifest
from engine.migration.export_words import export_table
from engine.migration.exporting import start_export
from engine.migration.migrating import carried_folder
from engine.migration.migration_request import MigrationRequest
from engine.migration.migration_words import migration_figures, migration_table
from engine.neutral.devices import describe_machine
from engine.neutral.family import CLASSIFIERS
from engine.running.answering import Answerer
from engine.running.experiment import BUNDLED_ENCODER, Experiment
from engine.running.folder import Run, list_runs, open_run
from engine.running.launching import recover, start
from engine.running.preflight import preflight
from engine.running.studies import Study, list_studies, start_study


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it did what was asked, 1 when it could not (the reason is on standard error)."""
    options = make_parser().parse_args(arguments)
    commands = {
        "train": train,
        "audit": audit,
        "ablate": ablate,
        "museum": museum,
        "benchmark": benchmark,
        "migrate": migrate,
        "export": export,
        "predict": predict,
        "runs": show_runs,
        "report": write_report,
        "env": show_environment,
    }
    try:
        return int(commands[options.command](options))
    except ParityError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130  # as a shell says it


def train(options: argparse.Namespace) -> int:
    """Start the run that was asked for, follow it, print its results. Ctrl+C asks it to stop and keeps the best weights."""
    _use_runs_folder(options)
    experiment = make_experiment(options)
    if experiment.compiled:
        _refuse_without_compiler(experiment)
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


def audit(options: argparse.Namespace) -> int:
    """Audit what was asked for, or show what was found before. Ctrl+C stops it and keeps what is finished."""
    _use_runs_folder(options)
    encoder = options.encoder or BUNDLED_ENCODER
    request = AuditRequest(tuple(options.classifier or CLASSIFIERS), options.steps, choose_data(options), encoder)
    results = watch(start_study("audit", request.to_json()))
    print(json.dumps(verdicts(results), indent=1) if options.json else audit_table(results))
    return 0


def ablate(options: argparse.Namespace) -> int:
    """Flip defaults as asked, or show what was found before. Ctrl+C stops it and keeps what is finished."""
    _use_runs_folder(options)
    given = {name: value for name in ("encoder", "device", "epochs") if (value := getattr(options, name)) is not None}
    request = AblationRequest(options.classifier, options.seeds, defaults=tuple(options.defaults or ()), data=choose_data(options), **given)
    if COMPILED in request.defaults:
        _refuse_without_compiler(replace(request.experiment(), compiled=True))
    results = watch(start_study("ablation", request.to_json()))
    print(json.dumps(results, indent=1, ensure_ascii=False) if options.json else ablation_table(results))
    return 0


def museum(options: argparse.Namespace) -> int:
    """Make the mistakes that were asked for, or show what became of them before. Ctrl+C stops it and keeps what is finished."""
    _use_runs_folder(options)
    results = watch(start_study("museum", MuseumRequest(tuple(options.only or EXHIBITS)).to_json()))
    print(json.dumps(results["rows"], indent=1, ensure_ascii=False) if options.json else museum_table(results))
    return 0


def benchmark(options: argparse.Namespace) -> int:
    """Measure, or show what was measured before; with ``--again`` measure anew and compare. Ctrl+C stops it and keeps what is finished."""
    _use_runs_folder(options)
    given = {name: value for name in ("encoder", "device") if (value := getattr(options, name)) is not None}
    request = BenchmarkRequest(
        tuple(options.classifier or CLASSIFIERS),
        options.quick or options.against_itself,
        options.repeats,
        tuple(options.modes or MODES),
        options.margin,
        options.against_itself,
        choose_data(options),
        **given,
    )
    if "compiled" in request.modes:
        _refuse_without_compiler(replace(request.experiment(request.classifiers[0]), compiled=True))
    if options.again:
        request = next_attempt(request)
    study = start_study("benchmark", request.to_json())
    results = watch(study)
    print(json.dumps(results["rows"], indent=1, ensure_ascii=False) if options.json else benchmark_table(results))
    if not options.json:
        print(f"For a report: python -m engine report {study.identifier}", file=sys.stderr)
    others = [each.results for each in attempts(request) if each.identifier != study.identifier]
    before = next((found for found in others if found is not None), None)
    if before is not None and not options.json:
        same, compared = same_verdicts(results["rows"], before["rows"])
        print(f"{same} of {compared} verdicts ({same / max(1, compared):.0%}) are as in the benchmark before.")
    return 0


def migrate(options: argparse.Namespace) -> int:
    """Carry a model across as asked, or show what was found before. Ctrl+C stops it and keeps what is finished."""
    _use_runs_folder(options)
    request = MigrationRequest(options.run, options.source, options.target, options.route)
    study = start_study("migration", request.to_json())
    results = watch(study)
    print(json.dumps(migration_figures(results), indent=1) if options.json else migration_table(results))
    if not options.json and request.route != "weights":
        print(f"What was carried across: {carried_folder(study)}", file=sys.stderr)
    return 0


def export(options: argparse.Namespace) -> int:
    """Write a model's file as asked, or show the one that is there. Ctrl+C stops it; no half file is left."""
    _use_runs_folder(options)
    if options.format in BUNDLES:
        return _export_bundle(options)
    request = ExportRequest(options.run, options.framework, options.format, options.precision)
    manifest = _exported(request)
    print(json.dumps(manifest, indent=1, ensure_ascii=False) if options.json else export_table([manifest]))
    if not options.json:
        print(f"The file: {request.folder / manifest['file']}", file=sys.stderr)
    return 0


def _exported(request: ExportRequest) -> dict[str, Any]:
    """The manifest of an export that is there, or is made now."""
    watch(start_export(request))
    manifest = find_manifest(request)
    if manifest is None:
        raise RunError(f"The export of run {request.run} was removed as soon as it was written. Export it again.")
    return manifest


def _export_bundle(options: argparse.Namespace) -> int:
    """A serving bundle, after the exports that it is made of."""
    if options.precision != PRECISIONS[0]:
        raise MigrationError(
            f"A serving bundle is made of models in float32, found {options.precision}. Leave the precision out, or export onnx in int8."
        )
    run = open_run(options.run)
    trained = (run.results or {}).get("frameworks", {})
    needed = artifacts_needed(options.format, options.framework)
    requests = {name: ExportRequest(run.identifier, name, form) for name, form in needed.items() if name in trained}
    for request in requests.values():
        _exported(request)
    folders = {name: request.folder for name, request in requests.items()}
    file = make_bundle(options.format, options.framework, run, folders, bundles_folder(run, options.framework))
    facts = {"run": run.identifier, "framework": options.framework, "format": options.format, "megabytes": file.stat().st_size / 1e6}
    print(json.dumps(facts | {"file": str(file)}, indent=1) if options.json else f"{BUNDLES[options.format].title}: {file}")
    return 0


def watch(study: Study) -> dict[str, Any]:
    """Show on standard error how a study gets on until it has ended; its results. Raises ``RunError`` when they are not complete."""
    try:
        _follow_study(study)
    except KeyboardInterrupt:
        print("\nStopping; what is finished is kept. Press Ctrl+C again to leave the study to itself.", file=sys.stderr)
        study.request_stop()
        _follow_study(study)
    status, results = study.status, study.results
    if status.state != "done" or results is None:
        raise RunError(f"The {study.kind} {status.state}: {status.message}")
    return results


def _follow_study(study: Study) -> None:
    with tqdm(total=100, unit="%", file=sys.stderr, bar_format="{desc:.70s} {percentage:3.0f}% |{bar:20}|{postfix}") as bar:
        while (status := study.status).active:
            left = status.seconds_left
            bar.set_description_str(status.message, refresh=False)
            bar.set_postfix_str("" if left is None else f"{left // 60:.0f}:{left % 60:02.0f} left", refresh=False)
            bar.n = 100 * status.share
            bar.refresh()
            time.sleep(0.2)
        bar.set_postfix_str("", refresh=False)
        bar.n = 100 * status.share
        bar.set_description_str(status.message)


def _refuse_without_compiler(experiment: Experiment) -> None:
    failed = [check.sentence for check in preflight(experiment) if check.state == "failed"]
    if failed:
        raise RunError(" ".join(failed))


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


def write_report(options: argparse.Namespace) -> int:
    """The report of a run, and its model card if asked for, or of a benchmark; says where they are."""
    from engine.evidence.benchmark_report import (
        write_benchmark_report,
    )  # here, for charts take a moment to load that no other command needs
    from engine.evidence.report import write_reports

    _use_runs_folder(options)
    benchmarks = {study.identifier: study for study in list_studies("benchmark")}
    if options.run in benchmarks:
        written = write_benchmark_report(benchmarks[options.run], options.to)
    else:
        written = write_reports(open_run(options.run), options.to, options.card)
    files = {name: str(path) for name, path in written.items()}
    print(json.dumps(files, indent=1, ensure_ascii=False) if options.json else "\n".join(files.values()))
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
