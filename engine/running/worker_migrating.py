"""A worker's job ``migrate``: take a trained model out of one framework, or bring it into the other; then answer and train on.

The coordinator of a migration asks the one framework first (``step`` is ``leave``), then the other (``arrive``), each in a process of its
own. What they hand over lies in the study's folder: the model in the form of the route, and the logits of all test texts as arrays.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.neutral.batches import evaluation_batch, evaluation_plan
from engine.neutral.checkpoint import resolve
from engine.neutral.checkpoint_folder import HEAD, write_checkpoint
from engine.neutral.early_stopping import Progress
from engine.neutral.onnx_forms import simplified
from engine.neutral.onnx_graph import open_axes, operator_counts
from engine.neutral.onnx_reading import read_graph
from engine.neutral.vocabulary import dense_rows
from engine.neutral.weight_files import read_weights
from engine.neutral.weight_map import drawn_like, find_places, without_neutral
from engine.neutral.weights import WEIGHTS
from engine.running.baton import Baton
from engine.running.folder import Run
from engine.running.inputs import Inputs, load_inputs
from engine.running.recipes import architecture_of, recipe_of
from engine.running.worker_auditing import VALIDATION_ROWS, StepLosses, Wing, plans_of_steps, serve
from engine.running.worker_wing import build_model, import_wing

ONNX_FILE, CHECKPOINT_FOLDER = "model.onnx", "checkpoint"
"""What a migration keeps beside its results."""

EXAMPLE_ROWS = 4
"""Texts that an exporter is shown."""

BEFORE, AFTER = "{side}_logits.npy", "{side}_logits_trained_on.npy"
"""Of ``source`` or ``target``: the logits of the test texts, as the model came and after further steps."""


def migrate(run: Run, framework: str, baton: Baton) -> None:
    """Do what the coordinator of a migration asks for."""
    serve(run, framework, baton, lambda wing, trained, asked: STEPS[asked["step"]](wing, trained, asked))


def leave(wing: Wing, run: Run, asked: dict[str, Any]) -> dict[str, Any] | None:
    """The trained model's own logits, what the route takes along, and the logits after further steps."""
    inputs = load_inputs(run)
    carried, arrays = Path(asked["carried"]), Path(asked["arrays"])
    _, core, model = trained_model(wing, run, inputs, asked["source"])
    facts = keep_answers(wing, run, inputs, model, arrays / BEFORE.format(side="source"), dense=False)
    facts["places"] = _places(wing, run, inputs, asked["source"])
    if asked["route"] == "checkpoint":
        weights = read_weights(_weight_file(run, asked["source"]), {})
        write_checkpoint(carried / CHECKPOINT_FOLDER, resolve(inputs.encoder), weights, asked["classes"])
    save_onnx(wing, run, inputs, core, (carried if asked["route"] == "onnx" else arrays) / ONNX_FILE)
    trained = _train_on(wing, run, inputs, model, asked["steps"], dense=False)
    if trained is None:
        return None
    return facts | trained | keep_answers(wing, run, inputs, model, arrays / AFTER.format(side="source"), dense=False, words="_trained_on")


def arrive(wing: Wing, run: Run, asked: dict[str, Any]) -> dict[str, Any] | None:
    """The model in this framework, by the route that was asked for: its logits, and those after the same further steps."""
    inputs = load_inputs(run)
    arrays = Path(asked["arrays"])
    model, found, dense = ARRIVALS[asked["route"]](wing, run, inputs, asked)
    facts = found | keep_answers(wing, run, inputs, model, arrays / BEFORE.format(side="target"), dense)
    trained = _train_on(wing, run, inputs, model, asked["steps"], dense)
    if trained is None:
        return None
    return facts | trained | keep_answers(wing, run, inputs, model, arrays / AFTER.format(side="target"), dense, words="_trained_on")


STEPS: dict[str, Callable[[Wing, Run, dict[str, Any]], dict[str, Any] | None]] = {"leave": leave, "arrive": arrive}


# --- The routes ---


def by_weights(wing: Wing, run: Run, inputs: Inputs, asked: dict[str, Any]) -> tuple[Any, dict[str, Any], bool]:
    """The run's own classifier in this framework, filled with the other's weights under their neutral names."""
    _, _, model = trained_model(wing, run, inputs, asked["source"])
    return model, {"places": _places(wing, run, inputs, asked["source"])}, False


def by_onnx(wing: Wing, run: Run, inputs: Inputs, asked: dict[str, Any]) -> tuple[Any, dict[str, Any], bool]:
    """The other's graph, rebuilt from its ONNX file in layers of this framework. Raises ``MigrationError`` where that cannot be."""
    (onnx_model,) = import_wing(wing.framework, "onnx_model")
    as_read = read_graph(Path(asked["carried"]) / ONNX_FILE)
    member = run.experiment.family_member
    open_axes(as_read, INPUT_NAMES[member.takes], (0, 1) if member.sequences else (0,))
    graph = simplified(as_read)
    core = onnx_model.import_graph(graph)
    facts = {
        "opset": graph.opset,
        "producer": graph.producer,
        "nodes": len(as_read.nodes),
        "operators": operator_counts(graph),
        "layers": onnx_model.own_layers(core),
    }
    return _over_windows(wing, run, inputs, core), facts, member.takes == "terms"


def by_checkpoint(wing: Wing, run: Run, inputs: Inputs, asked: dict[str, Any]) -> tuple[Any, dict[str, Any], bool]:
    """The classifier on the encoder of the folder that was written, with the last layer beside it."""
    folder = Path(asked["carried"]) / CHECKPOINT_FOLDER
    architecture = replace(architecture_of(run.experiment, inputs), encoder=folder)
    classifier, core, model = build_model(wing.framework, run.experiment, architecture, _own(run), wing.device)
    classifier.load_neutral(core, read_weights(folder / HEAD, {}))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    files = {file.relative_to(folder).as_posix(): file.stat().st_size for file in sorted(folder.rglob("*")) if file.is_file()}
    return model, {"family": config["model_type"], "files": files}, False


ARRIVALS = {"weights": by_weights, "onnx": by_onnx, "checkpoint": by_checkpoint}
"""How a model comes into this framework: the model, what there is to tell of it, whether it takes dense TF-IDF rows."""


# --- The model of a run ---


def _weight_file(run: Run, framework: str) -> Path:
    return run.framework_folder(framework) / "model.safetensors"


def _own(run: Run) -> frozenset[str]:
    """The GELU that a run in the mode of defaults has used is part of what it learned with; its answers are logits nevertheless."""
    return frozenset({"gelu"}) if run.experiment.mode == "defaults" else frozenset()


def trained_model(wing: Wing, run: Run, inputs: Inputs, source: str) -> tuple[Any, Any, Any]:
    """This framework's classifier with the weights that ``source`` has trained: its module, itself, and over windows where need be."""
    wing.devices.use_precision("float32")
    wing.devices.set_seed(run.experiment.seed)
    architecture = architecture_of(run.experiment, inputs)
    classifier, core, model = build_model(wing.framework, run.experiment, architecture, _own(run), wing.device)
    shapes = {name: weight.shape for name, weight in WEIGHTS[run.experiment.classifier](architecture).items()}
    classifier.load_neutral(core, read_weights(_weight_file(run, source), shapes))
    return classifier, core, model


def _over_windows(wing: Wing, run: Run, inputs: Inputs, core: Any) -> Any:
    """The graph answers to one window; a text that is read in several has the mean of their answers."""
    if hasattr(core, "to"):
        core.to(wing.device)
    if run.experiment.long_texts != "windows" or not run.experiment.family_member.sequences:
        return core
    (windows,) = import_wing(wing.framework, "windows")
    return windows.over_windows(core, inputs.padding)


INPUT_NAMES = {"vectors": "vectors", "terms": "shares", "words": "tokens", "pieces": "tokens"}
"""What the input of a graph is called, by what a classifier takes."""


def save_onnx(wing: Wing, run: Run, inputs: Inputs, core: Any, path: Path) -> int:
    """Write the classifier of one text, or of one window, as an ONNX graph; its operator set. The file appears when it is complete."""
    (formats,) = import_wing(wing.framework, "formats")
    takes = run.experiment.family_member.takes
    arrays, _, lengths = part_of_run(run, inputs, "test", takes == "terms", EXAMPLE_ROWS)
    example = arrays[0][:, 0] if arrays[0].ndim == 3 else arrays[0]
    if lengths is not None:
        example = example[:, : max(2, int(lengths.max()))]  # an axis of one place counts as fixed
    draft = path.with_name(f".{path.name}")
    try:
        opset = formats.save_onnx(core, np.ascontiguousarray(example), INPUT_NAMES[takes], draft)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)  # of a disk that was full
    return int(opset)


def _places(wing: Wing, run: Run, inputs: Inputs, source: str) -> dict[str, Any]:
    """Where this framework keeps each neutral weight, found by loading numbers that look like no others."""
    (export,) = import_wing(wing.framework, "export")
    classifier, core, _ = trained_model(wing, run, inputs, source)
    drawn = drawn_like(classifier.to_neutral(core))
    classifier.load_neutral(core, drawn)
    own = export.named_weights(core)
    return {
        "weights": find_places(drawn, own),
        "neutral_shapes": {name: list(values.shape) for name, values in drawn.items()},
        "others": without_neutral(drawn, own),
    }


# --- What proves it ---


def part_of_run(run: Run, inputs: Inputs, part: str, dense: bool, rows: int | None = None) -> tuple[Any, np.ndarray, Any]:
    """The rows of a part as a model takes them, as NumPy arrays: inputs, labels, lengths."""
    arrays, labels, lengths = inputs.part(run, part)
    arrays = tuple(values[:rows] for values in arrays)
    if dense:
        terms, shares = arrays
        arrays = (dense_rows(terms, shares, inputs.input_size),)
    return arrays, labels[:rows], None if lengths is None else lengths[:rows]


def keep_answers(wing: Wing, run: Run, inputs: Inputs, model: Any, file: Path, dense: bool, words: str = "") -> dict[str, Any]:
    """Keep the logits of all test texts, (texts, classes), and say how many are right."""
    arrays, labels, lengths = part_of_run(run, inputs, "test", dense)
    size = evaluation_batch(lengths)
    plan = evaluation_plan(len(labels), lengths, size)
    logits = np.empty((len(labels), inputs.num_classes), np.float32)
    for number, width in enumerate(plan.widths.tolist()):
        rows = plan.order[number * size : (number + 1) * size]
        batch, _ = wing.training.as_tensors(tuple(values[rows][..., : width or None] for values in arrays), labels[rows], wing.device)
        logits[rows] = wing.inference.predict_logits(model, batch)
    np.save(file, logits)
    return {f"accuracy{words}": float(np.mean(logits.argmax(axis=1) == labels)), "rows": len(labels)}


def _train_on(wing: Wing, run: Run, inputs: Inputs, model: Any, steps: int, dense: bool) -> dict[str, Any] | None:
    """The loss of each of a few further steps, of the same batches in the same order in both frameworks; nothing after a stop.

    The optimizer is new in both, for its memory does not travel.
    """
    recipe = replace(recipe_of(run.experiment, inputs), own=frozenset(), steps_per_call=1, warmup_steps=0, decay_steps=0, compiled=False)
    rows = len(inputs.rows["train"])
    size = min(recipe.batch_size, rows)
    recipe = replace(recipe, batch_size=size)
    arrays, labels, lengths = part_of_run(run, inputs, "train", dense, rows // size * size)
    tensors, targets = wing.training.as_tensors(arrays, labels, wing.device)
    some, some_labels, some_lengths = part_of_run(run, inputs, "validation", dense, VALIDATION_ROWS)
    validation = (*wing.training.as_tensors(some, some_labels, wing.device), some_lengths)
    plans = plans_of_steps(steps, len(labels), lengths, recipe)
    batches = wing.training.make_batches(tensors, targets, plans.__getitem__, recipe)
    losses = StepLosses(steps, 1, wing.stop_requested)
    optimizer = wing.training.make_optimizer(model, recipe)
    wing.training.train(model, optimizer, batches, validation, recipe, steps, Progress(), lambda _: None, losses)
    return None if losses.stopped else {"losses": losses.losses}
