"""Loading a framework: once a process, with what that took, and where it waits for a run at low priority."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

from engine.errors import EncoderError
from engine.runs.folder import Run, readable_experiment
from engine.runs.processes.channel import Channel, write_output_to
from engine.shared.classifiers import CLASSIFIERS
from engine.shared.devices import graphics_processors
from engine.shared.encoders.checkpoint import BUNDLED, bundled_checkpoint
from engine.units import MiB, Seconds
from engine.workers.wing import forget_encoders_loaded_ahead, import_classifier, import_wing, load_ahead


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


def stand_by(framework: str, channel: Channel) -> tuple[Run, str]:
    """Load the framework, all that a run may need of its wing and the bundled encoder, and wait.

    Return the run that came and the job to do for it.
    """
    loading = threading.Thread(target=_load_all, args=(framework,), name="loads the framework")
    loading.start()
    loading.join()
    order = channel.take("standby")
    run = Run(Path(order["run"]))
    write_output_to(run.worker_log(framework))
    experiment = readable_experiment(run)
    if experiment is None or experiment.encoder != BUNDLED or experiment.family_member.takes != "vectors":
        forget_encoders_loaded_ahead()
    return run, order["job"]


def _load_all(framework: str) -> None:
    """Load in a thread of lower priority: Linux lowers that of a single thread, and whoever lowered a process could not raise it again."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
    load_wing(framework)
    for classifier in CLASSIFIERS:
        import_classifier(framework, classifier)
    import_wing(framework, "encoder", "summaries", "windows")
    if not graphics_processors():  # on a GPU it would take memory that another program may need
        with suppress(EncoderError):  # a run that needs it says what is wrong with it
            load_ahead(framework, bundled_checkpoint())
