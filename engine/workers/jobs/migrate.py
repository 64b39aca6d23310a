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

from engine.runs.folder import Run
from engine.runs.preparing.graph_inputs import OWN, TOKENS, example_batch, graph_form, graph_input, rows_are_windows
from engine.runs.preparing.inputs import Inputs, load_inputs
from engine.runs.preparing.recipes import architecture_of
from engine.runs.processes.channel import Channel
from engine.shared.encoders.checkpoint import resolve
from engine.shared.encoders.writing import HEAD, write_checkpoint
from engine.shared.onnx.graph import open_axes, operator_counts
from engine.shared.onnx.reading import read_graph
from engine.shared.onnx.simplify import simplified
from engine.shared.weights.files import read_weights
from engine.shared.weights.mapping import drawn_like, find_places, without_neutral
from engine.workers.equivalence import Stages, keep_answers, train_on
from engine.workers.session import Session, serve
from engine.workers.trained_model import learned_with, over_windows, trained_model, weight_file, with_encoder
from engine.workers.wing import build_model, import_wing

ONNX_FILE, CHECKPOINT_FOLDER = "model.onnx", "checkpoint"
"""What a migration keeps beside its results."""

BEFORE, AFTER = "{side}_logits.npy", "{side}_logits_trained_on.npy"
"""Of ``source`` or ``target``: the logits of the test texts, as the model came and after further steps."""

STAGES = 7
"""Of either side, about: for the progress bar."""


def migrate(run: Run, framework: str, channel: Channel) -> None:
    """Do what the coordinator of a migration asks for."""
    serve(run, framework, channel, lambda session, trained, asked: STEPS[asked["step"]](session, trained, asked))


def leave(session: Session, run: Run, asked: dict[str, Any]) -> dict[str, Any] | None:
    """The trained model's own logits, what the route takes along, and the logits after further steps."""
    inputs, stages = load_inputs(run), Stages(session, STAGES)
    carried, arrays, route = Path(asked["carried"]), Path(asked["arrays"]), asked["route"]
    with stages("builds the trained model"):
        classifier, core, model = trained_model(session, run, inputs, asked["source"])
    facts: dict[str, Any] = {}
    if route == "weights":
        with stages("finds the place of each weight"):
            facts["places"] = _places(session, run, asked["source"], classifier, core)
    graph = graph_form(run, whole=route == "onnx")
    form = TOKENS if graph == TOKENS else OWN
    if form == TOKENS:
        with stages("puts the encoder before the classifier"):
            core = model = with_encoder(session, run, inputs, core)
    with stages("answers the test texts"):
        facts |= keep_answers(session, run, inputs, model, arrays / BEFORE.format(side="source"), form)
    if route == "checkpoint":
        with stages("writes the Hugging Face folder"):
            weights = read_weights(weight_file(run, asked["source"]), {})
            write_checkpoint(carried / CHECKPOINT_FOLDER, resolve(inputs.encoder), weights, asked["classes"])
    if session.framework == asked["graph"]:
        with stages("writes the ONNX graph"):
            save_onnx(session, run, inputs, core, (carried if route == "onnx" else arrays) / ONNX_FILE, graph)
    return _trained_on(session, run, inputs, model, stages, facts, asked, form, "source")


def arrive(session: Session, run: Run, asked: dict[str, Any]) -> dict[str, Any] | None:
    """The model in this framework, by the route that was asked for: its logits, and those after the same further steps."""
    inputs, stages = load_inputs(run), Stages(session, STAGES)
    core, model, facts, form = ARRIVALS[asked["route"]](session, run, inputs, asked, stages)
    arrays = Path(asked["arrays"])
    with stages("answers the test texts"):
        facts |= keep_answers(session, run, inputs, model, arrays / BEFORE.format(side="target"), form)
    if session.framework == asked["graph"]:
        with stages("writes the ONNX graph"):
            save_onnx(session, run, inputs, core, arrays / ONNX_FILE, graph_form(run, whole=False))
    return _trained_on(session, run, inputs, model, stages, facts, asked, form, "target")


def _trained_on(
    session: Session,
    run: Run,
    inputs: Inputs,
    model: Any,
    stages: Stages,
    facts: dict[str, Any],
    asked: dict[str, Any],
    form: str,
    side: str,
) -> dict[str, Any] | None:
    """``facts`` and what further training adds to them; nothing after a stop."""
    with stages("trains on"):
        trained = train_on(session, run, inputs, model, asked["steps"], form)
    if trained is None:
        return None
    with stages("answers once more"):
        after = keep_answers(session, run, inputs, model, Path(asked["arrays"]) / AFTER.format(side=side), form, words="_trained_on")
    return facts | trained | after | {"stages": stages.seconds}


STEPS: dict[str, Callable[[Session, Run, dict[str, Any]], dict[str, Any] | None]] = {"leave": leave, "arrive": arrive}


# --- The routes ---


Arrival = tuple[Any, Any, dict[str, Any], str]
"""The model and itself over windows where need be, what there is to tell of it, and what it takes: ``OWN`` or another form."""


def by_weights(session: Session, run: Run, inputs: Inputs, asked: dict[str, Any], stages: Stages) -> Arrival:
    """The run's own classifier in this framework, filled with the other's weights under their neutral names."""
    with stages("takes the weights over"):
        classifier, core, model = trained_model(session, run, inputs, asked["source"])
    with stages("finds the place of each weight"):
        places = _places(session, run, asked["source"], classifier, core)
    return core, model, {"places": places}, OWN


def by_onnx(session: Session, run: Run, inputs: Inputs, asked: dict[str, Any], stages: Stages) -> Arrival:
    """The other's graph, rebuilt from its ONNX file in layers of this framework. Raises ``MigrationError`` where that cannot be."""
    onnx_model, export = import_wing(session.framework, "onnx.model", "export")
    form = graph_form(run, whole=True)
    with stages("reads the ONNX graph"):
        as_read = read_graph(Path(asked["carried"]) / ONNX_FILE)
        texts_at_once = (0, 1, 2) if rows_are_windows(run, form) else (0, 1) if graph_input(run, form) == TOKENS else (0,)
        open_axes(as_read, graph_input(run, form), texts_at_once)
        graph = simplified(as_read)
    with stages("rebuilds the graph in its layers"):
        core = onnx_model.import_graph(graph)
        facts = {
            "opset": graph.opset,
            "producer": graph.producer,
            "nodes": len(as_read.nodes),
            "operators": operator_counts(graph),
            "layers": onnx_model.own_layers(core),
        }
        if form == TOKENS:  # the run has kept its encoder as it is, so only the head is trained on, here as there
            head = find_places(read_weights(weight_file(run, asked["source"]), {}), export.named_weights(core))
            onnx_model.train_only(core, {row["name"] for row in head})
        return core, over_windows(session, run, inputs, core), facts, form


def by_checkpoint(session: Session, run: Run, inputs: Inputs, asked: dict[str, Any], stages: Stages) -> Arrival:
    """The classifier on the encoder of the folder that was written, with the last layer beside it."""
    folder = Path(asked["carried"]) / CHECKPOINT_FOLDER
    with stages("loads the Hugging Face folder"):
        architecture = replace(architecture_of(run.read_experiment(), inputs), encoder=folder)
        classifier, core, model = build_model(session.framework, run.read_experiment(), architecture, learned_with(run), session.device)
        classifier.load_neutral(core, read_weights(folder / HEAD, {}))
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        files = {file.relative_to(folder).as_posix(): file.stat().st_size for file in sorted(folder.rglob("*")) if file.is_file()}
        return core, model, {"family": config["model_type"], "files": files}, OWN


ARRIVALS = {"weights": by_weights, "onnx": by_onnx, "checkpoint": by_checkpoint}
"""How a model comes into this framework."""


def save_onnx(session: Session, run: Run, inputs: Inputs, core: Any, path: Path, form: str) -> int:
    """Write a classifier that takes ``form`` as an ONNX graph; its operator set. The file appears when it is complete."""
    (formats,) = import_wing(session.framework, "formats")
    draft = path.with_name(f".{path.name}")
    try:
        opset = formats.save_onnx(core, example_batch(run, inputs, form), graph_input(run, form), draft)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)  # of a disk that was full
    return int(opset)


def _places(session: Session, run: Run, source: str, classifier: Any, core: Any) -> dict[str, Any]:
    """Where this framework keeps each neutral weight, found by loading numbers that look like no others; then ``source``'s are back."""
    (export,) = import_wing(session.framework, "export")
    drawn = drawn_like(classifier.to_neutral(core))
    classifier.load_neutral(core, drawn)
    own = export.named_weights(core)
    classifier.load_neutral(core, read_weights(weight_file(run, source), {}))
    places = find_places(drawn, own)
    return {
        "weights": places,
        "neutral_shapes": {name: list(values.shape) for name, values in drawn.items()},
        "others": without_neutral(places, own),
    }
