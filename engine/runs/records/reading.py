"""From JSON to a frozen dataclass and back, for whatever is kept in a file that an older or newer version may have written.

Describe the file as frozen dataclasses, with defaults and a docstring below each field, then

    results = from_json(Results, read_json(path))             # None where the file is no object
    write_atomically(path, json.dumps(to_json(results)))      # the fields in their order are the keys in theirs

Dataclasses, tuples, dictionaries and ``X | None`` may be nested. A missing key takes the field's default, an unknown one is ignored, and
a value of another kind than its field counts as missing: that a file is older is a normal state and never an exception. Entries of
another kind are left out of lists and dictionaries, and so is a record that lacks a field without a default. A class that brings its own
``from_json`` and ``to_json`` is read and written by them; one with ``left_out`` names the keys that it does not write; one whose creation
raises a ``ParityError`` counts as missing. Units stand in the types (``engine.units``).
"""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from engine.errors import ParityError

Record = TypeVar("Record")
Reader = Callable[[object], Any]


def from_json(kind: type[Record], value: object) -> Record | None:
    """Return the value as ``kind``, or ``None`` where it is nothing of the sort."""
    read: Reader = _reader(cast(Hashable, kind))
    return read(value)


def to_json(value: Any) -> Any:
    """Return dictionaries, lists and plain values, ready for ``json.dumps``; the keys of a record are its fields, in their order."""
    if is_dataclass(value) and not isinstance(value, type):
        own = getattr(value, "to_json", None)
        return own() if own else write_fields(value, getattr(value, "left_out", tuple)())
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
        (definition,) = ast.parse(textwrap.dedent(inspect.getsource(part))).body
        assert isinstance(definition, ast.ClassDef)
        for field, text in itertools.pairwise(definition.body):
            if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
                texts[ast.unparse(field.target)] = " ".join(str(text.value.value).split())
    return texts


@cache
def _reader(hint: Any) -> Reader:
    """Return what reads a value of one type: it gives the value, or ``None`` for a value of another kind."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return lambda value: value
    if origin in (Union, UnionType):
        choices = [_reader(choice) for choice in arguments if choice is not NoneType]
        if len(choices) == 1:
            return choices[0]
        return lambda value: next((read for choice in choices if (read := choice(value)) is not None), None)
    if is_dataclass(hint):
        return partial(_read_record, hint)
    if origin is tuple:
        return partial(_read_list, arguments)
    if origin is dict:
        return partial(_read_dictionary, arguments[1])
    if hint is bool:
        return lambda value: value if isinstance(value, bool) else None
    kinds = (int, float) if hint is float else hint  # a whole number may stand for another one, and stays as it was written
    return lambda value: value if isinstance(value, kinds) and not isinstance(value, bool) and not _is_beyond(value) else None


def _is_beyond(value: object) -> bool:
    """Return whether this is a whole number that no ``float`` can hold: nothing that was ever counted."""
    return isinstance(value, int) and value.bit_length() > 1000


def _read_list(hints: tuple[Any, ...], value: object) -> tuple[Any, ...] | None:
    if not isinstance(value, (list, tuple)):
        return None
    if len(hints) == 2 and hints[1] is Ellipsis:
        read, nullable = _reader(hints[0]), _may_be_none(hints[0])
        return tuple(entry for inner in value if (entry := read(inner)) is not None or nullable)
    pairs = zip(hints, value, strict=False)
    return tuple(entry for hint, inner in pairs if (entry := _reader(hint)(inner)) is not None or _may_be_none(hint))


def _read_dictionary(hint: Any, value: object) -> dict[str, Any] | None:
    if not isinstance(value, Mapping):
        return None
    read, nullable = _reader(hint), _may_be_none(hint)
    return {key: entry for key, inner in value.items() if (entry := read(inner)) is not None or nullable}


def _read_record(kind: Any, value: object) -> Any:
    if not isinstance(value, Mapping):
        return None
    if own := getattr(kind, "from_json", None):
        try:
            return own(value)
        except ParityError:
            return None
    values = {}
    for name, read, nullable, required in _fields(kind):
        written = value.get(name, MISSING)
        entry = None if written is MISSING else read(written)
        if entry is not None or (written is None and nullable):
            values[name] = entry
        elif required:
            return None
    try:
        return kind(**values)
    except ParityError:  # it names something that this version does not know
        return None


def _may_be_none(hint: Any) -> bool:
    return hint is Any or NoneType in get_args(hint)


@cache
def _fields(kind: Any) -> list[tuple[str, Reader, bool, bool]]:
    """Return of each field its name, what reads it, whether it may be ``None``, and whether a record cannot do without it."""
    hints = get_type_hints(kind)  # without the units
    return [
        (item.name, _reader(hints[item.name]), _may_be_none(hints[item.name]), item.default is MISSING and item.default_factory is MISSING)
        for item in fields(kind)
    ]
