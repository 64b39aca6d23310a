"""Bundles as their users have them: unpacked, in an environment, started from a terminal and asked."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.runs.folder import Run
from tests.driving import PATIENCE

PROJECT = Path(__file__).parents[1]

BundleOf = Callable[[str, str], Path]
"""What the fixture ``bundle_of`` gives."""


def unpacked(bundle: Path, folder: Path) -> Path:
    """A bundle as it lies before its user, who has made the ``environment`` that its README begins with: the one of these tests."""
    with zipfile.ZipFile(bundle) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    (folder / "environment").symlink_to(sys.prefix)
    return folder


def texts_of_test(run: Run) -> list[str]:
    """The run's test texts in their order."""
    frame = run.read_data()
    assert frame is not None
    return [str(text) for text in frame[frame["split"] == "test"]["text"]]


def labels_of(run: Run, framework: str) -> list[str]:
    """What the run itself has answered to its test texts."""
    predictions, frame = run.read_predictions(framework), run.read_data()
    assert predictions is not None and frame is not None
    assert predictions["row"].tolist() == frame[frame["split"] == "test"]["row"].tolist()
    return predictions["prediction"].tolist()


def installed_as_asked(place: Path, commands: list[str]) -> None:
    """The first two lines of a README make an environment; the one of these tests has the very versions that the second would install."""
    assert commands[:2] == ["python -m venv environment", "environment/bin/pip install -r requirements.txt"]
    wanted = [line.partition("==") for line in (place / "requirements.txt").read_text(encoding="utf-8").splitlines()]
    assert len(wanted) >= 2 and all(version(name).split("+")[0] == pinned for name, _, pinned in wanted)


def absent(reason: str) -> None:
    """Skip for want of a package; in continuous integration, where it is installed, that is a failure."""
    if reason:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


def readme_commands(place: Path) -> list[str]:
    """The commands of the first block of a bundle's README."""
    return (place / "README.md").read_text(encoding="utf-8").split("```\n")[1].splitlines()


def shell(command: str, place: Path, **variables: str) -> str:
    """What a command prints that a user types into a terminal; ``python`` is the one of the environment."""
    path = os.pathsep.join([str(place / "environment" / "bin"), os.environ["PATH"]])
    answer = subprocess.run(
        command, shell=True, cwd=place, env=os.environ | {"PATH": path, "PYTHONPATH": ""} | variables, capture_output=True, text=True,
        encoding="utf-8", timeout=PATIENCE,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr[-3000:]
    return answer.stdout


def free_ports(number: int) -> list[int]:
    """Ports on which nobody listens at the moment."""
    sockets = [socket.socket() for _ in range(number)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def call(address: str, body: Any = None) -> tuple[int, Any]:
    """Status and JSON of an answer; ``body`` is sent as JSON, or as it is where it is bytes or gives them piece by piece."""
    data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@contextmanager
def serving(command: str, folder: Path, healthy: str, **variables: str) -> Iterator[None]:
    """The server of a bundle, started from a terminal, until the block is left; ``healthy`` is the address that answers once it is up."""
    log = folder / "server.log"
    with open(log, "wb") as file:
        process = subprocess.Popen(command, shell=True, cwd=folder, env=os.environ | variables, stdout=file, stderr=subprocess.STDOUT)
    try:
        ends = time.monotonic() + PATIENCE
        while True:
            assert process.poll() is None and time.monotonic() < ends, log.read_text(encoding="utf-8", errors="replace")[-4000:]
            try:
                if call(healthy)[0] == 200:
                    break
            except (urllib.error.URLError, ConnectionError, ValueError):
                pass  # it does not listen yet
            time.sleep(0.1)
        yield
    finally:
        family = [*psutil.Process(process.pid).children(recursive=True), process]  # a shell's children outlive it, and so do TorchServe's
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.terminate()
        process.wait(30)
        psutil.wait_procs(family[:-1], timeout=30)
