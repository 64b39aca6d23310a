"""Train: set up a run, watch it, and see how it ended. ``?run=`` names the run, ``?data=`` the data for a new one."""

import time

import streamlit as st

from engine.data.choice import DataChoice
from engine.data.store import SAMPLE, sample_choice
from engine.display.formatting import duration, memory, plain, shorten, unbroken, what_trains, when
from engine.errors import DataError, ParityError
from engine.results.curves import Curves
from engine.results.sentences import answer
from engine.runs import launching
from engine.runs.folder import Run, open_run, readable_experiment
from engine.runs.index import run_rows
from engine.runs.planning.preflight import preflight
from engine.runs.preparing.prepare import dataset_store
from engine.runs.records.results import MEASURING
from engine.runs.status import Status
from pages.parts.train import ended_view, live_view
from pages.parts.train.difference_list import what_differs
from pages.parts.train.settings_form import settings_form
from pages.parts.train.starting import start_once
from pages.parts.widgets.curves import follow
from pages.parts.widgets.entry import through_dashboard
from pages.parts.widgets.run_choice import LAST_RUN, asked_run, remember

through_dashboard()

TITLES = {
    "queued": "Waiting to train on",
    "preparing": "Preparing to train on",
    "running": "Training on",
    "done": "Trained on",
    "stopped": "Stopped training on",
    "failed": "Training failed on",
}
CHECK_ICONS = {"passed": ":material/check:", "failed": ":material/close:", "skipped": ":material/block:", "warning": ":material/warning:"}


FIRST_SECONDS = 30.0
# In its first seconds a run goes from stage to stage, and the page looks twice a second, until there are curves, which take longer to draw.
QUICK, STEADY = 0.5, 1.0


def pace(status: Status, curves: Curves) -> float | None:
    """How often the page looks at a run: not at all once that has ended."""
    if not status.active:
        return None
    curving = any(side.steps for side in curves.sides.values())
    return STEADY if curving or time.time() - (status.started or status.created) > FIRST_SECONDS else QUICK


def watch(run: Run, drawn: float | None) -> None:
    """One look at a run. While it is active the fragment repeats this; when the pace of that changes, the page starts anew."""
    status, experiment, curves = run.read_status(), readable_experiment(run), follow(run)
    if pace(status, curves) != drawn:
        st.rerun()
    results = run.read_results()
    # Both have been tested: the results are there, and only how fast the models answer is still being measured.
    measuring = status.active and results is not None and results.run.state == MEASURING
    name = plain(shorten(experiment.data.name, 60)) if experiment else plain(run.identifier)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.title(f"{TITLES['done' if measuring else status.state]} {name}", anchor=False, width="content")
        if status.active:
            asked = run.stop_requested()
            label, icon = ("Stopping" if asked else "Stop"), ":material/stop_circle:"
            if st.button(label, icon=icon, key="stop", disabled=asked, help="Keeps the best weights so far."):
                run.request_stop()
                st.rerun(scope="app")
    if experiment:
        st.caption(plain(what_trains(experiment)))
    if status.active and run.stop_requested() and not measuring:
        st.write("Stopping at the end of this step. The best weights so far are kept and tested.")

    if experiment is None or status.state == "failed":
        ended_view.failure(run, status, experiment, curves)
    elif status.active and not measuring:
        live_view.whole(run, status)
        live_view.phase_line(status, experiment)
        live_view.sides(status, experiment, curves)
    elif results is None:
        ended_view.failure(run, status, experiment, curves)
    else:
        st.markdown(f"#### {unbroken(plain(answer(results)))}")
        if measuring:
            live_view.whole(run, status)
        ended_view.next_steps(run)
        if status.state == "stopped":
            st.write(plain(status.message))
            ended_view.resume_button(run)
    for note in status.notes:
        st.caption(plain(note))
    if experiment is None:
        return

    live_view.curve_pair(run, curves, experiment, status.active)
    if status.active and not measuring:
        live_view.figures(status, curves)
    elif results is not None:
        ended_view.outcome(results)
    if not status.active:
        ended_view.tensorboard(run)
        ended_view.logs(run, experiment)
    if st.button("Set up another run", icon=":material/tune:", type="tertiary", key="another"):
        st.switch_page("pages/train.py", query_params={"data": experiment.data.dataset})


def chosen_data() -> DataChoice:
    """The data of the address, else of the last visit, else the sample. Stops the page where it cannot be trained on."""
    identifier = st.query_params.get("data") or st.session_state.get("train_data") or SAMPLE
    try:
        choice = dataset_store().load_choice(identifier)
    except DataError as error:
        st.session_state.pop("train_data", None)
        st.title("No such data")
        st.error(plain(error), icon=":material/search_off:")
        st.page_link("pages/data.py", label="Choose data on the Data page", icon=":material/table_rows:")
        st.stop()
    if choice is None and identifier != SAMPLE:
        st.title("One step before training")
        st.write("This file is stored, but its text and label columns have not been confirmed yet.")
        st.page_link(
            "pages/data.py", label="Confirm them on the Data page", icon=":material/table_rows:", query_params={"data": identifier}
        )
        st.stop()
    st.session_state["train_data"] = identifier
    return choice or sample_choice()


def run_to_watch() -> Run | None:
    """The run of the address; without an address the run of this tab, as long as it is active."""
    if "run" in st.query_params:
        return asked_run(st.query_params["run"])
    if "data" in st.query_params or LAST_RUN not in st.session_state:
        return None
    try:
        run = open_run(st.session_state[LAST_RUN])
    except ParityError:
        return None
    return run if run.read_status().active else None


if run := run_to_watch():
    remember(run)
    every = pace(run.read_status(), follow(run))
    if every is None:
        launching.recover()
    st.fragment(watch, run_every=every)(run, every)
    st.stop()

choice = chosen_data()
columns = " + ".join(plain(shorten(name, 40)) for name in choice.text)
st.title("Train", anchor=False)
st.markdown(f"Both frameworks learn **{plain(shorten(choice.label, 40))}** from **{columns}** in **{plain(shorten(choice.name, 60))}**.")
st.page_link("pages/data.py", label="Use other data", icon=":material/table_rows:")
for other in [row for row in run_rows(20) if row.active][:3]:
    name = shorten(other.experiment.data.name, 40) if other.experiment else other.identifier
    if st.button(
        f"Watch {plain(name)}, started {when(other.created)}",
        icon=":material/monitoring:",
        type="tertiary",
        key=f"watch_{other.identifier}",
    ):
        st.switch_page("pages/train.py", query_params={"run": other.identifier})

form, before = st.columns([3, 2], gap="large")
try:
    with form:
        request = settings_form(choice)
    experiment = request.experiment
    outcome = preflight(experiment)
    for check in outcome.checks:
        if request.cut_note and check.title == "Long texts":
            request.cut_note.caption(plain(check.sentence))
    with before:
        st.subheader("Before the start", anchor=False)
        expected = outcome.estimate
        parts = {
            "to turn the texts into vectors, which are kept": expected.encoding_seconds,
            "to compile the model": expected.compiling_seconds,
        }
        first = "".join(f", {duration(part)} of it {purpose}" for purpose, part in parts.items() if part)
        st.markdown(f"**{duration(expected.seconds).capitalize()}** and **{memory(expected.memory_mib)}** of memory{first}.")
        st.caption(plain(expected.sentence))
        for check in outcome.checks:
            st.markdown(f"{check.number}\\. {CHECK_ICONS[check.state]} **{plain(check.title)}**  \n{plain(check.sentence)}")
    if request.start and outcome.refusal:
        with form:
            st.error(f"Nothing was started, because a check failed. {plain(outcome.refusal)}", icon=":material/error:")
    elif request.start:
        st.switch_page("pages/train.py", query_params={"run": start_once(experiment).identifier})
    what_differs(experiment)
except ParityError as error:
    with form:
        st.error(plain(error), icon=":material/error:")
