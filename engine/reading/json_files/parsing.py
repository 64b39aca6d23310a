"""JSON text becomes values; what strict parsers refuse and people write all the same is read too, counted and said."""

from __future__ import annotations

import ast
import codecs
import contextlib
import json
import re
import warnings
from typing import Any, NoReturn

from engine.errors import DataError

MAX_LITERAL = 2**20
"""The most characters of one Python literal, which takes a hundred times its size in memory."""
MAX_LITERALS = 2**23
"""The most characters that are tried as Python literals in one file, for that is slow."""
MAX_DIGITS = 18
SAMPLE_LINES = 100

_GAP = re.compile(r"[\s,;\x1e\ufeff]*")
"""What may stand between two values; RFC 7464 puts U+001E there."""
_LINE_END = re.compile(r"\r\n|\r|\n")
_STRING = r'"(?:[^"\\]|\\.)*+"'
_COMMENT = re.compile(rf"{_STRING}|(//[^\r\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z))", re.DOTALL)
_TRAILING_COMMA = re.compile(rf"{_STRING}|(,(?=\s*[\]}}]))", re.DOTALL)
_OBJECT = re.compile(rf"\{{\s*(?:\}}|(?:{_STRING}|'(?:[^'\\\n]|\\.)*+')\s*:)", re.DOTALL)
_LIST = re.compile(rf"(?:\[\s*)++(?:[\]{{]|(?:{_STRING}|'(?:[^'\\\n]|\\.)*+'|-?\d[\d.eE+-]*|true|false|null|NaN|None)\s*[,\]])", re.DOTALL)

_TWICE = ('"{\\"', '"[{\\"')
"""How JSON begins that was encoded twice."""


class Parser:
    """A parser of JSON that counts what a person should know of."""

    def __init__(self) -> None:
        self.repeated_keys = 0
        """Objects in which a key stands twice; the last one counts."""
        self.literals = 0
        """Values that were written as Python literals."""
        self._tried = 0
        self.repairs: list[str] = []
        """What was passed over in the whole text: comments, trailing commas."""
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_constant=lambda name: None if name == "NaN" else name,
            parse_int=lambda digits: int(digits) if len(digits) <= MAX_DIGITS else digits,
            strict=False,  # line ends and tabs inside strings
        )

    def _object(self, pairs: list[tuple[str, Any]]) -> Any:
        fields = dict(pairs)
        self.repeated_keys += len(fields) != len(pairs)
        return fields

    def values(self, text: str, most: int | None = None) -> list[Any]:
        """Return the values that stand in a text one after the other. Raises ``ValueError`` or ``RecursionError`` on anything else."""
        found: list[Any] = []
        position = _end_of_gap(text, 0)
        while position < len(text) and (most is None or len(found) < most):
            value, position = self._decoder.raw_decode(text, position)
            if isinstance(value, str) and value.startswith(("{", "[")):  # JSON in a string of JSON: encoded twice
                value = self._decoder.decode(value)
            found.append(value)
            position = _end_of_gap(text, position)
        return found

    def line(self, line: str) -> list[Any]:
        """Return the objects and lists that stand in one line; none where it holds anything else."""
        try:
            found = self.values(line)
        except (ValueError, RecursionError):
            found = self._literal(line)
        return found if all(isinstance(value, (dict, list)) for value in found) else []

    def start_of_list(self, start: str, most: int) -> list[Any]:
        """Return a list with its first objects or lists; an empty one where a text does not start with so many of them."""
        opening = _end_of_gap(start, 0)
        if start[opening : opening + 1] != "[":
            return []
        try:
            found = self.values(start[opening + 1 :], most)
        except (ValueError, RecursionError):
            return []
        return [found] if len(found) == most and all(isinstance(value, (dict, list)) for value in found) else []

    def whole(self, text: str, name: str) -> tuple[list[Any], list[int]]:
        """Return the values of a whole text, and the lines that had to be left out.

        Raises ``DataError`` with the place where it cannot be read.
        """
        try:
            return self.values(text), []
        except (ValueError, RecursionError) as error:
            first = error
        if isinstance(first, RecursionError):
            raise DataError(
                f"“{name}” is nested hundreds of levels deep. Expected rows of texts and labels, which take three or four. "
                "It is no table; export the data again."
            ) from first
        self.repeated_keys = 0
        repaired, comments = _without(_COMMENT, text)
        repaired, commas = _without(_TRAILING_COMMA, repaired)
        if comments or commas:
            with contextlib.suppress(ValueError, RecursionError):
                found = self.values(repaired)
                counts = {"comments": comments, "commas before a closing bracket": commas}
                self.repairs = [f"{count:,} {what}" for what, count in counts.items() if count]
                return found, []
        if found := self._literal(text):
            return found, []
        return _by_line(self, text) or self._refuse(first, text, name)

    def _refuse(self, error: ValueError, text: str, name: str) -> NoReturn:
        place, more = str(error), ""
        if isinstance(error, json.JSONDecodeError):
            near = text[max(error.pos - 30, 0) : error.pos + 30].replace("\n", " ").strip()
            place = f"at line {error.lineno:,}, character {error.colno:,}: {error.msg} near “{near}”"
            if not text[error.pos :].strip() or "Unterminated" in error.msg:
                more = " It ends in the middle: it was probably cut off on the way."
            elif re.search(r"[{\[,]\s*(?:'|\w+\s*:)", near):
                more = " Keys and texts must stand in double quotes."
        raise DataError(
            f"“{name}” starts like JSON, but cannot be read {place}.{more} "
            "Expected a list of objects, or better one object a line. Export it again."
        )

    def _literal(self, text: str) -> list[Any]:
        """Return what a text holds as a Python literal, with single quotes and ``None``; none where it is too long or no literal."""
        if len(text) > MAX_LITERAL or not re.match(r"\s*[\[{(]", text):
            return []
        self._tried += len(text)
        if self._tried > MAX_LITERALS:
            if not self.literals:
                return []
            raise DataError(
                f"The file is written as Python literals (single quotes, None); at most {MAX_LITERALS / 2**20:.0f} MB of them are read. "
                "Expected JSON. Write it with json.dump, or a data frame with to_json."
            )
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of escapes that Python does not know
                value = ast.literal_eval(text.strip().rstrip(","))
            plain = json.loads(json.dumps(value, default=list))  # keys become strings, sets and tuples lists
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return []
        self.literals += isinstance(plain, (dict, list))
        return [plain] if isinstance(plain, (dict, list)) else []


def is_one_object_a_line(parser: Parser, sample: str, complete: bool) -> bool:
    """Return whether the first line of a text is an object and at least half of the next ones are."""
    lines = [line for line in _LINE_END.split(sample) if line.strip("\ufeff \t\0")]
    lines = lines if complete else lines[:-1]
    objects = [bool(found) and all(isinstance(value, dict) for value in found) for found in map(parser.line, lines[:SAMPLE_LINES])]
    return len(lines) > 1 and objects[0] and sum(objects) >= 0.5 * len(objects)


def _by_line(parser: Parser, text: str) -> tuple[list[Any], list[int]] | None:
    """Return the values of the lines of a text that is damaged as a whole, and the lines that hold none; ``None`` where most do not."""
    parser.repeated_keys = 0
    lines = [(number, line) for number, line in enumerate(_LINE_END.split(text), start=1) if line.strip("\ufeff[], \t")]
    values: list[Any] = []
    broken = []
    for number, line in lines:
        found = parser.line(line) or parser.line(line.strip("[], \t"))
        values += found
        if not found:
            broken.append(number)
    return (values, broken) if len(broken) <= 0.5 * len(lines) and len(lines) > 1 else None


def _end_of_gap(text: str, position: int) -> int:
    match = _GAP.match(text, position)
    return match.end() if match else position


def _without(pattern: re.Pattern[str], text: str) -> tuple[str, int]:
    """Return a text without what a pattern's group matches outside of strings, and how often it did."""
    count = 0

    def kept(match: re.Match[str]) -> str:
        nonlocal count
        count += match[1] is not None
        return match[0] if match[1] is None else " "

    return pattern.sub(kept, text), count


def looks_like_json(start: bytes, name: str) -> bool:
    """Return whether a file that starts with these bytes is JSON, and not a table whose first cell opens with a bracket."""
    text = _start_text(start)
    if name.lower().removesuffix(".gz").endswith((".json", ".jsonl", ".ndjson", ".geojson")):
        return text.startswith(("{", "[", "//", "/*", *_TWICE)) or any(map(Parser().line, text.splitlines()[1:3]))
    if not (_OBJECT.match(text) or _LIST.match(text) or text.startswith(_TWICE)):
        return False
    try:
        _, end = json.JSONDecoder(strict=False).raw_decode(text)
    except json.JSONDecodeError as error:  # cut off, or repaired later; but a cell that only opens like JSON fails in the first line
        first = text.splitlines()[0]
        if error.pos >= min(len(first), len(text) - 1) or "Unterminated" in error.msg or Parser().line(first):
            return True
        return not name.lower().endswith((".csv", ".tsv", ".tab")) and not re.match(r"\[\s*[-\dtfnN]", text)
    except (ValueError, RecursionError):
        return True
    after = text[end:].lstrip(" \t,")
    return not after or after[0] in "\r\n{["


def encoding_without_mark(start: bytes) -> str | None:
    """Return the encoding that the zero bytes around the first bracket of JSON tell; ``None`` where there are none."""
    pattern = bytes(byte > 0 for byte in start[:4])
    wide = {b"\0\0\0\1": "utf-32-be", b"\1\0\0\0": "utf-32-le", b"\0\1\0\1": "utf-16-be", b"\1\0\1\0": "utf-16-le"}
    return None if start.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)) else wide.get(pattern)


def _start_text(start: bytes) -> str:
    """Return the first characters of a text without its mark and white space, in whichever Unicode encoding."""
    codec = encoding_without_mark(start)
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        codec = "utf-32"
    elif start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        codec = "utf-16"
    return start.decode(codec or "utf-8", "replace").lstrip("\ufeff\x1e \t\r\n")
