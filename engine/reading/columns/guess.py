"""Which columns hold the text and the label: guessed from their names and their values, and sure only where nothing else could be."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from engine.reading.columns.header import is_number
from engine.reading.columns.names import (
    ASSISTANTS,
    COUNTERPARTS,
    SPEAKERS,
    TEXT_NAMES,
    is_clear_text,
    is_kind_of_label,
    name_rank,
    series_of,
    words_of,
)
from engine.reading.columns.profiles import Profile, profile_of
from engine.reading.table import Table

ROLE_POINTS = {"label": 4.0, "labelled": 3.5, "maybe label": 1.5, "": 0.0, "text": -2.0, "title": -2.0, "other": -3.0, "aside": -3.0,
               "output": -3.0}  # fmt: skip
"""What a column's name says for and against its being the label."""


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
class _Part:
    """One of the two guesses: the columns, the others that could be it, and how sure that is."""

    chosen: tuple[str, ...]
    rivals: tuple[str, ...] = ()
    sure: bool = False
    by_name: bool = False
    given: bool = False


def guess_columns(table: Table, label: str | None = None, text: tuple[str, ...] = ()) -> ColumnGuess:
    """Return the likely text and label columns of a table, with a sentence that says why.

    What is given is kept and the other guessed for it; the label is never among the texts.
    """
    names = [str(name) for name in table.frame.columns]
    if len(names) < 2:
        return ColumnGuess(
            tuple(name for name in names if name != label),
            label,
            False,
            "The table has one column; training needs a text column and a label column.",
        )
    profiles = [profile_of(table, name) for name in names]
    labels = _Part((label,), sure=True, given=True) if label else _guess_label([item for item in profiles if item.name not in text])
    free = [item for item in profiles if item.name not in labels.chosen]
    texts = _Part(text, sure=True, given=True) if text else _guess_text(free)
    candidates = texts.chosen + texts.rivals, labels.chosen + labels.rivals
    guess = ColumnGuess(texts.chosen, labels.chosen[0] if labels.chosen else None, False, "", *candidates)
    if not labels.chosen or not texts.chosen:
        missing = "a text: no column reads like sentences" if labels.chosen else "a label: no column has few values that repeat"
        return replace(guess, reason=f"No column looks like {missing}; please choose it.")
    chosen = next(item for item in profiles if item.name == guess.label)
    columns = [item for item in profiles if item.name in (*texts.chosen, *labels.chosen)]
    if all(_is_unnamed(item) and item.values and is_number(item.values[0]) and item.kind == "" for item in columns):
        texts = replace(texts, sure=False)  # numbers above words: a header of years rather than the first row
    return replace(guess, sure=labels.sure and texts.sure, reason=_reason(labels, texts, chosen))


def _is_unnamed(item: Profile) -> bool:
    return re.fullmatch(r"column \d+", item.name) is not None


def _reason(labels: _Part, texts: _Part, label: Profile) -> str:
    values = f"{label.distinct:,} {'numbers' if label.is_measured else 'repeating value' + 's' * (label.distinct != 1)}"
    how = "as chosen" if labels.given else f"by its name and its {values}" if labels.by_name else f"by its {values}"
    reason = f"“{label.name}” is taken as the label {how}, {_quoted(texts.chosen, ' and ')} as the text{', as chosen' * texts.given}."
    for part, what in ((labels, "a label"), (texts, "a text")):
        if not part.sure and part.rivals:
            reason += f" Also possible as {what}: {_quoted(part.rivals[:3])}."
    if not labels.sure and label.is_measured:
        reason += " Numbers with so many values are rather a measure than classes."
    elif not all(part.sure or part.rivals for part in (labels, texts)):
        reason += " Please check both boxes."
    return reason


def _quoted(names: tuple[str, ...], between: str = ", ") -> str:
    return between.join(f"“{name}”" for name in names)


def _guess_label(profiles: list[Profile]) -> _Part:
    """Return the column whose name and values speak for a label most; sure where no other could be it, or one alone is named so."""
    ranked = sorted(profiles, key=_label_points, reverse=True)
    best = ranked[0] if ranked else None
    if best is None or (_label_points(best) <= 0.5 and best.role != "label"):
        return _Part(())
    others = [item for item in ranked[1:] if item.could_be_label and not item.reads_like_text and not _same_classes(best, item)]
    rivals = [item for item in others if item.role not in ("aside", "output") and item.kind not in ("code", "person")]
    named = best.role in ("label", "labelled")
    alone = len(words_of(best.name)) == 1 and best.role == "label"  # “label” beside “fine label”, but not beside “gold label”
    equals = [item for item in profiles if item.role == "label" and not (alone and is_kind_of_label(item.name)) and item is not best]
    unfit = [item for item in equals if not (named and item.is_sparse) and not _same_classes(best, item)]
    clear = named and not unfit and (best.role == "label" or not any(item.role in ("labelled", "maybe label") for item in rivals))
    doubtful = best.is_measured or best.is_sparse or best.kind == "code" or best.role in ("aside", "output", "text", "title", "other")
    sure = best.could_be_label and (clear or not (rivals or unfit)) and not doubtful and not best.holds_objects
    return _Part((best.name,), tuple(item.name for item in rivals), sure, named)


def _label_points(item: Profile) -> float:
    points = ROLE_POINTS[item.role] + (3.0 if item.could_be_label else -3.0) + 1.0 - min(item.distinct / max(item.filled, 1), 1.0)
    points -= (
        0.3 * (len(item.counts) > 20 and item.kind == "number") + 2.0 * item.reads_like_text + 3.0 * item.is_data + 1.5 * item.is_sparse
    )
    return points - (2.0 * (item.role != "label") if item.is_measured else 0.0) - {"code": 0.3, "person": 1.0}.get(item.kind, 0.0)


def _same_classes(one: Profile, other: Profile) -> bool:
    """Return whether two columns say the same of every row, such as a class and its number."""
    pairs = {pair for pair in zip(one.values, other.values, strict=True) if all(pair)}
    both = len(pairs) == len({first for first, _ in pairs}) == len({second for _, second in pairs})
    return both and len(pairs) > 1 and len(pairs) >= max(len(one.counts), len(other.counts))


def _guess_text(profiles: list[Profile]) -> _Part:
    """Return the text columns in file order; a title goes with its body, and two texts of one kind go together."""
    said = not any(item.role in ("text", "title") and item.reads_like_text for item in profiles)
    speakers = [item for item in profiles if said and item.name.casefold() in SPEAKERS and item.reads_like_text and item.words >= 4]
    answers = [item for item in profiles if item.name.casefold() in ASSISTANTS and item.reads_like_text]
    able = [item for item in profiles if item.filled and (item in speakers or item.role not in ("output", "other", "label", "aside"))]
    able = [item for item in able if item.kind == "" and item not in answers]
    readable = [item for item in able if item.reads_like_text]
    outputs = [item for item in profiles if (item.role == "output" or item in answers) and item.reads_like_text]

    def part(chosen: list[Profile], sure: bool, by_name: bool) -> _Part:
        names = tuple(item.name for item in profiles if item in chosen)
        return _Part(names, tuple(item.name for item in (*readable, *outputs) if item.name not in names), sure, by_name)

    named = speakers or [item for item in able if item.role == "text" and (item.reads_like_text or not readable)]
    titles = [item for item in able if item.role == "title"]
    clear = [item for item in named if is_clear_text(item.name)]
    if not any(item.reads_like_text for item in clear):
        for pair, sure in _pairs(able):
            return part(pair, sure and not [item for item in readable if item not in pair and item.role == "text"], True)
    if named:
        best = max(named, key=lambda item: (item.reads_like_text, -(name_rank(item.name, TEXT_NAMES) or 0), -len(item.name)))
        chosen = [best, *(item for item in titles if item.words >= 1.5 and not item.could_be_label)]
        others = [item for item in (*readable, *outputs) if item not in chosen]
        spilled = [item for item in readable if _is_unnamed(item) and profiles.index(item) > profiles.index(best)]
        return part(chosen, (best in clear or not others) and not spilled, True)
    if titles and not any(item.reads_like_text for item in able if item not in titles):
        return part(titles, True, True)
    positional = all(map(_is_unnamed, profiles))
    chosen = readable if positional or titles or not readable else [max(readable, key=lambda item: item.characters)]
    if chosen:
        bodies = [item for item in chosen if item not in titles]
        return part(chosen, len(readable) == len(chosen) and len(bodies) <= 1 + positional and not outputs, False)
    longest = max(able or profiles, key=lambda item: (item.kind == "", item.characters), default=None)
    return part([longest] if longest and longest.filled and longest.kind not in ("number", "date") else [], False, False)


def _pairs(profiles: list[Profile]) -> list[tuple[list[Profile], bool]]:
    """Return the sets of texts that are judged together, each with whether that is sure: numbered ones, and known counterparts."""
    texts = [item for item in profiles if (item.reads_like_text or item.role == "text") and not item.could_be_label]
    series: dict[str, dict[int, Profile]] = {}
    for item in texts:
        if (place := series_of(item.name)) and place[0] != "column":
            series.setdefault(place[0], {})[place[1]] = item
    found = [(list(places.values()), True) for places in series.values() if len(places) > 1]
    found.sort(key=lambda pair: (all(item.role != "text" for item in pair[0]), len(pair[0][0].name)))
    for one, other in COUNTERPARTS:
        members = [next((item for item in texts if item.name.casefold() == name), None) for name in (one, other)]
        if all(members):
            found.append(([item for item in members if item], (one, other) == COUNTERPARTS[0]))
    return found
