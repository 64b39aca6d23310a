"""A worker's job ``race``: single texts to labels, by a trained model in its framework or by its ONNX file, whose process has no framework.

The coordinator of an export gives each process one round after the other, while the others are suspended.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.runs.folder import Run
from engine.runs.preparing.inputs import load_inputs
from engine.runs.processes.channel import Channel
from engine.shared.onnx.session import open_session
from engine.workers.exported_file import logits_of, text_reader
from engine.workers.requests.export import RaceAnswer, RaceRequest
from engine.workers.session import answer_requests, give_way
from engine.workers.trained_model import load_classify

ROUND_TEXTS, ROUNDS = 20, 5
"""Texts of the test part that are answered one at a time in each round, and rounds."""

WARM_UP = 3
"""Texts before each round that are not timed: while another process computed, the processor's caches have lost everything of this one."""

Label = Callable[[Sequence[str]], Any]


def race(run: Run, framework: str, channel: Channel) -> None:
    """Answer one text at a time for as many rounds as there are, and tell how long each took. All on the CPU."""
    answer_requests(channel, {RaceRequest: lambda prepared, request: run_rounds(prepared, framework, request, lambda: give_way(channel))})


def run_rounds(prepared: Run, framework: str, request: RaceRequest, give_way: Callable[[], None]) -> RaceAnswer:
    """Return the milliseconds of each text; between two rounds the other processes compute."""
    inputs = load_inputs(prepared)
    label = label_by_file(prepared, request) if framework == "onnx" else label_by_framework(prepared, framework)
    every, rows = inputs.texts(prepared), inputs.rows["test"].tolist()
    times: list[float] = []
    for number in range(ROUNDS):
        if number:
            give_way()
        texts = [every[rows[place % len(rows)]] for place in range(number * ROUND_TEXTS, (number + 1) * ROUND_TEXTS)]
        times += time_each(label, texts)
    return RaceAnswer(milliseconds=tuple(times))


def time_each(label: Label, texts: Sequence[str]) -> list[float]:
    """Return the milliseconds from each text to its label."""
    for text in texts[:WARM_UP]:
        label([text])
    times = []
    for text in texts:
        began = time.perf_counter()
        label([text])
        times.append(1000 * (time.perf_counter() - began))
    return times


def label_by_framework(run: Run, framework: str) -> Label:
    """Label by the framework: what the dashboard does with a text that is typed in."""
    classify = load_classify(run, framework, "cpu")
    return lambda texts: classify(texts)[0].argmax(axis=1)


def label_by_file(run: Run, request: RaceRequest) -> Label:
    """Label by the exported file, from the text on as well."""
    inputs = load_inputs(run)
    answer, read = open_session(request.path, run.read_experiment().threads), text_reader(run, inputs)
    return lambda texts: np.asarray(logits_of(answer, read(texts), (None, None), inputs.padding)).argmax(axis=1)
