"""An ONNX graph as a PyTorch model that can be trained on.

Where an operator is a layer of PyTorch it becomes one; other arrays of weights become parameters.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from engine.errors import MigrationError
from engine.frameworks.pytorch.onnx.layers import LAYERS
from engine.frameworks.pytorch.onnx.operators import OPERATORS
from engine.shared.onnx.graph import Graph, Node, RebuiltLayer, every_graph, every_node
from engine.shared.onnx.operators import WEIGHT_INPUTS


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


def train_only(model: nn.Module, names: set[str]) -> None:
    """Leave all weights as they are but for these, which are named as ``named_weights`` does."""
    for name, weight in model.named_parameters():
        weight.requires_grad_(name in names)


def own_layers(model: nn.Module) -> list[RebuiltLayer]:
    """Return each node that became a layer."""
    rebuilt = []
    for node, (name, _) in model.layer_of.items():
        layer = model.layers[name]
        inner = next(iter(layer.children()), layer)
        shapes = tuple(tuple(weight.shape) for weight in layer.parameters())
        rebuilt.append(
            RebuiltLayer(
                node=node.name, operator=node.operator, layer=type(inner).__name__, shapes=shapes
            )
        )
    return rebuilt
