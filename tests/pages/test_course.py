"""Course: every lesson by its address, a prediction before the answer, the answer in each of its states, and the dictionary."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine import FRAMEWORKS
from engine.course.api_dictionary import entries
from engine.course.fundamentals import WORD_COUNTS
from engine.course.lessons import LESSONS
from engine.runs import launching
from engine.runs.folder import Run, create_run
from engine.runs.index import run_rows
from engine.runs.records.reading import to_json
from engine.runs.status import Status
from engine.studies import study as studies
from engine.studies.mistake_results import MuseumResults
from engine.studies.study import list_studies
from tests.made_up_results import mistake_row, observed
from tests.pages.conftest import results, words, write_data, write_predictions

OpenPage = Callable[..., AppTest]
PAGE = Path(__file__).parents[2] / "pages" / "course.py"


@pytest.fixture(autouse=True)
def launched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of runs and studies that would have been started; nothing is."""
    started: list[str] = []
    monkeypatch.setattr(launching, "launch", lambda run: started.append(run.identifier))
    monkeypatch.setattr(studies, "detach", lambda module, folder: started.append(folder.name))
    return started


def finish(run: Run) -> None:
    """The recorded results of the conftest, with 90 and 87.5 % of the test texts right."""
    write_data(run)
    run.write_results(results(run, {framework: write_predictions(run, framework) for framework in FRAMEWORKS}))
    run.write_status(Status(state="done", phase="end"))


def predict(page: AppTest, week: int, option: str) -> AppTest:
    page.radio(f"prediction_{week}").set_value(option).run()
    assert not page.exception
    page.button(f"check_{week}").click().run()
    assert not page.exception
    return page


@pytest.mark.parametrize("week", LESSONS)
def test_every_week_has_its_address_and_shows_both_columns(open_page: OpenPage, week: int) -> None:
    page = open_page("course", week=str(week))
    assert not page.exception
    lesson, shown = LESSONS[week], words(page)
    assert page.header[0].value == f"Week {week}: {lesson.title}" and lesson.goal in shown
    assert page.radio(f"prediction_{week}").value is None and page.button(f"check_{week}").disabled
    assert lesson.exercise.expect in shown and "Measured" not in shown
    code = [element.value for element in page.code]
    pieces = [piece.source for each in lesson.shown for part in (each.shared(), *each.columns().values()) for piece in part]
    assert code == pieces
    assert "PyTorch" in shown and "TensorFlow" in shown


@pytest.mark.parametrize("week", ["9", "two", ""])
def test_an_address_of_no_week_begins_with_the_first(open_page: OpenPage, week: str) -> None:
    page = open_page("course", week=week)
    assert not page.exception and page.header[0].value.startswith("Week 1:")


def test_every_linked_page_has_an_icon() -> None:
    icons = next(
        node
        for node in ast.parse(PAGE.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ICONS"
    )
    linked = {link.page for lesson in LESSONS.values() for link in lesson.exercise.links}
    assert linked <= set(ast.literal_eval(icons.value))


def test_a_prediction_starts_what_answers_it_and_the_time_is_told_before(open_page: OpenPage, launched: list[str]) -> None:
    page = open_page("course")
    assert "It takes about" in words(page) and "answered by a run of the TF-IDF MLP on the sample" in words(page)
    predict(page, 1, "1")
    [run] = (row.run for row in run_rows())
    assert launched == [run.identifier] and run.read_experiment() == WORD_COUNTS
    shown = words(page)
    assert "You said “40 to 65 %”. Now it is measured." in shown
    [bar] = page.get("progress")
    assert "Word counts" in bar.proto.text and "Waiting to start" in bar.proto.text
    assert page.radio("prediction_1").disabled, "the prediction stands"
    finish(run)
    page.run()
    shown = words(page)
    assert not page.exception and not page.get("progress")
    assert "Measured otherwise" in shown and "You said “40 to 65 %”; what came out is “65 to 90 %”" in shown
    assert "90.0 % in PyTorch and 87.5 % in TensorFlow of 40 test texts" in shown and LESSONS[1].question.why in shown


def test_results_that_are_there_answer_at_once(open_page: OpenPage, launched: list[str]) -> None:
    finish(create_run(WORD_COUNTS))
    page = open_page("course")
    assert "It was measured here before" in words(page) and "90.0 %" not in words(page), "not before the prediction"
    predict(page, 1, "2")
    assert "As you predicted" in words(page) and not launched
    assert "1 of 8 predictions made" in words(page)


def test_a_run_can_be_stopped_and_gone_on_with(open_page: OpenPage, launched: list[str]) -> None:
    page = predict(open_page("course"), 1, "0")
    [run] = (row.run for row in run_rows())
    page.button("stop_check_0").click().run()
    assert not page.exception and run.stop_requested()
    run.write_status(Status(state="stopped", message="Stopped on <b>request</b>.", phase="end"))
    page.run()
    shown = words(page)
    assert not page.exception and "has no result yet: Stopped on <b>request</b>." in shown and "Your prediction is kept" in shown
    page.button("go_on_1").click().run()
    assert not page.exception and launched == [run.identifier] * 2 and page.get("progress")


def test_results_that_cannot_be_read_are_told(open_page: OpenPage) -> None:
    runs = [create_run(asked) for asked in LESSONS[4].question.answer.experiments.values()]  # type: ignore[attr-defined]
    for run in runs:
        finish(run)
    runs[1].predictions_file("pytorch").unlink()
    page = predict(open_page("course", week="4"), 4, "worse")
    assert len(page.error) == 1 and "cannot be compared" in page.error[0].value.replace("\\", "")


def museum_results(mistake: str) -> MuseumResults:
    pair = tuple(mistake_row(mistake, name, "silent", observed([1.6, 9.0], 0.2), 0.3) for name in FRAMEWORKS)
    return MuseumResults(rows=pair, texts=380, data="support_messages.csv")


def test_a_mistake_is_really_made(open_page: OpenPage, launched: list[str]) -> None:
    page = predict(open_page("course", week="2"), 2, "silent")
    [study] = list_studies("museum")
    assert launched == [study.identifier] and study.read_request() == {"only": ["forgotten_zero_grad"]}
    study.write_status(Status(state="running", message="Forgotten zero_grad, PyTorch", share=0.5, seconds_left=8.0))
    page.run()
    [bar] = page.get("progress")
    assert "about 10 seconds left" in bar.proto.text
    study.write_results(to_json(museum_results("forgotten_zero_grad")))
    study.write_status(Status(state="done"))
    page.run()
    shown = words(page)
    assert not page.exception and "As you predicted" in shown
    assert "PyTorch: Not caught; right on 20.0 % of held-out texts instead of 85.0 %" in shown


def test_the_dictionary_is_searched_by_address(open_page: OpenPage) -> None:
    page = open_page("course", search="dropout")
    assert not page.exception
    assert page.text_input("search").value == "dropout"
    shown = words(page)
    assert "torch.nn.Dropout(p)" in shown and "keras.layers.Dropout(rate)" in shown and "torch.nn.Linear" not in shown
    page.text_input("search").set_value("LINEAR kernel").run()
    assert not page.exception and "torch.nn.Linear" in words(page) and "torch.nn.Dropout(p)" not in words(page)


def test_a_search_that_finds_nothing_is_friendly(open_page: OpenPage) -> None:
    page = open_page("course", search="*<b>nothing</b>")
    assert not page.exception
    assert "Nothing is called “*<b>nothing</b>” here" in words(page) and "Try a part of the name" in words(page)


def test_the_whole_dictionary_stands_there_without_a_search(open_page: OpenPage) -> None:
    shown = words(open_page("course"))
    assert f"{sum(1 for _ in entries())} pairs of terms" in shown
    assert all(entry.tensorflow in shown for entry in entries())
