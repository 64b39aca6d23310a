"""A worker's jobs ``export`` and ``check``: write a trained model as a file, and answer with it in a process that never saw the model.

The coordinator of an export asks for the one, then for the other in a fresh process. Both leave the logits of all test texts as arrays.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.runs.folder import Run
from engine.runs.preparing.graph_inputs import EXAMPLE_ROWS
from engine.runs.preparing.inputs import Inputs, load_inputs
from engine.runs.processes.channel import Channel
from engine.shared.batches import evaluation_batch
from engine.shared.encoders.checkpoint import resolve
from engine.shared.onnx.quantize import keep_weights_in_int8
from engine.shared.text.tokens import load_tokenizer
from engine.shared.text.vocabulary import load_words
from engine.workers.equivalence import keep_answers
from engine.workers.exported_file import input_name, logits_of, most_tokens, open_file, text_reader
from engine.workers.latency import repeat
from engine.workers.session import Session, answer_requests, serve
from engine.workers.trained_model import trained_model
from engine.workers.wing import import_wing

BEFORE, AFTER, LABELS = "before.npy", "after.npy", "labels.npy"
"""Of the test texts: the logits of the model in its framework, those of the file, and the right classes."""

BATCH_TEXTS = 64
"""Texts at once where throughput is measured."""

Answer = Callable[[np.ndarray], np.ndarray]


def export(run: Run, framework: str, channel: Channel) -> None:
    """Write what the coordinator of an export asks for."""
    serve(run, framework, channel, write)


def write(session: Session, run: Run, asked: dict[str, Any]) -> dict[str, Any]:
    """The model's file and what turns texts into its input, in the draft folder; what a manifest tells of them."""
    inputs, draft = load_inputs(run), Path(asked["draft"])
    _, core, model = trained_model(session, run, inputs, session.framework)
    facts = keep_answers(session, run, inputs, model, draft.parent / asked["arrays"] / BEFORE)
    np.save(draft.parent / asked["arrays"] / LABELS, inputs.labels[inputs.rows["test"]])
    if hasattr(core, "to"):
        core.to("cpu")  # files are for any machine
    formats, whole_model = import_wing(session.framework, "formats", "whole_model")
    if run.read_experiment().family_member.takes == "vectors":
        checkpoint = resolve(inputs.encoder)
        core = whole_model.with_encoder(core, checkpoint.folder, checkpoint.pooling, checkpoint.normalize, inputs.padding)
    example = _example(run, inputs, fixed=asked["kind"] == "mobile")
    name = input_name(run)
    save = getattr(formats, f"save_{asked['kind']}")
    is_int8 = asked["precision"] == "int8"
    options = {"int8": True} if is_int8 and asked["kind"] == "mobile" else {}
    opset = save(core, example, name, draft / asked["file"], **options)
    if is_int8 and asked["kind"] == "onnx":
        keep_weights_in_int8(draft / asked["file"])
    _keep_text_reader(run, inputs, draft)
    is_tokens = name == "tokens"
    shape = list(example.shape) if asked["kind"] == "mobile" else [None, None if is_tokens else int(example.shape[1])]
    return facts | {
        "opset": opset,
        "takes": name,
        "max_tokens": most_tokens(run, inputs) if is_tokens else None,
        "padding": inputs.padding if is_tokens else None,
        "input": {"name": name, "dtype": str(example.dtype), "shape": shape},
        "output": {"name": "logits", "dtype": "float32", "shape": [shape[0], inputs.num_classes]},
    }


def check(run: Run, framework: str, channel: Channel) -> None:
    """Answer with an exported file; no framework is loaded but for the runtime of that file."""
    answer_requests(channel, lambda run, asked: verify(run, framework, asked))


def verify(run: Run, framework: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Keep the file's logits for all test texts, from the texts on, and say how fast it answers."""
    inputs, draft = load_inputs(run), Path(asked["draft"])
    started = time.perf_counter()
    answer = open_file(run, framework, inputs, asked["kind"], draft / asked["file"])
    load_seconds = time.perf_counter() - started
    read = text_reader(run, inputs)
    shape = asked["shape"]
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
    np.save(draft.parent / asked["arrays"] / AFTER, logits)
    single = repeat(lambda number: classify([texts[number % len(texts)]]), most=100).sum(axis=1)
    several = (texts * BATCH_TEXTS)[:BATCH_TEXTS]
    batch = repeat(lambda number: classify(several), most=20).sum(axis=1)
    return {
        "load_seconds": load_seconds,
        "single_p50_ms": float(np.percentile(single, 50)),
        "single_p95_ms": float(np.percentile(single, 95)),
        "batch_texts_per_second": float(1000 * BATCH_TEXTS / np.percentile(batch, 50)),
    }


def _keep_text_reader(run: Run, inputs: Inputs, draft: Path) -> None:
    takes = run.read_experiment().family_member.takes
    if takes == "terms":
        (draft / "vocabulary.json").write_text(run.read_vocabulary(), encoding="utf-8")
    else:
        folder = resolve(inputs.encoder).folder if takes != "words" else None
        tokenizer = load_words(run.read_vocabulary()) if folder is None else load_tokenizer(folder, most_tokens(run, inputs))
        (draft / "tokenizer.json").write_text(tokenizer.to_str(), encoding="utf-8")


def _example(run: Run, inputs: Inputs, fixed: bool) -> np.ndarray:
    """A batch that an exporter is shown; with ``fixed`` one row as wide as any may be, for then its shape is the file's."""
    every = inputs.texts(run)
    batch = text_reader(run, inputs)([every[row] for row in inputs.rows["test"][: 1 if fixed else EXAMPLE_ROWS].tolist()])
    batch = batch[:, 0] if batch.ndim == 3 else batch
    least = most_tokens(run, inputs) if fixed else 2  # an axis of one place counts as fixed
    if batch.dtype.kind == "i" and batch.shape[1] < least:
        batch = np.pad(batch, [(0, 0), (0, least - batch.shape[1])], constant_values=inputs.padding)
    if len(batch) == 1 and not fixed:
        batch = np.concatenate([batch, batch])
    return np.ascontiguousarray(batch)
