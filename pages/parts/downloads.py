"""Files to take away; each is made when its button is pressed, not when the page is drawn."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from engine.evidence.tables import finished_frameworks, measures_table, per_class_table, predictions_table, safe_csv
from engine.running.folder import Run


def comparison_downloads(run: Run, results: Mapping[str, Any]) -> None:
    """Results as JSON, the measures and the classes as CSV, both models' answers to the test texts as CSV."""

    def predictions_csv() -> bytes:
        predictions = {framework: run.predictions(framework) for framework in finished_frameworks(results)}
        return safe_csv(predictions_table(results["data"]["classes"], predictions, run.data()))

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
        words, button = st.columns([3, 2], gap="medium", vertical_alignment="center")
        words.markdown(f"**{title}**  \n{sentence}")
        button.download_button(
            name.rsplit(".")[-1].upper(),
            make,
            file_name=f"{run.identifier}-{name}",
            mime=mime,
            key=f"download_{name}_{run.identifier}",
            icon=":material/download:",
            on_click="ignore",
            help=f"Download {name}",
        )
    st.caption(
        "In CSV files a text that begins like a formula (=, +, -, @) gets a leading apostrophe, so that no spreadsheet runs it. "
        "The JSON file is unchanged."
    )


def results_json(results: Mapping[str, Any]) -> bytes:
    """``results.json`` as it stands."""
    return json.dumps(results, indent=1, ensure_ascii=False).encode("utf-8")
