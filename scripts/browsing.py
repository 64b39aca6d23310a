"""Starts the real dashboard on a free port and a Chromium to look at it: for the browser tests and the README's pictures."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, Playwright

PROJECT = Path(__file__).parents[1]
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str | None:
    """Path of the system's Chromium: the one that ``CHROMIUM`` names, else the first on the PATH."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def open_chromium(playwright: Playwright) -> Browser:
    """The system's Chromium, without a window. Raises ``FileNotFoundError`` when there is none."""
    executable = find_chromium()
    if executable is None:
        raise FileNotFoundError(f"No Chromium was found. Expected one of {', '.join(CHROMIUM_NAMES)}; install one or name it in CHROMIUM.")
    return playwright.chromium.launch(executable_path=executable, args=CHROMIUM_OPTIONS)


@contextmanager
def started_dashboard(runs: Path, log: Path, seconds: float = 60, **variables: str) -> Iterator[str]:
    """The address of a dashboard whose runs live in ``runs``. On leaving, it and everything it started are ended, by their ids.

    ``log`` receives its output; ``variables`` are further environment variables. Raises ``RuntimeError`` with the end of the log
    when it does not answer within ``seconds``.
    """
    port = _free_port()
    settings = {"server.port": port, "server.address": "127.0.0.1", "server.headless": "true", "server.fileWatcherType": "none"}
    options = [f"--{name}={value}" for name, value in settings.items()]
    environment = os.environ | {"PARITY_RUNS": str(runs), "HF_HUB_OFFLINE": "1"} | variables
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "dashboard.py", *options],
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/_stcore/health", process, log, seconds)
        yield address
    finally:
        stop_with_children(process)


def settle(page: Page, seconds: float = 60) -> None:
    """Wait until the page's script has run to its end and no element on it is stale."""
    page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']", timeout=1000 * seconds)
    page.wait_for_function("document.querySelectorAll('[data-stale=true], [data-testid=stSkeleton]').length === 0", timeout=1000 * seconds)


def stop_with_children(process: subprocess.Popen[bytes]) -> None:
    """End a process and all its descendants: asked first, killed after five seconds."""
    try:
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        family = []
    for member in family:
        with suppress(psutil.NoSuchProcess):
            member.terminate()
    _, remaining = psutil.wait_procs(family, timeout=5)
    for member in remaining:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    state = "is still starting" if process.poll() is None else f"ended with status {process.returncode}"
    raise RuntimeError(
        f"The dashboard did not answer at {url} within {seconds:.0f} seconds and {state}. The end of its log:\n{log.read_text()[-2000:]}"
    )
