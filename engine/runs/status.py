"""Where a run or a study stands: what its coordinator says to everybody who reads the folder."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from engine.runs.processes.identity import ProcessIdentity
from engine.units import Megabytes, MiB, Seconds, Share, Timestamp

STATES = ("queued", "preparing", "running", "done", "stopped", "failed")
ACTIVE = ("queued", "preparing", "running")


@dataclass(frozen=True)
class Progress:
    """How far a piece of work is; ``None`` where that is not known."""

    share: Share | None = None
    """The part that is done."""
    seconds_left: Seconds | None = None
    """How long it will still take."""
    megabytes: Megabytes | None = None
    """What has been downloaded so far."""


@dataclass
class Status:
    """The state of a run or a study; replaced as a whole by its coordinator about once a second."""

    state: str = "queued"
    """``queued``, ``preparing``, ``running``, ``done``, ``stopped`` or ``failed``."""
    message: str = "Waiting to start"
    """One sentence for people: what is being done, what it waits for, or why it failed."""
    phase: str = "queue"
    """``queue``, ``data``, ``download``, ``encode``, ``import``, ``train``, ``evaluate``, ``compare`` or ``end``; a study has no others
    than the first and the last, and is without one in between."""
    turn: str | None = None
    """The framework whose turn it is."""
    created: Timestamp = field(default_factory=time.time)
    """When it was asked for."""
    started: Timestamp | None = None
    """When its turn on the machine came."""
    finished: Timestamp | None = None
    """When it ended."""
    updated: Timestamp = field(default_factory=time.time)
    """When this was written."""
    coordinator: ProcessIdentity | None = None
    """The process that fills the folder."""
    workers: dict[str, ProcessIdentity] = field(default_factory=dict)
    """The processes that it has started, by framework and job."""
    share: Share = 0.0
    """How much of a study's work is done."""
    seconds_left: Seconds | None = None
    """How long a study will still take."""
    progress: dict[str, Progress] = field(default_factory=dict)
    """How far each framework of a run is, or its ``download`` and ``encode``."""
    memory: dict[str, MiB] = field(default_factory=dict)
    """Resident memory of each worker."""
    notes: list[str] = field(default_factory=list)
    """What the reader of the result should know: a device that was not used, encoders that differ."""

    @property
    def active(self) -> bool:
        """Whether something still lies ahead."""
        return self.state in ACTIVE

    def of(self, name: str) -> Progress:
        """How far a framework, ``download`` or ``encode`` is; all unknown before it has begun."""
        return self.progress.get(name) or Progress()

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries and lists, ready for ``json.dumps``."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Status:
        """The inverse of :meth:`to_json`. What another version left out has its default, what only another version knows is passed over."""
        values = {name: value for name, value in values.items() if name in cls.__dataclass_fields__ or name == "process"}
        process = values.pop("process", None)  # so it was called in studies before version 0.3
        workers = {name: ProcessIdentity.from_json(value) for name, value in _entries(values.get("workers"))}
        return cls(
            **values
            | {
                "coordinator": ProcessIdentity.from_json(values.get("coordinator") or process),
                "workers": {name: worker for name, worker in workers.items() if worker is not None},
                "progress": {name: _progress(value) for name, value in _entries(values.get("progress"))},
            }
        )


def _entries(value: object) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []


def _progress(value: object) -> Progress:
    return Progress(**{name: number for name, number in _entries(value) if name in Progress.__dataclass_fields__})
