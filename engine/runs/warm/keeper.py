"""Keeps one standby there while a dashboard runs: started when the machine is idle and has memory to spare."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import threading
import time
from contextlib import suppress

import psutil

from engine.files import read_json, write_atomically
from engine.runs.folder import home
from engine.runs.index import run_rows
from engine.runs.launching import start_coordinator
from engine.runs.paths import HomePaths, StandbyPaths
from engine.runs.processes.identity import living_process, process_identity
from engine.runs.processes.queue import machine_is_free
from engine.runs.records.reading import from_json, to_json
from engine.runs.warm.door import Door, doors, is_wanted, keeper, standby_folders

LEAST_FREE = 6 * 2**30
"""Bytes of memory that must be free before a standby is started, which takes about a quarter of that."""
LOOK_SECONDS = 2.0
"""How often it looks whether a standby is missing; one is started when the machine was idle at two looks in a row."""
SECONDS_TO_OPEN = 60.0
"""How long a standby that was started may take to open its door before another one is tried."""

_keeping = threading.Lock()


def keep_standby() -> None:
    """Keep one standby there from now on, until this process ends. Called again, it does nothing more."""
    if is_wanted() and _keeping.acquire(blocking=False):
        threading.Thread(target=_keep, daemon=True, name="keeps a standby").start()


def _keep() -> None:
    idle, started, process = False, -SECONDS_TO_OPEN, None
    while True:
        try:
            if process is not None:
                process.poll()  # so that a finished one does not stay a zombie
            if keeper() is None:
                place = HomePaths(home()).keeper_file
                place.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(place, json.dumps(to_json(process_identity())))
            was_idle, idle = idle, _is_missing() and time.monotonic() - started > SECONDS_TO_OPEN
            if was_idle and idle and machine_is_free():
                remove_dead()
                process, started, idle = start_standby(), time.monotonic(), False
            elif process is not None and process.poll() is not None and process.returncode == 0:
                started = -SECONDS_TO_OPEN  # it has done its work: the next one need not wait
        except OSError:
            pass  # a full disk, a folder that was removed: runs start without a standby
        time.sleep(LOOK_SECONDS)


def _is_missing() -> bool:
    """Whether no standby waits, nothing computes, and there is memory for one."""
    if any(not door.run for door in doors()) or psutil.virtual_memory().available < LEAST_FREE:
        return False
    return not any(row.active for row in run_rows(20))


def start_standby(module: str = "engine.runs.warm.standby") -> subprocess.Popen[bytes]:
    """Start one in a session of its own, for a run that it is given outlives the dashboard. ``module`` holds its ``main``."""
    folder = StandbyPaths(HomePaths(home()).standby_folder / f"{os.getpid()}-{secrets.token_hex(3)}")
    folder.path.mkdir(parents=True)
    me = process_identity()
    words = [str(folder.path), str(me.pid), str(me.started)]
    return start_coordinator(module, words, folder.coordinator_log)


def remove_dead() -> None:
    """Remove the folders of standbys whose process has gone."""
    for folder in standby_folders():
        door = from_json(Door, read_json(StandbyPaths(folder).door_file))
        owner = folder.name.partition("-")[0]
        gone = living_process(door.process) is None if door else not _may_live(owner)
        if gone:
            with suppress(OSError):
                shutil.rmtree(folder)


def _may_live(owner: str) -> bool:
    """Whether the dashboard that started a standby without a door lives: it may be starting, or at work for a run."""
    return owner.isdigit() and psutil.pid_exists(int(owner))
