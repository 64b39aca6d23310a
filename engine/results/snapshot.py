"""Everything that a run's folder tells, read once, whether or not the run has finished: what reports and model cards are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas

from engine import FRAMEWORKS
from engine.errors import RunError
from engine.reading.columns.part_names import PARTS
from engine.results.curves import Curves
from engine.results.tables import finished_frameworks
from engine.runs.comparison import run_facts
from engine.runs.experiment import Experiment
from engine.runs.folder import Run, readable_experiment
from engine.runs.history import History
from engine.runs.records.events import Built, Evaluated, Imported, Trained
from engine.runs.records.outcome import Outcome
from engine.runs.records.results import DataFacts, FrameworkResults, Results, RunFacts
from engine.runs.records.split_facts import split_facts
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
    results: Results
    """The comparison; without one what the other files tell, and nothing where nothing is known."""
    finished: bool
    """Whether there is a comparison, which a stopped or failed run can have as well."""
    points: pandas.DataFrame
    """The points of the curves, as ``Curves.points`` gives them."""
    predictions: Mapping[str, pandas.DataFrame | None]
    rows: pandas.DataFrame | None

    @property
    def frameworks(self) -> list[str]:
        """The frameworks of which there is anything, PyTorch first."""
        return finished_frameworks(self.results)


def obstacle_to_report(run: Run) -> str | None:
    """Return why there is nothing to report yet, in a sentence with what to do; ``None`` when there is something."""
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
    curves, experiment, rows = Curves(run.identifier), readable_experiment(run), run.read_data()
    curves.read(run)
    written = run.read_results()
    results = written or _results_so_far(run, experiment, rows, curves)
    return Snapshot(
        run=run,
        status=run.read_status(),
        experiment=experiment or results.run.experiment,
        results=results,
        finished=written is not None,
        points=curves.points(),
        predictions={framework: run.read_predictions(framework) for framework in finished_frameworks(results)},
        rows=rows,
    )


def _results_so_far(run: Run, experiment: Experiment | None, rows: pandas.DataFrame | None, curves: Curves) -> Results:
    """Return what the experiment, the rows, the events and the outcomes tell of a run without results.

    Nothing is estimated: what is not known yet is left open, which every reader of results takes as "not measured".
    """
    data = DataFacts(name=experiment.data.name if experiment else "")
    if rows is not None:
        split = {part: int((rows["split"] == part).sum()) for part in PARTS}
        data = replace(data, rows=len(rows), classes=tuple(sorted(rows["label"].unique())), split=split)
        if experiment:
            data = replace(data, split_source=split_facts(experiment.data, rows))
    return Results(
        run=run_facts(run, experiment) if experiment else RunFacts(identifier=run.identifier),
        data=data,
        frameworks={name: _side_so_far(side, run.read_outcome(name)) for name, side in curves.sides.items() if side.steps or side.epochs},
    )


def _side_so_far(side: History, outcome: Outcome | None) -> FrameworkResults:
    """Return what one framework's events say of its training, and what it came to where it has finished."""
    imported, built, trained = side.imported or Imported(), side.built or Built(), side.trained or Trained()
    outcome = outcome or Outcome(
        epoch_train_loss=tuple(point.train_loss for point in side.epochs),
        epoch_validation_loss=tuple(point.validation_loss for point in side.epochs),
        epoch_validation_accuracy=tuple(point.validation_accuracy for point in side.epochs),
        import_seconds=imported.seconds,
        rss_after_import_mib=imported.rss_mib,
        parameters=built.parameters,
        device=imported.device,
        threads=imported.threads,
        best_epoch=trained.best_epoch,
        stop_reason=trained.reason,
    )
    return FrameworkResults(**vars(outcome), test_accuracy=(side.evaluated or Evaluated()).test_accuracy)
