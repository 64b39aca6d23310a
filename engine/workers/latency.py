"""How long a trained model takes to answer, measured in its own worker while the other one is suspended."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from engine.runs.records.outcome import Latency

LATENCY_SECONDS = 3.0
"""How long each latency is measured at the most; at least five times in any case."""


def measure_latency(classify: Any, texts: list[str]) -> Latency:
    """Return the milliseconds from text to answer: one text at a time, and 64 at once; medians and 95th percentiles."""
    classify(texts[:1])
    single = repeat(lambda number: classify([texts[number % len(texts)]]), most=100)
    batch_texts = (texts * 64)[:64]
    classify(batch_texts)
    batch = repeat(lambda number: classify(batch_texts), most=20)
    total = single.sum(axis=1)
    return Latency(
        single_p50=float(np.percentile(total, 50)),
        single_p95=float(np.percentile(total, 95)),
        encode_single_p50=float(np.percentile(single[:, 0], 50)),
        classify_single_p50=float(np.percentile(single[:, 1], 50)),
        batch_p50=float(np.percentile(batch.sum(axis=1), 50)),
        batch_p95=float(np.percentile(batch.sum(axis=1), 95)),
        batch_size=64,
    )


def repeat(measure: Any, most: int) -> np.ndarray:
    """Return the (encoding, classifying) milliseconds of each repetition; stop after ``LATENCY_SECONDS``, but not before the fifth."""
    ends, times = time.perf_counter() + LATENCY_SECONDS, list[tuple[float, float]]()
    while len(times) < most and (len(times) < 5 or time.perf_counter() < ends):
        times.append(measure(len(times))[1:])
    return np.array(times)
