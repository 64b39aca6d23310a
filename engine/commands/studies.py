"""The commands that measure: ``audit``, ``ablate``, ``museum`` and ``benchmark``. Ctrl+C stops each and keeps what is finished."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace

from engine.commands.data_options import choose_data
from engine.commands.following import check_before_start, check_encoder, watch
from engine.runs.experiment import BUNDLED_ENCODER
from engine.runs.records.reading import to_json
from engine.shared.classifiers import CLASSIFIERS
from engine.studies.ablation import COMPILED, AblationRequest, ablation_table
from engine.studies.ablation_results import AblationResults
from engine.studies.audit import AuditRequest, audit_table, verdicts
from engine.studies.audit_results import AuditResults
from engine.studies.benchmark.request import BENCHMARK_MODES, BenchmarkRequest, attempts, next_attempt
from engine.studies.benchmark.results import BenchmarkResults
from engine.studies.benchmark.verdicts import benchmark_table, same_verdicts
from engine.studies.mistake_catalogue import MISTAKES
from engine.studies.mistake_results import MuseumResults
from engine.studies.mistakes import MuseumRequest, museum_table
from engine.studies.results import read_results
from engine.studies.study import start_study


def audit(options: argparse.Namespace) -> int:
    """Audit what was asked for, or show what was found before. Ctrl+C stops it and keeps what is finished."""
    encoder = options.encoder or BUNDLED_ENCODER
    request = AuditRequest(tuple(options.classifier or CLASSIFIERS), options.steps, choose_data(options), encoder)
    check_encoder(encoder, request.classifiers)
    study = watch(start_study("audit", request.to_json()))
    results = read_results(study, AuditResults)
    print(json.dumps(verdicts(results), indent=1) if options.json else audit_table(results))
    return 0


def ablate(options: argparse.Namespace) -> int:
    """Flip defaults as asked, or show what was found before. Ctrl+C stops it and keeps what is finished."""
    settings = {name: value for name in ("encoder", "device", "epochs") if (value := getattr(options, name)) is not None}
    flips = tuple(options.defaults or ())
    request = AblationRequest(options.classifier, options.seeds, defaults=flips, data=choose_data(options), **settings)
    if COMPILED in request.defaults:
        check_before_start(replace(request.experiment(), compiled=True))
    check_encoder(request.encoder, [request.classifier])
    study = watch(start_study("ablation", request.to_json()))
    results = read_results(study, AblationResults)
    print(json.dumps(to_json(results), indent=1, ensure_ascii=False) if options.json else ablation_table(results))
    return 0


def museum(options: argparse.Namespace) -> int:
    """Make the mistakes that were asked for, or show what became of them before. Ctrl+C stops it and keeps what is finished."""
    study = watch(start_study("museum", MuseumRequest(tuple(options.only or MISTAKES)).to_json()))
    results = read_results(study, MuseumResults)
    print(json.dumps(to_json(results.rows), indent=1, ensure_ascii=False) if options.json else museum_table(results))
    return 0


def benchmark(options: argparse.Namespace) -> int:
    """Measure, or show what was measured before; with ``--again`` measure anew and compare. Ctrl+C stops it and keeps what is finished."""
    settings = {name: value for name in ("encoder", "device") if (value := getattr(options, name)) is not None}
    request = BenchmarkRequest(
        tuple(options.classifier or CLASSIFIERS),
        options.quick or options.against_itself,
        options.repeats,
        tuple(options.modes or BENCHMARK_MODES),
        options.margin,
        options.against_itself,
        choose_data(options),
        **settings,
    )
    check_encoder(request.encoder, request.classifiers)
    if "compiled" in request.modes:
        check_before_start(replace(request.experiment(request.classifiers[0]), compiled=True))
    if options.again:
        request = next_attempt(request)
    study = watch(start_study("benchmark", request.to_json()))
    results = read_results(study, BenchmarkResults)
    print(json.dumps(to_json(results.rows), indent=1, ensure_ascii=False) if options.json else benchmark_table(results))
    if not options.json:
        print(f"For a report: python -m engine report {study.identifier}", file=sys.stderr)
    others = [read_results(each, BenchmarkResults) for each in attempts(request) if each.identifier != study.identifier]
    before = next((other for other in others if other.rows), None)
    if before is not None and not options.json:
        same, compared = same_verdicts(results.rows, before.rows)
        print(f"{same} of {compared} verdicts ({same / max(1, compared):.0%}) are as in the benchmark before.")
    return 0
