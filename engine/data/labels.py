"""Labels as people write them into cells: what is no part of a label, several labels in one cell, and spellings of the same one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from engine.data.scanning import without_control

LIST = "[]"
"""The separator of labels that stand in a cell as a list in JSON or in Python's notation: ``["billing", "login"]``."""
SEPARATORS = {"|": 0.5, ";": 0.5, "\n": 0.5, ",": 0.9}
"""What may stand between several labels of a cell → the share of the parts that must occur in another cell too, for names hold commas."""
SPLIT_CELLS = 2000
"""So many different cells are looked at to tell the separator."""

_ITEM = re.compile(
    r"\s*(?:(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|([+-]?\d+(?:\.\d+)?|[Tt]rue|[Ff]alse)|null|None|NaN|nan)\s*(?:,\s*|(?=[\"'])|$)",
    re.DOTALL,
)
_BRACKETS = {"[": "]", "(": ")", "{": "}"}


def cleaned_label(cell: str) -> str:
    """Return the label that a cell holds: control characters become spaces, white space around it and the brackets of a list of one go."""
    label = without_control(cell)
    items = stored_list(label)
    return label if items is None or len(items) > 1 else "".join(items)


def stored_list(cell: str) -> tuple[str, ...] | None:
    """Return the items of a list, tuple or set of strings and numbers as JSON, Python or NumPy write it; ``None`` for any other cell."""
    opening, content = cell[:1], cell[1:-1]
    if len(cell) < 2 or cell[-1] != _BRACKETS.get(opening) or (opening != "[" and content.lstrip()[:1] not in ("'", '"')):
        return None
    items, position = [], 0
    while position < len(content.rstrip()):
        if not (found := _ITEM.match(content, position)):
            return None
        position = found.end()
        quoted, plain = found.groups(default="")
        if quoted:
            try:
                plain = str(json.loads(quoted))
            except ValueError:  # Python's apostrophes
                plain = re.sub(r"\\(['\"\\])", r"\1", quoted[1:-1])
        items.append(without_control(plain))
    return tuple(item for item in dict.fromkeys(items) if item)


def split_labels(cell: str, separator: str) -> tuple[str, ...]:
    """Return the labels of a cell, each once, in their order; the cell itself where ``separator`` is the empty string."""
    items = stored_list(cell.strip())
    if items is None:
        parts = cell.split(separator) if separator and separator != LIST else [cell]
        items = tuple(dict.fromkeys(cleaned for part in parts if (cleaned := cleaned_label(part))))
    return items


def separator_of(cells: Iterable[str]) -> str:
    """Return what parts several labels in the different cells of one column; the empty string where each cell is one label.

    A character is taken for a separator only where the parts come back: some are a cell of their own or change their place, and most
    stand in another cell too. So “Toys, Games” and “New York, NY” are names.
    """
    different = [cell for _, cell in zip(range(SPLIT_CELLS), dict.fromkeys(cells), strict=False)]
    if any(len(stored_list(cell) or ()) > 1 for cell in different):
        return LIST
    for separator, share in SEPARATORS.items():
        places: dict[str, set[tuple[int, int]]] = {}  # part → (its place, the parts of the cell)
        times: dict[str, int] = {}
        for cell in different:
            labels = split_labels(cell, separator)
            for place, label in enumerate(labels):
                places.setdefault(label, set()).add((place, len(labels)))
                times[label] = times.get(label, 0) + 1
        parts = [label for label, found in places.items() if any(size > 1 for _, size in found)]
        free = sum((0, 1) in places[label] or len({place for place, _ in places[label]}) > 1 for label in parts)
        if parts and free >= 0.5 * len(parts) and sum(times[label] > 1 for label in parts) >= share * len(parts):
            return separator
    return ""
