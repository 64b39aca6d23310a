"""The commands for a trained model: ``migrate`` carries it across, ``export`` takes it away as a file or a serving bundle."""

from __future__ import annotations

import argparse
import json
import sys

from engine.commands.following import watch
from engine.errors import MigrationError, ParityError, RunError
from engine.runs.folder import open_run
from engine.runs.records.reading import to_json
from engine.serving.bundles import make_bundle
from engine.serving.kinds import BUNDLES, artifacts_needed
from engine.studies.export.manifest import ExportManifest
from engine.studies.export.request import EVERY_FORMAT, FORMATS, PRECISIONS, ExportRequest, bundles_folder, find_manifest, precisions
from engine.studies.export.words import export_table
from engine.studies.export.write_and_check import start_export
from engine.studies.migration.request import MigrationRequest
from engine.studies.migration.results import MigrationResults
from engine.studies.migration.words import migration_figures, migration_table
from engine.studies.results import read_results
from engine.studies.study import find_study, start_study


def migrate(options: argparse.Namespace) -> int:
    """Carry a model across as asked, or show what was found before. Ctrl+C stops it and keeps what is finished."""
    request = MigrationRequest(options.run, options.source, options.target, options.route)
    study = watch(start_study("migration", request.to_json()))
    results = read_results(study, MigrationResults)
    print(json.dumps(migration_figures(results), indent=1) if options.json else migration_table(results))
    if not options.json and request.route != "weights":
        print(f"What was carried across: {study.carried_folder}", file=sys.stderr)
    return 0


def export(options: argparse.Namespace) -> int:
    """Write a model's file as asked, or show the one that is there. Ctrl+C stops it; no half file is left."""
    if options.format in BUNDLES:
        return _export_bundle(options)
    if options.format == EVERY_FORMAT:
        return _export_every_format(options)
    request = ExportRequest(options.run, options.framework, options.format, options.precision)
    manifest = _exported(request)
    print(json.dumps(to_json(manifest), indent=1, ensure_ascii=False) if options.json else export_table([manifest]))
    if not options.json:
        print(f"The file: {request.folder / manifest.file}", file=sys.stderr)
    return 0


def _export_every_format(options: argparse.Namespace) -> int:
    """All that a framework offers in one precision, in one table; of a format that this machine cannot write the reason is told."""
    names = [name for name in FORMATS[options.framework] if options.precision in precisions(name)]
    requests = [ExportRequest(options.run, options.framework, name, options.precision) for name in names]
    manifests, failures = [], []
    for request in requests:
        try:
            manifests.append(_exported(request))
        except ParityError as error:
            study = find_study("export", request.to_json())
            if study is not None and study.read_status().state == "stopped":
                raise  # Ctrl+C means all of them
            failures.append(f"{request.format}: {error}")
    if options.json:
        print(json.dumps(to_json(manifests), indent=1, ensure_ascii=False))
    elif manifests:
        print(export_table(manifests))
        print(f"The files: {requests[0].folder.parent}", file=sys.stderr)
    for failure in failures:
        print(f"error: {failure}", file=sys.stderr)
    return 1 if failures else 0


def _exported(request: ExportRequest) -> ExportManifest:
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
    results = run.read_results()
    trained = results.frameworks if results else {}
    needed = artifacts_needed(options.format, options.framework)
    requests = {name: ExportRequest(run.identifier, name, form) for name, form in needed.items() if name in trained}
    for request in requests.values():
        _exported(request)
    folders = {name: request.folder for name, request in requests.items()}
    file = make_bundle(options.format, options.framework, run, folders, bundles_folder(run, options.framework))
    facts = {"run": run.identifier, "framework": options.framework, "format": options.format, "megabytes": file.stat().st_size / 1e6}
    print(json.dumps(facts | {"file": str(file)}, indent=1) if options.json else f"{BUNDLES[options.format].title}: {file}")
    return 0
