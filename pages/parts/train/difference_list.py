"""What differs between the frameworks by default: each choice with both defaults, what is used here, why, and the line of code."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape

import streamlit as st

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.display.formatting import count
from engine.display.palette import HUES
from engine.runs.experiment import Experiment
from engine.shared.devices import graphics_processors
from engine.shared.framework_defaults import DIFFERENCES, Difference
from engine.shared.values_used import line_of_code, matters, value_used
from engine.source.snippets import present_snippets

QUIET = "font-size:0.875rem;line-height:1.45;opacity:0.8"
LINK = "color:inherit;text-decoration:underline;text-underline-offset:3px"
LINES = {"pytorch": "solid", "tensorflow": "dashed"}
STAGE_IN_ADDRESS = "stage"
"""The name in the Code page's address that says which stage is unfolded."""
DEFAULTS = {"pytorch": "PyTorch by default", "tensorflow": "Keras by default"}


def what_differs(experiment: Experiment) -> None:
    """One sentence with the numbers, then the choices: those that matter to this experiment, then the rest."""
    experiment = as_this_machine_runs_it(experiment)
    here = [difference for difference in DIFFERENCES if matters(difference, experiment)]
    others = [difference for difference in DIFFERENCES if difference not in here]
    st.subheader("What differs by default", anchor="what-differs")
    st.markdown(differences_sentence(experiment))
    with st.expander(f"{count(len(here), 'choice')} that matter here", icon=":material/compare_arrows:"):
        _rows(here, experiment)
    with st.expander(f"{count(len(others), 'choice')} without effect here"):
        _rows(others, experiment)


def as_this_machine_runs_it(experiment: Experiment) -> Experiment:
    """Return the experiment on the CPU where there is no GPU, so that choices for a GPU are not said to matter."""
    return experiment if graphics_processors() else replace(experiment, device="cpu")


def differences_sentence(experiment: Experiment) -> str:
    """How many choices there are, how many matter, and what becomes of them."""
    here = [difference for difference in DIFFERENCES if matters(difference, experiment)]
    left = sum(value_used(difference, "pytorch", experiment) != value_used(difference, "tensorflow", experiment) for difference in here)
    sentence = (
        f"PyTorch and Keras make {len(DIFFERENCES)} choices differently that decide how a text classifier trains; {len(here)} of them "
        "matter with these settings. "
    )
    if experiment.mode == "matched":
        rest = "" if left == 0 else f", but for {'one' if left == 1 else left} that changes speed only"
        return sentence + f"Matched mode makes them equal{rest}."
    return sentence + f"This mode leaves each framework its own: {left} stay different."


def _rows(differences: Sequence[Difference], experiment: Experiment) -> None:
    anchors = _anchors(experiment.classifier)
    st.html("".join(_row(difference, experiment, anchors) for difference in differences))


def _row(difference: Difference, experiment: Experiment, anchors: Mapping[tuple[str, str], str]) -> str:
    """Title and reason, then PyTorch's side and TensorFlow's, which stack on a narrow screen."""
    sides = "".join(_side(difference, framework, experiment, anchors) for framework in FRAMEWORKS)
    return (
        f'<div style="padding:0.75rem 0"><div style="font-weight:600">{escape(difference.title)}</div>'
        f'<div style="{QUIET};max-width:46rem">{escape(difference.why)}</div>'
        f'<div style="display:flex;flex-wrap:wrap;gap:0.5rem 1.5rem;padding-top:0.5rem">{sides}</div></div>'
    )


def _side(difference: Difference, framework: str, experiment: Experiment, anchors: Mapping[tuple[str, str], str]) -> str:
    """One framework's default, what it will do, and the line that makes it so."""
    used = value_used(difference, framework, experiment)
    style = f"flex:1 1 17rem;min-width:0;padding-left:0.75rem;border-left:3px {LINES[framework]} {HUES[framework]}"
    return (
        f'<div style="{style}"><div style="{QUIET}">{DEFAULTS[framework]}: {escape(difference.default(framework))}</div>'
        f'<div><span style="{QUIET}">{FRAMEWORK_NAMES[framework]} here: </span>{escape(used)}</div>'
        f"{_code(difference, framework, experiment.classifier, anchors)}</div>"
    )


def _code(difference: Difference, framework: str, classifier: str, anchors: Mapping[tuple[str, str], str]) -> str:
    """The line itself and where it stands, with a link where the Code page shows the function."""
    line = line_of_code(difference, framework)
    if line is None:
        return ""
    place = f"{line.file.removeprefix('engine/').removeprefix('frameworks/')}, line {line.number:,}"
    if anchor := anchors.get((line.file, line.name)):
        address = f"code?classifier={classifier}{anchor}"
        place = f'<a href="{escape(address)}" target="_blank" style="{LINK}">{escape(place)}</a>'
    else:
        place = escape(place)
    source = f'<code style="display:block;font-size:0.8125rem;white-space:pre-wrap;overflow-wrap:anywhere">{escape(line.text)}</code>'
    return f'<div style="{QUIET};padding-top:0.15rem">{place}</div>{source}'


@st.cache_data(max_entries=8, show_spinner=False)
def _anchors(classifier: str) -> dict[tuple[str, str], str]:
    """Where on the Code page a definition can be found, by its file and name: the stage to unfold, and the place in it."""
    exhibit = present_snippets(classifier)
    anchors = {(piece.file, piece.name): "#made-once-for-both" for piece in exhibit.shared}
    for stage in exhibit.stages:
        name = stage.name.replace(" ", "-")
        unfolded = f"&{STAGE_IN_ADDRESS}={name}"
        folded = [piece for pieces in stage.repairs.values() for piece in pieces]
        anchors |= {(piece.file, piece.name): f"{unfolded}#{name}" for piece in folded}
        pieces = [piece for row in stage.rows for piece in row.pieces.values()]
        anchors |= {(piece.file, piece.name): f"{unfolded}#{anchor_of(piece.name)}" for piece in pieces}
    return anchors


def anchor_of(name: str) -> str:
    """The anchor that Streamlit gives to a heading: ``MatchedAdam`` becomes ``matched-adam``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name.strip("_")).lower().replace("_", "-")
