"""The code of each route, cut from the engine's files: what the Migrate page shows is what ran."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine import FRAMEWORKS
from engine.runs.source_code import cut_code, source_file
from engine.source.source_tree import Definition, SourceTree

if TYPE_CHECKING:
    from engine.studies.study import Study

WING = "engine/frameworks/{framework}/"
JOB = "engine/workers/jobs/migrate.py"

SHOWN: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "weights": (("classifiers/{classifier}.py", ("to_neutral", "load_neutral")),),
    "onnx": (
        ("onnx/layers.py", ("dense_layer", "embedding_layer")),
        ("onnx/model.py", ("ImportedGraph", "import_graph")),
        ("onnx/operators.py", ("softmax",)),
        ("onnx/shapes.py", ("cut", "gather_nd")),
    ),
    "checkpoint": (("encoder.py", ("load_encoder",)),),
}
"""What is shown of both wings, side by side: the pieces with their own names in each file."""

SHARED: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "weights": ((JOB, ("by_weights",)),),
    "onnx": ((JOB, ("by_onnx",)), ("engine/shared/onnx/reading.py", ("read_graph",)), ("engine/shared/onnx/simplify.py", ("simplified",))),
    "checkpoint": ((JOB, ("by_checkpoint",)), ("engine/shared/encoders/writing.py", ("write_checkpoint", "_write"))),
}
"""What belongs to neither framework."""


@dataclass(frozen=True)
class RouteCode:
    """The pieces of one route."""

    wings: dict[str, tuple[Definition, ...]]
    """The pieces of each framework, in the same order in both."""
    shared: tuple[Definition, ...]


def route_code(route: str, classifier: str, study: Study | None) -> RouteCode:
    """Return the code as the study kept it, for that is what ran; the present code where there is none, or it is damaged."""
    return cut_code(study, lambda files: _cut(files, route, classifier))


def _cut(files: dict[str, str], route: str, classifier: str) -> RouteCode:
    files = {name: files.get(name) or source_file(name) or "" for name in {*files, *(name for name, _ in SHARED[route])}}
    tree = SourceTree(files)
    wings = {}
    for framework in FRAMEWORKS:
        places = [
            (WING.format(framework=framework) + file.format(classifier=classifier.replace("-", "_")), names) for file, names in SHOWN[route]
        ]
        wings[framework] = tuple(tree.definition(file, name) for file, names in places for name in names)
    return RouteCode(wings, tuple(tree.definition(file, name) for file, names in SHARED[route] for name in names))
