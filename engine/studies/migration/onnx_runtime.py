"""ONNX Runtime's own answers to a run's test texts: a third opinion that belongs to neither framework."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.runs.preparing.graph_inputs import part_of_run, rows_are_windows
from engine.runs.preparing.inputs import load_inputs
from engine.shared.batches import evaluation_batch, evaluation_plan
from engine.shared.onnx.session import open_session
from engine.shared.text.tokens import logits_over_windows

if TYPE_CHECKING:
    from engine.runs.folder import Run


def onnx_runtime_logits(file: Path, run: Run, form: str) -> np.ndarray:
    """Return the logits of all test texts of a run, (texts, classes), for a graph that takes ``form``, as :func:`graph_form` gives it.

    Texts in windows have the mean of their windows' logits, as in both frameworks. Raises ``MigrationError`` when ONNX Runtime refuses.
    """
    inputs = load_inputs(run)
    (rows_of_texts,), labels, lengths = part_of_run(run, inputs, "test", form)
    one_by_one = rows_of_texts.ndim == 3 and not rows_are_windows(run, form)
    answer = open_session(file, run.read_experiment().threads)
    size = evaluation_batch(lengths)
    plan = evaluation_plan(len(labels), lengths, size)
    logits = np.empty((len(labels), inputs.num_classes), np.float32)
    for number, width in enumerate(plan.widths.tolist()):
        rows = plan.order[number * size : (number + 1) * size]
        batch = np.ascontiguousarray(rows_of_texts[rows][..., : width or None])
        logits[rows] = logits_over_windows(answer, batch, inputs.padding) if one_by_one else answer(batch)
    return logits
