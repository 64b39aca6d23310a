"""Migrate: before, during and after a migration; what travelled, the code of the route, the old snippet; what cannot be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from streamlit.testing.v1 import AppTest

from engine.runs.folder import Run
from engine.runs.status import Status
from engine.studies.migration.onnx_tf import GUIDE_SNIPPET
from engine.studies.migration.request import MigrationRequest
from engine.studies.study import Study, list_studies, start_study
from tests.pages.conftest import charts, words

OpenPage = Callable[..., AppTest]

pytestmark = pytest.mark.usefixtures("no_process")


def compared(largest: float) -> dict[str, float]:
    return {"max_logit_difference": largest, "mean_logit_difference": largest / 10, "label_agreement": 1.0}


def places(name: str, change: str) -> dict[str, Any]:
    row = {"weight": "hidden.weight", "name": name, "shape": [6, 3], "change": change}
    return {"weights": [row], "neutral_shapes": {"hidden.weight": [3, 6]}, "others": []}


def results(run: Run, route: str) -> dict[str, Any]:
    failed = {"returncode": 1, "traceback": "Traceback\nline"}
    arrived: dict[str, Any] = {"places": places("hidden/kernel", "as it is")}
    if route == "onnx":
        layer = {"node": "node<b>", "operator": "Gemm", "layer": "Dense", "shapes": [[3, 6], [6]]}
        arrived = {"opset": 18, "producer": "pytorch 2", "nodes": 5, "operators": {"Gemm": 2, "Relu": 1}, "layers": [layer]}
    return compared(3e-7) | {
        "run": run.identifier,
        "data": "messages.csv",
        "classifier": "embedding-mlp",
        "source": "pytorch",
        "target": "tensorflow",
        "route": route,
        "machine": {"cpu": "A processor", "packages": {"torch": "2.13.0"}},
        "rows": 40,
        "accuracy_before": 0.9,
        "accuracy_after": 0.9,
        "judge": {"source": compared(1e-7), "target": compared(2e-7)},
        "trained_on": compared(2e-5)
        | {
            "steps": 10,
            "losses": {"source": [0.5 - step / 100 for step in range(10)], "target": [0.5001 - step / 100 for step in range(10)]},
            "accuracy": {"source": 0.9, "target": 0.925},
        },
        "left": {"places": places("hidden.weight", "transposed")},
        "arrived": arrived,
        "old_snippets": {
            "guide": failed | {"program": GUIDE_SNIPPET, "error": "ModuleNotFoundError: No module named 'onnx_tf'"},
            "first_import": failed | {"program": "from onnx import mapping", "error": "ImportError: no mapping"},
            "versions": {"onnx": "1.23.0", "onnx-tf": None},
        },
        "graph": "pytorch",
        "carried": "The two dense layers.",
        "stages": {side: {"loads": 3.0, "trains on": 1.25} for side in ("source", "target")},
        "seconds": 12.0,
    }


def study(run: Run, state: str, route: str = "weights", found: dict[str, Any] | None = None, **status: Any) -> Study:
    made = start_study("migration", MigrationRequest(run.identifier, "pytorch", "tensorflow", route).to_json())
    if found is not None:
        made.write_results(found)
    made.write_status(Status(state=state, **status))
    return made


def test_without_a_run_the_page_says_where_to_get_one(open_page: OpenPage) -> None:
    page = open_page("migrate")
    assert not page.exception and "Finish a run to carry its models across" in words(page)


def test_before_a_migration_the_page_says_what_will_be_proved(open_page: OpenPage, trained: Run, no_process: list[str]) -> None:
    page = open_page("migrate", run=trained.identifier)
    assert not page.exception
    shown = words(page)
    assert "Is it still the same model in TensorFlow?" in shown and "10 steps" in shown and "once: the result is kept" in shown
    assert "It is run with the first migration." in shown
    assert "the published one" in shown and "one model from tokens to logits" in shown
    page.button("start_migration").click().run()
    assert not page.exception
    [made] = list_studies("migration")
    assert no_process == [made.identifier] and page.get("progress")
    assert {name: made.read_request()[name] for name in ("source", "target", "route")} == {
        "source": "pytorch", "target": "tensorflow", "route": "weights"
    }  # fmt: skip


def test_a_migration_under_way_can_be_stopped_and_not_started_twice(open_page: OpenPage, trained: Run) -> None:
    made = study(trained, "running", message="TensorFlow takes it over", share=0.5, seconds_left=8.0)
    page = open_page("migrate", run=trained.identifier)
    assert not page.exception and page.button("start_migration").disabled
    [bar] = page.get("progress")
    assert "TensorFlow takes it over" in bar.proto.text
    page.button("stop_migration").click().run()
    assert not page.exception and made.stop_requested()


def test_a_migration_that_failed_says_why(open_page: OpenPage, trained: Run) -> None:
    study(trained, "failed", message="The node “<b>” is a Conv in a form that is not rebuilt here.")
    page = open_page("migrate", run=trained.identifier)
    assert not page.exception and len(page.error) == 1 and "not rebuilt here" in words(page)
    page.button("resume_migration").click().run()
    assert not page.exception and list_studies("migration")[0].read_status().active


def test_a_finished_migration_answers_first_and_shows_every_weight(open_page: OpenPage, trained: Run) -> None:
    study(trained, "done", "weights", results(trained, "weights"), share=1.0)
    page = open_page("migrate", run=trained.identifier)
    assert not page.exception
    heading = next(element.value for element in page.markdown if element.value.startswith("####"))
    heading = heading.replace("\\", "").replace("\u00a0", " ")
    assert heading.startswith("#### TensorFlow gives PyTorch’s answer on 100 % of 40 test texts") and "the bar of 0.00001." in heading
    shown = words(page)
    assert "hidden/kernel" in shown and "transposed" in shown and "3 × 6" in shown
    said = "".join(element.value for element in page.code)
    assert "After 10 further steps" in shown and "No module named 'onnx_tf'" in said and "ImportError: no mapping" in said
    assert charts(page) == 2
    assert "TensorFlow loads (3.00 s), trains on (1.25 s)." in shown


def test_over_onnx_the_nodes_and_their_layers_are_shown(open_page: OpenPage, trained: Run) -> None:
    study(trained, "done", "onnx", results(trained, "onnx"), share=1.0)
    page = open_page("migrate", run=trained.identifier)
    page.segmented_control("migration_route").set_value("onnx").run()
    assert not page.exception
    shown = words(page)
    assert "operator set 18" in shown and "Gemm" in shown and "node&lt;b&gt;" in shown
    assert any("def import_graph" in element.value for element in page.code)


def test_only_routes_that_lead_out_of_the_run_are_offered(open_page: OpenPage, trained: Run) -> None:
    page = open_page("migrate", run=trained.identifier)
    assert page.segmented_control("migration_route").options == ["Neutral weights", "ONNX"]


def test_a_model_that_is_gone_is_told_in_a_sentence(open_page: OpenPage, trained: Run) -> None:
    (trained.framework_folder("pytorch") / "model.safetensors").unlink()
    page = open_page("migrate", run=trained.identifier)
    assert not page.exception and len(page.error) == 1 and "has no trained PyTorch model" in words(page)


def test_a_foreign_file_is_looked_into_and_a_broken_one_is_refused(open_page: OpenPage, trained: Run) -> None:
    page = open_page("migrate", run=trained.identifier)
    page.file_uploader("foreign_onnx").set_value(("theirs.onnx", foreign_model(), "application/octet-stream")).run()
    assert not page.exception
    assert "Every operator can be rebuilt in both frameworks: 1 node in operator set 18 with 8 weights" in words(page)
    assert any("engine.frameworks.tensorflow.onnx.model" in element.value for element in page.code)
    page.file_uploader("foreign_onnx").set_value(("broken.onnx", b"no model", "application/octet-stream")).run()
    assert not page.exception and len(page.error) == 1 and "not an ONNX model" in words(page)


def foreign_model() -> bytes:
    """A dense layer, 3 → 2."""
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3])
    found = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 2])
    weights = [numpy_helper.from_array(np.ones(shape, np.float32), name) for name, shape in (("w", (3, 2)), ("b", (2,)))]
    graph = helper.make_graph([helper.make_node("Gemm", ["x", "w", "b"], ["y"])], "dense", [given], [found], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8).SerializeToString()


@pytest.mark.parametrize("name", ["migrate", "export"])
def test_a_run_whose_description_is_damaged_is_told_in_a_sentence(name: str, open_page: OpenPage, trained: Run) -> None:
    trained.experiment_file.write_text('{"half": ')
    page = open_page(name, run=trained.identifier)
    assert not page.exception and "has no readable experiment" in page.error[0].value
