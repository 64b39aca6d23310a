"""One small trained run for all tests of this room, and a way to start what a bundle serves."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.running.experiment import Experiment
from engine.running.folder import Run, create_run
from tests.running.driving import PATIENCE, small_data

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The TF-IDF classifier, trained by both frameworks on some rows of the sample; read-only."""
    folder = tmp_path_factory.mktemp("trained")
    choices = {"classifier": "tfidf-mlp", "hidden_units": 16, "epochs": 3, "learning_rate": 0.01, "device": "cpu", "threads": 1}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARITY_RUNS", str(folder / "runs"))
        patch.setenv("PARITY_LOCK", str(folder / "machine.lock"))
        run = create_run(Experiment.recommended(small_data(), **choices))
        command = [sys.executable, "-m", "engine.running.coordinator", str(run.path)]
        subprocess.run(command, cwd=PROJECT, env=os.environ.copy(), check=True, timeout=PATIENCE)
    assert run.status.state == "done", run.status.message
    return run


def craft(framework: str, run: Run, folder: Path) -> Path:
    """The exported model of a framework, made in a process of its own."""
    command = [sys.executable, "-m", "tests.migration.crafting", framework, str(run.path), str(folder)]
    answer = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=PATIENCE)
    assert answer.returncode == 0, answer.stderr[-3000:]
    return folder


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
def serving(command: list[str], folder: Path, healthy: str, **variables: str) -> Iterator[None]:
    """The server of a bundle, until the block is left; ``healthy`` is the address that answers once it is ready."""
    log = folder / "server.log"
    with open(log, "wb") as file:
        process = subprocess.Popen(command, cwd=folder, env=os.environ | variables, stdout=file, stderr=subprocess.STDOUT)
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
        family = [*psutil.Process(process.pid).children(recursive=True), process]  # TorchServe's server is a child that outlives its parent
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.terminate()
        process.wait(30)
        psutil.wait_procs(family[:-1], timeout=30)
