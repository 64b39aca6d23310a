"""Everything that a run's folder tells, read once: what reports and model cards are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas

from engine import FRAMEWORKS
from engine.errors import ParityError, RunError
from engine.results.curves import Curves
from engine.results.interim import results_so_far
from engine.results.tables import finished_frameworks
from engine.runs.experiment import Experiment
from engine.runs.folder import Run, readable_experiment
from engine.runs.status import Status

MEASURING = ("steps", "epoch")
"""Kinds of events with a loss in them."""


@dataclass(frozen=True)
class Snapshot:
    """A run as it was at one moment; whatever its folder lacks is empty here."""

    run: Run
    status: Status
    experiment: Experiment | None
    """``None`` where no description of what was asked can be read."""
    results: Mapping[str, Any]
    """As ``results.json``; without one what else is known, see ``engine.results.interim``."""
    finished: bool
    """Whether there is a comparison, which a stopped or failed run can have as well."""
    points: pandas.DataFrame
    """Of the curves, as ``Curves.points``."""
    predictions: Mapping[str, pandas.DataFrame | None]
    rows: pandas.DataFrame | None

    @property
    def frameworks(self) -> list[str]:
        """Those of which there is anything, PyTorch first."""
        return finished_frameworks(self.results)


def obstacle_to_report(run: Run) -> str | None:
    """Why there is nothing to report yet, in a sentence with what to do; ``None`` when there is something."""
    results = run.read_results()
    if results is not None and finished_frameworks(results):
        return None
    if results is None and any(event.get("event") in MEASURING for framework in FRAMEWORKS for event in run.read_events(framework)[0]):
        return None
    status = run.read_status()
    todo = "Wait until the first epoch is under way, then ask again." if status.active else "Resume it or start it again, then ask again."
    return (
        f"Run {run.identifier} has nothing to report yet. Expected results, or at least one step of training; found neither: the run is "
        f"{status.state} ({status.message.rstrip('.')}). {todo}"
    )


def take_snapshot(run: Run) -> Snapshot:
    """Read the run's folder. Raises ``RunError`` when there is nothing to report yet."""
    if reason := obstacle_to_report(run):
        raise RunError(reason)
    curves = Curves(run.identifier)
    curves.read(run)
    results = results_so_far(run, curves)
    return Snapshot(
        run=run,
        status=run.read_status(),
        experiment=readable_experiment(run) or _experiment_of(results),
        results=results,
        finished=run.read_results() is not None,
        points=curves.points(),
        predictions={framework: run.read_predictions(framework) for framework in finished_frameworks(results)},
        rows=run.read_data(),
    )


def _experiment_of(results: Mapping[str, Any]) -> Experiment | None:
    """The copy that the results hold, for a run whose own description is damaged."""
    try:
        return Experiment.from_json(results.get("run", {}).get("experiment") or {})
    except ParityError:
        return None
