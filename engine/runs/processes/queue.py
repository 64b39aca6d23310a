"""One run at a time on this machine: a lock for whoever computes, and a queue in the order in which runs were started."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from filelock import FileLock, Timeout

from engine.files import read_json, write_atomically
from engine.runs.index import run_rows
from engine.runs.processes.identity import ProcessIdentity, living_process, process_identity
from engine.runs.records.reading import from_json
from engine.runs.work_folder import WorkFolder


def lock_path() -> Path:
    """Return the file of the machine-wide lock; ``PARITY_LOCK`` names another one."""
    return Path(os.environ.get("PARITY_LOCK") or Path(tempfile.gettempdir()) / "parity.lock").absolute()


def wait_in_queue(folder: WorkFolder, say: Callable[[str], None]) -> FileLock | None:
    """Wait until no earlier run is queued and the machine is free; the lock, which the caller releases.

    ``None`` when the run or study was stopped meanwhile or its folder was removed. All runs are earlier than a study.
    """
    lock = FileLock(lock_path(), mode=0o666)
    while True:
        if folder.stop_requested() or not folder.path.exists():
            return None
        queued = [row.run for row in run_rows() if row.state == "queued" and row.identifier < folder.identifier]
        ahead = [run for run in queued if living_process(run.read_status().coordinator) is not None]
        if ahead:
            say(f"Waiting: {len(ahead)} earlier {'run is' if len(ahead) == 1 else 'runs are'} queued before this one")
        else:
            try:
                lock.acquire(timeout=0)
            except Timeout:
                say(f"Waiting for {_holder()} to finish; one run at a time uses this machine")
            else:
                with suppress(OSError):
                    write_atomically(_note_path(), _note(folder))
                return lock
        wait_a_moment()


def machine_is_free() -> bool:
    """Whether nobody computes at this moment."""
    lock = FileLock(lock_path(), mode=0o666)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    lock.release()
    return True


def _note_path() -> Path:
    return lock_path().with_suffix(".holder.json")


def _note(folder: WorkFolder) -> str:
    return json.dumps({"run": folder.identifier, "word": folder.word, **asdict(process_identity())})


def _holder() -> str:
    note = read_json(_note_path())
    lives = living_process(from_json(ProcessIdentity, note)) is not None
    return f"{note.get('word', 'run')} {note.get('run')}" if note and lives else "another run"


def wait_a_moment() -> None:
    """Sleep as long as a queued run does between two looks at the queue."""
    time.sleep(0.5)
