"""An export from start to finish: one process writes the file, another answers with it, and only what was checked gets its name."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.errors import RunError
from engine.runs.processes.turns import WORKER_NAMES
from engine.runs.records.reading import to_json
from engine.runs.records.results import Results
from engine.shared.devices import describe_machine
from engine.shared.text.inputs import MANIFEST
from engine.studies.export.manifest import ExportManifest, FileCheck, LatencyRace
from engine.studies.export.request import ASIDE, FILE_FORMS, ExportRequest, bring_back, find_manifest
from engine.studies.export.words import findings, format_title
from engine.studies.migration.carry import differences
from engine.studies.request import has_model
from engine.studies.study import Study, find_study, start_study
from engine.workers.requests.export import AFTER, BEFORE, LABELS, CheckRequest, RaceRequest, WriteAnswer, WriteRequest

if TYPE_CHECKING:
    from engine.studies.coordinator import StudyCoordinator


def start_export(request: ExportRequest) -> Study:
    """Start an export's study, or find it; it begins anew where its files were removed. Raises ``RunError`` when the disk refuses."""
    forget_lost(request)
    return start_study("export", request.to_json())


def forget_lost(request: ExportRequest) -> None:
    """Count a finished export whose files were removed as stopped, so that it can be started again."""
    study = find_study("export", request.to_json())
    if study is not None and study.read_status().state == "done" and find_manifest(request) is None:
        status = study.read_status()
        status.state, status.message = "stopped", "The files were removed"
        study.write_status(status)


def conduct(coordinator: StudyCoordinator) -> list[str]:
    """Write and check what a study asks for. Whatever goes wrong, nothing half-written stays in the run's folder."""
    request = ExportRequest.from_json(coordinator.request)
    run, target, form = request.opened(), request.folder, FILE_FORMS[request.format]
    attempt = secrets.token_hex(4)
    draft, arrays = target.parent / f".{target.name}.{attempt}", target.parent / f".logits.{attempt}"
    coordinator.frameworks = (request.framework,)
    coordinator.expect(3 if request.format == "onnx" else 2)
    try:
        try:
            _remove_drafts(target)
            for folder in (draft, arrays):
                folder.mkdir(parents=True)
        except OSError as error:
            raise RunError(f"Nothing can be written into {target.parent} ({error.strerror}). Free some space and export again.") from error
        write = WriteRequest(kind=form.kind, file=form.file, precision=request.precision, draft=str(draft), arrays=arrays.name)
        title = format_title(request.format, request.precision)
        written = coordinator.measure(request.framework, f"{FRAMEWORK_NAMES[request.framework]} writes the {title}", run, write)
        coordinator.dismiss()  # the check must not depend on what the export has left in the process
        answers = CheckRequest(**vars(write), shape=written.input.shape)
        checked = coordinator.measure(request.framework, f"{form.runtime} answers with the file", run, answers)
        race = _race(coordinator, request, RaceRequest(**vars(write))) if request.format == "onnx" else None
        before, after = (np.load(arrays / name) for name in (BEFORE, AFTER))
        check = FileCheck(
            runtime=form.runtime,
            rows=len(before),
            accuracy=float(np.mean(after.argmax(axis=1) == np.load(arrays / LABELS))),
            accuracy_before=written.accuracy,
            race=race,
            **vars(differences(before, after)),
            **vars(checked),
        )
        manifest = _manifest(request, coordinator.request["weights"], draft, written, check)
        manifest = replace(manifest, findings=tuple(findings(manifest)))
        try:
            (draft / MANIFEST).write_text(json.dumps(to_json(manifest), indent=1, ensure_ascii=False), encoding="utf-8")
            _put_in_place(draft, target)
        except OSError as error:
            raise RunError(f"The export cannot be kept in {target} ({error.strerror}). Free some space and export again.") from error
    finally:
        for folder in (draft, arrays):
            shutil.rmtree(folder, ignore_errors=True)
    coordinator.study.write_results(to_json(manifest))
    return []


def _race(coordinator: StudyCoordinator, request: ExportRequest, race: RaceRequest) -> LatencyRace:
    """Return the median time of one text, from the text on: the file beside each framework that took part, in turns, a process each."""
    run = request.opened()
    trained = [framework for framework in FRAMEWORKS if has_model(run, framework)]
    coordinator.dismiss()
    coordinator.frameworks = (*trained, "onnx")
    coordinator.study.framework_folder("onnx").mkdir(exist_ok=True)  # for the log of a worker that belongs to no framework
    messages = {name: f"{WORKER_NAMES[name]} answers single texts" for name in coordinator.frameworks}
    answers = coordinator.measure_in_turns(messages, run, race, 1 / len(messages))
    times = {name: float(np.percentile(answer.milliseconds, 50)) for name, answer in answers.items()}
    faster = min(trained, key=times.__getitem__)
    return LatencyRace(
        single_p50_ms=times,
        single_p95_ms={name: float(np.percentile(answer.milliseconds, 95)) for name, answer in answers.items()},
        texts=len(answers["onnx"].milliseconds),
        faster=faster,
        ratio=times["onnx"] / times[faster],
    )


def _manifest(request: ExportRequest, weights: list[int], draft: Path, written: WriteAnswer, check: FileCheck) -> ExportManifest:
    """Return everything that a program needs to use the file, and what the file was made of."""
    run = request.opened()
    experiment, machine = run.read_experiment(), describe_machine()
    file = draft / FILE_FORMS[request.format].file
    files = [file] if file.is_file() else [path for path in file.rglob("*") if path.is_file()]
    return ExportManifest(
        run=request.run,
        weights=tuple(weights),
        framework=request.framework,
        format=request.format,
        precision=request.precision,
        classifier=experiment.classifier,
        long_texts=experiment.long_texts,
        labels=(run.read_results() or Results()).data.classes,
        file=file.name,
        megabytes=sum(path.stat().st_size for path in files) / 1e6,
        versions=machine.packages,
        machine=machine,
        input=written.input,
        output=written.output,
        check=check,
        takes=written.takes,
        max_tokens=written.max_tokens,
        padding=written.padding,
        opset=written.opset,
    )


def _put_in_place(draft: Path, target: Path) -> None:
    """Let the old folder step aside first, for a folder cannot replace another at once; it comes back where the new one cannot follow."""
    aside = draft.with_name(f"{draft.name}{ASIDE}")
    if target.exists():
        os.replace(target, aside)
    try:
        os.replace(draft, target)
    except OSError:
        if aside.exists():
            os.replace(aside, target)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _remove_drafts(target: Path) -> None:
    """Remove what an export of this format left when its process was killed; the same export never runs twice at once."""
    bring_back(target)
    for left in target.parent.glob(f".{target.name}.*"):
        shutil.rmtree(left, ignore_errors=True)
