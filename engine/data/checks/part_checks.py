"""Checks of parts that a column or files give: texts in two of them, classes that one of them lacks, what must be drawn nevertheless."""

from __future__ import annotations

import numpy

from engine.data.checks.findings import blocking_check, check, first_rows, plural, quoted, share
from engine.data.choice import PART_NAMES
from engine.data.rows import Rows
from engine.reading.columns.part_names import PARTS
from engine.reading.finding import Finding


@check
def overlapping_parts(rows: Rows) -> Finding | None:
    """A text of the test part that was trained on can be answered from memory."""
    if not rows.part_overlaps:
        return None
    told, concerned = [], numpy.zeros(len(rows), dtype=bool)
    for (earlier, later), overlap in rows.part_overlaps.items():
        texts = len(numpy.unique(rows.groups[overlap]))
        told.append(f"{plural(texts, 'text', 'texts')} of {PART_NAMES[PARTS[earlier]]} in {PART_NAMES[PARTS[later]]}")
        concerned |= overlap
    action = (
        "They are left out of the earlier part, so that the later one stays as it was given."
        if rows.choice.drop_overlaps
        else "Leave them out of the earlier part; kept, they make the scores look better than they are."
    )
    return Finding(
        "The same text in two parts",
        int(concerned.sum()),
        f"Once normalised, the given parts share texts: {', '.join(told)}.",
        action,
        first_rows(concerned),
        "drop_overlaps",
    )


@check
def drawn_parts(rows: Rows) -> Finding | None:
    """A part that was not given is drawn, and a result with it is not quite the published one."""
    if rows.parts is None or not rows.drawn_parts:
        return None
    shares = {1: rows.choice.validation_share, 2: rows.choice.test_share}
    told = " and ".join(f"{PARTS[part]} ({100 * shares[part]:g} %)" for part in rows.drawn_parts)
    unusable = [PARTS[part] for part in rows.drawn_parts if (rows.parts == part).any()]
    why = f"No row of the given {' and '.join(unusable)} part has both a text and a label; " if unusable else ""
    verb = "is" if len(rows.drawn_parts) == 1 else "are"
    sentence = f"{why}{told} {verb} drawn from the training part."
    options = " or ".join(f"--{PARTS[part]}-file" for part in rows.drawn_parts)
    return Finding(
        "Parts that are drawn",
        len(rows.drawn_parts),
        sentence[0].upper() + sentence[1:],
        f"Give a file for it ({options}) if there is one.",
    )


@blocking_check
def empty_parts(rows: Rows) -> Finding | None:
    """Nothing can be learned, or measured, where cleaning leaves no row of a part."""
    if rows.parts is None or not len(rows.usable):
        return None
    given = [part for part in range(len(PARTS)) if part not in rows.drawn_parts]
    empty = [PARTS[part] for part in given if not len(rows.of_part(part, rows.usable))]
    if not empty:
        return None
    names = " and ".join(PART_NAMES[part] for part in empty)
    complete = rows.parts[rows.complete]
    bare = not any((complete == PARTS.index(part)).any() for part in empty)
    return Finding(
        "Parts without a usable row",
        len(empty),
        f"No row for {names} has both a text and a label." if bare else f"No row is left for {names} after cleaning.",
        "Choose another file, or none." if bare else "Leave less out, or draw the parts (--split-column '').",
        level="blocks",
    )


@blocking_check
def classes_without_training(rows: Rows) -> Finding | None:
    """A class that only a later part has can never be answered."""
    if rows.parts is None or not len(rows.usable):
        return None
    learned = numpy.zeros(len(rows.classes), dtype=bool)
    learned[rows.codes[rows.of_part(0, rows.usable)]] = True
    counted = rows.cleaned if rows.choice.drop_small_classes else rows.usable  # those that are left out are told too
    concerned = counted[~learned[rows.codes[counted]]]
    names = [rows.classes[code] for code in numpy.unique(rows.codes[concerned])]
    foreign = [
        PART_NAMES[PARTS[part]] for part in (1, 2) if len(given := rows.of_part(part, counted)) and not learned[rows.codes[given]].any()
    ]
    if learned.sum() < 2 or foreign:
        other = f"The {' and '.join(foreign)} part has none of the classes of training: {quoted(names)}."
        few = f"Training has {plural(int(learned.sum()), 'class', 'classes')}; it needs two."
        return Finding(
            "Classes without a training text",
            max(len(names), 1),
            other if foreign else few,
            "Check that all parts name their classes in the same way, choose another label column, or draw the parts (--split-column '').",
            first_rows(concerned),
            level="blocks",
        )
    if not names:
        return None
    return Finding(
        "Classes without a training text",
        len(names),
        f"{plural(len(names), 'class is', 'classes are')} in no training text: {quoted(names)}, "
        f"with {plural(len(concerned), 'row', 'rows')} of the other parts ({share(len(concerned), len(rows))} of all rows).",
        "Their rows are left out."
        if rows.choice.drop_small_classes
        else "Kept, they are always answered wrong, as in a published score; or leave them out.",
        first_rows(concerned),
        "drop_small_classes",
    )


@check
def classes_not_tested(rows: Rows) -> Finding | None:
    """Nothing is measured of a class that a given test part lacks."""
    if rows.parts is None or 2 in rows.drawn_parts or not len(rows.usable):
        return None
    learned = numpy.unique(rows.codes[rows.of_part(0, rows.usable)])
    codes = numpy.setdiff1d(learned, rows.codes[rows.of_part(2, rows.usable)])
    absent = [rows.classes[code] for code in codes]
    if not absent:
        return None
    return Finding(
        "Classes that the test part lacks",
        len(absent),
        f"{plural(len(absent), 'class has', 'classes have')} no text in the given test part: {quoted(absent)}.",
        "Nothing to do; nothing is measured of them.",
    )
