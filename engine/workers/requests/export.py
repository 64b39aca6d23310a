"""What an export asks: write a model's file, answer with it in another process, and race it against the frameworks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from engine.units import Milliseconds, Rows, Seconds, Share, Tokens
from engine.workers.requests.request import Answer, Request

BEFORE, AFTER, LABELS = "before.npy", "after.npy", "labels.npy"
"""Files of logits: those of the model in its framework, those of the exported file, and the right classes; all of the test texts."""


@dataclass(frozen=True, kw_only=True)
class FileRequest(Request[Answer]):
    """Base class: which file it is about."""

    kind: str
    """How the wing's module ``formats`` calls the format: ``onnx``, ``native``, ``graph`` or ``mobile``."""
    file: str
    """The name of the file, or of the folder that it is."""
    precision: str
    """``float32`` or ``int8``."""
    draft: str
    """The folder in which the file is written and checked."""
    arrays: str
    """The name of the folder beside it for logits and labels."""

    @property
    def path(self) -> Path:
        """The file's path."""
        return Path(self.draft) / self.file

    @property
    def arrays_folder(self) -> Path:
        """The folder in which the logits and labels lie."""
        return Path(self.draft).parent / self.arrays

    @property
    def leaves_files(self) -> bool:
        """Whether the answer is only part of it: it always is."""
        return True


@dataclass(frozen=True, kw_only=True)
class TensorForm:
    """What goes into a file's model, or comes out of it."""

    name: str = ""
    """The tensor's name in the file."""
    dtype: str = ""
    """The kind of its numbers."""
    shape: tuple[int | None, ...] = ()
    """Its axes; none where one is open."""


@dataclass(frozen=True, kw_only=True)
class WriteAnswer:
    """What a manifest tells of a file."""

    rows: Rows
    """Test texts that the framework has answered."""
    accuracy: Share
    """Test texts that the framework answers rightly."""
    opset: int | None
    """The ONNX operator set; none where it is no ONNX file."""
    takes: str
    """What the model takes: ``tokens`` or ``shares``."""
    max_tokens: Tokens | None
    """The most tokens of a text; none where it takes no tokens."""
    padding: int | None
    """The token that fills shorter texts; none where it takes no tokens."""
    input: TensorForm = field(default_factory=TensorForm)
    """What goes in."""
    output: TensorForm = field(default_factory=TensorForm)
    """What comes out."""


@dataclass(frozen=True, kw_only=True)
class WriteRequest(FileRequest[WriteAnswer]):
    """Write the file and what turns texts into its input; keep the framework's own logits."""

    job: ClassVar = "export"
    answer: ClassVar = WriteAnswer


@dataclass(frozen=True, kw_only=True)
class CheckAnswer:
    """How fast the file answers."""

    load_seconds: Seconds
    """Until the file was loaded."""
    single_p50_ms: Milliseconds
    """The median time of one text."""
    single_p95_ms: Milliseconds
    """The time that 95 of 100 single texts keep."""
    batch_texts_per_second: float
    """Texts a second in batches."""


@dataclass(frozen=True, kw_only=True)
class CheckRequest(FileRequest[CheckAnswer]):
    """Answer all test texts with the file, keep its logits, and say how fast it is."""

    job: ClassVar = "check"
    answer: ClassVar = CheckAnswer
    shape: tuple[int | None, ...]
    """The shape of the file's input; none where an axis is open."""


@dataclass(frozen=True, kw_only=True)
class RaceAnswer:
    """How long single texts took."""

    milliseconds: tuple[Milliseconds, ...]
    """The milliseconds from each text to its label."""


@dataclass(frozen=True, kw_only=True)
class RaceRequest(FileRequest[RaceAnswer]):
    """Answer one text at a time, in rounds between which the others compute."""

    job: ClassVar = "race"
    answer: ClassVar = RaceAnswer
