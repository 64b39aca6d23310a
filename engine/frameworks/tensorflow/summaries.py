"""TensorBoard logs by TensorFlow's own writer."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf


class Summaries:
    """Scalars of one run, by step or by epoch."""

    def __init__(self, folder: Path) -> None:
        self.writer = tf.summary.create_file_writer(str(folder))

    def scalar(self, name: str, value: float, step: int) -> None:
        """Record one number."""
        with self.writer.as_default():
            tf.summary.scalar(name, value, step)

    def flush(self) -> None:
        """Make what was recorded visible to TensorBoard."""
        self.writer.flush()
