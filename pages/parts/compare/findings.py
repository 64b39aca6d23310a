"""What the Compare page shows of a run and draws once for all visitors: charts, tables and the texts on which the models disagree."""

from __future__ import annotations

from dataclasses import dataclass

import pandas
import streamlit as st

from engine import FRAMEWORKS
from engine.display.charts import confusion_matrix, per_class_bars
from engine.display.figure import Picture
from engine.results.tables import disagreements, epochs_table, finished_frameworks, per_class_table
from engine.runs.folder import Run
from engine.runs.records.results import Results

MOST_KEPT = 16
"""Runs that stay in memory, with a few megabytes each where the models disagree on many texts."""


@dataclass(frozen=True)
class Findings:
    """Everything that follows from the files of a run and that takes time to make."""

    results: Results
    matrices: dict[str, Picture]
    per_class: Picture
    scores: pandas.DataFrame
    losses: pandas.DataFrame
    different: pandas.DataFrame
    """The texts on which the models disagree."""
    complete: bool
    """Whether the predictions of all frameworks that finished are there."""


def findings_of(run: Run) -> Findings:
    """Return what there is to show, made anew when one of the run's files has been replaced."""
    return _findings(run.identifier, run.versions(), run)


@st.cache_resource(max_entries=MOST_KEPT, show_spinner=False)
def _findings(name: str, versions: tuple[object, ...], _run: Run) -> Findings:
    results = _run.read_results() or Results()
    classes, frameworks = results.data.classes, finished_frameworks(results)
    predictions = {framework: _run.read_predictions(framework) for framework in frameworks}
    matrices = {framework: results.side(framework).confusion for framework in FRAMEWORKS}
    return Findings(
        results,
        {framework: confusion_matrix(matrix, classes, framework) for framework, matrix in matrices.items() if matrix},
        per_class_bars(results),
        per_class_table(results),
        epochs_table(results),
        disagreements(classes, predictions, _run.read_data()),
        all(frame is not None for frame in predictions.values()),
    )
