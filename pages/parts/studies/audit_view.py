"""What an audit found, as a chart of one classifier, as tables and as sentences."""

from __future__ import annotations

from collections.abc import Sequence

import altair
import pandas

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.display.figure import Picture, drawn, tip
from engine.display.formatting import number, percent
from engine.display.palette import LEVEL_DASHES, LEVEL_HUES
from engine.shared.classifiers import CLASSIFIERS
from engine.studies.audit import BARS, LAST_LEVELS, LEVELS, TRANSFER_BAR
from engine.studies.audit_results import AuditResults, LevelRow
from pages.parts.widgets.drawing import plain_table

POWERS = {
    -17: "none",
    -16: "last digit of float64",
    -13: "10⁻¹³",
    -10: "10⁻¹⁰",
    -7: "last digit of float32",
    -3: "a thousandth",
    0: "all of the loss",
}
"""What stands on the vertical axis."""

NO_DIFFERENCE = 1e-17
"""Where differences of nothing are drawn: a log scale has no zero."""

EQUAL, ROUNDED = LAST_LEVELS
"""The last level in float64, and the same in float32."""

Rows = Sequence[LevelRow]


def audited_classifiers(results: AuditResults) -> list[str]:
    """Return the classifiers of which there is something to see, in the order of the family."""
    audited = {row.classifier for row in results.rows}
    return [name for name in CLASSIFIERS if name in audited]


def rows_of(results: AuditResults, classifier: str) -> list[LevelRow]:
    """Return the levels of one classifier, in the order in which they are peeled."""
    by_level = {row.level: row for row in results.rows if row.classifier == classifier}
    return [by_level[level] for level in LEVELS if level in by_level]


def largest(results: AuditResults, classifier: str, level: str) -> float | None:
    """Return the largest relative difference of the loss at a level."""
    return next((row.max_relative_loss_difference for row in rows_of(results, classifier) if row.level == level), None)


def audit_answer(results: AuditResults) -> str:
    """Return the page's answer in one sentence."""
    reached = {name: value for name in audited_classifiers(results) if (value := largest(results, name, EQUAL)) is not None}
    if not reached:
        return "No classifier has been audited to the end yet."
    steps = results.steps
    least, most = min(reached, key=reached.__getitem__), max(reached, key=reached.__getitem__)
    ends = f"{part_of_the_loss(reached[least])} of the loss ({CLASSIFIERS[least].title})"
    if most != least:
        ends += f" to {part_of_the_loss(reached[most])} ({CLASSIFIERS[most].title})"
    return f"With everything made equal, the two frameworks’ losses differ by at most {ends} over {steps:,} steps in float64."


def rounding_sentence(results: AuditResults) -> str:
    """Return how much of that is lost in the precision of real trainings; empty where it was not measured."""
    reached = {name: value for name in audited_classifiers(results) if (value := largest(results, name, ROUNDED)) is not None}
    if not reached:
        return ""
    most = max(reached, key=reached.__getitem__)
    grown = f"{part_of_the_loss(reached[most])} ({CLASSIFIERS[most].title})"
    return f"In float32, the precision of real trainings, rounding grows to at most {grown}."


def part_of_the_loss(value: float) -> str:
    """Return ``nothing``, ``2.80 × 10⁻¹⁶`` or ``1.2 %``, of the loss."""
    if value == 0:
        return "nothing"
    return percent(value) if value >= 0.001 else number(value)


def peel_chart(rows: Rows) -> Picture:
    """Draw the difference at each step, one line a level, on a log scale."""
    points = []
    for row in rows:
        largest_so_far = 0.0
        for step, difference in enumerate(row.differences, start=1):
            largest_so_far = max(largest_so_far, difference)
            points.append((LEVELS[row.level].title, step, difference, largest_so_far))
    table = pandas.DataFrame(points, columns=["level", "step", "measured", "so_far"])
    table[["difference", "largest"]] = table[["measured", "so_far"]].clip(lower=NO_DIFFERENCE)
    titles = [level.title for level in LEVELS.values()]
    low = min(table["difference"].min(), 1e-16) if len(table) else 1e-16
    powers = ",".join(f"'{power}':'{words}'" for power, words in POWERS.items())
    label = f"({{{powers}}})[round(log(datum.value)/LN10)]"
    axis = altair.Axis(values=[10.0**power for power in POWERS], labelExpr=label, labelOverlap=False, labelLimit=140)
    color = altair.Color("level:N", scale=altair.Scale(domain=titles, range=list(LEVEL_HUES.values())), legend=None)
    dash = altair.StrokeDash("level:N", scale=altair.Scale(domain=titles, range=list(LEVEL_DASHES.values())), legend=None)
    across = altair.X("step:Q", title="Step", axis=altair.Axis(grid=False, tickMinStep=1, tickCount=10), scale=altair.Scale(nice=False))
    scale = altair.Scale(type="log", domain=[low / 2, 2], clamp=True)
    base = altair.Chart(table).encode(x=across, color=color)
    tips = [tip("level", "Equal so far"), tip("step", "Step", ",d"), tip("measured", "Part of the loss", ".2e")]
    lines = base.mark_line(strokeWidth=2).encode(y=altair.Y("largest:Q", title=None, scale=scale, axis=axis), strokeDash=dash)
    dots = base.mark_point(size=14, filled=True, opacity=0.55).encode(y=altair.Y("difference:Q", title=None, scale=scale), tooltip=tips)
    return drawn((lines + dots).properties(height=360), peel_sentence(rows), "Dots: at each step. Lines: the largest difference so far.")


def peel_sentence(rows: Rows) -> str:
    """Return from where to where the difference falls."""
    largest = {row.level: row.max_relative_loss_difference for row in rows}
    if not largest:
        return "There is nothing to see yet."
    first, last = rows[0], largest.get(EQUAL)
    begins = f"As they come, the losses differ by up to {part_of_the_loss(first.max_relative_loss_difference)} of the loss"
    if first.level != next(iter(LEVELS)) or last is None:
        return f"The largest difference so far is {part_of_the_loss(max(largest.values()))} of the loss."
    return f"{begins}; with everything equal, by {part_of_the_loss(last)}."


def peel_table(rows: Rows) -> None:
    """Show the legend of the chart: each level, what it makes equal, and the largest difference that is left."""
    plain_table(
        ["Made equal, one after the other", "Largest difference"],
        [(f"{LEVELS[row.level].title}\n{LEVELS[row.level].sentence}", part_of_the_loss(row.max_relative_loss_difference)) for row in rows],
        figures=[1],
        swatches=[f"{'dashed' if LEVEL_DASHES[row.level] != [1, 0] else 'solid'} {LEVEL_HUES[row.level]}" for row in rows],
    )


def family_table(results: AuditResults) -> None:
    """Show every classifier: both precisions, beside the bar that float64 is held to."""
    rows = []
    for name in audited_classifiers(results):
        equal, rounded = largest(results, name, EQUAL), largest(results, name, ROUNDED)
        met = "" if equal is None else "met" if equal <= BARS[name] else "not met"
        bar = number(BARS[name]).removeprefix("1.00 × ")
        rows.append((CLASSIFIERS[name].title, f"{_part(equal)}\nbar {bar}, {met}" if met else "", _part(rounded)))
    plain_table(["Classifier", "float64", "float32"], rows, figures=[1, 2])


def transfer_table(results: AuditResults) -> None:
    """Show the largest difference between the answers of a model and those of its weights in the other framework."""
    directions = [(source, target) for source in FRAMEWORKS for target in FRAMEWORKS if source != target]
    differences = {(row.classifier, row.source, row.target): row.max_logit_difference for row in results.transfers}
    rows = [
        (CLASSIFIERS[name].title, *(number(differences.get((name, *direction))) for direction in directions))
        for name in audited_classifiers(results)
        if any((name, *direction) in differences for direction in directions)
    ]
    titles = [f"{FRAMEWORK_NAMES[source]} → {FRAMEWORK_NAMES[target]}" for source, target in directions]
    plain_table(["Classifier", *titles], rows, figures=[1, 2])


def transfer_sentence(results: AuditResults) -> str:
    """Return the largest of them in words; empty where none was measured."""
    differences = [row.max_logit_difference for row in results.transfers]
    if not differences:
        return ""
    met = "below" if max(differences) <= TRANSFER_BAR else "above"
    return (
        f"Weights trained in one framework give the same answers in the other: logits differ by at most {number(max(differences))}, "
        f"{met} the bar of {number(TRANSFER_BAR)}."
    )


def _part(value: float | None) -> str:
    return "" if value is None else part_of_the_loss(value)
