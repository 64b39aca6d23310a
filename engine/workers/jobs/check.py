"""A worker's job ``check``: answer with an exported file in a process that never saw the model, keep its logits, and time it."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from engine.runs.folder import Run
from engine.runs.preparing.inputs import load_inputs
from engine.runs.processes.channel import Channel
from engine.shared.batches import evaluation_batch
from engine.workers.exported_file import logits_of, open_file, text_reader
from engine.workers.latency import repeat
from engine.workers.requests.export import AFTER, CheckAnswer, CheckRequest
from engine.workers.session import answer_requests

BATCH_TEXTS = 64
"""Texts at once where throughput is measured."""


def check(run: Run, framework: str, channel: Channel) -> None:
    """Answer with an exported file; no framework is loaded but for the runtime of that file."""
    answer_requests(channel, {CheckRequest: lambda prepared, request: verify(prepared, framework, request)})


def verify(run: Run, framework: str, request: CheckRequest) -> CheckAnswer:
    """Keep the file's logits for all test texts, from the texts on, and say how fast it answers."""
    inputs = load_inputs(run)
    started = time.perf_counter()
    answer = open_file(run, framework, inputs, request.kind, request.path)
    load_seconds = time.perf_counter() - started
    read = text_reader(run, inputs)
    shape = request.shape
    every = inputs.texts(run)
    texts = [every[row] for row in inputs.rows["test"].tolist()]

    def classify(some: Sequence[str]) -> tuple[np.ndarray, float, float]:
        began = time.perf_counter()
        batch = read(some)
        middle = time.perf_counter()
        logits = logits_of(answer, batch, shape, inputs.padding)
        return logits, 1000 * (middle - began), 1000 * (time.perf_counter() - middle)

    size = evaluation_batch(np.zeros(1))
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))  # texts of like length side by side need little padding
    logits = np.empty((len(texts), inputs.num_classes), np.float32)
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        logits[rows] = classify([texts[row] for row in rows])[0]
    np.save(request.arrays_folder / AFTER, logits)
    single = repeat(lambda number: classify([texts[number % len(texts)]]), most=100).sum(axis=1)
    several = (texts * BATCH_TEXTS)[:BATCH_TEXTS]
    batch = repeat(lambda number: classify(several), most=20).sum(axis=1)
    return CheckAnswer(
        load_seconds=load_seconds,
        single_p50_ms=float(np.percentile(single, 50)),
        single_p95_ms=float(np.percentile(single, 95)),
        batch_texts_per_second=float(1000 * BATCH_TEXTS / np.percentile(batch, 50)),
    )
