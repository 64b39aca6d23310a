"""An ONNX file that somebody else made: what the safe reader finds in it, before any framework is asked."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from engine.display.formatting import count
from engine.errors import MigrationError
from engine.shared.onnx.graph import Graph, Value, operator_counts
from engine.shared.onnx.reading import read_graph
from engine.shared.onnx.simplify import simplified

IN_PYTHON = """from pathlib import Path

from engine.frameworks.{framework}.onnx.model import import_graph
from engine.shared.onnx.simplify import simplified
from engine.shared.onnx.reading import read_graph

model = import_graph(simplified(read_graph(Path({name!r}))))
"""
"""How such a file becomes a model that can be trained, in the project's folder."""


UPLOAD = "upload.onnx"


@dataclass(frozen=True)
class ForeignFile:
    """What was found."""

    sentence: str
    operators: dict[str, int]
    weights: int
    """Numbers in its weights."""


def look_into(name: str, content: bytes) -> ForeignFile:
    """Read a file that was uploaded, as data and nothing else. Raises ``MigrationError``, which names the node, where it is refused."""
    try:
        with tempfile.TemporaryDirectory(prefix="parity-onnx-") as folder:
            file = Path(folder) / UPLOAD  # never by the name that it came with
            file.write_bytes(content)
            graph = simplified(read_graph(file))
    except MigrationError as error:
        raise MigrationError(str(error).replace(UPLOAD, name)) from error
    except OSError as error:
        raise MigrationError(
            f"{name} cannot be looked into: it could not be put into a temporary folder ({error.strerror or error}). Free some space and "
            "try again."
        ) from error
    weights = sum(array.size for array in graph.constants.values() if array.dtype.kind == "f")
    return ForeignFile(_sentence(graph, weights), operator_counts(graph), weights)


def _sentence(graph: Graph, weights: int) -> str:
    taken = ", ".join(map(_words, graph.inputs)) or "nothing"
    given = ", ".join(map(_words, graph.outputs[:1]))
    nodes = count(sum(operator_counts(graph).values()), "node")
    return (
        f"Every operator can be rebuilt in both frameworks: {nodes} in operator set {graph.opset} with {weights:,} weights, "
        f"from {taken} to {given}.{_fixed(graph)}"
    )


def _fixed(graph: Graph) -> str:
    """Return what it means where the number of rows is fixed, which most exporters do unless they are told otherwise."""
    sizes = {value.name: value.shape[0] for value in graph.inputs if value.shape and isinstance(value.shape[0], int)}
    if not sizes:
        return ""
    name, size = next(iter(sizes.items()))
    return (
        f" The first axis of “{name}” is fixed at {size}, so it answers to exactly {count(size, 'row')} at a time. Export again with that "
        "axis open for any number: dynamic_shapes of torch.onnx.export, or None in the input_signature of Keras."
    )


def _words(value: Value) -> str:
    sizes = "unknown axes" if value.shape is None else " × ".join("any" if size is None else str(size) for size in value.shape)
    return f"“{value.name}” ({value.dtype or 'numbers'}, {sizes})"
