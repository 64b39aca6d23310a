"""Where files of the engine are now that runs recorded before version 0.3.0 have kept under another name."""

from __future__ import annotations

MOVED = {
    "engine/frameworks/pytorch/onnx_layers.py": "engine/frameworks/pytorch/onnx/layers.py",
    "engine/frameworks/pytorch/onnx_model.py": "engine/frameworks/pytorch/onnx/model.py",
    "engine/frameworks/pytorch/onnx_operators.py": "engine/frameworks/pytorch/onnx/operators.py",
    "engine/frameworks/pytorch/onnx_places.py": "engine/frameworks/pytorch/onnx/shapes.py",
    "engine/frameworks/tensorflow/onnx_layers.py": "engine/frameworks/tensorflow/onnx/layers.py",
    "engine/frameworks/tensorflow/onnx_model.py": "engine/frameworks/tensorflow/onnx/model.py",
    "engine/frameworks/tensorflow/onnx_operators.py": "engine/frameworks/tensorflow/onnx/operators.py",
    "engine/frameworks/tensorflow/onnx_places.py": "engine/frameworks/tensorflow/onnx/shapes.py",
    "engine/neutral/architecture.py": "engine/shared/architecture.py",
    "engine/neutral/batches.py": "engine/shared/batches.py",
    "engine/neutral/class_weights.py": "engine/shared/class_weights.py",
    "engine/neutral/early_stopping.py": "engine/shared/early_stopping.py",
    "engine/neutral/encoder_tensors.py": "engine/shared/encoders/tensors.py",
    "engine/neutral/exhibit_data.py": "engine/shared/mistake_data.py",
    "engine/neutral/onnx_graph.py": "engine/shared/onnx/graph.py",
    "engine/neutral/onnx_table.py": "engine/shared/onnx/operators.py",
    "engine/neutral/recipe.py": "engine/shared/recipe.py",
    "engine/neutral/tokens.py": "engine/shared/text/tokens.py",
    "engine/neutral/vocabulary.py": "engine/shared/text/vocabulary.py",
    "engine/neutral/weight_files.py": "engine/shared/weights/files.py",
    "engine/neutral/weights.py": "engine/shared/weights/initial.py",
}
"""Path at the time → path today. A run keeps its code for good, so an entry stays for good as well."""


def present_path(path: str) -> str:
    """Return today's path of a file of the engine that was kept under ``path``, for example ``engine/frameworks/pytorch/training.py``."""
    return MOVED.get(path, path)
