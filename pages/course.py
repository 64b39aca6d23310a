"""Course: eight weeks of document classification in both frameworks. ``?week=`` names the lesson, ``?search=`` searches the dictionary."""

import streamlit as st

from engine import FRAMEWORKS
from engine.evidence.course.lesson import Exercise, Shown
from engine.evidence.course.lessons import LESSONS
from engine.evidence.wording import count, plain
from pages.parts.check_view import checked, predict_and_check
from pages.parts.code_columns import column_heading, show_piece
from pages.parts.dictionary_view import show_dictionary
from pages.parts.entry import through_dashboard

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


def show_functions(shown: Shown) -> None:
    """The functions that run, PyTorch's beside TensorFlow's, and what to look for in them."""
    st.markdown(f"##### {plain(shown.title)}")
    st.write(plain(shown.note))
    for piece in shown.shared():
        show_piece(piece, wrap=True)
    columns = shown.columns()
    if columns:
        for column, framework in zip(st.columns(2, gap="medium"), FRAMEWORKS, strict=True):
            with column:
                column_heading(framework, count(sum(piece.lines for piece in columns[framework]), "line"))
                for piece in columns[framework]:
                    show_piece(piece, wrap=True)


def show_exercise(exercise: Exercise) -> None:
    """What to do, where, and what should be seen."""
    st.write(plain(exercise.text))
    with st.container(horizontal=True):
        for link in exercise.links:
            st.page_link(f"pages/{link.page}.py", label=link.label, icon=ICONS[link.page], query_params=dict(link.query))
    with st.expander("What you should see"):
        st.write(plain(exercise.expect))


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
    lesson = LESSONS[int(chosen or weeks[0])]
    st.header(f"Week {lesson.week}: {lesson.title}", anchor=False)
    st.markdown(f"#### {plain(lesson.goal)}")
    st.markdown("[Read](#read) · [The code that runs](#the-code) · [Predict, then check](#predict) · [Exercise](#exercise)")

    st.subheader("Read", anchor="read")
    st.markdown(lesson.text, width=720)

    st.subheader("The code that runs", anchor="the-code")
    for shown in lesson.shown:
        show_functions(shown)

    st.subheader("Predict, then check", anchor="predict")
    predict_and_check(lesson)

    st.subheader("Exercise", anchor="exercise")
    show_exercise(lesson.exercise)

    answered = sum(checked(other) is not None for other in LESSONS.values())
    st.caption(f"{answered} of {count(len(LESSONS), 'question')} answered in this browser tab. [Up to the choice of weeks](#course)")

with dictionary_tab:
    show_dictionary()
