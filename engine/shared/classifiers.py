"""The family of classifiers: what each one is, which settings concern it, and the values it recommends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

COMMON = (
    "epochs", "batch_size", "learning_rate", "weight_decay", "clip_norm", "rate_schedule", "warmup_share", "class_weights", "patience",
    "seed", "compiled",
)  # fmt: skip
"""Settings that concern every classifier."""

TOKENS = ("max_tokens", "long_texts")


@dataclass(frozen=True)
class Classifier:
    """One member of the family."""

    title: str
    summary: str
    """One sentence, shown beside the name wherever it can be chosen."""
    source: str
    """The paper or the guide that it comes from."""
    takes: str
    """What a text becomes before training: ``vectors`` (frozen encoder), ``terms`` (TF-IDF), ``words`` (an own vocabulary) or ``pieces``
    (the encoder's tokens)."""
    settings: tuple[str, ...]
    """The settings that concern it besides ``COMMON``."""
    recommended: dict[str, Any] = field(default_factory=dict)
    """Recommended values that differ from the defaults of ``Experiment``."""
    steps_per_call: int = 25
    """Optimizer steps in one call of Keras's graph: as many as fit into part of a second, for a turn ends between two calls."""

    @property
    def pretrained(self) -> bool:
        """Whether it needs an encoder's checkpoint."""
        return self.takes in ("vectors", "pieces")

    @property
    def sequences(self) -> bool:
        """Whether its inputs are rows of token numbers, padded to one length."""
        return self.takes in ("words", "pieces")

    def concerns(self, setting: str) -> bool:
        """Tell whether a setting of an experiment changes anything for this classifier."""
        return setting in (*COMMON, *self.settings)


CLASSIFIERS = {
    "embedding-mlp": Classifier(
        "Embedding MLP",
        "Frozen sentence embedding, then a dense layer of 512 and one of the classes",
        "The guide's own classifier; N. Reimers and I. Gurevych, Sentence-BERT, 2019, for the embedding",
        "vectors",
        ("encoder", *TOKENS, "encoding_precision", "hidden_units"),
    ),
    "tfidf-mlp": Classifier(
        "TF-IDF MLP",
        "Weighted word counts of the training texts, then the same two dense layers; needs no pre-trained model",
        "K. Spärck Jones, A statistical interpretation of term specificity, 1972",
        "terms",
        ("vocabulary_size", "hidden_units"),
        {"epochs": 10, "patience": 2, "vocabulary_size": 5000},
        steps_per_call=10,
    ),
    "text-cnn": Classifier(
        "Text CNN",
        "Word vectors learned from nothing, filters over 3, 4 and 5 words, the strongest answer of each",
        "Y. Kim, Convolutional neural networks for sentence classification, 2014",
        "words",
        (*TOKENS, "vocabulary_size", "embedding_size", "filters"),
        {"epochs": 15, "patience": 4, "embedding_size": 300},
        steps_per_call=5,
    ),
    "bi-lstm": Classifier(
        "Bi-LSTM",
        "Word vectors learned from nothing, read forwards and backwards by an LSTM; padding is masked",
        "S. Hochreiter and J. Schmidhuber, 1997; A. Graves and J. Schmidhuber, 2005, for both directions",
        "words",
        (*TOKENS, "vocabulary_size", "embedding_size", "hidden_units"),
        # With Adam's usual 0.001 one rounding more or less decides a tenth of the answers after two passes over texts of 50 words.
        {"epochs": 15, "patience": 3, "hidden_units": 128, "clip_norm": 1.0, "learning_rate": 3e-4, "max_tokens": 64},
        steps_per_call=5,
    ),
    "transformer": Classifier(
        "Transformer",
        "A pre-trained encoder, fine-tuned end to end with a new last layer",
        "J. Devlin et al., BERT, 2018; MiniLM: W. Wang et al., 2020",
        "pieces",
        ("encoder", *TOKENS, "precision"),
        {
            "epochs": 4, "patience": 0, "learning_rate": 5e-5, "weight_decay": 0.01, "clip_norm": 1.0, "rate_schedule": "linear",
            "warmup_share": 0.1, "max_tokens": 128,
        },
        steps_per_call=1,
    ),
}  # fmt: skip
"""The classifiers by name; a new one adds its entry here."""
