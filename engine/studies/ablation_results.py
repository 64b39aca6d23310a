"""What an ablation found, as its ``results.json`` holds it."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.shared.devices import Machine
from engine.units import Loss, Seconds, Share, ShareDifference
from engine.workers.requests.ablation import TrainingFigures


@dataclass(frozen=True, kw_only=True)
class FlipRow:
    """What one flipped choice changes in one framework; means over the seeds, changes paired by seed."""

    framework: str
    """The framework that was trained."""
    aspect: str
    """The choice that was left to the framework."""
    beyond_noise_of: tuple[str, ...] = ()
    """The measures that change more than another seed does."""
    final_loss: Loss
    """The mean training loss at the end."""
    final_loss_change: Loss
    """The mean difference to matched mode."""
    final_loss_spread: Loss
    """The standard deviation of that difference."""
    accuracy: Share
    """The mean accuracy on the test texts."""
    accuracy_change: ShareDifference
    """The mean difference to matched mode."""
    accuracy_spread: Share
    """The standard deviation of that difference."""
    seconds: Seconds
    """The mean time of a training."""
    seconds_change: float
    """The mean ratio to the time in matched mode; 1 where it takes as long."""
    seconds_spread: float
    """The standard deviation of that ratio."""
    beyond_noise: bool = False
    """Whether any measure changes more than another seed does."""

    def change(self, measure: str) -> float:
        """Return the mean change of one of the ``MEASURES``."""
        return float(getattr(self, f"{measure}_change"))

    def spread(self, measure: str) -> float:
        """Return the standard deviation of that change."""
        return float(getattr(self, f"{measure}_spread"))


@dataclass(frozen=True, kw_only=True)
class AblationResults:
    """All that an ablation found."""

    classifier: str = ""
    """The classifier's name."""
    seeds: int = 0
    """Seeds that are finished."""
    epochs: int = 0
    """Epochs of each training."""
    data: str = ""
    """The name of the data set."""
    machine: Machine = field(default_factory=Machine)
    """Where it ran."""
    notes: tuple[str, ...] = ()
    """What the reader should know of the device."""
    flips: dict[str, str] = field(default_factory=dict)
    """What else was changed for a choice, where leaving the choice to the framework alone would change nothing."""
    rows: tuple[FlipRow, ...] = ()
    """Framework after framework, choice after choice."""
    noise: dict[str, TrainingFigures] = field(default_factory=dict)
    """The standard deviation of matched trainings over the seeds, by framework."""
    matched: dict[str, TrainingFigures] = field(default_factory=dict)
    """The mean of matched trainings, by framework."""
