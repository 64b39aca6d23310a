"""TensorBoard for a run: started on demand on this machine only, reused while it lives, gone with the process that started it."""

from __future__ import annotations

import atexit
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from importlib import util

from engine.errors import RunError
from engine.runs.folder import Run

_MOST = 3
_starting = threading.Lock()
_running: dict[str, tuple[subprocess.Popen[bytes], str]] = {}
"""The processes and their addresses by run; the oldest is ended when there would be more than ``_MOST``."""


def open_tensorboard(run: Run, wait_seconds: float = 30.0) -> str:
    """Return the address of a TensorBoard that shows this run. Raises ``RunError`` when it does not come up."""
    with _starting:  # two tabs at the same moment get the same one
        return _open(run, wait_seconds)


def _open(run: Run, wait_seconds: float) -> str:
    process, address = _running.get(run.identifier, (None, ""))
    if process is not None and process.poll() is None:
        return address
    _running.pop(run.identifier, None)
    if util.find_spec("tensorboard") is None:
        raise RunError("TensorBoard is not installed. Run `pip install -r requirements.txt` and try again.")
    if not run.tensorboard_folder.is_dir():
        raise RunError("There is nothing for TensorBoard yet: the first epoch has not ended. Try again in a moment.")
    while len(_running) >= _MOST:
        _end(_running.pop(next(iter(_running)))[0])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {"logdir": run.tensorboard_folder, "host": "127.0.0.1", "port": port, "reload_interval": 5}
    command = [sys.executable, "-m", "tensorboard.main", *(f"--{name}={value}" for name, value in options.items())]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    ends = time.monotonic() + wait_seconds
    while time.monotonic() < ends and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                if answer.status == 200:
                    _running[run.identifier] = (process, address)
                    return address
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    _end(process)
    raise RunError(
        f"TensorBoard did not answer at {address} within {wait_seconds:.0f} seconds. Try again, or start it by hand on "
        f"{run.tensorboard_folder}."
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@atexit.register
def close_all() -> None:
    """End every TensorBoard that this process has started."""
    while _running:
        _end(_running.popitem()[1][0])
