"""The run folder, which is the protocol between dashboard, coordinator and workers: what is written into it and read again.

A missing file, a torn last line and a dead process are normal states here; readers answer ``None``, fewer events or "not alive".
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine import FRAMEWORKS
from engine.errors import ParityError, RunError
from engine.files import JsonObject, Version, read_json, version_of, write_atomically
from engine.runs.experiment import Experiment
from engine.runs.paths import RunPaths
from engine.runs.records.outcome import Outcome
from engine.runs.records.reading import from_json, to_json
from engine.runs.records.results import EncodingFacts, Results
from engine.runs.status import Status
from engine.runs.work_folder import WorkFolder

if TYPE_CHECKING:
    import pandas

IDENTIFIER = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}")


def home() -> Path:
    """Return where runs live: the folder that ``PARITY_RUNS`` names, else ``runs`` beside ``dashboard.py``."""
    return Path(os.environ.get("PARITY_RUNS") or Path(__file__).parents[2] / "runs").absolute()


@dataclass(frozen=True)
class Run(RunPaths, WorkFolder):
    """One run, read from its folder at every call; nothing of it lives in memory only."""

    word = "run"
    advice = "What was trained is kept; resume the run to go on from the last finished epoch."
    again = "resume the run"

    def read_experiment(self) -> Experiment:
        """Return what was asked. Raises ``RunError`` when the folder has gone, ``ExperimentError`` when the description cannot be read."""
        values = read_json(self.experiment_file)
        if values is None:
            raise RunError(
                f"Run {self.identifier} has no readable experiment.json in {self.path}. Expected the description of what was asked; "
                "the folder was probably removed or damaged. Start the run again from the Train page."
            )
        return Experiment.from_json(values)

    def write_experiment(self, experiment: Experiment) -> None:
        write_atomically(self.experiment_file, json.dumps(experiment.to_json(), indent=1, ensure_ascii=False))

    def read_results(self) -> Results | None:
        """Return the comparison, or ``None`` before there is one."""
        results = from_json(Results, read_json(self.results_file))
        return results and results.fitting()

    def write_results(self, results: Results) -> None:
        """Write the comparison."""
        write_atomically(self.results_file, json.dumps(to_json(results), indent=1, ensure_ascii=False))

    def read_encoding(self) -> EncodingFacts | None:
        """Return how the texts became vectors, or ``None`` where that is not known or not done."""
        return from_json(EncodingFacts, read_json(self.encoding_file))

    def write_encoding(self, facts: EncodingFacts) -> None:
        """Write how the texts became vectors."""
        write_atomically(self.encoding_file, json.dumps(to_json(facts)))

    def read_vocabulary(self) -> str:
        """Return what the words or terms of the training texts became, as JSON. Raises ``RunError`` when it is gone."""
        try:
            return self.vocabulary_file.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise RunError(f"The vocabulary of run {self.identifier} is gone ({error}). Start the run again.") from error

    def read_outcome(self, framework: str) -> Outcome | None:
        """Return what a framework's finished training came to, or ``None``; it is kept while the other one fails and is resumed."""
        return from_json(Outcome, read_json(self.outcome_file(framework)))

    def write_outcome(self, framework: str, outcome: Outcome) -> None:
        """Keep what a framework's finished training came to."""
        write_atomically(self.outcome_file(framework), json.dumps(to_json(outcome), indent=1))

    def forget_outcome(self, framework: str) -> None:
        """Forget the outcome, so that a resumed run goes on with this framework."""
        self.outcome_file(framework).unlink(missing_ok=True)

    def read_data(self) -> pandas.DataFrame | None:
        """Return the cleaned rows: row (position in the table), text, label, split (train, validation or test)."""
        return self._parquet(self.data_file)

    def read_rows(self) -> pandas.DataFrame:
        """Return the cleaned rows as :meth:`read_data` does. Raises ``RunError`` when they are gone."""
        frame = self.read_data()
        if frame is None:
            raise RunError(f"The rows of run {self.identifier} are gone from its folder. Start the run again.")
        return frame

    def read_predictions(self, framework: str) -> pandas.DataFrame | None:
        """Return the test rows: row, label, prediction, and one probability column for each class, named ``p0``, ``p1`` …"""
        return self._parquet(self.predictions_file(framework))

    def versions(self) -> tuple[Version | None, ...]:
        """Return what tells the present results, rows and predictions from any others: for what is kept of them in memory."""
        files = (self.experiment_file, self.results_file, self.data_file, *map(self.predictions_file, FRAMEWORKS))
        return tuple(map(version_of, files))

    def _parquet(self, path: Path) -> pandas.DataFrame | None:
        import pandas  # here, because workers use this module too and their memory is measured

        try:
            return pandas.read_parquet(path)
        except (OSError, ValueError):
            return None

    def read_events(self, framework: str, offset: int = 0) -> tuple[list[JsonObject], int]:
        """Return the events from byte ``offset`` on and the offset to read from next; an unfinished last line is left for then."""
        try:
            with open(self.events_file(framework), "rb") as file:
                file.seek(offset)
                data = file.read()
        except OSError:
            return [], offset
        whole = data[: data.rfind(b"\n") + 1]
        events = []
        for line in whole.splitlines():
            try:
                events.append(json.loads(line))
            except ValueError:
                continue  # a line torn by a crash, completed by the next run of the worker
        return [event for event in events if isinstance(event, dict)], offset + len(whole)


def create_run(experiment: Experiment, status: Status | None = None) -> Run:
    """Make a new folder with ``experiment.json`` and a queued status. Two that start at the same moment get two folders."""
    path = home() / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
    try:
        home().mkdir(parents=True, exist_ok=True)
        while True:
            try:
                path.mkdir()
                break
            except FileExistsError:  # another browser drew the same name in the same second
                path = path.with_name(f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}")
    except OSError as error:
        raise RunError(
            f"No run can be started: {path} cannot be created ({error.strerror}). Free some space or set PARITY_RUNS."
        ) from error
    run = Run(path)
    try:
        for framework in experiment.frameworks:
            run.framework_folder(framework).mkdir()
        run.write_experiment(experiment)
        run.write_status(status or Status())
    except OSError as error:
        shutil.rmtree(path, ignore_errors=True)  # nothing half-written stays
        raise RunError(
            f"No run can be started: {path} cannot be written ({error.strerror}). Free some space or set PARITY_RUNS."
        ) from error
    return run


def open_run(identifier: str) -> Run:
    """Return the run of that name. Raises ``RunError`` when there is none, or when the name is not one that a run can have."""
    if not IDENTIFIER.fullmatch(identifier or ""):
        raise RunError(
            f"“{identifier}” is not the name of a run. Expected one like 20260131-142501-a1b2c3, as the Home page and "
            "`python -m engine runs` list them."
        )
    run = Run(home() / identifier)
    if not run.experiment_file.exists():
        raise RunError(f"There is no run {identifier} in {home()}. It was removed, or it lives in another folder (see PARITY_RUNS).")
    return run


def run_names() -> list[str]:
    """Return the names of all folders that are named like a run, newest first."""
    try:
        return sorted((entry.name for entry in os.scandir(home()) if IDENTIFIER.fullmatch(entry.name)), reverse=True)
    except OSError:
        return []


def readable_experiment(run: Run) -> Experiment | None:
    """Return the experiment, or ``None`` where its description is damaged, so that one bad folder does not hide the others."""
    try:
        return run.read_experiment()
    except ParityError:
        return None
