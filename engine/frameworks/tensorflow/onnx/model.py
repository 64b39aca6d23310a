"""An ONNX graph as a Keras model that can be trained on.

Where an operator is a layer of Keras it becomes one; other arrays of weights become variables.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from engine.errors import MigrationError
from engine.frameworks.tensorflow.onnx.layers import LAYERS
from engine.frameworks.tensorflow.onnx.operators import OPERATORS
from engine.shared.onnx.graph import Graph, Node, RebuiltLayer, every_graph, every_node
from engine.shared.onnx.operators import WEIGHT_INPUTS


class ImportedGraph(keras.layers.Layer):
    """The nodes of a graph, computed one after the other."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(dtype=keras.config.floatx())
        self.graph = graph
        self.layers: dict[str, keras.layers.Layer] = {}
        self.weights_of: dict[str, keras.Variable] = {}
        self.layer_of: dict[Node, tuple[str, list[int]]] = {}
        self.constants: dict[str, np.ndarray] = {}
        constants = {
            name: array for each in every_graph(graph) for name, array in each.constants.items()
        }
        kept: dict[Any, str] = {}
        for node in every_node(graph):
            self._keep_layer(node, constants, kept)
        for name in (name for name in constants if name in self._read_by_nodes()):
            array = constants[name]
            if array.dtype.kind == "f" and array.size > 1:
                # Vectors are called a bias, for that is what weight decay goes by.
                kind = "weight" if array.ndim > 1 else "bias"
                variable = self.add_weight(
                    name=f"{kind}_{len(self.weights_of) + 1}",
                    shape=array.shape,
                    dtype=array.dtype.name,
                    initializer="zeros",
                )
                variable.assign(array)
                self.weights_of[name] = variable
            else:
                self.constants[name] = array
        self.built = True

    def _keep_layer(
        self, node: Node, constants: dict[str, np.ndarray], kept: dict[Any, str]
    ) -> None:
        """Build the layer that a node is, once for all nodes that share its weights."""
        places = [
            place
            for place in WEIGHT_INPUTS.get(node.operator, ())
            if any(node.inputs[place : place + 1])
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
            layer.name = name
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

    def call(self, inputs: Any) -> tf.Tensor:
        """The graph's first result, for inputs in the graph's order."""
        tensors = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        given = zip(self.graph.inputs, tensors, strict=True)
        values = {value.name: OPERATORS["Cast"](tensor, value.dtype) for value, tensor in given}
        return self._run(self.graph, values)[0]

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        sizes = self.graph.outputs[0].shape or (None, None)
        return tuple(size if isinstance(size, int) else None for size in sizes)

    def _run(self, graph: Graph, values: dict[str, tf.Tensor]) -> list[tf.Tensor]:
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

    def _value(self, name: str, values: dict[str, tf.Tensor]) -> tf.Tensor:
        if name in values:
            return values[name]
        if name in self.weights_of:
            return tf.convert_to_tensor(self.weights_of[name])
        return tf.constant(self.constants[name])

    def _step(self, node: Node, inputs: list[tf.Tensor | None]) -> Any:
        if node in self.layer_of:
            return self.layers[self.layer_of[node][0]](*inputs)
        return OPERATORS[node.operator](*inputs, **node.attributes)

    def _loop(
        self, node: Node, values: dict[str, tf.Tensor], inputs: list[Any]
    ) -> tuple[tf.Tensor, ...]:
        """The body again and again: what it carries on, then lists of what it adds each time."""
        most, goes_on, *carried = inputs
        body: Graph = node.attributes["body"]
        added = body.outputs[1 + len(carried) :]
        lists = [
            tf.TensorArray(value.dtype or "float32", 0, dynamic_size=True, infer_shape=False)
            for value in added
        ]
        limit = (
            tf.constant(2**62, tf.int64)
            if most is None
            else tf.reshape(tf.cast(most, tf.int64), ())
        )
        goes_on = tf.constant(True) if goes_on is None else tf.reshape(goes_on, ())

        def once(step: Any, goes_on: Any, carried: Any, lists: Any) -> tuple[Any, ...]:
            names = [value.name for value in body.inputs]
            inner = values | dict(zip(names, (step, goes_on, *carried), strict=True))
            goes_on, *outcome = self._run(body, inner)
            more = outcome[len(carried) :]
            lists = [
                some.write(tf.cast(step, tf.int32), one)
                for some, one in zip(lists, more, strict=True)
            ]
            return step + 1, tf.reshape(goes_on, ()), outcome[: len(carried)], lists

        open_shapes = [tf.TensorShape([None] * len(value.shape)) for value in carried]
        _, _, carried, lists = tf.while_loop(
            lambda step, goes_on, *_: tf.logical_and(goes_on, step < limit),
            once,
            (tf.constant(0, tf.int64), goes_on, carried, lists),
            (tf.TensorShape([]), tf.TensorShape([]), open_shapes, [None] * len(lists)),
        )
        stacked = [some.stack() for some in lists]
        for value, one in zip(added, stacked, strict=True):
            if value.shape is not None:
                one.set_shape(
                    [None, *(size if isinstance(size, int) else None for size in value.shape)]
                )
        return *carried, *stacked


def _no_such_layer(node: Node) -> MigrationError:
    return MigrationError(
        f"The node “{node.name}” is a {node.operator} in a form that is not rebuilt here. Expected "
        "constant weights, one or two axes and no groups of a convolution. "
        "Run the file with ONNX Runtime, or export the model without it."
    )


def import_graph(graph: Graph) -> keras.Model:
    """A trainable model that computes the graph's first result.

    Raises ``MigrationError`` where an operator has a form that no layer of Keras has.
    """
    imported = ImportedGraph(graph)
    inputs = []
    for value in graph.inputs:
        sizes = [size if isinstance(size, int) else None for size in value.shape or ()]
        inputs.append(keras.Input(sizes[1:], dtype=value.dtype))
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], imported(inputs))


def train_only(model: keras.Model, names: set[str]) -> None:
    """Leave all weights as they are but for these, which are named as ``named_weights`` does."""
    for variable in model.weights:
        variable.trainable = variable.path in names


def own_layers(model: keras.Model) -> list[RebuiltLayer]:
    """Return each node that became a layer."""
    imported = next(layer for layer in model.layers if isinstance(layer, ImportedGraph))
    rebuilt = []
    for node, (name, _) in imported.layer_of.items():
        layer = imported.layers[name]
        inner = next(iter(layer._flatten_layers(include_self=False, recursive=False)), layer)
        shapes = tuple(tuple(weight.shape) for weight in layer.weights)
        rebuilt.append(
            RebuiltLayer(
                node=node.name, operator=node.operator, layer=type(inner).__name__, shapes=shapes
            )
        )
    return rebuilt
