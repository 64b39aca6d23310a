"""An exported file in use, opened by its runtime: texts to arrays, arrays to logits. What checks it and what races it share this."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from engine.runs.folder import Run
from engine.runs.preparing.inputs import Inputs
from engine.runs.preparing.recipes import architecture_of
from engine.shared.encoders.checkpoint import resolve
from engine.shared.onnx.session import open_session
from engine.shared.text.tokens import load_tokenizer, logits_over_windows, token_rows
from engine.shared.text.vocabulary import Terms, dense_rows, load_words
from engine.workers.wing import build_model, import_wing, with_encoder

Answer = Callable[[np.ndarray], np.ndarray]


def open_file(run: Run, framework: str, inputs: Inputs, kind: str, file: Path) -> Answer:
    if kind == "onnx":
        return open_session(file, run.read_experiment().threads)
    (formats,) = import_wing(framework, "formats")
    core = None
    if framework == "pytorch" and kind == "native":  # safetensors hold weights alone
        _, core, _ = build_model(framework, run.read_experiment(), architecture_of(run.read_experiment(), inputs), frozenset(), "cpu")
        if run.read_experiment().family_member.takes == "vectors":
            core = with_encoder(framework, core, resolve(inputs.encoder), inputs.padding)
    load: Callable[..., Answer] = getattr(formats, f"load_{kind}")
    return load(core, file, input_name(run))


def logits_of(answer: Answer, batch: np.ndarray, shape: Sequence[int | None], padding: int) -> np.ndarray:
    """Return the logits of a batch as :func:`text_reader` makes it; ``shape`` is that of the file's input, ``None`` for an open axis."""
    if shape[0] is not None:  # a file for phones takes one text of a fixed width at a time
        answer = _one_by_one(answer, shape, padding)
    if batch.ndim == 3:
        return logits_over_windows(answer, batch, padding)
    return answer(batch)


def _one_by_one(answer: Answer, shape: Sequence[int | None], padding: int) -> Answer:
    def answers(batch: np.ndarray) -> np.ndarray:
        row, logits = np.full([size or 1 for size in shape], padding, batch.dtype), []
        for values in batch:
            row[:] = padding
            row[0, : len(values)] = values
            logits.append(answer(row)[0])
        return np.stack(logits)

    return answers


def input_name(run: Run) -> str:
    """Return what the input of an exported model is called: ``shares`` for TF-IDF rows, or ``tokens``."""
    return "shares" if run.read_experiment().family_member.takes == "terms" else "tokens"


def most_tokens(run: Run, inputs: Inputs) -> int:
    if run.read_experiment().family_member.takes == "vectors":
        return min(run.read_experiment().max_tokens, resolve(inputs.encoder).max_tokens)
    return inputs.max_tokens


def text_reader(run: Run, inputs: Inputs) -> Callable[[Sequence[str]], np.ndarray]:
    """Return a function from texts to the exported model's input: (texts, tokens), (texts, windows, tokens) or (texts, terms)."""
    takes = run.read_experiment().family_member.takes
    if takes == "terms":
        terms = Terms.from_json(run.read_vocabulary())
        return lambda texts: dense_rows(*terms.rows(texts), inputs.input_size)
    most, windows = most_tokens(run, inputs), run.read_experiment().long_texts == "windows"
    tokenizer = load_words(run.read_vocabulary()) if takes == "words" else load_tokenizer(resolve(inputs.encoder).folder, most)
    return lambda texts: np.ascontiguousarray(token_rows(tokenizer, texts, most, windows, inputs.padding).ids)
