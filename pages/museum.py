"""Museum: classic mistakes, really made in both frameworks; which are caught, when, where the message leads, and what the others do."""

import streamlit as st

from engine import FRAMEWORKS
from engine.display.formatting import count, duration, plain
from engine.runs.planning.study_times import seconds_of_museum
from engine.studies.mistake_catalogue import MISTAKES
from engine.studies.mistake_results import MuseumResults
from engine.studies.mistakes import MuseumRequest, mistake_code, museum_answer, outcome_words, outcomes_by_mistake
from engine.studies.results import read_results
from engine.studies.study import Study
from pages.parts.studies import mistakes_view, study_view
from pages.parts.widgets.code_columns import column_heading, show_piece
from pages.parts.widgets.entry import through_dashboard

through_dashboard()
study_view.take_over_choice()


def museum_label(study: Study) -> str:
    """Return how many mistakes it shows."""
    return count(len(outcomes_by_mistake(read_results(study, MuseumResults))), "mistake")


st.title("Museum", anchor=False)
answer = st.container()
under_way = study_view.watch_active("museum")

museum = study_view.shown_study("museum", museum_label)
results = read_results(museum, MuseumResults)
outcomes = outcomes_by_mistake(results)
with answer:
    if outcomes:
        st.markdown(f"#### {plain(museum_answer(results))}")
    else:
        st.markdown("#### Which mistakes are caught, and which only show in the curve?")
        st.write(
            f"{len(MISTAKES)} classic mistakes, from labels out of range to a forgotten zero_grad, each really made in both frameworks: "
            "whether it is caught, when, where the message leads, and what the curve looks like where nothing is said."
        )
if museum:
    study_view.ending(museum)

if not outcomes or (museum and museum.read_status().state != "running" and len(outcomes) < len(MISTAKES)):
    time = duration(seconds_of_museum(len(MISTAKES)))
    st.caption(
        f"{time.capitalize()}, once: the result is kept. Each mistake is made in a process of its own, in an empty folder and with a limit "
        "on its time, so nothing here can be harmed. It goes on when you leave this page."
    )
    if st.button("Make the mistakes", type="primary", icon=":material/play_arrow:", key="start_museum", disabled=bool(under_way)):
        study_view.start("museum", MuseumRequest().to_json())
if not outcomes:
    st.markdown(" · ".join(mistake.title for mistake in MISTAKES.values()))
    st.stop()

mistakes_view.overview_table(results)
st.caption(study_view.facts(results.machine, count(results.texts, "text"), results.data))
jumps = [f"[{MISTAKES[name].title}](#{mistakes_view.anchor_of(name)})" for name in outcomes]
st.markdown(" · ".join(jumps))

code = mistake_code(museum)
for name, pair in outcomes.items():
    mistake = MISTAKES[name]
    st.subheader(mistake.title, anchor=mistakes_view.anchor_of(name))
    st.write(mistake.sentence)
    for column, framework in zip(st.columns(2, gap="medium"), FRAMEWORKS, strict=True):
        with column:
            column_heading(framework, outcome_words(pair[framework]) if framework in pair else "")
            for piece in code.mistakes[name][framework]:
                show_piece(piece, wrap=True)
    for column, framework in zip(st.columns(2, gap="medium"), FRAMEWORKS, strict=True):
        if framework in pair:
            with column:
                mistakes_view.show_outcome(name, pair[framework])
    st.markdown(f"**How to notice.** {plain(mistake.notice)}")
    st.markdown(f"**How to fix.** {plain(mistake.fix)}")
    if mistake.note:
        st.caption(plain(mistake.note))

st.subheader("What the exhibits share", anchor="shared")
st.write("The model and its training, which most exhibits use: as short as they can be, in each framework's own way.")
for column, framework in zip(st.columns(2, gap="medium"), FRAMEWORKS, strict=True):
    with column:
        column_heading(framework, "")
        for piece in code.shared[framework]:
            show_piece(piece, wrap=True)
