"""Reads what the JSON files of a checkpoint state, whatever mark they begin with, and refuses in a sentence what is of the wrong type."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import EncoderError

POINTER = b"version https://git-lfs.github.com/spec/"
"""Begins the few lines that Git keeps in place of a large file until `git lfs pull` has brought it."""


@dataclass(frozen=True)
class Kind:
    """What a field of a JSON file may hold."""

    words: str
    """The words of a sentence after “expected”."""
    holds: Callable[[Any], bool]
    may_be_null: bool = False
    required: bool = False


def _is_whole(value: object) -> bool:
    return type(value) is int  # True and False are whole numbers to Python


def _is_number(value: object) -> bool:
    return _is_whole(value) or (isinstance(value, float) and math.isfinite(value))


SIZE = Kind("a whole number above 0", lambda value: _is_whole(value) and value > 0)
REQUIRED_SIZE = Kind(SIZE.words, SIZE.holds, required=True)
LENGTH = Kind("a whole number above 2 without quotation marks, such as 128", lambda value: _is_whole(value) and value > 2, may_be_null=True)
# 1e30, the huge number that transformers writes where there is no limit, is a whole number in some files and a fraction in others.
LIMIT = Kind("a number above 2 without quotation marks, such as 512", lambda value: _is_number(value) and value > 2, may_be_null=True)
TOKEN = Kind("a token's number", lambda value: _is_whole(value) and value >= 0, may_be_null=True)
EPSILON = Kind("a small number above 0, such as 1e-12", lambda value: _is_number(value) and 0 < value < 1)
DROPOUT = Kind("a number from 0 up to 1", lambda value: _is_number(value) and 0 <= value < 1)
NAME = Kind("a name", lambda value: isinstance(value, str) and value != "")
OPTIONAL_NAME = Kind(NAME.words, NAME.holds, may_be_null=True)
YES_OR_NO = Kind("true or false", lambda value: isinstance(value, bool))
OPTIONAL_YES_OR_NO = Kind("true, false or null", YES_OR_NO.holds, may_be_null=True)
RIGHT = Kind('"right", for long texts are cut at their end', lambda value: value == "right", may_be_null=True)
OBJECT = Kind("an object", lambda value: isinstance(value, dict), may_be_null=True)
NAMES = Kind("a list of names", lambda value: isinstance(value, list) and all(map(NAME.holds, value)), may_be_null=True)
WORD = Kind("a token", lambda value: NAME.holds(value.get("content") if isinstance(value, dict) else value), may_be_null=True)
ADDED = Kind("the number of a token", lambda value: _is_whole(value) and value >= 0)
MODES = Kind("a name or a list of names", lambda value: NAME.holds(value) or NAMES.holds(value), may_be_null=True)

KINDS = {
    "pad_token_id": TOKEN, "type_vocab_size": SIZE, "layer_norm_eps": EPSILON, "hidden_act": NAME, "activation": NAME,
    "hidden_dropout_prob": DROPOUT, "attention_probs_dropout_prob": DROPOUT, "dropout": DROPOUT, "attention_dropout": DROPOUT,
    "num_hidden_groups": SIZE, "inner_group_num": SIZE,
}  # fmt: skip
"""The fields of a ``config.json`` that may be missing."""


def require_content(file: Path, name: str) -> None:
    """Raise ``EncoderError`` where a file that is there has no content of its own: what a Git LFS pointer and a torn link stand for."""
    try:
        with open(file, "rb") as content:
            start = content.read(200)
    except FileNotFoundError as error:
        raise EncoderError(
            f"{file.name} of {name} leads to {file.resolve()}, where no file is. Expected the file itself in {file.parent}; download the "
            "model again."
        ) from error
    except OSError as error:
        raise EncoderError(
            f"{file.name} of {name} cannot be read ({error.strerror or error}). Expected a file that this account may read: {file}."
        ) from error
    if start.startswith(POINTER):
        size = next((line.split()[1] for line in start.decode(errors="replace").splitlines() if line.startswith("size ")), "")
        stands_for = f" of {int(size):,} bytes" if size.isdigit() else ""
        raise EncoderError(
            f"{file.name} of {name} is a Git LFS pointer, which stands for a file{stands_for} that has not been downloaded. Expected the "
            f"file itself. Run `git lfs pull` in {file.parent}, or download the model again."
        )
    if not start:
        raise EncoderError(f"{file.name} of {name} is empty: {file}. Download the model again.")


def read_stated(folder: Path, file: str, name: str) -> Mapping[str, Any] | None:
    """Return the object in a JSON file of a checkpoint, ``None`` where there is no such file. Raises ``EncoderError`` for anything else."""
    value = read_value(folder, file, name)
    if value is None or isinstance(value, dict):
        return value
    raise EncoderError(f"{file} of {name} holds {_shown(value)}. Expected an object with named fields. Download the model again.")


def read_value(folder: Path, file: str, name: str) -> Any:
    """Return what a JSON file holds, ``None`` where there is no such file. Raises ``EncoderError`` where it is not JSON."""
    place = folder / file
    if not place.exists() and not place.is_symlink():
        return None
    require_content(place, name)
    try:
        value = json.loads(place.read_bytes())  # of bytes Python finds the encoding itself, with and without a mark
    except (OSError, ValueError, RecursionError) as error:
        reason = "brackets too deep within one another" if isinstance(error, RecursionError) else str(error)
        raise EncoderError(f"{name} has no readable {file} in {folder} ({reason}). Expected JSON. Download the model again.") from error
    if value is None:
        raise EncoderError(f"{file} of {name} holds null. Expected an object with named fields. Download the model again.")
    return value


def check_types(stated: Mapping[str, Any], kinds: Mapping[str, Kind], file: str, name: str) -> None:
    """Raise ``EncoderError`` with all fields that lack or hold what they may not. A field that is not required may be missing."""
    problems = []
    for field, kind in kinds.items():
        if field not in stated:
            if kind.required:
                problems.append(f"states no {field} (expected {kind.words})")
        elif not (kind.holds(stated[field]) or (kind.may_be_null and stated[field] is None)):
            problems.append(f"says {field} is {_shown(stated[field])} (expected {kind.words})")
    if problems:
        raise EncoderError(f"{file} of {name} {', and '.join(problems)}. Correct it there, or download the model again.")


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 40 else f"{text[:38]} …"
