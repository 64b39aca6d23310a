"""The numbers of one column that tell a text from a label, and both from dates, addresses, links, codes and names of people."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy

from engine.reading.columns.labels import is_object, label_key, separator_of, split_labels
from engine.reading.columns.names import Role, role_of
from engine.reading.table import Table

SAMPLE_ROWS, SAMPLE_CELLS = 5000, 200_000
COMPARED_VALUES = 1000
"""So many different values are compared as spellings of classes; a column with more has no classes."""

_MONTH = r"(?:jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-zäé]*\.?"
_DAY = rf"(?:{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,?|\d{{1,2}}(?:st|nd|rd|th|\.)?[ -]{_MONTH})(?:[ -]\d{{2,4}})?"
_CLOCK = r"(?:(?: at|[t,])? ?\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[ap]\.?m\.?)?(?: ?(?:z|[a-z]{3,4}|[+-]\d{2}:?\d{2}))?)?"
_ADDRESS = r"(?:[^<>@]*<)?[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+>?"
KINDS = {
    "number": re.compile(r"[+-]?[$€£]?[\d.,:/-]*\d[\d.,:/-]*(?:e[+-]?\d+)?\s*[%€$£]?"),
    "date": re.compile(
        rf"\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}{_CLOCK}|\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{2,4}}{_CLOCK}|\d{{4}}年\d{{1,2}}月\d{{1,2}}日.*"
        r"|\d{1,2}\.? (?:de )?[^\W\d]{3,10}\.?(?: de)? \d{4}"
        rf"|(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? )?{_DAY}{_CLOCK}(?: \d{{4}})?"
    ),
    "address": re.compile(rf"{_ADDRESS}(?:[,;]\s*{_ADDRESS})*"),
    "link": re.compile(r"(?:[a-z][a-z0-9+.-]*://|www\.)\S+|/\S*/\S+|[a-z]:\\.+"),
    "code": re.compile(r"(?:[a-z]{2}|[a-z]{2,3}[-_](?:[a-z]{2,4}|\d{3}))"),
    "identifier": re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?=[^\s]*\d)[0-9a-f]{16,}"),
    "record": re.compile(r"[{\[]\s*(?:[\"'{}\[\]]|-?\d).*", re.DOTALL),
}
"""What all cells of a column look like that is no text; in lower case."""
_LANGUAGES = re.compile("ar|bg|ca|cs|da|de|el|en|es|fa|fi|fr|he|hi|hr|hu|id|it|ja|ko|nb|nl|no|pl|pt|ro|ru|sk|sl|sr|sv|th|tr|uk|vi|zh")
_PARTICLES = "de|da|di|den|der|von|van|la|le|bin|al"
_PERSON = re.compile(rf"(?:[^\W\d_a-z][\w.'’-]*|{_PARTICLES})(?: (?:[^\W\d_a-z][\w.'’-]*|{_PARTICLES})){{1,3}}")
_NO_SPACES = re.compile("[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""Letters of scripts that write no spaces between words."""


@dataclass(frozen=True)
class Profile:
    """What evenly spread rows of one column look like."""

    name: str
    values: tuple[str, ...]
    """The cells, the empty string for an empty one."""
    kind: str
    """What nearly all filled cells are: a key of ``KINDS``, ``person``, or the empty string."""
    words: float
    characters: float
    decimals: bool
    """The cells are numbers, some with a fraction that is not a half."""

    @cached_property
    def counts(self) -> Counter[str]:
        """The different cells that are filled, and how many rows have each."""
        counts = Counter(self.values)
        del counts[""]
        return counts

    @cached_property
    def filled(self) -> int:
        return self.counts.total()

    @cached_property
    def role(self) -> Role:
        return role_of(self.name)

    @cached_property
    def distinct(self) -> int:
        """Different values; of short ones, spellings of one class and several classes in a cell count as classes."""
        distinct = len(self.counts)
        if distinct <= max(2, 0.5 * self.filled) or distinct > COMPARED_VALUES or not self.is_short or self.kind not in ("", "record"):
            return distinct
        separator = separator_of(self.counts)
        return len({label_key(label) for cell in self.counts for label in split_labels(cell, separator)})

    @property
    def is_sparse(self) -> bool:
        """Most of its cells are empty."""
        return self.filled < 0.5 * len(self.values)

    @property
    def is_short(self) -> bool:
        return self.characters <= 60 and self.words <= 8

    @property
    def is_data(self) -> bool:
        """Neither a text nor a label, whatever its name: dates, addresses, links, identifiers."""
        return self.kind in ("date", "address", "link", "identifier")

    @property
    def holds_objects(self) -> bool:
        """Some cells are objects of JSON: data of another program, and no names of classes."""
        return any(map(is_object, self.counts))

    @property
    def reads_like_text(self) -> bool:
        lengthy = self.words >= 2.5 and self.characters >= 12
        return self.filled > 0 and lengthy and len(self.counts) > 0.3 * self.filled and self.kind == ""

    @property
    def could_be_label(self) -> bool:
        return self.is_short and not self.is_data and 2 <= self.distinct <= max(2, 0.5 * self.filled)

    @property
    def is_measured(self) -> bool:
        """Numbers with so many values, or such decimals, that they are rather a measure than classes."""
        if self.kind != "number" or len(self.counts) <= 20:
            return self.kind == "number" and self.decimals and len(self.counts) > 10
        whole = {int(value) for value in self.counts if value.isdecimal()}
        return len(whole) < len(self.counts) or min(whole) > 1 or max(whole) - min(whole) >= 1.5 * len(whole)


def profile_of(table: Table, name: str) -> Profile:
    """Measure one column on evenly spread rows, the same of every column."""
    rows, columns = table.frame.shape
    size = min(rows, SAMPLE_ROWS, max(SAMPLE_CELLS // columns, 100))
    positions = numpy.unique(numpy.linspace(0, rows - 1, size).astype(int)) if rows else numpy.zeros(0, dtype=int)
    values = tuple(table.frame[name].iloc[positions].astype(str).str.strip().tolist())
    filled = [value[:2000] for value in values if value]
    number = max(len(filled), 1)
    unspaced = sum(len(_NO_SPACES.findall(value)) for value in filled)
    words, characters = sum(len(value.split()) for value in filled) + unspaced / 2, sum(map(len, values)) + unspaced
    decimals = any(re.fullmatch(r"[+-]?\d*[.,](?!0+$|50*$)\d+", value[:40]) for value in filled)
    return Profile(name, values, _kind_of(name, filled), words / number, characters / number, decimals)


def _kind_of(name: str, filled: list[str]) -> str:
    """Return what nine of ten cells look like; a code only where the values or the column's name leave no doubt."""
    sample = filled[:: max(1, len(filled) // 500)]
    lowered = [value[:80].casefold() for value in sample]
    for kind, pattern in reversed(KINDS.items()):
        if sample and sum(pattern.fullmatch(value) is not None for value in lowered) >= 0.9 * len(sample):
            codes = {value[:2] for value in lowered}
            usual = role_of(name) == "aside" or len(codes) > 2 or len(sample[0]) > 3
            if kind != "code" or (usual and all(map(_LANGUAGES.fullmatch, codes))):
                return kind
    people = sum(_PERSON.fullmatch(value[:80]) is not None for value in sample)
    many = len(set(filled)) > 0.2 * len(filled)
    return "person" if sample and people >= 0.9 * len(sample) and many and role_of(name) not in ("text", "title") else ""
