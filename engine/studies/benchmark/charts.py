"""What a benchmark says at a glance: its answer in one sentence, the ratios with their intervals as a chart, sweeps as curves."""

from __future__ import annotations

import math
from collections.abc import Sequence

import altair
import pandas

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.display.figure import Picture, drawn, tip
from engine.display.formatting import count, number
from engine.display.palette import HUES, NAMES, NEUTRAL, colour_scale, dash_scale, shape_scale
from engine.shared.classifiers import CLASSIFIERS
from engine.studies.benchmark.request import BENCHMARK_MODES
from engine.studies.benchmark.results import CLAIMS, BenchmarkResults, MeasurementFacts, VerdictRow
from engine.studies.benchmark.summary import count_verdicts, verdict_counts_sentence, winner_of
from engine.studies.benchmark.verdicts import BETTER, row_verdict

NAMES_OF_CLAIMS = (
    "Training step", "Batch of answers", "Single answer", "First step", "Import", "Time to accuracy", "Memory", "GPU memory", "GPU in use",
    "Energy",
)  # fmt: skip
TITLES = dict(zip(CLAIMS, NAMES_OF_CLAIMS, strict=True))
"""The titles of the claims, short enough for tabs."""

MEANINGS = {
    "training-speed": "Milliseconds of one step of the optimizer, the same batches in both; the steps before it warm up and do not count.",
    "inference-speed": "Milliseconds until one batch is answered; the model alone, its inputs are there as tensors.",
    "single-answer": "Milliseconds until one text is answered; the model alone.",
    "first-step": "Seconds until the first step is done, less an ordinary step: tracing, compilation, warm-up.",
    "import-time": "Seconds until the framework is loaded in a new process.",
    "time-to-accuracy": "Seconds of training until this share of the validation texts is answered rightly, validation included.",
    "memory": "The most memory that a process has in use which loads the framework, trains this model and answers with it.",
    "gpu-memory": "The most memory on the GPU.",
    "gpu-utilisation": "How much of the time the GPU was busy while it trained.",
    "energy": "Joules that the processor used for a step, as it counts them itself; other programs included.",
}


SWEPT = {"batch_size": "Texts in a batch", "sequence_length": "Tokens of each text"}


def claim_sentence(rows: Sequence[VerdictRow], margin: float) -> str:
    """Return what the rows of one claim say together: ``Of 5 comparisons 3 equivalent within ±10 %, PyTorch faster in 2.``"""
    return verdict_counts_sentence(count_verdicts(rows), margin, BETTER.get(rows[0].claim, "faster"))


def benchmark_answer(rows: Sequence[VerdictRow], margin: float) -> str:
    """Return the answer in one sentence: training and answering in matched mode at the recommended batch size."""
    usual = [row for row in rows if row.mode == "matched" and row.sequence_length is None]
    parts = []
    for claim, words in (("training-speed", "Training"), ("inference-speed", "answering a batch")):
        of_claim = first_of_each([row for row in usual if row.claim == claim])
        if of_claim:
            parts.append(f"{words}: o{claim_sentence(of_claim, margin)[1:-1]}")
    return f"{'; '.join(parts)}." if parts else "Nothing was measured yet."


def first_of_each(rows: Sequence[VerdictRow]) -> list[VerdictRow]:
    """Return one row a classifier: that of the recommended setting, which is measured first."""
    return list({row.classifier: row for row in reversed(rows)}.values())[::-1]


def setting_words(row: MeasurementFacts, batch: bool = True) -> str:
    """Return ``Text CNN, compiled, batches of 32``; what is as usual is left out."""
    if row.classifier is None:
        return "Any classifier"
    parts = [CLASSIFIERS[row.classifier].title]
    if row.mode != "matched":
        parts.append(BENCHMARK_MODES.get(row.mode or "", row.mode or ""))
    if batch:
        parts.append(f"batches of {row.batch_size}")
    if row.sequence_length:
        parts.append(f"{row.sequence_length} tokens")
    return ", ".join(parts)


def row_words(row: VerdictRow) -> str:
    """Return the verdict; where it names no factor, the ratio and its interval."""
    return row_verdict(row) if winner_of(row) else f"{row_verdict(row)}; {spread_words(row)}"


def spread_words(row: VerdictRow) -> str:
    """Return ``ratio 0.83 (0.79 to 0.88)``: PyTorch's figure ÷ TensorFlow's."""
    low, high = row.bounds()
    return f"ratio {number(row.ratio)} ({number(low)} to {number(high)})" if low and high else f"ratio {number(row.ratio)}"


def ratio_chart(rows: Sequence[VerdictRow], margin: float) -> Picture:
    """Draw each row's ratio, PyTorch's figure ÷ TensorFlow's, with its interval; the band is what counts as equal."""
    batch = len({row.batch_size for row in rows}) > 1
    table = pandas.DataFrame(
        [
            (
                setting_words(row, batch),
                row.ratio,
                row.bounds()[0] or (row.ratio or 1.0) / 10,
                row.bounds()[1] or (row.ratio or 1.0) * 10,
                FRAMEWORK_NAMES.get(row.verdict.partition(" ")[0], "Neither"),
                row_verdict(row),
            )
            for row in rows
        ],
        columns=["setting", "ratio", "low", "high", "side", "verdict"],
    )
    reach = max(1.5, *(max(high, 1 / low) for low, high in zip(table["low"], table["high"], strict=True)))
    domain = [1 / min(reach, 20) / 1.05, min(reach, 20) * 1.05]
    ticks = [value for value in (1 / 16, 1 / 8, 1 / 4, 1 / 2, 2 / 3, 1.0, 1.5, 2.0, 4.0, 8.0, 16.0) if domain[0] <= value <= domain[1]]
    axis = altair.Axis(
        values=ticks,
        labelExpr="datum.value == 1 ? 'equal' : format(max(datum.value, 1 / datum.value), '.2~f') + ' ×'",
        title="← PyTorch lower · TensorFlow lower →",
        grid=True,
    )
    scale = altair.Scale(type="log", domain=domain, clamp=True, nice=False)  # named in each layer, or their domains are joined
    # Each row's name stands above its line, not beside it: on a telephone it would take most of the width.
    names = altair.Axis(
        labelAlign="left",
        labelPadding=0,
        labelOffset=-14,
        labelLimit=340,
        labelBound=False,
        labelFlush=False,
        ticks=False,
        domain=False,
        grid=False,
        zindex=1,
    )
    y = altair.Y("setting:N", sort=table["setting"].tolist(), title=None, axis=names)
    band = pandas.DataFrame({"low": [1 / (1 + margin)], "high": [1 + margin]})
    equal = altair.Chart(band).mark_rect(opacity=0.16, color=NEUTRAL).encode(x=altair.X("low:Q", axis=axis, scale=scale), x2="high:Q")
    colours = altair.Scale(domain=[*NAMES, "Neither"], range=[*(HUES[name] for name in FRAMEWORKS), NEUTRAL])
    colour = altair.Color("side:N", scale=colours, legend=None)
    intervals = (
        altair.Chart(table).mark_rule(strokeWidth=2).encode(x=altair.X("low:Q", axis=axis, scale=scale), x2="high:Q", y=y, color=colour)
    )
    shapes = altair.Scale(domain=[*NAMES, "Neither"], range=["circle", "diamond", "square"])
    points = (
        altair.Chart(table)
        .mark_point(size=90, filled=True, opacity=1)
        .encode(
            x=altair.X("ratio:Q", axis=axis, scale=scale),
            y=y,
            color=colour,
            shape=altair.Shape("side:N", scale=shapes, legend=None),
            tooltip=[tip("setting", "Setting"), tip("verdict", "Verdict"), tip("ratio", "PyTorch ÷ TensorFlow", ".3~g")],
        )
    )
    alt = claim_sentence(rows, margin)
    caption = (
        f"Points: PyTorch’s figure ÷ TensorFlow’s, mean of the paired ratios; lines: where the true one lies with 95 % confidence. "
        f"The band is ±{100 * margin:.3g} %. Colour, where a difference is shown."
    )
    return drawn((equal + intervals + points).properties(height=altair.Step(42)), alt, caption)


def sweep_chart(rows: Sequence[VerdictRow], key: str, title: str) -> Picture:
    """Draw the medians of both frameworks over ``batch_size`` or ``sequence_length``, both axes logarithmic."""
    unit = rows[0].unit
    table = pandas.DataFrame(
        [(getattr(row, key), FRAMEWORK_NAMES[side], row.median(side)) for row in rows for side in FRAMEWORKS],
        columns=["size", "name", "value"],
    )
    sizes = sorted(set(table["size"]))
    x = altair.X("size:Q", title=title, scale=altair.Scale(type="log", nice=False), axis=altair.Axis(values=sizes, format="d", grid=False))
    low, high = table["value"].min() / 1.15, table["value"].max() * 1.15
    y = altair.Y(
        "value:Q",
        title=MEASURE_AXES.get(unit, unit),
        scale=altair.Scale(type="log", domain=[low, high], nice=False),
        axis=altair.Axis(values=round_values(low, high), format=".3~g"),
    )
    legend = altair.Legend(title=None, orient="top", symbolType="stroke", symbolSize=500, symbolStrokeWidth=3)
    base = altair.Chart(table).encode(x=x, y=y)
    lines = base.mark_line(strokeWidth=2).encode(
        color=altair.Color("name:N", scale=colour_scale(), legend=legend),
        strokeDash=altair.StrokeDash("name:N", scale=dash_scale(), legend=legend),
    )
    points = base.mark_point(size=60, filled=True, opacity=1).encode(
        color=altair.Color("name:N", scale=colour_scale(), legend=None),
        shape=altair.Shape("name:N", scale=shape_scale(), legend=None),
        tooltip=[tip("name", "Framework"), tip("size", title, "d"), tip("value", unit, ".3~g")],
    )
    first, last = rows[0], rows[-1]
    growth = " and ".join(
        f"{FRAMEWORK_NAMES[side]} {number((last.median(side) or 0.0) / (first.median(side) or 1.0))} times" for side in FRAMEWORKS
    )
    alt = f"From {getattr(first, key)} to {getattr(last, key)}, the figure grows: {growth} as much."
    # With scales in common the legend would draw a line and a marker one over the other.
    chart = (lines + points).resolve_scale(color="independent", shape="independent", strokeDash="independent")
    return drawn(chart.properties(height=280), alt)


def round_values(low: float, high: float) -> list[float]:
    """Return 1, 2 and 5 times the powers of ten between two numbers above 0; the numbers themselves where these are fewer than two."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values = [value for power in powers for digit in (1, 2, 5) if low <= (value := digit * 10.0**power) <= high]
    return values if len(values) > 1 else [low, high]


MEASURE_AXES = {"ms": "Milliseconds", "s": "Seconds", "MiB": "MiB", "J": "Joules"}


def sweeps(rows: Sequence[VerdictRow], claim: str) -> dict[str, dict[str, list[VerdictRow]]]:
    """Return the rows of a claim that make up a curve, in matched mode: by what is swept, by classifier, in rising order."""
    curves: dict[str, dict[str, list[VerdictRow]]] = {"batch_size": {}, "sequence_length": {}}
    for row in rows:
        if row.claim == claim and row.mode == "matched" and row.classifier:
            curves["sequence_length" if row.sequence_length else "batch_size"].setdefault(row.classifier, []).append(row)
    return {
        key: {name: sorted(some, key=lambda row: getattr(row, key)) for name, some in by_name.items() if len(some) > 1}
        for key, by_name in curves.items()
    }


def conditions(results: BenchmarkResults) -> list[tuple[str, str, str]]:
    """Return how it was measured: name, value, sentence."""
    return [
        ("Repeats", number(results.repeats), "Each with a seed of its own and new processes; who begins takes turns."),
        ("Device", results.device or "CPU", f"{count(results.threads or 0, 'thread')} for each framework, float32."),
        ("One at a time", "Yes", "While one computes, the other is stopped altogether."),
        ("Warm-up", "Not counted", "The first steps and answers are made before the clock runs; the first step is a claim of its own."),
        ("Synchronised", "Yes", "On a GPU the clock is read when the device has nothing left to do."),
        ("Other programs", f"{100 * results.busy:.0f} %", "The most of the processor that they used just before a measurement."),
        ("Margin", f"±{100 * results.margin:.3g} %", "Two one-sided tests at 5 % on the logarithms of the paired ratios."),
    ]
