"""What a benchmark asks: how long steps, batches of answers and single answers take, and how long it takes to a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.units import MiB, Milliseconds, Seconds, Share
from engine.workers.requests.request import Request


@dataclass(frozen=True, kw_only=True)
class MeasuredAnswer:
    """Base class: the conditions of a measurement, and what it took of the machine."""

    device: str = "cpu"
    """``cpu``, or the framework's name of the GPU."""
    busy: Share = 0.0
    """The share of the processor that others used just before."""
    peak_rss_mib: MiB | None = None
    """The most memory of the process; none where it has measured something else before, for a process keeps its peak."""
    gpu_memory_mib: MiB | None = None
    """The most memory of the GPU; none on a CPU."""
    import_seconds: Seconds = 0.0
    """How long the framework took to load."""


@dataclass(frozen=True, kw_only=True)
class SpeedAnswer(MeasuredAnswer):
    """How long things take; each the median of the rounds."""

    step_milliseconds: Milliseconds
    """A step of training."""
    first_step_seconds: Seconds
    """The first step, which holds tracing, compilation and warm-up."""
    joules_per_step: float | None = None
    """The processor's energy; none where the machine does not count it."""
    gpu_utilisation: float | None = None
    """Use of the GPU in per cent; none on a CPU."""
    batch_milliseconds: Milliseconds | None = None
    """The answers to a batch; none outside matched mode, for in the other modes the same model answers in the same way."""
    single_milliseconds: Milliseconds | None = None
    """The answer to a single text; none likewise."""


@dataclass(frozen=True, kw_only=True)
class SpeedRequest(Request[SpeedAnswer]):
    """Train for a set number of steps, then answer batches and single texts."""

    job: ClassVar = "benchmark"
    answer: ClassVar = SpeedAnswer
    seed: int
    """The seed of the weights and of the order of the texts."""
    mode: str
    """``matched``, ``defaults`` or ``compiled``."""
    batch_size: int
    """Texts in a batch."""
    tokens: int | None
    """The length to which every text is cut or repeated; none where texts are as they are."""
    steps: int
    """Steps that are timed on a CPU, in all rounds together."""
    rounds: int
    """Rounds, between which the other process computes."""
    singles: int
    """Texts that are answered alone, in all rounds together."""
    attempt: int = 1
    """Tells a benchmark that is measured anew from the one before; nothing else depends on it."""


@dataclass(frozen=True, kw_only=True)
class TargetAnswer(MeasuredAnswer):
    """How long it took to a target."""

    target_seconds: Seconds | None
    """Seconds of training, validation and tracing included; none where the epochs did not suffice."""
    target_epochs: int
    """Epochs until then."""


@dataclass(frozen=True, kw_only=True)
class TargetRequest(Request[TargetAnswer]):
    """Train until the accuracy on the validation texts is reached."""

    job: ClassVar = "benchmark"
    answer: ClassVar = TargetAnswer
    seed: int
    """The seed of the weights and of the order of the texts."""
    target: Share
    """The accuracy."""
    attempt: int = 1
    """Tells a benchmark that is measured anew from the one before; nothing else depends on it."""
