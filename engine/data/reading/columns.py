"""Which columns hold the text and the label: guessed from their names and from their numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy

from engine.data.reading.column_names import LABEL_NAMES, OTHER_NAMES, TEXT_NAMES, TITLE_NAMES, name_rank
from engine.data.table import Table

SAMPLE_ROWS = 5000


@dataclass(frozen=True)
class ColumnGuess:
    """The columns to offer in the two boxes."""

    text: tuple[str, ...]
    label: str | None
    sure: bool
    reason: str
    """One plain sentence."""
    text_candidates: tuple[str, ...] = ()
    """The columns that could be the text, the likeliest first."""
    label_candidates: tuple[str, ...] = ()
    """The columns that could be the label, the likeliest first."""


@dataclass(frozen=True)
class Profile:
    """The numbers of one column that tell a text from a label."""

    name: str
    filled: int
    distinct: int
    words: float
    characters: float
    numeric: float

    @property
    def reads_like_text(self) -> bool:
        return self.filled > 0 and self.words >= 2.5 and self.characters >= 12 and self.distinct > 0.3 * self.filled and self.numeric < 0.5

    @property
    def could_be_label(self) -> bool:
        few = self.distinct <= max(2, 0.5 * self.filled)
        return self.filled > 0 and few and self.distinct >= 2 and self.characters <= 60 and self.words <= 8


def guess_columns(table: Table, label: str | None = None, text: tuple[str, ...] = ()) -> ColumnGuess:
    """Return the likely text and label columns of a table, with a sentence that says why; what is given is kept."""
    guess = _guess(table, [str(name) for name in table.frame.columns if name not in text], label)
    return replace(guess, text=text or guess.text)


def _guess(table: Table, names: list[str], given: str | None) -> ColumnGuess:
    if len(names) < 2:
        return ColumnGuess(tuple(names), None, False, "The table has one column; training needs a text column and a label column.")
    profiles = [profile(table, name) for name in names]
    label, label_named = (given, True) if given else guess_label(profiles)
    text, text_named = guess_text([item for item in profiles if item.name != label])
    if label is None or not text:
        missing = "a label: no column has few values that repeat" if label is None else "a text: no column reads like sentences"
        return ColumnGuess(text, label, False, f"No column looks like {missing}; please choose it.")
    chosen = next(item for item in profiles if item.name == label)
    rivals = [item for item in profiles if item.could_be_label and item.name != label and not item.reads_like_text]
    joined = " and ".join(f"“{name}”" for name in text)
    how = "by its name and its" if label_named else "by its"
    values = "one repeating value" if chosen.distinct == 1 else f"{chosen.distinct:,} repeating values"
    reason = f"“{label}” is taken as the label {how} {values}, {joined} as the text."
    sure = (
        (label_named or not rivals)
        and chosen.could_be_label
        and (text_named or len([p for p in profiles if p.reads_like_text]) == len(text))
    )
    if not sure:
        others = ", ".join(f"“{item.name}”" for item in rivals[:3])
        reason += f" Also possible as a label: {others}." if others else " Please check both boxes."
    texts = tuple(item.name for item in profiles if item.reads_like_text and item.name != label)
    return ColumnGuess(text, label, sure, reason, texts, (label, *(item.name for item in rivals)))


def profile(table: Table, name: str) -> Profile:
    """Measure one column on evenly spread rows."""
    rows = len(table.frame)
    positions = numpy.unique(numpy.linspace(0, rows - 1, min(rows, SAMPLE_ROWS)).astype(int)) if rows else numpy.zeros(0, dtype=int)
    values = [value for value in table.frame[name].iloc[positions].astype(str).str.strip().tolist() if value]
    filled = len(values)
    number = re.compile(r"[+-]?\d[\d.,:/-]*")
    return Profile(
        name,
        filled,
        len(set(values)),
        sum(len(value[:2000].split()) for value in values) / max(filled, 1),
        sum(map(len, values)) / max(filled, 1),
        sum(number.fullmatch(value[:40]) is not None for value in values) / max(filled, 1),
    )


def guess_label(profiles: list[Profile]) -> tuple[str | None, bool]:
    """Return the label column, and whether its name says so."""

    def score(item: Profile) -> float:
        named = name_rank(item.name, LABEL_NAMES)
        points = 4.0 - 0.1 * named if named is not None else 0.0
        points -= 3.0 if name_rank(item.name, OTHER_NAMES) is not None else 0.0
        points -= 2.0 if name_rank(item.name, TEXT_NAMES + TITLE_NAMES) is not None else 0.0
        points += 3.0 if item.could_be_label else -3.0
        points += 1.0 - min(item.distinct / max(item.filled, 1), 1.0)
        return points - (0.3 if item.numeric > 0.9 and item.distinct > 20 else 0.0) - (2.0 if item.reads_like_text else 0.0)

    best = max(profiles, key=score)
    if score(best) <= 0.5:
        return None, False
    return best.name, name_rank(best.name, LABEL_NAMES) is not None


def guess_text(profiles: list[Profile]) -> tuple[tuple[str, ...], bool]:
    """Return the text columns in file order, and whether their names say so; a title goes with its body."""
    named = [item for item in profiles if name_rank(item.name, TEXT_NAMES) is not None and item.filled and item.numeric < 0.9]
    titles = [item for item in profiles if name_rank(item.name, TITLE_NAMES) is not None and item.filled]
    if named:
        best = max(named, key=lambda item: (item.reads_like_text, -(name_rank(item.name, TEXT_NAMES) or 0)))
        chosen = {best.name, *(item.name for item in titles if item.words >= 1.5)}
        return tuple(item.name for item in profiles if item.name in chosen), True
    if titles and not any(item.reads_like_text for item in profiles if item not in titles):
        return tuple(item.name for item in titles), True
    readable = [item for item in profiles if item.reads_like_text and name_rank(item.name, OTHER_NAMES) is None]
    positional = all(re.fullmatch(r"column \d+", item.name) for item in profiles)
    if readable and not positional and not titles:
        readable = [max(readable, key=lambda item: item.characters)]
    if readable:
        return tuple(item.name for item in readable), False
    longest = max(profiles, key=lambda item: (item.numeric < 0.5, item.characters))
    return ((longest.name,) if longest.filled and longest.numeric < 0.5 else ()), False
