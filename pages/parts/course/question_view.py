"""Predict, then check: the prediction comes first, then a live run answers, and both stand beside each other."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from engine.course.answers import Need
from engine.course.lesson import Lesson, Question
from engine.display.formatting import duration, plain, unbroken
from engine.errors import ParityError
from engine.results.sentences import FORMATS
from engine.runs.folder import Run
from pages.parts.studies import study_view
from pages.parts.widgets.drawing import twin_heading, twin_row

READABLE = 720
"""Width in pixels beyond which running text is hard to follow."""


def checked(lesson: Lesson) -> str | None:
    """Return what was predicted for a lesson that has been checked in this browser tab."""
    return st.session_state.get(f"checked_{lesson.week}")


def predict_and_check(lesson: Lesson) -> None:
    """Show the question, then what it takes to answer it, then the answer."""
    question, asked = lesson.question, checked(lesson)
    st.markdown(question.text, width=READABLE)
    prediction = st.radio(
        "Your prediction",
        list(question.options),
        index=None,
        format_func=question.options.get,
        key=f"prediction_{lesson.week}",
        disabled=asked is not None,
        persist_state="session",
    )
    if asked is None:
        _offer(lesson, prediction)
    else:
        _outcome(lesson, asked)


def _offer(lesson: Lesson, prediction: str | None) -> None:
    """Show what will answer, how long it takes, and the button, which waits for a prediction."""
    question = lesson.question
    needs = question.answer.needs()
    if all(need.state == "done" for need in needs):
        time = "It was measured here before, so the answer is there at once."
    elif any(need.state == "active" for need in needs):
        time = "It is under way already."
    else:
        time = f"It takes {duration(question.answer.seconds())}, once: the result is kept. It goes on when you leave this page."
    st.caption(f"It is answered by {question.means}. {time}")
    if st.button(
        "Check",
        type="primary",
        icon=":material/play_arrow:",
        key=f"check_{lesson.week}",
        disabled=prediction is None,
        help="Choose what you expect first." if prediction is None else None,
    ):
        st.session_state[f"checked_{lesson.week}"] = prediction
        _go_on(question)


def _outcome(lesson: Lesson, prediction: str) -> None:
    """Show the answer, or how far it is, or why there is none and the way on."""
    question = lesson.question
    said = f"You said “{plain(question.options[prediction])}”"
    needs = question.answer.needs()
    if any(need.state == "active" for need in needs):
        st.markdown(f"{said}. Now it is measured.")
        st.fragment(_watch, run_every=1.0)(question, [need.state for need in needs])
        return
    try:
        verdict = question.answer.verdict()
    except ParityError as error:
        st.error(plain(error), icon=":material/error:")
        return
    if verdict is None:
        _unfinished(lesson, needs)
        return
    right = verdict.right == prediction
    st.markdown(f"#### {'As you predicted' if right else 'Measured otherwise'}")
    answer = "" if right else f"; what came out is “{plain(question.options[verdict.right])}”"
    st.markdown(f"{said}{answer}.")
    if verdict.rows:
        with st.container(width=READABLE):
            twin_heading()
            for measure, values, unit in verdict.rows:
                twin_row(measure, values["pytorch"], values["tensorflow"], format=FORMATS[unit])
    st.markdown(f"**Measured.** {unbroken(plain(verdict.sentence))}", width=READABLE)
    st.markdown(f"**Why.** {plain(question.why)}", width=READABLE)
    with st.container(horizontal=True):
        for need in needs:
            if isinstance(need.source, Run):
                address = {"run": need.source.identifier}
                st.page_link(
                    "pages/compare.py", label=f"{need.title} on the Compare page", icon=":material/compare_arrows:", query_params=address
                )
            elif need.source is not None:
                page = need.source.kind
                st.page_link(f"pages/{page}.py", label=f"{need.title} on the {page.capitalize()} page", icon=":material/open_in_new:")


def _watch(question: Question, states: Sequence[str]) -> None:
    """Show once what is under way, repeated every second; when one has come further, the page starts anew."""
    needs = question.answer.needs()
    if [need.state for need in needs] != states:
        st.rerun()
    for number, need in enumerate(needs):
        if need.state == "active" and need.source is not None:
            words = f"**{plain(need.title)}**: {plain(need.message)}"
            study_view.progress_row(need.source, words, need.share, need.seconds_left, f"stop_check_{number}")


def _unfinished(lesson: Lesson, needs: Sequence[Need]) -> None:
    """Show what became of the check instead of an answer."""
    for need in needs:
        if need.state == "ended":
            st.markdown(f"**{plain(need.title)}** has no result yet: {plain(need.message)}")
    st.caption(f"What is missing takes {duration(lesson.question.answer.seconds())}. Your prediction is kept.")
    if st.button("Go on", type="primary", icon=":material/resume:", key=f"go_on_{lesson.week}"):
        _go_on(lesson.question)


def _go_on(question: Question) -> None:
    try:
        question.answer.start()
    except ParityError as error:
        st.error(plain(error), icon=":material/error:")
    else:
        st.rerun()
