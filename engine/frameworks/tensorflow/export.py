"""What a TensorFlow training leaves on disk: weights in neutral layout and checkpoints.

Both are safetensors files, never pickles.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from engine.shared.early_stopping import Progress
from engine.shared.weights.files import load_progress, read_weights, save_progress, write_arrays


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
    """Write all that is needed to go on from the end of this epoch as if nothing had happened.

    Keras's random numbers, too: its dropout draws from them.
    """
    state = {f"model.{number}": variable for number, variable in enumerate(model.weights)}
    state |= {f"random.{number}": variable for number, variable in enumerate(_random_states(model))}
    state |= {
        f"optimizer.{number}": variable for number, variable in enumerate(optimizer.variables)
    }
    save_progress(path, state, progress)


def _random_states(model: keras.Model) -> list[keras.Variable]:
    """The states of the model's random numbers, which are variables but no weights."""
    weights = {id(variable) for variable in model.weights}
    return [variable for variable in model.variables if id(variable) not in weights]


def load_checkpoint(
    path: Path, model: keras.Model, optimizer: keras.optimizers.Optimizer, progress: Progress
) -> None:
    """The inverse of :func:`save_checkpoint`. Raises ``TrainingError`` when the file is damaged."""
    state = load_progress(path, progress)
    model.set_weights([state[f"model.{number}"] for number in range(len(model.weights))])
    for number, variable in enumerate(_random_states(model)):
        if f"random.{number}" in state:  # not in a checkpoint of an earlier version
            variable.assign(state[f"random.{number}"])
    optimizer.build(model.trainable_variables)
    for number, variable in enumerate(optimizer.variables):
        variable.assign(state[f"optimizer.{number}"])


def named_weights(model: keras.Model) -> dict[str, np.ndarray]:
    """Copies of the model's weights under Keras's own names and in its own layouts."""
    return {variable.path: variable.numpy() for variable in model.weights}
