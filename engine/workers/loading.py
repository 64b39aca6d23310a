"""Loading a framework: once a process, with what that took."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache

import psutil

from engine.units import MiB, Seconds
from engine.workers.wing import import_wing


@dataclass(frozen=True)
class LoadedWing:
    """What loading a framework took."""

    seconds: Seconds
    """How long the framework and what trains and answers with it took to load."""
    rss_mib: MiB
    """The memory of the process right after that."""


@cache
def load_wing(framework: str) -> LoadedWing:
    """Load a framework and what trains and answers with it; asked again, return what it took the first time."""
    started = time.perf_counter()
    import_wing(framework, "devices", "training", "inference", "export")
    return LoadedWing(time.perf_counter() - started, psutil.Process().memory_info().rss / 2**20)
