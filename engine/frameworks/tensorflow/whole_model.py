"""A trained classifier as one graph from tokens, vectors or TF-IDF rows to logits, in Keras.

What an exporter cannot follow is said in another way here, with the same weights and answers.
"""

from __future__ import annotations

import keras
from keras import ops


def _dense_terms(core: keras.Model) -> keras.Model:
    """``tfidf-mlp`` for whole TF-IDF rows, (batch, terms), instead of the few terms of a text."""
    hidden, output = core.get_layer("hidden"), core.get_layer("output")
    shares = keras.Input((hidden.kernel.shape[0],), name="shares")
    return keras.Model(shares, output(hidden(shares)), name="tfidf_mlp")


def _mask_without_padding(core: keras.Model) -> keras.Model:
    """``bi-lstm`` whose mask is put together of whole numbers.

    tf2onnx pads truth values with a float, which ONNX Runtime refuses.
    """
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    is_token = ops.cast(ops.not_equal(tokens[:, 1:], 0), "int32")
    real = ops.concatenate([ops.ones_like(tokens[:, :1]), is_token], axis=1)
    vectors = core.get_layer("embedding")(tokens)
    states = core.get_layer("lstm")(vectors, mask=ops.not_equal(real, 0))
    return keras.Model(tokens, core.get_layer("output")(states), name="bi_lstm")


WHOLE = {"tfidf_mlp": _dense_terms, "bi_lstm": _mask_without_padding}


def whole_model(core: keras.Model) -> keras.Model:
    """What is exported of a classifier: itself, where an exporter can follow it."""
    return WHOLE.get(core.name, lambda model: model)(core)
