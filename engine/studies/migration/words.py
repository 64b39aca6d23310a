"""What a migration found, in words and small tables, for its page and the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.display.formatting import count, number, percent, seconds
from engine.runs.records.reading import to_json
from engine.shared.weights.mapping import WeightPlace
from engine.studies.migration.request import LARGEST_DIFFERENCE, ROUTES
from engine.studies.migration.results import MigrationResults

if TYPE_CHECKING:
    from engine.runs.folder import Run

PRINTED = (
    "run", "classifier", "source", "target", "route", "rows", "max_logit_difference", "mean_logit_difference", "label_agreement",
    "accuracy_before", "accuracy_after", "judge", "trained_on", "carried", "stages", "seconds",
)  # fmt: skip
"""What the command line gives with ``--json``."""

ROUTE_SENTENCES = {
    "weights": (
        "The run's own classifier exists in both frameworks. Its weights travel as a safetensors file under names and layouts that belong "
        "to neither, and what arrives can be trained on."
    ),
    "onnx": (
        "The source writes its whole computation as an ONNX graph. The other framework reads the graph and rebuilds it, operator by "
        "operator: as a layer of its own where there is one, and with everything trainable. It needs to know nothing of the classifier."
    ),
    "checkpoint": (
        "A fine-tuned encoder becomes a folder as Hugging Face publishes them. AutoModel and KerasHub load it, and so does whatever else "
        "reads such folders; the last layer lies beside it."
    ),
}

WITH_THE_ENCODER = (
    "The graph begins with the tokens: encoder, mean over the tokens{windows} and both dense layers. In the further steps the encoder "
    "stays as it is on both sides, as it has in the run."
)
HEAD_ALONE = (
    "What is carried are the two dense layers. The encoder before them is the published one: both frameworks load it from the same files, "
    "and the run has left it as it is. Take the route ONNX for one model from tokens to logits."
)


def what_is_carried(run: Run, route: str) -> str:
    """Return which part of what turns a text into an answer travels; empty where that is all but the tokenizer."""
    if run.read_experiment().family_member.takes != "vectors":
        return ""
    if route != "onnx":
        return HEAD_ALONE
    return WITH_THE_ENCODER.format(windows=", mean over the windows of a text" if run.read_experiment().long_texts == "windows" else "")


GATES = "input, forget, cell, output"

NOTES = {
    "bi-lstm": (
        f"Both frameworks keep the four gates of an LSTM in the order {GATES}; ONNX has them as input, output, forget, cell. PyTorch adds "
        "two biases to each gate where Keras has one: their sum travels, and in PyTorch the second is 0 afterwards."
    ),
    "text-cnn": (
        "A filter of PyTorch is (filters, inputs, width), one of Keras (width, inputs, filters), so PyTorch's are turned right round. The "
        "classifier convolves over the last axis there and over the middle one here."
    ),
    "transformer": (
        "The encoder's weights travel as its checkpoint's file has them, which is PyTorch's layout. KerasHub keeps a matrix the other way "
        "round, and those of attention split into heads."
    ),
    "embedding-mlp": "PyTorch keeps a matrix as (outputs, inputs), Keras as (inputs, outputs), so PyTorch's are turned.",
    "tfidf-mlp": "PyTorch keeps a matrix as (outputs, inputs), Keras as (inputs, outputs), so PyTorch's are turned.",
}
"""What to look for in the table of weights."""


def direction(results: MigrationResults) -> str:
    """Return ``PyTorch → TensorFlow``."""
    return f"{FRAMEWORK_NAMES[results.source]} → {FRAMEWORK_NAMES[results.target]}"


def carried_words(results: MigrationResults) -> str:
    """Return which model was carried where, and how: ``text-cnn, PyTorch → TensorFlow, ONNX``."""
    return f"{results.classifier}, {direction(results)}, {ROUTES[results.route]}"


def bar_words(results: MigrationResults) -> str:
    """Return what the route is held to, as a person writes it: ``0.00001``."""
    return f"{LARGEST_DIFFERENCE[results.route]:f}".rstrip("0")


def answer(results: MigrationResults) -> str:
    """Return the page's answer in one sentence."""
    bar = LARGEST_DIFFERENCE[results.route]
    met = "within" if results.max_logit_difference <= bar else "above"
    return (
        f"{FRAMEWORK_NAMES[results.target]} gives {FRAMEWORK_NAMES[results.source]}’s answer on "
        f"{percent(results.label_agreement)} of {count(results.rows, 'test text')}; no logit is off by more than "
        f"{number(results.max_logit_difference)}, {met} the bar of {bar_words(results)}."
    )


def trained_on_sentence(results: MigrationResults) -> str:
    """Return what becomes of both when training goes on."""
    further = results.trained_on
    return (
        f"After {count(further.steps, 'further step')} on the same batches, each with a new optimizer, the logits differ by at most "
        f"{number(further.max_logit_difference)} and the answers agree on {percent(further.label_agreement)} of the texts: what arrived "
        "can be trained on."
    )


def weight_rows(results: MigrationResults) -> list[tuple[str, ...]]:
    """Return neutral name and shape; in each framework its own name, and below it shape and change; PyTorch left."""
    if results.left.places is None or results.arrived.places is None:
        return []
    places = results.by_framework(results.left.places, results.arrived.places)
    by_name = {framework: {row.weight: row for row in places[framework].weights} for framework in FRAMEWORKS}
    shapes = places[FRAMEWORKS[0]].neutral_shapes
    return [
        (f"{name}\n{_shape(shapes[name])}{_gates(name)}", *(_place(by_name[framework].get(name)) for framework in FRAMEWORKS))
        for name in shapes
    ]


def others_sentence(results: MigrationResults) -> str:
    """Return which weights a framework has that hold nothing of what travelled; empty where there are none."""
    others = results.by_framework(*(passage.places.others if passage.places else () for passage in (results.left, results.arrived)))
    return " ".join(
        f"{FRAMEWORK_NAMES[name]} has {', '.join(others[name])} besides, which stay as they are." for name in FRAMEWORKS if others[name]
    )


def _shape(sizes: Sequence[int]) -> str:
    return " × ".join(f"{size:,}" for size in sizes)


def _gates(name: str) -> str:
    return f", gates {GATES}" if name.startswith(("forward.", "backward.")) else ""


def _place(row: WeightPlace | None) -> str:
    if row is None or not row.name:
        return "" if row is None else row.change
    return f"{row.name}\n{_shape(row.shape)}, {row.change}"


def layer_rows(results: MigrationResults) -> list[tuple[str, str, str]]:
    """Return for each node of the ONNX graph that became a layer: operator, layer, the shapes of its weights."""
    return [
        (f"{row.operator}\n{row.node}", row.layer, "; ".join(_shape(shape) for shape in row.shapes)) for row in results.arrived.layers or ()
    ]


def operator_sentence(results: MigrationResults) -> str:
    """Return how large the graph is, and of what it consists."""
    arrived = results.arrived
    counts = arrived.operators or {}
    layers, total = len(arrived.layers or ()), sum(counts.values())
    most = ", ".join(f"{amount:,} {name}" for name, amount in list(counts.items())[:6])
    return (
        f"{arrived.producer or 'The exporter'} wrote {count(arrived.nodes or 0, 'node')} in operator set {arrived.opset}; what "
        f"computes with constants alone was done once, and {count(total, 'node')} remain, {layers:,} of them layers of "
        f"{FRAMEWORK_NAMES[results.target]}: {most}{' and others' if len(counts) > 6 else ''}."
    )


def migration_figures(results: MigrationResults) -> dict[str, object]:
    """Return all figures of the proof, for programs that read them."""
    return {name: to_json(getattr(results, name)) for name in PRINTED}


def migration_table(results: MigrationResults) -> str:
    """Return all figures, for the command line."""
    further, judged = results.trained_on, results.judge
    rows = [
        ("Largest logit difference", number(results.max_logit_difference)),
        ("Mean logit difference", number(results.mean_logit_difference)),
        ("Same label", percent(results.label_agreement)),
        (f"Accuracy in {FRAMEWORK_NAMES[results.source]}", percent(results.accuracy_before)),
        (f"Accuracy in {FRAMEWORK_NAMES[results.target]}", percent(results.accuracy_after)),
        ("ONNX Runtime against the source", number(judged["source"].max_logit_difference)),
        ("ONNX Runtime against the target", number(judged["target"].max_logit_difference)),
        (f"After {further.steps} further steps", number(further.max_logit_difference)),
        ("Time", seconds(results.seconds)),
    ]
    title = f"{carried_words(results)}; {count(results.rows, 'test text')}"
    carried = [results.carried] if results.carried else []
    return "\n".join([title, *carried, "", *(f"{name:36}{value:>14}" for name, value in rows), "", *stage_sentences(results)])


def stage_sentences(results: MigrationResults) -> list[str]:
    """Return for each framework, in the order of the work, what it did and how long each stage took."""
    return [
        f"{FRAMEWORK_NAMES[framework]} {', '.join(f'{words} ({seconds(spent)})' for words, spent in results.stages[side].items())}."
        for side, framework in (("source", results.source), ("target", results.target))
    ]
