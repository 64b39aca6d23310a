"""What a run found, as tables: for the Compare and Classify pages, and for files that a spreadsheet may open.

Reads the dictionary of ``results.json``, the predictions and the rows of a run; holds no wording beyond the names of the measures.
Whatever a run lacks (one framework, a figure that was not measured) is ``None`` or a missing column, never an error.
"""

from __future__ import annotations

import csv
import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import pandas

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.runs.records.results import FrameworkResults, Results

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A spreadsheet may run a cell that begins with one of these (OWASP, "CSV injection"); the last four are the full-width forms."""


@dataclass(frozen=True)
class Measure:
    """One figure of both frameworks, in the order in which they are shown everywhere."""

    key: str
    name: str
    group: str
    """``quality``, ``speed``, ``latency``, ``memory`` or ``size``."""
    unit: str
    """``share``, ``seconds``, ``milliseconds``, ``documents per second``, ``MiB``, ``bytes`` or ``parameters``."""
    pytorch: float | None
    tensorflow: float | None
    help: str

    @property
    def both(self) -> bool:
        """Whether there is something to compare."""
        return self.pytorch is not None and self.tensorflow is not None


# The field of ``FrameworkResults``, name, group, unit, help.
MEASURES = (
    ("test_accuracy", "Accuracy", "quality", "share", "Share of the test texts that get their true class."),
    ("macro_f1", "Macro-F1", "quality", "share", "F1 (harmonic mean of precision and recall), averaged over the classes."),
    ("train_seconds", "Training time", "speed", "seconds", "Time inside its own turns, without the first step and validation."),
    ("documents_per_second", "Throughput", "speed", "documents per second", "Training texts per second of training time."),
    ("first_step_seconds", "First step", "speed", "seconds", "Tracing, compilation and warm-up; kept out of the training time."),
    ("import_seconds", "Import", "speed", "seconds", "Loading the framework itself, once for each process."),
    ("latency_ms.single_p50", "One text, median", "latency", "milliseconds", "From text to probabilities; half of the calls are faster."),
    ("latency_ms.single_p95", "One text, p95", "latency", "milliseconds", "From text to probabilities; 95 % of the calls were faster."),
    ("latency_ms.batch_p50", "Batch, median", "latency", "milliseconds", "From texts to probabilities; half of the calls are faster."),
    ("latency_ms.batch_p95", "Batch, p95", "latency", "milliseconds", "From texts to probabilities; 95 % of the calls were faster."),
    ("peak_rss_mib", "Peak memory", "memory", "MiB", "Largest resident memory of its process, the framework included."),
    ("rss_after_import_mib", "Memory after import", "memory", "MiB", "Resident memory before any model exists: the framework itself."),
    (
        "train_growth_mib", "Growth in training", "memory", "MiB",
        "The most from building the model to the test, beyond that before: model, data, training, library pages used for the first time.",
    ),
    ("gpu_memory_mib", "GPU memory", "memory", "MiB", "Largest amount of GPU memory that the framework held."),
    ("parameters", "Parameters", "size", "parameters", "Numbers that are trained; an encoder counts if it is trained along."),
    ("model_bytes", "Model on disk", "size", "bytes", "Size of the saved weights; a frozen encoder is not part of them."),
)  # fmt: skip

EPOCH_FIGURES = (
    ("epoch_train_loss", "training loss"),
    ("epoch_validation_loss", "validation loss"),
    ("epoch_validation_accuracy", "accuracy"),
)
"""What is measured after each epoch: the field of ``FrameworkResults``, and its name."""


def headline(results: Results) -> list[Measure]:
    """Return every measure that at least one framework has, in reading order."""
    measures = []
    for key, name, group, unit, explanation in MEASURES:
        pytorch, tensorflow = (_figure(results.side(framework), key) for framework in FRAMEWORKS)
        if pytorch is not None or tensorflow is not None:
            if key.startswith("latency_ms.batch"):
                name = name.replace("Batch", f"Batch of {_batch_size(results)}")
            explanation += _calls(results, key)
            measures.append(Measure(key, name, group, unit, pytorch, tensorflow, explanation))
    return measures


def measures_table(results: Results) -> pandas.DataFrame:
    """Return one row a figure: measure, unit, PyTorch, TensorFlow; the figures that belong to both stand in the column ``both``."""
    rows: list[dict[str, object]] = [
        {"measure": item.name, "unit": item.unit, "PyTorch": item.pytorch, "TensorFlow": item.tensorflow} for item in headline(results)
    ]
    data, parity = results.data, results.parity
    difference = parity.accuracy_difference
    shared = (
        ("Accuracy of always answering the most frequent class", "share", data.majority_accuracy),
        ("Test texts", "texts", number_of_test_texts(results)),
        ("Texts longer than the limit", "texts", data.truncated),
        ("Validation and test texts without a known word", "texts", data.unknown),
        ("Test agreement", "share", parity.test_agreement),
        ("Accuracy difference, PyTorch minus TensorFlow", "share", difference and difference.value),
        ("Accuracy difference, lower end of the interval", "share", difference and difference.low),
        ("Accuracy difference, upper end of the interval", "share", difference and difference.high),
        ("Largest logit difference on the first batch", "logits", parity.first_batch_logit_difference),
        ("Largest difference of the encoders' vectors", "", parity.encoder_difference),
        ("Largest drift of an epoch's training loss", "share", parity.max_epoch_loss_drift),
    )
    rows += [{"measure": name, "unit": unit, "both": value} for name, unit, value in shared if value is not None]
    return pandas.DataFrame(rows, columns=["measure", "unit", "PyTorch", "TensorFlow", "both"])


def per_class_table(results: Results) -> pandas.DataFrame:
    """Return one row a class, in the order of the confusion matrix: class, test texts, then precision, recall and F1 of each framework."""
    rows = []
    sides = {framework: results.frameworks[framework].per_class for framework in finished_frameworks(results)}
    for label in results.data.classes:
        support = next((scores[label].support for scores in sides.values() if label in scores), None)
        row: dict[str, object] = {"class": label, "test texts": support}
        for key, name in (("precision", "precision"), ("recall", "recall"), ("f1", "F1")):
            for framework, scores in sides.items():
                row[f"{FRAMEWORK_NAMES[framework]} {name}"] = getattr(scores.get(label), key, None)
        rows.append(row)
    return pandas.DataFrame(rows)


def epochs_table(results: Results) -> pandas.DataFrame:
    """Return one row an epoch: its number, then training loss, validation loss and accuracy of each framework that has any."""
    sides = {framework: results.frameworks[framework] for framework in finished_frameworks(results)}
    epochs = max((len(side.epoch_train_loss) for side in sides.values()), default=0)
    table: dict[str, object] = {"epoch": range(1, epochs + 1)}
    for key, name in EPOCH_FIGURES:
        for framework, side in sides.items():
            table[f"{FRAMEWORK_NAMES[framework]} {name}"] = pandas.Series(getattr(side, key) or [None] * epochs)
    return pandas.DataFrame(table)


def predictions_table(
    classes: Sequence[str], predictions: Mapping[str, pandas.DataFrame | None], rows: pandas.DataFrame | None
) -> pandas.DataFrame:
    """Return the test texts with their true class, both answers and all probabilities, one row a text.

    ``predictions`` maps a framework to what ``Run.read_predictions`` gives; ``rows`` comes from ``Run.read_data`` and supplies the texts.
    """
    table: pandas.DataFrame | None = None
    for framework in FRAMEWORKS:
        frame = predictions.get(framework)
        probabilities = [f"p{index}" for index in range(len(classes))]
        if frame is None or not classes or not {"row", "label", "prediction", *probabilities} <= set(frame.columns):
            continue  # nothing, or answers about other classes
        answers = pandas.DataFrame({"row": frame["row"], "true class": class_names(frame["label"], classes)})
        own = answer_columns(framework, classes, frame[probabilities].to_numpy())
        # The stored answer wins over the largest probability, which a tie or rounding could turn.
        own[f"{FRAMEWORK_NAMES[framework]} answer"] = class_names(frame["prediction"], classes).to_numpy()
        answers = pandas.concat([answers.reset_index(drop=True), own], axis=1)
        table = answers if table is None else table.merge(answers.drop(columns="true class"), on="row", how="outer")
    if table is None:
        return pandas.DataFrame(columns=["row", "text", "true class"])
    texts = {} if rows is None else dict(zip(rows["row"], rows["text"], strict=True))
    table.insert(1, "text", [str(texts.get(row, "")) for row in table["row"]])
    return _short_columns_first(table)


def disagreements(
    classes: Sequence[str], predictions: Mapping[str, pandas.DataFrame | None], rows: pandas.DataFrame | None
) -> pandas.DataFrame:
    """Return the test texts to which the two models give different answers, those where they are surest first; empty with one framework."""
    table = predictions_table(classes, predictions, rows)
    names = [FRAMEWORK_NAMES[framework] for framework in FRAMEWORKS]
    columns = ["row", "text", "true class", *(f"{name} {column}" for column in ("answer", "probability") for name in names)]
    if not set(columns) <= set(table.columns):
        return pandas.DataFrame(columns=columns)
    different = table[table[f"{names[0]} answer"] != table[f"{names[1]} answer"]]
    least_sure = different[[f"{name} probability" for name in names]].min(axis=1)
    return different.loc[least_sure.sort_values(ascending=False, kind="stable").index, columns].reset_index(drop=True)


def answers_table(texts: Sequence[str], classes: Sequence[str], probabilities: Mapping[str, Any]) -> pandas.DataFrame:
    """Return texts with the answers of each framework in ``probabilities`` (framework → texts × classes), and whether they agree.

    A row of NaN stands for a text that was not classified: its answer is empty.
    """
    table = pandas.DataFrame({"text": list(texts)})
    for framework in FRAMEWORKS:
        if framework in probabilities:
            table = pandas.concat([table, answer_columns(framework, classes, probabilities[framework])], axis=1)
    answers = [column for column in (f"{FRAMEWORK_NAMES[framework]} answer" for framework in FRAMEWORKS) if column in table]
    if len(answers) == 2:
        table["agree"] = numpy.where(table[answers[0]] == "", "", numpy.where(table[answers[0]] == table[answers[1]], "yes", "no"))
    return _short_columns_first(table)


def answer_columns(framework: str, classes: Sequence[str], probabilities: Any) -> pandas.DataFrame:
    """Return one framework's answer, its probability, and the probability of every class; ``probabilities`` is texts × classes."""
    values = numpy.asarray(probabilities, dtype=float).reshape(-1, len(classes))
    answered = numpy.isfinite(values).all(axis=1)
    best = numpy.where(answered, numpy.nan_to_num(values, nan=-1.0).argmax(axis=1), 0) if len(values) else numpy.zeros(0, dtype=int)
    name = FRAMEWORK_NAMES[framework]
    columns: dict[str, object] = {
        f"{name} answer": numpy.where(answered, numpy.asarray(classes, dtype=object)[best], ""),
        f"{name} probability": numpy.where(answered, values[numpy.arange(len(values)), best], numpy.nan),
    }
    return pandas.DataFrame(columns | {f"{name}, {label}": values[:, index] for index, label in enumerate(classes)})


def join_to_file(frame: pandas.DataFrame, answers: pandas.DataFrame) -> pandas.DataFrame:
    """Return a file's own columns followed by the answers (without their ``text``); a name that the file has already gets a number."""
    taken, names = set(frame.columns), {}
    for column in answers.columns.drop("text"):
        name, copies = column, 2
        while name in taken:
            name, copies = f"{column} ({copies})", copies + 1
        names[column] = name
        taken.add(name)
    own = answers.drop(columns="text").rename(columns=names).reset_index(drop=True)
    return pandas.concat([frame.reset_index(drop=True), own], axis=1)


def safe_csv(table: pandas.DataFrame) -> bytes:
    """Return UTF-8 with a byte-order mark (which spreadsheets look for), every text quoted, and no text that a spreadsheet would run.

    A text that begins like a formula gets a leading apostrophe, in cells and column names alike; numbers stay numbers.
    """
    safe = table.rename(columns=safe_cell)
    for position, kind in enumerate(safe.dtypes):
        if not pandas.api.types.is_numeric_dtype(kind):
            safe.isetitem(position, safe.iloc[:, position].map(safe_cell).astype(object))
    return safe.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n").encode("utf-8-sig")


def safe_cell(value: Any) -> Any:
    """Return the text with a leading apostrophe if a spreadsheet could take it for a formula; anything else as it is."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def finished_frameworks(results: Results) -> list[str]:
    """Return the frameworks that have results, PyTorch first."""
    return [framework for framework in FRAMEWORKS if framework in results.frameworks]


def number_of_test_texts(results: Results) -> int | None:
    """Return how many texts both were tested on."""
    return results.data.split.get("test")


def class_names(values: pandas.Series, classes: Sequence[str]) -> pandas.Series:
    """Return the names for a column that holds class positions, or names already; a position without a name is shown as it is."""
    if not pandas.api.types.is_integer_dtype(values.dtype):
        return values.astype(str)
    named = dict(enumerate(classes))
    return pandas.Series([named.get(value, f"class {value}") for value in values.tolist()], index=values.index, dtype=object)


def _short_columns_first(table: pandas.DataFrame) -> pandas.DataFrame:
    """Return text, truth, answers and agreement before the many probabilities, both frameworks side by side."""
    names = [FRAMEWORK_NAMES[framework] for framework in FRAMEWORKS]
    first = ["row", "text", "true class", *(f"{name} {what}" for what in ("answer", "probability") for name in names), "agree"]
    order = [column for column in first if column in table]
    return table[order + [column for column in table if column not in order]]


def _figure(side: FrameworkResults, key: str) -> float | None:
    value = operator.attrgetter(key)(side)
    return value if value is not None and math.isfinite(value) else None


def _calls(results: Results, key: str) -> str:
    """Say how many calls a latency was measured with; nothing for another figure, or for an older run, which did not count them."""
    what = "singles" if key.startswith("latency_ms.single") else "batches" if key.startswith("latency_ms.batch") else ""
    counts = [getattr(results.frameworks[framework].latency_ms, what) for framework in finished_frameworks(results)] if what else []
    return f" Measured: {' and '.join(f'{number:,}' for number in counts)} calls." if counts and all(counts) else ""


def _batch_size(results: Results) -> int:
    sizes = [results.frameworks[framework].latency_ms.batch_size for framework in finished_frameworks(results)]
    return next((size for size in sizes if size), 64)
