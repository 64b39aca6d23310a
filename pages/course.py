"""Course: eight weeks of document classification in both frameworks. ``?week=`` names the lesson, ``?search=`` searches the dictionary."""

import streamlit as st

from engine import FRAMEWORKS
from engine.course.lesson import Exercise, Shown
from engine.course.lessons import LESSONS
from engine.display.formatting import count, plain
from pages.parts.course.dictionary_view import show_dictionary
from pages.parts.course.question_view import READABLE, checked, predict_and_check
from pages.parts.widgets.code_columns import column_heading, show_piece
from pages.parts.widgets.entry import through_dashboard

through_dashboard()

LESSONS_TAB, DICTIONARY_TAB = "Lessons", "API dictionary"
ICONS = {
    "data": ":material/table_rows:",
    "train": ":material/monitoring:",
    "compare": ":material/compare_arrows:",
    "code": ":material/code:",
    "audit": ":material/balance:",
    "museum": ":material/bug_report:",
    "classify": ":material/label:",
}


def show_functions(shown: Shown, wrap: bool) -> None:
    """Show the functions that run, PyTorch's beside TensorFlow's, and what to look for in them; what both share is folded away."""
    st.markdown(f"##### {plain(shown.title)}")
    st.markdown(plain(shown.note), width=READABLE)
    if shared := shown.shared():
        with st.expander(f"{count(sum(piece.lines for piece in shared), 'line')} that both use", icon=":material/join_inner:"):
            for piece in shared:
                show_piece(piece, wrap)
    columns = shown.columns()
    if columns:
        for column, framework in zip(st.columns(2, gap="medium"), FRAMEWORKS, strict=True):
            with column:
                column_heading(framework, count(sum(piece.lines for piece in columns[framework]), "line"))
                for piece in columns[framework]:
                    show_piece(piece, wrap)


def show_exercise(exercise: Exercise) -> None:
    """Show what to do, where, and what should be seen."""
    st.markdown(plain(exercise.text), width=READABLE)
    with st.container(horizontal=True):
        for link in exercise.links:
            st.page_link(f"pages/{link.page}.py", label=link.label, icon=ICONS[link.page], query_params=dict(link.query))
    with st.expander("What you should see"):
        st.markdown(plain(exercise.expect), width=READABLE)


st.title("Course", anchor="course")
st.markdown("#### Eight weeks, from a text as numbers to a framework of your own choice: read, predict, and let this machine answer")
st.write(
    "Week 2 is PyTorch's, week 3 is TensorFlow's; from week 4 on each lesson has both, and the choice is yours. All code is the engine's "
    "own, and no answer was written down before: each is measured here."
)

# An address that searches opens the dictionary.
first = DICTIONARY_TAB if st.query_params.get("search") else LESSONS_TAB
lessons_tab, dictionary_tab = st.tabs([LESSONS_TAB, DICTIONARY_TAB], default=first, key="course_tabs")

with lessons_tab:
    weeks = [str(week) for week in LESSONS]
    chosen = st.segmented_control("Week", weeks, default=weeks[0], required=True, wrap=True, key="week", bind="query-params")
    st.caption(" · ".join(f"{week} {plain(each.title)}" for week, each in LESSONS.items()))
    lesson = LESSONS[int(chosen or weeks[0])]
    st.header(f"Week {lesson.week}: {lesson.title}", anchor=False)
    st.markdown(f"#### {plain(lesson.goal)}")
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        jumps = "[Read](#read) · [The code that runs](#the-code) · [Predict, then check](#predict) · [Exercise](#exercise)"
        st.markdown(jumps, width="content")
        wrap = st.toggle("Wrap long lines", key="wrap_lesson", width="content", persist_state="session")

    st.subheader("Read", anchor="read")
    st.markdown(lesson.text, width=READABLE)

    st.subheader("The code that runs", anchor="the-code")
    for shown in lesson.shown:
        show_functions(shown, wrap)

    st.subheader("Predict, then check", anchor="predict")
    predict_and_check(lesson)

    st.subheader("Exercise", anchor="exercise")
    show_exercise(lesson.exercise)

    made = sum(checked(other) is not None for other in LESSONS.values())
    st.caption(f"{made} of {count(len(LESSONS), 'prediction')} made in this browser tab. [Up to the choice of weeks](#course)")

with dictionary_tab:
    show_dictionary()
