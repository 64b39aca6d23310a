"""A benchmark as one HTML file: the verdicts with their charts, how they were measured, the code of the experiment, how to repeat it."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pandas
from markupsafe import Markup

from engine import FRAMEWORK_NAMES, FRAMEWORKS, __version__
from engine.data.store import SAMPLE
from engine.display import html_tables, twin_rows
from engine.display.formatting import count, date, unbroken
from engine.errors import RunError
from engine.reports.page import Page, Section, code_folded, command, figure, heading, paragraph, render, table
from engine.reports.run_report import REPORT_MARK, write_files
from engine.results.fairness import machine_facts
from engine.shared.classifiers import CLASSIFIERS
from engine.studies.benchmark import charts
from engine.studies.benchmark.measure import experiment_code
from engine.studies.benchmark.request import BenchmarkRequest
from engine.studies.benchmark.results import BenchmarkResults, VerdictRow
from engine.studies.benchmark.verdicts import rows_at
from engine.studies.results import read_results
from engine.studies.study import Study


def benchmark_report(study: Study, margin: float | None = None) -> str:
    """Return the report, at the benchmark's own margin unless one is given. Raises ``RunError`` when there is nothing to report yet."""
    results = read_results(study, BenchmarkResults)
    if not results.measurements or results.against_itself:
        raise RunError(
            f"The benchmark {study.identifier} has no comparison of the two frameworks to report ({study.read_status().message}). "
            "Expected at least two finished repeats. Start it again; it goes on where it was stopped."
        )
    return render(_page(study, results, margin or results.margin))


def write_benchmark_report(study: Study, folder: Path) -> dict[str, Path]:
    """Write ``<benchmark>-report.html`` into the folder; gives back its path. Raises ``RunError`` as ``write_reports`` does."""
    file = folder / f"{study.identifier}-report.html"
    return write_files({"report": (file, REPORT_MARK, lambda: benchmark_report(study))}, study.identifier)


def _page(study: Study, results: BenchmarkResults, margin: float) -> Page:
    rows, status = rows_at(results, margin), study.read_status()
    unfinished = f"This benchmark is not finished: it shows the first {results.repeats} repeats. {status.message}"
    return Page(
        title=f"Report of {study.identifier}",
        answer=unbroken(charts.benchmark_answer(rows, margin)),
        facts=[
            " · ".join(filter(None, [results.data, results.machine.cpu, f"{results.repeats} repeats", date(status.created, zone=True)])),
            *results.notes,
        ],
        sections=[*_claims(rows, margin), _measured(replace(results, margin=margin)), _code(results), _repeating(study)],
        warning="" if status.state == "done" else unfinished,
        made=f"Made by Parity {__version__} on {date(time.time(), zone=True)} from {study.identifier}.",
    )


def _claims(rows: Sequence[VerdictRow], margin: float) -> Iterator[Section]:
    for claim, title in charts.TITLES.items():
        of_claim = [row for row in rows if row.claim == claim]
        if not of_claim:
            continue
        blocks = [paragraph(unbroken(charts.claim_sentence(of_claim, margin))), paragraph(charts.MEANINGS[claim], quiet=True)]
        blocks.append(figure(charts.ratio_chart(of_claim, margin)))
        for key, by_classifier in charts.sweeps(of_claim, claim).items():
            for name, some in by_classifier.items():
                blocks += [
                    heading(f"{charts.SWEPT[key]}: {CLASSIFIERS[name].title}"),
                    figure(charts.sweep_chart(some, key, charts.SWEPT[key])),
                ]
        blocks.append(Markup(twin_rows.twin_heading()))
        for row in of_claim:
            html = twin_rows.twin_row(charts.setting_words(row), row.pytorch, row.tensorflow, unit=row.unit, sentence=charts.row_words(row))
            blocks.append(Markup('<div class="unbroken">{}</div>').format(Markup(html)))
        yield Section(title, blocks)


def _measured(results: BenchmarkResults) -> Section:
    facts = [*charts.conditions(results), *machine_facts(results.machine)]
    every = pandas.DataFrame(
        [
            (
                charts.TITLES[measurement.claim],
                charts.setting_words(measurement),
                number_of,
                *(measurement.values[side][number_of - 1] for side in FRAMEWORKS),
            )
            for measurement in results.measurements
            for number_of in range(1, len(measurement.values[FRAMEWORKS[0]]) + 1)
        ],
        columns=["claim", "setting", "repeat", *FRAMEWORK_NAMES.values()],
    )
    blocks = [Markup(html_tables.fact_list(facts)), heading("Every measurement"), table(every, figures=".4g")]
    return Section("How it was measured", blocks, new_page=True)


def _code(results: BenchmarkResults) -> Section:
    pieces = experiment_code(results)
    sentence = "What each worker did in a repeat. The training itself is the wings’ own, which the Code page shows."
    lines = count(sum(piece.lines for piece in pieces), "line")
    return Section("The code of the experiment", [paragraph(sentence), code_folded(lines, pieces)])


def _repeating(study: Study) -> Section:
    return Section("How to repeat it", [command(repeating_command(BenchmarkRequest.from_json(study.read_request())))])


def repeating_command(request: BenchmarkRequest) -> str:
    """Return ``python -m engine benchmark …``, quoted for a POSIX shell."""
    words = ["python", "-m", "engine", "benchmark", *(["--quick"] if request.quick else ["--modes", *request.modes[1:]])]
    if request.classifiers != tuple(CLASSIFIERS):
        words += ["--classifier", *request.classifiers]
    usual = BenchmarkRequest(quick=request.quick)
    for name in ("repeats", "margin", "encoder", "device"):
        if getattr(request, name) != getattr(usual, name):
            words += [f"--{name}", str(getattr(request, name))]
    if request.data and request.data.dataset != SAMPLE:
        words += ["--data", request.data.name]
    return shlex.join(words)
