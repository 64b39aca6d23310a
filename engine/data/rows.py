"""The rows of a table under one choice: their joined texts, their classes, and which of them remain after cleaning.

Checking and splitting both look through this object, so that the report speaks about exactly the rows that are trained on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy
import pyarrow
import pyarrow.compute

from engine.data.choice import DataChoice
from engine.data.scanning import CONTROL, Scan, scan_texts, taken
from engine.data.table_cache import kept_scan
from engine.encodings.foreign import ForeignTexts
from engine.reading.characters import without_control
from engine.reading.columns.labels import LabelGroup, cleaned_label, label_groups, separator_of, split_labels
from engine.reading.columns.part_names import PARTS
from engine.reading.table import Table, chunks_of, column_of

JOINED: dict[str, Callable[[tuple[str, ...]], str]] = {
    "first": lambda labels: "".join(labels[:1]),
    "combination": lambda labels: " + ".join(sorted(labels)),
}
"""How several labels of a cell become one: each way of ``DataChoice.several_labels`` but one row for each."""


@dataclass(frozen=True)
class Tokens:
    """Numbers of tokens of some texts, as the encoder's tokenizer counts them."""

    limit: int
    counts: numpy.ndarray
    rows: numpy.ndarray
    """The row positions that were counted."""
    estimated: bool
    """Only a sample was counted."""
    foreign: ForeignTexts | None = None
    """Which of them, by position, the encoder hardly has words for."""

    @property
    def truncated_share(self) -> float:
        return float((self.counts > self.limit).mean()) if len(self.counts) else 0.0


class Rows:
    """Everything that the checks and the split ask about a table. All arrays are (rows of the table,) unless said otherwise."""

    def __init__(self, table: Table, choice: DataChoice) -> None:
        self.table = table
        self.choice = choice
        self.tokens: Tokens | None = None

    def __len__(self) -> int:
        return len(self.table.frame)

    @cached_property
    def texts(self) -> pyarrow.ChunkedArray:
        """The chosen columns, trimmed and joined; a single one stays in the chunks in which it was read, for it may be large."""
        frame, names = self.table.frame, self.choice.text
        if len(names) == 1:
            return pyarrow.chunked_array([trimmed(chunk) for chunk in chunks_of(frame, names[0]).chunks], pyarrow.large_string())
        return pyarrow.chunked_array([joined([column_of(frame, name) for name in names])])

    @cached_property
    def scan(self) -> Scan:
        return kept_scan(self.table, self.choice.text, lambda: scan_texts(self.texts))

    @property
    def groups(self) -> numpy.ndarray:
        """int64; equal for texts that are the same once normalised: the position of the first of them."""
        return self.scan.groups

    @cached_property
    def _shared(self) -> numpy.ndarray:
        """Positions of the complete rows whose text another complete row has too."""
        complete = numpy.flatnonzero(self.complete)
        groups = self.groups[complete]
        return complete[numpy.bincount(groups, minlength=1)[groups] > 1]

    @cached_property
    def text_empty(self) -> numpy.ndarray:
        return self.scan.words == 0

    @cached_property
    def label_cells(self) -> tuple[list[str], numpy.ndarray]:
        """The different cells of the label column as they stand in the file, and each row's position among them."""
        encoded = column_of(self.table.frame, self.choice.label).dictionary_encode()
        return encoded.dictionary.to_pylist(), encoded.indices.to_numpy().astype(numpy.int64)

    @cached_property
    def separator(self) -> str:
        """What parts several labels in a cell; the empty string where each cell is one label. See :func:`separator_of`."""
        return "" if self.table.origins is not None else separator_of(self.label_cells[0])

    @cached_property
    def labels_per_cell(self) -> numpy.ndarray:
        cells, codes = self.label_cells
        counts = [len(split_labels(cell, self.separator)) if self.separator else bool(cell.strip()) for cell in cells]
        return numpy.array(counts, dtype=numpy.int64)[codes]

    @cached_property
    def spellings(self) -> tuple[list[str], numpy.ndarray]:
        """The different labels before any are merged, and each row's position among them; several in one cell are one as it was chosen."""
        cells, codes = self.label_cells
        if self.separator and self.choice.several_labels in JOINED:
            labels = [JOINED[self.choice.several_labels](split_labels(cell, self.separator)) for cell in cells]
        else:
            labels = [cleaned_label(cell) for cell in cells]
        position = {label: index for index, label in enumerate(dict.fromkeys(labels))}
        return list(position), numpy.array([position[label] for label in labels], dtype=numpy.int64)[codes]

    @cached_property
    def label_groups(self) -> tuple[LabelGroup, ...]:
        """Spellings that a person would call one label; only where there are several."""
        names, codes = self.spellings
        counts = numpy.bincount(codes, minlength=len(names)).tolist()
        return label_groups(dict(zip(names, counts, strict=True)))

    @cached_property
    def labels(self) -> tuple[list[str], numpy.ndarray]:
        """The class names, sorted, and each row's class as a position among them; -1 for an empty label."""
        names, codes = self.spellings
        groups = self.label_groups if self.choice.merge_labels else ()
        merged = {spelling: group.name for group in groups for spelling, _ in group.spellings}
        final = [merged.get(name, name) for name in names]
        classes = sorted({name for name in final if name})
        position = {name: index for index, name in enumerate(classes)}
        mapping = numpy.array([position.get(name, -1) for name in final], dtype=numpy.int64)
        return classes, mapping[codes]

    @property
    def classes(self) -> list[str]:
        return self.labels[0]

    @property
    def codes(self) -> numpy.ndarray:
        return self.labels[1]

    @cached_property
    def parts(self) -> numpy.ndarray | None:
        """The given part of each row, its place in ``PARTS``, -1 for a row in none; ``None`` where all parts are drawn."""
        if self.table.parts is None and self.choice.gives_parts:
            raise ValueError("the choice gives parts, which the table does not have: it must come from chosen_table()")
        return self.table.parts

    @cached_property
    def drawn_parts(self) -> tuple[int, ...]:
        """The parts that are drawn from the training part, as places in ``PARTS``: those without a file and without a complete row."""
        given = {PARTS.index(part) for part in self.choice.part_files}
        if self.parts is not None:
            given |= set(numpy.unique(self.parts[self.complete]).tolist())
        return tuple(part for part in (1, 2) if part not in given)

    def of_part(self, part: int, positions: numpy.ndarray) -> numpy.ndarray:
        """Return those of some row positions that belong to a given part; all of them belong to training where all parts are drawn."""
        return positions if self.parts is None else positions[self.parts[positions] == part]

    @cached_property
    def complete(self) -> numpy.ndarray:
        """Whether a row has both a text and a label, and is not in a part that means none."""
        complete = ~self.text_empty & (self.codes >= 0)
        return complete if self.parts is None else complete & (self.parts >= 0)

    @cached_property
    def conflicting(self) -> numpy.ndarray:
        """Whether a row's text also appears under another label."""
        groups = self.groups[self._shared]
        pairs = numpy.unique(groups * max(len(self.classes), 1) + self.codes[self._shared])
        labels_of = numpy.bincount(pairs // max(len(self.classes), 1), minlength=len(self))
        conflict = labels_of > 1
        if self.table.origins is not None:  # rows of one cell with several labels contradict nobody, but other labels of the same text do
            cells, cell_of = numpy.unique(groups * len(self) + self.table.origins[self._shared], return_inverse=True)
            labelled = numpy.unique(cell_of * len(self.classes) + self.codes[self._shared]) // max(len(self.classes), 1)
            expected = labels_of * numpy.bincount(cells // len(self), minlength=len(self))
            conflict &= numpy.bincount(cells[labelled] // len(self), minlength=len(self)) != expected
        conflicting = numpy.zeros(len(self), dtype=bool)
        conflicting[self._shared] = conflict[groups]
        return conflicting

    @cached_property
    def repeated(self) -> numpy.ndarray:
        """Whether the same normalised text stands under the same label in an earlier row, of the same part where parts are given."""
        keys = self.groups[self._shared] * max(len(self.classes), 1) + self.codes[self._shared]
        if self.parts is not None:
            keys = keys * len(PARTS) + self.parts[self._shared]
        _, first = numpy.unique(keys, return_index=True)
        repeated = numpy.zeros(len(self), dtype=bool)
        repeated[self._shared] = True
        repeated[self._shared[first]] = False
        return repeated

    @cached_property
    def part_overlaps(self) -> dict[tuple[int, int], numpy.ndarray]:
        """Masks of the rows of an earlier given part whose text a later one has too, by (earlier, later); only where there are some."""
        overlaps: dict[tuple[int, int], numpy.ndarray] = {}
        if self.parts is None:
            return overlaps
        rows_of = [self.complete & (self.parts == part) for part in range(len(PARTS))]
        for later in range(1, len(PARTS)):
            present = numpy.zeros(len(self), dtype=bool)
            present[self.groups[rows_of[later]]] = True
            for earlier in range(later):
                overlap = rows_of[earlier] & present[self.groups]
                if overlap.any():
                    overlaps[earlier, later] = overlap
        return overlaps

    @cached_property
    def cleaned(self) -> numpy.ndarray:
        """Row positions that remain after everything that was chosen but the dropping of small classes."""
        kept = self.complete.copy()
        if self.choice.drop_conflicts:
            kept &= ~self.conflicting
        if self.choice.drop_duplicates:
            kept &= ~self.repeated
        if self.choice.drop_overlaps:
            for overlap in self.part_overlaps.values():
                kept &= ~overlap
        return numpy.flatnonzero(kept)

    @cached_property
    def distinct_texts(self) -> numpy.ndarray:
        """(classes,) distinct normalised texts of each class among the cleaned rows, of training alone where parts are given."""
        distinct = self.of_part(0, self.cleaned[~self.repeated[self.cleaned]])
        return numpy.bincount(self.codes[distinct], minlength=len(self.classes))

    @property
    def needed_texts(self) -> int:
        """How many distinct texts a class needs to learn from and to be drawn into each part that is drawn."""
        return 1 + len(self.drawn_parts)

    @cached_property
    def small_classes(self) -> numpy.ndarray:
        """Positions of the classes with too few distinct texts to appear in training and in each part that is drawn."""
        present = numpy.bincount(self.codes[self.cleaned], minlength=len(self.classes)) > 0
        return numpy.flatnonzero(present & (self.distinct_texts < self.needed_texts))

    @cached_property
    def usable(self) -> numpy.ndarray:
        """Row positions that remain after cleaning, in file order."""
        if self.choice.drop_small_classes and len(self.small_classes):
            return self.cleaned[~numpy.isin(self.codes[self.cleaned], self.small_classes)]
        return self.cleaned

    @cached_property
    def class_sizes(self) -> numpy.ndarray:
        """(classes,) usable rows of each class."""
        return numpy.bincount(self.codes[self.usable], minlength=len(self.classes))

    def texts_at(self, positions: numpy.ndarray) -> list[str]:
        """Return the texts of some rows, control characters replaced by spaces."""
        texts: list[str] = taken(self.texts, positions).to_pylist()
        for index in numpy.flatnonzero(self.scan.kinds[positions] & CONTROL):
            texts[index] = without_control(texts[index])
        return texts


def trimmed(texts: pyarrow.LargeStringArray) -> pyarrow.LargeStringArray:
    """Return the texts without white space at their ends; the same array, and not a copy of it, where there is none."""
    shorter = pyarrow.compute.utf8_trim_whitespace(texts)
    return texts if shorter.equals(texts) else shorter


def joined(columns: list[pyarrow.LargeStringArray]) -> pyarrow.LargeStringArray:
    """Return the texts of several columns, row by row, parted by a blank line; empty ones are passed over."""
    whole, *others = [trimmed(column) for column in columns]
    separator = pyarrow.scalar("\n\n", pyarrow.large_string())
    for column in others:
        # Joined pair by pair: Arrow's own skipping of nulls loses rows in which every column is null (seen with 26.0).
        both = pyarrow.compute.binary_join_element_wise(whole, column, separator)
        either = pyarrow.compute.if_else(pyarrow.compute.equal(column, ""), whole, both)
        whole = pyarrow.compute.if_else(pyarrow.compute.equal(whole, ""), column, either)
    return whole
