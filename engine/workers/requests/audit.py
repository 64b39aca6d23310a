"""What an audit asks: the losses of a few steps, and answers with the weights of the other framework."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from engine.units import Logits, Loss
from engine.workers.requests.request import Request


@dataclass(frozen=True, kw_only=True)
class StepsAnswer:
    """What became of a few steps of training."""

    losses: tuple[Loss, ...]
    """The loss of each step."""


@dataclass(frozen=True, kw_only=True)
class StepsRequest(Request[StepsAnswer]):
    """Train for a few steps."""

    job: ClassVar = "audit"
    answer: ClassVar = StepsAnswer
    steps: int
    """Steps of the optimizer."""
    own: tuple[str, ...] = ()
    """What is left to the framework, some of ``EVERY_DEFAULT``."""
    constants: dict[str, float] = field(default_factory=dict)
    """Values of the recipe that stand in the place of the experiment's own."""
    precision: str = "float32"
    """``float64`` or ``float32``."""
    keep: bool = False
    """Whether the trained weights, and the answers that they give, stay beside what was prepared."""

    @property
    def leaves_files(self) -> bool:
        """Whether weights stay beside what was prepared."""
        return self.keep


@dataclass(frozen=True, kw_only=True)
class TransferAnswer:
    """How the weights of the other framework do in this one."""

    max_logit_difference: Logits
    """How far a logit of the test texts is off at most."""


@dataclass(frozen=True, kw_only=True)
class TransferRequest(Request[TransferAnswer]):
    """Answer with the weights that the other framework has trained and kept."""

    job: ClassVar = "audit"
    answer: ClassVar = TransferAnswer
    source: str
    """The framework that has trained them."""
    steps: int
    """The number of steps that they were trained for."""
