"""What the museum found: the table of all mistakes, and of one mistake the message, the traceback and the curve beside the right one."""

from __future__ import annotations

import altair
import pandas
import streamlit as st

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.display.figure import Picture, drawn, tip
from engine.display.formatting import count, number, plain
from engine.display.palette import DASHES, HUES, NEUTRAL
from engine.studies.mistake_catalogue import MISTAKES
from engine.studies.mistake_results import MistakeRow, MuseumResults
from engine.studies.mistakes import curve, detail_words, final_loss, outcome_words, outcomes_by_mistake, place_words
from engine.workers.requests.mistakes import RaisedError
from pages.parts.widgets.drawing import plain_table, show

MISTAKEN, RIGHT = "with the mistake", "without it"
FEW_LINES = 12
"""A longer message scrolls by itself."""
STEEP = 50.0
"""A curve that climbs higher is drawn on a scale that shows both its ends."""


def overview_table(results: MuseumResults) -> None:
    """Show every mistake, and what became of it in both."""
    rows = [
        (MISTAKES[name].title, *(f"{outcome_words(pair[side])}\n{detail_words(pair[side])}" if side in pair else "" for side in FRAMEWORKS))
        for name, pair in outcomes_by_mistake(results).items()
    ]
    plain_table(["Mistake", *FRAMEWORK_NAMES.values()], rows)


def anchor_of(mistake: str) -> str:
    """Return where the page shows it."""
    return mistake.replace("_", "-")


def show_outcome(name: str, row: MistakeRow) -> None:
    """Show what happened in one framework: the message and the traceback, or the curve and what is left of the accuracy."""
    if row.outcome in ("crashed", "hung"):
        st.write(plain(row.reason or ""))
        return
    mistaken = row.mistaken
    for warning in mistaken.warnings:
        st.caption(f"The warning, a {plain(warning.type)}")
        st.code(warning.message, language=None, wrap_lines=True)
    if error := mistaken.error:
        show_error(error)
        return
    st.write(plain(f"{detail_words(row)}."))
    show(loss_chart(row), f"curve_{name}_{row.framework}")


def show_error(error: RaisedError) -> None:
    """Show the message as it was, where it leads, and the frames folded away."""
    lines = error.message.splitlines() or ["no message"]
    first = f", the first of them “{plain(lines[0])}”" if len(lines) > FEW_LINES else ""
    st.caption(f"{plain(error.type)}: {count(len(lines), 'line')}{first}")
    st.code("\n".join(lines), language=None, wrap_lines=True, height=260 if len(lines) > FEW_LINES else "content")
    own = error.own_line
    code = f": `{own.code}`" if own and "`" not in own.code else ""
    frames = error.library_frames
    below = f" Below it {'lies' if frames == 1 else 'lie'} {count(frames, 'frame')} of the library." if frames else ""
    st.markdown(f"It {plain(place_words(error))}{code}.{below}")
    with st.expander(f"Traceback, {count(error.depth, 'frame')}"):
        st.code(traceback_text(error), language=None, wrap_lines=True)


def traceback_text(error: RaisedError) -> str:
    """Return the frames as Python prints them, one's own marked with an arrow."""
    frames = [f"{'→' if frame.own else ' '} {frame.file}:{frame.line}, in {frame.function}\n      {frame.code}" for frame in error.frames]
    return "\n".join(frames)


def loss_chart(row: MistakeRow) -> Picture:
    """Draw the loss at each step, with the mistake in the framework's look and without it in grey."""
    framework = row.framework
    points = [(name, step, loss) for name, training in ((RIGHT, row.correct), (MISTAKEN, row.mistaken)) for step, loss in curve(training)]
    table = pandas.DataFrame(points, columns=["curve", "step", "loss"])
    scale, up = altair.Scale(zero=True), altair.Axis(tickCount=5)
    if table["loss"].max() > STEEP:
        scale, up = altair.Scale(type="symlog", constant=1), altair.Axis(values=[0, *(10.0**power for power in range(39))], format="~g")
    names = [MISTAKEN, RIGHT]
    legend = altair.Legend(title=None, orient="top", symbolType="stroke", symbolSize=400, symbolStrokeWidth=3)
    chart = (
        altair.Chart(table)
        .mark_line(strokeCap="butt")
        .encode(
            x=altair.X("step:Q", title="Step", axis=altair.Axis(grid=False, tickMinStep=1), scale=altair.Scale(nice=False)),
            y=altair.Y("loss:Q", title="Training loss", scale=scale, axis=up),
            color=altair.Color("curve:N", scale=altair.Scale(domain=names, range=[HUES[framework], NEUTRAL]), legend=legend),
            strokeDash=altair.StrokeDash("curve:N", scale=altair.Scale(domain=names, range=[DASHES[framework], [1, 0]]), legend=legend),
            strokeWidth=altair.StrokeWidth("curve:N", scale=altair.Scale(domain=names, range=[2.5, 1.5]), legend=None),
            tooltip=[tip("curve", "Training"), tip("step", "Step", ",d"), tip("loss", "Loss", ".4f")],
        )
        .properties(height=240)
    )
    return drawn(chart, curve_sentence(row), curve_sentence(row))


def curve_sentence(row: MistakeRow) -> str:
    """Return what the curve looks like beside the right one."""
    mistaken, correct = row.mistaken, row.correct
    if mistaken.first_not_a_number:
        return f"The curve breaks off at step {mistaken.first_not_a_number:,}, where the loss is no number any more."
    loss, right_loss = final_loss(mistaken), final_loss(correct)
    if loss is None or right_loss is None:
        return "The curve breaks off."
    if mistaken.losses == correct.losses:
        return "The two curves are the same to the last digit" + (": the training shows nothing." if row.outcome == "silent" else ".")
    return f"In the last epoch the loss is {number(loss)} with the mistake and {number(right_loss)} without it."
