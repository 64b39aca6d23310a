"""Verdicts on pairs of measurements: right where the truth is known, and seldom wrong where chance decides."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.studies.benchmark.statistics import EQUIVALENT, UNDECIDED, compare


def test_figures_of_pairs() -> None:
    found = compare([1.0, 2.0, 4.0, 8.0, 16.0], [2.0, 4.0, 8.0, 16.0, 32.0])
    assert (found.first, found.second, found.ratio) == (4.0, 8.0, pytest.approx(0.5))
    assert found.interval == pytest.approx((0.5, 0.5)) and found.verdict == "first"
    assert compare([2.0, 4.0, 8.0, 16.0, 32.0], [1.0, 2.0, 4.0, 8.0, 16.0]).verdict == "second"


def test_the_interval_is_that_of_students_t_on_logarithms() -> None:
    ratios = [1.0, 1.1, 1.2, 1.3, 1.4]
    logarithms = np.log(ratios)
    half = 2.776445 * logarithms.std(ddof=1) / math.sqrt(5)  # t of 4 degrees of freedom, 97.5 %
    low, high = compare(ratios, [1.0] * 5).interval
    assert (math.log(low), math.log(high)) == pytest.approx((logarithms.mean() - half, logarithms.mean() + half), rel=1e-5)


@pytest.mark.parametrize(
    ("ratios", "verdict"),
    [
        ([1.01, 0.99, 1.02, 0.98, 1.0], EQUIVALENT),
        ([1.05, 1.05, 1.05, 1.05, 1.051], EQUIVALENT),  # different, but by less than matters
        ([1.0, 1.02, 1.05, 1.08, 1.11], EQUIVALENT),  # by the 90 % interval of the two one-sided tests; the 95 % one leaves the margin
        ([1.2, 1.21, 1.19, 1.2, 1.2], "second"),
        ([0.8, 0.81, 0.79, 0.8, 0.8], "first"),
        ([1.05, 1.12, 1.08, 1.15, 1.09], UNDECIDED),  # surely not 1, perhaps within the margin
        ([1.18, 1.05, 1.22, 1.12, 1.25], UNDECIDED),  # the same, though its mean is beyond the margin
        ([0.5, 2.0, 0.7, 1.5, 1.0], UNDECIDED),
        ([2.0, 2.0, 2.0, 2.0], UNDECIDED),  # too few
    ],
)
def test_verdicts(ratios: list[float], verdict: str) -> None:
    assert compare(ratios, [1.0] * len(ratios)).verdict == verdict


def test_the_margin_decides_what_counts_as_equal() -> None:
    ratios = [1.14, 1.15, 1.16, 1.15, 1.15]
    assert compare(ratios, [1.0] * 5, margin=0.1).verdict == "second"
    assert compare(ratios, [1.0] * 5, margin=0.2).verdict == EQUIVALENT
    with pytest.raises(ValueError, match="between 0 and 1"):
        compare(ratios, [1.0] * 5, margin=0.0)


def test_a_single_pair_decides_nothing() -> None:
    found = compare([1.0], [3.0])
    assert found.verdict == UNDECIDED and found.interval == (0.0, math.inf)


@pytest.mark.parametrize(("noise", "most"), [(0.01, 0), (0.03, 0), (0.1, 2), (0.3, 5)])
def test_a_framework_against_itself_is_seldom_faster(noise: float, most: int) -> None:
    """100 simulated benchmarks of equals at each level of noise, with 5 repeats: how many may claim a difference."""
    generator = np.random.default_rng(7)
    measured = np.exp(generator.normal(0.0, noise, (100, 2, 5)))
    verdicts = [compare(first, second).verdict for first, second in measured]
    assert sum(verdict in ("first", "second") for verdict in verdicts) <= most
    if noise == 0.01:
        assert verdicts.count(EQUIVALENT) == 100, "and where the noise is small it says so"


def test_equivalence_is_seldom_claimed_at_the_edge_of_the_margin() -> None:
    generator = np.random.default_rng(7)
    measured = np.exp(generator.normal(0.0, 0.05, (400, 2, 5)))
    verdicts = [compare(1.1 * first, second).verdict for first, second in measured]
    assert verdicts.count(EQUIVALENT) <= 0.08 * 400  # 5 % and what chance adds to 400


def test_a_real_difference_is_found() -> None:
    generator = np.random.default_rng(7)
    measured = np.exp(generator.normal(0.0, 0.05, (100, 2, 5)))
    verdicts = [compare(1.5 * first, second).verdict for first, second in measured]
    assert verdicts.count("second") >= 95
