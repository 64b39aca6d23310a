"""What an ONNX model is here: plain nodes and NumPy arrays, of which each wing builds a model of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.errors import MigrationError


@dataclass(frozen=True)
class Value:
    """What goes into or comes out of a graph."""

    name: str
    dtype: str
    """NumPy's name; empty where the file does not say."""
    shape: tuple[int | str | None, ...] | None
    """Whole numbers are fixed; names and ``None`` are open. ``None`` as a whole: not even the number of axes is stated."""


@dataclass(frozen=True, eq=False)
class Node:
    """One step of a graph."""

    operator: str
    name: str
    inputs: tuple[str, ...]
    """Names of values; empty where one is left out."""
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """Numbers, words, arrays, or a :class:`Graph`."""


@dataclass(frozen=True, eq=False)
class Graph:
    """A computation, its nodes in an order in which they can be computed."""

    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    constants: Mapping[str, np.ndarray]
    nodes: tuple[Node, ...]
    opset: int
    producer: str = ""


@dataclass(frozen=True, kw_only=True)
class RebuiltLayer:
    """A node of a graph that became a layer of a framework."""

    node: str
    """The node's name."""
    operator: str
    """Its operator."""
    layer: str
    """The class of the layer."""
    shapes: tuple[tuple[int, ...], ...] = ()
    """The shapes of the layer's weights."""


def open_axes(graph: Graph, name: str, axes: tuple[int, ...]) -> None:
    """Raise ``MigrationError`` unless the input has these axes and they are open, so that any number of texts of any length fits."""
    given = next((value for value in graph.inputs if value.name == name), None)
    if given is None:
        found = ", ".join(f"“{value.name}”" for value in graph.inputs) or "none"
        raise MigrationError(f"The ONNX graph has no input “{name}”. Found {found}. Export the model with an input of that name.")
    for axis in axes:
        size = given.shape[axis] if given.shape is not None and axis < len(given.shape) else "missing"
        if isinstance(size, int) or size == "missing":
            raise MigrationError(
                f"The ONNX graph fixes axis {axis} of its input “{name}”: it is {size}. Expected an open one, for texts differ in number "
                "and length. Export again and leave it open: dynamic_shapes of torch.onnx.export, or None in the input_signature of Keras."
            )


def operator_counts(graph: Graph) -> dict[str, int]:
    """Return how often each operator occurs, bodies of loops included, the most frequent first."""
    counts: dict[str, int] = {}
    for node in every_node(graph):
        counts[node.operator] = counts.get(node.operator, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def every_node(graph: Graph) -> Iterator[Node]:
    """Return all nodes, those in the bodies of loops behind the loop."""
    for node in graph.nodes:
        yield node
        for value in node.attributes.values():
            if isinstance(value, Graph):
                yield from every_node(value)


def every_graph(graph: Graph) -> Iterator[Graph]:
    """Return the graph and the bodies of its loops."""
    yield graph
    for node in graph.nodes:
        for value in node.attributes.values():
            if isinstance(value, Graph):
                yield from every_graph(value)
