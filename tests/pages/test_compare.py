"""The Compare page in every state that a run can be in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from engine import FRAMEWORKS
from engine.runs.folder import Run
from engine.runs.records.results import ParityFigures
from engine.runs.status import Status
from engine.shared.classifiers import CLASSIFIERS
from tests.pages.conftest import as_classifier, everything_shown

OpenPage = Callable[..., AppTest]


def test_a_finished_run_answers_first(finished_run: Run, open_page: OpenPage) -> None:
    page = open_page("compare", run=finished_run.identifier)
    assert not page.exception
    assert page.title[0].value == "Compare"
    shown = everything_shown(page)
    assert "they agree on 97" in shown and "of 40 test texts" in shown
    for measure in ("Accuracy", "Macro-F1", "Training time", "One text, median", "Batch of 64, median", "Peak memory", "Parameters"):
        assert f">{measure}</span>" in shown, measure
    assert "Always answering the most frequent class" in shown and "They start from the same weights" in shown


def test_every_tab_has_something_to_say(finished_run: Run, open_page: OpenPage) -> None:
    page = open_page("compare", run=finished_run.identifier)
    assert [tab.label for tab in page.tabs] == [
        "Curves", "Confusion matrices", "Per class", "Disagreements (1)", "Fairness", "Downloads"
    ]  # fmt: skip
    shown = everything_shown(page)
    assert "differ on 1 of 40 test texts" in shown
    assert "First-batch logit difference" in shown and "AMD" not in shown
    labels = [button.proto.label for button in page.get("download_button")]
    assert labels == ["Report (HTML)", "Model card (Markdown)", "JSON", "CSV", "CSV", "CSV"]


def test_texts_and_classes_are_shown_as_text(finished_run: Run, open_page: OpenPage) -> None:
    """The fixture's texts and labels try to be markup."""
    page = open_page("compare", run=finished_run.identifier)
    html = "\n".join(element.proto.body for element in page.get("html"))
    assert "&lt;i&gt;Thanks&lt;/i&gt;" in html and "<i>" not in html
    markdown = "\n".join(element.value for element in page.markdown) + "\n".join(element.value for element in page.caption)
    assert "<b>" not in markdown.replace(r"\<b\>", "")


def test_without_a_run_the_page_offers_the_sample(open_page: OpenPage) -> None:
    page = open_page("compare")
    assert not page.exception
    assert page.title[0].value == "No run yet"


@pytest.mark.parametrize("identifier", ["../..", "20260101-000000-abcdef", "", "x" * 500])
def test_an_unknown_run_is_explained(finished_run: Run, open_page: OpenPage, identifier: str) -> None:
    page = open_page("compare", run=identifier)
    assert not page.exception
    assert page.title[0].value == "No such run"


def test_a_run_in_progress_says_so(active_run: Run, open_page: OpenPage) -> None:
    page = open_page("compare", run=active_run.identifier)
    assert not page.exception
    assert page.title[0].value == "No results yet"
    labels = [button.proto.label for button in page.get("download_button")]
    assert labels == ["Report (HTML)", "Model card (Markdown)"], "what there is can be taken away"


def test_a_run_without_a_single_step_has_nothing_to_take_away(active_run: Run, open_page: OpenPage) -> None:
    for framework in FRAMEWORKS:
        active_run.events_file(framework).unlink()
    page = open_page("compare", run=active_run.identifier)
    assert not page.exception and not page.get("download_button")
    assert "has nothing to report yet" in everything_shown(page).replace("\\", "")


def test_a_report_is_made_when_it_is_asked_for_and_not_before(
    finished_run: Run, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    monkeypatch.setattr("pages.parts.compare.downloads.report", lambda run: made.append(run.identifier) or "")
    page = open_page("compare", run=finished_run.identifier)
    assert not page.exception and not made


@pytest.mark.parametrize(("kept", "lost"), [("pytorch", "TensorFlow"), ("tensorflow", "PyTorch")])
def test_a_failed_run_keeps_the_other_frameworks_results(finished_run: Run, open_page: OpenPage, kept: str, lost: str) -> None:
    results = finished_run.read_results()
    assert results is not None
    finished_run.write_results(replace(results, frameworks={kept: results.frameworks[kept]}, parity=ParityFigures()))
    finished_run.write_status(Status(state="failed", message="The worker was killed in epoch 3.", phase="end"))
    page = open_page("compare", run=finished_run.identifier)
    assert not page.exception
    shown = everything_shown(page)
    assert f"{lost} has no result in this run" in shown
    assert "The worker was killed in epoch 3" in page.warning[0].value
    assert "Only one framework has results in this run" in shown
    assert "They start from the same weights" not in shown, "there are no two curves to compare"


def test_a_stopped_run_says_what_is_compared(finished_run: Run, open_page: OpenPage) -> None:
    finished_run.write_status(Status(state="stopped", message="Stopped on request", phase="end"))
    page = open_page("compare", run=finished_run.identifier)
    assert not page.exception and not page.warning
    assert "stopped early" in page.info[0].value


def test_results_of_no_framework_end_the_page_calmly(finished_run: Run, open_page: OpenPage) -> None:
    results = finished_run.read_results()
    assert results is not None
    finished_run.write_results(replace(results, frameworks={}))
    page = open_page("compare", run=finished_run.identifier)
    assert not page.exception
    assert "Neither framework finished" in everything_shown(page)


@pytest.mark.parametrize("file", ["data.parquet", "pytorch/predictions.parquet", "pytorch/events.jsonl"])
def test_a_missing_file_costs_only_its_part(finished_run: Run, open_page: OpenPage, file: str) -> None:
    (finished_run.path / file).unlink()
    page = open_page("compare", run=finished_run.identifier)
    assert not page.exception
    shown = everything_shown(page)
    assert ">Accuracy</span>" in shown and "both models give the same answer" not in shown
    assert ("The predictions of this run are missing" in shown) == ("predictions" in file)


def test_notes_of_the_run_are_told(finished_run: Run, open_page: OpenPage) -> None:
    finished_run.write_status(Status(state="done", phase="end", notes=("Only PyTorch sees the GPU, so both ran on the CPU.",)))
    assert "Only PyTorch sees the GPU" in everything_shown(open_page("compare", run=finished_run.identifier))


@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize("mode", ["matched", "defaults"])
def test_every_classifier_and_mode_reads_well(finished_run: Run, open_page: OpenPage, classifier: str, mode: str) -> None:
    as_classifier(finished_run, classifier, {"truncated": 30, "unknown": 8}, mode=mode, compiled=True, class_weights="balanced")
    page = open_page("compare", run=finished_run.identifier)
    assert not page.exception
    shown = everything_shown(page).replace("\\", "")
    member = CLASSIFIERS[classifier]
    assert f"{member.title} · {'matched' if mode == 'matched' else 'framework defaults'} · compiled" in shown
    assert (">Encoder<" in shown) == member.pretrained and ("Encoder difference" in shown) == (member.takes == "vectors")
    assert ("frozen pre-trained model" in shown) == (member.takes == "vectors")
    assert ("The pre-trained model that is trained along." in shown) == (member.takes == "pieces")
    assert ("Texts cut" in shown) == ("8.9 % of the texts are longer than" in shown) == member.concerns("max_tokens")
    assert ("10.0 % of the validation and test texts hold no" in shown) == (member.takes in ("words", "terms"))
    assert ">Compiled<" in shown and "balanced" in shown


def test_windows_are_not_called_cut(finished_run: Run, open_page: OpenPage) -> None:
    as_classifier(finished_run, "text-cnn", {"truncated": 30}, long_texts="windows")
    shown = everything_shown(open_page("compare", run=finished_run.identifier))
    assert "Texts in windows" in shown and "were cut" not in shown and "Texts cut" not in shown
