"""What is said of an exported file: as ``manifest.json`` beside it, and as the results of the study that wrote it."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.shared.devices import Machine
from engine.studies.migration.results import LogitDifferences
from engine.units import Megabytes, Milliseconds, Rows, Seconds, Share, Tokens
from engine.workers.requests.export import TensorForm


@dataclass(frozen=True, kw_only=True)
class LatencyRace:
    """How fast ONNX Runtime answers one text beside the frameworks, in turns, from the text on."""

    single_p50_ms: dict[str, Milliseconds] = field(default_factory=dict)
    """The median, for each framework that took part and for ``onnx``."""
    single_p95_ms: dict[str, Milliseconds] = field(default_factory=dict)
    """The time that 95 of 100 answers keep, for the same."""
    texts: int = 0
    """Answers of each."""
    faster: str = ""
    """The faster framework."""
    ratio: float = 0.0
    """The median of ONNX Runtime ÷ that of the faster framework."""


@dataclass(frozen=True, kw_only=True)
class FileCheck(LogitDifferences):
    """What the file's own runtime answered in a process that never saw the model; differences are to the framework's own answers."""

    runtime: str = ""
    """The program that answers with the file."""
    rows: Rows = 0
    """Test texts that were answered."""
    accuracy: Share = 0.0
    """Test texts that the file answers rightly."""
    accuracy_before: Share = 0.0
    """Test texts that the framework answers rightly."""
    load_seconds: Seconds = 0.0
    """The time until the file was loaded."""
    single_p50_ms: Milliseconds = 0.0
    """The median time of one text."""
    single_p95_ms: Milliseconds = 0.0
    """The time that 95 of 100 single texts keep."""
    batch_texts_per_second: float = 0.0
    """Texts a second in batches."""
    race: LatencyRace | None = None
    """The race against the frameworks; the key is there only for ONNX files."""

    def left_out(self) -> tuple[str, ...]:
        """Return the keys that are not written: ``race`` where there was none."""
        return ("race",) if self.race is None else ()


@dataclass(frozen=True, kw_only=True)
class ExportManifest:
    """Everything that a program needs to use the file, what the file was made of, and how it was checked."""

    run: str = ""
    """The run whose model it is."""
    weights: tuple[int, ...] = ()
    """Size in bytes and time of change in nanoseconds of the weights that it was made of."""
    framework: str = ""
    """The framework that wrote it."""
    format: str = ""
    """The name of the format."""
    precision: str = "float32"
    """The precision of its weights: ``float32`` or ``int8``."""
    classifier: str = ""
    """The classifier's name."""
    long_texts: str = ""
    """What is done with texts that are too long: ``truncate`` or ``windows``."""
    labels: tuple[str, ...] = ()
    """The labels in the order of the logits."""
    file: str = ""
    """The name of the file, or of the folder that it is."""
    megabytes: Megabytes = 0.0
    """Its size."""
    versions: dict[str, str] = field(default_factory=dict)
    """Versions of the packages that wrote it."""
    machine: Machine = field(default_factory=Machine)
    """Where it was written."""
    takes: str = ""
    """What the model takes: ``tokens``, ``shares`` and so on."""
    max_tokens: Tokens | None = None
    """The most tokens of a text; none where it takes no tokens."""
    padding: int | None = None
    """The token that fills shorter texts; none where it takes no tokens."""
    input: TensorForm = field(default_factory=TensorForm)
    """What goes in."""
    output: TensorForm = field(default_factory=TensorForm)
    """What comes out."""
    opset: int | None = None
    """The ONNX operator set; none where it is no ONNX file."""
    check: FileCheck = field(default_factory=FileCheck)
    """How it was checked."""
    findings: tuple[str, ...] = ()
    """What else is worth a sentence."""
