"""A trained classifier as one graph from tokens, vectors or TF-IDF rows to logits, in Keras.

What an exporter cannot follow is said in another way here, with the same weights and answers.
"""

from __future__ import annotations

from pathlib import Path

import keras
import tensorflow as tf
from keras import ops

from engine.frameworks.tensorflow.encoder import load_encoder, pool
from engine.shared.weights.initial import CNN_WIDTHS

Shape = tuple[int | None, ...]


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


class Reversed(keras.layers.Layer):
    """Each text, (batch, tokens, size), from its last token to its first; padding stays behind."""

    def call(self, vectors: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        return tf.reverse_sequence(vectors, lengths, seq_axis=1)

    def compute_output_shape(self, vectors_shape: Shape, lengths_shape: Shape) -> Shape:
        return vectors_shape


class AtTheEnd(keras.layers.Layer):
    """What stands at each text's last token, (batch, size)."""

    def call(self, states: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        return tf.gather(states, lengths - 1, axis=1, batch_dims=1)

    def compute_output_shape(self, states_shape: Shape, lengths_shape: Shape) -> Shape:
        return (states_shape[0], states_shape[2])


def _one_lstm_a_direction(core: keras.Model) -> keras.Model:
    """``bi-lstm`` without a mask: all texts are read to the end, and the states in between count.

    Then tf2onnx recognises the operator ``LSTM``; of a masked one it makes a loop over the tokens,
    in which ONNX Runtime takes several times as long.
    """
    both, tokens = core.get_layer("lstm"), keras.Input((None,), dtype="int32", name="tokens")
    vectors = core.get_layer("embedding")(tokens)
    counts = ops.sum(ops.cast(ops.not_equal(tokens, 0), "int32"), axis=1)
    lengths = ops.maximum(counts, 1)  # an empty text is one padding
    ends = []
    for layer, read in (
        (both.forward_layer, vectors),
        (both.backward_layer, Reversed()(vectors, lengths)),
    ):
        direction = keras.layers.LSTM(layer.units, return_sequences=True)
        states = direction(read)
        direction.set_weights(layer.get_weights())
        ends.append(AtTheEnd()(states, lengths))
    output = core.get_layer("output")(ops.concatenate(ends, axis=1))
    return keras.Model(tokens, output, name="bi_lstm")


def _wide_tokens(core: keras.Model) -> keras.Model:
    """``text-cnn`` in operations of Keras alone: its own layers would have to be sent along.

    Padding behind every text makes all wide enough; windows beyond a text do not count.
    """
    given = keras.Input((None,), dtype="int32", name="tokens")
    tokens = ops.pad(given, [[0, 0], [0, max(CNN_WIDTHS) - 1]])
    lengths = ops.sum(ops.cast(ops.not_equal(tokens, 0), "int32"), axis=1, keepdims=True)
    places = ops.cumsum(ops.ones_like(tokens), axis=1)  # (batch, tokens), counted from 1
    vectors = core.get_layer("embedding")(tokens)
    strongest = []
    for width in CNN_WIDTHS:
        answers = core.get_layer(f"convolution_{width}")(vectors)
        inside = places[:, width - 1 :] - width <= ops.maximum(lengths - width, 0)
        kept = answers * ops.cast(inside, answers.dtype)[:, :, None]
        strongest.append(ops.max(kept, axis=1))  # (batch, filters)
    output = core.get_layer("output")
    return keras.Model(given, output(ops.concatenate(strongest, axis=1)), name="text_cnn")


class MeanOfWindows(keras.layers.Layer):
    """The mean of the vectors of a text's windows, (batch, windows, tokens).

    Only windows that hold a token count; the first always does.
    """

    def __init__(self, encoded: keras.Model, normalize: bool, padding: int) -> None:
        super().__init__()
        self.encoded, self.normalize, self.padding = encoded, normalize, padding

    def call(self, tokens: tf.Tensor) -> tf.Tensor:
        sizes = tf.shape(tokens)
        vectors = self.encoded(tf.reshape(tokens, (-1, sizes[2])))  # (batch · windows, hidden_size)
        vectors = tf.reshape(vectors, (sizes[0], sizes[1], self.encoded.output_shape[-1]))
        # Of whole numbers: tf2onnx makes something of truth values that ONNX Runtime refuses.
        real = tf.reduce_max(tf.cast(tokens != self.padding, tf.int32), axis=2)
        first = tf.cast(tf.range(sizes[1]) < 1, tf.int32)
        counts = tf.cast(tf.maximum(real, first), vectors.dtype)[:, :, None]
        means = tf.reduce_sum(vectors * counts, axis=1) / tf.reduce_sum(counts, axis=1)
        return ops.normalize(means, axis=1) if self.normalize else means

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], self.encoded.output_shape[-1])


def with_encoder(
    core: keras.Model,
    folder: Path,
    pooling: str,
    normalize: bool,
    padding: int,
    windows: bool = False,
) -> keras.Model:
    """A classifier of vectors as one of tokens: the encoder of a checkpoint folder before it.

    With ``windows`` it takes all windows of a text, (batch, windows, tokens).
    """
    encoder = load_encoder(folder)
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    is_token = ops.cast(ops.not_equal(tokens, padding), "int32")
    if windows:  # attention and the mean over tokens need one even where a window has none
        is_token = ops.concatenate([ops.ones_like(tokens[:, :1]), is_token[:, 1:]], axis=1)
    given = {"token_ids": tokens, "padding_mask": is_token, "segment_ids": ops.zeros_like(tokens)}
    answer = encoder({name: given[name] for name in encoder.input})
    token_vectors = answer["sequence_output"] if isinstance(answer, dict) else answer
    vectors = pool(token_vectors, is_token, pooling)
    if normalize:
        vectors = ops.normalize(vectors, axis=1)
    if windows:
        encoded = keras.Model(tokens, vectors)
        tokens = keras.Input((None, None), dtype="int32", name="tokens")
        vectors = MeanOfWindows(encoded, normalize, padding)(tokens)
    return keras.Model(tokens, core(vectors), name="encoded_texts")


WHOLE = {"tfidf_mlp": _dense_terms, "bi_lstm": _mask_without_padding, "text_cnn": _wide_tokens}

FOR_ONNX = {"text_cnn": lambda model: model, "bi_lstm": _one_lstm_a_direction}
"""Where tf2onnx follows the classifier itself, or should be led in another way."""


def whole_model(core: keras.Model, onnx: bool = False) -> keras.Model:
    """What is exported of a classifier: itself, where an exporter can follow it."""
    forms = WHOLE | FOR_ONNX if onnx else WHOLE
    return forms.get(core.name, lambda model: model)(core)
