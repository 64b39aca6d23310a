"""Studies: long work beside runs (audit, ablation, museum, benchmark, migration, export), by a process of its own that outlives the page.

A study is a folder ``_studies/<kind>-<key>/`` beside the runs. Its key stands for what was asked, the engine's sources and the versions of
the packages, so the same question finds the folder of the first time: finished, its results are there at once; cut short, it goes on.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import FRAMEWORKS
from engine.errors import RunError
from engine.files import JsonObject, read_json, write_atomically
from engine.runs.folder import home
from engine.runs.launching import detach
from engine.runs.paths import HomePaths, StudyPaths
from engine.runs.processes.identity import end_processes
from engine.runs.records.reading import Record, from_json, to_json
from engine.runs.source_code import code_digest
from engine.runs.status import Status
from engine.runs.work_folder import WorkFolder
from engine.shared.devices import package_versions

KINDS = ("audit", "ablation", "museum", "benchmark", "migration", "export")


@dataclass(frozen=True)
class Study(StudyPaths, WorkFolder):
    """One study, read from its folder at every call."""

    word = "study"
    advice = "What is finished is kept; start the same study again to go on."
    again = "start the study again"

    @property
    def kind(self) -> str:
        """What is studied: one of ``KINDS``."""
        return self.identifier.rpartition("-")[0]

    def read_request(self) -> JsonObject:
        """Return what was asked. Raises ``RunError`` when the folder has gone."""
        request = read_json(self.request_file)
        if request is None:
            raise RunError(f"The folder of the study {self.identifier} was removed or damaged. Start it again from its page.")
        return request

    def read_results(self) -> JsonObject | None:
        """Return what is known so far, or ``None``; complete when the state is ``done``."""
        return read_json(self.results_file)

    def write_results(self, results: Mapping[str, object]) -> None:
        """Replace what is known."""
        write_atomically(self.results_file, json.dumps(results, indent=1, ensure_ascii=False))


def start_study(kind: str, request: Mapping[str, object]) -> Study:
    """Return the study that answers ``request``: one that is there already, or one whose process is started now.

    Raises ``RunError`` when the disk refuses.
    """
    if kind not in KINDS:
        raise RunError(f"There is no study “{kind}”. Expected one of {', '.join(KINDS)}.")
    study = _study_of(kind, request)
    status = study.read_status()
    if status.state == "done" and study.read_results() is not None:
        return study
    if status.active:
        return study  # asked for by two at once, who watch the same one
    end_processes(status.workers.values())
    try:
        for framework in FRAMEWORKS:
            study.framework_folder(framework).mkdir(parents=True, exist_ok=True)
        study.withdraw_stop()
        write_atomically(study.request_file, json.dumps(request, ensure_ascii=False))
        study.write_status(Status())
        detach("engine.studies.process", study.path)
    except OSError as error:
        message = f"The study cannot be started in {study.path}: {error.strerror or error}. Free some space or memory and start it again."
        with suppress(OSError):
            study.write_status(Status(state="failed", message=message))
        raise RunError(message) from error
    return study


def find_study(kind: str, request: Mapping[str, object]) -> Study | None:
    """Return what :func:`start_study` would find, in whatever state it is; ``None`` where it would begin anew."""
    study = _study_of(kind, request)
    return study if study.status_file.exists() else None


def study_key(kind: str, request: Mapping[str, object]) -> str:
    """Return a key that is equal for equal questions to the same code and packages."""
    return _digest([kind, request, code_version()])[:16]


class UnitCache:
    """Results of finished pieces of work, shared by all studies: a study that was cut short goes on, a larger one uses what is there."""

    def __init__(self) -> None:
        self._folder, self._version = HomePaths(home()).units_folder, code_version()

    def find(self, question: Mapping[str, object], kind: type[Record]) -> Record | None:
        """Return the answer to the same question, asked of the same code before; ``None`` where nobody did."""
        return from_json(kind, read_json(self._file(question)))

    def keep(self, question: Mapping[str, object], answer: object) -> None:
        """Keep an answer, which is a record, for whoever asks the same."""
        self._folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self._file(question), json.dumps(to_json(answer)))

    def _file(self, question: Mapping[str, object]) -> Path:
        return self._folder / f"{_digest([question, self._version])}.json"


def code_version() -> str:
    """Return a hash of the engine's code and of the versions of its packages: another one may give other figures."""
    return _digest([package_versions(), code_digest()])


def list_studies(kind: str) -> list[Study]:
    """Return all studies of a kind, the one that was started last first."""
    try:
        names = [entry.name for entry in os.scandir(_studies_folder()) if entry.name.startswith(f"{kind}-")]
    except OSError:
        return []
    return sorted((Study(_studies_folder() / name) for name in names), key=lambda study: study.written_status().created, reverse=True)


def _study_of(kind: str, request: Mapping[str, object]) -> Study:
    return Study(_studies_folder() / f"{kind}-{study_key(kind, request)}")


def _studies_folder() -> Path:
    return HomePaths(home()).studies_folder


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
