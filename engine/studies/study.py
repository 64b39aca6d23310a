"""Studies: long work beside runs (audit, ablation, museum, benchmark, migration, export), by a process of its own that outlives the page.

A study is a folder ``_studies/<kind>-<key>/`` beside the runs. Its key stands for what was asked, the engine's sources and the versions of
the packages, so the same question finds the folder of the first time: finished, its results are there at once; cut short, it goes on.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from engine import FRAMEWORKS
from engine.errors import RunError
from engine.files import read_json, write_atomically
from engine.runs.folder import SECONDS_TO_APPEAR, Run, home
from engine.runs.launching import detach
from engine.runs.processes.identity import end_processes, living_process
from engine.shared.devices import package_versions

KINDS = ("audit", "ablation", "museum", "benchmark", "migration", "export")
ACTIVE = ("queued", "running")


@dataclass
class StudyStatus:
    """Where a study stands; replaced as a whole by its process."""

    state: str = "queued"
    """``queued``, ``running``, ``done``, ``stopped`` or ``failed``."""
    message: str = "Waiting to start"
    """One sentence for people."""
    share: float = 0.0
    """Of the work, from 0 to 1."""
    seconds_left: float | None = None
    created: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    process: dict[str, float] | None = None
    workers: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def active(self) -> bool:
        """Whether something is still ahead of it."""
        return self.state in ACTIVE


@dataclass(frozen=True)
class Study:
    """One study, read from its folder at every call."""

    path: Path

    @property
    def identifier(self) -> str:
        return self.path.name

    @property
    def kind(self) -> str:
        """One of ``KINDS``."""
        return self.identifier.rpartition("-")[0]

    def read_request(self) -> dict[str, Any]:
        """What was asked. Raises ``RunError`` when the folder has gone."""
        request = read_json(self.path / "request.json")
        if request is None:
            raise RunError(f"The folder of the study {self.identifier} was removed or damaged. Start it again from its page.")
        return request

    def read_status(self) -> StudyStatus:
        """Where the study stands. One whose process has died without a word reads as failed."""
        status = self._written_status()
        if status.active and status.process and living_process(status.process) is None:
            status = self._written_status()  # once more, for its last word may have come between the two looks
            if status.active:
                status.state = "failed"
                status.message = (
                    "The study's own process ended unexpectedly (killed, out of memory, the disk was full, or the machine was restarted). "
                    "What is finished is kept; start the same study again to go on."
                )
        elif status.active and not status.process and time.time() - status.updated > SECONDS_TO_APPEAR:
            status.state = "failed"
            status.message = (
                "The study's own process has not started, most often for lack of memory or disk; the reason is in coordinator.log in its "
                "folder. Free some, then start it again."
            )
        return status

    def _written_status(self) -> StudyStatus:
        values = read_json(self.path / "progress.json")
        if values is None:
            return StudyStatus(state="failed", message="The study's folder was removed or its status cannot be read.", created=0.0)
        return StudyStatus(**{name: value for name, value in values.items() if name in StudyStatus.__dataclass_fields__})

    def write_status(self, status: StudyStatus) -> None:
        status.updated = time.time()
        write_atomically(self.path / "progress.json", json.dumps(asdict(status)))

    def read_results(self) -> dict[str, Any] | None:
        """What is known so far, or ``None``; complete when the state is ``done``."""
        return self.as_run.read_results()

    def write_results(self, results: dict[str, Any]) -> None:
        self.as_run.write_results(results)

    @property
    def prepared_folder(self) -> Path:
        """Where its process puts what classifiers take, until it is done."""
        return self.path / "prepared"

    @property
    def as_run(self) -> Run:
        """The folder in the eyes of the queue and of workers, which it serves like that of a run: logs, results, a wish to stop."""
        return Run(self.path)

    def request_stop(self) -> None:
        """Ask for a stop; what is finished is kept."""
        try:
            self.as_run.request_stop()
        except RunError as error:
            raise RunError(
                f"The study {self.identifier} cannot be stopped: nothing can be written into its folder {self.path}. "
                "It was removed, or the disk is full."
            ) from error

    @property
    def stop_requested(self) -> bool:
        return self.as_run.stop_requested


def start_study(kind: str, request: dict[str, Any]) -> Study:
    """The study that answers ``request``: one that is there already, or one whose process is started now.

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
            study.as_run.framework_folder(framework).mkdir(parents=True, exist_ok=True)
        study.as_run.withdraw_stop()
        write_atomically(study.path / "request.json", json.dumps(request, ensure_ascii=False))
        study.write_status(StudyStatus())
        detach("engine.studies.process", study.path)
    except OSError as error:
        message = f"The study cannot be started in {study.path}: {error.strerror or error}. Free some space or memory and start it again."
        with suppress(OSError):
            study.write_status(StudyStatus(state="failed", message=message))
        raise RunError(message) from error
    return study


def find_study(kind: str, request: dict[str, Any]) -> Study | None:
    """What :func:`start_study` would find, in whatever state it is; ``None`` where it would begin anew."""
    study = _study_of(kind, request)
    return study if (study.path / "progress.json").exists() else None


def study_key(kind: str, request: dict[str, Any]) -> str:
    """Equal for equal questions to the same code and packages."""
    return _digest([kind, request, code_version()])[:16]


class UnitCache:
    """Results of finished pieces of work, shared by all studies: a study that was cut short goes on, a larger one uses what is there."""

    def __init__(self) -> None:
        self._folder, self._version = _studies_folder() / "units", code_version()

    def find(self, question: dict[str, Any]) -> dict[str, Any] | None:
        """The answer to the same question, asked of the same code before."""
        return read_json(self._file(question))

    def keep(self, question: dict[str, Any], answer: dict[str, Any]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self._file(question), json.dumps(answer))

    def _file(self, question: dict[str, Any]) -> Path:
        return self._folder / f"{_digest([question, self._version])}.json"


def code_version() -> str:
    """A hash of the engine's sources and of the versions of its packages: another one may give other figures."""
    digest = hashlib.sha256(json.dumps(package_versions(), sort_keys=True).encode())
    engine = Path(__file__).parents[1]
    for path in sorted(engine.glob("**/*.py")):
        digest.update(path.relative_to(engine).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def list_studies(kind: str) -> list[Study]:
    """All studies of a kind, the one that was started last first."""
    try:
        names = [entry.name for entry in os.scandir(_studies_folder()) if entry.name.startswith(f"{kind}-")]
    except OSError:
        return []
    return sorted((Study(_studies_folder() / name) for name in names), key=lambda study: study._written_status().created, reverse=True)


def latest_study(kind: str) -> Study | None:
    """The one that was started last, or ``None``."""
    return next(iter(list_studies(kind)), None)


def _study_of(kind: str, request: dict[str, Any]) -> Study:
    return Study(_studies_folder() / f"{kind}-{study_key(kind, request)}")


def _studies_folder() -> Path:
    return home() / "_studies"


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
