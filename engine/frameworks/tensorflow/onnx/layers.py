"""What operators of ONNX with constant weights are in Keras: layers that can be trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from engine.frameworks.tensorflow.onnx.shapes import reverse_sequence
from engine.shared.onnx.operators import LSTM_GATES

Arrays = Sequence[np.ndarray | None]


def dense_layer(
    arrays: Arrays,
    alpha: float = 1.0,
    beta: float = 1.0,
    first_turned: int = 0,
    second_turned: int = 0,
) -> keras.layers.Layer | None:
    """``Dense``, whose matrix is (inputs, outputs), as in a product."""
    matrix, bias = (*arrays, None)[:2]
    if matrix is None or matrix.ndim != 2 or first_turned or alpha != 1 or beta != 1:
        return None
    matrix = matrix.T if second_turned else matrix
    if bias is not None and bias.size != matrix.shape[1]:
        return None
    layer = keras.layers.Dense(matrix.shape[1], use_bias=bias is not None)
    layer.build((None, matrix.shape[0]))
    layer.set_weights([matrix] if bias is None else [matrix, bias.reshape(-1)])
    return layer


class Convolution(keras.layers.Layer):
    """``Conv1D`` or ``Conv2D``, which have the channels last, behind a padding of its own."""

    def __init__(self, filters: np.ndarray, bias: np.ndarray | None, steps: Any, pads: Any) -> None:
        super().__init__()
        kind = keras.layers.Conv1D if filters.ndim == 3 else keras.layers.Conv2D
        strides, dilations = steps
        outputs, inputs, *sizes = filters.shape
        self.convolution = kind(
            outputs, sizes, strides, dilation_rate=dilations, use_bias=bias is not None
        )
        self.convolution.build((None, *[None] * len(sizes), inputs))
        turned = np.moveaxis(filters, (0, 1), (-1, -2))  # (…, inputs, outputs)
        self.convolution.set_weights([turned] if bias is None else [turned, bias])
        self.pads = [[0, 0], *map(list, zip(*pads, strict=True)), [0, 0]]
        self.built = True

    def call(self, x: tf.Tensor) -> tf.Tensor:
        last = list(range(len(self.pads)))
        x = tf.transpose(x, [0, *last[2:], 1])  # (batch, …, channels)
        x = self.convolution(tf.pad(x, self.pads))
        return tf.transpose(x, [0, last[-1], *last[1:-1]])  # as in ONNX


def convolution_layer(
    arrays: Arrays,
    auto_pad: str = "NOTSET",
    dilations: Sequence[int] | None = None,
    group: int = 1,
    kernel_shape: Sequence[int] | None = None,
    pads: Sequence[int] | None = None,
    strides: Sequence[int] | None = None,
) -> keras.layers.Layer | None:
    """A convolution over one axis or two; ``None`` for others and for those in groups."""
    filters, bias = (*arrays, None)[:2]
    if filters is None or filters.ndim not in (3, 4) or group != 1:
        return None
    axes = filters.ndim - 2
    steps = list(strides or [1] * axes), list(dilations or [1] * axes)
    if steps[0] != [1] * axes and (auto_pad.startswith("SAME") or steps[1] != [1] * axes):
        return None  # Keras has either steps or gaps
    missing = [gap * (size - 1) for gap, size in zip(steps[1], filters.shape[2:], strict=True)]
    half = [(total + (auto_pad == "SAME_LOWER")) // 2 for total in missing]
    around = (list(pads[:axes]), list(pads[axes:])) if pads else ([0] * axes, [0] * axes)
    if auto_pad.startswith("SAME"):
        around = half, [total - first for total, first in zip(missing, half, strict=True)]
    return Convolution(filters, bias, steps, around)


class Rows(keras.layers.Layer):
    """``Embedding``; a negative number counts from the end of the table, as in ONNX."""

    def __init__(self, table: np.ndarray) -> None:
        super().__init__()
        self.embedding = keras.layers.Embedding(*table.shape)
        self.embedding.build()
        self.embedding.set_weights([table])
        self.built = True

    def call(self, places: tf.Tensor) -> tf.Tensor:
        count = self.embedding.input_dim
        return self.embedding(tf.where(places < 0, places + count, places))


def embedding_layer(arrays: Arrays, axis: int = 0) -> keras.layers.Layer | None:
    """A table of vectors that are looked up by their numbers."""
    (table,) = arrays
    is_table = table is not None and table.ndim == 2 and table.dtype.kind == "f" and axis == 0
    return Rows(table) if table is not None and is_table else None


def norm_layer(arrays: Arrays, axis: int = -1, epsilon: float = 1e-5) -> keras.layers.Layer | None:
    """``LayerNormalization`` over the last axes."""
    scale, shift = (*arrays, None)[:2]
    if scale is None:
        return None
    layer = keras.layers.LayerNormalization(
        axis=list(range(-scale.ndim, 0)), epsilon=epsilon, center=shift is not None
    )
    layer.build((None, *scale.shape))
    layer.set_weights([scale] if shift is None else [scale, shift])
    return layer


class Recurrence(keras.layers.Layer):
    """One ``LSTM`` a direction, with the gates of ONNX in Keras's order and one bias."""

    def __init__(self, arrays: Arrays, direction: str, batch_first: bool) -> None:
        super().__init__()
        inputs, states, biases = (*arrays, None)[:3]
        assert inputs is not None and states is not None
        self.batch_first = batch_first
        self.backwards = {"forward": [False], "reverse": [True]}.get(direction, [False, True])
        self.directions = []
        for number in range(len(inputs)):
            layer = keras.layers.LSTM(states.shape[2], return_sequences=True, return_state=True)
            layer.build((None, None, inputs.shape[2]))
            both = (
                np.zeros((2, inputs.shape[1])) if biases is None else biases[number].reshape(2, -1)
            )
            matrices = [_gates(inputs[number]).T, _gates(states[number]).T]
            layer.set_weights([*matrices, _gates(both.sum(axis=0))])
            self.directions.append(layer)
        self.built = True

    def call(
        self,
        x: tf.Tensor,
        lengths: tf.Tensor | None = None,
        hidden: tf.Tensor | None = None,
        cell: tf.Tensor | None = None,
    ) -> tuple[tf.Tensor, ...]:
        x = x if self.batch_first else tf.transpose(x, (1, 0, 2))  # (batch, time, inputs)
        batch, time = tf.shape(x)[0], tf.shape(x)[1]
        ends = tf.fill([batch], time) if lengths is None else tf.cast(lengths, tf.int32)
        mask = None if lengths is None else tf.sequence_mask(ends, time)
        axis = 1 if self.batch_first else 0  # of the directions, in states
        outputs: list[list[tf.Tensor]] = [[], [], []]
        for number, (layer, backwards) in enumerate(
            zip(self.directions, self.backwards, strict=True)
        ):
            given = None
            if hidden is not None and cell is not None:
                given = [tf.gather(value, number, axis=axis) for value in (hidden, cell)]
            read = reverse_sequence(x, ends, 0, 1) if backwards else x
            answers, *states = layer(read, initial_state=given, mask=mask)
            if mask is not None:  # Keras repeats the last answer, ONNX has zeros
                answers = answers * tf.cast(mask, answers.dtype)[:, :, None]
            answers = reverse_sequence(answers, ends, 0, 1) if backwards else answers
            for some, one in zip(outputs, (answers, *states), strict=True):
                some.append(one)
        every = tf.stack(outputs[0], axis=2)  # (batch, time, directions, units)
        if not self.batch_first:
            every = tf.transpose(every, (1, 2, 0, 3))
        return every, tf.stack(outputs[1], axis=axis), tf.stack(outputs[2], axis=axis)


def _gates(values: np.ndarray) -> np.ndarray:
    """Rows of the four gates, from the order of ONNX into that of Keras."""
    return np.concatenate([np.split(values, 4)[place] for place in LSTM_GATES])


def lstm_layer(
    arrays: Arrays, direction: str = "forward", hidden_size: int = 0, layout: int = 0
) -> keras.layers.Layer | None:
    """A layer that reads forwards, backwards or in both directions."""
    return Recurrence(arrays, direction, bool(layout))


LAYERS: dict[str, Callable[..., keras.layers.Layer | None]] = {
    "Conv": convolution_layer,
    "Gather": embedding_layer,
    "Gemm": dense_layer,
    "LSTM": lstm_layer,
    "LayerNormalization": norm_layer,
    "MatMul": dense_layer,
}
"""Called with what it keeps and with the attributes; ``None``: such a layer there is not."""
