"""A worker's job ``answer``: hold one framework's trained classifier and classify texts until told to end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

import numpy as np

from engine.runs.folder import Run
from engine.runs.preparing.inputs import Inputs, load_inputs
from engine.runs.processes.channel import Channel
from engine.shared.encoders.checkpoint import resolve
from engine.shared.text.tokens import token_counts
from engine.shared.text.vocabulary import Terms, known_words, load_words
from engine.workers.trained_model import load_classify

Classify = Callable[[Sequence[str]], tuple[np.ndarray, float, float]]
"""Texts to class probabilities, and the milliseconds of encoding and of classifying."""


def answer(run: Run, framework: str, channel: Channel) -> None:
    """Load the classifier and what turns texts into its inputs once, then answer until the input ends."""
    classify = load_classify(run, framework, run.read_experiment().device)
    answer_texts(run, channel, classify, channel.take("answer")["texts"])


def answer_texts(run: Run, channel: Channel, classify: Classify, texts: list[str]) -> NoReturn:
    """Answer with class probabilities, request after request, until the input ends."""
    inputs = load_inputs(run)
    count = make_counter(run, inputs)
    while True:
        probabilities, encode_ms, classify_ms = classify(texts)
        tokens, tokens_in_vocabulary = count(texts)
        texts = channel.take(
            "answer",
            probabilities=np.asarray(probabilities, float).round(7).tolist(),
            encode_ms=encode_ms,
            classify_ms=classify_ms,
            tokens=tokens,
            tokens_in_vocabulary=tokens_in_vocabulary,
            max_tokens=inputs.max_tokens,
        )["texts"]


def make_counter(run: Run, inputs: Inputs) -> Callable[[list[str]], tuple[list[int], list[int] | None]]:
    """Return a function that counts each text's tokens before any cut, and the known ones where the vocabulary is the run's own."""
    takes = run.read_experiment().family_member.takes
    if run.read_experiment().family_member.pretrained:
        folder = resolve(inputs.encoder).folder
        return lambda texts: (token_counts(folder, texts), None)
    vocabulary = Terms.from_json(run.read_vocabulary()) if takes == "terms" else load_words(run.read_vocabulary())

    def count(texts: list[str]) -> tuple[list[int], list[int]]:
        in_vocabulary = known_words(vocabulary, texts).tolist()
        if isinstance(vocabulary, Terms):
            return in_vocabulary, in_vocabulary
        return [len(encoding.ids) for encoding in vocabulary.encode_batch_fast(texts)], in_vocabulary

    return count
