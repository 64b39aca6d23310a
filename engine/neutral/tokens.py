"""Texts to token ids with the framework-free Rust tokenizer that both wings share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from tokenizers import BertWordPieceTokenizer, Tokenizer

from engine.errors import EncoderError


def load_tokenizer(folder: Path, max_tokens: int) -> Tokenizer:
    """The checkpoint's tokenizer, cutting texts after ``max_tokens`` tokens (the special ones included), without padding."""
    try:
        if (folder / "tokenizer.json").exists():
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        else:
            tokenizer = _word_piece(folder)
    except Exception as error:  # the Rust side raises a bare Exception for every kind of damage
        raise EncoderError(f"The tokenizer in {folder} cannot be read ({error}). Download the model again.") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def _word_piece(folder: Path) -> Tokenizer:
    """Older BERT checkpoints have a word list only; this is what their tokenizer.json would say."""
    settings_file = folder / "tokenizer_config.json"
    settings = json.loads(settings_file.read_text(encoding="utf-8")) if settings_file.exists() else {}
    word_piece = BertWordPieceTokenizer(str(folder / "vocab.txt"), lowercase=settings.get("do_lower_case", True))
    return Tokenizer.from_str(word_piece.to_str())


@lru_cache(maxsize=4)
def _counting_tokenizer(folder: Path) -> Tokenizer:
    tokenizer = load_tokenizer(folder, 512)
    tokenizer.no_truncation()
    return tokenizer


def token_counts(folder: Path, texts: Sequence[str]) -> list[int]:
    """Number of tokens of each text before any cut, special tokens included."""
    return [len(encoding.ids) for encoding in _counting_tokenizer(folder).encode_batch_fast(list(texts))]
