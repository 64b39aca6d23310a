"""What a run looks like while it goes on: what is done and left, whose turn it is, the curves as they grow, and the latest figures."""

from __future__ import annotations

import streamlit as st

from engine import FRAMEWORK_NAMES
from engine.display.curve_charts import Axis
from engine.display.formatting import count, duration, memory, number, percent, plain
from engine.results.curves import Curves
from engine.runs.experiment import Experiment
from engine.runs.folder import Run
from engine.runs.status import Status
from pages.parts.widgets.curves import pictures_of
from pages.parts.widgets.drawing import show, twin_heading, twin_row

PHASES = {
    "queue": "Wait",
    "data": "Read and split the data",
    "download": "Download the encoder",
    "encode": "Turn texts into vectors",
    "import": "Load the frameworks",
    "train": "Train",
    "evaluate": "Test",
    "latency": "Time the answers",
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
        step = f"{icon}&nbsp;{PHASES[name]}"
        steps.append(f"**{step}**" if position == here else step if position < here else f":gray[{step}]")
    st.markdown(" &ensp; ".join(steps))


def whole(run: Run, status: Status) -> None:
    """Show from the click on how much of the run is done, what is being done, and how long it will still take."""
    share, left = status.now()
    key = f"share_of_{run.identifier}"  # a bar never goes back, though another guess at the end may be the better one
    st.session_state[key] = share = max(share, st.session_state.get(key, 0.0))
    st.progress(min(1.0, share), text=" ".join([f"**{plain(doing(status))}**", time_left(left)]).rstrip())


def doing(status: Status) -> str:
    """Return what is being done: whose turn it is in training, else the coordinator's own words with what is done of that."""
    if status.phase == "train":
        turn = FRAMEWORK_NAMES.get(status.turn or "")
        return f"It is {turn}’s turn." if turn else "Both are training."
    if status.phase == "latency":
        return "Measuring how fast they answer."
    share = status.of(status.phase).share if status.phase in ("download", "encode") else None
    return status.message.rstrip(".") + ("." if share is None else f": {percent(min(1.0, share))}.")


def time_left(seconds: float | None) -> str:
    """Return ``About 20 seconds left.``; nothing where nobody knows."""
    return "" if seconds is None else f"{duration(seconds).capitalize()} left."


def sides(status: Status, experiment: Experiment, curves: Curves) -> None:
    """Show how far each framework is: epochs, or what it waits for."""
    for framework, column in zip(experiment.frameworks, st.columns(len(experiment.frameworks)), strict=True):
        side = curves.sides[framework]
        done = len(side.epochs)
        if side.trained:
            text = f"{count(done, 'epoch')}, {ENDINGS.get(side.trained.reason, 'finished')}"
        elif side.built:
            text = f"epoch {min(done + 1, experiment.epochs):,} of {experiment.epochs:,}"
        else:
            text = "building the model" if side.imported else "loading the framework" if status.phase == "import" else "waits for the texts"
        column.caption(f"**{FRAMEWORK_NAMES[framework]}**: {text}")


ENDINGS = {
    "finished": "all trained",
    "early": "stopped early, as validation no longer improved",
    "stopped": "stopped on request",
    "diverged": "stopped: the loss was no longer a number",
}


def curve_pair(run: Run, curves: Curves, experiment: Experiment, active: bool) -> None:
    """Show the loss curves, and below them the strip of their difference."""
    if curves.empty and not active:
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
    losses, strip = pictures_of(run, x, end)
    show(losses, f"loss_{x}", live)
    if len(experiment.frameworks) < 2:
        return
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
