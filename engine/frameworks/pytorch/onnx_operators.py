"""The operators of ONNX in PyTorch: one entry each, called with tensors and attributes by name.

Which ones there are says ``engine/neutral/onnx_table.py``; what they mean,
https://onnx.ai/onnx/operators. Numbers that shape something (axes, sizes) come as tensors too, as
ONNX has them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


def _to_dtype(name: str) -> torch.dtype:
    """PyTorch's type of number by NumPy's name for it."""
    return torch.from_numpy(np.zeros(0, name)).dtype


# --- Element by element ---


def divide(x: Tensor, y: Tensor) -> Tensor:
    """Whole numbers stay whole, rounded towards 0."""
    return torch.div(x, y, rounding_mode=None if x.is_floating_point() else "trunc")


def clip(x: Tensor, minimum: Tensor | None = None, maximum: Tensor | None = None) -> Tensor:
    """Nothing below ``minimum`` and nothing above ``maximum``, where they are given."""
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


# --- Shapes and places ---


def shape(x: Tensor, start: int = 0, end: int | None = None) -> Tensor:
    """The sizes of the axes from ``start`` to ``end``."""
    return torch.tensor(x.shape[start:end], dtype=torch.int64, device=x.device)


def reshape(x: Tensor, sizes: Tensor, allowzero: int = 0) -> Tensor:
    """The same numbers in another shape; a size of 0 means the present one."""
    wanted = [
        x.shape[axis] if size == 0 and not allowzero else size
        for axis, size in enumerate(sizes.tolist())
    ]
    return x.reshape(wanted)


def flatten(x: Tensor, axis: int = 1) -> Tensor:
    """Two axes: those before ``axis`` together and the others together."""
    return x.reshape(math.prod(x.shape[:axis]), math.prod(x.shape[axis:]))


def squeeze(x: Tensor, axes: Tensor | None = None) -> Tensor:
    """Without some axes of size 1, by default all of them."""
    return x.squeeze() if axes is None else x.squeeze(tuple(axes.reshape(-1).tolist()))


def unsqueeze(x: Tensor, axes: Tensor) -> Tensor:
    """With new axes of size 1 at these places of the result."""
    places = axes.reshape(-1).tolist()
    for axis in sorted(axis % (x.ndim + len(places)) for axis in places):
        x = x.unsqueeze(axis)
    return x


def cut(
    x: Tensor, starts: Tensor, ends: Tensor, axes: Tensor | None = None, steps: Tensor | None = None
) -> Tensor:
    """A part along some axes, as Python's slices have it; a step may be negative."""
    places = range(len(starts)) if axes is None else axes.tolist()
    strides = [1] * len(starts) if steps is None else steps.tolist()
    for axis, start, end, step in zip(places, starts.tolist(), ends.tolist(), strides, strict=True):
        chosen = range(*slice(start, end, step).indices(x.shape[axis]))
        if step == 1:
            x = x.narrow(axis, chosen.start if chosen else 0, len(chosen))
        else:
            x = x.index_select(axis, torch.tensor(list(chosen), dtype=torch.int64, device=x.device))
    return x


def split(
    x: Tensor, sizes: Tensor | None = None, axis: int = 0, num_outputs: int = 1
) -> tuple[Tensor, ...]:
    """Parts of the given sizes, or as many of one size, of which the last may be smaller."""
    size = -(-x.shape[axis] // num_outputs)
    return torch.split(x, size if sizes is None else sizes.tolist(), dim=axis)


def gather(x: Tensor, indices: Tensor, axis: int = 0) -> Tensor:
    """What stands at these places along an axis; negative ones count from the end."""
    places = torch.where(indices < 0, indices + x.shape[axis], indices).long()
    axis %= x.ndim
    found = x.index_select(axis, places.reshape(-1))
    return found.reshape((*x.shape[:axis], *places.shape, *x.shape[axis + 1 :]))


def gather_elements(x: Tensor, indices: Tensor, axis: int = 0) -> Tensor:
    """One number along an axis for each index."""
    places = torch.where(indices < 0, indices + x.shape[axis], indices).long()
    return torch.gather(x, axis, places)


def gather_nd(x: Tensor, indices: Tensor, batch_dims: int = 0) -> Tensor:
    """What stands at the places whose coordinates are the last axis of ``indices``."""
    leading = []
    for axis in range(batch_dims):
        sizes = [1] * (indices.ndim - 1)
        sizes[axis] = x.shape[axis]
        leading.append(torch.arange(x.shape[axis], device=x.device).reshape(sizes))
    return x[(*leading, *indices.long().unbind(-1))]


def scatter_elements(
    x: Tensor, indices: Tensor, updates: Tensor, axis: int = 0, reduction: str = "none"
) -> Tensor:
    """``x`` with another number along an axis for each index; ``add``: with those added."""
    places = torch.where(indices < 0, indices + x.shape[axis], indices).long()
    change = torch.scatter_add if reduction == "add" else torch.scatter
    return change(x, axis, places, updates)


def scatter_nd(x: Tensor, indices: Tensor, updates: Tensor, reduction: str = "none") -> Tensor:
    """``x`` with other numbers at the given places; ``add``: with those added."""
    places = indices.long().unbind(-1)
    return x.index_put(places, updates, accumulate=reduction == "add")


def expand(x: Tensor, sizes: Tensor) -> Tensor:
    """Repeated along axes of size 1, or new ones, until it has the sizes; larger axes stay."""
    return x.expand(torch.broadcast_shapes(x.shape, tuple(sizes.tolist())))


def pad(
    x: Tensor,
    pads: Tensor,
    value: Tensor | None = None,
    axes: Tensor | None = None,
    mode: str = "constant",
) -> Tensor:
    """More numbers before and behind each axis. ``pads``: first all before, then all behind."""
    places = range(x.ndim) if axes is None else [axis % x.ndim for axis in axes.tolist()]
    before, behind = pads.reshape(2, -1).tolist()
    around = dict(zip(places, zip(before, behind, strict=True), strict=True))
    if mode == "constant":
        sizes = [size for axis in reversed(range(x.ndim)) for size in around.get(axis, (0, 0))]
        return functional.pad(x, sizes, value=0 if value is None else value.item())
    for axis, (first, last) in around.items():  # by looking up: ``edge`` or ``reflect``
        size = x.shape[axis]
        chosen = torch.arange(-first, size + last, device=x.device)
        if mode == "reflect":
            chosen = (size - 1) - ((chosen % max(1, 2 * size - 2)) - (size - 1)).abs()
        x = x.index_select(axis, chosen.clamp(0, size - 1))
    return x


def constant_of_shape(sizes: Tensor, value: np.ndarray | None = None) -> Tensor:
    """One number everywhere, 0 unless told otherwise."""
    one = np.zeros(1, np.float32) if value is None else value
    return torch.full(
        sizes.tolist(), one.ravel()[0].item(), dtype=_to_dtype(str(one.dtype)), device=sizes.device
    )


def count_up(start: Tensor, limit: Tensor, delta: Tensor) -> Tensor:
    """From ``start`` on in steps of ``delta``, as long as ``limit`` is not reached."""
    return torch.arange(
        start.item(), limit.item(), delta.item(), dtype=start.dtype, device=start.device
    )


def one_hot(indices: Tensor, depth: Tensor, values: Tensor, axis: int = -1) -> Tensor:
    """A new axis that has the second of ``values`` where the index points, else the first."""
    places = torch.where(indices < 0, indices + int(depth), indices).long().unsqueeze(axis)
    line = [1] * places.ndim
    line[axis] = int(depth)
    is_there = torch.arange(int(depth), device=places.device).reshape(line) == places
    return torch.where(is_there, values[1], values[0])


def reverse_sequence(x: Tensor, lengths: Tensor, batch_axis: int = 1, time_axis: int = 0) -> Tensor:
    """Each sequence turned round as far as its length; what is beyond stays."""
    x = x.movedim((batch_axis, time_axis), (0, 1))
    steps = torch.arange(x.shape[1], device=x.device)[None]
    ends = lengths.long()[:, None]
    places = torch.where(steps < ends, ends - 1 - steps, steps)  # (batch, time)
    rows = torch.arange(len(x), device=x.device)[:, None]
    return x[rows, places].movedim((0, 1), (batch_axis, time_axis))


def triangle(x: Tensor, k: Tensor | None = None, upper: int = 1) -> Tensor:
    """A matrix with zeros below its diagonal, or above it."""
    offset = 0 if k is None else int(k)
    return torch.triu(x, offset) if upper else torch.tril(x, offset)


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
