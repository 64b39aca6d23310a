"""The reading process: reads one file, writes the table where it is kept or sends it back, and ends; also when the one that asked has.

Started as ``python -m engine.data.process.child``. It says “ready”, reads one line (a :class:`Request`) and answers with one line of JSON,
behind which an Arrow stream may follow.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

import pyarrow

from engine.data.process.request import Answer, Request
from engine.data.table_cache import keep
from engine.errors import DataError
from engine.reading.read_table import read_table
from engine.reading.scratch import remove_scratch
from engine.reading.table_file import about, cells_of

READY = b"ready\n"
IDLE_SECONDS = 15 * 60.0
"""A spare process that nobody needs for so long gives its memory back."""
GRACE_SECONDS = 5.0
"""After this much more than was granted the process ends by itself, should nobody be there to end it."""


def main() -> None:
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no answer
    idle = threading.Timer(IDLE_SECONDS, os._exit, (0,))
    idle.daemon = True
    idle.start()
    answers.write(READY)
    answers.flush()
    line = sys.stdin.buffer.readline()
    idle.cancel()
    if line:
        request = Request.from_line(line)
        _limit_itself(request)
        remove_scratch()
        with suppress(OSError):  # nobody is there to read it
            answer(request, answers)
            answers.flush()
    os._exit(0)  # without tidying up a memory that is gone in a moment


def answer(request: Request, out: BinaryIO) -> None:
    """Read the file and write the answer: where the table is kept, the table, or in a sentence why there is none."""
    cells = None
    try:
        said, cells = _read(request)
    except DataError as error:
        said = Answer(error=str(error))
    except MemoryError:
        said = Answer(error=request.memory_sentence)
    except Exception as error:  # a library met what none of its makers thought of
        said = Answer(
            error=f"“{request.name}” cannot be read: the library that reads this kind of file failed ({type(error).__name__}: {error}). "
            "Expected a whole, undamaged table. Save or export it again, or choose another way of reading it."
        )
    out.write(json.dumps(asdict(said)).encode() + b"\n")
    if cells is not None:
        with pyarrow.ipc.new_stream(out, cells.schema) as stream:
            stream.write_table(cells)


def _read(request: Request) -> tuple[Answer, pyarrow.Table | None]:
    table = read_table(Path(request.path), request.name, request.options, request.limit)
    if request.readings is not None:
        with suppress(OSError, pyarrow.ArrowException):  # a full disk is no reason to lose what was read
            return Answer(kept=str(keep(Path(request.readings), request.reader, request.options, table))), None
    return Answer(table=json.dumps(about(table))), cells_of(table)


def _limit_itself(request: Request) -> None:
    """Make the system end this process, or refuse it memory, also while a library computes and Python cannot look up."""
    faulthandler.dump_traceback_later(request.seconds + GRACE_SECONDS, exit=True)
    with suppress(ImportError, ValueError, OSError, AttributeError):  # Windows knows no such limits; the one that asks watches as well
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_DATA, (request.memory, resource.getrlimit(resource.RLIMIT_DATA)[1]))
    with suppress(ImportError, OSError, AttributeError):  # Linux ends it when the other end of its input is closed
        import fcntl

        signal.signal(signal.SIGIO, signal.SIG_DFL)
        fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)
    threading.Thread(target=_end_with_the_one_that_asked, daemon=True).start()


def _end_with_the_one_that_asked() -> None:
    while os.read(0, 1024):
        pass
    remove_scratch(ended=os.getpid())
    os._exit(1)


if __name__ == "__main__":
    main()
