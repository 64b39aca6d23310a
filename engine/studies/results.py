"""What every kind of study finds, each as one type: the key of the kind is what the study's name begins with."""

from __future__ import annotations

from typing import TypeVar

from engine.runs.records.reading import from_json
from engine.studies.ablation_results import AblationResults
from engine.studies.audit_results import AuditResults
from engine.studies.benchmark.results import BenchmarkResults
from engine.studies.export.manifest import ExportManifest
from engine.studies.migration.results import MigrationResults
from engine.studies.mistake_results import MuseumResults
from engine.studies.study import Study

RESULTS = {
    "audit": AuditResults,
    "ablation": AblationResults,
    "museum": MuseumResults,
    "benchmark": BenchmarkResults,
    "migration": MigrationResults,
    "export": ExportManifest,
}
"""The type of each kind's ``results.json``; an export keeps the same as ``manifest.json`` beside its file."""

Results = TypeVar("Results")


def read_results(study: Study | None, kind: type[Results]) -> Results:
    """Return what a study has found so far; an empty record where there is no study, or where it has found nothing yet."""
    results = from_json(kind, study.read_results() if study else None)
    return kind() if results is None else results
