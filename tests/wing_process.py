"""One process for each wing that lasts as long as the tests: it imports its framework once and calls functions of test modules by name.

No test process imports a framework itself, and loading one takes longer than most of what is asked of it. Answers come back as JSON,
arrays as files that the function writes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from engine.runs.processes.channel import worker_environment

PROJECT = Path(__file__).parents[1]
THREADS = 2

InWing = Callable[..., Any]
"""What the fixture ``in_wing`` gives."""


class WingProcess:
    """The test's end."""

    def __init__(self, wing: str, log: Path) -> None:
        self.log = log
        self._log = open(log, "ab")  # noqa: SIM115 - closed with the process
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.wing_process", wing], cwd=PROJECT, env=worker_environment(THREADS, "cpu"), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log,
        )  # fmt: skip

    def __call__(self, function: Callable[..., Any], *arguments: str | Path | list[str]) -> Any:
        """Call a function at the top of a test module over there; what it returns, which JSON must be able to hold."""
        assert self.process.stdin is not None and self.process.stdout is not None
        call = {"module": function.__module__, "function": function.__name__, "arguments": arguments}
        self.process.stdin.write(json.dumps(call, default=lambda path: {"path": str(path)}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"The process of the wing ended: {self.log.read_text(encoding='utf-8', errors='replace')[-3000:]}"
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer["returned"]

    def end(self) -> None:
        """Let it go, and wait until it is gone."""
        self.process.communicate()  # the end of its input ends it
        self._log.close()


def serve(wing: str) -> None:
    """Answer calls until there are no more. Whatever a library prints goes to the log."""
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    devices = import_module(f"engine.frameworks.{wing}.devices")
    devices.set_threads(THREADS)
    import_module(f"engine.frameworks.{wing}.summaries")  # first: it keeps TensorBoard's package from loading TensorFlow beside PyTorch
    for line in sys.stdin:
        call = json.loads(line, object_hook=lambda found: Path(found["path"]) if list(found) == ["path"] else found)
        try:
            function = getattr(import_module(call["module"]), call["function"])
            answer = {"returned": function(*call["arguments"])}
        except Exception:
            answer = {"error": traceback.format_exc()[-4000:]}
        devices.use_precision("float32")  # as every process begins
        if "keras" in sys.modules:
            sys.modules["keras"].utils.clear_session()
        pipe.write(json.dumps(answer) + "\n")
        pipe.flush()


if __name__ == "__main__":
    serve(sys.argv[1])
