"""Files that are replaced whole or not at all, and JSON that may be missing."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
JsonObject = dict[str, Any]
"""An object of a JSON file or of a message, before it is read as what it is, or where it may be anything."""

Version = tuple[int, int, int]
"""When a file was changed, its size, and its number on the disk, which is another one after it was replaced."""


@contextmanager
def draft_of(path: Path) -> Iterator[Path]:
    """Give a path beside the target; what is written there takes the target's place, so that a reader never sees half a file."""
    draft = path.with_name(f".{os.getpid()}.{secrets.token_hex(4)}.{path.name}")  # NumPy looks at the end of the name
    try:
        yield draft
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)  # of a disk that was full


def write_atomically(path: Path, text: str) -> None:
    """Replace a file by a text, whole or not at all."""
    with draft_of(path) as draft:
        draft.write_text(text, encoding="utf-8")


def read_json(path: Path) -> JsonObject | None:
    """The file's object, or ``None`` while it is missing or unreadable."""
    try:
        text = path.read_text(encoding="utf-8")
        value = json.loads(text)
        if HALF_PAIR.search(text):  # no text can be written with half a pair of surrogates
            value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (OSError, ValueError, RecursionError):  # the last one of thousands of brackets within one another
        return None
    return value if isinstance(value, dict) else None


def version_of(file: str | Path) -> Version | None:
    """Return what tells one content of a file from the next, for what is kept of it; ``None`` where there is no file."""
    try:
        facts = os.stat(file)
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size, facts.st_ino
