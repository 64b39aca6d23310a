"""What stands behind a claim: figures as twin rows, tables, statements from outside, and how to run the experiment again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import streamlit as st

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.display.formatting import count, duration, number, plain, unbroken
from engine.guide.cited_facts import STATEMENTS, Statement
from engine.guide.claims import CLAIMS, Conclusion
from engine.guide.conclusions import BESIDE, NO_GPU, NOTICED, ROWS_OF, Evidence
from engine.guide.ecosystem import LIBRARIES, library_version, model_families
from engine.runs.planning.study_times import seconds_of_audit, seconds_of_museum
from engine.runs.source_code import source_file
from engine.studies.audit import LEVELS, AuditRequest
from engine.studies.benchmark.request import BenchmarkRequest, expected_seconds
from engine.studies.benchmark.results import VerdictRow
from engine.studies.benchmark.summary import SUBJECTS, count_verdicts, row_classifier, row_sentence, row_setting, row_subject, row_title
from engine.studies.export import words as export_words
from engine.studies.export.request import FILE_FORMS, manifests
from engine.studies.migration import words as migration_words
from engine.studies.mistake_catalogue import MISTAKES
from engine.studies.mistakes import MuseumRequest, outcomes_by_mistake
from engine.studies.study import list_studies
from pages.parts.code import counted_code
from pages.parts.studies import audit_view, study_view
from pages.parts.widgets.drawing import plain_table, twin_heading, twin_row

SHOWN_ROWS = 5
"""Comparisons of a benchmark that are drawn at once; the others are a table behind them."""

FOLDED = "figures_of_"
"""The key of what holds the figures of a claim begins with this."""

PAGES = {"benchmark": "pages/benchmark.py", "museum": "pages/museum.py", "audit": "pages/audit.py"}
"""Where a study is started and its results are shown."""

TITLES = {"benchmark": "Benchmark", "museum": "Museum", "audit": "Audit"}


def show_claim(conclusion: Conclusion, evidence: Evidence) -> None:
    """Show the claim, the test, the conclusion, its evidence, and the way to repeat it."""
    claim = CLAIMS[conclusion.claim]
    st.subheader(claim.title, anchor=conclusion.claim)
    found = f"{conclusion.verdict}. {conclusion.figure}" if conclusion.verdict else conclusion.figure
    st.markdown(f"**Claim.** {plain(claim.sentence)}  \n**Test.** {unbroken(plain(claim.tested))}\n\n**Found.** {unbroken(plain(found))}")
    if conclusion.claim in DETAILS and has_figures(conclusion.claim, evidence):
        show_details(conclusion.claim, evidence)
    if statements := STATEMENTS.get(conclusion.claim):
        show_statements(statements)
    show_ways(conclusion, evidence)


def has_figures(claim: str, evidence: Evidence) -> bool:
    """Whether there is anything to unfold: of what has not been measured yet there is nothing."""
    if claim in ROWS_OF:
        return bool(evidence.rows(*ROWS_OF[claim], *BESIDE.get(claim, ())))
    if claim == "negligible-difference":
        return bool(evidence.rows())
    return claim != "debugging" or bool(outcomes_by_mistake(evidence.museum))


@st.fragment
def show_details(claim: str, evidence: Evidence) -> None:
    """Show the figures that were concluded from, once somebody unfolds them: fourteen claims have more of them than a page should."""
    folded = st.expander("What stands behind it", icon=":material/query_stats:", key=f"{FOLDED}{claim}", on_change="rerun")
    if folded.open:
        with folded:
            DETAILS[claim](evidence)


def show_statements(statements: Sequence[Statement]) -> None:
    """Show facts from outside, each with its source and date."""
    st.caption("Stated elsewhere, not measured here:")
    lines = [f"- {plain(one.says)} [{plain(one.source)}]({one.address}), {plain(one.dated)}." for one in statements]
    st.markdown("\n".join(lines))


def show_ways(conclusion: Conclusion, evidence: Evidence) -> None:
    """Run it, or run it again; and read its code."""
    claim = CLAIMS[conclusion.claim]
    kind = claim.filled_by
    with st.container(horizontal=True, vertical_alignment="center"):
        if conclusion.figure != NO_GPU and kind in TITLES:
            if evidence.studies.get(kind):
                st.page_link(PAGES[kind], label=f"Run it again: {TITLES[kind]}", icon=":material/replay:")
            elif kind in STARTERS:
                start_button(kind, conclusion.claim)
            else:
                st.page_link(PAGES[kind], label=f"Run it: {TITLES[kind]}", icon=":material/play_arrow:")
        if claim.code and st.button("Code of the experiment", icon=":material/code:", key=f"code_{conclusion.claim}", type="tertiary"):
            show_code(claim.title, claim.code)
    if evidence.studies.get(kind) and kind in STARTERS:
        options = "--quick --again" if kind == "benchmark" else "--runs-dir NEW_FOLDER"
        st.caption(f"Results are kept, and the same question is answered from them. `python -m engine {kind} {options}` measures anew.")
    elif not kind and claim.code:
        st.caption("Counted anew whenever this page is opened.")


def start_button(kind: str, key: str) -> None:
    """Start the study that fills a claim and go where it can be watched."""
    label, request, seconds = STARTERS[kind]()
    active = bool(study_view.active_studies(kind))
    if st.button(label, icon=":material/play_arrow:", key=f"start_{kind}_{key}", disabled=active):
        study_view.start(kind, request, PAGES[kind])
    st.caption("Under way." if active else f"{duration(seconds).capitalize()}, once. It goes on when you leave the page.", width="content")


@st.dialog("Code of the experiment", width="large")
def show_code(title: str, files: Sequence[tuple[str, str]]) -> None:
    """Show the engine's files that make a conclusion, read when they are asked for."""
    st.caption(plain(title))
    for file, purpose in files:
        st.markdown(f"**{plain(file)}**: {plain(purpose)}.")
        source = source_file(file)
        if source is None:
            st.caption("This version of the engine has no such file.")
        else:
            st.code(source, line_numbers=True, height=420)


def _museum_starter() -> tuple[str, dict[str, object], float]:
    return "Make the mistakes", MuseumRequest().to_json(), seconds_of_museum(len(MISTAKES))


def _audit_starter() -> tuple[str, dict[str, object], float]:
    request = AuditRequest()
    return "Run the audit", request.to_json(), seconds_of_audit(request.classifiers, len(LEVELS), request.steps)


def _benchmark_starter() -> tuple[str, dict[str, object], float]:
    request = BenchmarkRequest()
    return "Measure", request.to_json(), expected_seconds(request)


STARTERS: dict[str, Callable[[], tuple[str, dict[str, object], float]]] = {
    "museum": _museum_starter,
    "audit": _audit_starter,
    "benchmark": _benchmark_starter,
}


# --- The evidence of one claim each --------------------------------------------------------------------------------------------------


def _benchmark(claim: str) -> Callable[[Evidence], None]:
    return lambda evidence: show_rows(evidence, ROWS_OF.get(claim, ()), BESIDE.get(claim, ()))


def show_rows(evidence: Evidence, subjects: Sequence[str], beside: Sequence[str]) -> None:
    """Show the benchmark's comparisons on these subjects, then those that bear on them without deciding; each as it was measured."""
    deciding, others = (evidence.rows(*some) if some else [] for some in (subjects, beside))
    rows = [*deciding, *others]
    if not rows:
        return
    twin_heading()
    for row in rows[:SHOWN_ROWS]:
        twin_row(
            row_classifier(row) or row_subject(row),
            row.pytorch,
            row.tensorflow,
            row.unit,
            ". ".join(filter(None, [", ".join(filter(None, [row_subject(row), row_setting(row)])), unbroken(row_sentence(row))])),
        )
    if len(rows) > SHOWN_ROWS:
        further = f", and {len(others):,} that bear on it" if deciding and others else ""
        with st.expander(f"All {count(len(deciding or others), 'comparison')}{further}"):
            plain_table(["", *FRAMEWORK_NAMES.values(), ""], [_cells(row) for row in rows], figures=[1, 2])
    st.caption(study_view.facts(evidence.benchmark.machine, evidence.benchmark.data))


def _cells(row: VerdictRow) -> tuple[str, ...]:
    unit = row.unit
    values = [f"{number(median)} {unit}".rstrip() if (median := row.median(name)) is not None else "" for name in FRAMEWORKS]
    return (row_title(row), *values, row_sentence(row))


def _negligible(evidence: Evidence) -> None:
    """Show how the comparisons on each subject came out."""
    if not evidence.rows():
        return
    rows = []
    for subject, title in SUBJECTS.items():
        counts = count_verdicts(evidence.rows(subject))
        if counts.rows:
            better = (f"{len(counts.better[side]):,}" for side in FRAMEWORKS)
            rows.append((title, f"{counts.rows:,}", f"{counts.equivalent:,}", *better, f"{counts.undecided:,}"))
    headings = [f"{FRAMEWORK_NAMES[side]} better" for side in FRAMEWORKS]
    plain_table(["", "Comparisons", "Equivalent", *headings, "Undecided"], rows, figures=[1, 2, 3, 4, 5])
    for note in evidence.benchmark.notes:
        st.caption(plain(note))
    st.caption(study_view.facts(evidence.benchmark.machine, evidence.benchmark.data))


def _debugging(evidence: Evidence) -> None:
    results, pairs = evidence.museum, outcomes_by_mistake(evidence.museum)
    if not pairs:
        return
    total = count(len(pairs), "mistake")
    twin_heading()
    for outcomes, name in ((NOTICED, "Noticed"), (NOTICED[:1], "Stopped by an error")):
        amounts = [sum(side in pair and pair[side].outcome in outcomes for pair in pairs.values()) for side in FRAMEWORKS]
        words = "stopped by an error or warned of, of" if len(outcomes) > 1 else "of"
        twin_row(name, amounts[0], amounts[1], sentence=f"{words} {total}")
    st.caption(study_view.facts(results.machine, count(results.texts, "text"), results.data))


def _research(evidence: Evidence) -> None:
    families = model_families()
    if len(families) < len(FRAMEWORKS):
        return
    twin_heading()
    libraries = " and ".join(library_version(name) for name in FRAMEWORKS)
    twin_row("Families of models", families["pytorch"], families["tensorflow"], sentence=f"in {libraries}, as installed")
    patterns = ", ".join(f"{package}: {pattern.pattern}" for package, pattern in LIBRARIES.values())
    st.caption(
        f"Folders with a file of this form are counted ({plain(patterns)}). Families are cut differently in the two, and KerasHub’s models "
        "run on PyTorch too. How good an implementation is, and whether a paper used it, does not show in its number."
    )


def _migration(evidence: Evidence) -> None:
    results = evidence.audit
    if results.transfers:
        st.write(audit_view.transfer_sentence(results))
        audit_view.transfer_table(results)
        st.caption(study_view.facts(results.machine, results.data))
    if carried := evidence.migration:
        st.write(plain(f"{migration_words.carried_words(carried)}: {migration_words.answer(carried)}"))
    st.page_link("pages/migrate.py", label="Carry a trained model across", icon=":material/swap_horiz:")
    _files(evidence, {"onnx"}, "as ONNX, which belongs to neither framework")


def _files(evidence: Evidence, kinds: Collection[str], purpose: str) -> None:
    """Show what the run's models became as files of some kinds, and the way to make them."""
    run = evidence.run
    finished = manifests(run) if run is not None and run.read_results() is not None else []
    chosen = [manifest for manifest in finished if FILE_FORMS[manifest.format].kind in kinds]
    if run is None or not chosen:
        st.write(f"No model of the newest run has been written {purpose} yet.")
    else:
        st.write(plain(f"Run {run.identifier}, {purpose}: {export_words.answer(chosen)}"))
        rows = export_words.export_rows(chosen)
        plain_table(list(rows[0]), [list(row.values()) for row in rows], figures=range(2, len(rows[0])))
    st.page_link("pages/export.py", label="Take a trained model away as a file", icon=":material/output:")


def _production(evidence: Evidence) -> None:
    _benchmark("production")(evidence)
    _files(evidence, {"native", "graph", "onnx"}, "as a file for a server")
    st.caption("On the Export page these become bundles for TensorFlow Serving, TorchServe, an HTTP server and SageMaker.")


DETAILS: Mapping[str, Callable[[Evidence], None]] = {
    **{claim: _benchmark(claim) for claim in ROWS_OF},
    "production": _production,
    "mobile": lambda evidence: _files(evidence, {"mobile"}, "as a file for telephones"),
    "negligible-difference": _negligible,
    "learning-curve": lambda evidence: counted_code.show_knowledge(evidence.counts),
    "syntax": lambda evidence: counted_code.show_lengths(evidence.counts),
    "debugging": _debugging,
    "research": _research,
    "migration": _migration,
}
"""What shows the evidence of each claim; one without evidence of its own is not here."""


def kinds_under_way() -> list[str]:
    """Return the studies that a claim waits for and that are being made now."""
    return [kind for kind in PAGES if any(study.read_status().active for study in list_studies(kind)[: study_view.RECENT])]
