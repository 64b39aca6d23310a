"""From JSON to a frozen dataclass and back, for whatever is kept in a file that an older or newer version may have written.

Describe the file as frozen dataclasses, with defaults and a docstring below each field, then

    results = from_json(Results, read_json(path))             # None where the file is no object
    write_atomically(path, json.dumps(to_json(results)))      # the fields in their order are the keys in theirs

Dataclasses, tuples, dictionaries and ``X | None`` may be nested. A missing key takes the field's default, an unknown one is ignored, and
a value of another kind than its field counts as missing: that a file is older is a normal state and never an exception. Entries of
another kind are left out of lists and dictionaries, and so is a record that lacks a field without a default. A class that brings its own
``from_json`` and ``to_json`` is read and written by them. Units stand in the types (``engine.units``).
"""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from engine.errors import ParityError

Record = TypeVar("Record")


def from_json(kind: type[Record], value: object) -> Record | None:
    """Return the value as ``kind``, or ``None`` where it is nothing of the sort."""
    return _read(kind, value)


def to_json(value: Any) -> Any:
    """Return dictionaries, lists and plain values, ready for ``json.dumps``; the keys of a record are its fields, in their order."""
    if is_dataclass(value) and not isinstance(value, type):
        own = getattr(value, "to_json", None)
        return own() if own else write_fields(value)
    if isinstance(value, Mapping):
        return {key: to_json(inner) for key, inner in value.items()}
    return [to_json(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def write_fields(record: Any, left_out: Collection[str] = ()) -> dict[str, Any]:
    """Return a record's fields as :func:`to_json` writes them, without some: what a class's own ``to_json`` is made of."""
    return {item.name: to_json(getattr(record, item.name)) for item in fields(record) if item.name not in left_out}


def docstrings(kind: type) -> dict[str, str]:
    """Return the string literal below each annotated field of a class and of those that it inherits from, on one line each."""
    texts: dict[str, str] = {}
    for part in reversed([each for each in kind.__mro__ if is_dataclass(each)]):
        body = ast.parse(textwrap.dedent(inspect.getsource(part))).body[0].body  # type: ignore[attr-defined]
        for field, text in itertools.pairwise(body):
            if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
                texts[ast.unparse(field.target)] = " ".join(str(text.value.value).split())
    return texts


def _read(kind: Any, value: object) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if origin in (Union, UnionType):
        answers = (_read(choice, value) for choice in arguments if choice is not NoneType)
        return next((answer for answer in answers if answer is not None), None)
    if is_dataclass(kind):
        return _read_record(kind, value) if isinstance(value, Mapping) else None
    if origin is tuple and isinstance(value, (list, tuple)):
        repeated = len(arguments) == 2 and arguments[1] is Ellipsis
        kinds = itertools.repeat(arguments[0], len(value)) if repeated else arguments
        entries = [(hint, _read(hint, inner)) for hint, inner in zip(kinds, value, strict=False)]
        return tuple(entry for hint, entry in entries if entry is not None or _may_be_none(hint))
    if origin is dict and isinstance(value, Mapping):
        named = {key: _read(arguments[1], inner) for key, inner in value.items()}
        return {key: entry for key, entry in named.items() if entry is not None or _may_be_none(arguments[1])}
    if kind is float:  # a whole number may stand for one, and stays as it was written
        return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    if kind is int:
        return value if isinstance(value, int) and not isinstance(value, bool) else None
    return value if isinstance(kind, type) and isinstance(value, kind) else None


def _read_record(kind: Any, value: Mapping[str, Any]) -> Any:
    if own := getattr(kind, "from_json", None):
        try:
            return own(value)
        except ParityError:
            return None
    values = {}
    for item in fields(kind):
        hint, written = _hints(kind)[item.name], value.get(item.name, MISSING)
        read = None if written is MISSING else _read(hint, written)
        if read is not None or (written is None and _may_be_none(hint)):
            values[item.name] = read
        elif item.default is MISSING and item.default_factory is MISSING:
            return None
    return kind(**values)


def _may_be_none(hint: Any) -> bool:
    return hint is Any or NoneType in get_args(hint)


@cache
def _hints(kind: type) -> dict[str, Any]:
    """Return the types of a record's fields by name, without their units."""
    return get_type_hints(kind)
