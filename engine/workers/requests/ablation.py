"""What an ablation asks: a whole training in which one default is left to the framework."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.units import Loss, Seconds, Share
from engine.workers.requests.request import Request

MEASURES = ("final_loss", "accuracy", "seconds")
"""What is measured of each training."""


@dataclass(frozen=True, kw_only=True)
class TrainingFigures:
    """The three figures of a training: of a single one, or a mean or a standard deviation over the seeds."""

    final_loss: Loss
    """The training loss at the end."""
    accuracy: Share
    """Test texts that were answered rightly."""
    seconds: Seconds
    """The time of the training."""

    def figure(self, measure: str) -> float:
        """Return one of the ``MEASURES``."""
        return float(getattr(self, measure))


@dataclass(frozen=True, kw_only=True)
class Flip:
    """What else a flipped choice changes in the recipe, so that it changes something at all; none of it where there is nothing to say."""

    clip_norm: float | None = None
    """The longest gradient."""
    compiled: bool | None = None
    """Whether the models are compiled."""
    class_weights: tuple[float, ...] | None = None
    """One weight a class."""


@dataclass(frozen=True, kw_only=True)
class TrainingRequest(Request[TrainingFigures]):
    """Train once with all epochs of the prepared experiment."""

    job: ClassVar = "ablate"
    answer: ClassVar = TrainingFigures
    seed: int
    """The seed of the weights and of the order of the texts."""
    own: tuple[str, ...] = ()
    """What is left to the framework, some of ``EVERY_DEFAULT``."""
    flip: Flip = Flip()
    """What else is changed."""
