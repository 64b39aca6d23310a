"""How often an answer is timed: until the median is known, never fewer than the least, never much longer than the limit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engine.workers import latency
from engine.workers.latency import measure_latency, median_reach, repeat


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """A clock that only moves when it is told to."""
    now = [0.0]
    monkeypatch.setattr(latency.time, "perf_counter", lambda: now[0])

    def forward(seconds: float) -> None:
        now[0] += seconds

    return forward


@pytest.mark.parametrize(
    ("seconds", "spread", "singles", "batches"),
    [
        (0.0039, 0.0, 20, 6),  # five values cannot bound a median with 95 % confidence, six can
        (0.0039, 0.9, 300, 100),  # 1.2 s of singles; the most batches
        (0.0290, 0.9, 40, 24),  # 0.7 s of batches; a third round of singles would not fit
        (0.5000, 0.9, 20, 5),  # however long they take
    ],
)
def test_a_latency_is_measured_until_its_median_is_known(
    clock: Callable[[float], None], seconds: float, spread: float, singles: int, batches: int
) -> None:
    calls: list[tuple[str, ...]] = []
    noise = np.random.default_rng(0)

    def classify(texts: list[str]) -> tuple[None, float, float]:
        calls.append(tuple(texts))
        clock(seconds)
        return None, 1000 * seconds * float(noise.uniform(1 - spread, 1 + spread)), 0.0

    figures = measure_latency(classify, [f"text {number}" for number in range(32)])
    assert (figures.singles, figures.batches) == (singles, batches)
    assert (figures.batch_p95 is None) == (batches < 20)
    timed = [texts for texts in calls if len(texts) == 1][latency.WARM_UP :]
    assert len(set(timed)) == 10 and all(timed.count(texts) == singles // 10 for texts in timed), "each text equally often"


def test_texts_of_unlike_length_need_no_more_repetitions(clock: Callable[[float], None]) -> None:
    def classify(texts: list[str]) -> tuple[None, float, float]:
        seconds = 0.004 * (1 + int(texts[0].split()[1]) % 10)  # ten times as long for the longest
        clock(seconds)
        return None, 1000 * seconds, 0.0

    assert measure_latency(classify, [f"text {number}" for number in range(32)]).singles == 20


def test_the_interval_of_a_median_holds_it_as_often_as_it_says() -> None:
    draws = np.random.default_rng(1).lognormal(0.0, 0.5, (2000, 20))
    held = [abs(np.median(row) - 1.0) <= median_reach(row) * np.median(row) for row in draws]
    assert np.mean(held) >= 0.95
    assert median_reach(draws[0][:5]) == np.inf and median_reach(draws[0][:6]) < np.inf


def test_without_a_precision_it_is_repeated_as_often_as_fits(clock: Callable[[float], None]) -> None:
    def measure(number: int) -> tuple[None, float, float]:
        clock(0.01)
        return None, 1.0, 2.0

    assert repeat(measure, most=100).shape == (100, 2) and len(repeat(measure, most=1000)) in (299, 300, 301)
