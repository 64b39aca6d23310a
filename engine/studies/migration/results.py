"""What a migration found, as its ``results.json`` holds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from engine.shared.devices import Machine
from engine.units import Logits, Loss, Rows, Seconds, Share
from engine.workers.requests.migration import Passage

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
