"""What a migration found, as its ``results.json`` holds it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from engine.runs.records.reading import write_fields
from engine.shared.devices import Machine
from engine.units import Bytes, Logits, Loss, Rows, Seconds, Share

Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class LogitDifferences:
    """How far two models' logits of the same texts are apart."""

    max_logit_difference: Logits = 0.0
    """How far a logit is off at most."""
    mean_logit_difference: Logits = 0.0
    """How far a logit is off in the mean."""
    label_agreement: Share = 0.0
    """Texts to which both give the same label."""


@dataclass(frozen=True, kw_only=True)
class FurtherTraining(LogitDifferences):
    """What became of both models after the same further steps."""

    steps: int = 0
    """Steps that both were trained on."""
    losses: dict[str, tuple[Loss, ...]] = field(default_factory=dict)
    """For ``source`` and ``target``: the loss of each step."""
    accuracy: dict[str, Share] = field(default_factory=dict)
    """For ``source`` and ``target``: test texts that are answered rightly afterwards."""


@dataclass(frozen=True, kw_only=True)
class WeightPlace:
    """Where a framework keeps one neutral weight."""

    weight: str
    """The neutral name."""
    name: str = ""
    """The framework's own name; empty where the weight has no place of its own."""
    shape: tuple[int, ...] = ()
    """Its shape there."""
    change: str = ""
    """What the framework does to the neutral layout."""


@dataclass(frozen=True, kw_only=True)
class WeightPlaces:
    """Where a framework keeps each neutral weight."""

    weights: tuple[WeightPlace, ...] = ()
    """One a neutral weight."""
    neutral_shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """By neutral name."""
    others: tuple[str, ...] = ()
    """The framework's own weights that hold nothing of what travelled."""


@dataclass(frozen=True, kw_only=True)
class RebuiltLayer:
    """A node of an ONNX graph that became a layer."""

    node: str
    """The node's name."""
    operator: str
    """Its operator."""
    layer: str
    """The class of the layer."""
    shapes: tuple[tuple[int, ...], ...] = ()
    """The shapes of the layer's weights."""


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

    def to_json(self) -> dict[str, Any]:
        """Return the keys of the route that was taken."""
        return write_fields(self, [item.name for item in fields(self) if getattr(self, item.name) is None])


@dataclass(frozen=True, kw_only=True)
class SnippetOutcome:
    """What became of a program that was run in a process and a folder of its own."""

    program: str = ""
    """Its source."""
    returncode: int | None = None
    """0 where it ran to its end; none where it was ended for taking too long."""
    error: str = ""
    """The last line that it wrote, where it failed."""
    traceback: str = ""
    """All lines that it wrote, where it failed."""


@dataclass(frozen=True, kw_only=True)
class OldSnippets:
    """What the usual snippet for a way from ONNX to TensorFlow does with these versions."""

    guide: SnippetOutcome = field(default_factory=SnippetOutcome)
    """The program that guides print."""
    first_import: SnippetOutcome = field(default_factory=SnippetOutcome)
    """What onnx-tf asks onnx for first."""
    versions: dict[str, str | None] = field(default_factory=dict)
    """The versions of ``onnx`` and ``onnx-tf``; none where one is not installed."""


@dataclass(frozen=True, kw_only=True)
class MigrationResults(LogitDifferences):
    """All that a migration found; its own differences are those between source and target."""

    run: str = ""
    """The run whose model was carried across."""
    data: str = ""
    """The name of the data set."""
    classifier: str = ""
    """The classifier's name."""
    source: str = ""
    """The framework that trained the model."""
    target: str = ""
    """The framework that took it over."""
    route: str = ""
    """``weights``, ``onnx`` or ``checkpoint``."""
    machine: Machine = field(default_factory=Machine)
    """Where it ran."""
    rows: Rows = 0
    """Test texts that both have answered."""
    accuracy_before: Share = 0.0
    """Test texts that the source answers rightly."""
    accuracy_after: Share = 0.0
    """Test texts that the target answers rightly."""
    judge: dict[str, LogitDifferences] = field(default_factory=dict)
    """For ``source`` and ``target``: how far each is from ONNX Runtime's answers to the same model."""
    graph: str = ""
    """The framework whose exporter wrote the graph for ONNX Runtime."""
    carried: str = ""
    """Which part of the model travelled; empty where that is all but the tokenizer."""
    trained_on: FurtherTraining = field(default_factory=FurtherTraining)
    """What became of both after further steps."""
    stages: dict[str, dict[str, Seconds]] = field(default_factory=dict)
    """For ``source`` and ``target``: how long each stage of the work took."""
    left: Passage = field(default_factory=Passage)
    """What there is to tell of the source."""
    arrived: Passage = field(default_factory=Passage)
    """What there is to tell of the target."""
    old_snippets: OldSnippets | None = None
    """What the old way over onnx-tf does today."""
    seconds: Seconds = 0.0
    """The time of all of it."""

    def by_framework(self, source: Value, target: Value) -> dict[str, Value]:
        """Return two values by framework, the source's and the target's."""
        return {self.source: source, self.target: target}
