"""What is stated, not measured here: facts about the world outside, each with who says so and of when it is.

Nothing here is a figure of ours, and nothing stands here without a page that says it. A page without a date is “undated”: read in 2026.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Statement:
    """One fact from outside."""

    says: str
    source: str
    """Who publishes the page."""
    address: str
    dated: str


TORCHSERVE = Statement(
    "TorchServe was archived. Its page promises no updates, fixes or security patches any more.",
    "pytorch/serve on GitHub",
    "https://github.com/pytorch/serve",
    "7 August 2025",
)
EXECUTORCH = Statement(
    "PyTorch Mobile is no longer supported; its documentation sends readers to ExecuTorch.",
    "PyTorch documentation",
    "https://docs.pytorch.org/tutorials/recipes/ptmobile_recipes_summary.html",
    "November 2024",
)
LITERT = Statement(
    "TensorFlow Lite is now LiteRT. The old packages go on working; new features come to LiteRT alone.",
    "Google AI Edge documentation",
    "https://ai.google.dev/edge/litert/migration",
    "undated",
)
TRANSFORMERS = Statement(
    "Version 5 of transformers removed its TensorFlow and JAX classes, TFAutoModel among them; PyTorch is its only backend.",
    "transformers, migration guide to version 5",
    "https://github.com/huggingface/transformers/blob/main/MIGRATION_GUIDE_V5.md",
    "version 5",
)
KERAS = Statement(
    "Keras 3 runs on TensorFlow, JAX or PyTorch, so choosing Keras no longer means choosing TensorFlow.",
    "Keras, project page",
    "https://pypi.org/project/keras/3.0.0",
    "version 3",
)
ONNX_TF = Statement(
    "onnx-tf imports a module that onnx has removed; the change that would mend it has been waiting since.",
    "onnx/onnx-tensorflow on GitHub, pull request 1083",
    "https://github.com/onnx/onnx-tensorflow/pull/1083",
    "13 September 2025",
)
PAPERS = Statement(
    "Papers with Code, whose trends such articles cite, was shut down; its address leads to another site.",
    "CodeSOTA, a record of what happened",
    "https://www.codesota.com/papers-with-code",
    "July 2025",
)
INPUT_SHAPE = Statement(
    "Keras 3 warns against input_shape on a layer and asks for keras.Input instead.",
    "Keras, source of Layer",
    "https://github.com/keras-team/keras/blob/master/keras/src/layers/layer.py",
    "version 3",
)
BGE = Statement(
    "The vectors of BAAI/bge-large-en-v1.5 have 1,024 numbers, not 768.",
    "Hugging Face, config.json of the model",
    "https://huggingface.co/BAAI/bge-large-en-v1.5/blob/main/config.json",
    "undated",
)
SERVING = Statement(
    "TensorFlow Serving describes itself as a serving system made for production; it loads the SavedModel that Keras writes.",
    "TensorFlow documentation",
    "https://www.tensorflow.org/tfx/guide/serving",
    "undated",
)
CONTAINERS = Statement(
    "Amazon’s list of supported frameworks for its deep learning containers names PyTorch 2.8 to 2.10, and no version of TensorFlow.",
    "AWS Deep Learning Containers, support policy",
    "https://aws.github.io/deep-learning-containers/reference/support_policy",
    "early 2026",
)
FOUNDATION = Statement(
    "PyTorch belongs to the PyTorch Foundation, a project of the Linux Foundation.",
    "PyTorch documentation, foot of its pages",
    "https://docs.pytorch.org/docs/stable/",
    "undated",
)
GOOGLE = Statement(
    "TensorFlow was begun by the Google Brain team; its package names Google as the author.",
    "TensorFlow, package description",
    "https://pypi.org/project/tensorflow/",
    "version 2.21",
)
WINDOWS = Statement(
    "TensorFlow 2.10 was the last to use a GPU on Windows itself; since then it takes WSL.",
    "TensorFlow, release notes of 2.11.1",
    "https://github.com/tensorflow/tensorflow/releases/tag/v2.11.1",
    "version 2.11",
)
MACOS = Statement(
    "There is no official GPU support of TensorFlow on macOS.",
    "TensorFlow, installation guide",
    "https://www.tensorflow.org/install/pip",
    "undated",
)

STATEMENTS = {
    "gpu-utilisation": (WINDOWS, MACOS),
    "learning-curve": (KERAS,),
    "production": (TORCHSERVE, SERVING, CONTAINERS),
    "mobile": (EXECUTORCH, LITERT),
    "research": (TRANSFORMERS, PAPERS),
    "community": (FOUNDATION, GOOGLE),
    "real-world-use": (CONTAINERS, TRANSFORMERS),
    "migration": (ONNX_TF,),
}
"""What bears on each claim."""

OUT_OF_DATE = {
    "from transformers import TFAutoModel": TRANSFORMERS,
    "Deploy PyTorch with TorchServe": TORCHSERVE,
    "PyTorch Mobile": EXECUTORCH,
    "TF Lite, tf.lite": LITERT,
    "import onnx_tf": ONNX_TF,
    "keras.layers.Dense(512, input_shape=(768,))": INPUT_SHAPE,
    "bge-large-en-v1.5 gives 768 numbers": BGE,
    "See paperswithcode.com/trends": PAPERS,
}
"""What such articles still say, and what holds today."""
