"""Labels as people write them into cells: what is no part of a label, several labels in one cell, and spellings of the same one."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.reading.characters import INVISIBLE, NO_WRITING, normalised, without_accents

LIST = "[]"
"""The separator of labels that stand in a cell as a list in JSON or in Python's notation: ``["billing", "login"]``."""
SEPARATORS = {
    "|": 0.5,
    ";": 0.5,
    "\n": 0.5,
    "\t": 0.5,
    "•": 0.5,
    ",": 0.9,
    "،": 0.9,
    "、": 0.9,
    "，": 0.9,
    "::": 0.9,
    "/": 0.9,
    "&": 0.9,
    "+": 0.9,
}
"""What may stand between several labels of a cell → the share of the parts that must occur in another cell too, for names hold commas."""
WITHIN_NAMES = ("::", "/", "&", "+")
"""Separators that names and paths of classes hold as well, such as “AC/DC”, “R&D” and “C++”."""
SPLIT_CELLS = 2000
"""So many different cells are looked at to tell the separator."""
MERGED_SPELLINGS = 10_000
"""More different values are no labels, and looking at each of them would take long."""

_ALIKE = {ord(mark): plain for plain, marks in {"-": "‐‑‒–—−", "'": "’‘`´", '"': "“”„«»"}.items() for mark in marks}
_NUMBER = re.compile(r"([+-]?)(\d+)((?:[.,]0{1,2}|\.0{4,})?)")
"""A whole number, also as a decimal one. Three zeros after a point or a comma may be thousands."""
_LOST_LETTER = re.compile(r"\ufffd|(?<=\w)\?(?=\w)|(?<=\w)\?$")
"""What stands where a letter beyond ASCII could not be written or read."""
_ITEM = re.compile(
    r"\s*(?:(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|([+-]?\d+(?:\.\d+)?|[Tt]rue|[Ff]alse)|null|None|NaN|nan)\s*(?:,\s*|(?=[\"'])|$)",
    re.DOTALL,
)
_BRACKETS = {"[": "]", "(": ")", "{": "}"}
_OBJECT = re.compile(r"[\[\s]*\{\s*(?:\"[^\"]*\"|'[^']*')\s*:")
_CHOICES = re.compile(r"\{\s*\"choices\"\s*:\s*(\[.*\])\s*\}", re.DOTALL)
"""A cell of several choices as Label Studio exports it."""
_ARRAY_ITEM = r"\s*+(?:\"((?:[^\"\\]|\\.)*+)\"|([^\s,:{}\"'\\][^,:{}\"\\]*+))\s*+"
_MARKED = {
    "<>": (re.compile(r"(?:<[^<>]++>[\s,]*+)++"), re.compile("<([^<>]+)>")),
    "#": (re.compile(r"(?:#[^\s#,;]++[\s,;]*+)++"), re.compile(r"#([^\s#,;]+)")),
    "{}": (re.compile(rf"\{{(?:{_ARRAY_ITEM}(?:,{_ARRAY_ITEM})*+)?\}}"), re.compile(_ARRAY_ITEM)),
}
"""Labels that are marked each: tags of Stack Overflow, hashtags, an array of PostgreSQL → what a whole cell and what one label is."""


def cleaned_label(cell: str) -> str:
    """Return the label that a cell holds, without what is no part of it.

    Control characters become spaces; white space around it goes, and so do quotes and the brackets of a list of one.
    """
    label = _without_control(cell)
    if not label.isascii() and not INVISIBLE.sub("", label).strip():
        return ""
    items = stored_list(label)
    if items is None:
        return label[1:-1].strip() if len(label) > 2 and label[0] == label[-1] == '"' and label.count('"') == 2 else label
    return label if len(items) > 1 else "".join(items)


def _without_control(label: str) -> str:
    return NO_WRITING.sub(" ", label).strip()


def stored_list(cell: str) -> tuple[str, ...] | None:
    """Return the items of a list, tuple or set of strings and numbers as JSON, Python or NumPy write it; ``None`` for any other cell.

    So are the ``choices`` of Label Studio.
    """
    if choices := _CHOICES.fullmatch(cell):
        return stored_list(choices[1])
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
        items.append(_without_control(plain))
    return tuple(item for item in dict.fromkeys(items) if item)


def is_object(cell: str) -> bool:
    """Return whether a cell is an object as JSON or Python write it, or a list of such, and no label or list of labels."""
    return _OBJECT.match(cell) is not None and cell[-1] in "}]" and stored_list(cell) is None


def split_labels(cell: str, separator: str) -> tuple[str, ...]:
    """Return the labels of a cell, each once, in their order; the cell itself where ``separator`` is the empty string."""
    items = stored_list(cell.strip())
    if items is None:
        if separator in _MARKED:
            whole, one = _MARKED[separator]
            marked = whole.fullmatch(cell.strip()) is not None
            parts = ["".join(item.groups(default="")) for item in one.finditer(cell.strip("{} "))] if marked else [cell]
        else:
            parts = cell.split(separator) if separator and separator != LIST else [cell]
        items = tuple(dict.fromkeys(cleaned for part in parts if (cleaned := cleaned_label(part))))
    return items


def separator_of(cells: Iterable[str]) -> str:
    """Return what parts several labels in the different cells of one column; the empty string where each cell is one label.

    A character is taken for a separator only where the parts come back: some are a cell of their own or change their place, and most
    stand in another cell too. So “Toys, Games” and “New York, NY” are names. What names hold as well must also let parts change their
    place, and leave no part empty. Labels that are marked each, in all the cells, need no such test.
    """
    different = [cell for _, cell in zip(range(SPLIT_CELLS), dict.fromkeys(cells), strict=False)]
    if any(len(stored_list(cell) or ()) > 1 for cell in different):
        return LIST
    filled = [cell.strip() for cell in different if cell.strip()]
    for separator, (whole, _) in _MARKED.items():
        if filled and all(map(whole.fullmatch, filled)) and any(len(split_labels(cell, separator)) > 1 for cell in filled):
            return separator
    for separator, share in SEPARATORS.items():
        holding = [cell for cell in different if separator in cell]
        if not holding or (separator in WITHIN_NAMES and not all(part.strip() for cell in holding for part in cell.split(separator))):
            continue
        places: dict[str, set[tuple[int, int]]] = {}  # part → (its place, the parts of the cell)
        times: dict[str, int] = {}
        for cell in different:
            labels = split_labels(cell, separator)
            for place, label in enumerate(labels):
                places.setdefault(label, set()).add((place, len(labels)))
                times[label] = times.get(label, 0) + 1
        parts = [label for label, found in places.items() if any(size > 1 for _, size in found)]
        moving = sum(len({place for place, _ in places[label]}) > 1 for label in parts)
        free = sum((0, 1) in places[label] or len({place for place, _ in places[label]}) > 1 for label in parts)
        if separator in WITHIN_NAMES and not moving:  # “sports/football” and “sports” are a class and its kind
            continue
        if parts and free >= 0.5 * len(parts) and sum(times[label] > 1 for label in parts) >= share * len(parts):
            return separator
    return ""


@dataclass(frozen=True)
class LabelGroup:
    """Spellings that a person would call one label."""

    name: str
    """What the label is called once they are merged: the most frequent spelling, without what nobody sees."""
    spellings: tuple[tuple[str, int], ...]
    """Each spelling and its rows, the most frequent first."""


def label_groups(rows_of: Mapping[str, int]) -> tuple[LabelGroup, ...]:
    """Return the groups of spellings, in the order of their names; a label with one spelling is in none.

    A lost accent or letter is the same label only where it can be but one: “cafe” is “café” unless there is “cafè” too. Numbers are one
    where they are equal and one is written with a decimal point; ``01`` is ``1`` only in a column of such numbers.
    """
    if len(rows_of) > MERGED_SPELLINGS:
        return ()
    numbers = [_NUMBER.fullmatch(spelling.translate(_ALIKE)) for spelling in rows_of if spelling.strip()]
    decimal = all(numbers) and any(number and number[3] for number in numbers)
    spelled: dict[str, list[str]] = {}
    for spelling in rows_of:
        if key := label_key(spelling, decimal):
            spelled.setdefault(key, []).append(spelling)
    for key in [key for key in spelled if _LOST_LETTER.search(key)]:
        pattern = re.compile(_LOST_LETTER.sub("[^\x00-\x7f\ufffd]", re.escape(key).replace(r"\?", "?")))
        if len(whole := [other for other in spelled if pattern.fullmatch(other)]) == 1:
            spelled[whole[0]] += spelled.pop(key)
    accented: dict[str, list[str]] = {}
    for key in spelled:
        if (plain := without_accents(key)) != key:
            accented.setdefault(plain, []).append(key)
    for plain, keys in accented.items():
        if plain in spelled and len(keys) == 1:
            spelled[plain] += spelled.pop(keys[0])
    groups = []
    for spellings in spelled.values():
        if len(spellings) > 1:
            spellings.sort(key=lambda spelling: (-rows_of[spelling], spelling))
            rows_of_name: dict[str, int] = {}
            for spelling in sorted(spellings):
                name = _shown(spelling, decimal)
                rows_of_name[name] = rows_of_name.get(name, 0) + rows_of[spelling]
            name = max(
                rows_of_name, key=lambda name: (_is_whole(name), rows_of_name[name], without_accents(name) != name, not name.isupper())
            )
            groups.append(LabelGroup(name, tuple((spelling, rows_of[spelling]) for spelling in spellings)))
    return tuple(sorted(groups, key=lambda group: group.name))


def label_key(spelling: str, decimal: bool = False) -> str:
    """Return what spellings of one label have in common, accents apart."""
    key = normalised(_decoded(spelling).translate(_ALIKE)).replace("i\u0307", "i")  # the Turkish İ in lower case
    if len(key) > 2 and key[0] == key[-1] and key[0] in "'\"":
        key = key[1:-1].strip()
    if number := _NUMBER.fullmatch(key):
        return _whole(number, decimal)
    key = re.sub(r"(?<=\w)_+(?=\w)", " ", key)
    return re.sub(r"(?<=[^\W\d])\s*[.,;:]+$", "", key) or key


def _decoded(spelling: str) -> str:
    """Return what a spelling was before UTF-8 was read as cp1252: “cafÃ©” is “café”; any other spelling as it is."""
    try:
        return spelling if spelling.isascii() else spelling.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return spelling


def _is_whole(name: str) -> bool:
    """Return whether a name has all its letters: none was lost or wrongly decoded."""
    return not _LOST_LETTER.search(name) and _decoded(name) == name


def _whole(number: re.Match[str], decimal: bool) -> str:
    digits = str(int(number[2])) if decimal else number[2]
    return f"{'-' if number[1] == '-' and digits.strip('0') else ''}{digits}"


def _shown(spelling: str, decimal: bool) -> str:
    """Return a spelling as the name of a merged class."""
    name = " ".join(unicodedata.normalize("NFC", INVISIBLE.sub("", spelling)).split())
    if len(name) > 2 and name[0] == name[-1] and name[0] in "'\"":
        name = name[1:-1].strip()
    number = _NUMBER.fullmatch(unicodedata.normalize("NFKC", name).translate(_ALIKE))
    return _whole(number, decimal) if number else name
