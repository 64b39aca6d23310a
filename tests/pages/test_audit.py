"""Audit: both studies in each of their states, and the sentences, tables and charts of what they found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import escape
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from engine import FRAMEWORKS
from engine.display.palette import LEVEL_DASHES, LEVEL_HUES
from engine.errors import RunError
from engine.runs.records.reading import to_json
from engine.runs.status import Status
from engine.shared.classifiers import CLASSIFIERS
from engine.shared.recipe import EVERY_DEFAULT
from engine.studies.ablation import COMPILED, AblationRequest
from engine.studies.ablation_results import AblationResults, FlipRow
from engine.studies.audit import LEVELS, REMAINS, AuditRequest
from engine.studies.audit_results import AuditResults
from engine.studies.study import Study, list_studies, start_study
from engine.workers.requests.ablation import TrainingFigures
from pages.parts.studies import ablation_view, audit_view, study_view
from tests.made_up_results import audit_results
from tests.pages.conftest import charts, words

OpenPage = Callable[..., AppTest]

pytestmark = pytest.mark.usefixtures("no_process")


def ablation_results(beyond: bool = True) -> AblationResults:
    rows = []
    for framework in FRAMEWORKS:
        for aspect, change in (("initialiser", 0.004), ("epsilon", 0.02), ("shuffling", -0.001)):
            strong = beyond and aspect == "epsilon" and framework == "tensorflow"
            rows.append(
                FlipRow(
                    framework=framework,
                    aspect=aspect,
                    beyond_noise=strong,
                    beyond_noise_of=("final_loss",) if strong else (),
                    final_loss=0.3,
                    final_loss_change=change,
                    final_loss_spread=0.001,
                    accuracy=0.9,
                    accuracy_change=-change,
                    accuracy_spread=0.01,
                    seconds=1.2,
                    seconds_change=1 + change,
                    seconds_spread=0.05,
                )
            )
    return AblationResults(
        classifier="embedding-mlp",
        seeds=3,
        epochs=10,
        data="support_messages.csv",
        rows=tuple(rows),
        noise=dict.fromkeys(FRAMEWORKS, TrainingFigures(final_loss=0.005, accuracy=0.01, seconds=0.02)),
        matched=dict.fromkeys(FRAMEWORKS, TrainingFigures(final_loss=0.3, accuracy=0.9, seconds=1.0)),
        flips={"epsilon": "words <i>of</i> the engine"},
        notes=("Both used the CPU.",),
    )


def study(kind: str, state: str, results: AuditResults | AblationResults | None = None, **status: Any) -> Study:
    request = AuditRequest(**status.pop("request", {})).to_json() if kind == "audit" else AblationRequest().to_json()
    made = start_study(kind, request)
    if results is not None:
        made.write_results(to_json(results))
    made.write_status(Status(state=state, **status))
    return made


def test_an_empty_page_says_what_will_be_here_and_how_long_it_takes(open_page: OpenPage) -> None:
    page = open_page("audit")
    assert not page.exception
    shown = words(page)
    assert "down to the last bit?" in shown and "once: the result is kept" in shown
    assert page.button("start_audit").label == "Run the audit" and page.button("start_ablation")
    assert "Which default makes the difference" in shown and "from matched mode" in shown.lower()
    assert not charts(page)


def test_a_finished_audit_answers_first(open_page: OpenPage) -> None:
    study("audit", "done", audit_results(), share=1.0)
    page = open_page("audit")
    assert not page.exception
    answer = next(element.value for element in page.markdown if element.value.startswith("####")).replace("\\", "")
    assert "at most 2.80 × 10⁻¹⁶ of the loss (Embedding MLP) to 2.80 × 10⁻¹³ (Transformer) over 3 steps in float64" in answer
    shown = words(page)
    assert "rounding grows to at most 3.00 × 10⁻⁶" in shown
    for level in LEVELS.values():
        assert level.title in shown and escape(level.sentence) in shown
    assert "bar 10⁻¹⁴, met" in shown and "logits differ by at most 2.00 × 10⁻⁷" in shown
    assert "&lt;b&gt;" in shown or "<b>my</b> file.csv" in shown, "a file's name is shown as it is"
    assert charts(page) == 1


def test_each_audited_classifier_can_be_looked_at(open_page: OpenPage) -> None:
    study("audit", "done", audit_results())
    page = open_page("audit")
    for classifier in CLASSIFIERS:
        page.segmented_control("audited_classifier").set_value(classifier).run()
        assert not page.exception
        remains = REMAINS.get(classifier, "")
        assert not remains or remains in words(page)


def test_a_study_under_way_shows_how_far_it_is_and_can_be_stopped(open_page: OpenPage) -> None:
    made = study("audit", "running", message="text-cnn: same batches, PyTorch", share=0.4, seconds_left=70.0)
    page = open_page("audit")
    assert not page.exception
    [bar] = page.get("progress")
    assert bar.proto.value == 40 and "about a minute left" in bar.proto.text and "same batches" in bar.proto.text
    assert page.button("start_audit").disabled and not page.button("start_ablation").disabled
    page.button("stop_audit").click().run()
    assert not page.exception and made.stop_requested()
    assert page.button("stop_audit").disabled


def test_partial_results_are_shown_while_it_runs(open_page: OpenPage) -> None:
    study("audit", "running", replace(audit_results("embedding-mlp", levels=2), transfers=()), share=0.1)
    page = open_page("audit")
    assert not page.exception
    shown = words(page)
    assert "The largest difference so far is 8.0 % of the loss" in shown and "No classifier has been audited to the end yet" in shown
    assert "Carried across" not in shown and page.button("stop_audit")


def test_the_end_of_a_study_redraws_the_page(open_page: OpenPage) -> None:
    made = study("audit", "running", share=0.9)
    page = open_page("audit")
    made.write_results(to_json(audit_results()))
    made.write_status(Status(state="done"))
    page.run()
    assert not page.exception and not page.get("progress") and charts(page) == 1


@pytest.mark.parametrize(("state", "kind"), [("failed", "audit"), ("stopped", "audit"), ("failed", "ablation"), ("stopped", "ablation")])
def test_a_study_that_did_not_end_says_so_and_goes_on(open_page: OpenPage, no_process: list[str], state: str, kind: str) -> None:
    made = study(kind, state, message="The worker was <b>killed</b>.")
    page = open_page("audit")
    assert not page.exception
    assert "The worker was <b>killed</b>." in words(page)
    assert len(page.error) == (1 if state == "failed" else 0)
    page.button(f"resume_{kind}").click().run()
    assert not page.exception
    assert no_process == [made.identifier] * 2 and made.read_status().active


def test_the_button_starts_what_was_asked_once(open_page: OpenPage, no_process: list[str]) -> None:
    page = open_page("audit")
    page.multiselect("audit_of").set_value(["text-cnn"]).run()
    page.number_input("audit_steps").set_value(7).run()
    page.button("start_audit").click().run()
    assert not page.exception
    [made] = list_studies("audit")
    assert made.read_request()["classifiers"] == ["text-cnn"] and made.read_request()["steps"] == 7
    assert no_process == [made.identifier] and page.get("progress")


def test_nothing_chosen_is_said_in_a_sentence(open_page: OpenPage) -> None:
    page = open_page("audit")
    page.multiselect("audit_of").set_value([]).run()
    assert not page.exception
    assert "the classifiers must be among" in words(page)


def test_a_cached_study_is_shown_at_once(open_page: OpenPage, no_process: list[str]) -> None:
    study("audit", "done", audit_results("text-cnn"), request={"classifiers": ("text-cnn",)}, created=1.0)
    study("audit", "done", audit_results("bi-lstm"), request={"classifiers": ("bi-lstm",)}, created=2.0)
    page = open_page("audit")
    assert "Bi-LSTM" in page.markdown[0].value.replace("\\", ""), "the last one"
    page.multiselect("audit_of").set_value(["text-cnn"]).run()
    page.button("start_audit").click().run()
    assert not page.exception
    assert "Text CNN" in page.markdown[0].value and len(no_process) == 2, "nothing was started again"


def test_a_disk_that_refuses_is_said(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise RunError("The study cannot be started: no space. Free some.")

    monkeypatch.setattr(study_view, "start_study", refuse)
    page = open_page("audit")
    page.button("start_ablation").click().run()
    assert not page.exception
    assert "cannot be started" in page.error[0].value


# --- Which default makes the difference ---


def test_the_strongest_default_is_named(open_page: OpenPage) -> None:
    study("ablation", "done", ablation_results())
    page = open_page("audit")
    assert not page.exception
    shown = words(page)
    assert "Of 3 defaults, leaving Adam’s ε to Keras changes the final training loss most: by +0.0200" in shown
    assert "where another seed alone moves it by 0.005" in shown
    assert "−0.00100 ± 0.00100" in shown and "words <i>of</i> the engine" in shown and "Both used the CPU." in shown
    for measure in ablation_view.MEASURES:
        page.segmented_control("ablation_measure").set_value(measure).run()
        assert not page.exception and charts(page) == 1


def test_noise_is_called_noise() -> None:
    results = ablation_results(beyond=False)
    assert ablation_view.ablation_answer(results).startswith("None of 3 defaults")
    for measure in ablation_view.MEASURES:
        assert "more than another seed does" in ablation_view.measure_sentence(results, measure)


def test_times_are_changes_in_percent_and_noise_has_a_floor() -> None:
    table = ablation_view.changes(ablation_results(), "seconds")
    assert table["change"].tolist()[1] == pytest.approx(2.0) and table["noise"].tolist()[0] == 5.0
    assert ablation_view.changes(ablation_results(), "accuracy")["change"].tolist()[1] == pytest.approx(-2.0)


def test_a_study_without_any_figure_yet_is_no_error(open_page: OpenPage) -> None:
    study("ablation", "running", share=0.0)
    page = open_page("audit")
    assert not page.exception and page.get("progress")


def test_every_choice_has_a_name_and_every_level_a_look() -> None:
    assert set(ablation_view.ASPECTS) == {*EVERY_DEFAULT, COMPILED}
    assert list(LEVEL_HUES) == list(LEVEL_DASHES) == list(LEVELS)
    assert len({(hue, tuple(dash)) for hue, dash in zip(LEVEL_HUES.values(), LEVEL_DASHES.values(), strict=True)}) == len(LEVELS)


def test_a_difference_of_nothing_can_be_drawn() -> None:
    rows = audit_view.rows_of(audit_results("embedding-mlp"), "embedding-mlp")
    specification = audit_view.peel_chart(rows).complete()
    values = next(iter(specification["datasets"].values()))
    assert min(value["difference"] for value in values) == audit_view.NO_DIFFERENCE
    assert audit_view.part_of_the_loss(0.0) == "nothing"
    assert audit_view.peel_chart([]).complete() and audit_view.audit_answer(AuditResults())
