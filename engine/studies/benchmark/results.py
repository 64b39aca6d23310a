"""What a benchmark found, as its ``results.json`` holds it: every measurement, and a verdict on each."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.errors import RunError
from engine.shared.classifiers import CLASSIFIERS
from engine.shared.devices import Machine
from engine.studies.benchmark.statistics import MARGIN
from engine.units import Share

CLAIMS = (
    "training-speed",
    "inference-speed",
    "single-answer",
    "first-step",
    "import-time",
    "time-to-accuracy",
    "memory",
    "gpu-memory",
    "gpu-utilisation",
    "energy",
)
"""What can be measured, in the order in which it is shown."""


@dataclass(frozen=True, kw_only=True)
class MeasurementFacts:
    """What was measured, and under which conditions."""

    claim: str
    """What is measured, for example ``training-speed``."""
    framework: str | None = None
    """The framework that was measured against itself; the key is there only in such a benchmark."""
    classifier: str | None = None
    """The classifier's name; none where it plays no part."""
    mode: str | None = None
    """``matched``, ``defaults`` or ``compiled``."""
    batch_size: int | None = None
    """Texts in a batch; none where they play no part."""
    sequence_length: int | None = None
    """The number of tokens to which every text was cut or filled; none where texts are as they are."""
    unit: str = ""
    """The unit of the figures."""
    busy: Share = 0.0
    """The largest share of the processor that other programs used just before a measurement."""

    def __post_init__(self) -> None:
        """Refuse what this version has no words for, so that a damaged row is left out where it is read."""
        if self.claim not in CLAIMS or (self.classifier is not None and self.classifier not in CLASSIFIERS):
            raise RunError(f"“{self.claim}” of “{self.classifier}” is no measurement that this version knows.")


@dataclass(frozen=True, kw_only=True)
class Measurement(MeasurementFacts):
    """The figures of both sides."""

    values: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """One figure a repeat, by side, in pairs. The sides are the frameworks, or ``first`` and ``second`` against itself."""

    def left_out(self) -> tuple[str, ...]:
        """Return the keys that such a benchmark does not have."""
        return () if self.framework else ("framework",)


@dataclass(frozen=True, kw_only=True)
class VerdictRow(MeasurementFacts):
    """The verdict on a measurement; a smaller figure is better."""

    repeats: int = 0
    """Pairs of figures."""
    pytorch: float | None = None
    """PyTorch's median, in ``unit``; the key is there only where the frameworks are compared, as the next one is."""
    tensorflow: float | None = None
    """TensorFlow's median, in ``unit``."""
    first: float | None = None
    """The median of the first process, in ``unit``; the key is there only against itself, as the next one is."""
    second: float | None = None
    """The median of the second process, in ``unit``."""
    ratio: float | None = None
    """The geometric mean of the ratios of the pairs: PyTorch's figure ÷ TensorFlow's, or the first ÷ the second."""
    interval: tuple[float | None, ...] = ()
    """Where the true ratio lies with 95 % confidence, from and to; none where it is unbounded."""
    verdict: str
    """``equivalent``, ``not enough evidence``, or who is better: ``pytorch faster``, ``tensorflow smaller``."""

    def median(self, side: str) -> float | None:
        """Return the median of a framework, or of ``first`` or ``second``; ``None`` where there is no such side."""
        figure: float | None = getattr(self, side, None)
        return figure

    def bounds(self) -> tuple[float | None, float | None]:
        """Return both ends of the interval."""
        return self.interval[:2] if len(self.interval) == 2 else (None, None)

    def left_out(self) -> tuple[str, ...]:
        """Return the keys of the sides that were not compared."""
        return tuple(name for name in ("framework", "pytorch", "tensorflow", "first", "second") if getattr(self, name) is None)


@dataclass(frozen=True, kw_only=True)
class BenchmarkResults:
    """All that a benchmark found."""

    repeats: int = 0
    """Repeats that are finished."""
    margin: Share = MARGIN
    """How far two figures may differ and still count as equal."""
    data: str = ""
    """The name of the data set."""
    machine: Machine = field(default_factory=Machine)
    """Where it ran."""
    device: str | None = None
    """``CPU`` or ``GPU``."""
    threads: int | None = None
    """Threads of each framework."""
    busy: Share = 0.0
    """The largest share of the processor that other programs used just before a measurement."""

    notes: tuple[str, ...] = ()
    """What the reader should know: of the device, and of targets that were not reached."""
    target: Share | None = None
    """The accuracy on the validation texts up to which time is taken."""
    against_itself: bool = False
    """Whether each framework was measured against itself."""
    code: str = ""
    """The source of the worker's job as it was when it ran."""
    measurements: tuple[Measurement, ...] = ()
    """Claim after claim, setting after setting."""
    rows: tuple[VerdictRow, ...] = ()
    """The verdict on each measurement at ``margin``."""
