"""What a carried model takes of a run's texts: what the run's own classifier takes, or what a graph takes that is more than that."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.runs.folder import Run
from engine.runs.preparing.inputs import Inputs
from engine.shared.encoders.checkpoint import resolve
from engine.shared.text.tokens import load_tokenizer, padding_token, token_rows
from engine.shared.text.vocabulary import dense_rows

OWN, SHARES, TOKENS = "own", "shares", "tokens"
"""A graph takes what the run's classifier takes, or TF-IDF rows with a place for every term, or, with the encoder in it, tokens."""

INPUT_NAMES = {"vectors": "vectors", "terms": "shares", "words": "tokens", "pieces": "tokens"}
"""What the input of a graph of the classifier alone is called, by what the classifier takes."""


def graph_form(run: Run, whole: bool) -> str:
    """Return what an ONNX graph of the run's classifier takes; ``whole``: with the encoder before a classifier of vectors."""
    takes = run.read_experiment().family_member.takes
    return SHARES if takes == "terms" else TOKENS if takes == "vectors" and whole else OWN


def graph_input(run: Run, form: str) -> str:
    """What the input of such a graph is called."""
    return TOKENS if form == TOKENS else INPUT_NAMES[run.read_experiment().family_member.takes]


def rows_are_windows(run: Run, form: str) -> bool:
    """Whether a graph takes all windows of a text at once, (texts, windows, tokens), because their mean stands within it.

    Other graphs answer to one window, and a text that is read in several has the mean of their answers.
    """
    return form == TOKENS and run.read_experiment().long_texts == "windows"


def part_of_run(run: Run, inputs: Inputs, part: str, form: str = OWN, rows: int | None = None) -> tuple[Any, np.ndarray, Any]:
    """The first ``rows`` rows of a part as a model takes them, as NumPy arrays: inputs, labels, lengths where there are tokens."""
    arrays, labels, lengths = inputs.part(run, part)
    labels = labels[:rows]
    if form == TOKENS:
        every, experiment = inputs.texts(run), run.read_experiment()
        checkpoint = resolve(inputs.encoder)
        most = min(experiment.max_tokens, checkpoint.max_tokens)
        texts = [every[row] for row in inputs.rows[part][:rows].tolist()]
        padding = padding_token(checkpoint.folder)
        tokens = token_rows(load_tokenizer(checkpoint.folder, most), texts, most, experiment.long_texts == "windows", padding)
        return (tokens.ids,), labels, tokens.lengths
    arrays = tuple(values[:rows] for values in arrays)
    if form == SHARES:
        terms, shares = arrays
        arrays = (dense_rows(terms, shares, inputs.input_size),)
    return arrays, labels, None if lengths is None else lengths[:rows]


EXAMPLE_ROWS = 4
"""Texts that an exporter is shown."""


def example_batch(run: Run, inputs: Inputs, form: str) -> np.ndarray:
    """A few test texts as a graph takes them. An axis of one place would count as fixed, so each that stays open has more."""
    (batch, *_), _, lengths = part_of_run(run, inputs, "test", form, EXAMPLE_ROWS)
    if batch.ndim == 3 and not rows_are_windows(run, form):
        batch = batch[:, 0]
    if len(batch) == 1:
        batch = np.concatenate([batch, batch])
    if lengths is not None:
        batch = batch[..., : int(lengths.max())]
        missing = [(0, max(0, 2 - size)) for size in batch.shape]
        padding = padding_token(resolve(inputs.encoder).folder) if form == TOKENS else inputs.padding
        batch = np.pad(batch, missing, constant_values=padding)
    return np.ascontiguousarray(batch)
