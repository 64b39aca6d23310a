"""Home: what this is, one button, and the recent runs."""

from pathlib import Path

import streamlit as st

from engine import FRAMEWORK_NAMES
from engine.data.store import sample_choice
from engine.display.formatting import count, percent, plain, shorten, what_trains, when
from engine.errors import ParityError
from engine.runs import launching
from engine.runs.experiment import Experiment
from engine.runs.index import RunRow, run_rows
from engine.runs.preparing.kept_vectors import clear_vectors, kept_vectors
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


def run_entry(row: RunRow) -> None:
    """One line to press and one quiet line of facts."""
    word, icon = STATES.get(row.state, ("Unknown", ":material/help:"))
    name = shorten(row.experiment.data.name, 48) if row.experiment else row.identifier
    page = "pages/compare.py" if row.state == "done" and row.has_results else "pages/train.py"
    accuracies = [f"{FRAMEWORK_NAMES.get(framework, framework)} {percent(value)}" for framework, value in row.accuracies.items()]
    facts = [word, *accuracies, *([what_trains(row.experiment)] if row.experiment else [])]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.page_link(page, label=plain(name), icon=icon, query_params={"run": row.identifier}, width=300)
        st.caption(" &emsp; ".join([*map(plain, facts), when(row.created)]), width="content")


def vectors_entry() -> None:
    """How much disk kept vectors take, and a way to free it."""
    try:
        if "cleared_vectors" in st.session_state:
            st.caption(st.session_state.pop("cleared_vectors"))
        kept = kept_vectors()
    except (ParityError, OSError) as error:
        st.caption(plain(error))
        return
    if kept.size:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(kept.sentence, width="content")
            with st.popover("Clear", type="tertiary", width="content"):
                st.write("The next run on these texts computes their vectors again. Runs and their results stay as they are.")
                if st.button("Remove the kept vectors", key="remove_vectors", icon=":material/delete:"):
                    st.session_state.cleared_vectors = clear_vectors()
                    st.rerun()


launching.recover()
rows = run_rows()

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
    st.caption("Customer messages in five departments. It takes less than half a minute and needs no upload and no network.")
    st.page_link("pages/data.py", label="Use your own data", icon=":material/upload_file:")
    st.page_link("pages/guide.py", label="Which of the two? Opinions and evidence", icon=":material/balance:")
    st.page_link("pages/audit.py", label="See how equal the two can be made", icon=":material/equal:")
with picture:
    sketch = "A sketch of a result: both frameworks’ curves coincide, the grey strip holds their difference, the bars compare figures."
    st.image(str(PICTURE), width="stretch", alt=sketch)
    st.caption(sketch)

st.subheader("Recent runs", anchor=False)
if not rows:
    st.write("Your runs will be listed here, each with its data and both accuracies. There is none yet: the sample is a good first one.")
for row in rows[:SHOWN]:
    run_entry(row)
if len(rows) > SHOWN:
    with st.expander(f"{count(len(rows) - SHOWN, 'earlier run')}"):
        for row in rows[SHOWN : SHOWN + 40]:
            run_entry(row)
vectors_entry()
