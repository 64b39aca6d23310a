"""What may be asked of a migration: which run, from which framework into which, by which route."""

from __future__ import annotations

from dataclasses import dataclass

from engine import FRAMEWORK_NAMES
from engine.errors import MigrationError
from engine.runs.folder import Run
from engine.studies.request import TrainedModelRequest, known_framework

ROUTES = {
    "weights": "Neutral weights",
    "onnx": "ONNX",
    "checkpoint": "Hugging Face folder",
}
"""Name and title of each way."""

FURTHER_STEPS = 10
"""Steps that both models are trained on, on the same batches."""

LARGEST_DIFFERENCE = {"weights": 1e-5, "onnx": 1e-4, "checkpoint": 1e-5}
"""The largest difference of the logits in float32: what each route is held to."""


@dataclass(frozen=True)
class MigrationRequest(TrainedModelRequest):
    """What is asked of a migration.

    Raises ``MigrationError`` on creation when it cannot be done, ``RunError`` when there is no such run.
    """

    source: str
    """The framework that has trained the model."""
    target: str
    """The framework that takes it over."""
    route: str = "weights"
    """One of ``ROUTES``."""

    def __post_init__(self) -> None:
        for name in (self.source, self.target):
            known_framework(name)
        if self.source == self.target:
            raise MigrationError(f"The model is in {FRAMEWORK_NAMES[self.source]} already. Choose another framework to bring it into.")
        if self.route not in ROUTES:
            raise MigrationError(f"There is no route “{self.route}”. Expected one of {', '.join(ROUTES)}.")
        if reason := not_possible(self.opened_trained(), self.route):
            raise MigrationError(reason)

    @property
    def trained_by(self) -> str:
        """The source."""
        return self.source


def not_possible(run: Run, route: str) -> str:
    """Return why a route does not lead out of this run; empty where it does."""
    member = run.read_experiment().family_member
    if route == "checkpoint" and member.takes != "pieces":
        return (
            f"A Hugging Face folder holds a fine-tuned encoder, and {member.title} trains none. Expected a run of the transformer. "
            "Take the route weights or onnx."
        )
    return ""
