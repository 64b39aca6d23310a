"""The form of a run's settings, built from the fields of ``Experiment``: their defaults, limits and help texts are kept there alone."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import streamlit as st

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.data.choice import DataChoice
from engine.running.experiment import BUNDLED_ENCODER, CLASSIFIERS, DEVICES, MODES, SCHEDULES, Experiment

SETTINGS = {item.name: item for item in fields(Experiment)}
ENCODERS = {
    BUNDLED_ENCODER: "all-MiniLM-L6-v2, bundled: no network needed",
    "BAAI/bge-large-en-v1.5": "BAAI/bge-large-en-v1.5, downloaded once",
}
MODE_NAMES = {"matched": "Matched", "defaults": "Framework defaults"}
DEVICE_NAMES = {"auto": "Automatic", "cpu": "CPU", "gpu": "GPU"}
SCHEDULE_NAMES = {"turns": "Taking turns", "both-at-once": "Both at once"}


def settings_form(choice: DataChoice) -> tuple[Experiment, bool]:
    """The experiment that the form describes, and whether "Start training" was pressed.

    The values are those of the last submission; the engine checks them again. Raises ``ExperimentError`` where it refuses one.
    """
    with st.form("settings", border=False):
        mode = st.radio(
            "What is made equal",
            list(MODES),
            format_func=lambda key: MODE_NAMES.get(key, key),
            captions=list(MODES.values()),
            **common("mode"),
        )
        encoder = st.selectbox(
            "Encoder",
            list(ENCODERS),
            format_func=lambda key: ENCODERS.get(key, key),
            accept_new_options=True,
            **common("encoder"),
        )
        left, middle, right = st.columns(3)
        with left:
            epochs = number("epochs", "Epochs")
        with middle:
            batch_size = number("batch_size", "Batch size")
        with right:
            learning_rate = number("learning_rate", "Learning rate", format="%g", step=0.0005)
        with st.expander("More settings"):
            values = rare_settings()
        with st.container(horizontal=True):
            start = st.form_submit_button("Start training", type="primary", icon=":material/play_arrow:")
            st.form_submit_button("Check first", help="Checks these settings and estimates time and memory, without starting.")
    main = {"mode": mode, "encoder": str(encoder or "").strip(), "epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate}
    return Experiment(data=choice, **main, **values), start


def rare_settings() -> dict[str, Any]:
    """The settings that most runs leave alone."""
    values: dict[str, Any] = {}
    if len(CLASSIFIERS) > 1:
        values["classifier"] = st.selectbox("Classifier", list(CLASSIFIERS), format_func=CLASSIFIERS.get, **common("classifier"))
    left, right = st.columns(2)
    with left:
        values["patience"] = number("patience", "Patience in epochs")
        values["hidden_units"] = number("hidden_units", "Hidden units")
        values["threads"] = number("threads", "Threads")
        values["device"] = st.selectbox(
            "Device", list(DEVICES), format_func=lambda key: f"{DEVICE_NAMES.get(key, key)}: {DEVICES[key]}", **common("device")
        )
    with right:
        values["max_tokens"] = number("max_tokens", "Tokens per text")
        values["seed"] = number("seed", "Seed")
        values["frameworks"] = tuple(
            st.multiselect(
                "Frameworks", list(FRAMEWORKS), default=list(FRAMEWORKS), format_func=FRAMEWORK_NAMES.get, **common("frameworks")
            )
        )
        values["schedule"] = st.selectbox(
            "Schedule", list(SCHEDULES), format_func=lambda key: f"{SCHEDULE_NAMES.get(key, key)}: {SCHEDULES[key]}", **common("schedule")
        )
    return values


def number(name: str, label: str, **look: Any) -> Any:
    """A number box with the field's own default and limits."""
    item = SETTINGS[name]
    kind = type(item.default)
    limits = {"min_value": kind(item.metadata["minimum"]), "max_value": kind(item.metadata["maximum"]), "value": item.default}
    return st.number_input(label, **limits, **common(name), **look)


def common(name: str) -> dict[str, Any]:
    """What every box has: the field's help, and a value that survives a switch to another page."""
    return {"help": SETTINGS[name].metadata["help"], "key": f"setting_{name}", "persist_state": "session"}
