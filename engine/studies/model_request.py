"""What migrations and exports ask for alike: the trained model of a finished run, as it is now."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.errors import MigrationError
from engine.runs.folder import Run, open_run


@dataclass(frozen=True)
class TrainedModelRequest:
    """A request for a model that a run has trained."""

    run: str
    """The run's identifier."""

    @property
    def trained_by(self) -> str:
        """The framework whose model is asked for."""
        raise NotImplementedError

    def opened(self) -> Run:
        """Return the run. Raises ``RunError`` when it has gone."""
        return open_run(self.run)

    def opened_trained(self) -> Run:
        """Return the run. Raises ``MigrationError`` while it has no such model, ``RunError`` when there is no such run."""
        run = self.opened()
        if run.read_results() is None:
            raise MigrationError(
                f"Run {run.identifier} has not finished, so no model is trained yet. Finish it on the Train page, or choose another run."
            )
        if not has_model(run, self.trained_by):
            raise MigrationError(
                f"Run {run.identifier} has no trained {FRAMEWORK_NAMES[self.trained_by]} model: that framework took no part, or the file "
                "was removed. Choose another run or framework."
            )
        return run

    def weights_stamp(self) -> list[int]:
        """Return size in bytes and time of change in nanoseconds of the model's weights."""
        stamp = self.opened().model_file(self.trained_by).stat()
        return [stamp.st_size, stamp.st_mtime_ns]

    def to_json(self) -> dict[str, Any]:
        """Return what ``start_study`` takes. A run that was trained further is another question."""
        return asdict(self) | {"weights": self.weights_stamp()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return the request that :meth:`to_json` has written; what is missing has its default."""
        return cls(**{name: values[name] for name in cls.__dataclass_fields__ if name in values})


def known_framework(name: str) -> str:
    """Return the framework's name. Raises ``MigrationError`` where there is none of that name."""
    if name not in FRAMEWORKS:
        raise MigrationError(f"There is no framework “{name}”. Expected {' or '.join(FRAMEWORKS)}.")
    return name


def has_model(run: Run, framework: str) -> bool:
    """Return whether a framework took part and its trained weights are there."""
    return run.model_file(framework).exists()
