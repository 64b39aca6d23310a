"""What may be asked of a migration: which run, from which framework into which, by which route."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.errors import MigrationError
from engine.runs.folder import Run, open_run

ROUTES = {
    "weights": "Neutral weights",
    "onnx": "ONNX",
    "checkpoint": "Hugging Face folder",
}
"""Name and title of each way."""

FURTHER_STEPS = 10
"""Steps that both models are trained on, on the same batches."""

LARGEST_DIFFERENCE = {"weights": 1e-5, "onnx": 1e-4, "checkpoint": 1e-5}
"""Of the logits in float32: what each route is held to."""


@dataclass(frozen=True)
class MigrationRequest:
    """What is asked of a migration.

    Raises ``MigrationError`` on creation when it cannot be done, ``RunError`` when there is no such run.
    """

    run: str
    source: str
    target: str
    route: str = "weights"

    def __post_init__(self) -> None:
        for name in (self.source, self.target):
            if name not in FRAMEWORKS:
                raise MigrationError(f"There is no framework “{name}”. Expected {' or '.join(FRAMEWORKS)}.")
        if self.source == self.target:
            raise MigrationError(f"The model is in {FRAMEWORK_NAMES[self.source]} already. Choose another framework to bring it into.")
        if self.route not in ROUTES:
            raise MigrationError(f"There is no route “{self.route}”. Expected one of {', '.join(ROUTES)}.")
        run = self.opened()
        if run.read_results() is None:
            raise MigrationError(
                f"Run {run.identifier} has not finished, so no model is trained yet. Finish it on the Train page, or choose another."
            )
        if not _weights(run, self.source).exists():
            raise MigrationError(
                f"Run {run.identifier} has no trained {FRAMEWORK_NAMES[self.source]} model: that framework took no part, or the file "
                "was removed. Choose another run or direction."
            )
        if reason := not_possible(run, self.route):
            raise MigrationError(reason)

    def opened(self) -> Run:
        """The run. Raises ``RunError`` when it has gone."""
        return open_run(self.run)

    def to_json(self) -> dict[str, Any]:
        """What ``start_study("migration", …)`` takes. A run that was trained further is another question."""
        stamp = _weights(self.opened(), self.source).stat()
        return asdict(self) | {"weights": [stamp.st_size, stamp.st_mtime_ns]}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> MigrationRequest:
        """The inverse of :meth:`to_json`."""
        return cls(**{name: values[name] for name in cls.__dataclass_fields__})


def not_possible(run: Run, route: str) -> str:
    """Why a route does not lead out of this run; empty where it does."""
    member = run.read_experiment().family_member
    if route == "checkpoint" and member.takes != "pieces":
        return (
            f"A Hugging Face folder holds a fine-tuned encoder, and {member.title} trains none. Expected a run of the transformer. "
            "Take the route weights or onnx."
        )
    return ""


def _weights(run: Run, framework: str) -> Any:
    return run.model_file(framework)
