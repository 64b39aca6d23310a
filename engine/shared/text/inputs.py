"""Texts to what an exported model takes, and its logits to labels: what stands around a model once it has left the product.

Serving bundles carry these lines along, cut out of this file, so it knows nothing but NumPy, the tokenizer and the vocabulary.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from engine.shared.text.tokens import mean_of_windows, token_rows
from engine.shared.text.vocabulary import Terms

MANIFEST = "manifest.json"
"""What the model takes and answers, beside it."""

ROWS_AT_ONCE = 64
"""Rows that a model is given together, so that many long texts need no more memory than a few."""


class TextInputs:
    """Turns texts into the rows that one exported model takes, as its run has turned them.

    ``folder`` holds ``manifest.json`` and ``tokenizer.json`` (token numbers) or ``vocabulary.json`` (TF-IDF).
    """

    def __init__(self, folder: Path) -> None:
        self.manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        self.labels: list[str] = self.manifest["labels"]
        if self.manifest["takes"] == "tokens":
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        else:
            self._terms = Terms.from_json((folder / "vocabulary.json").read_text(encoding="utf-8"))

    def rows(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return the model's input, and how many of its rows belong to each text, shape (texts,).

        Token numbers are int32 of shape (rows, tokens), TF-IDF is float32 of shape (rows, terms). A text has one row, but where long texts
        are read in windows it has one for each of them.
        """
        if self.manifest["takes"] == "shares":
            return self._terms.vectors(texts), np.ones(len(texts), np.int64)
        windows, padding = self.manifest["long_texts"] == "windows", self.manifest["padding"]
        tokens = token_rows(self._tokenizer, texts, self.manifest["max_tokens"], windows, padding).ids
        if not windows:
            return tokens, np.ones(len(texts), np.int64)
        real = (tokens != padding).any(axis=2)  # (texts, windows)
        real[:, 0] = True  # a text without any token keeps its first, empty window
        return tokens[real], real.sum(axis=1)

    def logits(self, texts: Sequence[str], model: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Return the model's answers, float32 of shape (texts, classes): of a text in windows their mean, as in training.

        ``model`` takes rows and answers each with its logits.
        """
        rows, counts = self.rows(texts)
        answers = [model(rows[start : start + ROWS_AT_ONCE]) for start in range(0, len(rows), ROWS_AT_ONCE)]
        return mean_of_windows(np.concatenate(answers), counts.tolist(), normalize=False)

    def classify(self, texts: Sequence[str], model: Callable[[np.ndarray], np.ndarray]) -> list[dict[str, str | dict[str, float]]]:
        """Return each text's ``label`` and the ``probabilities`` of all labels; ``model`` as in :meth:`logits`."""
        return named_answers(self.logits(texts, model), self.labels)


def named_answers(logits: np.ndarray, labels: Sequence[str]) -> list[dict[str, str | dict[str, float]]]:
    """Logits of shape (texts, classes) as the likeliest ``label`` of each text and the ``probabilities`` of all."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))  # no power overflows
    probabilities = shifted / shifted.sum(axis=1, keepdims=True)
    return [
        {"label": labels[int(shares.argmax())], "probabilities": dict(zip(labels, shares.astype(float).tolist(), strict=True))}
        for shares in probabilities
    ]
