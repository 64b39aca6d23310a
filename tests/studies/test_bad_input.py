"""What a migration says of a run or a file that it cannot take, and that it leaves nothing half-made behind."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.__main__ import main
from engine.errors import MigrationError, ParityError, RunError
from engine.runs.folder import Run
from engine.runs.preparing.graph_inputs import OWN, SHARES, example_batch, part_of_run
from engine.runs.preparing.inputs import Inputs, load_inputs
from engine.shared.weights.files import read_weights
from engine.studies import process as study_process
from engine.studies import study as studies
from engine.studies.migration.foreign_file import look_into
from engine.studies.migration.request import MigrationRequest
from engine.studies.study import find_study, start_study
from engine.workers.jobs import migrate as worker_migrating
from engine.workers.requests.migration import LeaveRequest
from tests.driving import studies_in_this_process


@pytest.fixture
def run(trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A copy of the shared TF-IDF run in this test's home."""
    monkeypatch.setenv("PARITY_RUNS", str(tmp_path / "runs"))
    shutil.copytree(trained.path, tmp_path / "runs" / trained.identifier)
    return Run(tmp_path / "runs" / trained.identifier)


def leave_request(folder: Path) -> LeaveRequest:
    """What the coordinator asks of the source's worker."""
    for name in ("carried", "arrays"):
        (folder / name).mkdir()
    places = {name: str(folder / name) for name in ("carried", "arrays")}
    return LeaveRequest(source="pytorch", route="weights", steps=10, classes=("a", "b"), weights=(1, 2), graph="pytorch", **places)


# --- Runs ---


def test_a_run_that_has_not_finished_is_refused(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    (run.path / "results.json").unlink()
    assert main(["migrate", run.identifier, "--from", "pytorch", "--to", "tensorflow"]) == 1
    words = capsys.readouterr().err
    assert f"Run {run.identifier} has not finished" in words and "Finish it on the Train page" in words


def test_a_run_that_is_gone_is_told_in_a_sentence(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(run.path)
    assert main(["migrate", run.identifier, "--from", "pytorch", "--to", "tensorflow"]) == 1
    assert run.identifier in capsys.readouterr().err


@pytest.mark.parametrize(
    ("removed", "words"),
    [("inputs.npz", "lacks what its workers need"), ("input_1.npy", "is gone"), ("pytorch/model.safetensors", "model.safetensors")],
)
def test_a_run_whose_files_were_removed_is_told_in_a_sentence(run: Run, removed: str, words: str) -> None:
    (run.path / removed).unlink()
    with pytest.raises((ParityError, OSError), match=words):
        inputs = load_inputs(run)
        part_of_run(run, inputs, "test", SHARES)
        read_weights(run.model_file("pytorch"), {})


def test_weights_that_were_cut_off_are_refused(run: Run) -> None:
    file = run.framework_folder("pytorch") / "model.safetensors"
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(ParityError, match=r"model\.safetensors"):
        read_weights(file, {})


# --- A full disk, and two at once ---


class HalfWritten:
    """The wing's module ``formats`` on a disk that fills up."""

    @staticmethod
    def save_onnx(core: Any, example: np.ndarray, name: str, path: Path) -> int:
        path.write_bytes(b"half of it")
        raise OSError(28, "No space left on device")


class NoFramework:
    framework = "pytorch"


def test_a_disk_that_fills_up_leaves_no_half_graph(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_migrating, "import_wing", lambda framework, *names: [HalfWritten])
    wing: Any = NoFramework()
    place = tmp_path / "carried"
    place.mkdir()
    with pytest.raises(OSError, match="No space left"):
        worker_migrating.save_onnx(wing, run, load_inputs(run), None, place / "model.onnx", SHARES)
    assert list(place.iterdir()) == []


def test_a_disk_that_is_full_is_told_and_nothing_counts_as_carried(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.studies.coordinator import StudyCoordinator

    def measure(coordinator: Any, framework: str, message: str, prepared: Run, request: Any, cost: float) -> Any:
        raise OSError(28, "No space left on device")

    studies_in_this_process(monkeypatch, study_process.main)
    monkeypatch.setattr(StudyCoordinator, "measure", measure)
    study = start_study("migration", MigrationRequest(run.identifier, "pytorch", "tensorflow", "onnx").to_json())
    assert study.read_status().state == "failed" and "No space left on device" in study.read_status().message
    assert "Check the free space" in study.read_status().message and study.read_results() is None
    assert list(study.carried_folder.iterdir()) == []


def test_two_who_ask_for_the_same_migration_watch_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    processes: list[Path] = []
    monkeypatch.setattr(studies, "detach", lambda module, folder: processes.append(folder))
    asked_for = MigrationRequest(run.identifier, "pytorch", "tensorflow").to_json()
    first, second = start_study("migration", asked_for), start_study("migration", asked_for)
    assert first == second == find_study("migration", asked_for) and len(processes) == 1
    back = start_study("migration", MigrationRequest(run.identifier, "tensorflow", "pytorch").to_json())
    assert back != first and len(processes) == 2, "the other direction has a folder of its own"


# --- What a graph is shown ---


def test_an_example_has_more_than_one_place_on_every_open_axis(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = load_inputs(run)
    assert example_batch(run, inputs, SHARES).shape == (4, inputs.input_size)
    terms, _ = part_of_run(run, inputs, "test", OWN, 2)[0]
    assert len(terms) == 2
    one_text = replace(inputs, rows=inputs.rows | {"test": inputs.rows["test"][:1]})
    monkeypatch.setattr(Inputs, "part", lambda inputs, run, name: ((terms[:1], terms[:1].astype(np.float32)), np.zeros(1, np.int64), None))
    assert example_batch(run, one_text, SHARES).shape == (2, inputs.input_size)


# --- Files from elsewhere ---


def foreign(batch: Any = "batch", **external: str) -> onnx.ModelProto:
    weights = numpy_helper.from_array(np.eye(3, dtype=np.float32), "w")
    if external:
        weights = TensorProto(name="w", dims=[3, 3], data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
        for key, value in external.items():
            weights.external_data.add(key=key, value=value)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "foreign",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, 3])],
        [weights],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def test_a_foreign_file_with_open_axes_says_what_it_takes() -> None:
    found = look_into("theirs.onnx", foreign().SerializeToString())
    assert "“x” (float32, batch × 3)" in found.sentence and "fixed at" not in found.sentence and found.weights == 9


def test_a_foreign_file_whose_rows_are_fixed_says_so_and_the_way_out() -> None:
    sentence = look_into("theirs.onnx", foreign(batch=16).SerializeToString()).sentence
    assert "first axis of “x” is fixed at 16" in sentence and "exactly 16 rows" in sentence and "dynamic_shapes" in sentence


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", np.random.default_rng(0).bytes(3000)], ids=["empty", "zip", "noise"])
def test_a_foreign_file_that_is_none_is_named_as_its_owner_does(content: bytes) -> None:
    with pytest.raises(MigrationError, match=r"^theirs\.onnx is not an ONNX model"):
        look_into("theirs.onnx", content)


@pytest.mark.parametrize("share", [0.4, 0.9])
def test_a_foreign_file_that_was_cut_off_is_refused(share: float) -> None:
    whole = foreign().SerializeToString()
    with pytest.raises(MigrationError, match=r"theirs\.onnx.*Expected"):
        look_into("theirs.onnx", whole[: int(len(whole) * share)])


@pytest.mark.parametrize("location", ["/etc/passwd", "../theirs.bin"])
def test_a_foreign_file_reads_nothing_outside_its_folder(location: str) -> None:
    with pytest.raises(MigrationError, match=r"theirs\.onnx keeps the weight “w”.*not beside it"):
        look_into("theirs.onnx", foreign(location=location).SerializeToString())


def test_an_upload_whose_weights_lie_in_another_file_says_what_to_do() -> None:
    with pytest.raises(MigrationError, match=r"needs “theirs\.bin” beside it.*one file"):
        look_into("theirs.onnx", foreign(location="theirs.bin").SerializeToString())


def test_a_disk_that_is_full_is_told_where_a_file_is_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(MigrationError, match=r"theirs\.onnx cannot be looked into.*No space left.*Free some space"):
        look_into("theirs.onnx", foreign().SerializeToString())


def test_the_worker_says_so_before_it_loads_anything(run: Run, tmp_path: Path) -> None:
    (run.path / "inputs.json").unlink()
    nothing: Any = None
    with pytest.raises(RunError, match="Resume it to prepare the data again"):
        worker_migrating.leave(nothing, run, leave_request(tmp_path))
