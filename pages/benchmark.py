"""Benchmark: speed and memory of both frameworks, measured again and again in turns, with a verdict on every claim."""

import json
from dataclasses import replace
from functools import partial

import psutil
import streamlit as st

from engine.display.formatting import count, duration, plain, unbroken, when
from engine.errors import ParityError
from engine.reports.benchmark_report import benchmark_report
from engine.runs.planning.preflight import preflight
from engine.runs.records.reading import to_json
from engine.shared.classifiers import CLASSIFIERS
from engine.studies.benchmark.charts import benchmark_answer
from engine.studies.benchmark.request import MOST_REPEATS, BenchmarkRequest, attempts, expected_seconds, next_attempt
from engine.studies.benchmark.results import BenchmarkResults
from engine.studies.benchmark.statistics import FEWEST, MARGIN
from engine.studies.benchmark.verdicts import BUSY, against_itself_words, rows_at, same_verdicts
from engine.studies.results import read_results
from engine.studies.study import Study
from pages.parts.studies import benchmark_view, study_view
from pages.parts.widgets.entry import through_dashboard

LOOK_SECONDS = 0.1  # at what other programs use

through_dashboard()
study_view.take_over_choice()


def benchmark_label(study: Study) -> str:
    """Return what it measured."""
    request = BenchmarkRequest.from_json(study.read_request())
    kind = "against itself" if request.against_itself else "quick" if request.quick else "thorough"
    return f"{kind.capitalize()}, {count(len(request.classifiers), 'classifier')}, {read_results(study, BenchmarkResults).data}"


def form() -> None:
    """Show what to measure, with the time it takes, and the button that starts it."""
    left, right = st.columns(2, gap="medium")
    kind = left.segmented_control(
        "Kind",
        ["Quick", "Thorough"],
        default="Quick",
        required=True,
        key="benchmark_kind",
        help="Quick: matched mode at the recommended batch size. Thorough: also the frameworks’ defaults, compiled models, memory, sweeps "
        "of batch sizes and text lengths, and the time to a target accuracy.",
    )
    repeats = right.number_input(
        "Repeats", FEWEST, MOST_REPEATS, FEWEST, key="benchmark_repeats", help="Each with a seed and processes of its own. More make the "
        "intervals smaller.",
    )  # fmt: skip
    names = left.multiselect(
        "Classifiers", list(CLASSIFIERS), default=list(CLASSIFIERS), format_func=lambda name: CLASSIFIERS[name].title, key="benchmark_names"
    )
    with right:
        data = study_view.choose_data("benchmark_data")
    if not names:
        st.caption("Choose at least one classifier.")
        return
    request = BenchmarkRequest(tuple(names), kind == "Quick", int(repeats), data=data)
    refused = "" if request.quick else why_not_compiled(request)
    if refused:
        request = replace(request, modes=("matched", "defaults"))
    again = bool(attempts(request))
    st.caption(
        f"{duration(expected_seconds(request)).capitalize()}. It waits behind runs, goes on when you leave this page, and can be stopped "
        "and resumed."
    )
    if refused:
        st.caption(f"Compiled models are left out. {plain(refused)}")
    if not under_way and (busy := psutil.cpu_percent(LOOK_SECONDS) / 100) > BUSY:
        st.caption(f":material/speed: {plain(benchmark_view.busy_words(busy))}")
    label = "Measure again" if again else "Measure"
    if st.button(label, type="primary", icon=":material/play_arrow:", key="start_benchmark", disabled=bool(under_way)):
        study_view.start("benchmark", next_attempt(request).to_json())


def why_not_compiled(request: BenchmarkRequest) -> str:
    """Return why models cannot be compiled here; empty where they can."""
    return preflight(replace(request.experiment(request.classifiers[0]), compiled=True)).refusal


def repetition(study: Study) -> str:
    """Return how many verdicts are the same as the last time the same was asked."""
    try:
        request = BenchmarkRequest.from_json(study.read_request())
    except (ParityError, TypeError):  # a damaged request; its figures are still there
        return ""
    before = [
        each for each in attempts(request) if each.identifier != study.identifier and read_results(each, BenchmarkResults).measurements
    ]
    if not before:
        return ""
    same, compared = same_verdicts(rows, rows_at(read_results(before[0], BenchmarkResults), margin))
    return (
        f"{same} of {compared} verdicts are the same as in the other benchmark of the same kind, {when(before[0].read_status().created)}."
    )


st.title("Benchmark", anchor=False)
answer = st.container()
under_way = study_view.watch_active("benchmark")

benchmark = study_view.shown_study("benchmark", benchmark_label)
results = read_results(benchmark, BenchmarkResults)
margin = st.session_state.get("benchmark_margin", round(100 * MARGIN)) / 100
rows = rows_at(results, margin)
with answer:
    if rows:
        st.markdown(f"#### {unbroken(plain(against_itself_words(rows) if results.against_itself else benchmark_answer(rows, margin)))}")
    else:
        st.markdown("#### Is the difference negligible? Measured here, on this machine")
        st.write(
            "Training and answering with both frameworks, in turns, at least five times with different seeds and fresh processes. "
            "The verdict comes from an equivalence test, not from the eye: equivalent where the ratio’s 90 % interval lies within the "
            "margin, faster where its 95 % interval lies wholly beyond, else not enough evidence."
        )
if benchmark:
    study_view.ending(benchmark)
if rows and not results.against_itself:
    benchmark_view.show_claims(rows, margin)
    st.slider(
        "What still counts as equal, in %", 1, 30, round(100 * MARGIN), key="benchmark_margin",
        help="Equivalent: the ratio’s 90 % interval lies within it; faster: its 95 % interval, the one that is shown, lies wholly beyond. "
        "The verdicts are drawn anew from the same measurements.",
    )  # fmt: skip
    if benchmark and (words := repetition(benchmark)):
        st.caption(words)
    with st.expander("How it was measured"):
        benchmark_view.show_conditions(results)
    with st.expander("All figures"):
        benchmark_view.table(rows)
    with st.expander("The code of the experiment"):
        benchmark_view.show_code(results)
elif rows:
    benchmark_view.itself_table(rows)
if rows:
    st.caption(study_view.facts(results.machine, results.data))
    left, right, _ = st.columns([1, 1, 2])
    left.download_button(
        "Rows (JSON)", json.dumps(to_json(rows), indent=1, ensure_ascii=False), "benchmark.json", "application/json",
        icon=":material/download:", key="benchmark_rows",
    )  # fmt: skip
    if benchmark and not results.against_itself:
        right.download_button(
            "Report (HTML)", partial(benchmark_report, benchmark, margin), f"{benchmark.identifier}-report.html", "text/html",
            icon=":material/download:", key="benchmark_report",
        )  # fmt: skip
    st.subheader("Measure again", anchor=False)
form()
