"""Texts that the tokenizer of an encoder has hardly words for, measured on at most 2,000 of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from engine.encodings.foreign import MULTILINGUAL, ForeignTexts, Pieces, judged_foreign
from engine.shared.encoders.checkpoint import BUNDLED_NAME, Checkpoint
from engine.shared.text.tokens import counting_tokenizer

MOST_TEXTS = 2000
MOST_CHARACTERS = 1000
"""The beginning of a text tells its language."""
MANY_LANGUAGES = 100_000
"""A vocabulary larger than this was made for many languages; only what it does not have at all is foreign to it."""


def foreign_texts(checkpoint: Checkpoint, texts: Sequence[str]) -> ForeignTexts:
    """Return which of the texts the encoder hardly has words for; at most 2,000 are looked at, from everywhere.

    Positions are those in ``texts``.
    """
    step = max(1, -(-len(texts) // MOST_TEXTS))
    beginnings = [text[:MOST_CHARACTERS] for text in texts[::step]]
    found = judged_foreign(beginnings, _pieces(checkpoint.folder, beginnings), checkpoint.name == BUNDLED_NAME)
    return ForeignTexts(found.looked_at, tuple(position * step for position in found.foreign), found.language)


def trained_on(checkpoint: Checkpoint) -> str:
    """Return how a sentence on foreign texts begins, which says no more of an encoder than is known."""
    if checkpoint.name == BUNDLED_NAME:
        return "The bundled encoder was trained on English"
    return f"The vocabulary of {checkpoint.name} does not fit"


def way_out(checkpoint: Checkpoint) -> str:
    """Return what a person can do about texts that are foreign to the encoder."""
    other = f"a multilingual encoder, such as {MULTILINGUAL}" if checkpoint.name == BUNDLED_NAME else "another encoder"
    return f"Train with {other}, or with a classifier that learns its own words."


def _pieces(folder: Path, texts: Sequence[str]) -> list[Pieces]:
    has_letter, unknown = _vocabulary(folder)
    encodings = counting_tokenizer(folder).encode_batch_fast(list(texts), add_special_tokens=False)
    numbers = (np.array(encoding.ids, dtype=np.int64) for encoding in encodings)
    many = len(has_letter) > MANY_LANGUAGES
    return [Pieces(int(has_letter[ids].sum()), int((ids == unknown).sum()), many) for ids in numbers]


@lru_cache(maxsize=4)
def _vocabulary(folder: Path) -> tuple[np.ndarray, int]:
    """Return which tokens have a letter in them, and the one for what is unknown; -1 where there is none."""
    tokenizer = counting_tokenizer(folder)
    vocabulary = tokenizer.get_vocab(with_added_tokens=True)
    has_letter = np.zeros(max(vocabulary.values(), default=0) + 1, dtype=bool)
    for token, number in vocabulary.items():
        has_letter[number] = any(character.isalpha() for character in token)
    unknown = next((vocabulary[token] for token in ("[UNK]", "<unk>") if token in vocabulary), -1)
    has_letter[unknown] &= unknown < 0
    return has_letter, unknown
