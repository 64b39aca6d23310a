"""The benchmark: what may be asked, what its figures mean, and small ones for real."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import FRAMEWORKS
from engine.errors import ExperimentError, TrainingError
from engine.runs.processes.channel import WorkerProcess
from engine.shared.classifiers import CLASSIFIERS
from engine.studies import study as studies
from engine.studies.benchmark.charts import round_values, row_words
from engine.studies.benchmark.measure import CollectedAnswers
from engine.studies.benchmark.request import BATCH_SIZES, SEQUENCE_LENGTHS, BenchmarkRequest, Setting, attempts, next_attempt
from engine.studies.benchmark.results import BenchmarkResults, Measurement
from engine.studies.benchmark.verdicts import benchmark_table, faster_than_itself, row_verdict, rows_of, same_verdicts
from engine.studies.results import read_results
from engine.studies.study import start_study
from engine.workers.jobs.benchmark import plan_of, rounds_of, stretched
from engine.workers.requests.benchmark import SpeedAnswer, TargetAnswer
from tests.driving import processes_about, small_data


def test_a_request_survives_its_folder_and_has_defaults() -> None:
    request = BenchmarkRequest(("text-cnn", "tfidf-mlp"), False, 7, ("defaults",), 0.05, False, small_data(), "some/encoder", "cpu", 3)
    assert request.classifiers == ("tfidf-mlp", "text-cnn"), "in one order, so that the same question is the same study"
    assert request.modes == ("matched", "defaults"), "matched mode is what others are set against"
    assert BenchmarkRequest.from_json(request.to_json()) == request
    usual = BenchmarkRequest.from_json({})
    assert usual.classifiers == tuple(CLASSIFIERS) and usual.quick and usual.repeats == 5 and usual.modes == ("matched",)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"classifiers": ("svm",)}, "expected a classifier among embedding-mlp.* found “svm”"),
        ({"classifiers": ()}, "found none"),
        ({"modes": ("fast",)}, "expected a mode among matched, defaults, compiled, found “fast”"),
        ({"repeats": 4}, "between 5 and 30, but is 4: with fewer nothing could be concluded"),
        ({"margin": 0.9}, "between 0.01 and 0.5"),
        ({"device": "abacus"}, "device must be one of"),
    ],
)
def test_what_cannot_be_measured(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ExperimentError, match=words):
        BenchmarkRequest(**wrong)


def test_a_thorough_benchmark_sweeps_batch_sizes_and_lengths() -> None:
    request = BenchmarkRequest(quick=False)
    sizes = [setting.batch_size for setting in request.settings("tfidf-mlp") if setting.mode == "matched"]
    assert sizes == [32, *BATCH_SIZES]
    assert [setting.tokens for setting in request.settings("bi-lstm") if setting.tokens] == list(SEQUENCE_LENGTHS)
    assert not any(setting.tokens for setting in request.settings("embedding-mlp")), "it reads no tokens"
    assert {setting.mode for setting in request.settings("text-cnn")} == {"matched", "defaults", "compiled"}
    small, large = Setting("tfidf-mlp", "matched", 8), Setting("tfidf-mlp", "matched", 128)
    assert request.amount(small).steps == request.amount(Setting("tfidf-mlp", "matched", 32)).steps == 4 * request.amount(large).steps


def answer(step_milliseconds: float, **facts: Any) -> SpeedAnswer:
    return SpeedAnswer(**{"step_milliseconds": step_milliseconds, "first_step_seconds": 0.5, "import_seconds": 2.0} | facts)


def target(seconds: float | None) -> TargetAnswer:
    return TargetAnswer(target_seconds=seconds, target_epochs=3)


def test_figures_are_paired_by_repeat_and_an_import_counts_once_a_process() -> None:
    collected, first, second = CollectedAnswers(), Setting("tfidf-mlp", "matched", 32), Setting("text-cnn", "matched", 32)
    for step in (1.0, 2.0):
        for setting in (first, second):
            collected.add(setting, "pytorch", answer(step_milliseconds=step, busy=0.5, peak_rss_mib=None if setting is second else 300.0))
            collected.add(setting, "tensorflow", answer(step_milliseconds=2 * step, import_seconds=4.0, peak_rss_mib=600.0))
    measurements = {(row.claim, row.classifier): row for row in collected.measurements(FRAMEWORKS)}
    assert set(measurements) == {
        ("training-speed", "tfidf-mlp"),
        ("training-speed", "text-cnn"),
        ("first-step", "tfidf-mlp"),
        ("first-step", "text-cnn"),
        ("import-time", None),
        ("memory", "tfidf-mlp"),
    }
    assert measurements["training-speed", "text-cnn"].values == {"pytorch": (1.0, 2.0), "tensorflow": (2.0, 4.0)}
    assert measurements["import-time", None].values == {"pytorch": (2.0, 2.0), "tensorflow": (4.0, 4.0)}
    assert measurements["training-speed", "tfidf-mlp"].busy == collected.busy == 0.5


def test_a_repeat_that_lacks_one_side_is_left_out_of_both() -> None:
    collected, setting = CollectedAnswers(), Setting("tfidf-mlp", "matched", 32)
    for first, second in ((1.0, None), (2.0, 4.0), (None, 5.0), (3.0, 6.0)):
        collected.add(setting, "pytorch", target(first))
        collected.add(setting, "tensorflow", target(second))
    collected.add(setting, "pytorch", target(9.0))
    (measurement,) = (row for row in collected.measurements(FRAMEWORKS) if row.claim == "time-to-accuracy")
    assert measurement.values == {"pytorch": (2.0, 3.0), "tensorflow": (4.0, 6.0)}


def test_a_device_that_vanishes_is_told() -> None:
    collected, setting = CollectedAnswers(), Setting("tfidf-mlp", "matched", 32)
    collected.add(setting, "pytorch", answer(1.0, device="cuda"))
    collected.add(setting, "tensorflow", answer(1.0, device="gpu"))
    with pytest.raises(TrainingError, match="made on the GPU, this one ran on the CPU: the graphics card has vanished"):
        collected.add(setting, "pytorch", answer(1.0, device="cpu"))


def measured(claim: str = "training-speed", first: float = 1.0, second: float = 1.0, **more: Any) -> Measurement:
    values = {"pytorch": tuple(first * by for by in (1.0, 1.01, 0.99, 1.005, 0.995)), "tensorflow": (second,) * 5}
    return replace(Measurement(claim=claim, classifier="tfidf-mlp", mode="matched", batch_size=32, unit="ms", values=values), **more)


def test_rows_have_a_verdict_in_words() -> None:
    slower, equal, memory = rows_of([measured(first=1.5), measured(), measured("memory", 100.0, 300.0)], 0.1)
    assert (slower.verdict, equal.verdict, memory.verdict) == ("tensorflow faster", "equivalent", "pytorch smaller")
    assert slower.ratio == pytest.approx(1.5, rel=1e-3) and slower.repeats == 5
    assert slower.pytorch == 1.5 and slower.tensorflow == 1.0 and slower.interval[0] < 1.5 < slower.interval[1]
    assert row_verdict(slower) == "TensorFlow faster by 1.5 × (1.49 to 1.51)"
    assert row_verdict(memory) == "PyTorch smaller by 3 × (2.97 to 3.03)"
    assert row_verdict(equal) == "equivalent"
    (wide,) = rows_of([measured(first=1.5)], 0.5)
    assert wide.verdict == "not enough evidence", "the margin decides"
    (few,) = rows_of([replace(measured(), values={"pytorch": (1.0,), "tensorflow": (2.0,)})], 0.1)
    assert few.interval == (0.0, None) and few.verdict == "not enough evidence"


def test_a_verdict_with_a_factor_needs_no_ratio_beside_it() -> None:
    slower, equal = rows_of([measured(first=1.5), measured()], 0.1)
    assert row_words(slower) == "TensorFlow faster by 1.5 × (1.49 to 1.51)"
    assert row_words(equal).startswith("equivalent; ratio 1.000 (0.99")


def test_round_values_for_an_axis() -> None:
    assert round_values(3.8, 130.0) == [5.0, 10.0, 20.0, 50.0, 100.0]
    assert round_values(0.04, 0.21) == pytest.approx([0.05, 0.1, 0.2])
    assert round_values(5.5, 9.0) == [5.5, 9.0], "an axis without a number would say nothing"


def test_a_target_that_is_not_reached_is_told() -> None:
    collected, setting = CollectedAnswers(), Setting("text-cnn", "matched", 32)
    for seconds in (1.5, None, 2.5):
        collected.add(setting, "pytorch", target(3.0))
        collected.add(setting, "tensorflow", target(seconds))
    [row] = [row for row in collected.measurements(FRAMEWORKS) if row.claim == "time-to-accuracy"]
    assert row.values == {"pytorch": (3.0, 3.0), "tensorflow": (1.5, 2.5)}, "the pairs that are whole"
    assert collected.missed_targets() == [
        "TensorFlow’s text-cnn had not answered 80 % of the validation texts rightly when its epochs ended, in 1 of 3 repeats; those have "
        "no time to that accuracy."
    ]


def test_two_benchmarks_are_compared_question_by_question() -> None:
    rows = rows_of([measured(), measured(classifier="text-cnn", first=2.0), measured("memory", first=2.0)], 0.1)
    others = rows_of([measured(), measured(classifier="text-cnn")], 0.1)
    assert same_verdicts(rows, others) == (1, 2)
    assert [row.classifier for row in faster_than_itself(rows[:2])] == ["text-cnn"]


def test_a_plan_of_steps_goes_on_after_the_texts() -> None:
    plan = plan_of(7, 50, None, 16, seed=3, compiled=False)
    assert len(plan.order) == 7 * 16 and len(plan.widths) == 7
    assert len(set(plan.order[:48])) == 48, "whole batches of the first pass"
    lengths = np.arange(1, 51)
    widths = plan_of(3, 50, lengths, 16, seed=3, compiled=False)
    for number, width in enumerate(widths.widths):
        assert width == lengths[widths.order[16 * number : 16 * (number + 1)]].max()


def test_rounds_begin_after_a_call_that_warms_up() -> None:
    assert rounds_of(3, 10, 5) == [range(5, 15), range(15, 25), range(25, 35)]
    assert rounds_of(2, 50, 25) == [range(25, 75), range(100, 150)], "short steps feel what the other framework has left in the caches"
    assert rounds_of(2, 1, 1) == [range(1, 2), range(2, 3)]


def test_texts_are_cut_or_repeated_to_one_length() -> None:
    tokens = np.array([[5, 6, 0, 0], [1, 2, 3, 4], [0, 0, 0, 0]])
    lengths = np.array([2, 4, 0])
    assert stretched(tokens, lengths, 5).tolist() == [[5, 6, 5, 6, 5], [1, 2, 3, 4, 1], [0, 0, 0, 0, 0]]
    assert stretched(tokens, lengths, 3).tolist() == [[5, 6, 5], [1, 2, 3], [0, 0, 0]]


@pytest.mark.thorough
@pytest.mark.timeout(600)
def test_a_small_benchmark_stopped_and_resumed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, in_this_process: None) -> None:
    request = BenchmarkRequest(("tfidf-mlp",), data=small_data(), device="cpu")
    go, loaded, given, turns = WorkerProcess.go, [], [], []

    def count(worker: WorkerProcess, **facts: Any) -> None:
        if worker.phase == "import":
            loaded.append(worker.framework)
        if given and "turn" in facts and len(given) < 3:
            turns.append(worker.framework)
        if facts.get("kind") == "SpeedRequest":
            given.append((facts["request"]["seed"], worker.framework, worker.process.pid))
            if len(given) == 5:
                studies.list_studies("benchmark")[0].request_stop()
        go(worker, **facts)

    monkeypatch.setattr(WorkerProcess, "go", count)
    study = start_study("benchmark", request.to_json())
    assert study.read_status().state == "stopped", study.read_status().message
    assert read_results(study, BenchmarkResults).repeats == 2, "what is finished can be seen"
    study = start_study("benchmark", request.to_json())
    assert study.read_status().state == "done", study.read_status().message
    assert len({process for *_, process in given}) >= 10, "each repeat has processes of its own"
    assert [(seed, framework) for seed, framework, _ in given[:4]] == [
        (0, "pytorch"), (0, "tensorflow"), (1, "tensorflow"), (1, "pytorch"),
    ], "they take turns, and take turns in who begins"  # fmt: skip
    assert loaded[:4] == ["pytorch", "tensorflow", "tensorflow", "pytorch"], "and in who is loaded first"
    assert turns[:17] == ["tensorflow", "pytorch"] * 8 + ["tensorflow"], "and give way to one another between two rounds"
    assert 10 <= len(given) <= 11
    assert not processes_about(tmp_path)
    results = read_results(study, BenchmarkResults)
    assert (results.repeats, results.device) == (5, "CPU")
    rows = {row.claim: row for row in results.rows}
    assert set(rows) >= {"training-speed", "inference-speed", "single-answer", "first-step", "import-time", "memory"}
    for row in rows.values():
        assert all(row.median(framework) > 0 for framework in FRAMEWORKS) and row.repeats == 5
    assert rows["memory"].verdict == "pytorch smaller", "TensorFlow's libraries alone are twice as large"
    table = benchmark_table(results)
    assert "tfidf-mlp, matched, batches of 32" in table and "PyTorch smaller by" in table
    assert next_attempt(request).attempt == 2
    assert [found.identifier for found in attempts(request)] == [study.identifier]


@pytest.mark.thorough
@pytest.mark.timeout(600)
def test_thorough_settings_and_a_target(monkeypatch: pytest.MonkeyPatch, in_this_process: None) -> None:
    from engine.studies.benchmark import measure as benchmark
    from engine.studies.benchmark import request as benchmark_request

    monkeypatch.setattr(benchmark_request, "BATCH_SIZES", (8,))
    monkeypatch.setattr(benchmark_request, "SEQUENCE_LENGTHS", (16,))
    monkeypatch.setattr(benchmark_request, "FEWEST", 1)
    monkeypatch.setattr(benchmark, "TARGET", 0.2)
    words = benchmark_request.AMOUNTS["words"]._replace(steps=3)
    monkeypatch.setitem(benchmark_request.AMOUNTS, "words", words)
    request = BenchmarkRequest(("text-cnn",), False, 2, ("defaults",), data=small_data(), device="cpu")
    study = start_study("benchmark", request.to_json())
    assert study.read_status().state == "done", study.read_status().message
    rows = {(row.claim, row.mode, row.batch_size, row.sequence_length) for row in read_results(study, BenchmarkResults).rows}
    assert {("training-speed", "matched", 32, None), ("training-speed", "defaults", 32, None)} <= rows
    assert {("training-speed", "matched", 8, None), ("inference-speed", "matched", 32, 16)} <= rows
    assert ("time-to-accuracy", "matched", 32, None) in rows
    assert ("inference-speed", "defaults", 32, None) not in rows, "the same model answers in every mode"


def test_batches_larger_than_the_training_part(in_this_process: None) -> None:
    request = BenchmarkRequest(("tfidf-mlp",), quick=False, data=small_data(), device="cpu")
    study = start_study("benchmark", request.to_json())
    assert study.read_status().state == "failed"
    assert "times whole batches of 128. Expected at least 128 texts" in study.read_status().message


@pytest.mark.thorough
@pytest.mark.timeout(600)
def test_against_itself(monkeypatch: pytest.MonkeyPatch, in_this_process: None) -> None:
    from engine.studies.benchmark import request as benchmark_request

    monkeypatch.setattr(benchmark_request, "FEWEST", 1)
    request = BenchmarkRequest(("tfidf-mlp",), repeats=2, against_itself=True, data=small_data(), device="cpu")
    go, turns = WorkerProcess.go, []

    def count(worker: WorkerProcess, **facts: Any) -> None:
        if "turn" in facts and worker.phase == "work":
            turns.append((worker.name, worker.process.pid))
        go(worker, **facts)

    monkeypatch.setattr(WorkerProcess, "go", count)
    study = start_study("benchmark", request.to_json())
    assert study.read_status().state == "done", study.read_status().message
    rows = read_results(study, BenchmarkResults).rows
    assert {row.framework for row in rows} == set(FRAMEWORKS)
    assert all(row.first > 0 and row.second > 0 for row in rows)
    assert "rows claim a difference where there is none" in benchmark_table(read_results(study, BenchmarkResults))
    names = [name for name, _ in turns]
    assert names[:6] == ["pytorch first", "pytorch second"] * 3, "they give way to one another as two frameworks do"
    assert len(set(turns)) == 2 * 2 * len(FRAMEWORKS), "in each repeat two fresh processes of each framework"
