"""The chooser on the Guide page: six questions, what the answers lean to, the reasons on both sides, and what would change it.

The address holds the answers and the changed weights, and everything here is drawn from it: a box writes its answer there, and a changed
address moves the boxes. So it can be shared at any time, and the browser's way back works.
"""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.display.formatting import count, plain
from engine.guide.address import ADDRESS_NAMES, Asked, from_address, to_address
from engine.guide.claims import Conclusion
from engine.guide.questionnaire import DEFAULT, LARGEST_WEIGHT, QUESTIONS, REASONS
from engine.guide.recommendation import Change, Recommendation, Weighed, pages_to_ask, recommend
from pages.parts.widgets.code_columns import column_heading

LAST_ANSWERS = "choosing"
"""Session key under which page switches keep what the address said; the address forgets it."""

MEASURING = {
    "museum": ("Make the mistakes on the Museum page", ":material/bug_report:"),
    "audit": ("Carry weights across on the Audit page", ":material/equal:"),
    "benchmark": ("Measure speed and memory on the Benchmark page", ":material/speed:"),
}
"""File name of a page that measures → what is done there, and its icon."""


@st.fragment
def show(conclusions: Mapping[str, Conclusion]) -> None:
    """Show the whole chooser, without a title; it owns the address's ``ADDRESS_NAMES``.

    ``conclusions``: claim → what is known on this machine.
    """
    _come_back()
    chosen = from_address(st.query_params)
    st.session_state[LAST_ANSWERS] = to_address(chosen.answers, chosen.weights)
    result = recommend(chosen.answers, chosen.weights, conclusions)
    st.markdown(f"#### {plain(result.sentence)}")
    if chosen.ignored:
        parts = ", ".join(f"“{plain(part)}”" for part in chosen.ignored[:3]) + (", …" if len(chosen.ignored) > 3 else "")
        st.caption(f"Left out, because this version of Parity has no such answer or weight: {parts}.")
    _questions(chosen)
    _reasons(result)
    _not_deciding(result)
    _changes(result)
    _weights(chosen, result)
    st.caption(
        "The address of this page holds your answers and weights. Whoever opens it sees them weighed by the evidence of their own machine."
    )


# --- The address and the boxes ---


def _come_back() -> None:
    """Restore the answers that were left for another page; an address that says something itself is obeyed."""
    arriving = _box(next(iter(QUESTIONS))) not in st.session_state
    if arriving and not any(name in st.query_params for name in ADDRESS_NAMES):
        _write(st.session_state.get(LAST_ANSWERS, {}))


def _write(said: Mapping[str, str]) -> None:
    """Change in the address only what differs: every change is a step of the browser's way back."""
    for name in ADDRESS_NAMES:
        if name in said and st.query_params.get(name) != said[name]:
            st.query_params[name] = said[name]
        elif name not in said and name in st.query_params:
            del st.query_params[name]


def _answered(question: str) -> None:
    asked = from_address(st.query_params)
    _write(to_address(asked.answers | {question: st.session_state[_box(question)] or DEFAULT}, asked.weights))


def _weighted(reason: str) -> None:
    asked = from_address(st.query_params)
    _write(to_address(asked.answers, asked.weights | {reason: st.session_state[_box(reason)]}))


def _usual_weights() -> None:
    _write(to_address(from_address(st.query_params).answers, {}))


def _start_anew() -> None:
    _write({})


def _box(name: str) -> str:
    return f"choosing_{name}"


def _set(key: str, value: str | int) -> None:
    """Move a box to what the address says, and leave it alone when it stands there: what is set anew is sent to the browser anew."""
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def _questions(asked: Asked) -> None:
    names = list(QUESTIONS)
    half = len(names) // 2
    for column, part in zip(st.columns(2, gap="large"), (names[:half], names[half:]), strict=True):
        with column:
            for name in part:
                question, answer = QUESTIONS[name], asked.answers[name]
                words = {option.key: option.words for option in question.options}
                _set(_box(name), answer)
                st.segmented_control(
                    question.words,
                    list(words),
                    format_func=words.__getitem__,
                    required=True,
                    wrap=True,
                    key=_box(name),
                    on_change=_answered,
                    args=(name,),
                )
                if answer != DEFAULT and (why := question.option(answer).decides_nothing):
                    st.caption(why)
    if any(answer != DEFAULT for answer in asked.answers.values()) or asked.weights:
        st.button("Start anew", icon=":material/restart_alt:", type="tertiary", key="choosing_anew", on_click=_start_anew)


def _weights(asked: Asked, result: Recommendation) -> None:
    adjustable = [weighed for weighed in result.weighed if weighed.reason.adjustable]
    with st.expander("Weights", icon=":material/tune:"):
        if not adjustable:
            st.caption("Each reason that your answers bring up gets a weight here.")
            return
        st.caption(
            f"From 0, which leaves a reason out, to {LARGEST_WEIGHT}. A reason that is not known yet counts nothing, whatever its weight."
        )
        columns = st.columns(2, gap="large")
        for place, weighed in enumerate(sorted(adjustable, key=lambda one: list(REASONS).index(one.name))):
            with columns[place % 2]:
                _set(_box(weighed.name), weighed.weight)
                st.slider(
                    plain(weighed.reason.title),
                    0,
                    LARGEST_WEIGHT,
                    help=f"Usually {weighed.reason.weight}.",
                    key=_box(weighed.name),
                    on_change=_weighted,
                    args=(weighed.name,),
                )
        if asked.weights:
            st.button("Back to the usual weights", icon=":material/undo:", key="choosing_usual_weights", on_click=_usual_weights)


# --- What comes of it ---


def _reasons(result: Recommendation) -> None:
    if not result.weighed:
        return
    for column, framework in zip(st.columns(2, gap="large"), FRAMEWORKS, strict=True):
        with column:
            speaking = result.speaking_for(framework)
            column_heading(framework, count(len(speaking), "reason") if speaking else "no reason that counts")
            for weighed in speaking:
                st.markdown(_reason_words(weighed))


def _reason_words(weighed: Weighed) -> str:
    """Return title, weight and what it rests on; why it matters; what was found; which answers bring it up."""
    because = ", ".join(f"“{answer}”" for answer in weighed.because)
    return (
        f"**{plain(weighed.reason.title)}** · weight {weighed.weight} · {_mark(weighed)}  \n"
        f"{plain(weighed.reason.sentence)} {plain(weighed.evidence)}  \n:gray[{plain(f'Because of {because}')}]"
    )


def _mark(weighed: Weighed) -> str:
    """Return ``measured here`` with a link to the row of the Guide page that shows it; an opinion has no row."""
    claim = weighed.reason.claim
    return f"[{weighed.mark}](#{claim})" if claim else weighed.mark


def _not_deciding(result: Recommendation) -> None:
    """Show what speaks for neither, what is not known and where it is measured, what was given no weight."""
    if result.for_neither:
        st.markdown("**Speaks for neither**\n" + "".join(f"\n- {_short(weighed)}" for weighed in result.for_neither))
    if result.set_aside:
        names = [f"{plain(weighed.reason.title)}, for {FRAMEWORK_NAMES[weighed.favours or '']}" for weighed in result.set_aside]
        st.markdown("**Left out by its weight**\n" + "".join(f"\n- {name}" for name in names))
    if result.unknown:
        st.markdown("**Not known yet**\n" + "".join(f"\n- {_short(weighed)}" for weighed in result.unknown))
        st.caption("The row of each, behind its link, says how it is measured and whether this machine can.")
        for page, titles in pages_to_ask(result.unknown).items():
            if page in MEASURING:
                what, icon = MEASURING[page]
                st.page_link(f"pages/{page}.py", label=f"{what}: {', '.join(map(plain, titles))}", icon=icon)


def _short(weighed: Weighed) -> str:
    words = weighed.evidence if weighed.reason.claim else f"{weighed.reason.sentence} {weighed.evidence}"
    return f"{plain(weighed.reason.title)} · {_mark(weighed)}: {plain(words)}"


def _changes(result: Recommendation) -> None:
    st.markdown("**What would change the answer**")
    if not result.changes:
        st.markdown("No other answer, and no other evidence, would change it alone.")
    for leaning in (*FRAMEWORKS, None):
        changes = [change for change in result.changes if change.leaning == leaning]
        if changes:
            outcome = f"It would lean to {FRAMEWORK_NAMES[leaning]} if" if leaning else "Either would do if"
            st.markdown(f"{outcome}\n" + "".join(f"\n- {_change_words(change)}" for change in changes))


def _change_words(change: Change) -> str:
    claim = REASONS[change.name].claim if change.kind == "evidence" else None
    return f"{plain(change.words)} ([its row](#{claim}))" if claim else plain(change.words)
