"""A worker's job ``migrate``: take a trained model out of one framework, or bring it into the other; then answer and train on.

The coordinator of a migration asks the one framework to leave, then the other to arrive, each in a process of its own. What they hand over
lies in the study's folder: the model in the form of the route, and the logits of all test texts as arrays.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from engine.files import draft_of
from engine.runs.folder import Run
from engine.runs.preparing.graph_inputs import OWN, TOKENS, example_batch, graph_form, graph_input, rows_are_windows
from engine.runs.preparing.inputs import Inputs, load_inputs
from engine.runs.preparing.recipes import architecture_of
from engine.shared.encoders.checkpoint import resolve
from engine.shared.encoders.writing import HEAD, write_checkpoint
from engine.shared.onnx.graph import open_axes, operator_counts
from engine.shared.onnx.reading import read_graph
from engine.shared.onnx.simplify import simplified
from engine.shared.weights.files import read_weights
from engine.shared.weights.mapping import drawn_like, find_places, without_neutral
from engine.workers.equivalence import Stages, keep_answers, train_on
from engine.workers.requests.migration import (
    AFTER,
    BEFORE,
    CHECKPOINT_FOLDER,
    ONNX_FILE,
    ArriveRequest,
    LeaveRequest,
    Passage,
    PassageAnswer,
    WeightPlaces,
)
from engine.workers.session import Session
from engine.workers.trained_model import learned_with, over_windows, trained_model, whole_graph
from engine.workers.wing import build_model, import_wing

STAGES = 7
"""How many stages either side has, about: for the progress bar."""


@dataclass(frozen=True)
class Side:
    """One side of a migration: the framework, the run, what was asked, and the stages of the work."""

    name: str
    """``source`` or ``target``."""
    session: Session
    run: Run
    inputs: Inputs
    request: LeaveRequest
    stages: Stages

    @classmethod
    def of(cls, name: str, session: Session, run: Run, request: LeaveRequest) -> Side:
        """Return a side whose work begins now."""
        return cls(name, session, run, load_inputs(run), request, Stages(session, STAGES))

    @property
    def arrays(self) -> Path:
        """The folder for logits, and for a graph that does not travel."""
        return Path(self.request.arrays)

    @property
    def carried(self) -> Path:
        """The folder for what travels."""
        return Path(self.request.carried)

    def weights(self) -> Any:
        """Read the weights that the source has trained."""
        return read_weights(self.run.model_file(self.request.source), {})

    def answer(self, model: Any, file: str, form: str) -> float:
        """Keep the logits of all test texts and return the share of right ones."""
        return keep_answers(self.session, self.run, self.inputs, model, self.arrays / file.format(side=self.name), form)

    def train_on(self, model: Any, accuracy: float, passage: Passage, form: str) -> PassageAnswer | None:
        """Train on, answer once more, and say all that there is to tell; nothing after a stop."""
        with self.stages("trains on"):
            losses = train_on(self.session, self.run, self.inputs, model, self.request.steps, form)
        if losses is None:
            return None
        with self.stages("answers once more"):
            trained_on = self.answer(model, AFTER, form)
        rows = len(self.inputs.rows["test"])
        return PassageAnswer(
            rows=rows, accuracy=accuracy, losses=losses, accuracy_trained_on=trained_on, stages=self.stages.seconds, passage=passage
        )


def leave(session: Session, run: Run, request: LeaveRequest) -> PassageAnswer | None:
    """Keep the trained model's own logits and what the route takes along, then its logits after further steps."""
    side, passage = Side.of("source", session, run, request), Passage()
    with side.stages("builds the trained model"):
        classifier, core, model = trained_model(session, run, side.inputs, request.source)
    if request.route == "weights":
        with side.stages("finds the place of each weight"):
            passage = Passage(places=_places(side, classifier, core))
    graph = graph_form(run, whole=request.route == "onnx")
    form = TOKENS if graph == TOKENS else OWN
    if form == TOKENS:
        with side.stages("puts the encoder before the classifier"):
            core = model = whole_graph(session, run, side.inputs, core)
    with side.stages("answers the test texts"):
        accuracy = side.answer(model, BEFORE, form)
    if request.route == "checkpoint":
        with side.stages("writes the Hugging Face folder"):
            folder = side.carried / CHECKPOINT_FOLDER
            write_checkpoint(folder, resolve(side.inputs.encoder), side.weights(), list(request.classes))
    if session.framework == request.graph:
        with side.stages("writes the ONNX graph"):
            place = side.carried if request.route == "onnx" else side.arrays
            save_onnx(session, run, side.inputs, core, place / ONNX_FILE, graph)
    return side.train_on(model, accuracy, passage, form)


def arrive(session: Session, run: Run, request: ArriveRequest) -> PassageAnswer | None:
    """Bring the model into this framework by the route that was asked for; keep its logits, and those after the same further steps."""
    side = Side.of("target", session, run, request)
    core, model, passage, form = ARRIVALS[request.route](side)
    with side.stages("answers the test texts"):
        accuracy = side.answer(model, BEFORE, form)
    if session.framework == request.graph:
        with side.stages("writes the ONNX graph"):
            save_onnx(session, run, side.inputs, core, side.arrays / ONNX_FILE, graph_form(run, whole=False))
    return side.train_on(model, accuracy, passage, form)


# --- The routes ---


class Arrival(NamedTuple):
    """A model that has come into this framework."""

    core: Any
    """The classifier, or the graph with its encoder."""
    model: Any
    """The same over windows where need be."""
    passage: Passage
    """What there is to tell of it."""
    form: str
    """What it takes: ``OWN`` or another form."""


def by_weights(side: Side) -> Arrival:
    """Fill the run's own classifier in this framework with the other's weights under their neutral names."""
    with side.stages("takes the weights over"):
        classifier, core, model = trained_model(side.session, side.run, side.inputs, side.request.source)
    with side.stages("finds the place of each weight"):
        places = _places(side, classifier, core)
    return Arrival(core, model, Passage(places=places), OWN)


def by_onnx(side: Side) -> Arrival:
    """Rebuild the other's graph from its ONNX file in layers of this framework. Raises ``MigrationError`` where that cannot be."""
    session, run = side.session, side.run
    onnx_model, export = import_wing(session.framework, "onnx.model", "export")
    form = graph_form(run, whole=True)
    with side.stages("reads the ONNX graph"):
        as_read = read_graph(side.carried / ONNX_FILE)
        texts_at_once = (0, 1, 2) if rows_are_windows(run, form) else (0, 1) if graph_input(run, form) == TOKENS else (0,)
        open_axes(as_read, graph_input(run, form), texts_at_once)
        graph = simplified(as_read)
    with side.stages("rebuilds the graph in its layers"):
        core = onnx_model.import_graph(graph)
        passage = Passage(
            opset=graph.opset,
            producer=graph.producer,
            nodes=len(as_read.nodes),
            operators=operator_counts(graph),
            layers=tuple(onnx_model.own_layers(core)),
        )
        if form == TOKENS:  # the run has kept its encoder as it is, so only the head is trained on, here as there
            head = find_places(side.weights(), export.named_weights(core))
            onnx_model.train_only(core, {place.name for place in head})
        return Arrival(core, over_windows(session, run, side.inputs, core), passage, form)


def by_checkpoint(side: Side) -> Arrival:
    """Build the classifier on the encoder of the folder that was written, with the last layer beside it."""
    folder, experiment = side.carried / CHECKPOINT_FOLDER, side.run.read_experiment()
    with side.stages("loads the Hugging Face folder"):
        architecture = replace(architecture_of(experiment, side.inputs), encoder=folder)
        own = learned_with(side.run)
        classifier, core, model = build_model(side.session.framework, experiment, architecture, own, side.session.device)
        classifier.load_neutral(core, read_weights(folder / HEAD, {}))
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        files = {file.relative_to(folder).as_posix(): file.stat().st_size for file in sorted(folder.rglob("*")) if file.is_file()}
        return Arrival(core, model, Passage(family=config["model_type"], files=files), OWN)


ARRIVALS: dict[str, Callable[[Side], Arrival]] = {"weights": by_weights, "onnx": by_onnx, "checkpoint": by_checkpoint}
"""How a model comes into this framework, by route."""


def save_onnx(session: Session, run: Run, inputs: Inputs, core: Any, path: Path, form: str) -> None:
    """Write a classifier that takes ``form`` as an ONNX graph. The file appears when it is complete."""
    (formats,) = import_wing(session.framework, "formats")
    with draft_of(path) as draft:
        formats.save_onnx(core, example_batch(run, inputs, form), graph_input(run, form), draft)


def _places(side: Side, classifier: Any, core: Any) -> WeightPlaces:
    """Find where this framework keeps each neutral weight by loading numbers that look like no others; then the source's are back."""
    (export,) = import_wing(side.session.framework, "export")
    drawn = drawn_like(classifier.to_neutral(core))
    classifier.load_neutral(core, drawn)
    own = export.named_weights(core)
    classifier.load_neutral(core, side.weights())
    places = find_places(drawn, own)
    shapes = {name: tuple(values.shape) for name, values in drawn.items()}
    return WeightPlaces(weights=tuple(places), neutral_shapes=shapes, others=tuple(without_neutral(places, own)))
