"""Many comparisons of a benchmark in one honest sentence: how many are equal, how many speak for whom, and by how much."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.display.formatting import count, number
from engine.shared.classifiers import CLASSIFIERS
from engine.studies.benchmark.request import BENCHMARK_MODES
from engine.studies.benchmark.results import VerdictRow

SUBJECTS = {
    "training-speed": "Step of a training",
    "inference-speed": "Answers to a batch",
    "single-answer": "Answer to one text",
    "memory": "Peak memory",
    "first-step": "First step",
    "import-time": "Loading the framework",
    "time-to-accuracy": "Time to the same accuracy",
    "gpu-utilisation": "GPU busy",
    "energy": "Energy",
}
"""What a benchmark compares, by the claim that a row names."""


@dataclass(frozen=True)
class VerdictCounts:
    """What a set of comparisons adds up to."""

    rows: int
    equivalent: int
    better: Mapping[str, tuple[float, ...]]
    """How much better each framework is, in each comparison in which it is; factors above 1, in ascending order."""
    undecided: int

    @property
    def favours(self) -> str | None:
        """The framework that is better in more than half of all comparisons."""
        return next((name for name in FRAMEWORKS if 2 * len(self.better[name]) > self.rows), None)

    @property
    def largest(self) -> float:
        """The largest difference that is beyond doubt, as a factor; 1 where there is none."""
        return max((factor for factors in self.better.values() for factor in factors), default=1.0)


def count_verdicts(rows: Iterable[VerdictRow]) -> VerdictCounts:
    """Add up the verdicts of a benchmark's rows. A row without figures counts as undecided."""
    rows = list(rows)
    better: dict[str, list[float]] = {name: [] for name in FRAMEWORKS}
    equivalent = 0
    for row in rows:
        if row.verdict == "equivalent":
            equivalent += 1
        elif (winner := winner_of(row)) and (ratio := row.ratio or 0.0) > 0:
            better[winner].append(max(ratio, 1 / ratio))
    decided = equivalent + sum(map(len, better.values()))
    return VerdictCounts(len(rows), equivalent, {name: tuple(sorted(factors)) for name, factors in better.items()}, len(rows) - decided)


def winner_of(row: VerdictRow) -> str | None:
    """Return the framework that a row's verdict names as faster or smaller."""
    first = row.verdict.split(" ")[0]
    return first if first in FRAMEWORKS else None


def verdict_counts_sentence(counts: VerdictCounts, margin: float, word: str = "faster") -> str:
    """Return ``Of 15 comparisons 9 equivalent within ±10 %, PyTorch faster in 4 (by 1.2 to 2.1 ×), 2 undecided.``"""
    parts = [f"{f'{counts.equivalent:,}' if counts.equivalent else 'none'} equivalent within ±{100 * margin:.3g} %"]
    told = False
    for name in FRAMEWORKS:
        factors = counts.better[name]
        if factors:
            parts.append(f"{FRAMEWORK_NAMES[name]} {'' if told else f'{word} '}in {len(factors):,} ({_span(factors)})")
            told = True
    if counts.undecided:
        parts.append(f"{counts.undecided:,} undecided")
    return f"Of {count(counts.rows, 'comparison')} {', '.join(parts)}."


def _span(factors: Sequence[float]) -> str:
    low, high = number(float(factors[0])), number(float(factors[-1]))
    return f"by {low} ×" if low == high else f"by {low} to {high} ×"


def counts_in_brief(counts: VerdictCounts, word: str = "faster") -> str:
    """Return what the comparisons say of “about equal”, in a few words."""
    if not counts.rows or counts.undecided == counts.rows:
        return "Not enough evidence"
    if counts.equivalent == counts.rows:
        return "Holds here"
    if counts.favours:
        return f"Not here: {FRAMEWORK_NAMES[counts.favours]} is mostly {word}"
    if 2 * counts.equivalent > counts.rows:
        return "Mostly holds here"
    both = all(counts.better.values())
    return f"It depends: each is {word} somewhere" if both else "It depends on what is compared"


def row_title(row: VerdictRow) -> str:
    """Return what one row compares: classifier, mode, size of the batch, length of the texts."""
    return ", ".join(filter(None, [row_subject(row), row_classifier(row), row_setting(row)]))


def row_subject(row: VerdictRow) -> str:
    """Return what was measured."""
    return SUBJECTS.get(row.claim, row.claim)


def row_classifier(row: VerdictRow) -> str:
    """Return the title of the classifier; empty where it plays no part."""
    member = CLASSIFIERS.get(row.classifier or "")
    return member.title if member else ""


def row_setting(row: VerdictRow) -> str:
    """Return mode, size of the batch, length of the texts."""
    parts = [BENCHMARK_MODES.get(row.mode or "", "")]
    parts += [f"batch of {row.batch_size:,}" if row.batch_size else ""]
    parts += [f"{row.sequence_length:,} tokens" if row.sequence_length else ""]
    return ", ".join(filter(None, parts))


def row_sentence(row: VerdictRow) -> str:
    """Return the verdict of one row with its factor, its interval and the number of repeats."""
    winner, ratio = winner_of(row), row.ratio or 0.0
    interval = sorted(value for value in row.interval if value)
    repeats = f"; {count(row.repeats, 'repeat')}" if row.repeats else ""
    if winner is None or ratio <= 0:
        between = f", PyTorch : TensorFlow {_range(interval)}" if len(interval) == 2 else ""
        return f"{row.verdict.capitalize()}{between}{repeats}"
    if ratio < 1:
        ratio, interval = 1 / ratio, sorted(1 / value for value in interval)
    between = f", {_range(interval)}" if len(interval) == 2 else ""
    return f"{FRAMEWORK_NAMES[winner]} {number(ratio)} × {row.verdict.split(' ')[-1]}{between}{repeats}"


def _range(interval: Sequence[float]) -> str:
    return f"{number(interval[0])} to {number(interval[1])}"
