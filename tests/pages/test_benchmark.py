"""Benchmark page: empty, under way, failed, finished, another margin, against itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from engine import FRAMEWORKS, __version__
from engine.display.palette import HUES
from engine.errors import RunError
from engine.reports.benchmark_report import benchmark_report, repeating_command, write_benchmark_report
from engine.runs.records.reading import to_json
from engine.runs.status import Status
from engine.shared.devices import Machine
from engine.studies.benchmark.request import BenchmarkRequest
from engine.studies.benchmark.results import BenchmarkResults, Measurement
from engine.studies.benchmark.verdicts import rows_of
from engine.studies.study import Study, list_studies, start_study
from tests.pages.conftest import charts, words

OpenPage = Callable[..., AppTest]

pytestmark = pytest.mark.usefixtures("no_process")


def measured(claim: str, classifier: str | None, factor: float, sides: tuple[str, ...] = FRAMEWORKS, **more: Any) -> Measurement:
    values = {sides[0]: tuple(2.0 * by for by in (1.0, 1.01, 0.99, 1.005, 0.995)), sides[1]: (2.0 * factor,) * 5}
    return replace(Measurement(claim=claim, classifier=classifier, mode="matched", batch_size=32, unit="ms", values=values), **more)


def results(measurements: Sequence[Measurement], itself: bool = False) -> BenchmarkResults:
    return BenchmarkResults(
        repeats=5,
        data="support_messages.csv",
        machine=Machine(cpu="A processor", cores=2, packages={"torch": "2.13.0", "tensorflow": "2.21.0"}),
        device="CPU",
        threads=2,
        busy=0.4,
        target=0.8,
        against_itself=itself,
        measurements=tuple(measurements),
        rows=tuple(rows_of(measurements, 0.1)),
    )


MEASUREMENTS = [
    measured("training-speed", "tfidf-mlp", 1.5),
    measured("training-speed", "text-cnn", 1.02),
    measured("training-speed", "text-cnn", 1.0, batch_size=128),
    measured("training-speed", "text-cnn", 0.5, mode="defaults", busy=0.6),
    measured("inference-speed", "tfidf-mlp", 0.5),
    measured("import-time", None, 2.0, batch_size=None, unit="s"),
    measured("memory", "tfidf-mlp", 2.5, unit="MiB"),
]


def finished(measurements: Sequence[Measurement], itself: bool = False, **asked: Any) -> Study:
    study = start_study("benchmark", BenchmarkRequest(against_itself=itself, **asked).to_json())
    study.write_results(to_json(results(measurements, itself)))
    study.write_status(Status(state="done", message="Finished"))
    return study


def test_before_the_first_benchmark(open_page: OpenPage, no_process: list[str]) -> None:
    page = open_page("benchmark")
    assert not page.exception
    assert "Is the difference negligible?" in words(page) and "equivalence test" in words(page)
    assert "minutes. It waits behind runs" in words(page)
    page.button(key="start_benchmark").click().run()
    assert not page.exception and len(no_process) == 1
    (study,) = list_studies("benchmark")
    assert BenchmarkRequest.from_json(study.read_request()) == BenchmarkRequest(data=BenchmarkRequest.from_json(study.read_request()).data)
    assert page.button(key="start_benchmark").disabled, "one at a time"


def test_without_a_classifier_there_is_nothing_to_start(open_page: OpenPage) -> None:
    page = open_page("benchmark")
    page.multiselect(key="benchmark_names").set_value([]).run()
    assert "Choose at least one classifier." in words(page)
    assert not [button for button in page.button if button.key == "start_benchmark"]


def test_a_thorough_one_takes_longer_and_leaves_out_what_cannot_be_compiled(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    page = open_page("benchmark")
    page.segmented_control(key="benchmark_kind").set_value("Thorough").run()
    assert not page.exception
    assert "Compiled models are left out" in words(page) and "no C++ compiler" in words(page)
    page.button(key="start_benchmark").click().run()
    (study,) = list_studies("benchmark")
    assert study.read_request()["modes"] == ["matched", "defaults"] and not study.read_request()["quick"]


def test_what_was_found(open_page: OpenPage) -> None:
    finished(MEASUREMENTS)
    page = open_page("benchmark")
    assert not page.exception
    shown = words(page)
    assert "Training: of 2 comparisons 1 equivalent within ±10 %, PyTorch faster in 1 (by 1.50 ×); answering a batch: of 1 " in shown
    assert charts(page) == 5, "four claims, and the batch sizes of one classifier"
    html = " ".join(element.proto.body for element in page.get("html")).replace("\u00a0", " ")
    assert "PyTorch faster by 1.5 × (1.49 to 1.51)" in html and "others used the machine" in html
    assert "Text CNN, framework defaults, batches of 32" in html
    assert f"width:33.3%;height:4px;border-radius:2px;background:{HUES['tensorflow']}" in html, "towards the larger, as on every page"
    assert f"width:33.3%;height:4px;border-radius:2px;background:{HUES['pytorch']}" not in html
    assert "40 %" in html, "how busy others kept the machine"
    assert "Measure again" in [button.label for button in page.button]


def test_another_margin_draws_other_verdicts(open_page: OpenPage) -> None:
    finished([measured("training-speed", "tfidf-mlp", 1.07)])
    page = open_page("benchmark")
    assert "of 1 comparison 1 equivalent within ±10 %" in words(page)
    page.slider(key="benchmark_margin").set_value(5).run()
    assert not page.exception and "PyTorch faster in 1 (by" in words(page)


def test_two_of_a_kind_are_compared(open_page: OpenPage) -> None:
    finished(MEASUREMENTS)
    finished([*MEASUREMENTS[1:], measured("training-speed", "tfidf-mlp", 1.0)], attempt=2)
    page = open_page("benchmark")
    assert not page.exception and "6 of 7 verdicts are the same as in the other benchmark" in words(page)


def test_against_itself(open_page: OpenPage) -> None:
    twins = ("first", "second")
    measurements = [
        measured("training-speed", "tfidf-mlp", factor, twins, framework=name) for name, factor in zip(FRAMEWORKS, (1.0, 1.5), strict=True)
    ]
    finished(measurements, itself=True)
    page = open_page("benchmark")
    assert not page.exception and "1 of 2 rows claim a difference where there is none" in words(page)


def test_one_that_failed_says_why_and_goes_on(open_page: OpenPage, no_process: list[str]) -> None:
    study = start_study("benchmark", BenchmarkRequest().to_json())
    study.write_results(to_json(replace(results(MEASUREMENTS[:1]), repeats=2)))
    study.write_status(Status(state="failed", message="The graphics card has *vanished*."))
    page = open_page("benchmark")
    assert not page.exception and "The graphics card has" in page.error[0].value
    no_process.clear()
    page.button(key="resume_benchmark").click().run()
    assert no_process == [study.identifier]


def test_its_report(tmp_path: Any) -> None:
    study = finished(MEASUREMENTS)
    html = benchmark_report(study)
    for expected in (
        "PyTorch faster by 1.5 ×",
        "measure_speed",
        "python -m engine benchmark --quick",
        "A processor",
        "Every measurement",
        f"Made by Parity {__version__} on",
    ):
        assert expected in html, expected
    assert "<script" not in html and "not finished" not in html
    (file,) = write_benchmark_report(study, tmp_path / "reports").values()
    assert file.read_text().startswith("<!")
    study.write_status(Status(state="stopped", message="Stopped on request."))
    assert "This benchmark is not finished: it shows the first 5 repeats. Stopped on request." in benchmark_report(study)
    empty = start_study("benchmark", BenchmarkRequest(("tfidf-mlp",)).to_json())
    with pytest.raises(RunError, match="Expected at least two finished repeats"):
        benchmark_report(empty)


def test_the_command_that_repeats_it() -> None:
    assert repeating_command(BenchmarkRequest()) == "python -m engine benchmark --quick"
    request = BenchmarkRequest(("text-cnn",), False, 7, ("defaults",), 0.05, device="cpu")
    assert repeating_command(request) == (
        "python -m engine benchmark --modes defaults --classifier text-cnn --repeats 7 --margin 0.05 --device cpu"
    )
