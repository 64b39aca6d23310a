"""The operators of ONNX in TensorFlow: one entry each, called with tensors and attributes by name.

Which ones there are says ``engine/neutral/onnx_table.py``; what they mean,
https://onnx.ai/onnx/operators. Numbers that shape something (axes, sizes) come as tensors too, as
ONNX has them; where a graph needs them while it is traced, they are constants.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow import Tensor


def _numbers(values: Tensor) -> list[int]:
    """What a constant tensor of whole numbers holds."""
    known = tf.get_static_value(values)
    if known is None:
        raise ValueError("axes that are computed while the model answers cannot be rebuilt")
    return [int(number) for number in np.ravel(known)]


def _sizes(values: Tensor) -> Any:
    """Sizes as TensorFlow takes them: numbers where they are known, else a tensor."""
    known = tf.get_static_value(values)
    return tf.cast(values, tf.int32) if known is None else [int(size) for size in np.ravel(known)]


# --- Element by element ---


def divide(x: Tensor, y: Tensor) -> Tensor:
    """Whole numbers stay whole, rounded towards 0."""
    return tf.divide(x, y) if tf.convert_to_tensor(x).dtype.is_floating else tf.truncatediv(x, y)


def clip(x: Tensor, minimum: Tensor | None = None, maximum: Tensor | None = None) -> Tensor:
    """Nothing below ``minimum`` and nothing above ``maximum``, where they are given."""
    x = x if minimum is None else tf.maximum(x, minimum)
    return x if maximum is None else tf.minimum(x, maximum)


def softmax(x: Tensor, axis: int, flattened: bool = False) -> Tensor:
    """Shares along an axis; ``flattened``: along all axes from that one on, as it once was."""
    if flattened:
        return tf.reshape(tf.nn.softmax(flatten(x, axis)), tf.shape(x))
    return tf.nn.softmax(x, axis=axis)


def log_softmax(x: Tensor, axis: int, flattened: bool = False) -> Tensor:
    """The logarithm of :func:`softmax`."""
    if flattened:
        return tf.reshape(tf.nn.log_softmax(flatten(x, axis)), tf.shape(x))
    return tf.nn.log_softmax(x, axis=axis)


# --- Sums and products ---


def reducing(over: Callable[[Tensor, tuple[int, ...], bool], Tensor]) -> Callable[..., Tensor]:
    """An operator that takes some axes together: by default all of them."""

    def reduced(
        x: Tensor, axes: Tensor | None = None, keepdims: int = 1, noop_with_empty_axes: int = 0
    ) -> Tensor:
        given = [] if axes is None else _numbers(axes)
        if not given and noop_with_empty_axes:
            return x
        return over(x, tuple(given) or tuple(range(len(x.shape))), bool(keepdims))

    return reduced


def general_product(
    x: Tensor,
    y: Tensor,
    z: Tensor | None = None,
    alpha: float = 1.0,
    beta: float = 1.0,
    first_turned: int = 0,
    second_turned: int = 0,
) -> Tensor:
    """``alpha · x · y + beta · z``, either factor turned first if asked for."""
    answer = alpha * tf.matmul(
        x, y, transpose_a=bool(first_turned), transpose_b=bool(second_turned)
    )
    return answer if z is None else answer + beta * z


def cumulative_sum(x: Tensor, axis: Tensor, exclusive: int = 0, reverse: int = 0) -> Tensor:
    """Each number and all before it; ``exclusive`` without itself, ``reverse`` from the end on."""
    return tf.cumsum(x, _numbers(axis)[0], exclusive=bool(exclusive), reverse=bool(reverse))


# --- Shapes and places ---


def shape(x: Tensor, start: int = 0, end: int | None = None) -> Tensor:
    """The sizes of the axes from ``start`` to ``end``."""
    return tf.shape(x, out_type=tf.int64)[start:end]


def reshape(x: Tensor, sizes: Tensor, allowzero: int = 0) -> Tensor:
    """The same numbers in another shape; a size of 0 means the present one."""
    x, known = tf.convert_to_tensor(x), tf.get_static_value(sizes)
    if allowzero or (known is not None and 0 not in known):
        return tf.reshape(x, sizes)
    count, wanted = sizes.shape[0], tf.cast(sizes, tf.int64)
    present = tf.pad(tf.shape(x, out_type=tf.int64), [[0, max(0, count - len(x.shape))]])[:count]
    return tf.reshape(x, tf.where(wanted == 0, present, wanted))


def flatten(x: Tensor, axis: int = 1) -> Tensor:
    """Two axes: those before ``axis`` together and the others together."""
    sizes = tf.shape(x)
    return tf.reshape(x, [tf.reduce_prod(sizes[:axis]), tf.reduce_prod(sizes[axis:])])


def squeeze(x: Tensor, axes: Tensor | None = None) -> Tensor:
    """Without some axes of size 1, by default all of them."""
    return tf.squeeze(x) if axes is None else tf.squeeze(x, _numbers(axes))


def unsqueeze(x: Tensor, axes: Tensor) -> Tensor:
    """With new axes of size 1 at these places of the result."""
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
    most, known = np.iinfo(np.int32).max, tf.get_static_value(values)
    if known is not None:
        return [int(number) for number in np.clip(known, -most, most)]
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
    x, known = tf.convert_to_tensor(x), tf.get_static_value(sizes)
    if known is not None and x.shape.is_fully_defined():
        return tf.broadcast_to(x, np.broadcast_shapes(tuple(x.shape), tuple(np.ravel(known))))
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
    """From ``start`` on in steps of ``delta``, as long as ``limit`` is not reached."""
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


def _logical(operator: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda *values: operator(*(tf.cast(value, tf.bool) for value in values))


def _arg_max(x: Tensor, axis: int = 0, keepdims: int = 1) -> Tensor:
    found = tf.argmax(x, axis)
    return tf.expand_dims(found, axis) if keepdims else found


def _gelu(x: Tensor, approximate: str = "none") -> Tensor:
    return tf.nn.gelu(x, approximate=approximate == "tanh")


def _pool(over: Callable[..., Tensor]) -> Callable[[Tensor], Tensor]:
    return lambda x: over(x, axis=list(range(2, len(x.shape))), keepdims=True)


def _remainder(x: Tensor, y: Tensor, fmod: int = 0) -> Tensor:
    return tf.truncatemod(x, y) if fmod else tf.math.floormod(x, y)


OPERATORS: dict[str, Callable[..., Any]] = {
    "Abs": tf.abs,
    "Add": tf.add,
    "And": _logical(tf.logical_and),
    "ArgMax": _arg_max,
    "Cast": lambda x, to: tf.cast(x, to),
    "CastLike": lambda x, like: tf.cast(x, like.dtype),
    "Ceil": tf.math.ceil,
    "Clip": clip,
    "Concat": lambda *parts, axis: tf.concat(parts, axis=axis),
    "ConstantOfShape": constant_of_shape,
    "CumSum": cumulative_sum,
    "Div": divide,
    "Dropout": lambda x, *options: x,
    "Einsum": lambda *factors, equation: tf.einsum(equation.replace(" ", ""), *factors),
    "Elu": lambda x, alpha=1.0: tf.where(x > 0, x, alpha * (tf.exp(tf.minimum(x, 0)) - 1)),
    "Equal": tf.equal,
    "Erf": tf.math.erf,
    "Exp": tf.exp,
    "Expand": expand,
    "Flatten": flatten,
    "Floor": tf.floor,
    "Gather": gather,
    "GatherElements": gather_elements,
    "GatherND": gather_nd,
    "Gelu": _gelu,
    "Gemm": general_product,
    "GlobalAveragePool": _pool(tf.reduce_mean),
    "GlobalMaxPool": _pool(tf.reduce_max),
    "Greater": tf.greater,
    "GreaterOrEqual": tf.greater_equal,
    "Identity": lambda x: x,
    "IsNaN": tf.math.is_nan,
    "LeakyRelu": lambda x, alpha=0.01: tf.nn.leaky_relu(x, alpha),
    "Less": tf.less,
    "LessOrEqual": tf.less_equal,
    "Log": tf.math.log,
    "LogSoftmax": log_softmax,
    "MatMul": tf.linalg.matmul,
    "Max": lambda *values: reduce(tf.maximum, values),
    "Min": lambda *values: reduce(tf.minimum, values),
    "Mod": _remainder,
    "Mul": tf.multiply,
    "Neg": tf.negative,
    "NonZero": lambda x: tf.transpose(tf.where(x)),
    "Not": _logical(tf.logical_not),
    "OneHot": one_hot,
    "Or": _logical(tf.logical_or),
    "Pad": pad,
    "Pow": lambda x, y: tf.pow(x, tf.cast(y, x.dtype)),
    "Range": count_up,
    "Reciprocal": tf.math.reciprocal,
    "ReduceL2": reducing(lambda x, axes, keep: tf.sqrt(tf.reduce_sum(x * x, axes, keep))),
    "ReduceMax": reducing(tf.reduce_max),
    "ReduceMean": reducing(tf.reduce_mean),
    "ReduceMin": reducing(tf.reduce_min),
    "ReduceProd": reducing(tf.reduce_prod),
    "ReduceSum": reducing(tf.reduce_sum),
    "ReduceSumSquare": reducing(lambda x, axes, keep: tf.reduce_sum(x * x, axes, keep)),
    "Relu": tf.nn.relu,
    "Reshape": reshape,
    "ReverseSequence": reverse_sequence,
    "ScatterElements": scatter_elements,
    "ScatterND": scatter_nd,
    "Shape": shape,
    "Sigmoid": tf.sigmoid,
    "Sign": tf.sign,
    "Size": lambda x: tf.size(x, out_type=tf.int64),
    "Slice": cut,
    "Softmax": softmax,
    "Softplus": tf.math.softplus,
    "Split": split,
    "Sqrt": tf.sqrt,
    "Squeeze": squeeze,
    "Sub": tf.subtract,
    "Sum": lambda *values: reduce(tf.add, values),
    "Tanh": tf.tanh,
    "Tile": lambda x, repeats: tf.tile(x, _sizes(repeats)),
    "Transpose": lambda x, perm=None: tf.transpose(x, perm),
    "Trilu": triangle,
    "Unsqueeze": unsqueeze,
    "Where": lambda condition, x, y: tf.where(tf.cast(condition, tf.bool), x, y),
    "Xor": _logical(tf.math.logical_xor),
}
"""Conv, LSTM and LayerNormalization are always layers, and Loop has a graph of its own."""
