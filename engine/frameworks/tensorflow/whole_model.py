"""A trained classifier as one graph from tokens, vectors or TF-IDF rows to logits, in Keras.

What an exporter cannot follow is said in another way here, with the same weights and answers.
"""

from __future__ import annotations

import keras


def _dense_terms(core: keras.Model) -> keras.Model:
    """``tfidf-mlp`` for whole TF-IDF rows, (batch, terms), instead of the few terms of a text."""
    hidden, output = core.get_layer("hidden"), core.get_layer("output")
    shares = keras.Input((hidden.kernel.shape[0],), name="shares")
    return keras.Model(shares, output(hidden(shares)), name="tfidf_mlp")


WHOLE = {"tfidf_mlp": _dense_terms}


def whole_model(core: keras.Model) -> keras.Model:
    """What is exported of a classifier: itself, where an exporter can follow it."""
    return WHOLE.get(core.name, lambda model: model)(core)
