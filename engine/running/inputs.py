"""What the coordinator prepares for its workers: labels, split and probe as arrays, and where texts and vectors lie."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.data.choice import PARTS
from engine.errors import RunError
from engine.running.folder import Run, write_atomically


@dataclass(frozen=True)
class Inputs:
    """The same for both workers, read from the run's folder."""

    labels: np.ndarray
    """Class numbers, int64, shape (rows,)."""
    rows: dict[str, np.ndarray]
    """Row numbers of ``train``, ``validation`` and ``test``."""
    probe_rows: np.ndarray
    """The rows whose texts both encoders embed."""
    num_classes: int
    encoder: str
    """``bundled`` or the checkpoint's folder; never a hub id, for workers use no network."""
    features: str
    """The file with the vectors of all texts, shape (rows, hidden size)."""

    def texts(self, run: Run) -> list[str]:
        """All texts of the run, in the order of the rows; read without pandas, which would count as the framework's memory."""
        return list(json.loads((run.path / "texts.json").read_text(encoding="utf-8")))

    def open_features(self) -> np.ndarray:
        """The vectors, memory-mapped. Raises ``RunError`` when the cache was emptied meanwhile."""
        try:
            return np.load(self.features, mmap_mode="c")
        except (OSError, ValueError) as error:
            raise RunError(
                f"The vectors of this run's texts are gone or damaged ({error}). Resume the run; they are computed again."
            ) from error


def save_inputs(run: Run, inputs: Inputs, texts: list[str]) -> None:
    """Write the inputs; plain arrays and JSON, no pickles."""
    draft = run.path / f".inputs.{os.getpid()}.npz"
    np.savez(draft, labels=inputs.labels, probe=inputs.probe_rows, **inputs.rows)  # type: ignore[arg-type]
    os.replace(draft, run.path / "inputs.npz")
    write_atomically(run.path / "texts.json", json.dumps(texts))
    write_atomically(
        run.path / "inputs.json", json.dumps({"num_classes": inputs.num_classes, "encoder": inputs.encoder, "features": inputs.features})
    )


def load_inputs(run: Run) -> Inputs:
    """The inverse of :func:`save_inputs`. Raises ``RunError`` when the folder is incomplete."""
    try:
        with np.load(run.path / "inputs.npz", allow_pickle=False) as arrays:
            plain = json.loads((run.path / "inputs.json").read_text(encoding="utf-8"))
            return Inputs(arrays["labels"], {part: arrays[part] for part in PARTS}, arrays["probe"], **plain)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"Run {run.identifier} lacks what its workers need ({error}) in {Path(run.path).name}. Resume it to prepare the data again."
        ) from error
