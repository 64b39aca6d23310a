"""A finished run's models carried across for real, in both directions; what is refused; what the old snippet says."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.__main__ import main
from engine.errors import MigrationError, RunError
from engine.runs.folder import Run
from engine.studies import study as studies
from engine.studies.coordinator import StudyCoordinator
from engine.studies.migration import carry as migrating
from engine.studies.migration import onnx_tf
from engine.studies.migration.code import route_code
from engine.studies.migration.onnx_tf import FIRST_IMPORT, GUIDE_SNIPPET, old_snippets, run_in_sandbox
from engine.studies.migration.request import FURTHER_STEPS, LARGEST_DIFFERENCE, MigrationRequest
from engine.studies.migration.results import LogitDifferences, MigrationResults, SnippetOutcome
from engine.studies.migration.words import answer, layer_rows, operator_sentence, trained_on_sentence, weight_rows
from engine.studies.results import read_results
from engine.studies.study import find_study, start_study
from engine.workers.equivalence import Stages
from tests.driving import processes_about


def migrate(run: Run, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    assert main(["migrate", run.identifier, *options, "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(("source", "target", "route"), [("pytorch", "tensorflow", "weights"), ("tensorflow", "pytorch", "onnx")])
def test_a_model_carried_across_is_the_same(
    run_of_encoder: Run, in_this_process: None, capsys: pytest.CaptureFixture[str], source: str, target: str, route: str
) -> None:
    run = run_of_encoder
    figures = migrate(run, capsys, "--from", source, "--to", target, "--route", route)
    assert figures["max_logit_difference"] <= LARGEST_DIFFERENCE[route]
    assert 0 <= figures["mean_logit_difference"] <= figures["max_logit_difference"]
    assert figures["label_agreement"] == 1.0
    assert run.read_results() is not None
    assert figures["accuracy_before"] == figures["accuracy_after"] == run.read_results().frameworks[source].test_accuracy
    assert max(side["max_logit_difference"] for side in figures["judge"].values()) <= 1e-4
    trained_on = figures["trained_on"]
    assert trained_on["steps"] == FURTHER_STEPS and trained_on["max_logit_difference"] <= 1e-3
    first, second = (trained_on["losses"][side] for side in ("source", "target"))
    assert len(first) == FURTHER_STEPS and np.allclose(first, second, rtol=1e-3) and len(set(first)) > 1, "both really learn"

    assert all({"loads", "answers the test texts", "trains on"} <= set(figures["stages"][side]) for side in ("source", "target"))

    request = MigrationRequest(run.identifier, source, target, route)
    study = find_study("migration", request.to_json())
    assert study is not None
    results = read_results(study, MigrationResults)
    assert "the same" not in answer(results) and "100 % of" in answer(results) and "within the bar of 0.0" in answer(results)
    assert "10 further steps" in trained_on_sentence(results)
    assert not processes_about(study.path) and not study.prepared_folder.exists()
    if route == "weights":
        rows = {row[0].split("\n")[0]: row[1:] for row in weight_rows(results)}
        size = 32 if run.read_experiment().encoder != "bundled" else 384
        assert rows["hidden.weight"] == (
            f"hidden.weight\n512 × {size}, transposed",
            f"embedding_mlp/hidden/kernel\n{size} × 512, as it is",
        )
    else:
        assert (study.carried_folder / "model.onnx").exists()
        layers = [row[1] for row in layer_rows(results)]
        assert layers[-2:] == ["Linear", "Linear"] and "Embedding" in layers, "the encoder came along"
        assert f"{len(layers)} of them layers of PyTorch" in operator_sentence(results)
        assert results.graph == source and "begins with the tokens" in results.carried
    code = route_code(route, "embedding-mlp", study)
    assert all(code.wings[framework] for framework in ("pytorch", "tensorflow")) and code.shared
    assert results.old_snippets is not None and results.old_snippets.guide.returncode != 0


def test_a_worker_says_what_it_does_and_the_bar_moves_with_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studies, "detach", lambda module, folder: None)
    study = start_study("migration", MigrationRequest(run.identifier, "pytorch", "tensorflow").to_json())
    coordinator = StudyCoordinator(study, lambda coordinator: [])
    coordinator.expect(8)
    coordinator._cost, coordinator._written = 3.0, 0.0
    told: list[dict[str, Any]] = []
    wing: Any = SimpleNamespace(
        framework="tensorflow", import_seconds=4.0, say=lambda words, share: told.append({"doing": words, "share": share})
    )
    stages = Stages(wing, 4)
    for words in ("takes the weights over", "answers the test texts", "trains on"):
        with stages(words):
            pass
    worker: Any = SimpleNamespace(facts=told[-1])
    coordinator._on_change(worker)
    assert study.read_status().message == "TensorFlow trains on" and study.read_status().share == pytest.approx(3.0 * 2 / 4 / 8)
    assert (
        list(stages.seconds) == ["loads", "takes the weights over", "answers the test texts", "trains on"]
        and stages.seconds["loads"] == 4.0
    )


# --- What is refused ---


def test_a_migration_needs_two_frameworks_a_known_route_and_a_run(sample_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_RUNS", str(sample_run.path.parent))
    name = sample_run.identifier
    with pytest.raises(MigrationError, match="in PyTorch already"):
        MigrationRequest(name, "pytorch", "pytorch")
    with pytest.raises(MigrationError, match="no framework “jax”"):
        MigrationRequest(name, "jax", "pytorch")
    with pytest.raises(MigrationError, match="no route “pickle”"):
        MigrationRequest(name, "pytorch", "tensorflow", "pickle")
    with pytest.raises(MigrationError, match=r"Embedding MLP trains none.*Take the route weights or onnx"):
        MigrationRequest(name, "pytorch", "tensorflow", "checkpoint")
    with pytest.raises(RunError, match="is not the name of a run"):
        MigrationRequest("../../etc", "pytorch", "tensorflow")


def test_a_run_whose_model_is_gone_is_refused_in_a_sentence(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    (run.framework_folder("tensorflow") / "model.safetensors").unlink()
    assert main(["migrate", run.identifier, "--from", "tensorflow", "--to", "pytorch"]) == 1
    words = capsys.readouterr().err
    assert "has no trained TensorFlow model" in words and "the file was removed" in words


def test_another_training_is_another_question(run: Run) -> None:
    request = MigrationRequest(run.identifier, "pytorch", "tensorflow")
    before = request.to_json()
    file = run.framework_folder("pytorch") / "model.safetensors"
    file.write_bytes(file.read_bytes() + b" ")
    assert request.to_json() != before and MigrationRequest.from_json(before) == request


def test_answers_that_are_no_numbers_are_not_compared() -> None:
    with pytest.raises(MigrationError, match="cannot be compared"):
        migrating.differences(np.array([[np.nan, 1.0]]), np.array([[0.0, 1.0]]))
    differences = migrating.differences(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.5, 1.0], [0.0, 0.0]]))
    assert differences == LogitDifferences(max_logit_difference=1.0, mean_logit_difference=0.375, label_agreement=1.0)


# --- The old snippet ---


def test_what_a_snippet_says_is_its_own_error() -> None:
    failed = run_in_sandbox("raise RuntimeError('closed')", None)
    assert failed.returncode == 1 and failed.error == "RuntimeError: closed"
    assert 'File "snippet.py", line 1' in failed.traceback, "without the folder, which is gone"
    assert run_in_sandbox("pass", None) == SnippetOutcome(program="pass", returncode=0)
    late = run_in_sandbox("while True: pass", None, seconds=1.0)
    assert late.returncode is None and "ended after 1 seconds" in late.error


def test_a_snippet_sees_neither_the_project_nor_what_was_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_SECRET_WORD", "hidden")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    look = "import os; assert 'PARITY_SECRET_WORD' not in os.environ; assert os.listdir() == ['snippet.py']; import engine"
    assert run_in_sandbox(look, None).error == "ModuleNotFoundError: No module named 'engine'"
    beside = "open('beside.py', 'w').close(); import beside"
    assert run_in_sandbox(beside, None).error == "ModuleNotFoundError: No module named 'beside'"


def test_the_way_over_onnx_tf_is_closed(tmp_path: Path) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(b"")
    snippets = old_snippets(model)
    assert snippets.guide.program == GUIDE_SNIPPET and "onnx_tf" in snippets.guide.error and snippets.versions["onnx-tf"] is None
    assert snippets.first_import.program == FIRST_IMPORT and "cannot import name 'mapping' from 'onnx'" in snippets.first_import.error


@pytest.fixture
def programs_run(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The old programs that are run from now on; each fails in no time."""
    programs: list[str] = []

    def run(program: str, model: Path | None) -> SnippetOutcome:
        programs.append(program)
        return SnippetOutcome(program=program, returncode=1, error="closed", traceback="closed")

    monkeypatch.setattr(onnx_tf, "run_in_sandbox", run)
    return programs


def test_the_old_snippet_runs_once_for_an_installation(programs_run: list[str]) -> None:
    first = old_snippets(None)
    assert programs_run == [GUIDE_SNIPPET, FIRST_IMPORT] and first.guide.error == "closed"
    assert old_snippets(None) == first and len(programs_run) == 2, "the second migration remembers it"


def test_another_version_runs_the_old_snippet_anew(programs_run: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    old_snippets(None)
    monkeypatch.setattr(onnx_tf, "installed_versions", lambda: {"onnx": "99.0", "onnx-tf": None})
    assert old_snippets(None).versions["onnx"] == "99.0" and len(programs_run) == 4
    monkeypatch.setattr(onnx_tf.platform, "python_version", lambda: "3.99.0")
    assert old_snippets(None).versions["onnx"] == "99.0" and len(programs_run) == 6, "and so does another Python"
    monkeypatch.setattr(onnx_tf, "GUIDE_SNIPPET", "import onnx_tf")
    assert old_snippets(None).guide.program == "import onnx_tf" and len(programs_run) == 8, "and another snippet"


def test_a_snippet_that_took_too_long_is_tried_again(programs_run: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(onnx_tf, "run_in_sandbox", lambda program, model: SnippetOutcome(program=program, error="It was ended."))
        assert old_snippets(None).guide.returncode is None
    assert old_snippets(None).guide.returncode == 1 and len(programs_run) == 2
