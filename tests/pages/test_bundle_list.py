"""The rows of serving bundles: what can be made is offered, what cannot says why."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from engine.runs.folder import Run
from engine.studies.export import optional_packages


def show_bundles(path: str, exported: dict[tuple[str, str], str]) -> None:
    from pathlib import Path

    from engine.runs.folder import Run
    from pages.parts.studies.bundle_list import bundle_list

    bundle_list(Run(Path(path)), {key: Path(folder) for key, folder in exported.items()})


def shown(run: Run, exported: dict[tuple[str, str], str]) -> AppTest:
    page = AppTest.from_function(show_bundles, default_timeout=20, args=(str(run.path), exported)).run()
    assert not page.exception
    return page


def buttons(page: AppTest) -> dict[str, Any]:
    return {element.proto.id.split("bundle_")[1].split("_2")[0]: element.proto for element in page.get("download_button")}


def captions(page: AppTest) -> str:
    """All of them, without the marks that keep words from being markup."""
    return " ".join(element.value for element in page.caption).replace("\\", "")


def test_what_is_not_exported_yet_is_named(finished_run: Run) -> None:
    page = shown(finished_run, {})
    found = buttons(page)
    assert {name for name, button in found.items() if not button.disabled} == {"sagemaker_pytorch", "sagemaker_tensorflow"}
    assert "Export saved-model of TensorFlow first" in captions(page)
    assert "Export onnx of PyTorch or onnx of TensorFlow first" in captions(page)
    assert any("no longer maintained" in element.value for element in page.markdown)


def test_one_button_serves_both_models_and_a_missing_package_says_its_command(finished_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(optional_packages.importlib.util, "find_spec", lambda name: None if name == "model_archiver" else find(name))
    page = shown(finished_run, {("pytorch", "onnx"): "a", ("tensorflow", "onnx"): "b", ("pytorch", "torch-export"): "c"})
    found = buttons(page)
    assert not found["http_pytorch"].disabled and "http_tensorflow" not in found and found["http_pytorch"].label == "Both models (ZIP)"
    assert found["torchserve_pytorch"].disabled
    assert "torch-model-archiver is not installed" in captions(page) and "requirements-export.txt" in captions(page)


def test_a_run_without_models_says_so(active_run: Run) -> None:
    page = shown(active_run, {})
    assert all(button.disabled for button in buttons(page).values())
    assert "has no trained PyTorch model" in captions(page)
