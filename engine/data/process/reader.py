"""The side that asks: starts the reading process, waits without holding the interpreter, and ends it when a limit is passed.

A process reads one file and is gone with all that it took. Where previews are asked at every click, a spare one waits with everything
loaded, for a start takes half a second.
"""

from __future__ import annotations

import atexit
import json
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pyarrow

from engine.data.process.request import Answer, Request, request_for
from engine.data.store import SAMPLE_PATH
from engine.errors import DataError
from engine.reading.options import ReadingOptions
from engine.reading.read_table import DETECT, read_table
from engine.reading.scratch import remove_scratch
from engine.reading.table import Table
from engine.reading.table_file import table_of

MODULE = "engine.data.process.child"
START_SECONDS = 120.0
"""A machine under load takes long to load the libraries; this is no part of the time that a file may take."""
WATCH_SECONDS = 0.05


def preview(path: Path, name: str, options: ReadingOptions = DETECT, limit: int = 20) -> Table:
    """Return the first rows of a file, read in a process of its own within ten seconds; the errors are those of :func:`read_table`."""
    if path == SAMPLE_PATH:  # it ships with the product
        return read_table(path, name, options, limit)
    kept, table = ask(request_for(path, name, options, limit))
    assert table is not None, kept
    return table


def ask(request: Request) -> tuple[str, Table | None]:
    """Return where the table is kept, or the table. Raises ``DataError`` with what the file is, or how the reading of it ended."""
    said, rest = exchange(request)
    if said.error:
        raise DataError(said.error)
    if said.kept:
        return said.kept, None
    return "", table_of(json.loads(said.table), pyarrow.ipc.open_stream(rest).read_all())


def exchange(request: Request) -> tuple[Answer, pyarrow.Buffer]:
    """Return the answer of a reading process: its line, and the bytes behind it."""
    process = SPARE.take()
    try:
        if not process.send(request):  # a spare one that ended while nobody looked
            process.end()
            process = ReadingProcess()
            process.send(request)
        process.wait(request)
        return process.answer(request)
    finally:
        process.end()
        if process.process.returncode:  # killed, by whomever: it could not tidy up
            for folder in (None, Path(request.readings) if request.readings else None):
                remove_scratch(folder, process.process.pid)
        SPARE.refill()


class ReadingProcess:
    """One reading process, from its start to its only answer."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).parents[3],
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._ready, self._done = threading.Event(), threading.Event()
        self._line, self._rest = b"", b""
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        """Take in what the process says; a thread that waits on a pipe leaves the interpreter to the others."""
        assert self.process.stdout is not None
        try:
            self.process.stdout.readline()
            self._ready.set()
            self._line = self.process.stdout.readline()
            self._rest = self.process.stdout.read()
        finally:
            self._ready.set()
            self._done.set()

    def send(self, request: Request) -> bool:
        """Send the request once the process can take it, and tell whether it could."""
        self._ready.wait(START_SECONDS)
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(request.to_line().encode())
            self.process.stdin.flush()
        except OSError:
            return False
        return self.process.poll() is None

    def wait(self, request: Request) -> None:
        """Wait for the answer. Raises ``DataError`` where it takes too long or too much memory."""
        ends = time.monotonic() + request.seconds
        while not self._done.wait(WATCH_SECONDS):
            if time.monotonic() > ends:
                raise DataError(
                    f"“{request.name}” could not be read within {request.seconds:.3g} seconds, and reading was stopped. Expected a table; "
                    "this file may be damaged, or made of something else. Choose the kind of file and its separator, or export it again."
                )
            with suppress(psutil.Error):
                if psutil.Process(self.process.pid).memory_info().rss > request.memory:
                    raise DataError(request.memory_sentence)

    def answer(self, request: Request) -> tuple[Answer, pyarrow.Buffer]:
        """Return what the process said; raises ``DataError`` when it has ended before it had said all."""
        code = self.process.wait()
        if code != 0 or not self._line:
            raise DataError(
                f"The process that read “{request.name}” ended before it was done ({_ending(code)}). Expected a table that the libraries "
                "can read; this file may be damaged, or the machine's memory ran out. Export it again, or upload a part of its rows."
            )
        return Answer(**json.loads(self._line)), pyarrow.py_buffer(self._rest)

    def end(self) -> None:
        """End the process and wait until it is gone."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._listener.join()
        assert self.process.stdin is not None and self.process.stdout is not None
        with suppress(OSError):
            self.process.stdin.close()
        self.process.stdout.close()


class Spare:
    """The process that waits for the next request, once somebody has said that requests come often."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted = False
        self._process: ReadingProcess | None = None

    def keep(self) -> None:
        """Let one wait from now on, until this process ends."""
        with self._lock:
            if not self._wanted:
                atexit.register(self.end)
            self._wanted = True
        self.refill()

    def refill(self) -> None:
        """Start one where one is wanted and none waits; it loads its libraries while others work."""
        with self._lock:
            if self._process is not None and self._process.process.poll() is not None:
                self._process.end()
                self._process = None
            if self._wanted and self._process is None:
                self._process = ReadingProcess()

    def take(self) -> ReadingProcess:
        """Return the one that waits, else a new one."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None and process.process.poll() is not None:  # it gave its memory back
            process.end()
            process = None
        return process or ReadingProcess()

    def end(self) -> None:
        """End the one that waits."""
        with self._lock:
            process, self._process, self._wanted = self._process, None, False
        if process is not None:
            process.end()


SPARE = Spare()


def _ending(code: int) -> str:
    if code >= 0:
        return f"it gave the status {code}"
    with suppress(ValueError):
        return f"the system ended it with {signal.Signals(-code).name}"
    return f"the system ended it with signal {-code}"
