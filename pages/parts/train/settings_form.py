"""The settings of a run, built from the fields of ``Experiment``: their defaults, limits and help texts are kept there alone.

The classifier is chosen first, for it decides which settings there are and which values it recommends.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal, TypedDict

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.data.choice import DataChoice
from engine.display.formatting import plain
from engine.runs.experiment import (
    BUNDLED_ENCODER,
    DEVICES,
    ENCODING_PRECISIONS,
    LONG_TEXTS,
    MODES,
    PRECISIONS,
    RATE_SCHEDULES,
    SCHEDULES,
    Experiment,
)
from engine.shared.classifiers import CLASSIFIERS, Classifier
from engine.shared.devices import computes_bfloat16, graphics_processors

SETTINGS = {item.name: item for item in fields(Experiment)}
DEFAULTS: dict[str, Any] = {item.name: item.default for item in fields(Experiment)}
ENCODERS = {
    BUNDLED_ENCODER: "all-MiniLM-L6-v2, bundled: no network needed",
    "BAAI/bge-large-en-v1.5": "BAAI/bge-large-en-v1.5, downloaded once",
}
CLASS_WEIGHTS = {"none": "Every text counts the same", "balanced": "Balanced: texts of rare classes count more"}
NAMES = {
    "mode": {"matched": "Matched", "defaults": "Framework defaults"},
    "device": {"auto": "Automatic", "cpu": "CPU", "gpu": "GPU"},
    "schedule": {"turns": "Taking turns", "both-at-once": "Both at once"},
    "rate_schedule": {"constant": "Constant", "linear": "Linear"},
    "precision": {"float32": "float32", "mixed": "Mixed"},
    "encoding_precision": {"auto": "Automatic", "float32": "float32", "bfloat16": "bfloat16"},
}
SHARED = ("encoder", "class_weights", "device", "schedule", "threads", "seed", "frameworks")
"""Settings whose value stays when another classifier is chosen."""


@dataclass(frozen=True)
class Submission:
    """What the form says."""

    experiment: Experiment
    start: bool
    """“Start training” was pressed."""
    cut_note: DeltaGenerator | None
    """A place beside the cut of long texts, for the share of texts that it concerns."""


def settings_form(choice: DataChoice) -> Submission:
    """Show the form and return the experiment that it describes.

    Classifier, mode and compilation act at once; the other values are those of the last submission. The engine checks them again and
    raises ``ExperimentError`` where it refuses one.
    """
    classifier = choose_classifier()
    values = how_equal()
    member = CLASSIFIERS[classifier]
    box = Boxes(classifier, member)
    cut_note = None
    with st.form("settings", border=False):
        if member.concerns("encoder"):
            values["encoder"] = box.choice_or_text("encoder", "Encoder", ENCODERS)
        left, middle, right = st.columns(3)
        with left:
            values["epochs"] = box.number("epochs", "Epochs")
        with middle:
            values["batch_size"] = box.number("batch_size", "Batch size")
        with right:
            values["learning_rate"] = box.number("learning_rate", "Learning rate", format="%g", step=box.default("learning_rate") / 2)
        if member.concerns("long_texts"):
            left, right = st.columns([1, 2])
            with left:
                unit = "Words" if member.takes == "words" else "Tokens"
                values["max_tokens"] = box.number("max_tokens", f"{unit} per text")
            with right:
                values["long_texts"] = box.choice("long_texts", "Longer texts", LONG_TEXTS)
            cut_note = st.empty()
        values["class_weights"] = box.choice_or_text("class_weights", "Class weights", CLASS_WEIGHTS)
        with st.expander("More settings"):
            values |= rare_settings(box)
        with st.container(horizontal=True):
            start = st.form_submit_button("Start training", type="primary", icon=":material/play_arrow:")
            st.form_submit_button("Check first", help="Checks these settings and estimates time and memory, without starting.")
    return Submission(Experiment.recommended(choice, classifier, **values), start, cut_note)


def choose_classifier() -> str:
    """Let the classifier be chosen, with one sentence on what it is and where it comes from."""
    classifier = st.segmented_control(
        "Classifier",
        list(CLASSIFIERS),
        format_func=lambda name: CLASSIFIERS[name].title,
        default=DEFAULTS["classifier"],
        required=True,
        wrap=True,
        **common("classifier"),
    )
    member = CLASSIFIERS[classifier or DEFAULTS["classifier"]]
    st.markdown(f"{plain(member.summary)}.  \n:gray[{plain(member.source)}.]")
    return str(classifier or DEFAULTS["classifier"])


def how_equal() -> dict[str, object]:
    """Ask for mode and compilation, which decide how the two frameworks differ."""
    mode = st.radio(
        "What is made equal",
        list(MODES),
        format_func=lambda key: NAMES["mode"].get(key, key),
        captions=list(MODES.values()),
        **common("mode"),
    )
    compiled = st.toggle("Compile the model", value=DEFAULTS["compiled"], **common("compiled"))
    return {"mode": mode, "compiled": compiled}


def rare_settings(box: Boxes) -> dict[str, object]:
    """Ask for the settings that most runs leave alone: of the model, of the training, of the machine."""
    values: dict[str, object] = {}
    labels = {
        "vocabulary_size": "Terms kept" if box.member.takes == "terms" else "Words known",
        "embedding_size": "Length of a word vector",
        "filters": "Filters of each width",
        "hidden_units": "LSTM units" if box.classifier == "bi-lstm" else "Hidden units",
    }
    concerned = [name for name in labels if box.member.concerns(name)]
    if concerned:
        st.caption("Model")
        for name, column in zip(concerned, st.columns(max(2, len(concerned))), strict=False):
            with column:
                values[name] = box.number(name, labels[name])
    st.caption("Training")
    left, right = st.columns(2)
    with left:
        values["weight_decay"] = box.number("weight_decay", "Weight decay", format="%g", step=0.01)
        values["rate_schedule"] = box.choice("rate_schedule", "Learning rate over time", RATE_SCHEDULES)
        values["patience"] = box.number("patience", "Patience in epochs")
    with right:
        values["clip_norm"] = box.number("clip_norm", "Longest gradient", format="%g", step=0.5)
        values["warmup_share"] = box.number("warmup_share", "Share of the steps for warming up", format="%g", step=0.05)
        values["seed"] = box.number("seed", "Seed")
    st.caption("Machine")
    left, right = st.columns(2)
    with left:
        values["device"] = box.choice("device", "Device", DEVICES)
        values["threads"] = box.number("threads", "Threads")
    with right:
        values["schedule"] = box.choice("schedule", "Schedule", SCHEDULES)
        values["frameworks"] = tuple(
            st.multiselect(
                "Frameworks", list(FRAMEWORKS), default=list(FRAMEWORKS), format_func=FRAMEWORK_NAMES.__getitem__, **common("frameworks")
            )
        )
    if box.member.concerns("encoding_precision"):
        values["encoding_precision"] = box.choice("encoding_precision", "Precision of the vectors", ENCODING_PRECISIONS)
    if box.member.concerns("precision"):
        if graphics_processors() or computes_bfloat16():
            values["precision"] = box.choice("precision", "Precision", PRECISIONS)
        else:
            st.caption("Precision: float32. Mixed precision needs a GPU or a processor with bfloat16, and none is known here.")
    return values


@dataclass(frozen=True)
class Boxes:
    """Input boxes for the settings of one classifier, which keeps its own values beside those of the others."""

    classifier: str
    member: Classifier

    def default(self, name: str) -> Any:
        """Return what the classifier recommends."""
        return self.member.recommended.get(name, DEFAULTS[name])

    def number(self, name: str, label: str, **look: Any) -> Any:
        """Show a number box with the field's own limits."""
        kind, limits = type(DEFAULTS[name]), SETTINGS[name].metadata
        look |= {"min_value": kind(limits["minimum"]), "max_value": kind(limits["maximum"])}
        return st.number_input(label, value=kind(self.default(name)), **self._common(name), **look)

    def choice(self, name: str, label: str, choices: dict[str, str]) -> Any:
        """Show a box with a sentence for each choice."""
        names = NAMES.get(name, {})
        return st.selectbox(
            label,
            list(choices),
            index=list(choices).index(self.default(name)),
            format_func=lambda key: f"{names[key]}: {choices[key][:1].lower()}{choices[key][1:]}" if key in names else choices[key],
            **self._common(name),
        )

    def choice_or_text(self, name: str, label: str, choices: dict[str, str]) -> str:
        """Show a box into which something else may be typed."""
        value = st.selectbox(
            label, list(choices), format_func=lambda key: choices.get(key, key), accept_new_options=True, **self._common(name)
        )
        return str(value or "").strip()

    def _common(self, name: str) -> BoxOptions:
        return common(name, "" if name in SHARED else self.classifier)


class BoxOptions(TypedDict):
    """What every box has: the field's help, and a value that survives a switch to another page."""

    help: str
    key: str
    persist_state: Literal["session"]


def common(name: str, classifier: str = "") -> BoxOptions:
    """Return the options of a setting's box; a classifier's own settings keep their values beside those of the others."""
    key = f"setting_{name}_{classifier}" if classifier else f"setting_{name}"
    return {"help": SETTINGS[name].metadata["help"], "key": key, "persist_state": "session"}
