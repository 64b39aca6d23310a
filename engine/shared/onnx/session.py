"""ONNX Runtime: an ONNX file as a function from arrays to logits, without any framework."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.errors import MigrationError


def open_session(file: Path, threads: int) -> Callable[[np.ndarray], np.ndarray]:
    """Open a graph for its only answer, (batch, classes), to its only input; ``threads`` 0 is one a core.

    Raises ``MigrationError`` when ONNX Runtime refuses the file.
    """
    import onnxruntime  # here, for only this needs it

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # what it says of its own optimisations is no news
    try:
        session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors are of many kinds, all derived from this one
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise MigrationError(
            f"ONNX Runtime cannot load {file.name} ({reason}). Expected a complete graph in an operator set that it knows. Export it again."
        ) from error
    (given,) = session.get_inputs()
    kind = {"tensor(int32)": np.int32, "tensor(int64)": np.int64, "tensor(float)": np.float32}[given.type]
    return lambda batch: np.asarray(session.run(None, {given.name: batch.astype(kind)})[0])
