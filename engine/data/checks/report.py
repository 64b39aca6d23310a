"""Everything wrong or noteworthy about a table under a choice, all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy
import pandas

from engine.data.checks import (
    label_checks,  # noqa: F401 - importing them registers the checks
    part_checks,  # noqa: F401 - importing them registers the checks
    text_checks,  # noqa: F401 - importing them registers the checks
)
from engine.data.checks.findings import BLOCKING, CHECKS, Check, quoted
from engine.data.checks.label_checks import spread
from engine.data.choice import DataChoice
from engine.data.rows import Rows, Tokens
from engine.encodings.foreign import ForeignTexts
from engine.reading.columns.labels import LabelGroup
from engine.reading.columns.part_names import PARTS
from engine.reading.finding import Finding
from engine.reading.table import Table

__all__ = ["Finding", "Report", "blocking_findings", "check_rows", "check_table"]

COUNTED_TEXTS = 2000
HISTOGRAM_BINS = 30


@dataclass(frozen=True)
class Report:
    """The check report of a table."""

    findings: tuple[Finding, ...]
    """First what blocks, then by count."""
    rows: int
    usable_rows: int
    """What remains after cleaning, before a sample is taken."""
    classes: dict[str, int]
    """Usable rows of each class, the largest first."""
    majority_accuracy: float
    """The accuracy of always answering the largest class: the baseline to beat."""
    lengths: pandas.DataFrame
    """Histogram of the usable texts' lengths: columns ``words`` and ``words_end`` (a bin's bounds, the end not in it) and ``texts``."""
    median_words: int
    longest_words: int
    truncated_share: float | None
    """The share of the texts with more tokens than the limit; ``None`` where nothing counts tokens."""
    truncated_estimated: bool = False
    """It was measured on a sample."""
    label_groups: tuple[LabelGroup, ...] = ()
    """Labels that a person would call the same, as they are written in the file."""
    parts: dict[str, int] = field(default_factory=dict)
    """Usable rows of each part that a column or a file gives; empty where all parts are drawn."""

    @property
    def blocks(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level == "blocks")

    @property
    def worth_knowing(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level == "worth knowing")


def check_table(
    table: Table,
    choice: DataChoice,
    token_limit: int = 256,
    count_tokens: Callable[[list[str]], list[int]] | None = None,
    find_foreign: Callable[[list[str]], ForeignTexts] | None = None,
) -> Report:
    """Check a table. ``count_tokens`` maps texts to their numbers of tokens, and ``find_foreign`` says which of them the encoder has no
    words for; both get at most 2,000 texts.
    """
    structural = structure_findings(table, choice)
    if structural:
        return Report(structural, len(table.frame), 0, {}, 0.0, histogram(numpy.zeros(0, dtype=int)), 0, 0, None)
    rows = Rows(table, choice)
    if count_tokens is not None and len(rows.usable):
        sampled = spread(rows.usable, COUNTED_TEXTS)
        texts = rows.texts_at(sampled)
        foreign = find_foreign(texts) if find_foreign is not None else None
        rows.tokens = Tokens(token_limit, numpy.array(count_tokens(texts)), sampled, len(sampled) < len(rows.usable), foreign)
    findings = check_rows(rows)
    words = rows.scan.words[rows.usable]
    sizes = rows.class_sizes
    order = numpy.argsort(-sizes, kind="stable")
    classes = {rows.classes[position]: int(sizes[position]) for position in order if sizes[position]}
    return Report(
        findings,
        len(rows),
        len(rows.usable),
        classes,
        float(sizes.max() / sizes.sum()) if sizes.sum() else 0.0,
        histogram(words),
        int(numpy.median(words)) if len(words) else 0,
        int(words.max()) if len(words) else 0,
        rows.tokens.truncated_share if rows.tokens else None,
        rows.tokens.estimated if rows.tokens else False,
        rows.label_groups,
        {} if rows.parts is None else {part: len(rows.of_part(place, rows.usable)) for place, part in enumerate(PARTS)},
    )


def check_rows(rows: Rows, checks: Iterable[Check] = CHECKS) -> tuple[Finding, ...]:
    """Return the findings of the checks, of all that are registered: first what blocks, then the larger counts."""
    found = [finding for function in checks if (finding := function(rows)) is not None]
    return ordered([*rows.table.findings, *found])


def blocking_findings(table: Table, rows: Rows) -> tuple[Finding, ...]:
    """Return only what makes training impossible."""
    return structure_findings(table, rows.choice) or tuple(finding for finding in check_rows(rows, BLOCKING) if finding.level == "blocks")


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: (finding.level != "blocks", -finding.count, finding.code)))


def structure_findings(table: Table, choice: DataChoice) -> tuple[Finding, ...]:
    """Find what makes every other check pointless: no rows, one column, columns that are not chosen or do not exist."""
    names = [str(name) for name in table.frame.columns]
    findings: list[Finding] = []

    def blocked(code: str, count: int, title: str, sentence: str, action: str) -> None:
        findings.append(Finding(title, count, sentence, action, level="blocks", code=code))

    if len(names) < 2:
        sentence = "Training needs a text column and a label column; this table has one."
        blocked("one_column", len(names), "Only one column", sentence, "Choose another delimiter, or upload a file with labels.")
    if len(table.frame) == 0:
        sentence = "The file has a header and nothing below it." if table.options.header else "The file has no rows."
        action = "Upload a file with labelled texts, or correct whether the first row is a header."
        blocked("no_rows", 0, "No rows", sentence, action)
    if missing := [name for name in (*choice.text, choice.label) if name and name not in names]:
        sentence = f"There is no column {quoted(missing)}; there is {quoted(names)}."
        blocked("missing_columns", len(missing), "Columns that do not exist", sentence, "Choose the columns again.")
    if not choice.text or not choice.label:
        box = "text column" if not choice.text else "label column"
        blocked("no_column_chosen", 1, f"No {box} chosen", f"Training needs a {box}.", f"Choose a {box}.")
    if choice.label and choice.label in choice.text:
        sentence = f"“{choice.label}” is chosen as text and as label, so the answer would stand in the question."
        blocked("label_is_text", 1, "The label column is also a text column", sentence, "Take it out of the text columns.")
    return ordered(findings)


def histogram(words: numpy.ndarray) -> pandas.DataFrame:
    """Count lengths in bins of equal whole width; the last also holds the longest hundredth, so one outlier does not flatten the rest."""
    if not len(words):
        return pandas.DataFrame({"words": [], "words_end": [], "texts": []}, dtype="int64")
    end = int(numpy.quantile(words, 0.99)) + 1
    width = max(1, -(-end // HISTOGRAM_BINS))
    bins = -(-end // width)
    counts = numpy.bincount(numpy.minimum(words // width, bins - 1), minlength=bins)
    starts = numpy.arange(bins) * width
    ends = starts + width
    ends[-1] = max(ends[-1], int(words.max()) + 1)
    return pandas.DataFrame({"words": starts, "words_end": ends, "texts": counts})
