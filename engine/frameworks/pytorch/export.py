"""What a PyTorch training leaves on disk: weights in neutral layout and checkpoints.

Both are safetensors files, never pickles.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from engine.shared.early_stopping import Progress
from engine.shared.weights.files import load_progress, read_weights, save_progress, write_arrays


def save_weights(weights: dict[str, np.ndarray], path: Path) -> None:
    """Write weights in neutral layout; either framework loads the file."""
    write_arrays(path, weights)


def load_weights(
    model: nn.Module, path: Path, load_neutral: Callable[[nn.Module, dict[str, np.ndarray]], None]
) -> None:
    """Read weights in neutral layout into the model.

    Raises ``TrainingError`` when the file is damaged or of another shape.
    """
    load_neutral(model, read_weights(path, {}))


def save_checkpoint(
    path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, progress: Progress
) -> None:
    """Write all that is needed to go on from the end of this epoch as if nothing had happened.

    PyTorch's random numbers, too: its own shuffling and dropout draw from them.
    """
    state: dict[str, torch.Tensor] = {
        f"model.{name}": values.detach().cpu() for name, values in model.state_dict().items()
    }
    state["random"] = torch.get_rng_state()  # (bytes,)
    for number, values in optimizer.state_dict()["state"].items():
        state |= {
            f"optimizer.{number}.{name}": value.detach().cpu() for name, value in values.items()
        }
    save_progress(path, state, progress)


def load_checkpoint(
    path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, progress: Progress
) -> None:
    """The inverse of :func:`save_checkpoint`. Raises ``TrainingError`` when the file is damaged."""
    state = load_progress(path, progress)
    model.load_state_dict(
        {name: torch.from_numpy(state[f"model.{name}"]) for name in model.state_dict()}
    )
    if "random" in state:  # not in a checkpoint of an earlier version
        torch.set_rng_state(torch.from_numpy(state["random"]))
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for key, values in state.items():
        if key.startswith("optimizer."):
            _, number, name = key.split(".")
            moments.setdefault(int(number), {})[name] = torch.from_numpy(values)
    optimizer.load_state_dict(
        {"state": moments, "param_groups": optimizer.state_dict()["param_groups"]}
    )


def named_weights(model: nn.Module) -> dict[str, np.ndarray]:
    """Copies of the model's weights under PyTorch's own names and in its own layouts."""
    return {name: weight.detach().cpu().numpy().copy() for name, weight in model.named_parameters()}
