"""The check report: everything that blocks or is worth knowing, each line with its count, one sentence, one action and its rows."""

from __future__ import annotations

import bisect
from collections.abc import Callable

import pandas
import streamlit as st

from engine.data.checks.label_checks import shown_spellings
from engine.data.checks.report import Finding, Report
from engine.display.formatting import count, percent, plain, shorten
from engine.reading.columns.labels import LabelGroup
from engine.reading.table import Table
from pages.parts.data.reading_options import show_rows

FLAGS = {
    "drop_duplicates": "Keep one of each duplicate",
    "drop_conflicts": "Leave out texts with two labels",
    "merge_labels": "Treat labels that a person would call the same as one",
    "drop_small_classes": "Leave out classes that are too small",
    "drop_overlaps": "Leave them out of the earlier part",
}
"""The repairs that a person can switch on, by their field of ``DataChoice``."""

SEVERAL_LABELS = {
    "": "Take each cell as one class, as it stands",
    "first": "Take the first label",
    "combination": "Make each combination a class",
    "rows": "Make one row for each label",
}
"""What can become of a cell with several labels, by the value of ``DataChoice.several_labels``."""

LEVELS = {"blocks": (":red[:material/block:]", "Blocks training"), "worth knowing": (":material/info:", "Worth knowing")}
LISTED_ROWS = 1_000
LISTED_GROUPS = 30


def answer_sentence(report: Report) -> str:
    """``4,321 of 5,000 rows can be used, in 5 classes. Always answering “x” would be right 24 % of the time.``, or what blocks; escaped."""
    if report.blocks:
        return f"Not ready yet: {plain(report.blocks[0].sentence)} {plain(report.blocks[0].action)}"
    everything = count(report.rows, "row")
    rows = f"All {everything}" if report.usable_rows == report.rows else f"{report.usable_rows:,} of {everything}"
    sentence = f"{rows} can be used, in {count(len(report.classes), 'class', 'classes')}"
    largest = max(report.classes, key=report.classes.__getitem__)
    return f"{sentence}. Always answering “{plain(shorten(largest, 40))}” would be right {percent(report.majority_accuracy)} of the time."


def show_report(report: Report, table: Table, columns: list[str], flag_key: Callable[[str], str]) -> None:
    """Both levels. The toggles live under ``flag_key(field)`` in the session; ``columns`` come first when rows are shown."""
    repairs = [field for field in FLAGS if st.session_state.get(flag_key(field))]
    switches: set[str] = set()
    for level, findings in (("blocks", report.blocks), ("worth knowing", report.worth_knowing)):
        if findings:
            icon, title = LEVELS[level]
            st.markdown(f"##### {icon} {title}")
        for finding in findings:
            words, actions = st.columns([5, 3], gap="medium")
            words.markdown(_words_of(finding))
            with actions.container(gap="xsmall"):
                st.caption(plain(finding.action))
                # One switch can answer several findings; it stands beside the first of them.
                if finding.choice_field in FLAGS and finding.choice_field not in switches:
                    switches.add(finding.choice_field)
                    _switch(finding.choice_field, flag_key)
                if finding.choice_field == "several_labels":
                    _several_labels(flag_key)
                if finding.choice_field == "merge_labels" and report.label_groups:
                    _label_groups(report.label_groups)
                if finding.rows and st.button("Show rows", key=f"rows of {finding.code}", type="tertiary", icon=":material/table_rows:"):
                    _rows_dialog(finding, table, columns)
    # A repair that leaves nothing to report must still be there to be taken back.
    silent = [field for field in repairs if field not in switches]
    answered = st.session_state.get(flag_key("several_labels")) and not any(
        item.choice_field == "several_labels" for item in report.findings
    )
    if silent or answered:
        st.markdown("##### :material/done: Taken care of")
    for field in silent:
        _switch(field, flag_key)
    if answered:
        _several_labels(flag_key)
    if not report.findings and not silent:
        st.markdown(":material/done: Nothing to report: no empty cells, no duplicates, no class too small.")


def _words_of(finding: Finding) -> str:
    return f"**{plain(finding.title)}** · {finding.count:,}  \n{plain(finding.sentence)}"


def _switch(field: str, flag_key: Callable[[str], str]) -> None:
    st.toggle(FLAGS[field], key=flag_key(field), persist_state="session", wrap=True)


def _several_labels(flag_key: Callable[[str], str]) -> None:
    st.selectbox(
        "Several labels in a cell",
        list(SEVERAL_LABELS),
        key=flag_key("several_labels"),
        persist_state="session",
        format_func=SEVERAL_LABELS.__getitem__,
        label_visibility="collapsed",
    )


def _label_groups(groups: tuple[LabelGroup, ...]) -> None:
    """Show which spellings would become one class, before anybody decides."""
    with st.popover(f"See {count(len(groups), 'group')}", icon=":material/merge:", type="tertiary"):
        for group in groups[:LISTED_GROUPS]:
            st.markdown(f"**{plain(shorten(group.name, 40))}** ← {plain(shown_spellings(group))}")
        if len(groups) > LISTED_GROUPS:
            st.caption(f"The first {LISTED_GROUPS} of {len(groups):,}.")


@st.dialog("Rows of this finding", width="large")
def _rows_dialog(finding: Finding, table: Table, columns: list[str]) -> None:
    st.markdown(_words_of(finding))
    rows = [row for row in finding.rows[:LISTED_ROWS] if row < len(table.frame)]
    others = [name for name in table.frame.columns if name not in columns]
    frame = table.frame.iloc[rows][columns + others]
    files = table.files or (("", 0),)
    of_file = [files[bisect.bisect_right(files, row, key=lambda file: file[1]) - 1] for row in rows]
    lines = table.lines[rows] if table.lines is not None else [row - first + 1 for row, (_, first) in zip(rows, of_file, strict=True)]
    where = _unused("Line" if table.lines is not None else "Row", frame)
    frame.insert(0, where, lines)
    if table.files:
        frame.insert(0, _unused("File", frame), [name for name, _ in of_file])
    show_rows(frame, alt=f"{count(len(rows), 'row')} of the finding.", numbers=where)
    if finding.count > len(rows):
        st.caption(f"The first {len(rows):,} of {finding.count:,}.")


def _unused(name: str, frame: pandas.DataFrame) -> str:
    """Return the name with as many blanks as it takes to be no column's."""
    return name if name not in frame.columns else _unused(f"{name} ", frame)
