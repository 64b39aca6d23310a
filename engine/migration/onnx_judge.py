"""ONNX Runtime's own answers to a run's test texts: a third opinion that belongs to neither framework."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import MigrationError
from engine.neutral.batches import evaluation_batch, evaluation_plan
from engine.neutral.vocabulary import dense_rows
from engine.running.inputs import load_inputs

if TYPE_CHECKING:
    from engine.running.folder import Run


def onnx_runtime_logits(file: Path, run: Run) -> np.ndarray:
    """The logits of all test texts of a run, (texts, classes), for a graph from tokens, vectors or dense TF-IDF rows to logits.

    Texts in windows have the mean of their windows' logits, as in both frameworks. Raises ``MigrationError`` when ONNX Runtime refuses.
    """
    inputs = load_inputs(run)
    arrays, labels, lengths = inputs.part(run, "test")
    if run.experiment.family_member.takes == "terms":
        terms, shares = arrays
        arrays = (dense_rows(terms, shares, inputs.input_size),)
    session = _session(file, run)
    size = evaluation_batch(lengths)
    plan = evaluation_plan(len(labels), lengths, size)
    logits = np.empty((len(labels), inputs.num_classes), np.float32)
    for number, width in enumerate(plan.widths.tolist()):
        rows = plan.order[number * size : (number + 1) * size]
        batch = np.ascontiguousarray(arrays[0][rows][..., : width or None])
        logits[rows] = _over_windows(session, batch, inputs.padding) if batch.ndim == 3 else _logits(session, batch)
    return logits


def _session(file: Path, run: Run) -> Any:
    import onnxruntime  # here, for only this needs it

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = run.experiment.threads  # 0: one a core
    options.log_severity_level = 3  # what it says of its own optimisations is no news
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors are of many kinds, all derived from this one
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise MigrationError(
            f"ONNX Runtime cannot load {file.name} ({reason}). Expected a complete graph in an operator set that it knows. Export it again."
        ) from error


def _logits(session: Any, batch: np.ndarray) -> np.ndarray:
    (given,) = session.get_inputs()
    kinds = {"tensor(int32)": np.int32, "tensor(int64)": np.int64, "tensor(float)": np.float32}
    return np.asarray(session.run(None, {given.name: batch.astype(kinds[given.type])})[0])


def _over_windows(session: Any, batch: np.ndarray, padding: int) -> np.ndarray:
    """The mean over the windows of each text, (texts, windows, tokens), that hold a token; the first one always counts."""
    real = (batch != padding).any(axis=2)
    real[:, 0] = True
    logits = _logits(session, batch[real])
    starts = np.cumsum(real.sum(axis=1)) - real.sum(axis=1)
    return np.add.reduceat(logits, starts) / real.sum(axis=1, keepdims=True)
