"""Files to take away; each is made when its button is pressed, not when the page is drawn."""

from __future__ import annotations

import json
from collections.abc import Callable

import streamlit as st

from engine.display.formatting import plain
from engine.reports.model_card import model_card
from engine.reports.run_report import report
from engine.results.snapshot import obstacle_to_report
from engine.results.tables import finished_frameworks, measures_table, per_class_table, predictions_table, safe_csv
from engine.runs.folder import Run
from engine.runs.records.reading import to_json
from engine.runs.records.results import Results


def comparison_downloads(run: Run, results: Results) -> None:
    """Offer the results as JSON, the measures and the classes as CSV, both models' answers to the test texts as CSV."""

    def predictions_csv() -> bytes:
        predictions = {framework: run.read_predictions(framework) for framework in finished_frameworks(results)}
        return safe_csv(predictions_table(results.data.classes, predictions, run.read_data()))

    files = (
        (
            "Results",
            "Everything on this page, with settings, versions and hardware.",
            "results.json",
            "application/json",
            lambda: results_json(results),
        ),
        ("Measures", "The headline figures, one row each.", "measures.csv", "text/csv", lambda: safe_csv(measures_table(results))),
        ("Per class", "Precision, recall and F1 of each class.", "classes.csv", "text/csv", lambda: safe_csv(per_class_table(results))),
        (
            "Predictions",
            "Every test text with its true class, both answers and all probabilities.",
            "predictions.csv",
            "text/csv",
            predictions_csv,
        ),
    )
    for title, sentence, name, mime, make in files:
        _offer(run, title, sentence, name, mime, make)
    st.caption(
        "In CSV files a text that begins like a formula (=, +, -, @) gets a leading apostrophe, so that no spreadsheet runs it. "
        "The JSON file is unchanged."
    )


def report_downloads(run: Run) -> None:
    """Offer the report and the model card; of a run that has nothing to report yet, the sentence that says so."""
    if reason := obstacle_to_report(run):
        st.caption(plain(reason))
        return
    sentence = "All of this in one file, to read without Parity, to print or to send: charts, figures, settings, versions and code."
    _offer(run, "Report", sentence, "report.html", "text/html", lambda: report(run).encode("utf-8"), "Report (HTML)")
    card = "What the two models are, how they were trained and tested, and their limits, in the form of the Hugging Face hub."
    _offer(run, "Model card", card, "model-card.md", "text/markdown", lambda: model_card(run).encode("utf-8"), "Model card (Markdown)")


def _offer(run: Run, title: str, sentence: str, name: str, mime: str, make: Callable[[], bytes], label: str = "") -> None:
    """Offer one file: what it holds, and a button that makes it when it is pressed."""
    words, button = st.columns([3, 2], gap="medium", vertical_alignment="center")
    words.markdown(f"**{title}**  \n{sentence}")
    button.download_button(
        label or name.rsplit(".")[-1].upper(),
        make,
        file_name=f"{run.identifier}-{name}",
        mime=mime,
        key=f"download_{name}_{run.identifier}",
        icon=":material/download:",
        on_click="ignore",
        help=f"Download {name}",
    )


def results_json(results: Results) -> bytes:
    """Return the content of ``results.json``."""
    return json.dumps(to_json(results), indent=1, ensure_ascii=False).encode("utf-8")
