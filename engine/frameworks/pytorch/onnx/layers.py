"""What operators of ONNX with constant weights are in PyTorch: layers that can be trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from engine.frameworks.pytorch.onnx.shapes import reverse_sequence
from engine.shared.onnx.operators import LSTM_GATES

Arrays = Sequence[np.ndarray | None]


def _filled(weight: nn.Parameter | None, values: np.ndarray) -> None:
    with torch.no_grad():
        assert weight is not None
        weight.copy_(torch.from_numpy(np.ascontiguousarray(values)))


def dense_layer(
    arrays: Arrays,
    alpha: float = 1.0,
    beta: float = 1.0,
    first_turned: int = 0,
    second_turned: int = 0,
) -> nn.Module | None:
    """``nn.Linear``, whose matrix is (outputs, inputs), the other way round than a product's."""
    matrix, bias = (*arrays, None)[:2]
    if matrix is None or matrix.ndim != 2 or first_turned or alpha != 1 or beta != 1:
        return None
    matrix = matrix if second_turned else matrix.T
    if bias is not None and bias.size != len(matrix):
        return None
    layer = nn.Linear(matrix.shape[1], matrix.shape[0], bias=bias is not None)
    _filled(layer.weight, matrix)
    if bias is not None:
        _filled(layer.bias, bias.reshape(-1))
    return layer


class Convolution(nn.Module):
    """``nn.Conv1d`` or ``nn.Conv2d`` behind a padding that may differ from side to side."""

    def __init__(self, filters: np.ndarray, bias: np.ndarray | None, steps: Any, pads: Any) -> None:
        super().__init__()
        kind = nn.Conv1d if filters.ndim == 3 else nn.Conv2d
        strides, dilations = steps
        outputs, inputs, *sizes = filters.shape
        self.convolution = kind(
            inputs, outputs, sizes, strides, dilation=dilations, bias=bias is not None
        )
        _filled(self.convolution.weight, filters)
        if bias is not None:
            _filled(self.convolution.bias, bias)
        before, behind = pads
        around = reversed(list(zip(before, behind, strict=True)))
        self.pads = [size for sides in around for size in sides]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.convolution(functional.pad(x, self.pads))  # (batch, channels, …), as in ONNX


def convolution_layer(
    arrays: Arrays,
    auto_pad: str = "NOTSET",
    dilations: Sequence[int] | None = None,
    group: int = 1,
    kernel_shape: Sequence[int] | None = None,
    pads: Sequence[int] | None = None,
    strides: Sequence[int] | None = None,
) -> nn.Module | None:
    """A convolution over one axis or two; ``None`` for others and for those in groups."""
    filters, bias = (*arrays, None)[:2]
    if filters is None or filters.ndim not in (3, 4) or group != 1:
        return None
    axes = filters.ndim - 2
    steps = strides or [1] * axes, dilations or [1] * axes
    if auto_pad.startswith("SAME") and steps[0] != [1] * axes:
        return None
    missing = [gap * (size - 1) for gap, size in zip(steps[1], filters.shape[2:], strict=True)]
    half = [(total + (auto_pad == "SAME_LOWER")) // 2 for total in missing]
    around = (list(pads[:axes]), list(pads[axes:])) if pads else ([0] * axes, [0] * axes)
    if auto_pad.startswith("SAME"):
        around = half, [total - first for total, first in zip(missing, half, strict=True)]
    return Convolution(filters, bias, steps, around)


class Rows(nn.Module):
    """``nn.Embedding``; a negative number counts from the end of the table, as in ONNX."""

    def __init__(self, table: np.ndarray) -> None:
        super().__init__()
        self.embedding = nn.Embedding(*table.shape)
        _filled(self.embedding.weight, table)

    def forward(self, places: torch.Tensor) -> torch.Tensor:
        count = self.embedding.num_embeddings
        return self.embedding(torch.where(places < 0, places + count, places))


def embedding_layer(arrays: Arrays, axis: int = 0) -> nn.Module | None:
    """A table of vectors that are looked up by their numbers."""
    (table,) = arrays
    is_table = table is not None and table.ndim == 2 and table.dtype.kind == "f" and axis == 0
    return Rows(table) if table is not None and is_table else None


def norm_layer(arrays: Arrays, axis: int = -1, epsilon: float = 1e-5) -> nn.Module | None:
    """``nn.LayerNorm`` over the last axes."""
    scale, shift = (*arrays, None)[:2]
    if scale is None:
        return None
    layer = nn.LayerNorm(scale.shape, epsilon, bias=shift is not None)
    _filled(layer.weight, scale)
    if shift is not None:
        _filled(layer.bias, shift)
    return layer


class Recurrence(nn.Module):
    """``nn.LSTM`` with the gates of ONNX in PyTorch's order and its two biases as one sum."""

    def __init__(self, arrays: Arrays, direction: str, batch_first: bool) -> None:
        super().__init__()
        inputs, states, biases = (*arrays, None)[:3]
        assert inputs is not None and states is not None
        self.backwards, self.batch_first = direction == "reverse", batch_first
        self.lstm = nn.LSTM(
            inputs.shape[2], states.shape[2], bidirectional=direction == "bidirectional"
        )
        for number, suffix in enumerate(("l0", "l0_reverse")[: len(inputs)]):
            _filled(self.lstm.get_parameter(f"weight_ih_{suffix}"), _gates(inputs[number]))
            _filled(self.lstm.get_parameter(f"weight_hh_{suffix}"), _gates(states[number]))
            both = (
                np.zeros((2, inputs.shape[1])) if biases is None else biases[number].reshape(2, -1)
            )
            _filled(self.lstm.get_parameter(f"bias_ih_{suffix}"), _gates(both.sum(axis=0)))
            nn.init.zeros_(self.lstm.get_parameter(f"bias_hh_{suffix}")).requires_grad_(False)

    def forward(
        self,
        x: torch.Tensor,
        lengths: torch.Tensor | None = None,
        hidden: torch.Tensor | None = None,
        cell: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, ...]:
        if self.batch_first:
            x = x.transpose(0, 1)  # (time, batch, inputs)
            hidden, cell = (
                None if value is None else value.transpose(0, 1) for value in (hidden, cell)
            )
        time, batch, _ = x.shape
        ends = torch.full((batch,), time, device=x.device) if lengths is None else lengths.long()
        x = reverse_sequence(x, ends) if self.backwards else x
        directions = 2 if self.lstm.bidirectional else 1
        nothing = x.new_zeros(directions, batch, self.lstm.hidden_size)
        before = (nothing if hidden is None else hidden, nothing if cell is None else cell)
        packed = pack_padded_sequence(x, ends.clamp(min=1).cpu(), enforce_sorted=False)
        packed, after = self.lstm(packed, before)
        all_states, _ = pad_packed_sequence(
            packed, total_length=time
        )  # (time, batch, directions · units)
        read = (ends > 0)[:, None]  # of an empty text nothing is read
        last = [torch.where(read, new, old) for new, old in zip(after, before, strict=True)]
        answers = torch.where(read, all_states, 0.0)
        answers = reverse_sequence(answers, ends) if self.backwards else answers
        answers = answers.reshape(time, batch, directions, -1).transpose(1, 2)
        if self.batch_first:
            return answers.permute(2, 0, 1, 3), *(value.transpose(0, 1) for value in last)
        return answers, *last


def _gates(values: np.ndarray) -> np.ndarray:
    """Rows of the four gates, from the order of ONNX into that of PyTorch."""
    return np.concatenate([np.split(values, 4)[place] for place in LSTM_GATES])


def lstm_layer(
    arrays: Arrays, direction: str = "forward", hidden_size: int = 0, layout: int = 0
) -> nn.Module | None:
    """A layer that reads forwards, backwards or in both directions."""
    return Recurrence(arrays, direction, bool(layout))


LAYERS: dict[str, Callable[..., nn.Module | None]] = {
    "Conv": convolution_layer,
    "Gather": embedding_layer,
    "Gemm": dense_layer,
    "LSTM": lstm_layer,
    "LayerNormalization": norm_layer,
    "MatMul": dense_layer,
}
"""Called with what it keeps and with the attributes; ``None``: such a layer there is not."""
