"""Exported models for the tests of bundles, made by hand out of a TF-IDF run's weights: ``python -m tests.migration.crafting FRAMEWORK …``.

The exporter has tests of its own; these are small, quick, and known to the last number.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from engine.running.folder import Run

NAMES = ("hidden.weight", "hidden.bias", "output.weight", "output.bias")


def weights_of(run: Run, framework: str) -> list[np.ndarray]:
    """The four arrays of the classifier."""
    arrays = load_file(run.framework_folder(framework) / "model.safetensors")
    return [arrays[name] for name in NAMES]


def write_text_files(run: Run, framework: str, folder: Path, form: str, file: str) -> None:
    """The manifest and the vocabulary, as beside every exported model."""
    results = run.results
    assert results is not None
    folder.mkdir(parents=True)
    manifest = {
        "run": run.identifier, "framework": framework, "format": form, "classifier": "tfidf-mlp", "takes": "shares", "max_tokens": 0,
        "padding": 0, "long_texts": "cut", "labels": results["data"]["classes"], "file": file,
        "input": {"name": "shares", "dtype": "float32", "shape": [None, None]},
        "output": {"name": "logits", "dtype": "float32", "shape": [None, None]},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "vocabulary.json").write_text(run.vocabulary, encoding="utf-8")


def craft_onnx(run: Run, framework: str, folder: Path) -> Path:
    """The classifier in six operators."""
    from onnx import TensorProto, helper, numpy_helper, save

    write_text_files(run, framework, folder, "onnx", "model.onnx")
    stored = [numpy_helper.from_array(values, name) for values, name in zip(weights_of(run, framework), NAMES, strict=True)]
    nodes = [
        helper.make_node("MatMul", ["shares", NAMES[0]], ["a"]),
        helper.make_node("Add", ["a", NAMES[1]], ["b"]),
        helper.make_node("Relu", ["b"], ["c"]),
        helper.make_node("MatMul", ["c", NAMES[2]], ["d"]),
        helper.make_node("Add", ["d", NAMES[3]], ["logits"]),
    ]
    given = helper.make_tensor_value_info("shares", TensorProto.FLOAT, ["batch", stored[0].dims[0]])
    answer = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", stored[3].dims[0]])
    graph = helper.make_graph(nodes, "classifier", [given], [answer], stored)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(folder / "model.onnx"))
    return folder


def craft_torch_export(run: Run, folder: Path) -> None:
    """The classifier as a program of ``torch.export``."""
    import torch

    write_text_files(run, "pytorch", folder, "torch-export", "model.pt2")
    first, first_bias, last, last_bias = (torch.from_numpy(values) for values in weights_of(run, "pytorch"))
    model = torch.nn.Sequential(torch.nn.Linear(*first.shape), torch.nn.ReLU(), torch.nn.Linear(*last.shape))
    model.load_state_dict({"0.weight": first.T, "0.bias": first_bias, "2.weight": last.T, "2.bias": last_bias})
    rows = torch.zeros(2, len(first))
    program = torch.export.export(model.eval(), (rows,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    torch.export.save(program, folder / "model.pt2")


def craft_saved_model(run: Run, folder: Path) -> None:
    """The classifier as a SavedModel with one signature."""
    import tensorflow as tf

    write_text_files(run, "tensorflow", folder, "saved-model", "model")
    module = tf.Module()
    module.arrays = [tf.Variable(values) for values in weights_of(run, "tensorflow")]

    @tf.function(input_signature=[tf.TensorSpec((None, module.arrays[0].shape[0]), tf.float32, name="shares")])
    def serve(shares: tf.Tensor) -> dict[str, tf.Tensor]:
        first, first_bias, last, last_bias = module.arrays
        return {"logits": tf.nn.relu(shares @ first + first_bias) @ last + last_bias}

    module.serve = serve
    tf.saved_model.save(module, str(folder / "model"), signatures={"serving_default": serve})


if __name__ == "__main__":
    {"pytorch": craft_torch_export, "tensorflow": craft_saved_model}[sys.argv[1]](Run(Path(sys.argv[2])), Path(sys.argv[3]))
