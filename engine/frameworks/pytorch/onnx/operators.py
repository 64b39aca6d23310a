"""The operators of ONNX in PyTorch: one entry each, called with tensors and attributes by name.

Which ones there are says ``engine/shared/onnx/operators.py``; what they mean,
https://onnx.ai/onnx/operators. Those that arrange numbers lie in ``shapes.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from engine.frameworks.pytorch.onnx.shapes import (
    _to_dtype,
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
    return torch.div(x, y, rounding_mode=None if x.is_floating_point() else "trunc")


def clip(x: Tensor, minimum: Tensor | None = None, maximum: Tensor | None = None) -> Tensor:
    """Let nothing be below ``minimum`` or above ``maximum``, where they are given."""
    return x if minimum is None and maximum is None else torch.clamp(x, minimum, maximum)


def softmax(x: Tensor, axis: int, flattened: bool = False) -> Tensor:
    """Shares along an axis; ``flattened``: along all axes from that one on, as it once was."""
    if flattened:
        return torch.softmax(x.flatten(axis), dim=-1).reshape(x.shape)
    return torch.softmax(x, dim=axis)


def log_softmax(x: Tensor, axis: int, flattened: bool = False) -> Tensor:
    """The logarithm of :func:`softmax`."""
    if flattened:
        return torch.log_softmax(x.flatten(axis), dim=-1).reshape(x.shape)
    return torch.log_softmax(x, dim=axis)


# --- Sums and products ---


def reducing(over: Callable[[Tensor, tuple[int, ...], bool], Tensor]) -> Callable[..., Tensor]:
    """An operator that takes some axes together: by default all of them."""

    def reduced(
        x: Tensor, axes: Tensor | None = None, keepdims: int = 1, noop_with_empty_axes: int = 0
    ) -> Tensor:
        given = [] if axes is None else axes.tolist()
        if not given and noop_with_empty_axes:
            return x
        return over(x, tuple(given) or tuple(range(x.ndim)), bool(keepdims))

    return reduced


def _product(x: Tensor, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    """The product over some axes, one after the other."""
    for axis in sorted((axis % x.ndim for axis in axes), reverse=True):
        x = x.prod(dim=axis, keepdim=keepdims)
    return x


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
    answer = alpha * ((x.mT if first_turned else x) @ (y.mT if second_turned else y))
    return answer if z is None else answer + beta * z


def cumulative_sum(x: Tensor, axis: Tensor, exclusive: int = 0, reverse: int = 0) -> Tensor:
    """Each number and all before it; ``exclusive`` without itself, ``reverse`` from the end on."""
    place = int(axis)
    x = x.flip(place) if reverse else x
    sums = x.cumsum(place, dtype=x.dtype)
    sums = sums - x if exclusive else sums
    return sums.flip(place) if reverse else sums


OPERATORS: dict[str, Callable[..., Any]] = {
    "Abs": torch.abs,
    "Add": torch.add,
    "And": torch.logical_and,
    "ArgMax": lambda x, axis=0, keepdims=1: x.argmax(axis, keepdim=bool(keepdims)),
    "Cast": lambda x, to: x.to(_to_dtype(to)),
    "CastLike": lambda x, like: x.to(like.dtype),
    "Ceil": torch.ceil,
    "Clip": clip,
    "Concat": lambda *parts, axis: torch.cat(parts, dim=axis),
    "ConstantOfShape": constant_of_shape,
    "CumSum": cumulative_sum,
    "Div": divide,
    "Dropout": lambda x, *options: x,
    "Einsum": lambda *factors, equation: torch.einsum(equation, *factors),
    "Elu": lambda x, alpha=1.0: functional.elu(x, alpha),
    "Equal": torch.eq,
    "Erf": torch.erf,
    "Exp": torch.exp,
    "Expand": expand,
    "Flatten": flatten,
    "Floor": torch.floor,
    "Gather": gather,
    "GatherElements": gather_elements,
    "GatherND": gather_nd,
    "Gelu": lambda x, approximate="none": functional.gelu(x, approximate=approximate),
    "Gemm": general_product,
    "GlobalAveragePool": lambda x: x.mean(dim=tuple(range(2, x.ndim)), keepdim=True),
    "GlobalMaxPool": lambda x: x.amax(dim=tuple(range(2, x.ndim)), keepdim=True),
    "Greater": torch.gt,
    "GreaterOrEqual": torch.ge,
    "Identity": lambda x: x,
    "IsNaN": torch.isnan,
    "LeakyRelu": lambda x, alpha=0.01: functional.leaky_relu(x, alpha),
    "Less": torch.lt,
    "LessOrEqual": torch.le,
    "Log": torch.log,
    "LogSoftmax": log_softmax,
    "MatMul": torch.matmul,
    "Max": lambda *values: reduce(torch.maximum, values),
    "Min": lambda *values: reduce(torch.minimum, values),
    "Mod": lambda x, y, fmod=0: torch.fmod(x, y) if fmod else torch.remainder(x, y),
    "Mul": torch.mul,
    "Neg": torch.neg,
    "NonZero": lambda x: torch.nonzero(x).T,
    "Not": torch.logical_not,
    "OneHot": one_hot,
    "Or": torch.logical_or,
    "Pad": pad,
    "Pow": lambda x, y: torch.pow(x, y).to(x.dtype),
    "Range": count_up,
    "Reciprocal": torch.reciprocal,
    "ReduceL2": reducing(lambda x, axes, keep: x.square().sum(axes, keep).sqrt()),
    "ReduceMax": reducing(lambda x, axes, keep: x.amax(axes, keep)),
    "ReduceMean": reducing(lambda x, axes, keep: x.mean(axes, keep)),
    "ReduceMin": reducing(lambda x, axes, keep: x.amin(axes, keep)),
    "ReduceProd": reducing(_product),
    "ReduceSum": reducing(lambda x, axes, keep: x.sum(axes, keep, dtype=x.dtype)),
    "ReduceSumSquare": reducing(lambda x, axes, keep: x.square().sum(axes, keep)),
    "Relu": torch.relu,
    "Reshape": reshape,
    "ReverseSequence": reverse_sequence,
    "ScatterElements": scatter_elements,
    "ScatterND": scatter_nd,
    "Shape": shape,
    "Sigmoid": torch.sigmoid,
    "Sign": torch.sign,
    "Size": lambda x: torch.tensor(x.numel(), device=x.device),
    "Slice": cut,
    "Softmax": softmax,
    "Softplus": functional.softplus,
    "Split": split,
    "Sqrt": torch.sqrt,
    "Squeeze": squeeze,
    "Sub": torch.sub,
    "Sum": lambda *values: reduce(torch.add, values),
    "Tanh": torch.tanh,
    "Tile": lambda x, repeats: x.repeat(repeats.tolist()),
    "Transpose": lambda x, perm=None: x.permute(perm or tuple(reversed(range(x.ndim)))),
    "Trilu": triangle,
    "Unsqueeze": unsqueeze,
    "Where": torch.where,
    "Xor": torch.logical_xor,
}
"""Conv, LSTM and LayerNormalization are always layers, and Loop has a graph of its own."""
