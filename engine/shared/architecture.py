"""The numbers that fix a classifier's shape; with its name they say which weights it has, in either framework."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Architecture:
    """What ``build`` needs to know in both wings. A classifier reads the numbers that concern it."""

    num_classes: int
    input_size: int = 0
    """Length of a text's vector (``embedding-mlp``) or of the encoder's (``transformer``), terms counted (``tfidf-mlp``), or words known,
    padding and unknown included (``text-cnn``, ``bi-lstm``)."""
    hidden_units: int = 512
    """Width of the dense layer (``embedding-mlp``, ``tfidf-mlp``), or units of the LSTM in each direction."""
    embedding_size: int = 128
    """Length of a word's vector (``text-cnn``, ``bi-lstm``)."""
    filters: int = 100
    """Filters of each width (``text-cnn``)."""
    encoder: Path | None = None
    """Folder of the pre-trained model (``transformer``)."""
    pooling: str = "mean"
    """``mean`` over the real tokens, or ``cls``: the first token's vector (``transformer``)."""
    padding: int = 0
    """The token id that stands for no token; 0 but for some pre-trained models."""
