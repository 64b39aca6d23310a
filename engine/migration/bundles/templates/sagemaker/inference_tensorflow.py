"""What SageMaker calls for the TensorFlow model: ``model_fn`` once, then ``input_fn``, ``predict_fn``, ``output_fn`` for a request.

Its own TensorFlow image answers through TensorFlow Serving instead and calls ``handler``, which asks that server.
"""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
from request_format import input_fn, output_fn
from text_inputs import TextInputs

__all__ = ["handler", "input_fn", "model_fn", "output_fn", "predict_fn"]


class Classifier:
    """The SavedModel and what turns texts into its inputs."""

    def __init__(self, folder: Path) -> None:
        import tensorflow as tf  # here, for the image of TensorFlow Serving has none

        self.inputs = TextInputs(folder)
        self._constant = tf.constant
        self._loaded = tf.saved_model.load(str(folder / self.inputs.manifest["file"]))  # holds the weights
        self._signature = self._loaded.signatures["serving_default"]

    def logits(self, rows: np.ndarray) -> np.ndarray:
        """Of each row, shape (rows, classes)."""
        answer = self._signature(**{self.inputs.manifest["input"]["name"]: self._constant(rows)})
        return next(iter(answer.values())).numpy()


def model_fn(model_dir: str) -> Classifier:
    """Load what ``model.tar.gz`` holds; SageMaker has unpacked it into ``model_dir``."""
    return Classifier(Path(model_dir))


def predict_fn(texts: list[str], model: Classifier) -> list[dict[str, Any]]:
    """Label and probabilities of each text."""
    return model.inputs.classify(texts, model.logits)


def handler(data: Any, context: Any) -> tuple[str, str]:
    """A whole request, in the image of TensorFlow Serving: texts to rows here, rows to logits there, at ``context.rest_uri``."""
    inputs = TextInputs(Path(__file__).resolve().parents[1])  # this file lies in code/, the model's files one folder up

    def ask(rows: np.ndarray) -> np.ndarray:
        body = json.dumps({"instances": rows.tolist()}).encode()
        request = urllib.request.Request(context.rest_uri, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return np.array(json.load(answer)["predictions"], np.float32)

    texts = input_fn(data.read(), context.request_content_type or "application/json")
    return output_fn(inputs.classify(texts, ask), context.accept_header or "application/json")
