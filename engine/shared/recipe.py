"""How a classifier is trained, in numbers that both wings read: optimizer, schedule, loss, and what each framework does its own way."""

from __future__ import annotations

from dataclasses import dataclass

EVERY_DEFAULT = frozenset(
    {"initialiser", "bias", "epsilon", "weight_decay", "clipping", "loss", "loss_weighting", "loss_report", "shuffling", "dropout", "gelu",
     "execution", "tf32"}
)  # fmt: skip
"""What can be left to each framework, as ``framework_defaults.py`` tells. Matched mode leaves nothing, ``defaults`` everything."""


@dataclass(frozen=True)
class Recipe:
    """Everything about a training but the model and the texts."""

    learning_rate: float
    batch_size: int
    seed: int = 0
    own: frozenset[str] = frozenset()
    """The choices that are left to each framework's defaults, out of ``EVERY_DEFAULT``."""
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    weight_decay: float = 0.0
    """Decoupled, of matrices only: biases and the weights of layer norms are left alone."""
    clip_norm: float = 0.0
    """Longest gradient over all weights together; 0 does not clip."""
    warmup_steps: int = 0
    decay_steps: int = 0
    """Steps after which the learning rate has fallen to 0 on a straight line; 0 keeps it constant."""
    class_weights: tuple[float, ...] | None = None
    compiled: bool = False
    """``torch.compile`` and XLA."""
    mixed_precision: bool = False
    """bfloat16 where the framework deems it safe, on a device that computes it."""
    steps_per_call: int = 1
    """Optimizer steps that Keras makes in one call of its graph; few where a step is long, for turns end between calls."""

    def rate_share(self, step: int) -> float:
        """Part of the learning rate that step ``step`` (from 0) uses: up on a straight line in the warm-up, then down to 0.

        Source: J. Devlin et al., BERT, 2018, appendix A.2.
        """
        if step < self.warmup_steps:
            return (step + 1) / self.warmup_steps
        if self.decay_steps:
            return max(0.0, (self.decay_steps - step) / max(1, self.decay_steps - self.warmup_steps))
        return 1.0
