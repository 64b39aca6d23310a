"""Every chart of the product: the data, the two twins' looks and one sentence that says what there is to see.

Each function returns a ``Picture``, which a page draws and a report prints; its sentence goes to screen readers. Class names are field
values or domain entries here, never markup. The loss curves have a module of their own and are handed on from here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import altair
import numpy
import pandas

from engine import FRAMEWORK_NAMES
from engine.display.curve_charts import difference_sentence, difference_strip, differences, loss_curves
from engine.display.figure import Picture, drawn, tip
from engine.display.formatting import count, number, percent, shorten
from engine.display.palette import HUES, NAMES, NEUTRAL, colour_scale
from engine.runs.records.results import Results

__all__ = [
    "class_balance",
    "confusion_matrix",
    "difference_sentence",
    "difference_strip",
    "differences",
    "length_histogram",
    "loss_curves",
    "per_class_bars",
]


def confusion_matrix(confusion: Sequence[Sequence[int]], classes: Sequence[str], framework: str) -> Picture:
    """Draw true classes down and predicted classes across; the shade is the share of the row, the figure the number of texts."""
    matrix = numpy.asarray(confusion, dtype=int).reshape(len(classes), len(classes))
    totals = matrix.sum(axis=1, keepdims=True)
    shares = matrix / numpy.maximum(totals, 1)
    names = _distinct([shorten(label, 28) for label in classes])
    table = pandas.DataFrame(
        [
            (names[true], names[guess], int(matrix[true, guess]), float(shares[true, guess]))
            for true in range(len(names))
            for guess in range(len(names))
        ],
        columns=["true", "predicted", "texts", "share"],
    )
    few = len(names) <= 12
    labels = altair.Axis(labelLimit=140, title="True class", labels=len(names) <= 40, ticks=False, domain=False)
    across = altair.Axis(
        labelLimit=100, labelAngle=-40, labelOverlap=False, title="Predicted class", labels=len(names) <= 40, ticks=False, domain=False
    )
    base = altair.Chart(table).encode(
        x=altair.X("predicted:N", sort=names, axis=across),
        y=altair.Y("true:N", sort=names, axis=labels),
        tooltip=[
            tip("true", "True class"),
            tip("predicted", "Predicted"),
            tip("texts", "Texts", ","),
            tip("share", "Share of the class", ".1%"),
        ],
    )
    cells = base.mark_rect(color=HUES[framework]).encode(
        opacity=altair.Opacity("share:Q", scale=altair.Scale(domain=[0, 1], range=[0.04, 1]), legend=None)
    )
    chart: altair.Chart | altair.LayerChart = cells
    if few:
        figures = base.transform_filter(altair.datum.texts > 0).mark_text(fontSize=13).encode(text=altair.Text("texts:Q", format=","))
        dark = figures.transform_filter(altair.datum.share > 0.45).encode(color=altair.value("#FFFFFF"))
        pale = figures.transform_filter(altair.datum.share <= 0.45).encode(color=altair.value(NEUTRAL))
        chart = cells + dark + pale
    right, total = int(matrix.trace()), int(matrix.sum())
    alt = f"{FRAMEWORK_NAMES[framework]} puts {right:,} of {count(total, 'test text')} into the right class. {_confused(matrix, names)}"
    side = min(460, max(200, 40 * len(names) + 80))
    return drawn(chart.properties(height=side), alt.strip())


def per_class_bars(results: Results, limit: int = 30) -> Picture:
    """Draw F1 of each class, PyTorch above TensorFlow; with more than ``limit`` classes those with the most test texts."""
    sides = {framework: side.per_class for framework, side in results.frameworks.items() if side.per_class}
    classes = list(results.data.classes)
    support = {label: max((side[label].support for side in sides.values() if label in side), default=0) for label in classes}
    shown = sorted(classes, key=lambda label: -support[label])[:limit] if len(classes) > limit else classes
    names = dict(zip(shown, _distinct([shorten(label, 28) for label in shown]), strict=True))
    rows = [
        (names[label], FRAMEWORK_NAMES[framework], side[label].f1, side[label].precision, side[label].recall, side[label].support)
        for framework, side in sides.items()
        for label in shown
        if label in side
    ]
    table = pandas.DataFrame(rows, columns=["label", "name", "f1", "precision", "recall", "texts"])
    scores = [tip(name, name.capitalize(), ".3f") for name in ("f1", "precision", "recall")]
    chart = (
        altair.Chart(table)
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            y=altair.Y("label:N", sort=list(names.values()), title=None, axis=altair.Axis(labelLimit=180, ticks=False, domain=False)),
            yOffset=altair.YOffset("name:N", sort=NAMES, scale=altair.Scale(domain=NAMES, paddingInner=0.15)),
            x=altair.X("f1:Q", title="F1", scale=altair.Scale(domain=[0, 1]), axis=altair.Axis(tickCount=5)),
            color=altair.Color("name:N", scale=colour_scale(), legend=altair.Legend(title=None, orient="top")),
            tooltip=[tip("label", "Class"), tip("name", "Framework"), *scores, tip("texts", "Test texts", ",")],
        )
    )
    caption = f"The {limit} largest of {len(classes):,} classes." if len(shown) < len(classes) else ""
    return drawn(chart.properties(height=altair.Step(14)), _per_class_sentence(table), caption)


def class_balance(counts: Mapping[str, int] | pandas.DataFrame, limit: int = 30) -> Picture:
    """Draw the texts of each class, largest first; ``counts``: label → texts, or a table by label with a column for each part."""
    table = counts if isinstance(counts, pandas.DataFrame) else pandas.DataFrame({"texts": dict(counts)})
    totals = table.sum(axis=1).sort_values(ascending=False, kind="stable")
    shown = totals.index[:limit]
    names = dict(zip(shown, _distinct([shorten(label, 28) for label in shown]), strict=True))
    rows = [(names[label], part, int(table.at[label, part]), order) for label in shown for order, part in enumerate(table.columns)]
    long = pandas.DataFrame(rows, columns=["label", "part", "texts", "order"])
    parts = list(table.columns)
    legend = altair.Legend(title=None, orient="top", columns=2) if len(parts) > 1 else None  # a row of three is too wide for a telephone
    chart = (
        altair.Chart(long)
        .mark_bar(color=NEUTRAL, cornerRadius=1)
        .encode(
            y=altair.Y("label:N", sort=list(names.values()), title=None, axis=altair.Axis(labelLimit=180, ticks=False, domain=False)),
            x=altair.X("texts:Q", title="Texts", axis=altair.Axis(tickCount=5, tickMinStep=1, format=",d")),
            opacity=altair.Opacity(
                "part:N", sort=parts, scale=altair.Scale(domain=parts, range=[1.0, 0.6, 0.3][: len(parts)]), legend=legend
            ),
            order=altair.Order("order:Q"),
            tooltip=[tip("label", "Class"), tip("part", "Part"), tip("texts", "Texts", ",")],
        )
    )
    if totals.empty:
        return drawn(chart, "There are no classes to show.")
    largest, smallest = (shorten(label, 40) for label in totals.index[[0, -1]])
    share = percent(float(totals.iloc[0] / max(1, totals.sum())))
    alt = (
        f"{count(len(totals), 'class', 'classes')}; the largest, {largest}, holds {count(int(totals.iloc[0]), 'text')} ({share}), "
        f"the smallest, {smallest}, {int(totals.iloc[-1]):,}."
    )
    caption = f"The {limit} largest of {len(totals):,} classes." if len(totals) > limit else ""
    return drawn(chart.properties(height=altair.Step(22)), alt, caption)


def length_histogram(lengths: Sequence[int] | numpy.ndarray, unit: str = "words", limit: int | None = None) -> Picture:
    """Draw how long the texts are, in ``unit``; ``limit`` is where the encoder cuts. The longest 1 % share the last bar."""
    values = numpy.asarray(lengths, dtype=float)
    values = values[numpy.isfinite(values)]
    top = max(10.0, float(numpy.percentile(values, 99)) if len(values) else 10.0, float(limit or 0))
    width = max(1, math.ceil(top / 40))
    edges = numpy.arange(0, top + width + 1, width)
    heights, _ = numpy.histogram(numpy.minimum(values, edges[-1] - 0.5), bins=edges)
    table = pandas.DataFrame({"start": edges[:-1], "end": edges[1:], "texts": heights})
    bars = (
        altair.Chart(table)
        .mark_bar(color=NEUTRAL, binSpacing=1)
        .encode(
            x=altair.X("start:Q", bin="binned", title=f"Length in {unit}", axis=altair.Axis(grid=False, tickCount=8, format=",d")),
            x2="end:Q",
            y=altair.Y("texts:Q", title="Texts", axis=altair.Axis(tickCount=4, tickMinStep=1, format=",d")),
            tooltip=[tip("start", f"From ({unit})", ",d"), tip("end", "To below", ",d"), tip("texts", "Texts", ",")],
        )
    )
    chart: altair.Chart | altair.LayerChart = bars
    alt = "There are no texts to measure."
    if len(values):
        alt = f"Half of the texts have at most {number(int(numpy.median(values)))} {unit}; the longest has {number(int(values.max()))}."
    if limit:
        rule = (
            altair.Chart(pandas.DataFrame({"limit": [limit]}))
            .mark_rule(strokeDash=[3, 3], color=NEUTRAL, strokeWidth=2)
            .encode(x="limit:Q")
        )
        chart = bars + rule
        alt += f" {percent(float((values > limit).mean()) if len(values) else 0.0)} are longer than the encoder's limit of {limit:,}."
    return drawn(chart.properties(height=200), alt)


def _distinct(names: list[str]) -> list[str]:
    """Return the names with a number behind those that have become equal, so that they stay separate rows of a chart."""
    seen: dict[str, int] = {}
    distinct = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        distinct.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return distinct


def _confused(matrix: numpy.ndarray, names: list[str]) -> str:
    wrong = matrix - numpy.diag(numpy.diag(matrix))
    if not wrong.any():
        return ""
    true, guess = numpy.unravel_index(int(wrong.argmax()), wrong.shape)
    return f"It mixes up most often: {names[true]} taken for {names[guess]} ({count(int(wrong[true, guess]), 'text')})."


def _per_class_sentence(table: pandas.DataFrame) -> str:
    if table.empty:
        return "F1 of each class; nothing has been evaluated yet."
    weakest = table.groupby("label")["f1"].mean().idxmin()
    sides = table.pivot(index="label", columns="name", values="f1")
    gap = (
        f" The two frameworks differ by at most {number(float((sides[NAMES[0]] - sides[NAMES[1]]).abs().max()))}."
        if len(sides.columns) == 2
        else ""
    )
    return f"F1 of each class; the weakest is {weakest} ({number(float(table[table['label'] == weakest]['f1'].mean()))}).{gap}"
