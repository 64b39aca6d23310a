"""The operators of ONNX that arrange numbers instead of computing with them, in PyTorch.

Shapes, parts and places: each is one entry of ``onnx_operators.py``. Numbers that shape something
(axes, sizes) come as tensors too, as ONNX has them.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


def _to_dtype(name: str) -> torch.dtype:
    """PyTorch's type of number by NumPy's name for it."""
    return torch.from_numpy(np.zeros(0, name)).dtype


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
    """Return ``x`` without some axes of size 1, by default all of them."""
    return x.squeeze() if axes is None else x.squeeze(tuple(axes.reshape(-1).tolist()))


def unsqueeze(x: Tensor, axes: Tensor) -> Tensor:
    """Return ``x`` with new axes of size 1 at these places of the result."""
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
    chosen = x.index_select(axis, places.reshape(-1))
    return chosen.reshape((*x.shape[:axis], *places.shape, *x.shape[axis + 1 :]))


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
    """Count from ``start`` on in steps of ``delta``, as long as ``limit`` is not reached."""
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
