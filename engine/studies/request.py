"""What is asked of a study: how each kind's request is written and read, and what those for a trained model have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.data.choice import DataChoice
from engine.data.store import sample_choice
from engine.errors import MigrationError
from engine.runs.folder import Run, open_run
from engine.runs.records.reading import write_fields


@dataclass(frozen=True)
class StudyRequest:
    """What is asked of a study; each kind adds its fields, and refuses on creation what cannot be done."""

    def to_json(self) -> dict[str, object]:
        """Return what ``start_study`` takes: the fields, with the bundled sample where no data were chosen."""
        values = write_fields(self)
        return values | {"data": sample_choice().to_json()} if values.get("data", "no field") is None else values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the request that :meth:`to_json` has written; what is missing has its default."""
        fields = {name: values[name] for name in cls.__dataclass_fields__ if values.get(name) is not None}
        fields = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
        return cls(**fields | ({"data": DataChoice.from_json(fields["data"])} if "data" in fields else {}))


@dataclass(frozen=True)
class TrainedModelRequest(StudyRequest):
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

    def to_json(self) -> dict[str, object]:
        """Return the fields and the stamp: a run that was trained further is another question."""
        return super().to_json() | {"weights": self.weights_stamp()}


def known_framework(name: str) -> str:
    """Return the framework's name. Raises ``MigrationError`` where there is none of that name."""
    if name not in FRAMEWORKS:
        raise MigrationError(f"There is no framework “{name}”. Expected {' or '.join(FRAMEWORKS)}.")
    return name


def has_model(run: Run, framework: str) -> bool:
    """Return whether a framework took part and its trained weights are there."""
    return run.model_file(framework).exists()
