"""Is a difference there, or are two sets of measurements as good as equal: two one-sided tests on paired ratios.

Sources: D. Schuirmann, A comparison of the two one-sided tests procedure and the power approach for assessing the equivalence of average
bioavailability, 1987; T. Kalibera and R. Jones, Rigorous benchmarking in reasonable time, 2013, for ratios with an interval.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

MARGIN = 0.10
"""A ratio between 1 / 1.1 and 1.1 counts as equal unless the reader sets another margin."""

LEVEL = 0.05
"""The share of wrong verdicts that is put up with: of “equivalent” at the edge of the margin; of “faster” fewer are wrong."""

FEWEST = 5
"""Pairs; with fewer nothing is concluded."""

EQUIVALENT, UNDECIDED = "equivalent", "not enough evidence"


@dataclass(frozen=True)
class Comparison:
    """What pairs of measurements say about the ratio of the first to the second."""

    first: float
    """Median."""
    second: float
    """Median."""
    ratio: float
    """Geometric mean of the ratios of the pairs."""
    interval: tuple[float, float]
    """Where the true ratio lies with 95 % confidence; unbounded where there are fewer than two pairs."""
    verdict: str
    """``equivalent``, ``first`` or ``second`` (the smaller of the two), or ``not enough evidence``."""


def compare(first: Sequence[float], second: Sequence[float], margin: float = MARGIN) -> Comparison:
    """Return the verdict on measurements taken in pairs, all above 0, of which smaller ones are better.

    ``equivalent``: both one-sided tests at 5 % reject a ratio at or beyond the margin, which is to say that its 90 % interval lies within.
    ``first`` or ``second``: its 95 % interval lies wholly beyond the margin; were it enough that 1 is left out, one row in twenty of a
    framework against itself could claim a difference, and a table has some forty rows. Ratios are taken of each pair and averaged as
    logarithms, for measurements of a pair share what the machine was doing, and twice as fast is as far from equal as half as fast.
    """
    if not 0 < margin < 1:
        raise ValueError(f"The margin must lie between 0 and 1, but is {margin!r}.")
    logarithms = [math.log(one / other) for one, other in zip(first, second, strict=True)]
    medians = statistics.median(first), statistics.median(second)
    mean = statistics.fmean(logarithms)
    if len(logarithms) < 2:
        return Comparison(*medians, math.exp(mean), (0.0, math.inf), UNDECIDED)
    narrow, wide = (_half_width(logarithms, share) for share in (1 - 2 * LEVEL, 1 - LEVEL))
    verdict = UNDECIDED
    if len(logarithms) >= FEWEST:
        if abs(mean) + narrow < math.log1p(margin):
            verdict = EQUIVALENT
        elif abs(mean) - wide > math.log1p(margin):
            verdict = "first" if mean < 0 else "second"
    return Comparison(*medians, math.exp(mean), (math.exp(mean - wide), math.exp(mean + wide)), verdict)


def _half_width(values: Sequence[float], confidence: float) -> float:
    """Return half the width of the mean's two-sided interval, by Student's t."""
    from scipy.stats import t  # here, for it takes a second to load and pages do not need it

    return float(t.ppf((1 + confidence) / 2, len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values)))
