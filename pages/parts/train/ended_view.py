"""What is shown of a run that has ended: what came out, or what happened, what is kept and what to do."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from engine import FRAMEWORK_NAMES
from engine.display.formatting import count, plain
from engine.errors import ParityError
from engine.results.curves import Curves
from engine.results.sentences import FORMATS, measure_sentence
from engine.results.tables import headline
from engine.runs import launching
from engine.runs.experiment import Experiment
from engine.runs.folder import Run
from engine.runs.records.results import Results
from engine.runs.status import Status
from engine.runs.tensorboard import open_tensorboard
from pages.parts.widgets.drawing import twin_heading, twin_row

SHOWN = ("test_accuracy", "train_seconds", "documents_per_second", "peak_rss_mib")


def next_steps(run: Run) -> None:
    """Show where to go from a run that has results."""
    address = {"run": run.identifier}
    with st.container(horizontal=True):
        st.page_link("pages/compare.py", label="Compare the two models", icon=":material/compare_arrows:", query_params=address)
        st.page_link("pages/code.py", label="Read the code that ran", icon=":material/code:", query_params=address)
        st.page_link("pages/classify.py", label="Classify your own texts", icon=":material/label:", query_params=address)


def outcome(results: Results) -> None:
    """Show the four figures most asked for, as twin rows."""
    twin_heading()
    for measure in headline(results):
        if measure.key in SHOWN:
            sentence = measure_sentence(measure, results)
            twin_row(measure.name, measure.pytorch, measure.tensorflow, format=FORMATS[measure.unit], sentence=sentence, help=measure.help)


def failure(run: Run, status: Status, experiment: Experiment | None, curves: Curves) -> None:
    """Say what happened, what is kept and what to do; the logs folded away."""
    if status.state == "failed":
        st.error(plain(status.message), icon=":material/error:")
    else:
        st.write(plain(status.message))
    if experiment is None:
        st.page_link("pages/train.py", label="Set up a new run", icon=":material/tune:")
        return
    st.markdown(f"**What is kept.** {kept_sentence(experiment, curves)}")
    resume_button(run, "primary")


def resume_button(run: Run, importance: Literal["primary", "secondary"] = "secondary") -> None:
    """Offer to go on with a run that failed or was stopped; pressed twice, the engine refuses the second with a sentence."""
    if st.button("Resume from the last finished epoch", type=importance, icon=":material/resume:", key="resume"):
        try:
            launching.resume(run)
        except ParityError as error:
            st.error(plain(error), icon=":material/error:")
        else:
            st.rerun()


def kept_sentence(experiment: Experiment, curves: Curves) -> str:
    """Say how far each framework had come."""
    parts = []
    for framework in experiment.frameworks:
        side = curves.sides[framework]
        done = f"{count(len(side.epochs), 'epoch')} of {experiment.epochs:,}" if side.epochs else "nothing yet"
        parts.append(f"{FRAMEWORK_NAMES[framework]}: {'the trained and tested model' if side.evaluated else done}")
    return "; ".join(parts) + ". The settings and the split data are kept too."


def logs(run: Run, experiment: Experiment | None) -> None:
    """Show the end of each process's own log, for a report; plain text with a copy button."""
    frameworks = experiment.frameworks if experiment else ()
    names = {"coordinator": "The run’s own process"} | {framework: FRAMEWORK_NAMES[framework] for framework in frameworks}
    with st.expander("Logs of the processes"):
        for name, title in names.items():
            if text := run.read_log(name).strip():
                st.caption(title)
                st.code(text, language=None, height=260, wrap_lines=True)


def tensorboard(run: Run) -> None:
    """Offer a button that starts TensorBoard; then its link and its frame."""
    key = f"tensorboard_{run.identifier}"
    explanation = "Both frameworks’ own event files. It starts on this computer and takes a few seconds."
    if st.button("Open TensorBoard", icon=":material/query_stats:", key="open_tensorboard", help=explanation):
        try:
            with st.spinner("Starting TensorBoard"):
                st.session_state[key] = open_tensorboard(run)
        except ParityError as error:
            st.error(plain(error), icon=":material/error:")
    if address := st.session_state.get(key):
        st.link_button("Open it in its own tab", address, icon=":material/open_in_new:")
        st.caption(
            "From another computer the frame stays empty, because TensorBoard answers this one only: forward its port, for example "
            "with ssh -L."
        )
        st.iframe(address, height=720, alt="TensorBoard with the scalars of both frameworks")
