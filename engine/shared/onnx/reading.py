"""Reads an ONNX file into plain nodes and NumPy arrays and trusts nothing in it; loads no framework and runs nothing.

A file may be damaged, made by anybody, or name other files as parts of its weights. What cannot be rebuilt is refused in a sentence.
Format: https://github.com/onnx/onnx/blob/main/docs/IR.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np

from engine.errors import MigrationError
from engine.shared.onnx.graph import Graph, Node, Value
from engine.shared.onnx.operators import OLDEST_OPSET, OPERATORS, USUAL, USUAL_ACTIVATIONS
from engine.shared.onnx.simplify import FORMER_ATTRIBUTES, current_form

LARGEST_BYTES = 2 * 10**9
"""The largest size of a file with all its parts: protobuf, the format's envelope, ends a little above it."""

NUMBERS = {1: "float32", 10: "float16", 11: "float64", 9: "bool", 2: "uint8", 3: "int8", 6: "int32", 7: "int64"}
"""ONNX's number of each type of number that is rebuilt, and NumPy's name for it."""

EXPORT_AGAIN = "Export the model again, or ask whoever made the file for another copy."


def read_graph(path: Path) -> Graph:
    """Return the graph in a file, as the file has it.

    Raises ``MigrationError`` when it is damaged, unsafe, too large or holds what is not rebuilt.
    """
    model = _parse(path)
    opset = _opset(model, path)
    _bring_in_parts(model, path)
    if model.functions:
        model = _inline(model, path)
    for node, words in _all_nodes(model.graph, path):
        _check_node(node, words)
    _check_form(model, path)
    try:
        return _graph(model.graph, opset, _producer(model))
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise _damaged(path, error) from error


# --- Looking at the file before anything in it is believed ---


def _parse(path: Path) -> Any:
    import onnx  # here, for it takes half a second that pages do not have
    from google.protobuf.message import DecodeError

    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise MigrationError(
                f"{path.name} has {size / 1e9:.3g} GB. Expected at most {LARGEST_BYTES / 1e9:.3g} GB, which is as much as the format's "
                "envelope holds; it was not opened. Keep the weights in a part beside the file, or migrate a smaller model."
            )
        model = onnx.ModelProto.FromString(path.read_bytes())
    except DecodeError as error:
        raise MigrationError(
            f"{path.name} is not an ONNX model, or only a part of one ({error}). Expected a file as torch.onnx.export or "
            f"model.export of Keras write it. {EXPORT_AGAIN}"
        ) from error
    except OSError as error:
        raise MigrationError(f"{path.name} cannot be read ({error.strerror or error}). Choose another file.") from error
    if not model.ir_version or not model.graph.output:
        raise MigrationError(
            f"{path.name} is not an ONNX model: it states no version or computes nothing. Expected a file as torch.onnx.export or "
            f"model.export of Keras write it. {EXPORT_AGAIN}"
        )
    return model


def _opset(model: Any, path: Path) -> int:
    from onnx import defs

    stated = [entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
    newest = defs.onnx_opset_version()
    if len(stated) != 1 or not OLDEST_OPSET <= stated[0] <= newest:
        found = ", ".join(map(str, stated)) or "none"
        raise MigrationError(
            f"{path.name} uses the operator set {found} of ONNX. Expected one from {OLDEST_OPSET} to {newest}. "
            "Export again with opset_version in that range."
        )
    return int(stated[0])


def _bring_in_parts(model: Any, path: Path) -> None:
    """Read weights that lie in files of their own into the model. Each must lie beside it and hold what it should."""
    folder = path.parent.resolve()
    total = path.stat().st_size
    for tensor in _all_tensors(model.graph, model.functions):
        if tensor.data_location != 1:  # EXTERNAL
            continue
        facts = {entry.key: entry.value for entry in tensor.external_data}
        location = facts.get("location", "")
        outside = PurePosixPath(location).is_absolute() or PureWindowsPath(location).is_absolute() or PureWindowsPath(location).drive
        part = (folder / location).resolve()
        if not location or outside or "\\" in location or folder not in part.parents:
            raise MigrationError(
                f"{path.name} keeps the weight “{tensor.name}” in “{location}”, which is not beside it. Expected a file in the "
                "same folder: others are never read, for a foreign model could fetch whatever lies on this computer. "
                "Export the model in one file."
            )
        expected = _bytes_of(tensor, path)
        try:
            offset, length = int(facts.get("offset") or 0), int(facts.get("length") or expected)
            size = part.stat().st_size
        except (OSError, ValueError) as error:
            raise MigrationError(
                f"{path.name} needs “{location}” beside it for the weight “{tensor.name}”, which cannot be read ({error}). "
                "Put both files into one folder, or export the model in one file."
            ) from error
        total += expected
        if total > LARGEST_BYTES:
            raise MigrationError(
                f"{path.name} has more than {LARGEST_BYTES / 1e9:.3g} GB with its parts. Expected less; nothing more of it was read. "
                "Migrate a smaller model."
            )
        if offset < 0 or length != expected or offset + expected > size:
            raise MigrationError(
                f"The weight “{tensor.name}” of {path.name} does not fit: {expected:,} bytes from {offset:,} on were expected in "
                f"“{location}”, which has {size:,}. The files do not belong together. {EXPORT_AGAIN}"
            )
        with open(part, "rb") as file:
            file.seek(offset)
            tensor.raw_data = file.read(expected)
        del tensor.external_data[:]
        tensor.data_location = 0


def _bytes_of(tensor: Any, path: Path) -> int:
    dtype = _dtype(tensor.data_type, f"the weight “{tensor.name}”")
    if any(size < 0 for size in tensor.dims):
        raise _damaged(path, ValueError(f"the weight “{tensor.name}” has a negative size"))
    return math.prod(tensor.dims) * np.dtype(dtype).itemsize


def _all_tensors(graph: Any, functions: Any = ()) -> Iterator[Any]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    nodes = [*graph.node, *(node for function in functions for node in function.node)]
    for attribute in (attribute for node in nodes for attribute in node.attribute):
        if attribute.HasField("t"):
            yield attribute.t
        yield from attribute.tensors
        if attribute.HasField("g"):
            yield from _all_tensors(attribute.g)
        for inner in attribute.graphs:
            yield from _all_tensors(inner)


def _inline(model: Any, path: Path) -> Any:
    from onnx import inliner

    try:
        return inliner.inline_local_functions(model)
    except Exception as error:  # the C++ side raises whatever it likes about a function that calls itself or is not there
        raise _damaged(path, error) from error


def _all_nodes(graph: Any, path: Path) -> Iterator[tuple[Any, str]]:
    """Every node, with what it is called in a message."""
    if graph.sparse_initializer:
        raise MigrationError(
            f"{path.name} holds sparse weights, which are not rebuilt here. Expected dense ones. Export the model densely."
        )
    for number, node in enumerate(graph.node):
        yield node, f"node {number + 1} (“{node.name or (node.output[0] if node.output else '')}”) of {path.name}"
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _all_nodes(attribute.g, path)


def _check_node(node: Any, words: str) -> None:
    """Raise ``MigrationError`` where a node is outside the table."""
    kind = node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}"
    if kind != "Constant" and kind not in OPERATORS:
        raise MigrationError(
            f"{words} is the operator {kind}, which is not rebuilt here. Expected one of the {len(OPERATORS)} in "
            "engine/shared/onnx/operators.py. Run the file with ONNX Runtime, which knows all of them, or export the model without it; to "
            "have it rebuilt, add it to that table and to onnx/operators.py of both wings."
        )
    for attribute in node.attribute:
        if kind == "Constant" or attribute.name in (*OPERATORS[kind], *_formerly(kind)):
            continue
        if not _changes_nothing(kind, attribute):
            raise MigrationError(
                f"{words}, a {kind}, has the attribute {attribute.name}, which is not heeded here. Expected only "
                f"{', '.join(OPERATORS[kind]) or 'none'}. Run the file with ONNX Runtime, or export the model without it."
            )


def _formerly(kind: str) -> tuple[str, ...]:
    return (*FORMER_ATTRIBUTES.get(kind, ()), *(("ratio", "seed") if kind == "Dropout" else ()))


def _changes_nothing(kind: str, attribute: Any) -> bool:
    from onnx import helper

    value = helper.get_attribute_value(attribute)
    value = value.decode() if isinstance(value, bytes) else value
    if kind == "LSTM" and attribute.name == "activations":
        return all(word.decode() == USUAL_ACTIVATIONS[place % 3] for place, word in enumerate(value))
    usual = USUAL.get(kind, {})
    return attribute.name in usual and usual[attribute.name] == value


def _check_form(model: Any, path: Path) -> None:
    """What ONNX's own checker has to say: names that nobody computes, operators with too few inputs, an order that cannot be."""
    from onnx import checker

    try:
        checker.check_model(model)
    except (checker.ValidationError, ValueError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> MigrationError:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
    return MigrationError(f"{path.name} does not hold together as an ONNX model ({reason}). Expected a complete one. {EXPORT_AGAIN}")


def _dtype(number: int, words: str) -> str:
    if number not in NUMBERS:
        raise MigrationError(
            f"In the ONNX model {words} consists of numbers of type {number}, which are not rebuilt here. Expected one of "
            f"{', '.join(NUMBERS.values())}. Export the model in float32."
        )
    return NUMBERS[number]


# --- From protobuf to plain values ---


def _graph(graph: Any, opset: int, producer: str) -> Graph:
    constants = {tensor.name: _array(tensor) for tensor in graph.initializer}
    nodes: list[Node] = []
    for proto in graph.node:
        attributes = {attribute.name: _attribute(attribute, opset, producer) for attribute in proto.attribute}
        name = proto.name or proto.output[0]
        node = Node(proto.op_type, name, tuple(proto.input), tuple(proto.output), attributes)
        if node.operator == "Constant":
            constants[node.outputs[0]] = _constant(attributes)
        else:
            node, more = current_form(node, opset)
            constants |= more
            nodes.append(node)
    inputs = tuple(_value(value) for value in graph.input if value.name not in constants)
    return Graph(inputs, tuple(_value(value) for value in graph.output), constants, tuple(nodes), opset, producer)


def _producer(model: Any) -> str:
    """Who wrote the file; tf2onnx ends its version with the commit, or with the word None."""
    return " ".join([model.producer_name, *model.producer_version.split()[:1]]).strip()


def _value(value: Any) -> Value:
    kind = value.type.tensor_type
    # A loop's body need not say of what its values are.
    dtype = _dtype(kind.elem_type, f"“{value.name}”") if kind.elem_type else ""
    if not kind.HasField("shape"):
        return Value(value.name, dtype, None)
    sizes = (size.dim_value if size.HasField("dim_value") else size.dim_param or None for size in kind.shape.dim)
    return Value(value.name, dtype, tuple(sizes))


def _array(tensor: Any) -> np.ndarray:
    from onnx import numpy_helper

    _dtype(tensor.data_type, f"the weight “{tensor.name}”")
    return np.array(numpy_helper.to_array(tensor))  # a copy that can be written to


def _attribute(attribute: Any, opset: int, producer: str) -> Any:
    from onnx import helper

    if attribute.HasField("g"):
        return _graph(attribute.g, opset, producer)
    if attribute.HasField("t"):
        return _array(attribute.t)
    value = helper.get_attribute_value(attribute)
    if attribute.name == "to":
        return _dtype(value, "a result")
    return value.decode() if isinstance(value, bytes) else list(value) if isinstance(value, (list, tuple)) else value


def _constant(attributes: Mapping[str, Any]) -> np.ndarray:
    """What a ``Constant`` node holds, in one of its forms."""
    ((name, value),) = attributes.items()
    if name == "value":
        return np.asarray(value)
    kind = {"value_float": np.float32, "value_floats": np.float32, "value_int": np.int64, "value_ints": np.int64}[name]
    return np.array(value, kind)
