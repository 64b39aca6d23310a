"""The operators of ONNX that arrange numbers instead of computing with them, in TensorFlow.

Shapes, parts and places: each is one entry of ``onnx_operators.py``. Numbers that shape something
(axes, sizes) come as tensors too, as ONNX has them; where a graph needs them while it is
traced, they are constants.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow import Tensor


def _numbers(values: Tensor) -> list[int]:
    """What a constant tensor of whole numbers holds."""
    constant = tf.get_static_value(values)
    if constant is None:
        raise ValueError("axes that are computed while the model answers cannot be rebuilt")
    return [int(number) for number in np.ravel(constant)]


def _sizes(values: Tensor) -> Any:
    """Sizes as TensorFlow takes them: numbers where they are constant, else a tensor."""
    constant = tf.get_static_value(values)
    if constant is None:
        return tf.cast(values, tf.int32)
    return [int(size) for size in np.ravel(constant)]


def shape(x: Tensor, start: int = 0, end: int | None = None) -> Tensor:
    """The sizes of the axes from ``start`` to ``end``."""
    return tf.shape(x, out_type=tf.int64)[start:end]


def reshape(x: Tensor, sizes: Tensor, allowzero: int = 0) -> Tensor:
    """The same numbers in another shape; a size of 0 means the present one."""
    x, constant = tf.convert_to_tensor(x), tf.get_static_value(sizes)
    if allowzero or (constant is not None and 0 not in constant):
        return tf.reshape(x, sizes)
    count, wanted = sizes.shape[0], tf.cast(sizes, tf.int64)
    present = tf.pad(tf.shape(x, out_type=tf.int64), [[0, max(0, count - len(x.shape))]])[:count]
    return tf.reshape(x, tf.where(wanted == 0, present, wanted))


def flatten(x: Tensor, axis: int = 1) -> Tensor:
    """Two axes: those before ``axis`` together and the others together."""
    sizes = tf.shape(x)
    return tf.reshape(x, [tf.reduce_prod(sizes[:axis]), tf.reduce_prod(sizes[axis:])])


def squeeze(x: Tensor, axes: Tensor | None = None) -> Tensor:
    """Return ``x`` without some axes of size 1, by default all of them."""
    return tf.squeeze(x) if axes is None else tf.squeeze(x, _numbers(axes))


def unsqueeze(x: Tensor, axes: Tensor) -> Tensor:
    """Return ``x`` with new axes of size 1 at these places of the result."""
    x, places = tf.convert_to_tensor(x), _numbers(axes)
    for axis in sorted(axis % (len(x.shape) + len(places)) for axis in places):
        x = tf.expand_dims(x, axis)
    return x


def cut(
    x: Tensor, starts: Tensor, ends: Tensor, axes: Tensor | None = None, steps: Tensor | None = None
) -> Tensor:
    """A part along some axes, as Python's slices have it; a step may be negative."""
    x = tf.convert_to_tensor(x)
    places = range(starts.shape[0]) if axes is None else _numbers(axes)
    strides = [1] * starts.shape[0] if steps is None else _numbers(steps)
    chosen = [slice(None)] * len(x.shape)
    for axis, start, end, step in zip(places, _bounds(starts), _bounds(ends), strides, strict=True):
        chosen[axis] = slice(start, end, step)
    return x[tuple(chosen)]


def _bounds(values: Tensor) -> list[Any]:
    """Where slices begin or end; ONNX writes “as far as there is” as the largest number."""
    most, constant = np.iinfo(np.int32).max, tf.get_static_value(values)
    if constant is not None:
        return [int(number) for number in np.clip(constant, -most, most)]
    inside = tf.cast(tf.clip_by_value(tf.cast(values, tf.int64), -most, most), tf.int32)
    return tf.unstack(inside)


def split(
    x: Tensor, sizes: Tensor | None = None, axis: int = 0, num_outputs: int = 1
) -> tuple[Tensor, ...]:
    """Parts of the given sizes, or as many of one size, of which the last may be smaller."""
    if sizes is not None:
        return tuple(tf.split(x, _numbers(sizes), axis=axis))
    whole = x.shape[axis]
    if whole is None or whole % num_outputs == 0:
        return tuple(tf.split(x, num_outputs, axis=axis))
    size = -(-whole // num_outputs)
    each = [size] * (num_outputs - 1)
    return tuple(tf.split(x, [*each, whole - sum(each)], axis=axis))


def gather(x: Tensor, indices: Tensor, axis: int = 0) -> Tensor:
    """What stands at these places along an axis; negative ones count from the end."""
    return tf.gather(x, _from_the_start(indices, tf.shape(x)[axis]), axis=axis)


def _from_the_start(indices: Tensor, size: Tensor) -> Tensor:
    return tf.where(indices < 0, indices + tf.cast(size, indices.dtype), indices)


def gather_elements(x: Tensor, indices: Tensor, axis: int = 0) -> Tensor:
    """One number along an axis for each index."""
    return tf.gather_nd(x, _coordinates(indices, axis, tf.shape(x)[axis]))


def _coordinates(indices: Tensor, axis: int, size: Tensor) -> Tensor:
    """Where each index points to: its own place, but along ``axis`` what it says."""
    places = _from_the_start(indices, size)
    own = (tf.range(tf.shape(places)[other]) for other in range(len(places.shape)))
    coordinates = tf.meshgrid(*own, indexing="ij")
    coordinates[axis] = tf.cast(places, tf.int32)
    return tf.stack(coordinates, axis=-1)


def gather_nd(x: Tensor, indices: Tensor, batch_dims: int = 0) -> Tensor:
    """What stands at the places whose coordinates are the last axis of ``indices``."""
    return tf.gather_nd(x, indices, batch_dims=batch_dims)


def scatter_elements(
    x: Tensor, indices: Tensor, updates: Tensor, axis: int = 0, reduction: str = "none"
) -> Tensor:
    """``x`` with another number along an axis for each index; ``add``: with those added."""
    return scatter_nd(x, _coordinates(indices, axis, tf.shape(x)[axis]), updates, reduction)


def scatter_nd(x: Tensor, indices: Tensor, updates: Tensor, reduction: str = "none") -> Tensor:
    """``x`` with other numbers at the given places; ``add``: with those added."""
    if reduction == "add":
        return tf.tensor_scatter_nd_add(x, indices, updates)
    return tf.tensor_scatter_nd_update(x, indices, updates)


def expand(x: Tensor, sizes: Tensor) -> Tensor:
    """Repeated along axes of size 1, or new ones, until it has the sizes; larger axes stay."""
    x, constant = tf.convert_to_tensor(x), tf.get_static_value(sizes)
    if constant is not None and x.shape.is_fully_defined():
        return tf.broadcast_to(x, np.broadcast_shapes(tuple(x.shape), tuple(np.ravel(constant))))
    rank = max(len(x.shape), sizes.shape[0])
    present, wanted = (
        tf.concat([tf.ones(rank - given.shape[0], tf.int32), given], axis=0)
        for given in (tf.shape(x), tf.cast(sizes, tf.int32))
    )
    return tf.broadcast_to(x, tf.where(present == 1, wanted, present))


def pad(
    x: Tensor,
    pads: Tensor,
    value: Tensor | None = None,
    axes: Tensor | None = None,
    mode: str = "constant",
) -> Tensor:
    """More numbers before and behind each axis. ``pads``: first all before, then all behind."""
    x = tf.convert_to_tensor(x)
    rank = len(x.shape)
    places = range(rank) if axes is None else [axis % rank for axis in _numbers(axes)]
    around = tf.transpose(tf.reshape(tf.cast(pads, tf.int32), (2, -1)))  # (axes given, 2)
    sizes = [[0, 0]] * rank
    for number, axis in enumerate(places):
        sizes[axis] = around[number]
    if mode == "constant":
        fill = tf.zeros((), x.dtype) if value is None else tf.reshape(tf.cast(value, x.dtype), ())
        return tf.pad(x, tf.stack(sizes), constant_values=fill)
    for axis in places:  # by looking up: ``edge`` or ``reflect``
        size = tf.shape(x)[axis]
        chosen = tf.range(-sizes[axis][0], size + sizes[axis][1])
        if mode == "reflect":
            period = tf.maximum(1, 2 * size - 2)
            chosen = (size - 1) - tf.abs(tf.math.floormod(chosen, period) - (size - 1))
        x = tf.gather(x, tf.clip_by_value(chosen, 0, size - 1), axis=axis)
    return x


def constant_of_shape(sizes: Tensor, value: np.ndarray | None = None) -> Tensor:
    """One number everywhere, 0 unless told otherwise."""
    one = np.zeros(1, np.float32) if value is None else value
    return tf.fill(_sizes(sizes), tf.constant(one.ravel()[0]))


def count_up(start: Tensor, limit: Tensor, delta: Tensor) -> Tensor:
    """Count from ``start`` on in steps of ``delta``, as long as ``limit`` is not reached."""
    return tf.range(*(tf.reshape(value, ()) for value in (start, limit, delta)))


def one_hot(indices: Tensor, depth: Tensor, values: Tensor, axis: int = -1) -> Tensor:
    """A new axis that has the second of ``values`` where the index points, else the first."""
    size = tf.reshape(tf.cast(depth, tf.int32), ())
    places = tf.cast(_from_the_start(indices, size), tf.int32)
    return tf.one_hot(places, size, on_value=values[1], off_value=values[0], axis=axis)


def reverse_sequence(x: Tensor, lengths: Tensor, batch_axis: int = 1, time_axis: int = 0) -> Tensor:
    """Each sequence turned round as far as its length; what is beyond stays."""
    return tf.reverse_sequence(x, lengths, seq_axis=time_axis, batch_axis=batch_axis)


def triangle(x: Tensor, k: Tensor | None = None, upper: int = 1) -> Tensor:
    """A matrix with zeros below its diagonal, or above it."""
    offset = 0 if k is None else _numbers(k)[0]
    rows, columns = (tf.range(tf.shape(x)[axis]) for axis in (-2, -1))
    above = columns[None, :] - rows[:, None]  # how far right of the diagonal
    return tf.where(above >= offset if upper else above <= offset, x, tf.zeros_like(x))
