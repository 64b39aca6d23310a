"""What a migration asks: take a trained model out of one framework, bring it into the other."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import ClassVar

from engine.shared.onnx.graph import RebuiltLayer
from engine.shared.weights.mapping import WeightPlace
from engine.units import Bytes, Loss, Rows, Seconds, Share
from engine.workers.requests.request import Request

ONNX_FILE, CHECKPOINT_FOLDER = "model.onnx", "checkpoint"
"""The names of what travels, or is kept for ONNX Runtime."""

BEFORE, AFTER = "{side}_logits.npy", "{side}_logits_trained_on.npy"
"""Files of ``source`` or ``target``: the logits of the test texts, as the model came and after further steps."""


@dataclass(frozen=True, kw_only=True)
class WeightPlaces:
    """The places at which a framework keeps each neutral weight."""

    weights: tuple[WeightPlace, ...] = ()
    """One a neutral weight."""
    neutral_shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """The shapes under neutral names."""
    others: tuple[str, ...] = ()
    """The framework's own weights that hold nothing of what travelled."""


@dataclass(frozen=True, kw_only=True)
class Passage:
    """What there is to tell of one side; only the keys of its route are there."""

    places: WeightPlaces | None = None
    """Route ``weights``: where each weight lies."""
    opset: int | None = None
    """Route ``onnx``: the operator set of the graph."""
    producer: str | None = None
    """Route ``onnx``: the program that wrote the graph."""
    nodes: int | None = None
    """Route ``onnx``: nodes of the graph as it was read."""
    operators: dict[str, int] | None = None
    """Route ``onnx``: nodes that remain after simplification, by operator."""
    layers: tuple[RebuiltLayer, ...] | None = None
    """Route ``onnx``: nodes that became layers."""
    family: str | None = None
    """Route ``checkpoint``: the family of models that the folder names."""
    files: dict[str, Bytes] | None = None
    """Route ``checkpoint``: the size of each file of the folder, by path."""

    def left_out(self) -> tuple[str, ...]:
        """Return the keys of the routes that were not taken."""
        return tuple(item.name for item in fields(self) if getattr(self, item.name) is None)


@dataclass(frozen=True, kw_only=True)
class PassageAnswer:
    """How a model does on one side; its logits lie beside the others' as arrays."""

    rows: Rows
    """Test texts that were answered."""
    accuracy: Share
    """Test texts that were answered rightly."""
    losses: tuple[Loss, ...]
    """The loss of each further step."""
    accuracy_trained_on: Share
    """Test texts that were answered rightly after those steps."""
    stages: dict[str, Seconds]
    """How long each stage of the work took, by what was done."""
    passage: Passage
    """What there is to tell of the route."""


@dataclass(frozen=True, kw_only=True)
class LeaveRequest(Request[PassageAnswer]):
    """Answer, write what the route takes along, train on and answer again."""

    job: ClassVar = "migrate"
    answer: ClassVar = PassageAnswer
    source: str
    """The framework that has trained the model."""
    route: str
    """``weights``, ``onnx`` or ``checkpoint``."""
    arrays: str
    """The folder for logits, and for a graph that does not travel."""
    carried: str
    """The folder for what travels."""
    steps: int
    """Further steps."""
    classes: tuple[str, ...]
    """The labels in the order of the logits."""
    weights: tuple[int, ...]
    """Size and time of change of the weights: other ones are another question."""
    graph: str
    """The framework whose exporter writes the ONNX graph."""


@dataclass(frozen=True, kw_only=True)
class ArriveRequest(LeaveRequest):
    """Take over what the route has brought, answer, train on and answer again."""
