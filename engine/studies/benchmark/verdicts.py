"""The rows of a benchmark: a verdict on each measurement, in words and as text, and how two benchmarks compare."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.studies.benchmark.request import Setting
from engine.studies.benchmark.results import BenchmarkResults, Measurement, MeasurementFacts, VerdictRow
from engine.studies.benchmark.statistics import EQUIVALENT, UNDECIDED, compare

BUSY = 0.25
"""Share of the processor in use by others from which on a figure is marked."""

BETTER = {"memory": "smaller", "gpu-memory": "smaller", "energy": "less", "gpu-utilisation": "lower"}
"""How a smaller figure is called; ``faster`` where nothing is said."""

SMALLEST = 1e-6
"""What counts as nothing, in any unit, so that a ratio can be taken."""


def rows_of(measurements: Sequence[Measurement], margin: float) -> list[VerdictRow]:
    """Return a verdict on each measurement, with any margin: medians, the ratio of the first side to the second, its 95 % interval."""
    return [_row_of(measurement, margin) for measurement in measurements]


def _row_of(measurement: Measurement, margin: float) -> VerdictRow:
    (one, first), (other, second) = measurement.values.items()
    outcome = compare([max(value, SMALLEST) for value in first], [max(value, SMALLEST) for value in second], margin)
    better = BETTER.get(measurement.claim, "faster")
    values: dict[str, Any] = {item.name: getattr(measurement, item.name) for item in fields(MeasurementFacts)}
    values |= {one: outcome.first, other: outcome.second}
    return VerdictRow(
        **values,
        repeats=len(first),
        ratio=outcome.ratio,
        interval=tuple(value if math.isfinite(value) else None for value in outcome.interval),
        verdict={"first": f"{one} {better}", "second": f"{other} {better}"}.get(outcome.verdict, outcome.verdict),
    )


def rows_at(results: BenchmarkResults, margin: float) -> list[VerdictRow]:
    """Return the rows of a benchmark at a margin: those that it kept, where that is its own."""
    return list(results.rows) if margin == results.margin else rows_of(results.measurements, margin)


def faster_than_itself(rows: Sequence[VerdictRow]) -> list[VerdictRow]:
    """Return the rows of a benchmark against itself that claim a difference where there is none."""
    return [row for row in rows if row.verdict not in (EQUIVALENT, UNDECIDED)]


def against_itself_words(rows: Sequence[VerdictRow]) -> str:
    """Return what a benchmark against itself says of the way it measures."""
    wrong = len(faster_than_itself(rows))
    return f"Each framework against itself: {wrong} of {len(rows)} rows claim a difference where there is none."


def same_verdicts(rows: Sequence[VerdictRow], others: Sequence[VerdictRow]) -> tuple[int, int]:
    """Return how many verdicts are the same in two benchmarks, and how many questions both have answered."""
    before = {_question(row): row.verdict for row in others}
    pairs = [(row.verdict, before[_question(row)]) for row in rows if _question(row) in before]
    return sum(one == other for one, other in pairs), len(pairs)


def _question(row: VerdictRow) -> tuple[str | int | None, ...]:
    """Return what makes two rows of two benchmarks the same question."""
    return row.claim, row.classifier, row.mode, row.batch_size, row.sequence_length, row.framework


def row_verdict(row: VerdictRow) -> str:
    """Return ``equivalent``, ``PyTorch faster by 1.31 × (1.2 to 1.42)`` or ``not enough evidence``; by so many times, that is."""
    side, _, better = row.verdict.rpartition(" ")
    low, high = row.bounds()
    if row.median(side) is None or row.ratio is None or low is None or high is None:
        return row.verdict
    ratio = row.ratio
    if ratio < 1:
        ratio, low, high = 1 / ratio, 1 / high, 1 / low
    return f"{FRAMEWORK_NAMES.get(side, side)} {better} by {ratio:.3g} × ({low:.3g} to {high:.3g})"


def benchmark_table(results: BenchmarkResults) -> str:
    """Return every row, claim after claim, as text."""
    sides = ("first", "second") if results.against_itself else FRAMEWORKS
    lines = [
        f"{results.data} on the {results.device}, {results.threads} threads, float32; medians of {results.repeats} repeats in "
        f"turns, each with a seed and processes of its own; margin ±{results.margin:.0%}\n",
        f"{'':18}{'':44}{FRAMEWORK_NAMES.get(sides[0], sides[0]):>12}{FRAMEWORK_NAMES.get(sides[1], sides[1]):>12}",
    ]
    claim = None
    for row in results.rows:
        what = row.claim if row.claim != claim else ""
        claim = row.claim
        setting = Setting(row.classifier, row.mode or "", row.batch_size or 0, row.sequence_length).words if row.classifier else ""
        if row.framework:
            setting = f"{FRAMEWORK_NAMES[row.framework]} {setting}"
        mark = "  (others used the machine)" if row.busy > BUSY else ""
        figures = "".join(f"{row.median(side):>12.4g}" for side in sides)
        lines.append(f"{what:18}{setting:44}{figures} {row.unit:4}{row_verdict(row)}{mark}")
    if results.against_itself:
        lines += ["", against_itself_words(results.rows)]
    return "\n".join([*lines, "", *results.notes])
