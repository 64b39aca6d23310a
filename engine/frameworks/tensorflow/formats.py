"""A trained classifier as a file that needs nothing of Parity, written by TensorFlow."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from engine.frameworks.tensorflow.whole_model import whole_model

OPSET = 18
"""The newest operator set that tf2onnx writes."""


def save_onnx(core: keras.Model, example: np.ndarray, name: str, path: Path) -> int:
    """Write the classifier as an ONNX graph from the input ``name`` to logits; its operator set.

    ``example`` is one batch of what it takes: its axes stay open, but for the last of numbers.
    """
    is_tokens = example.dtype.kind == "i"
    shape = (None, None) if is_tokens else (None, example.shape[1])
    model = whole_model(core)
    signature = [tf.TensorSpec(shape, example.dtype, name=name)]
    model.export(
        str(path), format="onnx", verbose=False, input_signature=signature, opset_version=OPSET
    )
    return OPSET
