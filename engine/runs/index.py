"""Lists of runs without reading every folder anew: what lists show of a run is kept until one of its files is replaced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path

from engine.errors import ParityError
from engine.files import Version, version_of
from engine.runs.experiment import Experiment
from engine.runs.folder import Run, home, run_names
from engine.runs.records.stages import StageTimes
from engine.runs.status import ACTIVE, Status

MOST_KEPT = 4096
"""Runs whose rows stay in the memory of a process; a row takes about two kilobytes."""


@dataclass(frozen=True)
class RunRow:
    """What lists show of a run."""

    run: Run
    experiment: Experiment | None
    """What was asked; ``None`` where the description is damaged."""
    state: str
    phase: str
    message: str
    created: float
    has_results: bool
    accuracies: dict[str, float | None]
    """The accuracy of each framework that has finished, on the test texts."""
    documents_per_second: dict[str, float | None]
    """How many texts each of them trained on in a second."""
    stages: StageTimes | None = None
    """How long each stage took, where the run recorded it."""
    epochs: int = 0
    """Epochs that were trained, the most of any framework."""

    @property
    def identifier(self) -> str:
        """The name of the run."""
        return self.run.identifier

    @property
    def active(self) -> bool:
        """Whether the run still has something ahead of it."""
        return self.state in ACTIVE


def run_rows(most: int | None = None) -> list[RunRow]:
    """Return the latest ``most`` runs, all by default, newest first."""
    return list(islice(_rows(), most))


def runs_of(experiment: Experiment, among: int = 200) -> list[RunRow]:
    """Return the runs of exactly these settings, newest first, out of the latest ``among``. They are found on disk, so by all browsers."""
    return [row for row in run_rows(among) if row.experiment == experiment]


def row_of(run: Run) -> RunRow:
    """Return what lists show of one run."""
    return _row(run, [version_of(file) for file in _files(run)])


def _rows() -> Iterator[RunRow]:
    folder = str(home())
    for name in run_names():
        run, files = _place(folder, name)
        versions = [version_of(file) for file in files]
        if versions[0] is not None:  # without what was asked it is no run
            yield _row(run, versions)


@lru_cache(MOST_KEPT)
def _place(folder: str, name: str) -> tuple[Run, list[str]]:
    """Return a run and its files; putting 1,500 paths together takes longer than asking for them."""
    run = Run(Path(folder, name))
    return run, _files(run)


def _files(run: Run) -> list[str]:
    return [str(file) for file in (run.experiment_file, run.status_file, run.results_file)]


def _row(run: Run, versions: list[Version | None]) -> RunRow:
    row = _kept_row(run, *versions)
    # Whether a process lives is no matter of files. When it has gone, the row says so.
    return _with_status(row, run.read_status()) if row.active else row


@lru_cache(MOST_KEPT)
def _kept_row(run: Run, *versions: Version | None) -> RunRow:
    """Read the files; they are read again when the version of one is another, for then this is another question."""
    try:
        settings = run.read_experiment()
    except ParityError:
        settings = None
    results = run.read_results()
    sides = results.frameworks if results else {}
    row = RunRow(
        run=run,
        experiment=settings,
        state="",
        phase="",
        message="",
        created=0.0,
        has_results=results is not None,
        accuracies={framework: side.test_accuracy for framework, side in sides.items()},
        documents_per_second={framework: side.documents_per_second for framework, side in sides.items()},
        stages=results.stages if results else None,
        epochs=max((len(side.epoch_train_loss) for side in sides.values()), default=0),
    )
    return _with_status(row, run.written_status())


def _with_status(row: RunRow, status: Status) -> RunRow:
    return replace(row, state=status.state, phase=status.phase, message=status.message, created=status.created)
