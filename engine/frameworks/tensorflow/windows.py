"""Long texts in TensorFlow: the mean of a classifier's answers to the windows of a text."""

from __future__ import annotations

import keras
import tensorflow as tf


class MeanOverWindows(keras.layers.Layer):
    """Gives each window to the classifier and averages its logits.

    The last layer is linear, so this is the same as averaging what goes into it.
    """

    def __init__(self, classifier: keras.Model, padding: int) -> None:
        super().__init__(dtype=keras.config.floatx())
        self.classifier, self.padding = classifier, padding

    def call(self, tokens: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        real = tf.reduce_any(tokens != self.padding, axis=2)  # (batch, windows)
        # A text without any token keeps its first, empty window.
        real = tf.concat([tf.ones_like(real[:, :1]), real[:, 1:]], axis=1)
        windows = tf.boolean_mask(tokens, real)  # (real windows, tokens)
        logits = self.classifier(windows, training=training)  # (real windows, num_classes)
        text = tf.where(real)[:, 0]  # (real windows,): whose window it is
        return tf.math.segment_mean(logits, text)  # (batch, num_classes)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (input_shape[0], self.classifier.output_shape[-1])


def over_windows(model: keras.Model, padding: int) -> keras.Model:
    """The classifier for inputs of shape (batch, windows, tokens); it shares its weights."""
    tokens = keras.Input((None, None), dtype="int32")
    return keras.Model(inputs=tokens, outputs=MeanOverWindows(model, padding)(tokens))
