"""Export: before, during and after an export, what failed, and what is taken away."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from engine.runs.folder import Run
from engine.runs.status import Status
from engine.studies.export.request import ExportRequest
from engine.studies.study import list_studies, start_study
from tests.made_up_results import exported
from tests.pages.conftest import charts, words

OpenPage = Callable[..., AppTest]

pytestmark = pytest.mark.usefixtures("no_process")


def test_without_a_run_the_page_says_where_to_get_one(open_page: OpenPage) -> None:
    page = open_page("export")
    assert not page.exception and "Finish a run to export its models" in words(page)


def test_before_an_export_the_page_says_what_will_be_done(open_page: OpenPage, trained: Run, no_process: list[str]) -> None:
    page = open_page("export", run=trained.identifier)
    assert not page.exception
    assert "Which file does the model leave in?" in words(page) and "another loads it by its own" in words(page)
    page.button("start_export").click().run()
    assert not page.exception
    [made] = list_studies("export")
    assert no_process == [made.identifier] and page.get("progress")
    assert (made.read_request()["framework"], made.read_request()["format"]) == ("pytorch", "onnx")
    page.run()
    assert page.button("start_export").disabled, "one export is under way"


def test_an_export_that_failed_says_why(open_page: OpenPage, trained: Run) -> None:
    made = start_study("export", ExportRequest(trained.identifier, "pytorch", "onnx").to_json())
    made.write_status(Status(state="failed", message="No space left on device"))
    page = open_page("export", run=trained.identifier)
    assert not page.exception and len(page.error) == 1 and "No space left" in words(page)


def test_finished_exports_answer_first_and_can_be_taken_away(open_page: OpenPage, trained: Run) -> None:
    exported(trained, "pytorch", "onnx")
    exported(trained, "tensorflow", "litert", max_logit_difference=2e-3, label_agreement=0.975)
    page = open_page("export", run=trained.identifier)
    assert not page.exception
    heading = next(element.value for element in page.markdown if element.value.startswith("####")).replace("\\", "")
    assert heading.startswith("#### 2 files, each loaded again by its own runtime") and "on 97.5 % of 40 test texts or more" in heading
    assert "above the bar" in heading
    shown = words(page)
    assert "TensorFlow, LiteRT" in shown and "900 texts/s" in shown and charts(page) == 1
    assert len(page.get("download_button")) == 6, "the file, and a button for each bundle and framework"
    assert "FastAPI and ONNX Runtime answer for both models" in shown and "TorchServe is no longer maintained" in shown
    assert "Export torch-export of PyTorch first" in shown and "Export saved-model of TensorFlow first" in shown
    assert "Export onnx of" not in shown, "the HTTP server can be made of one of the two"


def test_a_precision_is_offered_where_the_format_has_one(open_page: OpenPage, trained: Run) -> None:
    page = open_page("export", run=trained.identifier)
    page.segmented_control(key="export_format_pytorch").set_value("torch-export").run()
    assert not page.exception and not [each for each in page.segmented_control if each.key == "export_precision"]
    page.segmented_control(key="export_format_pytorch").set_value("onnx").run()
    page.segmented_control(key="export_precision").set_value("int8").run()
    page.button("start_export").click().run()
    assert not page.exception
    [made] = list_studies("export")
    assert (made.read_request()["format"], made.read_request()["precision"]) == ("onnx", "int8")


def test_int8_says_what_it_costs_and_the_bar_is_for_float32(open_page: OpenPage, trained: Run) -> None:
    race = {"single_p50_ms": {"pytorch": 2.0, "tensorflow": 4.0, "onnx": 0.5}, "faster": "pytorch", "ratio": 0.25}
    exported(trained, "pytorch", "onnx", race=race)
    exported(trained, "pytorch", "onnx", "int8", max_logit_difference=0.2, label_agreement=0.95, accuracy=0.875)
    page = open_page("export", run=trained.identifier)
    assert not page.exception and charts(page) == 1
    shown = words(page)
    assert "1 file in float32, each loaded again" in shown and "within the bar" in shown
    assert "PyTorch, ONNX int8, loses 2.50 points of accuracy: 87.5 % on 40 test texts, the run's own model 90.0 %." in shown
    assert "0.250 times the time of PyTorch, at least as fast as the faster framework" in shown
    assert "Export onnx of" not in shown
    page.segmented_control(key="export_precision").set_value("int8").run()
    assert not page.exception and not [each for each in page.button if each.key == "start_export"], "that file is there"


def test_a_bundle_is_not_made_of_a_file_in_int8(open_page: OpenPage, trained: Run) -> None:
    exported(trained, "pytorch", "onnx", "int8")
    page = open_page("export", run=trained.identifier)
    shown = words(page)
    assert not page.exception and "1 file in int8" in shown and "the bar of" not in shown
    assert "Export onnx of PyTorch" in shown or "Export onnx of" in shown
