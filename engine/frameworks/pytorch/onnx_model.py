"""An ONNX graph as a PyTorch model that can be trained on.

Where an operator is a layer of PyTorch it becomes one; other arrays of weights become parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from engine.errors import MigrationError
from engine.frameworks.pytorch.onnx_operators import OPERATORS, reverse_sequence
from engine.neutral.onnx_graph import Graph, Node, every_graph, every_node
from engine.neutral.onnx_table import LSTM_GATES, WEIGHT_INPUTS

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


class ImportedGraph(nn.Module):
    """The nodes of a graph, computed one after the other."""

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self.graph = graph
        self.layers, self.weights = nn.ModuleDict(), nn.ParameterDict()
        self.layer_of: dict[Node, tuple[str, list[int]]] = {}
        self.place_of: dict[str, str] = {}
        constants = {
            name: array for each in every_graph(graph) for name, array in each.constants.items()
        }
        kept: dict[Any, str] = {}
        for node in every_node(graph):
            self._keep_layer(node, constants, kept)
        for number, name in enumerate(name for name in constants if name in self._read_by_nodes()):
            array = constants[name]
            if array.dtype.kind == "f" and array.size > 1:
                self.place_of[name] = f"weight_{number}"
                self.weights[self.place_of[name]] = nn.Parameter(torch.from_numpy(array))
            else:
                self.place_of[name] = f"constant_{number}"
                self.register_buffer(self.place_of[name], torch.from_numpy(array), persistent=False)

    def _keep_layer(
        self, node: Node, constants: dict[str, np.ndarray], kept: dict[Any, str]
    ) -> None:
        """Build the layer that a node is, once for all nodes that share its weights."""
        places = [
            place
            for place in WEIGHT_INPUTS.get(node.operator, ())
            if node.inputs[place:][:1] > ("",)
        ]
        names = [node.inputs[place] for place in places]
        if not names or any(name not in constants for name in names):
            layer = None
        elif (key := (node.operator, *names, repr(node.attributes))) in kept:
            self.layer_of[node] = kept[key], places
            return
        else:
            layer = LAYERS[node.operator]([constants[name] for name in names], **node.attributes)
        if layer is not None:
            name = f"{node.operator.lower()}_{len(self.layers) + 1}"
            self.layers[name] = layer
            kept[key], self.layer_of[node] = name, (name, places)
        elif node.operator not in OPERATORS and node.operator != "Loop":
            raise _no_such_layer(node)

    def _read_by_nodes(self) -> set[str]:
        """Names of values that are read elsewhere than inside a layer."""
        read = {value.name for each in every_graph(self.graph) for value in each.outputs}
        for node in every_node(self.graph):
            _, places = self.layer_of.get(node, ("", []))
            read |= {name for place, name in enumerate(node.inputs) if place not in places}
        return read

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """The graph's first result, for inputs in the graph's order."""
        given = zip(self.graph.inputs, inputs, strict=True)
        values = {value.name: OPERATORS["Cast"](tensor, value.dtype) for value, tensor in given}
        return self._run(self.graph, values)[0]

    def _run(self, graph: Graph, values: dict[str, torch.Tensor]) -> list[torch.Tensor]:
        for node in graph.nodes:
            _, places = self.layer_of.get(node, ("", []))
            inputs = [
                self._value(name, values) if name else None
                for place, name in enumerate(node.inputs)
                if place not in places
            ]
            answer = (
                self._loop(node, values, inputs)
                if node.operator == "Loop"
                else self._step(node, inputs)
            )
            values |= zip(
                node.outputs, answer if isinstance(answer, tuple) else (answer,), strict=False
            )
        return [self._value(value.name, values) for value in graph.outputs]

    def _value(self, name: str, values: dict[str, torch.Tensor]) -> torch.Tensor:
        if name in values:
            return values[name]
        place = self.place_of[name]
        return self.weights[place] if place in self.weights else self.get_buffer(place)

    def _step(self, node: Node, inputs: list[torch.Tensor | None]) -> Any:
        if node in self.layer_of:
            return self.layers[self.layer_of[node][0]](*inputs)
        return OPERATORS[node.operator](*inputs, **node.attributes)

    def _loop(
        self, node: Node, values: dict[str, torch.Tensor], inputs: list[Any]
    ) -> tuple[torch.Tensor, ...]:
        """The body again and again: what it carries on, then lists of what it adds each time."""
        most, goes_on, *carried = inputs
        body: Graph = node.attributes["body"]
        collected: list[list[torch.Tensor]] = [[] for _ in body.outputs[1 + len(carried) :]]
        goes_on, step = torch.tensor(True) if goes_on is None else goes_on, 0
        while bool(goes_on) and (most is None or step < int(most)):
            names = [value.name for value in body.inputs]
            inner = values | dict(zip(names, (torch.tensor(step), goes_on, *carried), strict=True))
            goes_on, *outcome = self._run(body, inner)
            carried, added = outcome[: len(carried)], outcome[len(carried) :]
            for some, one in zip(collected, added, strict=True):
                some.append(one)
            step += 1
        return *carried, *(torch.stack(some) if some else torch.zeros(0) for some in collected)


def _no_such_layer(node: Node) -> MigrationError:
    return MigrationError(
        f"The node “{node.name}” is a {node.operator} in a form that is not rebuilt here. Expected "
        "constant weights, one or two axes and no groups of a convolution. "
        "Run the file with ONNX Runtime, or export the model without it."
    )


def import_graph(graph: Graph) -> nn.Module:
    """A trainable model that computes the graph's first result.

    Raises ``MigrationError`` where an operator has a form that no layer of PyTorch has.
    """
    return ImportedGraph(graph)


def own_layers(model: nn.Module) -> list[dict[str, Any]]:
    """Of each node that became a layer: its name, operator, the layer and its weights' shapes."""
    return [
        {
            "node": node.name,
            "operator": node.operator,
            "layer": type(next(iter(model.layers[name].children()), model.layers[name])).__name__,
            "shapes": [list(weight.shape) for weight in model.layers[name].parameters()],
        }
        for node, (name, _) in model.layer_of.items()
    ]
