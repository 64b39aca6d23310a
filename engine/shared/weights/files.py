"""Weights and checkpoints as safetensors files: written whole or not at all, array by array, checked when read."""

from __future__ import annotations

import json
import math
import os
import struct
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from engine.errors import TrainingError
from engine.shared.early_stopping import Progress

SAFETENSORS_TYPES = {"float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64", "int32": "I32", "uint32": "U32", "uint8": "U8",
                     "bool": "BOOL"}  # fmt: skip


def write_arrays(path: Path, arrays: Mapping[str, Any], metadata: Mapping[str, str] | None = None) -> None:
    """Write arrays, or tensors of a framework that NumPy can read, as one safetensors file.

    The safetensors package first copies everything into memory; a training that has just filled the memory has no room for that. Here one
    array at a time is copied. Format: https://huggingface.co/docs/safetensors, a length, a JSON header, then the numbers.
    """
    header: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    offset = 0
    for name, array in arrays.items():
        kind = str(array.dtype).rsplit(".", 1)[-1]  # torch says torch.float32
        size = math.prod(array.shape) * np.dtype(kind).itemsize
        header[name] = {"dtype": SAFETENSORS_TYPES[kind], "shape": list(array.shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # so that the numbers begin where any processor can read them
    draft = path.with_name(f".{path.name}.draft")
    try:
        with open(draft, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for array in arrays.values():
                file.write(np.asarray(array, order="C").data)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)  # of a disk that was full


def read_weights(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Return the arrays of a weight file by name. Raises ``TrainingError`` when it is damaged or lacks one of ``shapes``."""
    arrays, _ = _read(path)
    for name, shape in shapes.items():
        if name not in arrays or arrays[name].shape != shape:
            found = f"shape {arrays[name].shape}" if name in arrays else "none"
            raise TrainingError(
                f"The weights in {path.name} do not fit. Expected “{name}” of shape {shape}, found {found}. Train the run again."
            )
    return arrays


def save_progress(path: Path, state: Mapping[str, Any], progress: Progress) -> None:
    """Write a checkpoint: the framework's own state and how far training has come."""
    plain = asdict(progress) | {"best_loss": None if math.isinf(progress.best_loss) else progress.best_loss}
    write_arrays(path, state, {"progress": json.dumps(plain)})


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
    return arrays


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    try:
        with safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118 - not a dictionary
    except (SafetensorError, OSError) as error:
        raise TrainingError(f"{path.name} cannot be read: {error}. It is damaged or was removed; train again to write it anew.") from error
