"""Charts are drawn in a process of their own: the library that draws ends its process on some charts, and that must not be the server's.

``python -m engine.display.chart_process`` is that process: it reads a chart a line and answers with an SVG a line, until its input ends
or nothing has been asked for a while.
"""

from __future__ import annotations

import atexit
import faulthandler
import json
import os
import queue
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import altair

from engine.errors import RunError

CHART_SECONDS = 60.0
"""One chart takes a tenth of a second, the first one a second more."""
IDLE_SECONDS = 60.0
"""The time without a chart after which the process gives its memory back."""
VERSION = ".".join(altair.SCHEMA_VERSION.split(".")[:2])
"""The version of the specifications that Altair writes."""


class ChartProcess:
    """Draws charts one after the other, in a process that is started when the first is asked for and anew when one has ended it."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def svg(self, specification: str) -> str:
        """Return the SVG of a chart, given as JSON. Raises ``RunError`` when it cannot be drawn."""
        with self._lock:
            line = self._ask(specification) if self._process is not None else b""
            if line == b"":  # it had given its memory back, or this very chart ends it
                self.end()
                self._start()
                line = self._ask(specification)
            if not line:
                self.end()
                reason = f"within {CHART_SECONDS:.0f} seconds" if line is None else "because the library that draws ended unexpectedly"
                raise RunError(f"This chart could not be drawn {reason}. Its figures stand in the tables.")
        answer = json.loads(line)
        if "error" in answer:
            raise RunError(f"This chart could not be drawn: {answer['error']}. Its figures stand in the tables.")
        return str(answer["svg"])

    def end(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            assert process.stdin is not None
            with suppress(OSError):  # what it has not read any more
                process.stdin.close()

    def _start(self) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", self._module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).parents[2],
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        lines = self._lines = queue.SimpleQueue()

        def listen() -> None:
            assert process.stdout is not None
            with process.stdout as answers:
                while (line := answers.readline()).endswith(b"\n"):
                    lines.put(line)
                lines.put(b"")

        threading.Thread(target=listen, daemon=True).start()
        self._process = process

    def _ask(self, specification: str) -> bytes | None:
        """Return the line of the answer; nothing when the process has ended, ``None`` when it takes too long."""
        assert self._process is not None and self._process.stdin is not None
        with suppress(OSError):  # it has ended, and the listener says so
            self._process.stdin.write(specification.encode() + b"\n")
            self._process.stdin.flush()
        try:
            return self._lines.get(timeout=CHART_SECONDS)
        except queue.Empty:
            return None


CHARTS = ChartProcess(__name__)
atexit.register(CHARTS.end)


def main() -> None:
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever the library prints is no answer
    while True:
        faulthandler.dump_traceback_later(IDLE_SECONDS, exit=True)
        line = sys.stdin.buffer.readline()
        faulthandler.dump_traceback_later(CHART_SECONDS + 5, exit=True)  # should nobody be there to end it
        if not line:
            os._exit(0)
        try:
            import vl_convert

            answer = {"svg": vl_convert.vegalite_to_svg(line.decode(), vl_version=VERSION)}
        except Exception as error:
            answer = {"error": " ".join(str(error).split("\n    at ")[0].split())[:200]}  # without the places in its own code
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    main()
