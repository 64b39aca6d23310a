"""What an audit found, as its ``results.json`` holds it."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.shared.devices import Machine
from engine.units import Logits, Loss


@dataclass(frozen=True, kw_only=True)
class LevelRow:
    """How far the losses of the two frameworks are apart at one level, for one classifier."""

    classifier: str
    """The classifier's name."""
    precision: str
    """``float64`` or ``float32``."""
    level: str
    """How much was made equal, one of ``LEVELS``."""
    steps: int
    """Steps of training that were compared."""
    max_relative_loss_difference: float
    """The largest of ``differences``."""
    losses: dict[str, tuple[Loss, ...]] = field(default_factory=dict)
    """The loss of each step, by framework."""
    differences: tuple[float, ...] = ()
    """For each step the difference of the two losses, relative to the larger one."""


@dataclass(frozen=True, kw_only=True)
class TransferRow:
    """A trained classifier whose weights were loaded into the other framework."""

    classifier: str
    """The classifier's name."""
    source: str
    """The framework that trained the weights."""
    target: str
    """The framework that loaded them."""
    max_logit_difference: Logits
    """How far a logit of the test texts is off at most."""


@dataclass(frozen=True, kw_only=True)
class AuditResults:
    """All that an audit found."""

    steps: int = 0
    """Steps of training that were asked for."""
    data: str = ""
    """The name of the data set."""
    machine: Machine = field(default_factory=Machine)
    """Where it ran."""
    rows: tuple[LevelRow, ...] = ()
    """Classifier after classifier, level after level."""
    transfers: tuple[TransferRow, ...] = ()
    """Both directions of each classifier."""
