"""When to stop and which weights to keep: one rule on the validation loss, used by both frameworks."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Progress:
    """How far a training has come; what a checkpoint must remember beside weights and optimizer."""

    patience: int = 0
    """Epochs without a lower validation loss after which training stops; 0 never stops."""
    next_epoch: int = 0
    best_epoch: int | None = None
    best_loss: float = math.inf
    epochs_without_improvement: int = 0
    counters: dict[str, Any] = field(default_factory=dict)
    """Times and losses so far, as whoever reports on the training counts them."""

    def improved(self, epoch: int, validation_loss: float) -> bool:
        """Record a finished epoch; whether its validation loss is the lowest so far (a loss that is not a number never is)."""
        self.next_epoch = epoch + 1
        if validation_loss < self.best_loss:
            self.best_epoch, self.best_loss, self.epochs_without_improvement = epoch, validation_loss, 0
            return True
        self.epochs_without_improvement += 1
        return False

    @property
    def exhausted(self) -> bool:
        """Whether patience has run out."""
        return 0 < self.patience <= self.epochs_without_improvement
