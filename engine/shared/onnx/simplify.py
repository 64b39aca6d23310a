"""One form for what ONNX has said in several ways, and a smaller graph: so each wing knows every operator once.

Older operator sets keep in attributes what newer ones take as inputs. Exporters leave computations with constants behind, for example a
transposed weight: they are done here, once. A product followed by the sum with a bias is a dense layer.

Done by hand: ``onnxscript.optimizer`` computes first and looks at the size afterwards (a ``Tile`` in a file of 4 KB asks for 1.5 TB),
and joins no dense layers; ``onnx.version_converter`` makes four nodes of one old softmax, and most of :func:`current_form` would remain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from engine.errors import MigrationError
from engine.shared.onnx.graph import Graph, Node, every_node

FORMER_ATTRIBUTES = {
    "Clip": ("min", "max"),
    "Pad": ("pads", "value"),
    "Slice": ("starts", "ends", "axes", "steps"),
    "Split": ("split",),
    "Squeeze": ("axes",),
    "Unsqueeze": ("axes",),
    **dict.fromkeys(
        ("ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare"), ("axes",)
    ),
}  # fmt: skip
"""Attributes of older operator sets that became inputs, in the order of those, behind the first one."""

RENAMED = {"transA": "first_turned", "transB": "second_turned"}
"""Attributes of ``Gemm``, in words that a Python function can have for its parameters."""

FLATTENED_BEFORE = 13
"""Until this operator set, softmax took all axes from ``axis`` on for one."""

MOST_FOLDED = 10**8
"""Numbers in a result that is computed once, here: a foreign file must not fill the memory."""


def current_form(node: Node, opset: int) -> tuple[Node, dict[str, np.ndarray]]:
    """Return the node as operator set 18 would write it, and the constants that this takes."""
    attributes, constants = dict(node.attributes), {}
    inputs = list(node.inputs)
    for place, name in enumerate(FORMER_ATTRIBUTES.get(node.operator, ()), start=1):
        if name not in attributes:
            continue
        value = np.asarray(attributes.pop(name))
        constant = f"{node.outputs[0]}/{name}"
        constants[constant] = value.astype(np.float32) if value.dtype.kind == "f" else value.astype(np.int64)
        inputs += [""] * (place + 1 - len(inputs))
        inputs[place] = constant
    if node.operator in ("Softmax", "LogSoftmax"):
        old = opset < FLATTENED_BEFORE
        attributes = {"axis": attributes.get("axis", 1 if old else -1), "flattened": old}
    if node.operator == "Split":
        attributes["num_outputs"] = len(node.outputs)
    if node.operator == "Dropout":
        attributes = {}  # it drops nothing where a model answers
    for former, name in RENAMED.items():
        if former in attributes:
            attributes[name] = attributes.pop(former)
    attributes.pop("activations", None)
    for name in ("saturate", "round_mode", "stash_type", "input_forget", "select_last_index"):
        attributes.pop(name, None)  # they have been found to change nothing
    return replace(node, inputs=tuple(inputs), attributes=attributes), constants


def simplified(graph: Graph) -> Graph:
    """Return the same computation without nodes that only compute with constants, and with dense layers as single nodes (``Gemm``).

    In such a ``Gemm`` the first factor may have any number of axes, of which the last is multiplied. Raises ``MigrationError`` where
    constants do not fit what is to be computed with them.
    """
    try:
        return _simplified(graph, {})
    except (ValueError, IndexError, TypeError) as error:
        raise MigrationError(
            f"The ONNX graph does not hold together: its constants do not fit the computation ({error}). Expected a model that ONNX "
            "Runtime runs. Export the model again."
        ) from error


def _simplified(graph: Graph, outer: Mapping[str, np.ndarray]) -> Graph:
    """``outer`` holds the constants of the graphs around this one, which a loop's body may use by name."""
    constants, nodes = dict(graph.constants), []
    for node in graph.nodes:
        values = {name: constants.get(name, outer.get(name)) for name in node.inputs if name}
        folded = _fold(node, [values[name] if name else None for name in node.inputs]) if _may_fold(node, values) else None
        if folded is not None:
            constants |= dict(zip(node.outputs, folded, strict=False))
            continue
        attributes = {
            name: _simplified(value, {**outer, **constants}) if isinstance(value, Graph) else value
            for name, value in node.attributes.items()
        }
        nodes.append(replace(node, attributes=attributes))
    graph = replace(graph, constants=constants, nodes=tuple(nodes))
    return _with_used_constants(_with_dense_layers(graph, {**outer, **constants}))


def _may_fold(node: Node, inputs: Mapping[str, np.ndarray | None]) -> bool:
    values = [value for value in inputs.values() if value is not None]
    if node.operator not in FOLDED or len(values) < len(inputs):
        return False
    # The rows of a table of vectors are looked up by the framework's own layer.
    return node.operator != "Gather" or values[0].dtype.kind != "f"


def _fold(node: Node, inputs: list[np.ndarray | None]) -> list[np.ndarray] | None:
    if node.operator in ARITHMETIC:
        shape = np.broadcast_shapes(*(value.shape for value in inputs if value is not None))
        if np.prod(shape, dtype=float) > MOST_FOLDED:
            return None
    result = FOLDED[node.operator](*inputs, **node.attributes)
    return [np.array(part, order="C") for part in (result if isinstance(result, (list, tuple)) else [result])]


def _with_dense_layers(graph: Graph, constants: Mapping[str, np.ndarray]) -> Graph:
    """``MatMul`` with a constant matrix, then ``Add`` of a constant vector, becomes ``Gemm``."""
    uses: dict[str, int] = {value.name: 1 for value in graph.outputs}
    for node in every_node(graph):
        for name in node.inputs:
            uses[name] = uses.get(name, 0) + 1
    products = {
        node.outputs[0]: node
        for node in graph.nodes
        if node.operator == "MatMul"
        and node.inputs[1] in constants
        and constants[node.inputs[1]].ndim == 2
        and uses.get(node.outputs[0]) == 1
    }
    joined, gone = [], set()
    for node in graph.nodes:
        pair = node.inputs if node.operator == "Add" else ()
        for product, bias in (pair, pair[::-1]) if pair else ():
            if product in products and bias in constants:
                size = constants[products[product].inputs[1]].shape[1]
                if constants[bias].shape == (size,):
                    factors = products[product]
                    node = Node("Gemm", factors.name, (*factors.inputs, bias), node.outputs)
                    gone.add(product)
                    break
        joined.append(node)
    return replace(graph, nodes=tuple(node for node in joined if not (node.operator == "MatMul" and node.outputs[0] in gone)))


def _with_used_constants(graph: Graph) -> Graph:
    used = {name for node in every_node(graph) for name in node.inputs}
    for node in every_node(graph):
        for value in node.attributes.values():
            if isinstance(value, Graph):
                used |= {output.name for output in value.outputs}
    used |= {value.name for value in graph.outputs}
    return replace(graph, constants={name: value for name, value in graph.constants.items() if name in used})


# --- What is computed with constants ---


def _reshape(x: np.ndarray, shape: np.ndarray, allowzero: int = 0) -> np.ndarray:
    sizes = [x.shape[axis] if size == 0 and not allowzero else int(size) for axis, size in enumerate(shape)]
    return x.reshape(sizes)


def _slice(x: np.ndarray, starts: Any, ends: Any, axes: Any = None, steps: Any = None) -> np.ndarray:
    chosen = [slice(None)] * x.ndim
    for place, start in enumerate(starts):
        axis = place if axes is None else int(axes[place])
        chosen[axis] = slice(int(start), int(ends[place]), None if steps is None else int(steps[place]))
    return x[tuple(chosen)]


def _split(x: np.ndarray, split: np.ndarray | None = None, axis: int = 0, num_outputs: int = 1) -> list[np.ndarray]:
    if split is not None:
        return np.split(x, np.cumsum(split)[:-1], axis=axis)
    size = -(-x.shape[axis] // num_outputs)
    return np.split(x, range(size, x.shape[axis], size), axis=axis)


def _divide(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.trunc(x / y).astype(x.dtype) if x.dtype.kind in "iu" else x / y


ARITHMETIC: dict[str, Callable[..., Any]] = {"Add": np.add, "Div": _divide, "Mul": np.multiply, "Sub": np.subtract}
FOLDED: dict[str, Callable[..., Any]] = ARITHMETIC | {
    "Cast": lambda x, to: x.astype(to),
    "Concat": lambda *parts, axis: np.concatenate(parts, axis=axis),
    "Gather": lambda x, indices, axis=0: np.take(x, indices, axis=axis),
    "Identity": lambda x: x,
    "Neg": np.negative,
    "Reciprocal": np.reciprocal,
    "Reshape": _reshape,
    "Shape": lambda x, start=0, end=None: np.array(x.shape[start:end], np.int64),
    "Slice": _slice,
    "Split": _split,
    "Sqrt": np.sqrt,
    "Squeeze": lambda x, axes=None: np.squeeze(x, None if axes is None else tuple(axes.ravel())),
    "Transpose": lambda x, perm=None: np.transpose(x, perm),
    "Unsqueeze": lambda x, axes: np.expand_dims(x, tuple(axes.ravel())),
}
"""Small, or no larger than what goes in; anything else stays in the graph."""
