"""Tells whether the very process that was once recorded still runs; a number alone is never trusted, for the system gives it out again."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from engine.units import Seconds


@dataclass(frozen=True)
class ProcessIdentity:
    """What is recorded of a process."""

    pid: int
    """Its number."""
    started: Seconds
    """Its start: seconds since the machine started on Linux; elsewhere the time of day."""


def process_identity(pid: int | None = None) -> ProcessIdentity:
    """Return what to record of a process (this one by default): its number and its start time."""
    process = psutil.Process(pid)
    return ProcessIdentity(process.pid, _start_time(process))


def _start_time(process: psutil.Process) -> float:
    """Return the seconds since the machine started on Linux, as the time of day may be set anew meanwhile; elsewhere the time of day."""
    try:
        fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return float(process.create_time())


def living_process(identity: ProcessIdentity | None) -> psutil.Process | None:
    """Return the very process that was recorded, if it still runs."""
    if identity is None:
        return None
    try:
        process = psutil.Process(identity.pid)
        # After a restart of the machine another process may have the same number, and almost the same seconds since the start.
        same = abs(_start_time(process) - identity.started) < (0.02 if sys.platform == "linux" else 1.0)
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except (psutil.Error, ValueError, OverflowError):
        return None


def end_processes(identities: Iterable[ProcessIdentity]) -> None:
    """End those of the recorded processes that still run, and wait until they are gone."""
    for identity in identities:
        process = living_process(identity)
        if process is not None:
            try:
                process.kill()
                process.wait(5)
            except psutil.Error:
                continue
