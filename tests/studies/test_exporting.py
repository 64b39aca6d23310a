"""Trained models exported for real and answered with by their own runtimes; what is refused, and that no half file stays."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from engine.__main__ import main
from engine.commands import models
from engine.errors import MigrationError, RunError
from engine.runs.experiment import Experiment
from engine.runs.folder import Run, create_run
from engine.runs.preparing.inputs import load_inputs
from engine.runs.preparing.prepare import prepare_data, prepare_inputs
from engine.runs.records.reading import from_json
from engine.shared.encoders.checkpoint import resolve
from engine.studies import process as study_process
from engine.studies import study as studies
from engine.studies.export import write_and_check as exporting
from engine.studies.export.archive import zipped
from engine.studies.export.manifest import ExportManifest, FileCheck
from engine.studies.export.request import ExportRequest, exported_folders, find_manifest, manifests
from engine.studies.export.words import LARGEST_DIFFERENCE
from engine.studies.study import find_study
from engine.workers.requests.export import WriteRequest
from tests.driving import copy_run, fill, small_data, small_experiment, studies_in_this_process, write_tiny_encoder


def export(run: Run, capsys: pytest.CaptureFixture[str], framework: str, name: str, *options: str) -> dict[str, Any]:
    assert main(["export", run.identifier, "--framework", framework, "--format", name, *options, "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("framework", "name"), [("pytorch", "onnx"), ("tensorflow", "saved-model")])
def test_an_exported_file_gives_the_models_answers(
    run_of_encoder: Run, in_this_process: None, capsys: pytest.CaptureFixture[str], framework: str, name: str
) -> None:
    run = run_of_encoder
    manifest = export(run, capsys, framework, name)
    check = manifest["check"]
    assert check["max_logit_difference"] <= LARGEST_DIFFERENCE and check["label_agreement"] == 1.0
    assert run.read_results() is not None
    assert check["accuracy"] == check["accuracy_before"] == run.read_results().frameworks[framework].test_accuracy
    assert manifest["input"]["name"] == "tokens" and manifest["input"]["shape"] == [None, None]
    assert manifest["megabytes"] > 0 and 0 < check["single_p50_ms"] <= check["single_p95_ms"] and check["batch_texts_per_second"] > 0

    if name == "onnx":
        race = check["race"]
        assert set(race["single_p50_ms"]) == {"pytorch", "tensorflow", "onnx"} and race["texts"] == 100
        assert race["ratio"] == race["single_p50_ms"]["onnx"] / min(race["single_p50_ms"][each] for each in ("pytorch", "tensorflow"))
        assert len(manifest["findings"]) == 1 and "the faster framework" in manifest["findings"][0]
    else:
        assert "race" not in check and manifest["findings"] == []

    request = ExportRequest(run.identifier, framework, name)
    assert manifests(run) == [from_json(ExportManifest, manifest)]
    assert [path.name for path in request.folder.parent.iterdir()] == [f"{framework}-{name}"], "no draft is left"
    with zipfile.ZipFile(io.BytesIO(zipped(request))) as archive:
        names = archive.namelist()
    assert f"{framework}-{name}/tokenizer.json" in names and all(each.startswith(f"{framework}-{name}/") for each in names)


@pytest.mark.thorough
@pytest.mark.timeout(600)
def test_a_run_on_vectors_in_bfloat16_is_exported_exactly(
    tiny_encoder: Path, in_this_process: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file answers to texts in float32; compared with answers to the kept vectors it would seem to have lost something."""
    run = fill(small_experiment(tiny_encoder, encoding_precision="bfloat16", frameworks=("pytorch",), epochs=3))
    assert run.read_results().encoding.precision == "bfloat16"
    check = export(run, capsys, "pytorch", "onnx")["check"]
    assert check["max_logit_difference"] <= LARGEST_DIFFERENCE and check["label_agreement"] == 1.0
    assert check["accuracy"] == check["accuracy_before"]


@pytest.mark.thorough
@pytest.mark.timeout(600)
def test_a_file_in_int8_is_smaller_and_says_what_it_costs(
    bundled_run: Run, in_this_process: None, capsys: pytest.CaptureFixture[str]
) -> None:
    run = copy_run(bundled_run)
    manifest = export(run, capsys, "tensorflow", "onnx", "--precision", "int8")
    check = manifest["check"]
    assert manifest["precision"] == "int8" and manifest["megabytes"] < 50, "the weights are 91 MB in float32; the word vectors stay so"
    assert LARGEST_DIFFERENCE < check["max_logit_difference"] < 2 and check["label_agreement"] >= 0.9
    assert check["accuracy_before"] - check["accuracy"] <= 0.1
    assert manifest["findings"][0].startswith("TensorFlow, ONNX int8, ") and "of accuracy" in manifest["findings"][0]
    assert ExportRequest(run.identifier, "tensorflow", "onnx", "int8").folder.name == "tensorflow-onnx-int8"
    assert find_manifest(ExportRequest(run.identifier, "tensorflow", "onnx")) is None, "the one in float32 is another file"
    assert exported_folders(run, manifests(run)) == {}, "bundles are made of float32"


def test_all_formats_are_one_table_and_one_that_fails_costs_only_itself(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    check = FileCheck(rows=9, label_agreement=1.0, accuracy=0.5, accuracy_before=0.5, runtime="its own", single_p50_ms=1.0)
    asked: list[tuple[str, str]] = []

    def exported(request: ExportRequest) -> ExportManifest:
        asked.append((request.format, request.precision))
        if request.format == "executorch":
            raise MigrationError("executorch is not installed.")
        return ExportManifest(framework="pytorch", format=request.format, precision=request.precision, megabytes=1.0, check=check)

    monkeypatch.setattr(models, "_exported", exported)
    words = ["export", run.identifier, "--framework", "pytorch", "--format", "all"]
    assert main(words) == 1, "something is missing"
    printed = capsys.readouterr()
    assert [name for name, _ in asked] == ["safetensors", "torch-export", "onnx", "executorch"]
    assert "3 files, " in printed.out and "PyTorch, ONNX" in printed.out
    assert "error: executorch: executorch is not installed." in printed.err and f"The files: {run.path / 'exports'}" in printed.err
    asked.clear()
    assert main([*words, "--precision", "int8", "--json"]) == 1
    assert asked == [("onnx", "int8"), ("executorch", "int8")], "the formats that offer it"
    assert [each["format"] for each in json.loads(capsys.readouterr().out)] == ["onnx"]


def test_a_stop_means_all_formats(run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[str] = []

    def stopped(request: ExportRequest) -> ExportManifest:
        asked.append(request.format)
        study = exporting.start_export(request)
        status = study.read_status()
        status.state, status.message = "stopped", "Stopped on request."
        study.write_status(status)
        raise RunError(f"The export stopped: {status.message}")

    monkeypatch.setattr(studies, "detach", lambda module, folder: None)
    monkeypatch.setattr(models, "_exported", stopped)
    assert main(["export", run.identifier, "--framework", "tensorflow", "--format", "all"]) == 1
    assert asked == ["keras"] and capsys.readouterr().err == "error: The export stopped: Stopped on request.\n"


def test_a_classifier_of_vectors_knows_with_what_its_encoder_pads(tmp_path: Path) -> None:
    """Its exported graph takes tokens, and RoBERTa's padding is not 0."""
    encoder = write_tiny_encoder(tmp_path / "encoder")
    config = json.loads((encoder / "config.json").read_text(encoding="utf-8"))
    (encoder / "config.json").write_text(json.dumps(config | {"pad_token_id": 3}), encoding="utf-8")
    run = create_run(Experiment.recommended(small_data(), classifier="embedding-mlp", encoder=str(encoder)))
    prepare_inputs(run, prepare_data(run), resolve(str(encoder)), tmp_path / "features")
    assert load_inputs(run).padding == 3


# --- What is refused ---


def test_an_export_needs_a_finished_run_and_a_format_of_the_framework(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MigrationError, match=r"TensorFlow has no format “executorch”.*keras, saved-model, onnx, litert"):
        ExportRequest(run.identifier, "tensorflow", "executorch")
    with pytest.raises(MigrationError, match="no framework “jax”"):
        ExportRequest(run.identifier, "jax", "onnx")
    with pytest.raises(RunError, match="is not the name of a run"):
        ExportRequest("../../etc", "pytorch", "onnx")
    with pytest.raises(MigrationError, match=r"keras has no int8 .*Keras.*Expected float32.*choose onnx or litert"):
        ExportRequest(run.identifier, "tensorflow", "keras", "int8")
    with pytest.raises(MigrationError, match=r"no precision “int4”.*float32 or int8"):
        ExportRequest(run.identifier, "pytorch", "onnx", "int4")
    assert main(["export", run.identifier, "--framework", "pytorch", "--format", "http", "--precision", "int8"]) == 1
    assert "bundle is made of models in float32" in capsys.readouterr().err
    (run.framework_folder("tensorflow") / "model.safetensors").unlink()
    assert main(["export", run.identifier, "--framework", "tensorflow", "--format", "onnx"]) == 1
    assert "has no trained TensorFlow model" in capsys.readouterr().err
    (run.path / "results.json").unlink()
    with pytest.raises(MigrationError, match=r"has not finished.*Finish it on the Train page"):
        ExportRequest(run.identifier, "pytorch", "onnx")


def started(request: ExportRequest, monkeypatch: pytest.MonkeyPatch, measure: Any) -> Any:
    """The study of an export whose worker is ``measure``."""
    from engine.studies.coordinator import StudyCoordinator

    studies_in_this_process(monkeypatch, study_process.main)
    monkeypatch.setattr(StudyCoordinator, "measure", measure)
    return exporting.start_export(request)


def test_a_disk_that_is_full_leaves_no_half_file_and_keeps_the_old_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    request = ExportRequest(run.identifier, "pytorch", "onnx")
    request.folder.mkdir(parents=True)
    (request.folder / "model.onnx").write_bytes(b"of an earlier training")

    def measure(coordinator: Any, framework: str, message: str, prepared: Run, request: WriteRequest) -> Any:
        request.path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    study = started(request, monkeypatch, measure)
    assert study.read_status().state == "failed" and "No space left on device" in study.read_status().message
    assert "Check the free space" in study.read_status().message
    assert [path.name for path in request.folder.parent.iterdir()] == ["pytorch-onnx"]
    assert (request.folder / "model.onnx").read_bytes() == b"of an earlier training"
    assert find_manifest(request) is None


def test_two_who_ask_for_the_same_export_watch_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    processes: list[Path] = []
    monkeypatch.setattr(studies, "detach", lambda module, folder: processes.append(folder))
    request = ExportRequest(run.identifier, "pytorch", "onnx")
    assert exporting.start_export(request) == exporting.start_export(request) and len(processes) == 1


def test_an_export_whose_files_were_removed_begins_anew(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    processes: list[Path] = []
    monkeypatch.setattr(studies, "detach", lambda module, folder: processes.append(folder))
    request = ExportRequest(run.identifier, "tensorflow", "keras")
    study = exporting.start_export(request)
    study.write_results({"file": "model.keras"})
    status = study.read_status()
    status.state = "done"
    study.write_status(status)
    assert exporting.start_export(request).read_status().state == "queued" and len(processes) == 2
    assert find_study("export", request.to_json()) == study
    with pytest.raises(MigrationError, match="was removed"):
        zipped(request)


def killed_between_the_renames(target: Path, weights: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """An export of before has stepped aside, and the process of the newer one is killed before that takes its place."""
    draft = target.parent / f".{target.name}.0123abcd"
    for folder, content in ((target, b"of before"), (draft, b"newer")):
        folder.mkdir(parents=True)
        (folder / "model.onnx").write_bytes(content)
        said = {"weights": weights, "framework": "pytorch", "format": "onnx"}
        (folder / "manifest.json").write_text(json.dumps(said), encoding="utf-8")
    rename = os.replace

    def killed(source: Path, place: Path) -> None:
        if source == draft:
            raise KeyboardInterrupt
        rename(source, place)

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        exporting._put_in_place(draft, target)
    monkeypatch.setattr(os, "replace", rename)
    assert not target.exists()


def test_an_export_whose_successor_was_killed_is_found_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    request = ExportRequest(run.identifier, "pytorch", "onnx")
    weights = request.to_json()["weights"]
    killed_between_the_renames(request.folder, weights, monkeypatch)
    assert find_manifest(request) == ExportManifest(weights=tuple(weights), framework="pytorch", format="onnx")
    assert (request.folder / "model.onnx").read_bytes() == b"of before"


def test_nothing_is_renamed_under_an_export_that_is_under_way(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    request = ExportRequest(run.identifier, "pytorch", "onnx")
    killed_between_the_renames(request.folder, request.to_json()["weights"], monkeypatch)
    monkeypatch.setattr(studies, "detach", lambda module, folder: None)
    studies.start_study("export", request.to_json())
    assert find_manifest(request) is None and not request.folder.exists()


def test_the_next_export_keeps_the_one_before_until_it_is_done(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    request = ExportRequest(run.identifier, "pytorch", "onnx")
    killed_between_the_renames(request.folder, request.to_json()["weights"], monkeypatch)
    exporting._remove_drafts(request.folder)
    assert [path.name for path in request.folder.parent.iterdir()] == ["pytorch-onnx"]
    assert (request.folder / "model.onnx").read_bytes() == b"of before"


def test_an_older_export_comes_back_where_the_new_one_cannot_take_its_place(tmp_path: Path) -> None:
    target = tmp_path / "pytorch-onnx"
    target.mkdir()
    (target / "model.onnx").write_bytes(b"of before")
    with pytest.raises(OSError):
        exporting._put_in_place(tmp_path / ".draft-that-has-gone", target)
    assert (target / "model.onnx").read_bytes() == b"of before" and list(tmp_path.iterdir()) == [target]
