"""Files that are replaced whole or not at all, and JSON that may be missing."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

JsonObject = dict[str, Any]
"""An object of a JSON file or of a message, before it is read as what it is, or where it may be anything."""


def write_atomically(path: Path, text: str) -> None:
    """Write beside the target and rename, so that a reader never sees half a file."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def read_json(path: Path) -> JsonObject | None:
    """The file's object, or ``None`` while it is missing or unreadable."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None
