"""A run's figures as tables: nothing missing breaks them, PyTorch stays left, and no spreadsheet runs what a text says."""

from __future__ import annotations

import io
from typing import Any

import numpy
import pandas
import pytest

from engine.results.tables import (
    answers_table,
    class_names,
    disagreements,
    headline,
    join_to_file,
    measures_table,
    per_class_table,
    predictions_table,
    safe_cell,
    safe_csv,
)
from engine.runs.records.reading import from_json
from engine.runs.records.results import Results

CLASSES = ["=sum", "billing"]


def frame(answers: list[int], sure: list[float]) -> pandas.DataFrame:
    """Predictions of three rows, as a run keeps them."""
    probabilities = numpy.array(
        [[p if answer == 0 else 1 - p, p if answer == 1 else 1 - p] for answer, p in zip(answers, sure, strict=True)]
    )
    names = [CLASSES[answer] for answer in answers]
    return pandas.DataFrame(
        {"row": [7, 8, 9], "label": ["=sum", "billing", "billing"], "prediction": names, "p0": probabilities[:, 0]}
    ).assign(p1=probabilities[:, 1])


ROWS = pandas.DataFrame({"row": [9, 8, 7, 1], "text": ["nine", "=eight", "seven", "one"], "label": "x", "split": "test"})
PREDICTIONS = {"pytorch": frame([0, 1, 1], [0.9, 0.6, 0.8]), "tensorflow": frame([0, 0, 0], [0.9, 0.55, 0.7])}


def results(parity: dict[str, Any] | None = None, **frameworks: Any) -> Results:
    data = {"classes": CLASSES, "split": {"test": 3}, "majority_accuracy": 0.5}
    return read({"data": data, "frameworks": frameworks, "parity": parity})


def read(written: dict[str, Any]) -> Results:
    made = from_json(Results, written)
    assert made is not None
    return made


def test_headline_lists_measures_in_order_with_what_is_there() -> None:
    measures = headline(
        results(
            pytorch={"test_accuracy": 0.9, "latency_ms": {"single_p50": 4.0, "batch_p50": 80.0, "batch_size": 64}, "gpu_memory_mib": None},
            tensorflow={"test_accuracy": 0.8},
        )
    )
    assert [measure.name for measure in measures] == ["Accuracy", "One text, median", "Batch of 64, median"]
    assert (measures[0].pytorch, measures[0].tensorflow, measures[0].both) == (0.9, 0.8, True)
    assert (measures[1].pytorch, measures[1].tensorflow, measures[1].both) == (4.0, None, False)


def test_a_latency_says_with_how_many_calls_it_was_measured() -> None:
    sides = {
        "pytorch": {"latency_ms": {"single_p50": 4.0, "singles": 20, "batch_p50": 80.0}},
        "tensorflow": {"latency_ms": {"singles": 40}},
    }
    single, batch = (measure.help for measure in headline(results(**sides)))
    assert single.endswith("Measured: 20 and 40 calls.") and "Measured" not in batch, "an older run did not count"


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), "fast", True])
def test_a_figure_that_is_no_number_is_missing(value: object) -> None:
    assert headline(results(pytorch={"test_accuracy": value})) == []


@pytest.mark.parametrize("broken", [{}, {"frameworks": {}}, {"frameworks": {"pytorch": None}}, {"data": {}, "parity": {}}])
def test_results_without_anything_give_empty_tables(broken: dict[str, Any]) -> None:
    assert headline(read(broken)) == []
    assert measures_table(read(broken)).empty
    assert per_class_table(read(broken)).empty


def test_measures_table_has_twins_and_shared_figures() -> None:
    parity = {"test_agreement": 0.97, "accuracy_difference": {"value": 0.1, "low": -0.02, "high": 0.22}}
    table = measures_table(results(parity, pytorch={"test_accuracy": 0.9}, tensorflow={"test_accuracy": 0.8})).set_index("measure")
    assert list(table.columns) == ["unit", "PyTorch", "TensorFlow", "both"]
    assert list(table.loc["Accuracy", ["PyTorch", "TensorFlow"]]) == [0.9, 0.8]
    assert table.loc["Test agreement", "both"] == 0.97
    assert table.loc["Accuracy difference, PyTorch minus TensorFlow", "both"] == 0.1


def test_per_class_table_keeps_the_order_of_the_classes_and_of_the_frameworks() -> None:
    scores = {"billing": {"precision": 0.5, "recall": 1.0, "f1": 0.667, "support": 2}}
    table = per_class_table(results(tensorflow={"per_class": scores}, pytorch={"per_class": scores}))
    assert list(table["class"]) == CLASSES
    assert list(table.columns[1:4]) == ["test texts", "PyTorch precision", "TensorFlow precision"]
    assert table.loc[1, "test texts"] == 2 and pandas.isna(table.loc[0, "PyTorch F1"])


def test_predictions_table_joins_texts_truth_and_both_answers() -> None:
    table = predictions_table(CLASSES, PREDICTIONS, ROWS)
    assert list(table.columns[:7]) == [
        "row", "text", "true class", "PyTorch answer", "TensorFlow answer", "PyTorch probability", "TensorFlow probability"
    ]  # fmt: skip
    assert list(table["text"]) == ["seven", "=eight", "nine"]
    assert list(table["PyTorch answer"]) == ["=sum", "billing", "billing"]
    assert table.loc[1, "TensorFlow, =sum"] == pytest.approx(0.55)


def test_predictions_of_one_framework_or_none() -> None:
    assert "TensorFlow answer" not in predictions_table(CLASSES, {"pytorch": PREDICTIONS["pytorch"], "tensorflow": None}, ROWS)
    assert predictions_table(CLASSES, {"pytorch": None}, None).empty
    assert list(predictions_table(CLASSES, PREDICTIONS, None)["text"]) == ["", "", ""]


def test_disagreements_come_surest_first() -> None:
    table = disagreements(CLASSES, PREDICTIONS, ROWS)
    assert list(table["row"]) == [9, 8]
    assert list(table["true class"]) == ["billing", "billing"]
    assert disagreements(CLASSES, {"pytorch": PREDICTIONS["pytorch"]}, ROWS).empty


def test_class_names_reads_positions_and_names() -> None:
    assert list(class_names(pandas.Series([1, 0]), CLASSES)) == ["billing", "=sum"]
    assert list(class_names(pandas.Series(["billing"]), CLASSES)) == ["billing"]


def test_answers_table_says_where_both_agree_and_leaves_unasked_rows_empty() -> None:
    nothing = [numpy.nan, numpy.nan]
    table = answers_table(
        ["a", "b", " "], CLASSES, {"tensorflow": [[0.2, 0.8], [0.9, 0.1], nothing], "pytorch": [[0.3, 0.7], [0.4, 0.6], nothing]}
    )
    assert list(table.columns[:6]) == [
        "text",
        "PyTorch answer",
        "TensorFlow answer",
        "PyTorch probability",
        "TensorFlow probability",
        "agree",
    ]
    assert list(table["agree"]) == ["yes", "no", ""]
    assert list(table["PyTorch answer"]) == ["billing", "billing", ""]
    assert answers_table([], CLASSES, {"pytorch": []}).empty


def test_join_to_file_keeps_the_files_own_columns() -> None:
    own = pandas.DataFrame({"id": ["1"], "PyTorch answer": ["mine"]}, index=[5])
    joined = join_to_file(own, answers_table(["a"], CLASSES, {"pytorch": [[0.3, 0.7]]}))
    assert list(joined.columns[:3]) == ["id", "PyTorch answer", "PyTorch answer (2)"]
    assert list(joined.loc[0, ["PyTorch answer", "PyTorch answer (2)"]]) == ["mine", "billing"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"])
def test_a_text_that_begins_like_a_formula_gets_an_apostrophe(start: str) -> None:
    assert safe_cell(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize("value", ["plain", "a=b", "", " -", -3.5, None])
def test_everything_else_stays_as_it_is(value: object) -> None:
    assert safe_cell(value) == value


def test_safe_csv_reads_back_and_holds_no_formula() -> None:
    table = pandas.DataFrame(
        {"=name": ["=1+1", 'a "quoted", cell\nof two lines', "lone\rreturn"], "number": [-1.5, 2.0, numpy.nan], "text": ["é 🙂", "", "-x"]}
    )
    written = safe_csv(table)
    assert written.startswith(b"\xef\xbb\xbf"), "spreadsheets look for the byte-order mark"
    back = pandas.read_csv(io.BytesIO(written), keep_default_na=False, lineterminator=None)
    assert list(back.columns) == ["'=name", "number", "text"]
    assert back.loc[0, "'=name"] == "'=1+1" and back.loc[2, "text"] == "'-x"
    assert back.loc[1, "'=name"] == 'a "quoted", cell\nof two lines'
    assert float(back.loc[0, "number"]) == -1.5


def test_safe_csv_of_predictions_escapes_texts_and_labels() -> None:
    lines = safe_csv(predictions_table(CLASSES, PREDICTIONS, ROWS)).decode("utf-8-sig").splitlines()
    assert lines[0].startswith('"row","text","true class"')
    assert '"\'=eight"' in lines[2] and '"\'=sum"' in lines[1]
