"""Train, validation and test: as a column or files give them, else stratified, seeded, and identical texts never on two sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy
import pandas

from engine.data.checks.report import blocking_findings
from engine.data.choice import DataChoice
from engine.data.chosen_table import chosen_table
from engine.data.rows import Rows
from engine.data.store import DatasetStore
from engine.errors import DataError, ExperimentError
from engine.reading.columns.part_names import PARTS
from engine.reading.table import Table

TRAIN, VALIDATION, TEST = range(3)


@dataclass(frozen=True)
class PreparedData:
    """The rows to train on, with their part."""

    frame: pandas.DataFrame
    """The rows in file order: ``row`` (int64, position in the chosen table), ``text``, ``label`` and ``split`` (one of ``PARTS``).

    Where parts were given, ``drawn`` (bool) says of which rows the part was drawn nevertheless.
    """
    classes: tuple[str, ...]
    """Sorted; the index of a class is its position here."""


def load_prepared(store: DatasetStore, choice: DataChoice) -> PreparedData:
    """Read a stored file as it was chosen, clean and split it."""
    return prepare(chosen_table(store, choice), choice)


def prepare(table: Table, choice: DataChoice) -> PreparedData:
    """Clean, sample and split the table of :func:`chosen_table`; the same choice gives the same parts on every machine.

    Raises ``DataError`` where a check blocks, and ``ExperimentError`` on shares or a number of rows out of range.
    """
    validate(choice)
    rows = Rows(table, choice)
    if findings := blocking_findings(table, rows):
        reasons = (f"{finding.title}: {finding.sentence} {finding.action}" for finding in findings)
        raise DataError(f"“{choice.name}” cannot be trained on. {' '.join(reasons)}")
    generator = numpy.random.default_rng(choice.seed)
    positions = rows.usable
    if choice.rows is not None and choice.rows < len(positions):
        positions = sample_of(rows, choice.rows, generator)
    groups, codes = rows.groups[positions], rows.codes[positions]
    given = numpy.zeros(len(positions), dtype=numpy.int64) if rows.parts is None else rows.parts[positions]
    parts = given.copy()
    if rows.drawn_parts:
        pool, drawn = given == TRAIN, rows.drawn_parts
        validation_share = choice.validation_share if VALIDATION in drawn else None
        test_share = choice.test_share if TEST in drawn else None
        parts[pool] = split_groups(groups[pool], codes[pool], validation_share, test_share, generator)
    names = numpy.array(rows.classes, dtype=object)
    columns = {
        "row": positions,
        "text": pandas.Series(rows.texts_at(positions), dtype="str"),
        "label": pandas.Series(names[codes], dtype="str"),
        "split": pandas.Series(numpy.array(PARTS, dtype=object)[parts], dtype="str"),
    }
    frame = pandas.DataFrame(columns if rows.parts is None else columns | {"drawn": parts != given})
    return PreparedData(frame, tuple(rows.classes[code] for code in numpy.unique(codes)))


def class_counts(prepared: PreparedData) -> pandas.DataFrame:
    """Count the rows of each class in each part: index ``label`` in the order of the classes, columns train, validation and test."""
    counts = pandas.crosstab(prepared.frame["label"], prepared.frame["split"])
    counts = counts.reindex(index=list(prepared.classes), columns=list(PARTS), fill_value=0)
    return counts.rename_axis(index="label", columns=None)


def validate(choice: DataChoice) -> None:
    """Raise ``ExperimentError`` on shares or a number of rows that no split can follow."""
    for name, value in (("test", choice.test_share), ("validation", choice.validation_share)):
        if not 0 < value < 1:
            raise ExperimentError(f"The {name} share is {value}. Expected a number between 0 and 1, for example 0.15. Change it.")
    if choice.test_share + choice.validation_share > 0.9:
        raise ExperimentError(
            f"Test and validation take {choice.test_share + choice.validation_share:.0%} of the rows. "
            "Expected at most 90 %, so that something is left to train on. Make them smaller."
        )
    if choice.rows is not None and choice.rows < 1:
        raise ExperimentError(
            f"A sample of {choice.rows} rows was asked for. Expected at least one row, or all of them. Change the number."
        )
    if choice.seed < 0:
        raise ExperimentError(f"The seed is {choice.seed}. Expected a whole number from 0 on. Change it.")


def sample_of(rows: Rows, size: int, generator: numpy.random.Generator) -> numpy.ndarray:
    """Return sorted positions of a sample of the usable rows: given parts keep their shares, and so do the classes in each of them."""
    pools = [rows.of_part(part, rows.usable) for part in (range(len(PARTS)) if rows.parts is not None else [TRAIN])]
    texts = numpy.array([rows.needed_texts, 1, 1][: len(pools)])  # which each class of a part is to have
    least = texts * [len(numpy.unique(rows.codes[pool])) for pool in pools]
    quotas = sample_quotas(numpy.array([len(pool) for pool in pools]), size, least)
    taken = [
        pool[stratified_sample(rows.groups[pool], rows.codes[pool], quota, number, generator)]
        for pool, quota, number in zip(pools, quotas.tolist(), texts.tolist(), strict=True)
        if quota
    ]
    return numpy.sort(numpy.concatenate(taken))


def stratified_sample(
    groups: numpy.ndarray, codes: numpy.ndarray, size: int, least: int, generator: numpy.random.Generator
) -> numpy.ndarray:
    """Return sorted indices of ``size`` rows in which the classes keep their shares; ``least`` distinct texts of each class come first."""
    sizes = numpy.bincount(codes)
    quotas = sample_quotas(sizes, size, numpy.full(len(sizes), least))
    order = numpy.lexsort((generator.random(len(codes)), codes))
    # Among the rows of a class in random order, the first row of each of its first three texts goes to the front.
    keys = groups[order] * len(sizes) + codes[order]
    first = numpy.zeros(len(order), dtype=bool)
    first[numpy.unique(keys, return_index=True)[1]] = True
    starts = numpy.concatenate([[0], numpy.cumsum(sizes)[:-1]])[codes[order]]
    seen = numpy.cumsum(first)
    nth = seen - seen[starts] + first[starts]  # how many distinct texts of the class up to here; the first row always counts
    ahead = first & (nth <= least)
    order = order[numpy.lexsort((numpy.arange(len(order)), ~ahead, codes[order]))]
    rank = numpy.arange(len(order)) - starts
    return numpy.sort(order[rank < quotas[codes[order]]])


def sample_quotas(sizes: numpy.ndarray, size: int, least: numpy.ndarray) -> numpy.ndarray:
    """Return the rows of each class, or part, in a sample: proportional, at least ``least`` of each that has them, ``size`` in all."""
    least = numpy.minimum(sizes, least)
    exact = size * sizes / max(sizes.sum(), 1)
    quotas = numpy.minimum(numpy.maximum(numpy.floor(exact).astype(numpy.int64), least), sizes)
    while (difference := size - int(quotas.sum())) != 0:
        if difference > 0:
            room = numpy.where(quotas < sizes, exact - quotas, -numpy.inf)
            quotas[int(room.argmax())] += 1
        else:
            room = numpy.where(quotas > least, quotas - exact, -numpy.inf)
            if not numpy.isfinite(room.max()):
                room = numpy.where(quotas > 0, quotas, -1).astype(float)
            quotas[int(room.argmax())] -= 1
    return quotas


def split_groups(
    groups: numpy.ndarray,
    codes: numpy.ndarray,
    validation_share: float | None,
    test_share: float | None,
    generator: numpy.random.Generator,
) -> numpy.ndarray:
    """(rows,) part of each row: 0 train, 1 validation, 2 test. Rows of one group share a part; every class is split in the same shares.

    A class with three distinct texts or more is in all three parts, with two in train and test, with one in train. A share that is ``None``
    belongs to a part that is given elsewhere: nothing is drawn for it.
    """
    names, groups = numpy.unique(groups, return_inverse=True)
    classes = int(codes.max()) + 1
    pairs = numpy.unique(groups * classes + codes)
    pair_groups, pair_codes = pairs // classes, pairs % classes
    sizes = numpy.bincount(pair_codes, minlength=classes)  # distinct texts of each class
    # A text under several labels is placed by the rarest of them, which has the least choice.
    order = numpy.lexsort((pair_codes, sizes[pair_codes], pair_groups))
    _, first = numpy.unique(pair_groups[order], return_index=True)
    owner = pair_codes[order][first]

    owned = numpy.bincount(owner, minlength=classes)
    active = [TRAIN] + [part for part, share in ((VALIDATION, validation_share), (TEST, test_share)) if share is not None]
    test, validation = numpy.zeros_like(owned), numpy.zeros_like(owned)
    if test_share is not None:
        most = owned - len(active) + 1
        test = numpy.clip(numpy.floor(owned * test_share + 0.5).astype(numpy.int64), 1, numpy.maximum(most, 1))
        test[owned < 2] = 0
    if validation_share is not None:
        most = owned - 1 - test
        validation = numpy.clip(numpy.floor(owned * validation_share + 0.5).astype(numpy.int64), 1, numpy.maximum(most, 1))
        validation[owned < len(active)] = 0
    shuffled = numpy.lexsort((generator.random(len(names)), owner))
    rank = numpy.empty(len(names), dtype=numpy.int64)
    rank[shuffled] = numpy.arange(len(names)) - numpy.concatenate([[0], numpy.cumsum(owned)[:-1]])[owner[shuffled]]
    part = numpy.where(rank < test[owner], TEST, numpy.where(rank < (test + validation)[owner], VALIDATION, TRAIN))
    fill_missing_parts(part, pair_groups, pair_codes, sizes, active)
    return part[groups]


def fill_missing_parts(
    part: numpy.ndarray, pair_groups: numpy.ndarray, pair_codes: numpy.ndarray, sizes: numpy.ndarray, active: list[int]
) -> None:
    """Move texts, in place, so that classes which own too few of their texts are in all active parts too, as far as that is possible."""
    counts = numpy.zeros((len(sizes), len(PARTS)), dtype=numpy.int64)
    numpy.add.at(counts, (pair_codes, part[pair_groups]), 1)
    for _ in range(3):
        missing = numpy.argwhere((counts == 0) & (sizes >= len(active))[:, None] & numpy.isin(range(len(PARTS)), active))
        if not len(missing):
            return
        for code, target in missing:
            if counts[code, target]:
                continue
            for group in pair_groups[pair_codes == code]:
                source = part[group]
                labels = pair_codes[numpy.searchsorted(pair_groups, group) : numpy.searchsorted(pair_groups, group, side="right")]
                if all(counts[label, source] > 1 for label in labels):
                    counts[labels, source] -= 1
                    counts[labels, target] += 1
                    part[group] = target
                    break
