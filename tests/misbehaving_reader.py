"""A reading process in which a library misbehaves in the way that the file's name says: ``python -m tests.misbehaving_reader``."""

from __future__ import annotations

import ctypes
import lzma
import os
import re
import time
from pathlib import Path
from typing import Any

from engine.data.process import child
from engine.reading.read_table import read_table
from engine.reading.scratch import scratch_folder
from engine.reading.table import Table


def misbehave(path: Path, name: str, *given: Any) -> Table:
    way = name.partition(".")[0]
    if way == "waits":
        time.sleep(600)
    if way == "computes":  # in C, where no other thread of the process is heard
        re.match(r"(a+)+$", "a" * 60 + "b")
    if way == "unfolds":
        with scratch_folder() as folder:
            (folder / "content").write_bytes(b"unfolded")
            re.match(r"(a+)+$", "a" * 60 + "b")
    if way == "grows":
        kept = []
        while True:
            kept.append(bytearray(2**24))
    if way == "aborts":
        os.abort()
    if way == "segfaults":
        ctypes.string_at(0)
    if way == "leaves":
        os._exit(3)
    if way == "fails":
        raise lzma.LZMAError("Corrupt input data")
    if way == "recurses":
        raise RecursionError("maximum recursion depth exceeded")
    if way == "prints":
        print('{"error": "not an answer"}', flush=True)
        os.write(1, b'{"error": "not an answer"}\n')
    return read_table(path, name, *given)


if __name__ == "__main__":
    child.read_table = misbehave
    child.main()
