"""What a run looks like while it goes on: where it is, whose turn it is, the curves as they grow, and the figures of the moment."""

from __future__ import annotations

import streamlit as st

from engine import FRAMEWORK_NAMES
from engine.display import charts
from engine.display.curve_charts import Axis
from engine.display.formatting import count, duration, memory, number, percent, plain
from engine.results.curves import Curves
from engine.runs.experiment import Experiment
from engine.runs.folder import Run
from engine.runs.status import Status, WorkProgress
from pages.parts.widgets.drawing import show, twin_heading, twin_row

PHASES = {
    "queue": "Wait",
    "data": "Read and split the data",
    "download": "Download the encoder",
    "encode": "Turn texts into vectors",
    "import": "Load the frameworks",
    "train": "Train",
    "evaluate": "Test",
    "compare": "Compare",
}
SOMETIMES = ("queue", "download")
"""Phases that are listed only while they happen."""

AXES: dict[Axis, str] = {"epoch": "Epoch", "step": "Step", "seconds": "Seconds"}


def phase_line(status: Status, experiment: Experiment) -> None:
    """Show the steps of a run in one line: past, present, to come."""
    left_out = SOMETIMES if experiment.family_member.takes == "vectors" else (*SOMETIMES, "encode")
    names = [name for name in PHASES if name not in left_out or name == status.phase]
    if status.phase not in names:
        return
    here = names.index(status.phase)
    icons = [":material/check:"] * here + [":material/arrow_forward:"] + [":material/radio_button_unchecked:"] * len(names)
    steps = []
    for position, (name, icon) in enumerate(zip(names, icons, strict=False)):
        step = f"{icon} {PHASES[name]}"
        steps.append(f"**{step}**" if position == here else step if position < here else f":gray[{step}]")
    st.markdown(" &ensp; ".join(steps))


def waiting(status: Status, experiment: Experiment) -> None:
    """Show of a queued run, or of one in preparation, what is being done, how far it is, and what comes next."""
    st.write(plain(status.message))
    phase_line(status, experiment)
    for name, label in (("download", "Downloading the encoder"), ("encode", "Turning texts into vectors")):
        progress = status.of(name)
        if progress.share is not None and name == status.phase:
            st.progress(_share(progress), text=f"{label}: {percent(_share(progress))}{_left(progress)}")


def turn_sentence(status: Status) -> str:
    """Return whose turn it is and how long the whole will take."""
    lefts = [side.seconds_left for side in status.progress.values() if side.seconds_left is not None]
    until = f" {duration(sum(lefts)).capitalize()} left in all." if lefts and sum(lefts) >= 1 else ""
    if status.phase != "train":
        return f"{status.message.rstrip('.')}.{until}"
    turn = FRAMEWORK_NAMES.get(status.turn or "")
    return (f"It is {turn}’s turn." if turn else "Both are training.") + until


def progress_pair(status: Status, experiment: Experiment, curves: Curves) -> None:
    """Show one bar a framework: epochs done and time left."""
    for framework, column in zip(experiment.frameworks, st.columns(len(experiment.frameworks)), strict=True):
        side, progress = curves.sides[framework], status.of(framework)
        done = len(side.epochs)
        trained = side.trained
        share = 1.0 if trained else _share(progress) if progress.share is not None else min(1.0, done / experiment.epochs)
        if trained:
            text = f"{count(done, 'epoch')}, {ENDINGS.get(trained.reason, 'finished')}"
        elif side.built:
            text = f"epoch {min(done + 1, experiment.epochs):,} of {experiment.epochs:,}{_left(progress)}"
        else:
            text = "loading the model" if side.imported else "loading the framework"
        column.progress(share, text=f"**{FRAMEWORK_NAMES[framework]}**: {text}")


ENDINGS = {
    "finished": "all trained",
    "early": "stopped early, as validation no longer improved",
    "stopped": "stopped on request",
    "diverged": "stopped: the loss was no longer a number",
}


def curve_pair(run: Run, curves: Curves, experiment: Experiment, active: bool) -> None:
    """Show the loss curves, and below them the strip of their difference."""
    points = curves.points()
    if points.empty:
        st.caption("The loss curves appear here after the first steps.")
        return
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.subheader(
            "Loss", anchor=False, help="Cross-entropy, averaged over texts: how surprised the model is by the true class. Lower is better."
        )
        x = st.segmented_control(
            "Horizontal axis",
            list(AXES),
            format_func=AXES.__getitem__,
            default="epoch",
            required=True,
            key="axis",
            label_visibility="collapsed",
        )
    end = _end_of_axis(x, curves, experiment) if active else None
    live = "The loss curves of both frameworks as they grow; the figures below state where they are." if active else None
    show(charts.loss_curves(points, x, end), f"loss_{x}", live)
    if len(experiment.frameworks) < 2:
        return
    strip = charts.difference_strip(points, x, end)
    matched = experiment.mode == "matched"
    meaning = "Matched mode: the curves should lie on top of each other." if matched else "Framework defaults: they may drift apart."
    if matched and experiment.compiled:
        meaning = "Matched and compiled: rounding differs, so the curves should nearly coincide."
    st.markdown(f"**Difference, as a part of the loss.** {strip.alt} :gray[{meaning}]")
    show(
        strip,
        f"difference_{x}",
        "The difference of the two loss curves as it grows; the sentence above states its largest value." if active else None,
    )


def figures(status: Status, curves: Curves) -> None:
    """Show accuracy, pace and memory at this moment, as twin rows."""
    left, right = (curves.sides[framework] for framework in FRAMEWORK_NAMES)
    twin_heading()
    twin_row(
        "Validation accuracy",
        left.epochs[-1].validation_accuracy if left.epochs else None,
        right.epochs[-1].validation_accuracy if right.epochs else None,
        format=percent,
        sentence=_epochs_behind(curves),
    )
    pace = [side.documents_per_second for side in (left, right)]
    twin_row("Texts per second", pace[0], pace[1], format=lambda value: number(float(value)), sentence=_pace(*pace))
    twin_row(
        "Memory",
        status.memory.get("pytorch"),
        status.memory.get("tensorflow"),
        format=memory,
        sentence="of the whole process, framework included",
    )


def _epochs_behind(curves: Curves) -> str:
    done = [len(side.epochs) for side in curves.sides.values()]
    if not all(done):
        return "measured after each epoch"
    return f"both after {count(done[0], 'epoch')}" if done[0] == done[1] else f"after {done[0]} and {done[1]} epochs"


def _pace(pytorch: float | None, tensorflow: float | None) -> str:
    if not pytorch or not tensorflow:
        return "in its own turns, the first step left out"
    ratio = max(pytorch, tensorflow) / min(pytorch, tensorflow)
    faster = FRAMEWORK_NAMES["pytorch" if pytorch > tensorflow else "tensorflow"]
    return "about equal over the last seconds" if ratio < 1.1 else f"{faster} {number(ratio)} × faster over the last seconds"


def _end_of_axis(x: Axis, curves: Curves, experiment: Experiment) -> float | None:
    if x == "epoch":
        return float(experiment.epochs)
    steps = [side.steps_per_epoch for side in curves.sides.values()]
    return float(experiment.epochs * max(step for step in steps if step)) if x == "step" and any(steps) else None


def _share(progress: WorkProgress) -> float:
    return min(1.0, max(0.0, progress.share or 0.0))


def _left(progress: WorkProgress) -> str:
    left = progress.seconds_left
    return f", {duration(left)} left" if left is not None and left >= 1 else ""
