"""Values as other programs store them, as a person would type them into a cell."""

from __future__ import annotations

import datetime
import json
from typing import Any

MAX_DEPTH = 8
"""Fields nested deeper than this stay JSON text in one column."""

Value = Any
"""What a field may hold: whatever JSON, Arrow or a workbook knows."""
Row = dict[str, Value]
"""A row as another program stores it: field → value."""


def plain_text(value: Any) -> str:
    """Return a value as a person would type it into a cell: a list of one value is that value, an empty one and NaN are nothing."""
    if isinstance(value, str):
        return value
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, (list, tuple, set, frozenset)):
        items = list(value)
        if len(items) == 1 and not isinstance(items[0], (list, tuple, set, frozenset)):
            return plain_text(items[0])
        return json.dumps(items, ensure_ascii=False, default=plain_text) if items else ""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=plain_text) if value else ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def flattened(row: Row) -> dict[str, str]:
    """Return a row's cells; nested fields become columns with dotted names, also through a list of one object."""
    cells: dict[str, str] = {}
    _flatten(row, "", 0, cells)
    return cells


def _flatten(row: Row, prefix: str, depth: int, cells: dict[str, str]) -> None:
    for key, value in row.items():
        name = f"{prefix}{key}"
        while isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
            value = value[0]
        if isinstance(value, dict) and value and depth < MAX_DEPTH:
            _flatten(value, f"{name}.", depth + 1, cells)
            continue
        while name in cells:  # "a.b" beside {"a": {"b": …}}
            name += " (2)"
        cells[name] = value if isinstance(value, str) else plain_text(value)
