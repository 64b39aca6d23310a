"""The door of a process that waits: what it has loaded, and where other processes of the same person can speak to it."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from engine.errors import ParityError
from engine.files import read_json, write_atomically
from engine.runs.experiment import Experiment
from engine.runs.folder import Run, home, readable_experiment
from engine.runs.paths import HomePaths, StandbyPaths
from engine.runs.processes.identity import ProcessIdentity, living_process
from engine.runs.records.reading import from_json, to_json
from engine.shared.devices import graphics_processors, physical_cores

SECONDS_TO_ACCEPT = 5.0
"""How long a waiting process may take to accept a run."""

TELLING = ("PARITY_", "HF_", "OMP_", "GOMP_", "MKL_", "KMP_", "ONEDNN_", "MALLOC_", "TF_", "XLA_", "KERAS_", "CUDA_", "NVIDIA_", "TORCH",
           "PYTORCH_")  # fmt: skip
"""How the names of the variables begin that matter to what a process has loaded."""
SET_BY_LIBRARIES = frozenset({"KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK", "TF2_BEHAVIOR"})
"""Variables that scikit-learn and TensorFlow set when they are imported: they tell what a process has done, not how it was started."""


class DoorClosedError(ParityError):
    """Nobody answered at the door."""


@dataclass(frozen=True)
class Request:
    """What is asked at a door."""

    run: str = ""
    """The run to fill, or whose models are asked."""
    answer: bool = False
    """Whether its models are to be loaded, instead of the run being filled."""
    framework: str = ""
    """The framework whose model is asked to classify texts."""
    texts: tuple[str, ...] = ()
    """The texts."""


@dataclass(frozen=True)
class Door:
    """What a waiting process says of itself."""

    process: ProcessIdentity
    """The coordinator, whose children the workers are."""
    port: int
    """Where it listens, on this machine alone."""
    key: str
    """What a caller must say; it stands in a file that only the same person can read."""
    version: str
    """The code and the variables of the environment that it was started with."""
    opened: float
    """When it began to wait."""
    run: str = ""
    """The run whose models it answers with; empty as long as it can take any."""
    frameworks: tuple[str, ...] = ()
    """The frameworks that it has loaded."""

    def fits(self, experiment: Experiment) -> bool:
        """Whether a run of this experiment would start workers like those that wait here."""
        alike = experiment.threads in (0, physical_cores()) and (experiment.device != "cpu" or not graphics_processors())
        return alike and not self.run and set(experiment.frameworks) <= set(self.frameworks)

    def call(self, request: Request, timeout: float = SECONDS_TO_ACCEPT) -> Mapping[str, object]:
        """Say something and return the answer. Raises ``DoorClosedError`` when there is none."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout) as connection:
                connection.sendall((json.dumps({"key": self.key} | to_json(request)) + "\n").encode())
                with connection.makefile("r", encoding="utf-8") as lines:
                    answer = json.loads(lines.readline())
        except (OSError, ValueError) as error:
            raise DoorClosedError(f"The waiting process {self.process.pid} did not answer ({error}).") from error
        return answer if isinstance(answer, dict) else {}


class Caller:
    """Somebody at the door, who waits for one answer."""

    def __init__(self, connection: socket.socket, request: Request) -> None:
        self.request = request
        self._connection = connection

    def answer(self, answer: Mapping[str, object]) -> None:
        """Answer, and let the caller go; one who has left is no fault."""
        with suppress(OSError), self._connection:
            self._connection.sendall((json.dumps(answer) + "\n").encode())


class Listener:
    """The inside of a door: it listens on this machine alone, to those who know the key."""

    def __init__(self, folder: Path, version: str) -> None:
        self._paths, self._version = StandbyPaths(folder), version
        self._server = socket.create_server(("127.0.0.1", 0))
        self._key = secrets.token_hex(16)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Close the door: who stands there and was not let in is told so by the closed connection."""
        with suppress(OSError):
            self._paths.door_file.unlink(missing_ok=True)
        self._server.close()

    def open(self, process: ProcessIdentity, opened: float, frameworks: tuple[str, ...], run: str = "") -> None:
        """Write down where it can be spoken to, readable by the same person alone."""
        door = Door(process, self._server.getsockname()[1], self._key, self._version, opened, run, frameworks)
        self._paths.path.mkdir(parents=True, exist_ok=True)
        os.chmod(self._paths.path, 0o700)
        write_atomically(self._paths.door_file, json.dumps(to_json(door)))

    def accept(self, seconds: float) -> Caller | None:
        """Return the next caller who knows the key, or ``None`` when there was none in time."""
        self._server.settimeout(seconds)
        try:
            connection, _ = self._server.accept()
            connection.settimeout(1.0)
            with connection.makefile("r", encoding="utf-8") as lines:
                message = json.loads(lines.readline(2**26))
            if hmac.compare_digest(str(message.pop("key", "")), self._key):
                return Caller(connection, from_json(Request, message) or Request())
            connection.close()
        except (OSError, ValueError, AttributeError):
            pass  # nobody came, or somebody who said nothing that could be understood
        return None


def is_wanted() -> bool:
    """Whether processes may wait at all: ``PARITY_STANDBY=0`` turns that off."""
    return os.environ.get("PARITY_STANDBY", "1") != "0"


def doors() -> list[Door]:
    """Return the doors of living processes that were started with the present code and environment, the latest first."""
    if not is_wanted():
        return []
    found = [from_json(Door, read_json(StandbyPaths(folder).door_file)) for folder in standby_folders()]
    living = [door for door in found if door is not None and living_process(door.process) is not None]
    if not living:
        return []  # most often, and pages ask at every rerun: the code is looked at where somebody waits
    version = present_version(os.environ | own_variables())
    return sorted((door for door in living if door.version == version), key=lambda door: door.opened, reverse=True)


def standby_folders() -> list[Path]:
    """Return the folders of waiting processes, those of dead ones included."""
    try:
        return [Path(entry.path) for entry in os.scandir(HomePaths(home()).standby_folder) if entry.is_dir()]
    except OSError:
        return []


def waiting_for(experiment: Experiment) -> Door | None:
    """Return the door of a process that could take a run of this experiment."""
    return next((door for door in doors() if door.fits(experiment)), None)


def hand_over(run: Run) -> bool:
    """Give a queued run to a process that waits for one, if there is one that fits; whether it was accepted."""
    experiment = readable_experiment(run)
    door = waiting_for(experiment) if experiment is not None else None
    if door is None:
        return False
    try:
        return bool(door.call(Request(run.identifier)).get("accepted"))
    except DoorClosedError:
        return False


def answering_for(run: Run, framework: str) -> Door | None:
    """Return the door of a process that has this framework's model of a run loaded, or of a standby that is now loading it."""
    for door in doors():
        if door.run == run.identifier and framework in door.frameworks:
            return door
    standby = waiting_for(run.read_experiment())
    try:
        return standby if standby is not None and standby.call(Request(run.identifier, answer=True)).get("accepted") else None
    except DoorClosedError:
        return None


def keeper() -> ProcessIdentity | None:
    """Return the dashboard that keeps a standby, if one lives: as long as it does, processes may wait for it."""
    found = from_json(ProcessIdentity, read_json(HomePaths(home()).keeper_file)) if is_wanted() else None
    return found if living_process(found) is not None else None


def own_variables() -> dict[str, str]:
    """Return the variables that every coordinator is given, whoever starts it."""
    from engine.runs.processes.queue import lock_path  # here, for the queue looks at all runs

    return {"HF_HUB_DISABLE_TELEMETRY": "1", "PARITY_RUNS": str(home()), "PARITY_LOCK": str(lock_path())}


def present_version(environment: Mapping[str, str]) -> str:
    """Return what tells this code, as it lies on the disk, and these variables from others."""
    engine = Path(__file__).parents[2]
    digest = hashlib.sha256(sys.executable.encode())
    for file in sorted(engine.rglob("*.py")):
        with suppress(OSError):
            facts = file.stat()
            digest.update(f"{file.relative_to(engine)} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    for name in sorted(environment):
        if name.startswith(TELLING) and name not in SET_BY_LIBRARIES:
            digest.update(f"{name}={environment[name]}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:32]
