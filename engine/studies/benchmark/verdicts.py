"""The rows of a benchmark: a verdict on each measurement, in words and as text, and how two benchmarks compare."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.studies.benchmark.request import Setting
from engine.studies.benchmark.statistics import EQUIVALENT, UNDECIDED, compare

BUSY = 0.25
"""Share of the processor in use by others from which on a figure is marked."""

BETTER = {"memory": "smaller", "gpu-memory": "smaller", "energy": "less", "gpu-utilisation": "lower"}
"""How a smaller figure is called; ``faster`` where nothing is said."""

SMALLEST = 1e-6
"""What counts as nothing, in any unit, so that a ratio can be taken."""

IDENTITY = ("claim", "classifier", "mode", "batch_size", "sequence_length", "framework")
"""What makes two rows of two benchmarks the same question."""


def rows_of(measurements: Sequence[Mapping[str, Any]], margin: float) -> list[dict[str, Any]]:
    """A verdict on each measurement, with any margin: medians, the ratio of the first side to the second, and its 95 % interval."""
    rows = []
    for found in measurements:
        (one, first), (other, second) = found["values"].items()
        outcome = compare([max(value, SMALLEST) for value in first], [max(value, SMALLEST) for value in second], margin)
        better = BETTER.get(found["claim"], "faster")
        verdict = {"first": f"{one} {better}", "second": f"{other} {better}"}.get(outcome.verdict, outcome.verdict)
        facts = {key: value for key, value in found.items() if key != "values"}
        interval = [value if math.isfinite(value) else None for value in outcome.interval]
        rows.append(
            facts
            | {"repeats": len(first), one: outcome.first, other: outcome.second}
            | {"ratio": outcome.ratio, "interval": interval, "verdict": verdict}
        )
    return rows


def rows_at(results: Mapping[str, Any], margin: float) -> list[dict[str, Any]]:
    """The rows of a benchmark at a margin: those that it kept, where that is its own."""
    if margin == results.get("margin"):
        return list(results["rows"])
    return rows_of(results.get("measurements", ()), margin)


def faster_than_itself(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Rows of a benchmark against itself that claim a difference where there is none."""
    return [row for row in rows if row["verdict"] not in (EQUIVALENT, UNDECIDED)]


def against_itself_words(rows: Sequence[Mapping[str, Any]]) -> str:
    """What a benchmark against itself says of the way it measures."""
    wrong = len(faster_than_itself(rows))
    return f"Each framework against itself: {wrong} of {len(rows)} rows claim a difference where there is none."


def same_verdicts(rows: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """How many verdicts are the same in two benchmarks, and how many questions both have answered."""
    before = {tuple(row.get(key) for key in IDENTITY): row["verdict"] for row in others}
    pairs = [(row["verdict"], before[key]) for row in rows if (key := tuple(row.get(name) for name in IDENTITY)) in before]
    return sum(one == other for one, other in pairs), len(pairs)


def row_verdict(row: Mapping[str, Any]) -> str:
    """``equivalent``, ``PyTorch faster by 1.31 (1.2 to 1.42)`` or ``not enough evidence``; by so many times, that is."""
    side, _, better = row["verdict"].rpartition(" ")
    if side not in row:
        return str(row["verdict"])
    low, high = row["interval"]
    ratio = row["ratio"]
    if ratio < 1:
        ratio, low, high = 1 / ratio, 1 / high, 1 / low
    return f"{FRAMEWORK_NAMES.get(side, side)} {better} by {ratio:.3g} × ({low:.3g} to {high:.3g})"


def benchmark_table(results: Mapping[str, Any]) -> str:
    """Every row, claim after claim, as text."""
    sides = ("first", "second") if results["against_itself"] else FRAMEWORKS
    lines = [
        f"{results['data']} on the {results['device']}, {results['threads']} threads, float32; medians of {results['repeats']} repeats in "
        f"turns, each with a seed and processes of its own; margin ±{results['margin']:.0%}\n",
        f"{'':18}{'':44}{FRAMEWORK_NAMES.get(sides[0], sides[0]):>12}{FRAMEWORK_NAMES.get(sides[1], sides[1]):>12}",
    ]
    claim = None
    for row in results["rows"]:
        what = row["claim"] if row["claim"] != claim else ""
        claim = row["claim"]
        setting = Setting(row["classifier"], row["mode"], row["batch_size"], row["sequence_length"]).words if row["classifier"] else ""
        if "framework" in row:
            setting = f"{FRAMEWORK_NAMES[row['framework']]} {setting}"
        mark = "  (others used the machine)" if row["busy"] > BUSY else ""
        figures = "".join(f"{row[side]:>12.4g}" for side in sides)
        lines.append(f"{what:18}{setting:44}{figures} {row['unit']:4}{row_verdict(row)}{mark}")
    if results["against_itself"]:
        lines += ["", against_itself_words(results["rows"])]
    return "\n".join([*lines, "", *results["notes"]])
