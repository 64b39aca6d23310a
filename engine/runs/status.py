"""Where a run or a study stands: what its coordinator says to everybody who reads the folder."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.runs.processes.identity import ProcessIdentity
from engine.runs.records.reading import from_json
from engine.runs.records.stages import StageEstimate
from engine.units import Megabytes, MiB, Seconds, Share, Timestamp

STATES = ("queued", "preparing", "running", "done", "stopped", "failed")
ACTIVE = ("queued", "preparing", "running")


@dataclass(frozen=True)
class WorkProgress:
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
    """``queue``, ``data``, ``download``, ``encode``, ``import``, ``train``, ``evaluate``, ``latency`` or ``end``; a study has no others
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
    """How much of the whole work is done."""
    seconds_left: Seconds | None = None
    """How long the whole will still take."""
    expected: dict[str, StageEstimate] = field(default_factory=dict)
    """How long each stage of a run will probably take, as estimated when it was asked for."""
    progress: dict[str, WorkProgress] = field(default_factory=dict)
    """How far each framework of a run is, or its ``download`` and ``encode``."""
    phases: dict[str, str] = field(default_factory=dict)
    """The phase that each framework's worker has come to."""
    memory: dict[str, MiB] = field(default_factory=dict)
    """Resident memory of each worker."""
    notes: tuple[str, ...] = ()
    """What the reader of the result should know: a device that was not used, encoders that differ."""

    @property
    def active(self) -> bool:
        """Whether something still lies ahead."""
        return self.state in ACTIVE

    def now(self) -> tuple[Share, Seconds | None]:
        """How much of the whole is done and how long it will still take at this moment, a while after the coordinator has last said it."""
        if self.seconds_left is None or self.started is None:
            return self.share, self.seconds_left
        moment = time.time()
        left = max(self.seconds_left - max(0.0, moment - self.updated), self.seconds_left / 10)
        passed = max(0.0, moment - self.started)
        return max(self.share, passed / (passed + left) if left else 1.0), left

    def of(self, name: str) -> WorkProgress:
        """How far a framework, ``download`` or ``encode`` is; all unknown before it has begun."""
        return self.progress.get(name) or WorkProgress()


def read_status(values: Mapping[str, Any]) -> Status:
    """Return the status that a file holds. What another version left out has its default, what only another one knows is passed over."""
    earlier = {"coordinator": values.get("process")}  # so it was called in studies before version 0.3
    return from_json(Status, earlier | dict(values)) or Status()
