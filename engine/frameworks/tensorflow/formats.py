"""A trained classifier as a file that needs nothing of Parity, written by TensorFlow."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from engine.errors import MigrationError
from engine.frameworks.tensorflow.checkpoint_repairs import plain_layers
from engine.frameworks.tensorflow.whole_model import whole_model

MOBILE_PACKAGE = "ai-edge-litert"
"""What runs a model on phones; it is not needed otherwise."""

OPSET = 18
"""The newest operator set that tf2onnx writes."""

Answer = Callable[[np.ndarray], np.ndarray]
"""A function from a batch of what the model takes to logits, (batch, num_classes)."""


def save_native(core: keras.Model, example: np.ndarray, name: str, path: Path) -> None:
    """Write the classifier as Keras keeps models: its layers with their settings and weights."""
    plain_layers(whole_model(core)).save(path)


def load_native(core: keras.Model | None, path: Path, name: str) -> Answer:
    """What :func:`save_native` wrote; it needs no class of ours."""
    model = keras.models.load_model(path, compile=False)
    # One graph for all widths: layer by layer, an LSTM would be a loop in Python.
    open_shape = [tf.TensorSpec(model.inputs[0].shape, model.inputs[0].dtype)]
    forward_pass = tf.function(lambda rows: model(rows, training=False), input_signature=open_shape)
    return lambda batch: np.asarray(forward_pass(tf.constant(batch)))


def save_graph(core: keras.Model, example: np.ndarray, name: str, path: Path) -> None:
    """Write the classifier as a SavedModel whose axes stay open."""
    signature = _signature(example, name, fixed=False)
    model = whole_model(core)
    model.export(str(path), format="tf_saved_model", verbose=False, input_signature=signature)


def load_graph(core: keras.Model | None, path: Path, name: str) -> Answer:
    """What :func:`save_graph` wrote, by its signature for serving."""
    loaded = tf.saved_model.load(str(path))
    serve = loaded.signatures["serving_default"]

    def answer(batch: np.ndarray) -> np.ndarray:
        assert loaded is not None  # a function does not keep its variables alive
        (logits,) = serve(**{name: tf.constant(batch)}).values()
        return np.asarray(logits)

    return answer


def save_mobile(
    core: keras.Model, example: np.ndarray, name: str, path: Path, int8: bool = False
) -> None:
    """Write the classifier for LiteRT, with its built-in operators; its shape is ``example``'s.

    With ``int8`` the larger weights are kept in eight bits, and what they meet is rounded as it
    comes. Raises ``MigrationError`` where LiteRT is not installed.
    """
    signature = _signature(example, name, fixed=True)
    options = {"optimizations": [tf.lite.Optimize.DEFAULT]} if int8 else {}
    whole_model(core).export(
        str(path), format="litert", verbose=False, input_signature=signature, **options
    )


def load_mobile(core: keras.Model | None, path: Path, name: str) -> Answer:
    """What :func:`save_mobile` wrote, by LiteRT's own runtime.

    Raises ``MigrationError`` where LiteRT is not installed.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise MigrationError(_not_installed(error)) from error
    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    (input_tensor,) = interpreter.get_input_details()
    (output_tensor,) = interpreter.get_output_details()

    def answer(batch: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(input_tensor["index"], batch)
        interpreter.invoke()
        return np.asarray(interpreter.get_tensor(output_tensor["index"])).copy()

    return answer


def _signature(example: np.ndarray, name: str, fixed: bool) -> list[tf.TensorSpec]:
    is_tokens = example.dtype.kind == "i"
    is_open = (None,) * example.ndim if is_tokens else (None, *example.shape[1:])
    shape = example.shape if fixed else is_open
    return [tf.TensorSpec(shape, example.dtype, name=name)]


def _not_installed(error: ImportError) -> str:
    return (
        f"The package {MOBILE_PACKAGE} is not installed or not complete ({error}). It runs models "
        f"on phones. Install it: pip install {MOBILE_PACKAGE}"
    )


def save_onnx(core: keras.Model, example: np.ndarray, name: str, path: Path) -> int:
    """Write the classifier as an ONNX graph from the input ``name`` to logits; its operator set.

    ``example`` is one batch of what it takes: its axes stay open, but for the last of numbers.
    """
    model = whole_model(core, onnx=True)
    signature = _signature(example, name, fixed=False)
    # Else tf2onnx copies the graph with all weights before each of some fifty passes over it, in
    # case one fails: a third of the time that an encoder takes.
    os.environ.setdefault("TF2ONNX_CATCH_ERRORS", "FALSE")
    model.export(
        str(path), format="onnx", verbose=False, input_signature=signature, opset_version=OPSET
    )
    return OPSET
