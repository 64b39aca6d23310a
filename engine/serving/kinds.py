"""The four serving bundles: what each is, for which framework, and which exported models it is made of."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.errors import RunError


@dataclass(frozen=True)
class Bundle:
    """One way to serve a trained model."""

    title: str
    summary: str
    """One sentence, shown where it can be chosen."""
    needs: dict[str, str]
    """The format of the exported model that it is made of, by framework; empty where it takes the run's own weights."""
    frameworks: tuple[str, ...] = FRAMEWORKS
    """The frameworks whose models it can hold."""
    caution: str = ""
    """What to know before relying on it."""
    packages: tuple[str, ...] = field(default_factory=tuple)
    """Packages of ``requirements-export.txt`` without which it cannot be made."""


BUNDLES = {
    "tf-serving": Bundle(
        "TensorFlow Serving",
        "A versioned SavedModel that takes token numbers, and a client that makes them of texts",
        {"tensorflow": "saved-model"},
        ("tensorflow",),
        "Checked here with saved_model_cli and a stand-in for its REST interface, not with the server itself.",
    ),
    "torchserve": Bundle(
        "TorchServe",
        "A model archive (.mar) with a handler that takes texts",
        {"pytorch": "torch-export"},
        ("pytorch",),
        "TorchServe is no longer maintained and gets no security fixes. Use it where you have it already, else the HTTP server.",
        ("torch-model-archiver",),
    ),
    "http": Bundle(
        "HTTP server",
        "FastAPI and ONNX Runtime answer for both models; no framework needed where it runs",
        {framework: "onnx" for framework in FRAMEWORKS},
    ),
    "sagemaker": Bundle(
        "SageMaker, script mode",
        "train.py, inference.py and model.tar.gz as Amazon SageMaker expects them",
        {},
        caution="Run here under SageMaker's variables, not in Amazon's cloud.",
    ),
}
"""The bundles under the names of their formats."""


def artifacts_needed(bundle: str, framework: str) -> dict[str, str]:
    """Return the format of the exported model of each framework that has to be there first. Raises ``RunError`` for what there is not."""
    kind = BUNDLES.get(bundle)
    if kind is None:
        raise RunError(f"There is no bundle “{bundle}”. Expected one of {', '.join(BUNDLES)}.")
    if framework not in kind.frameworks:
        names = " or ".join(FRAMEWORK_NAMES[name] for name in kind.frameworks)
        raise RunError(f"{kind.title} serves {names} only, found {framework}. Choose another bundle, for example http, which serves both.")
    return dict(kind.needs)
