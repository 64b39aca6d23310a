"""What an ablation found: which default makes the difference, as a chart against the noise of seeds, as a table and in sentences."""

from __future__ import annotations

import math
from dataclasses import dataclass

import altair
import pandas
import streamlit as st

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.display.figure import Picture, drawn, tip
from engine.display.formatting import count, number
from engine.display.palette import HUES, NAMES, NEUTRAL, colour_scale, shape_scale
from engine.studies.ablation import COMPILED, SLOWER
from engine.studies.ablation_results import AblationResults, FlipRow
from pages.parts.widgets.drawing import plain_table

ASPECTS = {
    "initialiser": ("Initial weights", "the initial weights"),
    "bias": ("Initial biases", "the initial biases"),
    "epsilon": ("Adam’s ε", "Adam’s ε"),
    "weight_decay": ("Weight decay", "the weight decay"),
    "clipping": ("Clipping", "the clipping of gradients"),
    "loss": ("Loss of probabilities", "the form of the loss"),
    "loss_weighting": ("Mean of a weighted loss", "the mean of a weighted loss"),
    "loss_report": ("Loss that is reported", "the loss that is reported"),
    "shuffling": ("Order of the texts", "the order of the texts"),
    "dropout": ("Dropout", "dropout"),
    "gelu": ("GELU", "the form of GELU"),
    "execution": ("Way of execution", "the way of execution"),
    "tf32": ("TensorFloat-32", "TensorFloat-32"),
    COMPILED: ("Compilation", "compilation"),
}
"""The choices that are flipped, by the names of ``Recipe.own``: as a title, and within a sentence."""


@dataclass(frozen=True)
class Shown:
    """One of the three figures, in the unit in which it is shown."""

    title: str
    noun: str
    axis: str
    scale: float
    """The factor from the unit of the results."""
    unit: str


MEASURES = {
    "final_loss": Shown("Final loss", "the final training loss", "Change of the final training loss", 1.0, ""),
    "accuracy": Shown("Accuracy", "the accuracy", "Change of the test accuracy, in points", 100.0, " points"),
    "seconds": Shown("Time", "the training time", "Change of the training time, in %", 100.0, " %"),
}


def changes(results: AblationResults, measure: str) -> pandas.DataFrame:
    """Return a row for each framework and choice: key, aspect, name, change, low, high, noise (as shown), and whether it is beyond."""
    shown, rows = MEASURES[measure], []
    for row in results.rows:
        aspect, framework, spread = row.aspect, row.framework, shown.scale * row.spread(measure)
        change = shown.scale * (row.change(measure) - (1 if measure == "seconds" else 0))
        around = (change, change - spread, change + spread, noise(results, framework, measure))
        rows.append((aspect, title_of(aspect), FRAMEWORK_NAMES[framework], *around, measure in row.beyond_noise_of))
    return pandas.DataFrame(rows, columns=["key", "aspect", "name", "change", "low", "high", "noise", "beyond"])


def title_of(aspect: str) -> str:
    """Return a choice as a title."""
    return ASPECTS.get(aspect, (aspect, aspect))[0]


def noise(results: AblationResults, framework: str, measure: str) -> float:
    """Return what another seed alone does to a matched training, in the shown unit."""
    spread, matched = results.noise.get(framework), results.matched.get(framework)
    value = spread.figure(measure) if spread else 0.0
    if measure != "seconds":
        return MEASURES[measure].scale * value
    mean = matched.figure(measure) if matched else 0.0
    return 100 * max(value / mean if mean else 0.0, SLOWER)


def ablation_answer(results: AblationResults) -> str:
    """Return which default changes the loss most, and whether that is more than noise."""
    defaults = count(len({row.aspect for row in results.rows}), "default")
    sentence = effect_sentence(results, "final_loss")
    return (
        f"Of {defaults}, {sentence}" if sentence else f"None of {defaults} changes the final training loss by more than another seed does."
    )


def effect_sentence(results: AblationResults, measure: str) -> str:
    """Return the largest change that is beyond noise, without a beginning; empty where there is none."""
    table, shown = changes(results, measure), MEASURES[measure]
    real = table[table["beyond"]]
    if real.empty:
        return ""
    strongest = real.loc[real["change"].abs().idxmax()]
    who = "Keras" if strongest["name"] == "TensorFlow" else "PyTorch"
    what = ASPECTS.get(strongest["key"], (strongest["key"],) * 2)[1]
    cause = f"compilation in {strongest['name']}" if strongest["key"] == COMPILED else f"leaving {what} to {who}"
    by = f"{signed(float(strongest['change']))}{shown.unit}"
    return (
        f"{cause} changes {shown.noun} most: by {by}, where another seed alone moves it by {number(float(strongest['noise']))}{shown.unit}."
    )


def measure_sentence(results: AblationResults, measure: str) -> str:
    """Return one sentence above the chart of a measure."""
    sentence = effect_sentence(results, measure)
    return (
        sentence[:1].upper() + sentence[1:] if sentence else f"No default changes {MEASURES[measure].noun} by more than another seed does."
    )


def signed(value: float) -> str:
    """Return the number with a sign, whose minus is a true one."""
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{number(abs(value))}"


def marker_legend() -> None:
    """Show which marker is which framework's; a legend of the chart itself would take the pale look of the bands."""
    markers = {"pytorch": "●", "tensorflow": "◆"}
    st.html(
        "&emsp;".join(f'<span style="color:{HUES[name]}">{marker}</span>&ensp;{FRAMEWORK_NAMES[name]}' for name, marker in markers.items())
    )


def ablation_chart(results: AblationResults, measure: str) -> Picture:
    """Draw a point and its spread for each default and framework, the band of seed noise behind."""
    table, shown = changes(results, measure), MEASURES[measure]
    order = table.assign(size=table["change"].abs()).groupby("aspect")["size"].max().sort_values(ascending=False).index.tolist()
    band = pandas.DataFrame(
        [(FRAMEWORK_NAMES[framework], -noise(results, framework, measure), noise(results, framework, measure)) for framework in FRAMEWORKS],
        columns=["name", "low", "high"],
    )
    x = altair.X("change:Q", title=shown.axis, axis=altair.Axis(tickCount=5))
    y = altair.Y("aspect:N", sort=order, title=None, axis=altair.Axis(labelLimit=190, ticks=False, domain=False))
    side = altair.YOffset("name:N", sort=NAMES, scale=altair.Scale(domain=NAMES, paddingInner=0.4, paddingOuter=0.4))
    shade = altair.Fill("name:N", scale=colour_scale(), legend=None)
    bands = altair.Chart(band).mark_rect(opacity=0.13).encode(x=altair.X("low:Q", title=shown.axis), x2="high:Q", fill=shade)
    zero = altair.Chart(pandas.DataFrame({"change": [0.0]})).mark_rule(color=NEUTRAL).encode(x="change:Q")
    line = altair.Stroke("name:N", scale=colour_scale(), legend=None)
    spreads = altair.Chart(table).mark_rule(strokeWidth=2).encode(x="low:Q", x2="high:Q", y=y, yOffset=side, stroke=line)
    tips = [tip("aspect", "Default"), tip("name", "Framework"), tip("change", "Mean change", "+.3~g"), tip("noise", "Seed noise", ".3~g")]
    points = (
        altair.Chart(table)
        .mark_point(size=70, strokeWidth=2, opacity=1)
        .encode(
            x=x,
            y=y,
            yOffset=side,
            stroke=line,
            fill=shade,
            fillOpacity=altair.condition(altair.datum.beyond, altair.value(1.0), altair.value(0.0)),
            shape=altair.Shape("name:N", scale=shape_scale(), legend=None),
            tooltip=tips,
        )
    )
    chart = (bands + zero + spreads + points).properties(height=max(160, 44 * len(order)))
    return drawn(
        chart,
        measure_sentence(results, measure),
        f"Each point is the mean of {results.seeds} paired differences to matched mode, its line one standard deviation. "
        "Filled points are changes beyond noise; the bands are what another seed alone does.",
    )


def ablation_table(results: AblationResults) -> None:
    """Show all figures."""
    names = {row.aspect: title_of(row.aspect) for row in results.rows}
    by_key = {(row.framework, row.aspect): row for row in results.rows}
    rows = [
        (title, *(_figures(by_key.get((framework, aspect)), measure) for measure in MEASURES for framework in FRAMEWORKS))
        for aspect, title in names.items()
    ]
    headings = ["Default", *(f"{shown.title}, {FRAMEWORK_NAMES[framework]}" for shown in MEASURES.values() for framework in FRAMEWORKS)]
    plain_table(headings, rows, figures=range(1, len(headings)))


def _figures(row: FlipRow | None, measure: str) -> str:
    if row is None:
        return ""
    shown, change, spread = MEASURES[measure], row.change(measure), row.spread(measure)
    if not math.isfinite(change):
        return ""
    change = shown.scale * (change - 1 if measure == "seconds" else change)
    star = "" if measure in row.beyond_noise_of else "\nnoise"
    return f"{signed(change)} ± {number(shown.scale * spread)}{shown.unit}{star}"
