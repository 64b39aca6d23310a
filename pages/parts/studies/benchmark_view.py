"""What a benchmark found: claim by claim the ratios as a chart, the figures as twin rows, sweeps as curves, and all of it as a table."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.display.formatting import number, percent, plain, unbroken
from engine.shared.classifiers import CLASSIFIERS
from engine.studies.benchmark import charts
from engine.studies.benchmark.measure import experiment_code
from engine.studies.benchmark.results import BenchmarkResults, VerdictRow
from engine.studies.benchmark.verdicts import BUSY, row_verdict
from pages.parts.widgets.code_columns import show_piece
from pages.parts.widgets.drawing import fact_list, plain_table, show, twin_heading, twin_row

WHAT_FIRST = ("Claim", "Setting", "Verdict", "Ratio")
"""A narrow screen shows these before one has to scroll sideways."""


def show_claims(rows: Sequence[VerdictRow], margin: float) -> None:
    """Show a tab for each claim that was measured."""
    claims = [claim for claim in charts.TITLES if any(row.claim == claim for row in rows)]
    for tab, claim in zip(st.tabs([charts.TITLES[claim] for claim in claims]), claims, strict=True):
        with tab:
            show_claim(claim, [row for row in rows if row.claim == claim], margin)


def show_claim(claim: str, rows: Sequence[VerdictRow], margin: float) -> None:
    """Show what was measured of one claim."""
    st.markdown(f"**{unbroken(plain(charts.claim_sentence(rows, margin)))}** {plain(charts.MEANINGS[claim])}")
    show(charts.ratio_chart(rows, margin), key=f"ratios_{claim}")
    for key, by_classifier in charts.sweeps(rows, claim).items():
        if by_classifier:
            st.markdown(f"###### {charts.SWEPT[key]}")
            columns = st.columns(2, gap="medium")
            for place, (name, some) in enumerate(by_classifier.items()):
                with columns[place % 2]:
                    st.caption(CLASSIFIERS[name].title)
                    show(charts.sweep_chart(some, key, charts.SWEPT[key]), key=f"sweep_{claim}_{key}_{name}")
    twin_heading()
    batch = len({row.batch_size for row in rows}) > 1
    for row in rows:
        sentence = unbroken(charts.row_words(row)) + ("; others used the machine" if row.busy > BUSY else "")
        twin_row(charts.setting_words(row, batch), row.pytorch, row.tensorflow, unit=row.unit, sentence=sentence)


def show_conditions(results: BenchmarkResults) -> None:
    """Show how it was measured."""
    fact_list(charts.conditions(results))
    for note in results.notes:
        st.caption(plain(note))


def show_code(results: BenchmarkResults) -> None:
    """Show what each worker did in a repeat."""
    st.caption("What each worker did in a repeat. The training itself is the wings’ own, which the Code page shows.")
    for piece in experiment_code(results):
        show_piece(piece, wrap=True)


def table(rows: Sequence[VerdictRow]) -> None:
    """Show all rows."""
    lines = [
        (
            charts.TITLES[row.claim],
            charts.setting_words(row),
            row_verdict(row),
            charts.spread_words(row).removeprefix("ratio "),
            *(f"{number(row.median(side))} {row.unit}" for side in FRAMEWORKS),
        )
        for row in rows
    ]
    plain_table([*WHAT_FIRST, *FRAMEWORK_NAMES.values()], lines, figures=(3, 4, 5))


def itself_table(rows: Sequence[VerdictRow]) -> None:
    """Show a benchmark of each framework against itself."""
    lines = [
        (
            charts.TITLES[row.claim],
            f"{FRAMEWORK_NAMES[row.framework or FRAMEWORKS[0]]}, {charts.setting_words(row)}",
            row_verdict(row),
            charts.spread_words(row).removeprefix("ratio "),
            *(f"{number(row.median(side))} {row.unit}" for side in ("first", "second")),
        )
        for row in rows
    ]
    plain_table([*WHAT_FIRST, "First", "Second"], lines, figures=(3, 4, 5))


def busy_words(share: float) -> str:
    """Return what to say of a machine that others use."""
    return (
        f"Other programs use {percent(share)} of the processor now. A benchmark measures them too; figures that are taken while more than "
        f"{100 * BUSY:.0f} % is in use are marked. Close what you do not need first."
    )
