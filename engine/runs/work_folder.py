"""What the folder of a run and that of a study have in common: a status, logs, and a wish to stop."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from engine.errors import RunError
from engine.files import read_json, write_atomically
from engine.runs.paths import WorkPaths
from engine.runs.processes.identity import living_process
from engine.runs.records.reading import to_json
from engine.runs.status import STATES, Status, read_status

SECONDS_TO_APPEAR = 60.0
"""After this long without a process of its own, what should be starting is taken for failed."""


@dataclass(frozen=True)
class WorkFolder(WorkPaths):
    """A folder that a coordinator fills, read at every call; nothing of it lives in memory only."""

    word: ClassVar[str]
    """``run`` or ``study``, as sentences call it."""
    advice: ClassVar[str]
    """What is kept when it ends early, and how to go on: a sentence or two."""
    again: ClassVar[str]
    """How to go on, within a sentence: ``resume the run``."""

    @property
    def identifier(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def status_file(self) -> Path:
        """The file in which the coordinator says how it gets on; each kind of folder names its own."""
        raise NotImplementedError

    def read_status(self) -> Status:
        """Return where the work stands. A folder whose coordinator has died without a word reads as failed."""
        status = self.written_status()
        if status.active and status.coordinator and living_process(status.coordinator) is None:
            status = self.written_status()  # once more, for its last word may have come between the two looks
            if status.active:
                status.state, status.turn = "failed", None
                phase = f" while it was in the phase “{status.phase}”" if status.phase else ""
                status.message = (
                    f"The {self.word}'s own process ended unexpectedly{phase} (killed, out of memory, the disk was full, or the machine "
                    f"was restarted). {self.advice}"
                )
        elif status.active and not status.coordinator and time.time() - status.updated > SECONDS_TO_APPEAR:
            status.state = "failed"
            status.message = (
                f"The {self.word}'s own process has not started, or ended before it could say a word. The reason is in coordinator.log in "
                f"the {self.word}'s folder, most often too little memory or disk; free some, then {self.again}."
            )
        return status

    def written_status(self) -> Status:
        """Return the status as the coordinator has written it, though its process may have gone."""
        values = read_json(self.status_file)
        if values is None or values.get("state") not in STATES:
            created = self.path.stat().st_mtime if self.path.exists() else 0.0
            message = f"The {self.word}'s folder was removed or its status cannot be read."
            return Status(state="failed", message=message, phase="end", created=created)
        return read_status(values)

    def write_status(self, status: Status) -> None:
        """Replace the status as a whole."""
        status.updated = time.time()
        write_atomically(self.status_file, json.dumps(to_json(status)))

    def read_log(self, process: str, characters: int = 20_000) -> str:
        """Return the end of the log of ``coordinator`` or of a framework's worker; empty where there is none."""
        file = self.coordinator_log if process == "coordinator" else self.worker_log(process)
        try:
            with open(file, "rb") as log:
                log.seek(max(0, file.stat().st_size - characters))
                return log.read().decode("utf-8", "replace")
        except OSError:
            return ""

    def read_code(self) -> dict[str, str] | None:
        """Return the source files that did the work, by path, or ``None`` when none were kept or the copy is damaged."""
        files = read_json(self.code_file)
        return files if files and all(isinstance(text, str) for text in files.values()) else None

    def write_code(self, files: dict[str, str]) -> None:
        """Keep the source files that do the work."""
        write_atomically(self.code_file, json.dumps(files, ensure_ascii=False))

    def request_stop(self) -> None:
        """Ask for a stop; what is finished is kept. Raises ``RunError`` when the folder cannot be written."""
        try:
            self.stop_mark.touch()
        except OSError as error:
            raise RunError(
                f"The {self.word} {self.identifier} cannot be stopped: nothing can be written into its folder {self.path} "
                f"({error.strerror}). It was removed, or the disk is full."
            ) from error

    def withdraw_stop(self) -> None:
        """Take the wish to stop back."""
        self.stop_mark.unlink(missing_ok=True)

    def stop_requested(self) -> bool:
        """Whether somebody asked for a stop."""
        return self.stop_mark.exists()
