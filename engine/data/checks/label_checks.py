"""Checks of the classes: their names, their sizes, and whether something gives them away."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import numpy

from engine.data.checks.findings import about_rows, blocking_check, check, first_rows, plural, quoted, share
from engine.data.rows import Rows
from engine.data.scanning import taken
from engine.reading.characters import INVISIBLE, NO_WRITING, normalised
from engine.reading.columns.labels import LabelGroup, is_object
from engine.reading.columns.part_names import PARTS
from engine.reading.finding import Finding
from engine.reading.table import chunks_of

MAX_CLASSES = 1000
"""Beyond this the confusion matrix and the reports say nothing to a person any more."""
SAMPLE_ROWS = 20_000
SHOWN_GROUPS = 5
DECIMAL = re.compile(r"[+-]?(?:\d+(?:[.,]\d+)?|[.,]\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)


@blocking_check
def empty_labels(rows: Rows) -> Finding | None:
    """Rows without a label cannot be trained on."""
    left = "They are left out. Fill them in the file if they matter."
    finding = about_rows(rows.codes < 0, "Empty labels", "row has", "rows have", "no label.", left)
    if finding is None or finding.count < len(rows):
        return finding
    sentence = f"None of the {len(rows):,} rows of “{rows.choice.label}” has a label."
    return replace(finding, title="Every label is empty", sentence=sentence, action="Choose another label column.", level="blocks")


@blocking_check
def one_class(rows: Rows) -> Finding | None:
    """A classifier needs a choice."""
    present = numpy.flatnonzero(rows.class_sizes)
    if len(present) != 1 or not len(rows.usable):
        return None
    name = quoted([rows.classes[present[0]]])
    sentence = f"All {len(rows.usable):,} usable rows have the label {name}."
    action = "Choose another label column, or a file with at least two classes."
    return Finding("Only one class", 1, sentence, action, level="blocks")


@blocking_check
def too_many_classes(rows: Rows) -> Finding | None:
    """A label with thousands of values is an id, a number or a text."""
    count = int((rows.class_sizes > 0).sum())
    if count <= MAX_CLASSES:
        return None
    sentence = (
        f"“{rows.choice.label}” has {count:,} different values in {len(rows.usable):,} usable rows; "
        f"at most {MAX_CLASSES:,} classes are trained."
    )
    action = "Choose another label column, or group the labels in the file."
    return Finding("Too many classes", count, sentence, action, level="blocks")


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
        sentence = f"“{rows.choice.label}” has {len(names):,} different values in {complete:,} rows, so hardly any value repeats."
        action = "Choose another label column: its values should repeat."
        return Finding(f"The label column looks like {what}", len(names), sentence, action, level="blocks")
    if words > 10:
        sentence = f"The labels of “{rows.choice.label}” have {words:.0f} words on average."
        action = "Check that the two columns are not swapped."
        return Finding("The labels read like texts", len(names), sentence, action)
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

    def shown(character: str) -> str:
        unseen = INVISIBLE.match(character) or unicodedata.combining(character) or (character.isspace() and character not in " \n")
        return f"[U+{ord(character):04X}]" if unseen else character

    return ", ".join(f"{quoted([''.join(map(shown, spelling))])} ({count:,})" for spelling, count in group.spellings[:5])


@check
def control_characters_in_labels(rows: Rows) -> Finding | None:
    """No class is called that on purpose, and charts cannot be written with them."""
    cells, codes = rows.label_cells
    damaged = numpy.array([NO_WRITING.search(cell) is not None for cell in cells], dtype=bool)[codes]
    what = "control characters, zero bytes or the like; a space stands for each."
    action = "Check the encoding, or correct the labels in the file."
    return about_rows(damaged, "Characters in labels that are no writing", "label holds", "labels hold", what, action)


@check
def several_labels(rows: Rows) -> Finding | None:
    """A classifier with one answer for a text cannot learn two."""
    several = rows.labels_per_cell > 1
    if not several.any():
        return None
    cells, codes = rows.label_cells
    offer = "Take the first label, make each combination a class, or one row for each label; now each such cell is one class as it stands."
    actions = {"first": "The first label of each is taken.", "combination": "Each combination is a class of its own."}
    what = f"more than one label, for example {quoted([cells[codes[int(several.argmax())]]])}."
    action = actions.get(rows.choice.several_labels, offer)
    return about_rows(several, "Several labels in one cell", "cell holds", "cells hold", what, action, "several_labels")


@check
def labels_are_objects(rows: Rows) -> Finding | None:
    """What another program stored about a label is no name of a class."""
    names = [name for name in rows.classes if is_object(name)]
    if not names:
        return None
    sentence = f"{plural(len(names), 'class is an object', 'classes are objects')} of JSON, for example {quoted(names[:1])}."
    action = "Choose another label column, or write only the name of the class into each cell."
    return Finding("Labels that are objects", len(names), sentence, action)


@blocking_check
def continuous_label(rows: Rows) -> Finding | None:
    """A measured number is for regression; as classes, 0.31 and 0.32 would have nothing in common."""
    decimals = fine_decimals(rows.classes)
    complete = int(rows.complete.sum())
    if decimals <= 20 and not (decimals >= 5 and len(rows.classes) > 0.3 * complete):
        return None
    sentence = (
        f"“{rows.choice.label}” has {len(rows.classes):,} different numbers in {complete:,} rows, most with decimals; "
        "a classifier needs classes."
    )
    action = "Choose another label column, or put the numbers into a few ranges in the file, such as low, middle and high."
    return Finding("The label is a measured number", len(rows.classes), sentence, action, level="blocks")


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
    least = f"fewer than {rows.needed_texts} distinct texts{of_training}"
    sentence = f"{plural(len(small), 'class has', 'classes have')} {least}: {quoted(names)}."
    parts = "all three parts" if rows.parts is None else "the training part and in each that is drawn from it"
    action = "Their rows are left out." if rows.choice.drop_small_classes else f"Leave them out, or add rows: they cannot be in {parts}."
    finding = Finding("Classes too small to split", len(small), sentence, action, first_rows(concerned), "drop_small_classes")
    if large >= 2:
        return finding
    sentence += f" Only {plural(large, 'class is', 'classes are')} large enough; training needs two."
    return replace(finding, sentence=sentence, action="Choose another label column, or add rows.", level="blocks")


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
    sentence = f"A sample of {sample:,} rows cannot hold {classes:,} classes in all three parts."
    action = f"Take at least {least:,} rows."
    return Finding("The sample is too small", sample, sentence, action, level="blocks")


@check
def imbalance(rows: Rows) -> Finding | None:
    """Warn that with uneven classes a model that always answers the largest one already looks good."""
    sizes = rows.class_sizes
    present = sizes[sizes > 0]
    if len(present) < 2 or present.max() <= 3 * present.min():
        return None
    largest, smallest = int(sizes.argmax()), int(numpy.flatnonzero(sizes == present.min())[0])
    rare = int((present * 3 < present.max()).sum())
    sentence = (
        f"{quoted([rows.classes[largest]])} has {sizes[largest]:,} rows and {quoted([rows.classes[smallest]])} {sizes[smallest]:,}: always "
        f"answering the largest class is right {share(int(sizes[largest]), int(sizes.sum()))} of the time."
    )
    action = "Take that as the baseline to beat, and look at macro-F1 beside accuracy."
    return Finding("Uneven classes", rare, sentence, action)


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
    sentence = f"The label's name stands in {share(int(hits.sum()), len(positions))} of the {len(positions):,} texts looked at."
    action = "Remove it from the texts: such an accuracy will not hold on texts without it."
    return Finding("The texts spell out their labels", int(hits.sum()), sentence, action, first_rows(positions[hits]))


@check
def text_gives_label_away(rows: Rows) -> Finding | None:
    """A chosen text column whose value decides the label is the label again under another name."""
    action = "Take it out of the text columns, or the accuracy will mean nothing."
    return _given_away(rows, list(rows.choice.text), "A text column gives the label away", "", action)


@check
def column_gives_label_away(rows: Rows) -> Finding | None:
    """Harmless while it is not used, worth a word before someone adds it."""
    others = [name for name in map(str, rows.table.frame.columns[:50]) if name not in (*rows.choice.text, rows.choice.label)]
    action = "Nothing to do; do not add it to the text."
    return _given_away(rows, others, "Another column gives the label away", " It is not used.", action)


def _given_away(rows: Rows, names: list[str], title: str, more: str, action: str) -> Finding | None:
    columns = [name for name in names if determines_label(rows, name)]
    sentence = f"The value of {quoted(columns)} decides “{rows.choice.label}” almost every time.{more}"
    return Finding(title, len(columns), sentence, action) if columns else None


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
