"""Folders for what a reading unfolds or has half written; what a killed process left in them is removed when the next one starts."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

PREFIX = "parity-reading-"
OLDEST_SECONDS = 24 * 3600.0
"""No reading takes so long; an older folder was left behind, also where its process's number was given out again."""


@contextmanager
def scratch_folder(within: Path | None = None) -> Iterator[Path]:
    """Give an empty folder for as long as this process needs it, by default below the system's temporary one."""
    folder = Path(tempfile.mkdtemp(dir=within, prefix=f"{PREFIX}{os.getpid()}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_scratch(within: Path | None = None, ended: int | None = None) -> None:
    """Remove the folders of the process with the number ``ended``; by default those of all that have ended."""
    for folder in (within or Path(tempfile.gettempdir())).glob(f"{PREFIX}*"):
        with suppress(OSError, ValueError, psutil.Error):
            pid = int(folder.name.removeprefix(PREFIX).partition("-")[0])
            if ended is None:
                left = _has_ended(pid) or time.time() - folder.stat().st_mtime > OLDEST_SECONDS
            else:
                left = pid == ended
            if left:
                shutil.rmtree(folder, ignore_errors=True)


def _has_ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE  # nobody has asked yet how it ended
    except psutil.NoSuchProcess:
        return True
