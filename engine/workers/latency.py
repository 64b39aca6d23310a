"""How long a trained model takes to answer, measured in its own worker while the other one is suspended."""

from __future__ import annotations

import math
import time
from functools import cache
from typing import Any

import numpy as np

from engine.runs.records.outcome import Latency

PRECISION = 0.05
"""A median is known, and measuring it ends, when its 95 % interval reaches at most this part of it to either side."""
SINGLE_SECONDS, BATCH_SECONDS = 1.2, 0.7
"""How long single texts and batches are timed at the most, unless the least number of them takes longer."""
SINGLE_TEXTS, LEAST_SINGLES = 10, 20
"""Different texts in a round of single ones, and how many answers there are at the least. Measuring ends with a round, so that both
frameworks answer the same texts equally often."""
LEAST_BATCHES, WARM_UP = 5, 3
BATCH_SIZE, BATCH_SIZE_OF_AN_ENCODER = 64, 8
"""Texts in a batch. Where each goes through an encoder on a CPU, five batches of 64 would take longer than the whole training of a head."""
LEAST_FOR_P95 = 20
"""Below so many calls the 95th percentile would be the slowest of them, and is left out."""


def measure_latency(classify: Any, texts: list[str], batch_size: int = BATCH_SIZE) -> Latency:
    """Return the milliseconds from text to answer: one text at a time, and a batch at once; medians and 95th percentiles."""
    some, batch_texts = (texts * SINGLE_TEXTS)[:SINGLE_TEXTS], (texts * batch_size)[:batch_size]
    for text in some[:WARM_UP]:
        classify([text])
    single = repeat(lambda number: classify([some[number % SINGLE_TEXTS]]), 400, LEAST_SINGLES, SINGLE_SECONDS, PRECISION, SINGLE_TEXTS)
    classify(batch_texts)
    batch = repeat(lambda number: classify(batch_texts), 100, LEAST_BATCHES, BATCH_SECONDS, PRECISION).sum(axis=1)
    total = single.sum(axis=1)
    return Latency(
        single_p50=float(np.median(total)),
        single_p95=float(np.percentile(total, 95)),
        encode_single_p50=float(np.median(single[:, 0])),
        classify_single_p50=float(np.median(single[:, 1])),
        singles=len(single),
        batch_p50=float(np.median(batch)),
        batch_p95=float(np.percentile(batch, 95)) if len(batch) >= LEAST_FOR_P95 else None,
        batches=len(batch),
        batch_size=batch_size,
    )


def repeat(measure: Any, most: int, least: int = 5, seconds: float = 3.0, precision: float = 0.0, each_round: int = 1) -> np.ndarray:
    """Return the (encoding, classifying) milliseconds of each repetition.

    At the end of a round it stops once the median is known to ``precision``, or where another round would not fit into
    ``seconds``; but never before there are ``least``. A round takes ``each_round`` different things, the same in every round.
    """
    began, times = time.perf_counter(), list[tuple[float, float]]()
    while len(times) < most:
        times.append(measure(len(times))[1:])
        count = len(times)
        if count < least or count % each_round:
            continue
        if (time.perf_counter() - began) * (count + each_round) / count > seconds:
            break
        if precision and median_reach(_noise(np.sum(times, axis=1), each_round)) <= precision:
            break
    return np.array(times)


def _noise(times: np.ndarray, each_round: int) -> np.ndarray:
    """Return the times without what differs because a long text takes longer than a short one: the texts are the same in every round."""
    if each_round == 1:
        return times
    rounds = times.reshape(-1, each_round)  # (rounds, texts)
    usual = np.median(rounds, axis=0)
    return (rounds / np.where(usual > 0, usual, 1.0)).ravel()


def median_reach(times: np.ndarray) -> float:
    """Return how far the 95 % interval of the median reaches, as a part of it; infinite where there are too few values to tell.

    The interval lies between two of the values themselves (order statistics), so nothing is assumed about their distribution.
    """
    rank = _interval_rank(len(times))
    if not rank:
        return math.inf
    ordered = np.sort(times)
    low, middle, high = ordered[rank - 1], float(np.median(ordered)), ordered[-rank]
    return float(max(high - middle, middle - low) / middle) if middle > 0 else math.inf


@cache
def _interval_rank(count: int) -> int:
    """Return which of the values, counted from either end, bounds the median with 95 % confidence; 0 where none does."""
    below, rank = 1, 0  # ways in which fewer than ``rank + 1`` of the values lie below the true median, of 2 ** count
    while 40 * below <= 2**count:  # each side may be missed once in 40
        rank += 1
        below += math.comb(count, rank)
    return rank
