"""What the museum of mistakes trains on: real texts as TF-IDF vectors, and as the words that two tokenizers make of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from engine.shared.text.tokens import token_rows
from engine.shared.text.vocabulary import PADDING, Terms, train_words

HIDDEN_UNITS = 64
BATCH_SIZE = 32
EPOCHS = 12
LEARNING_RATE = 0.01
"""Enough for a small model to learn a few hundred texts in a second."""

TERMS, WORDS, LONGEST = 1000, 400, 64
"""Terms of the vectors, words of each tokenizer, words of a text."""


@dataclass(frozen=True)
class MistakeData:
    """Arrays that both wings are given alike."""

    vectors: np.ndarray
    """TF-IDF of the training texts, float32, shape (texts, terms); whole batches."""
    labels: np.ndarray
    """Their classes, int64, shape (texts,)."""
    held_out: np.ndarray
    """TF-IDF of texts that are never trained on, float32, shape (held-out texts, terms)."""
    held_out_labels: np.ndarray
    words: np.ndarray
    """The training texts as numbers of words, int32, shape (texts, longest), filled up with 0."""
    held_out_words: np.ndarray
    foreign_words: np.ndarray
    """The held-out texts as another model's tokenizer numbers them."""
    num_words: int
    num_classes: int


def make_mistake_data(
    texts: Sequence[str], labels: np.ndarray, held_out_texts: Sequence[str], held_out_labels: np.ndarray, num_classes: int
) -> MistakeData:
    """Vectors and words of the texts. The other model's tokenizer was made from every second text only, as if those were another's."""
    whole = len(texts) // BATCH_SIZE * BATCH_SIZE
    texts, labels = list(texts[:whole]), labels[:whole]
    terms = Terms.fit(texts, TERMS)
    tokenizer, foreign = train_words(texts, WORDS), train_words(texts[::2], WORDS)

    def words(chosen: Tokenizer, of: Sequence[str]) -> np.ndarray:
        rows = token_rows(chosen, of, LONGEST, False, PADDING).ids
        return np.pad(rows, ((0, 0), (0, LONGEST - rows.shape[1])), constant_values=PADDING)

    return MistakeData(
        _dense(terms, texts),
        labels,
        _dense(terms, held_out_texts),
        held_out_labels,
        words(tokenizer, texts),
        words(tokenizer, held_out_texts),
        words(foreign, held_out_texts),
        max(tokenizer.get_vocab_size(), foreign.get_vocab_size()),
        num_classes,
    )


def _dense(terms: Terms, texts: Sequence[str]) -> np.ndarray:
    numbers, shares = terms.rows(texts)
    vectors = np.zeros((len(texts), terms.size), np.float32)
    np.add.at(vectors, (np.arange(len(texts))[:, None], numbers), shares)  # padding adds nothing to term 0
    return vectors
