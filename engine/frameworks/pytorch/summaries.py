"""TensorBoard logs by PyTorch's own writer."""

from __future__ import annotations

import sys
import types
from pathlib import Path

# TensorBoard loads TensorFlow for its file access where it is installed, unless a module of this
# name exists. This process is PyTorch's.
sys.modules.setdefault("tensorboard.compat.notf", types.ModuleType("tensorboard.compat.notf"))

from torch.utils.tensorboard import SummaryWriter  # noqa: E402 - after the line above


class Summaries:
    """Scalars of one run, by step or by epoch."""

    def __init__(self, folder: Path) -> None:
        self.writer = SummaryWriter(str(folder))

    def scalar(self, name: str, value: float, step: int) -> None:
        """Record one number."""
        self.writer.add_scalar(name, value, step)

    def flush(self) -> None:
        """Make what was recorded visible to TensorBoard."""
        self.writer.flush()
