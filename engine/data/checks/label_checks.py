"""Checks of the classes: their names, their sizes, and whether something gives them away."""

from __future__ import annotations

import re

import numpy

from engine.data.checks.findings import blocking_check, check, first_rows, plural, quoted, share
from engine.data.choice import PARTS
from engine.data.finding import Finding
from engine.data.labels import LabelGroup
from engine.data.rows import Rows
from engine.data.scanning import CONTROL_CHARACTERS, INVISIBLE, normalised, taken
from engine.data.table import chunks_of

MAX_CLASSES = 1000
"""Beyond this the confusion matrix and the reports say nothing to a person any more."""
SAMPLE_ROWS = 20_000
SHOWN_GROUPS = 5
DECIMAL = re.compile(r"[+-]?(?:\d+(?:[.,]\d+)?|[.,]\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)


@blocking_check
def empty_labels(rows: Rows) -> Finding | None:
    """Rows without a label cannot be trained on."""
    empty = rows.codes < 0
    count = int(empty.sum())
    if not count:
        return None
    if count == len(rows):
        return Finding(
            "Every label is empty",
            count,
            f"None of the {len(rows):,} rows of “{rows.choice.label}” has a label.",
            "Choose another label column.",
            first_rows(empty),
            level="blocks",
        )
    return Finding(
        "Empty labels",
        count,
        f"{plural(count, 'row has', 'rows have')} no label.",
        "They are left out. Fill them in the file if they matter.",
        first_rows(empty),
    )


@blocking_check
def one_class(rows: Rows) -> Finding | None:
    """A classifier needs a choice."""
    present = numpy.flatnonzero(rows.class_sizes)
    if len(present) != 1 or not len(rows.usable):
        return None
    name = quoted([rows.classes[present[0]]])
    return Finding(
        "Only one class",
        1,
        f"All {len(rows.usable):,} usable rows have the label {name}.",
        "Choose another label column, or a file with at least two classes.",
        level="blocks",
    )


@blocking_check
def too_many_classes(rows: Rows) -> Finding | None:
    """A label with thousands of values is an id, a number or a text."""
    count = int((rows.class_sizes > 0).sum())
    if count <= MAX_CLASSES:
        return None
    return Finding(
        "Too many classes",
        count,
        f"“{rows.choice.label}” has {count:,} different values in {len(rows.usable):,} usable rows; "
        f"at most {MAX_CLASSES:,} classes are trained.",
        "Choose another label column, or group the labels in the file.",
        level="blocks",
    )


@blocking_check
def label_looks_like_text(rows: Rows) -> Finding | None:
    """The wrong column in the label box is the most common mistake."""
    names = rows.classes
    complete = int(rows.complete.sum())
    if complete < 20 or len(names) < 2 or continuous_label(rows):
        return None
    words = float(numpy.mean([len(name[:2000].split()) for name in names[:5000]]))
    if len(names) > 0.5 * complete:
        what = "a text" if words > 4 else "an id or a number"
        return Finding(
            f"The label column looks like {what}",
            len(names),
            f"“{rows.choice.label}” has {len(names):,} different values in {complete:,} rows, so hardly any value repeats.",
            "Choose another label column: its values should repeat.",
            level="blocks",
        )
    if words > 10:
        return Finding(
            "The labels read like texts",
            len(names),
            f"The labels of “{rows.choice.label}” have {words:.0f} words on average.",
            "Check that the two columns are not swapped.",
        )
    return None


@check
def label_variants(rows: Rows) -> Finding | None:
    """“Spam”, “spam” and “Spａm” would become three classes."""
    groups = rows.label_groups
    if not groups:
        return None
    names, codes = rows.spellings
    spellings = {spelling for group in groups for spelling, _ in group.spellings}
    listed = "; ".join(f"{shown_spellings(group)} → {quoted([group.name])}" for group in groups[:SHOWN_GROUPS])
    more = f" and {len(groups) - SHOWN_GROUPS:,} more" if len(groups) > SHOWN_GROUPS else ""
    return Finding(
        "Spellings of the same label",
        len(spellings),
        f"{len(spellings):,} spellings stand for {plural(len(groups), 'label', 'labels')}: {listed}{more}.",
        "They are treated as one class each." if rows.choice.merge_labels else "Merge them, or each is trained as a class of its own.",
        first_rows(numpy.array([name in spellings for name in names])[codes]),
        "merge_labels",
    )


def shown_spellings(group: LabelGroup) -> str:
    """Return the spellings of a label with their rows; what nobody sees is written as its number, for else they would look alike."""

    def visible(spelling: str) -> str:
        unseen = INVISIBLE.sub(lambda mark: f"[U+{ord(mark[0]):04X}]", spelling)
        return "".join(character if character in " \n" or not character.isspace() else f"[U+{ord(character):04X}]" for character in unseen)

    return ", ".join(f"{quoted([visible(spelling)])} ({count:,})" for spelling, count in group.spellings[:5])


@check
def control_characters_in_labels(rows: Rows) -> Finding | None:
    """No class is called that on purpose, and charts cannot be written with them."""
    cells, codes = rows.label_cells
    damaged = numpy.array([CONTROL_CHARACTERS.search(cell) is not None for cell in cells], dtype=bool)[codes]
    count = int(damaged.sum())
    if not count:
        return None
    return Finding(
        "Characters in labels that are no writing",
        count,
        f"{plural(count, 'label holds', 'labels hold')} control characters, zero bytes or the like; a space stands for each.",
        "Check the encoding, or correct the labels in the file.",
        first_rows(damaged),
    )


@check
def several_labels(rows: Rows) -> Finding | None:
    """A classifier with one answer for a text cannot learn two."""
    if not rows.separator:
        return None
    several = rows.labels_per_cell > 1
    count = int(several.sum())
    if not count:
        return None
    cells, codes = rows.label_cells
    example = cells[codes[int(several.argmax())]]
    actions = {
        "first": "The first label of each is taken.",
        "combination": "Each combination is a class of its own.",
        "rows": "Each label has a row of its own with the same text, on one side of the split.",
        "": "Take the first label, make each combination a class, or one row for each label; now each such cell is one class as it stands.",
    }
    return Finding(
        "Several labels in one cell",
        count,
        f"{plural(count, 'cell holds', 'cells hold')} more than one label, for example {quoted([example])}.",
        actions[rows.choice.several_labels],
        first_rows(several),
        "several_labels",
    )


@blocking_check
def continuous_label(rows: Rows) -> Finding | None:
    """A measured number is for regression; as classes, 0.31 and 0.32 would have nothing in common."""
    decimals = fine_decimals(rows.classes)
    complete = int(rows.complete.sum())
    if decimals <= 20 and not (decimals >= 5 and len(rows.classes) > 0.3 * complete):
        return None
    return Finding(
        "The label is a measured number",
        len(rows.classes),
        f"“{rows.choice.label}” has {len(rows.classes):,} different numbers in {complete:,} rows, most with decimals; "
        "a classifier needs classes.",
        "Choose another label column, or put the numbers into a few ranges in the file, such as low, middle and high.",
        level="blocks",
    )


def fine_decimals(names: list[str]) -> int:
    """Return how many of the names are numbers with a fraction finer than a half; 0 where not nearly all names are numbers."""
    numbers = [float(name.replace(",", ".")) for name in names if DECIMAL.fullmatch(name)]
    return sum(2 * number % 1 != 0 for number in numbers) if len(numbers) >= 0.95 * len(names) else 0


@blocking_check
def small_classes(rows: Rows) -> Finding | None:
    """A class needs three distinct texts: one to learn from, one to stop by, one to be tested on; fewer where parts are given."""
    small = rows.small_classes[rows.distinct_texts[rows.small_classes] > 0]
    if not len(small):
        return None
    large = int((rows.distinct_texts >= rows.needed_texts).sum())
    of_training = "" if rows.parts is None else " in the training part"
    names = [rows.classes[position] for position in small]
    concerned = rows.cleaned[numpy.isin(rows.codes[rows.cleaned], small)]
    sentence = (
        f"{plural(len(small), 'class has', 'classes have')} fewer than {rows.needed_texts} distinct texts{of_training}: {quoted(names)}."
    )
    if large < 2:
        return Finding(
            "Classes too small to split",
            len(small),
            sentence + f" Only {plural(large, 'class is', 'classes are')} large enough; training needs two.",
            "Choose another label column, or add rows.",
            first_rows(concerned),
            "drop_small_classes",
            level="blocks",
        )
    parts = "all three parts" if rows.parts is None else "the training part and in each that is drawn from it"
    action = "Their rows are left out." if rows.choice.drop_small_classes else f"Leave them out, or add rows: they cannot be in {parts}."
    return Finding(
        "Classes too small to split",
        len(small),
        sentence,
        action,
        first_rows(concerned),
        "drop_small_classes",
    )


@blocking_check
def sample_too_small(rows: Rows) -> Finding | None:
    """A sample must leave three rows for each class that has them, or one in each part that is given."""
    sample = rows.choice.rows
    classes = int((rows.class_sizes > 0).sum())
    least = len(PARTS) * classes
    if rows.parts is not None:
        classes_of = [len(numpy.unique(rows.codes[rows.of_part(part, rows.usable)])) for part in range(len(PARTS))]
        least = classes_of[0] * rows.needed_texts + sum(classes_of[1:])
    if sample is None or sample >= len(rows.usable) or sample >= least:
        return None
    return Finding(
        "The sample is too small",
        sample,
        f"A sample of {sample:,} rows cannot hold {classes:,} classes in all three parts.",
        f"Take at least {least:,} rows.",
        level="blocks",
    )


@check
def imbalance(rows: Rows) -> Finding | None:
    """Warn that with uneven classes a model that always answers the largest one already looks good."""
    sizes = rows.class_sizes
    present = sizes[sizes > 0]
    if len(present) < 2 or present.max() <= 3 * present.min():
        return None
    largest, smallest = int(sizes.argmax()), int(numpy.flatnonzero(sizes == present.min())[0])
    rare = int((present * 3 < present.max()).sum())
    return Finding(
        "Uneven classes",
        rare,
        f"{quoted([rows.classes[largest]])} has {sizes[largest]:,} rows and {quoted([rows.classes[smallest]])} {sizes[smallest]:,}: always "
        f"answering the largest class is right {share(int(sizes[largest]), int(sizes.sum()))} of the time.",
        "Take that as the baseline to beat, and look at macro-F1 beside accuracy.",
    )


@check
def label_in_text(rows: Rows) -> Finding | None:
    """A text that spells out its own label teaches the model to read the label, not the text."""
    positions = spread(rows.usable, 5000)
    texts = [normalised(text) for text in taken(rows.texts, positions).to_pylist()]
    keys = [normalised(name.replace("_", " ")) for name in rows.classes]
    codes = rows.codes[positions]
    testable = numpy.array([len(key) >= 3 for key in keys])[codes] if keys else numpy.zeros(0, dtype=bool)
    if len(positions) < 10 or testable.sum() < 0.5 * len(positions):
        return None
    hits = numpy.array([bool(can) and keys[code] in text for can, code, text in zip(testable, codes, texts, strict=True)])
    if hits.mean() < 0.9:
        return None
    return Finding(
        "The texts spell out their labels",
        int(hits.sum()),
        f"The label's name stands in {share(int(hits.sum()), len(positions))} of the {len(positions):,} texts looked at.",
        "Remove it from the texts: such an accuracy will not hold on texts without it.",
        first_rows(positions[hits]),
    )


@check
def text_gives_label_away(rows: Rows) -> Finding | None:
    """A chosen text column whose value decides the label is the label again under another name."""
    columns = [name for name in rows.choice.text if determines_label(rows, name)]
    if not columns:
        return None
    return Finding(
        "A text column gives the label away",
        len(columns),
        f"The value of {quoted(columns)} decides “{rows.choice.label}” almost every time.",
        "Take it out of the text columns, or the accuracy will mean nothing.",
    )


@check
def column_gives_label_away(rows: Rows) -> Finding | None:
    """Harmless while it is not used, worth a word before someone adds it."""
    used = {*rows.choice.text, rows.choice.label}
    columns = [name for name in map(str, rows.table.frame.columns[:50]) if name not in used and determines_label(rows, name)]
    if not columns:
        return None
    return Finding(
        "Another column gives the label away",
        len(columns),
        f"The value of {quoted(columns)} decides “{rows.choice.label}” almost every time. It is not used.",
        "Nothing to do; do not add it to the text.",
    )


def determines_label(rows: Rows, name: str) -> bool:
    """Return whether a column with few values predicts the label with less than a tenth of the majority class's error."""
    positions = spread(rows.usable, SAMPLE_ROWS)
    if len(positions) < 10:
        return False
    values = taken(chunks_of(rows.table.frame, name), positions).dictionary_encode()
    distinct = len(values.dictionary)
    if distinct < 2 or distinct > 0.2 * len(positions):
        return False
    codes = rows.codes[positions]
    classes = len(rows.classes)
    pairs, counts = numpy.unique(values.indices.to_numpy().astype(numpy.int64) * classes + codes, return_counts=True)
    best = numpy.zeros(distinct, dtype=numpy.int64)
    numpy.maximum.at(best, pairs // classes, counts)
    majority = numpy.bincount(codes).max() / len(positions)
    return bool(majority < 1 and 1 - best.sum() / len(positions) <= 0.1 * (1 - majority))


def spread(positions: numpy.ndarray, limit: int) -> numpy.ndarray:
    """Return at most ``limit`` of the positions, drawn without replacement by a fixed seed, in order."""
    if len(positions) <= limit:
        return positions
    return numpy.sort(numpy.random.default_rng(0).choice(positions, limit, replace=False))
