"""The course: lessons that show what runs and lead where they say, and questions that results answer, real ones and recorded ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import FRAMEWORKS
from engine.course.answers import AnswerFromRuns, AnswerFromStudy
from engine.course.fundamentals import WORD_COUNTS
from engine.course.lesson import MADE_ONCE, Lesson
from engine.course.lessons import LESSONS
from engine.course.verdicts import accuracy_of_one, became_of, faster_answer, more_accurate, size_of_difference
from engine.errors import RunError
from engine.results.sentences import FORMATS
from engine.runs import launching
from engine.runs.folder import Run, create_run
from engine.runs.index import run_rows
from engine.runs.records.outcome import Outcome
from engine.runs.records.reading import to_json
from engine.runs.records.results import FrameworkResults, Results
from engine.runs.source_code import present_code
from engine.runs.status import Status, WorkProgress
from engine.shared.classifiers import CLASSIFIERS
from engine.source.snippets import STAGES
from engine.studies import study as studies
from engine.studies.audit import AuditRequest
from engine.studies.mistake_catalogue import MISTAKES
from engine.studies.mistake_results import MuseumResults
from engine.studies.mistakes import MuseumRequest
from engine.studies.study import list_studies, start_study
from engine.workers.requests.mistakes import Observation
from tests.made_up_results import ERROR, RIGHT, audit_results, mistake_row, observed
from tests.pages.conftest import CLASSES, results, write_data, write_predictions

PROJECT = Path(__file__).parents[2]
ALL = pytest.mark.parametrize("lesson", LESSONS.values(), ids=[f"week {week}" for week in LESSONS])


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of runs and studies that would have been started; nothing is."""
    started: list[str] = []
    monkeypatch.setattr(launching, "launch", lambda run: started.append(run.identifier))
    monkeypatch.setattr(studies, "detach", lambda module, folder: started.append(folder.name))
    return started


def finished(wrong: int = 0, **changes: Any) -> Run:
    """A done run of week 1's settings, with ``wrong`` of 40 test texts answered wrongly by both frameworks."""
    run = create_run(WORD_COUNTS)
    write_data(run)
    predictions = {framework: write_predictions(run, framework) for framework in FRAMEWORKS}
    for framework, frame in predictions.items():
        frame["prediction"] = frame["label"]
        frame.loc[: wrong - 1, "prediction"] = [CLASSES[(CLASSES.index(label) + 1) % 3] for label in frame["label"][:wrong]]
        frame.to_parquet(run.predictions_file(framework))
    made = results(run, predictions)
    sides = {framework: replace(side, **changes.get(framework, {})) for framework, side in made.frameworks.items()}
    run.write_results(replace(made, frameworks=sides))
    run.write_status(Status(state="done", phase="end"))
    return run


# --- What a lesson says and shows ------------------------------------------------------------------------------------------------------


def test_the_eight_weeks_are_those_of_the_guide() -> None:
    assert list(LESSONS) == list(range(1, 9)) and all(lesson.week == week for week, lesson in LESSONS.items())
    assert LESSONS[2].title.startswith("PyTorch") and LESSONS[3].title.startswith("TensorFlow and Keras")
    assert "From here on the framework is your choice" in LESSONS[4].text


@ALL
def test_a_lesson_is_complete_and_short(lesson: Lesson) -> None:
    assert lesson.goal.endswith(".") and 120 <= len(lesson.text.split()) <= 330
    assert 2 <= len(lesson.shown) <= 3 and len(lesson.question.options) >= 3
    assert lesson.question.why and lesson.exercise.expect and lesson.exercise.links


@ALL
def test_what_a_lesson_shows_is_the_code_that_runs(lesson: Lesson) -> None:
    files = present_code()
    for shown in lesson.shown:
        assert shown.classifier in CLASSIFIERS and shown.stage in (*STAGES, MADE_ONCE)
        columns, shared = shown.columns(), shown.shared()
        found = {piece.name for pieces in (*columns.values(), shared) for piece in pieces}
        assert found == set(shown.names), f"week {lesson.week}, {shown.title}: found only {found}"
        if shown.stage == MADE_ONCE:
            assert shared and not columns
        else:
            assert list(columns) == list(FRAMEWORKS) and all(columns.values()), "something of both, PyTorch first"
        for piece in (*shared, *(piece for pieces in columns.values() for piece in pieces)):
            assert piece.source in files[piece.file]


@ALL
def test_every_page_that_a_lesson_links_to_is_in_the_dashboard(lesson: Lesson) -> None:
    dashboard = (PROJECT / "dashboard.py").read_text(encoding="utf-8")
    for link in lesson.exercise.links:
        assert (PROJECT / "pages" / f"{link.page}.py").is_file() and f'"pages/{link.page}.py"' in dashboard
        assert link.query.get("classifier", "text-cnn") in CLASSIFIERS


# --- Questions are answered by results -------------------------------------------------------------------------------------------------


def test_a_real_run_answers_every_question_that_runs_answer(sample_run: Run) -> None:
    answered = 0
    for lesson in LESSONS.values():
        answer = lesson.question.answer
        if isinstance(answer, AnswerFromRuns):
            verdict = answer.judge([sample_run] * len(answer.experiments))
            assert verdict.right in lesson.question.options, lesson.title
            assert verdict.rows and all(unit in FORMATS and list(values) == list(FRAMEWORKS) for _, values, unit in verdict.rows)
            assert "in PyTorch" in verdict.sentence and "in TensorFlow" in verdict.sentence
            assert (verdict.right == "alike") == (len(answer.experiments) == 2), "a run is not better than itself"
            answered += 1
    assert answered == 5


def test_an_accuracy_lies_in_a_range() -> None:
    judge = accuracy_of_one((0.4, 0.5, 0.8))
    verdict = judge([finished(8)])
    assert verdict.right == "3", "0.8 has been reached"
    assert verdict.sentence == (
        "80.0 % in PyTorch and 80.0 % in TensorFlow of 40 test texts are put into the right class. "
        "Always answering the most frequent class would reach 35.0 %."
    )
    assert judge([finished(30)]).right == "0" and judge([finished(22)]).right == "1"


def test_one_run_is_better_than_another_only_beyond_the_noise() -> None:
    judge = more_accurate("First", "Second")
    right, poor, nearly = finished(0), finished(20), finished(1)
    assert judge([poor, right]).right == "better" and judge([right, poor]).right == "worse"
    verdict = judge([nearly, right])
    assert verdict.right == "alike"
    both = dict.fromkeys(FRAMEWORKS, 0.975), dict.fromkeys(FRAMEWORKS, 1.0)
    assert verdict.rows == (("First", both[0], "share"), ("Second", both[1], "share"))
    assert verdict.sentence.startswith("First: 97.5 % in PyTorch and 97.5 % in TensorFlow. Second: 100 % in PyTorch")
    assert "+2.5 points in PyTorch (95 % interval" in verdict.sentence and "Where an interval holds 0" in verdict.sentence
    assert "Where an interval holds 0" not in judge([right, poor]).sentence


def test_runs_on_other_test_texts_cannot_be_compared() -> None:
    judge, first, second = more_accurate("First", "Second"), finished(), finished()
    frame = second.read_predictions("tensorflow")
    assert frame is not None
    frame.iloc[1:].to_parquet(second.predictions_file("tensorflow"))
    with pytest.raises(RunError, match="expected the same test rows in both"):
        judge([first, second])
    second.predictions_file("pytorch").unlink()
    with pytest.raises(RunError, match="Start both runs again"):
        judge([first, second])


def test_the_faster_one_leads_by_a_tenth_or_they_are_equal() -> None:
    verdict = faster_answer([finished()])
    assert verdict.right == "pytorch"
    assert verdict.sentence == (
        "From text to answer, half of all calls take less than 9.00 ms in PyTorch and 16.2 ms in TensorFlow: "
        "PyTorch is 1.80 × as fast, in this run."
    )
    other = finished(pytorch={"latency_ms": {"single_p50": 9.0}}, tensorflow={"latency_ms": {"single_p50": 8.5}})
    assert faster_answer([other]).right == "equal" and "less than a tenth lies between them" in faster_answer([other]).sentence
    swift = finished(tensorflow={"latency_ms": {"single_p50": 4.5}})
    assert faster_answer([swift]).right == "tensorflow"


def museum_results(mistake: str, *outcomes: tuple[str, Observation], **facts: Any) -> MuseumResults:
    pair = zip(FRAMEWORKS, outcomes, strict=True)
    return MuseumResults(rows=tuple(mistake_row(mistake, name, *outcome, 0.4, **facts) for name, outcome in pair))


def test_what_became_of_a_mistake_is_told_of_both() -> None:
    mistake = "softmax_before_loss"
    found = museum_results(mistake, ("silent", observed([1.6, 1.5], 0.4)), ("warned", observed(RIGHT, 0.8)))
    verdict = became_of(mistake, "tensorflow")(found)
    assert verdict.right == "warned"
    assert verdict.sentence.startswith("TensorFlow: A warning, no stop; right on 80.0 % of held-out texts instead of 85.0 %")
    assert "PyTorch: Not caught; right on 40.0 %" in verdict.sentence
    assert became_of(mistake, "pytorch")(found).right == "silent"
    stopped = museum_results(mistake, ("stopped", observed([], None, error=ERROR)), ("crashed", Observation()), when="first step", step=1)
    verdict = became_of(mistake, "pytorch")(stopped)
    assert verdict.right == "stopped" and "Stopped at the first step, with IndexError. TensorFlow: The process died." in verdict.sentence
    assert became_of(mistake, "tensorflow")(stopped).right == "stopped", "a process that died did not train to the end"
    with pytest.raises(RunError, match="Make the mistakes again"):
        became_of("wrong_shape", "pytorch")(found)


@pytest.mark.parametrize(("difference", "key"), [(0.0, "zero"), (2.8e-16, "last-digits"), (3e-8, "single"), (1e-3, "visible")])
def test_how_far_two_losses_drift_apart(difference: float, key: str) -> None:
    audited = audit_results("tfidf-mlp")
    rows = [replace(row, max_relative_loss_difference=difference) if row.level == "exact-constants" else row for row in audited.rows]
    audited = replace(audited, rows=tuple(rows))
    verdict = size_of_difference("tfidf-mlp")(audited)
    assert verdict.right == key and verdict.right in LESSONS[7].question.options
    assert verdict.sentence.startswith("In 3 steps the two losses differ by at most ")
    assert "The same in float32: 3.00 × 10⁻⁶. As the frameworks come: 0.0800." in verdict.sentence
    with pytest.raises(RunError, match=r"no result for text-cnn at the level 'as-they-come'\. Run the audit again"):
        size_of_difference("text-cnn")(audited)


# --- Results are looked for before anything is started -----------------------------------------------------------------------------------


def test_a_check_starts_what_is_missing_and_waits_for_the_rest(launched: list[str]) -> None:
    answer = LESSONS[4].question.answer
    assert isinstance(answer, AnswerFromRuns)
    there = finished()
    assert [need.state for need in answer.needs()] == ["done", "missing"] and answer.verdict() is None
    alone = answer.seconds()
    assert alone > 0
    answer.start()
    [started] = launched
    assert Run(there.path.parent / started).read_experiment() == answer.experiments["Learning rate 0.00001"]
    assert [need.state for need in answer.needs()] == ["done", "active"]
    answer.start()
    assert launched == [started], "it is under way"


def test_progress_and_time_left_are_those_of_the_run(launched: list[str]) -> None:
    answer = LESSONS[1].question.answer
    answer.start()
    run = run_rows()[0].run
    sides = {"pytorch": WorkProgress(1.0, 0.0), "tensorflow": WorkProgress(0.5, 4.0)}
    run.write_status(Status(state="running", message="Training", phase="train", progress=sides))
    [need] = answer.needs()
    assert (need.state, need.message, need.share, need.seconds_left) == ("active", "Training", 0.75, 4.0)


def test_a_run_that_ended_early_is_resumed_and_a_damaged_one_begun_anew(launched: list[str]) -> None:
    answer = LESSONS[1].question.answer
    answer.start()
    run = run_rows()[0].run
    run.write_status(Status(state="failed", message="The worker was killed.", phase="end"))
    [need] = answer.needs()
    assert (need.state, need.message) == ("ended", "The worker was killed.") and answer.verdict() is None
    answer.start()
    assert launched == [run.identifier] * 2 and run.read_status().state == "queued", "resumed"
    for framework in FRAMEWORKS:
        run.write_outcome(framework, Outcome(stop_reason="diverged"))
    run.write_results(Results())
    run.write_status(Status(state="failed", phase="end"))
    answer.start()
    assert len(launched) == 3 and launched[-1] != run.identifier, "a run that would end so again is not resumed"


def test_finished_results_answer_at_once(launched: list[str]) -> None:
    answer = LESSONS[1].question.answer
    finished(8)
    verdict = answer.verdict()
    assert verdict is not None and verdict.right == "2" and answer.seconds() == 0
    answer.start()
    assert not launched
    partial = finished()
    partial.write_results(Results(frameworks={"pytorch": FrameworkResults()}))
    assert answer.verdict() == verdict, "a run of one framework answers nothing; the earlier one does"


def test_a_study_or_a_wider_one_answers(launched: list[str]) -> None:
    answer = LESSONS[2].question.answer
    assert isinstance(answer, AnswerFromStudy)
    assert [need.state for need in answer.needs()] == ["missing"] and answer.seconds() > 0
    answer.start()
    [study] = list_studies("museum")
    assert study.read_request() == {"only": ["forgotten_zero_grad"]} and launched == [study.identifier]
    study.write_status(Status(state="stopped", message="Stopped on request."))
    assert [(need.state, need.message) for need in answer.needs()] == [("ended", "Stopped on request.")]
    whole = start_study("museum", MuseumRequest().to_json())
    whole.write_status(Status(state="running", share=0.3, seconds_left=9.0))
    [need] = answer.needs()
    assert (need.state, need.share, need.source) == ("active", 0.3, whole), "somebody is making all mistakes"
    silent = ("silent", observed([1.6, 9.0], 0.2))
    whole.write_results(to_json(museum_results("forgotten_zero_grad", silent, silent)))
    whole.write_status(Status(state="done"))
    verdict = answer.verdict()
    assert verdict is not None and verdict.right == "silent" and answer.seconds() == 0


def test_a_study_without_its_results_says_so(launched: list[str]) -> None:
    answer = LESSONS[7].question.answer
    answer.start()
    [study] = list_studies("audit")
    assert study.read_request() == AuditRequest(("tfidf-mlp",), 20).to_json()
    study.write_status(Status(state="done"))
    with pytest.raises(RunError, match=r"gone from its folder\. Start it again"):
        answer.verdict()


def test_mistakes_that_are_asked_about_are_in_the_museum() -> None:
    asked = [
        list(answer.request().only)
        for lesson in LESSONS.values()
        if isinstance(answer := lesson.question.answer, AnswerFromStudy) and answer.kind == "museum"
    ]
    assert asked == [["forgotten_zero_grad"], ["softmax_before_loss"]] and all(name in MISTAKES for [name] in asked)
