"""What a TensorFlow training leaves on disk: weights in neutral layout and checkpoints.

Both are safetensors files, never pickles.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from engine.neutral.early_stopping import Progress
from engine.neutral.weight_files import load_progress, read_weights, save_progress, write_arrays


def save_weights(weights: dict[str, np.ndarray], path: Path) -> None:
    """Write weights in neutral layout; either framework loads the file."""
    write_arrays(path, weights)


def load_weights(
    model: keras.Model,
    path: Path,
    load_neutral: Callable[[keras.Model, dict[str, np.ndarray]], None],
) -> None:
    """Read weights in neutral layout into the model.

    Raises ``TrainingError`` when the file is damaged or of another shape.
    """
    load_neutral(model, read_weights(path, {}))


def save_checkpoint(
    path: Path, model: keras.Model, optimizer: keras.optimizers.Optimizer, progress: Progress
) -> None:
    """Write all that is needed to go on from the end of this epoch as if nothing had happened."""
    state = {f"model.{number}": variable for number, variable in enumerate(model.weights)}
    state |= {
        f"optimizer.{number}": variable for number, variable in enumerate(optimizer.variables)
    }
    save_progress(path, state, progress)


def load_checkpoint(
    path: Path, model: keras.Model, optimizer: keras.optimizers.Optimizer, progress: Progress
) -> None:
    """The inverse of :func:`save_checkpoint`. Raises ``TrainingError`` when the file is damaged."""
    state = load_progress(path, progress)
    model.set_weights([state[f"model.{number}"] for number in range(len(model.weights))])
    optimizer.build(model.trainable_variables)
    for number, variable in enumerate(optimizer.variables):
        variable.assign(state[f"optimizer.{number}"])
