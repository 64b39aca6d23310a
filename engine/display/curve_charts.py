"""The loss curves, and below them the strip of their difference: which points are drawn, how they are thinned, what they say."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Literal

import altair
import numpy
import pandas

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.display.figure import Picture, specification_of, tip
from engine.display.formatting import number, percent
from engine.display.palette import NEUTRAL, colour_scale, dash_scale

Axis = Literal["epoch", "step", "seconds"]
AXIS_TITLES = {"epoch": "Epoch", "step": "Step", "seconds": "Seconds of training"}
POINTS = "points"
"""The name of the data in the specification."""
POINTS_PER_LINE = 1_000
LONGEST_SPAN = 1 << 31
"""More steps than an epoch has."""
SMALLEST_DIFFERENCE = 1e-9
"""Differences below this are drawn here: a log scale has no zero."""

PARTS_OF_THE_LOSS = {
    -9: "none",
    -8: "1 in 100 million",
    -7: "1 in 10 million",
    -6: "a millionth",
    -5: "1 in 100,000",
    -4: "1 in 10,000",
    -3: "a thousandth",
    -2: "a hundredth",
    -1: "a tenth",
    0: "all of it",
}
LEFT_MARGIN = 88
"""Pixels for the labels of the vertical axis, equal in both charts, so that a difference stands exactly below its curves."""
THICKNESS = {"training": 1.75, "validation": 3.25}


def loss_curves(points: pandas.DataFrame, x: Axis = "epoch", end: float | None = None) -> Picture:
    """Draw the training (thin) and validation (thick) loss of both frameworks.

    ``points`` as ``engine.results.curves`` folds them: framework (its key), curve, epoch, step, seconds, span, loss. ``end`` fixes the
    right end of the axis while a run is live.
    """
    return _loss_picture(points, x, end, difference_sentence(points))


def _loss_picture(points: pandas.DataFrame, x: Axis, end: float | None, difference: str) -> Picture:
    return Picture(
        _curves(x, _end_of(points, x, end)),
        {POINTS: _thinned(training_points(points), x)},
        _loss_sentence(points, difference),
        "Thick: on the validation texts, after each epoch. Thin: on the training texts.",
    )


@lru_cache(maxsize=256)
def _curves(x: Axis, end: float) -> str:
    """Return the specification, drawn up once for a live chart whose data change every second."""
    legend = altair.Legend(title=None, orient="top", symbolType="stroke", symbolSize=500, symbolStrokeWidth=3)
    base = altair.Chart(altair.NamedData(POINTS)).encode(
        x=_across(x, end, title=None),
        y=altair.Y("loss:Q", title=None, scale=altair.Scale(zero=False), axis=_up(tickCount=5)),
        color=altair.Color("name:N", scale=colour_scale(), legend=legend),
        detail="curve:N",
    )
    lines = base.mark_line(strokeCap="butt").encode(
        strokeDash=altair.StrokeDash("name:N", scale=dash_scale(), legend=legend), strokeWidth=_thickness()
    )
    hover = base.transform_filter(altair.datum.curve == "validation").mark_point(size=120, opacity=0)
    hover = hover.encode(
        tooltip=[tip("name", "Framework"), tip("curve", "Curve"), tip("x", AXIS_TITLES[x], ".4~r"), tip("loss", "Loss", ".4f")]
    )
    return specification_of((lines + hover).properties(height=340))


def difference_strip(points: pandas.DataFrame, x: Axis = "epoch", end: float | None = None) -> Picture:
    """Draw how far the two losses are apart at the same step, as a part of the loss, on a log scale labelled in words."""
    apart = training_points(differences(points))
    table = _thinned(apart, x, value="difference")
    table["difference"] = table["difference"].clip(lower=SMALLEST_DIFFERENCE, upper=1.0)
    return Picture(_strip(x, _end_of(points, x, end)), {POINTS: table}, _largest_of(apart))


def curve_pair(points: pandas.DataFrame, x: Axis = "epoch", end: float | None = None) -> tuple[Picture, Picture]:
    """Draw both, the curves above the strip of their difference, which is taken once."""
    strip = difference_strip(points, x, end)
    return _loss_picture(points, x, end, strip.alt), strip


@lru_cache(maxsize=256)
def _strip(x: Axis, end: float) -> str:
    words = ",".join(f"'{power}':'{words}'" for power, words in PARTS_OF_THE_LOSS.items())
    axis = _up(values=[1e-9, 1e-6, 1e-3, 1], labelExpr=f"({{{words}}})[round(log(datum.value)/LN10)]", labelOverlap=False)
    chart = (
        altair.Chart(altair.NamedData(POINTS))
        .mark_line(color=NEUTRAL)
        .encode(
            x=_across(x, end, title=AXIS_TITLES[x]),
            y=altair.Y("difference:Q", title=None, scale=altair.Scale(type="log", domain=[SMALLEST_DIFFERENCE, 1], clamp=True), axis=axis),
            strokeWidth=_thickness(),
            tooltip=[tip("curve", "Curve"), tip("x", AXIS_TITLES[x], ".4~r"), tip("difference", "Part of the loss", ".2e")],
        )
    )
    return specification_of(chart.properties(height=200))


def differences(points: pandas.DataFrame) -> pandas.DataFrame:
    """Return ``difference``, as a part of the mean, where both measured the same curve over the same steps; and the later ``seconds``."""
    left, right = (points[points["framework"] == framework] for framework in FRAMEWORKS)
    _, rows, others = numpy.intersect1d(_places(left), _places(right), return_indices=True)
    both, other = left.iloc[rows], right.iloc[others]
    losses = [side["loss"].to_numpy() for side in (both, other)]
    middle = (abs(losses[0]) + abs(losses[1])) / 2
    gap = abs(losses[0] - losses[1]) / numpy.where(middle > 0, middle, 1.0)
    seconds = numpy.maximum(both["seconds"].to_numpy(), other["seconds"].to_numpy())
    both = both.drop(columns="loss").assign(seconds=seconds, difference=gap)
    return both.sort_values("step", kind="stable", ignore_index=True)


def _places(side: pandas.DataFrame) -> numpy.ndarray:
    """Return a number for each point that is the same in both frameworks where they measured the same curve over the same steps."""
    curve = (side["curve"] == "validation").to_numpy()
    return (side["step"].to_numpy().astype("int64") * LONGEST_SPAN + side["span"].to_numpy().astype("int64")) * 2 + curve


def training_points(points: pandas.DataFrame) -> pandas.DataFrame:
    """Return the training curve: the reports within epochs where every framework has more of them than epochs, else the epochs' means."""
    validation = (points["curve"] == "validation").to_numpy()
    span, whole = points["span"].to_numpy(), numpy.zeros(len(points), dtype=bool)
    enough = True
    for framework in FRAMEWORKS:
        training = (points["framework"] == framework).to_numpy() & ~validation
        if training.any():
            whole |= training & (span >= span[training].max()) & validation.any()
            enough &= bool((training & ~whole).sum() > (training & whole).sum())
    return points[validation | (~whole if enough else whole)]


def difference_sentence(points: pandas.DataFrame) -> str:
    """Say the largest difference in words, for the line above the strip and for screen readers."""
    return _largest_of(training_points(differences(points)))


def _largest_of(apart: pandas.DataFrame) -> str:
    largest = apart["difference"].max() if len(apart) else math.nan
    if not math.isfinite(largest):
        return "The difference of the two losses appears here once both have reached the same step."
    if largest < SMALLEST_DIFFERENCE:
        return "The two losses are the same to the last digit."
    inverse = 1 / largest
    part = percent(largest) if inverse < 1000 else f"1 part in {number(float(inverse))}"
    return f"At the same step the two losses never differ by more than {part}."


TICKS: dict[Axis, str] = {"step": "~s", "epoch": "d", "seconds": ".6~g"}
"""How the figures on the axis are written. Without a format of its own Vega may write a tenth epoch as 1e+1."""


def _end_of(points: pandas.DataFrame, x: Axis, end: float | None) -> float:
    """Return the right end of the horizontal axis; it moves in round steps, so that a live chart rarely changes its shape."""
    reach = float(points[x].max()) if len(points) else 1.0
    if end is None:
        end = _round_up(reach) if x == "seconds" else reach
    return max(end, reach)


def _across(x: Axis, end: float, title: str | None) -> altair.X:
    """Return the horizontal axis of curves and strip."""
    axis = altair.Axis(format=TICKS[x], grid=False, tickMinStep=1 if x != "seconds" else 0, labelFlush=True)
    return altair.X("x:Q", title=title, scale=altair.Scale(domain=[0, end], nice=False), axis=axis)


def _up(**look: Any) -> altair.Axis:
    return altair.Axis(minExtent=LEFT_MARGIN, maxExtent=LEFT_MARGIN, **look)


def _thickness() -> altair.StrokeWidth:
    return altair.StrokeWidth("curve:N", scale=altair.Scale(domain=list(THICKNESS), range=list(THICKNESS.values())), legend=None)


def _round_up(value: float) -> float:
    """Return the next of 1, 2, 3, 5, 7 and 10 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((step * power for step in (1, 2, 3, 5, 7, 10) if value <= step * power), 10 * power)


def _thinned(points: pandas.DataFrame, x: Axis, value: str = "loss") -> pandas.DataFrame:
    """Return about 1,000 points a line at most, PyTorch first (TensorFlow's dashes are drawn over it); extremes of a stretch survive."""
    lines = []
    for framework in FRAMEWORKS:
        for curve in THICKNESS:
            line = points[(points["framework"] == framework) & (points["curve"] == curve)]
            if not line["step"].is_monotonic_increasing:
                line = line.sort_values("step", kind="stable")
            if len(line) > POINTS_PER_LINE:
                stretches = numpy.array_split(numpy.arange(len(line)), POINTS_PER_LINE // 2)
                heights = line[value].to_numpy()
                kept = {int(stretch[pick(heights[stretch])]) for stretch in stretches for pick in (numpy.argmin, numpy.argmax)}
                line = line.iloc[sorted(kept | {0, len(line) - 1})]
            lines.append(line)
    table = pandas.concat(lines, ignore_index=True)
    columns = {"name": table["framework"].map(FRAMEWORK_NAMES).astype("category"), "curve": table["curve"].astype("category")}
    return pandas.DataFrame(
        columns | {"x": table[x].astype("float32"), value: table[value].astype("float32")}
    )  # for a screen, small to send


def _loss_sentence(points: pandas.DataFrame, difference: str) -> str:
    last = [
        f"{FRAMEWORK_NAMES[framework]} {number(float(line['loss'].iloc[-1]))}"
        for framework in FRAMEWORKS
        if len(line := points[(points["framework"] == framework) & (points["curve"] == "validation")].sort_values("step"))
    ]
    if not last:
        return "Loss curves of both frameworks; no validation loss has been measured yet."
    return f"Loss curves of both frameworks; latest validation loss: {', '.join(last)}. {difference}"
