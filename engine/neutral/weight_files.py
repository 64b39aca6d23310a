"""Weights and checkpoints as safetensors files: written whole or not at all, checked when read."""

from __future__ import annotations

import json
import math
import os
from dataclasses import fields
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from engine.errors import TrainingError
from engine.neutral.early_stopping import Progress

BEST = "best."
"""Prefix of the best weights so far, kept in the checkpoint beside the latest ones."""


def read_weights(path: Path, shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """The arrays of a weight file by name. Raises ``TrainingError`` when it is damaged or lacks one of ``shapes``."""
    arrays, _ = _read(path)
    for name, shape in shapes.items():
        if name not in arrays or arrays[name].shape != shape:
            found = f"shape {arrays[name].shape}" if name in arrays else "none"
            raise TrainingError(
                f"The weights in {path.name} do not fit. Expected “{name}” of shape {shape}, found {found}. Train the run again."
            )
    return arrays


def save_progress(path: Path, state: dict[str, np.ndarray], progress: Progress) -> None:
    """Write a checkpoint: the framework's own state and how far training has come."""
    best = {f"{BEST}{name}": values for name, values in (progress.best_weights or {}).items()}
    plain = {item.name: getattr(progress, item.name) for item in fields(progress) if item.name != "best_weights"}
    plain["best_loss"] = None if math.isinf(progress.best_loss) else progress.best_loss
    draft = path.with_name(f".{path.name}.draft")
    try:
        # Not ascontiguousarray, which gives a scalar, such as an optimizer's step, a dimension that it must not have when read back.
        save_file({name: np.asarray(values, order="C") for name, values in (state | best).items()}, draft, {"progress": json.dumps(plain)})
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)  # of a disk that was full


def load_progress(path: Path, progress: Progress) -> dict[str, np.ndarray]:
    """Read a checkpoint into ``progress`` and give back the framework's own state."""
    arrays, metadata = _read(path)
    try:
        plain = json.loads(metadata["progress"])
        plain["best_loss"] = math.inf if plain["best_loss"] is None else plain["best_loss"]
        for name, value in plain.items():
            setattr(progress, name, value)
    except (KeyError, ValueError) as error:
        raise TrainingError(f"{path.name} does not say how far training had come ({error}). Train again to write it anew.") from error
    progress.best_weights = {name.removeprefix(BEST): values for name, values in arrays.items() if name.startswith(BEST)} or None
    return {name: values for name, values in arrays.items() if not name.startswith(BEST)}


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    try:
        with safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118 - not a dictionary
    except (SafetensorError, OSError) as error:
        raise TrainingError(f"{path.name} cannot be read: {error}. It is damaged or was removed; train again to write it anew.") from error
