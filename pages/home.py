"""Home: what this is, one button, and the recent runs."""

from pathlib import Path

import streamlit as st

from engine import FRAMEWORK_NAMES
from engine.data.store import sample_choice
from engine.display.formatting import count, percent, plain, shorten, what_trains, when
from engine.errors import ParityError
from engine.runs import launching
from engine.runs.experiment import Experiment
from engine.runs.folder import Run, list_runs, readable_experiment
from engine.runs.records.results import Results
from pages.parts.train.starting import start_once
from pages.parts.widgets.entry import through_dashboard

through_dashboard()

PICTURE = Path(__file__).parents[1] / "assets" / "overview.svg"
SHOWN = 8
STATES = {
    "queued": ("Waiting", ":material/schedule:"),
    "preparing": ("Preparing", ":material/hourglass_top:"),
    "running": ("Training", ":material/monitoring:"),
    "done": ("Done", ":material/check_circle:"),
    "stopped": ("Stopped", ":material/stop_circle:"),
    "failed": ("Failed", ":material/error:"),
}


def run_entry(run: Run) -> None:
    """One line to press and one quiet line of facts."""
    experiment, status, results = readable_experiment(run), run.read_status(), run.read_results()
    word, icon = STATES.get(status.state, ("Unknown", ":material/help:"))
    name = shorten(experiment.data.name, 48) if experiment else run.identifier
    page = "pages/compare.py" if status.state == "done" and results else "pages/train.py"
    facts = [word]
    for framework, side in (results or Results()).frameworks.items():
        facts.append(f"{FRAMEWORK_NAMES.get(framework, framework)} {percent(side.test_accuracy)}")
    if experiment:
        facts.append(what_trains(experiment))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.page_link(page, label=plain(name), icon=icon, query_params={"run": run.identifier}, width=300)
        st.caption(" &emsp; ".join([*map(plain, facts), when(status.created)]), width="content")


launching.recover()
runs = list_runs()

words, picture = st.columns([5, 6], gap="large", vertical_alignment="center")
with words:
    st.title("One classifier, trained in PyTorch and in TensorFlow", anchor=False)
    st.markdown(
        "Bring labelled texts and choose one of five classifiers; Parity trains it on them in both frameworks, side by side, from the same "
        "weights and the same batches. You watch the two curves, compare the results, read the code that ran, and put your own texts to "
        "both."
    )
    if st.button("Try it on the sample", type="primary", icon=":material/play_arrow:", key="try_sample"):
        try:
            started = start_once(Experiment(data=sample_choice()))
        except ParityError as error:
            st.error(plain(error), icon=":material/error:")
        else:
            st.switch_page("pages/train.py", query_params={"run": started.identifier})
    st.caption("Customer messages in five departments. It takes about a minute and needs no upload and no network.")
    st.page_link("pages/data.py", label="Use your own data", icon=":material/upload_file:")
    st.page_link("pages/guide.py", label="Which of the two? Opinions and evidence", icon=":material/balance:")
    st.page_link("pages/audit.py", label="See how equal the two can be made", icon=":material/equal:")
with picture:
    sketch = "A sketch of a result: both frameworks’ curves coincide, the grey strip holds their difference, the bars compare figures."
    st.image(str(PICTURE), width="stretch", alt=sketch)
    st.caption(sketch)

st.subheader("Recent runs", anchor=False)
if not runs:
    st.write("Your runs will be listed here, each with its data and both accuracies. There is none yet: the sample is a good first one.")
for run in runs[:SHOWN]:
    run_entry(run)
if len(runs) > SHOWN:
    with st.expander(f"{count(len(runs) - SHOWN, 'earlier run')}"):
        for run in runs[SHOWN : SHOWN + 40]:
            run_entry(run)
