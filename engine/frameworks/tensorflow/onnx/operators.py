"""The operators of ONNX in TensorFlow: one entry each, called with tensors and attributes by name.

Which ones there are says ``engine/shared/onnx/operators.py``; what they mean,
https://onnx.ai/onnx/operators. Those that arrange numbers lie in ``shapes.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import tensorflow as tf
from tensorflow import Tensor

from engine.frameworks.tensorflow.onnx.shapes import (
    _numbers,
    _sizes,
    constant_of_shape,
    count_up,
    cut,
    expand,
    flatten,
    gather,
    gather_elements,
    gather_nd,
    one_hot,
    pad,
    reshape,
    reverse_sequence,
    scatter_elements,
    scatter_nd,
    shape,
    split,
    squeeze,
    triangle,
    unsqueeze,
)

# --- Element by element ---


def divide(x: Tensor, y: Tensor) -> Tensor:
    """Whole numbers stay whole, rounded towards 0."""
    return tf.divide(x, y) if tf.convert_to_tensor(x).dtype.is_floating else tf.truncatediv(x, y)


def clip(x: Tensor, minimum: Tensor | None = None, maximum: Tensor | None = None) -> Tensor:
    """Let nothing be below ``minimum`` or above ``maximum``, where they are given."""
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


def _logical(operator: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda *values: operator(*(tf.cast(value, tf.bool) for value in values))


def _arg_max(x: Tensor, axis: int = 0, keepdims: int = 1) -> Tensor:
    largest = tf.argmax(x, axis)
    return tf.expand_dims(largest, axis) if keepdims else largest


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
