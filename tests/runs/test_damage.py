"""What the world does to a run: its process killed, its folder removed, its files cut short, the disk full, no network."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest

from engine import FRAMEWORKS
from engine.files import read_json
from engine.runs import launching
from engine.runs.folder import Run, create_run, home
from tests.driving import (
    copy_run,
    fill,
    fill_again,
    kinds,
    processes_about,
    small_data,
    small_experiment,
    wait_for_end,
    wait_until,
    weights,
    write_tiny_encoder,
)
from tests.shared_runs import SharedRun

PROJECT = Path(__file__).parents[2]


def training_run(encoder: Path, **changes: object) -> Run:
    """A run in processes of its own that trains for long, once both of its workers have trained a little."""
    run = launching.start(small_experiment(encoder, **{"epochs": 1000} | changes))
    wait_until(
        lambda: all(kinds(run, name).count("epoch") > 1 for name in run.read_experiment().frameworks) or not run.read_status().active,
        "both to train",
    )
    wait_until(lambda: run.read_status().phase == "train" or not run.read_status().active, "the training of both to begin")
    assert run.read_status().active, run.read_status().message
    return run


@pytest.mark.usefixtures("workers")
def test_coordinator_killed_while_a_worker_is_suspended(tiny_encoder: Path, vectors_kept: None) -> None:
    run = training_run(tiny_encoder)
    assert launching.recover() == [] and run.read_status().active, "a run that goes on is left alone"
    workers = [psutil.Process(identity.pid) for identity in run.read_status().workers.values()]
    assert len(workers) == 2
    wait_until(lambda: any(worker.status() == psutil.STATUS_STOPPED for worker in workers), "one of the two to be suspended")
    coordinator = psutil.Process(run.read_status().coordinator.pid)
    coordinator.kill()
    wait_until(lambda: not any(worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE for worker in workers), "the workers to go")
    wait_until(lambda: not coordinator.is_running(), "the coordinator to be reaped: it must not stay a zombie")
    status = run.read_status()
    assert status.state == "failed"
    assert "The run's own process ended unexpectedly while it was in the phase “train”" in status.message
    assert "resume the run to go on from the last finished epoch" in status.message
    assert [orphan.identifier for orphan in launching.recover()] == [run.identifier]
    assert run.read_status().phase == "end" and run.read_status().workers == {} and run.read_status().message == status.message
    assert launching.recover() == []

    launching.resume(run)
    wait_until(lambda: kinds(run, "tensorflow").count("built") == 2, "TensorFlow to go on")
    run.request_stop()
    assert wait_for_end(run).state == "stopped"
    assert set(run.read_results().frameworks) == set(FRAMEWORKS)
    for framework in FRAMEWORKS:
        resumed = [event for event in run.read_events(framework)[0] if event["event"] == "resumed"]
        assert len(resumed) == 1 and resumed[0]["epoch"] >= 1


@pytest.mark.usefixtures("workers")
def test_coordinator_asked_to_end(tiny_encoder: Path, vectors_kept: None, tmp_path: Path) -> None:
    run = training_run(tiny_encoder, frameworks=("pytorch",))
    os.kill(run.read_status().coordinator.pid, signal.SIGTERM)
    status = wait_for_end(run)
    assert status.state == "failed" and status.phase == "end"
    assert "asked to end from outside (SIGTERM) in the phase “train”" in status.message
    assert not processes_about(run.path)
    # Its folder is removed while it goes on again, as a person may do with an old run.
    launching.resume(run)
    wait_until(lambda: kinds(run, "pytorch").count("built") == 2, "the run to go on")
    shutil.rmtree(run.path.rename(tmp_path / "removed"), ignore_errors=True)  # at one blow, for the run goes on writing
    wait_until(lambda: not processes_about(run.path), "the processes of a run without a folder to leave")
    assert not run.path.exists()
    assert run.read_status().state == "failed" and "folder was removed" in run.read_status().message


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
from engine.runs.coordinator import main
main(sys.argv[2:])
"""
"""A coordinator in whose files nothing more fits, as on a full disk."""


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform == "win32", reason="needs limits for file sizes")
@pytest.mark.parametrize(("room", "says"), [(30_000, "A file could not be written or read"), (150_000, "File too large")])
def test_disk_full(
    room: int, says: str, tiny_encoder: Path, vectors_kept: None, reference: SharedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once for the coordinator's files and once for the workers' checkpoints."""
    run = create_run(small_experiment(tiny_encoder, frameworks=("pytorch",)))
    subprocess.run([sys.executable, "-c", LIMITED, str(room), str(run.path)], cwd=PROJECT, check=True)
    status = run.read_status()
    assert status.state == "failed"
    assert says in status.message and "free space" in status.message and "resume" in status.message, status.message
    assert run.read_results() is None and not (run.framework_folder("pytorch") / "model.safetensors").exists()
    assert not (run.framework_folder("pytorch") / "checkpoint.safetensors").exists()
    assert not list(run.path.glob("**/.*.draft*")), "nothing half-written stays"
    assert fill_again(run, monkeypatch).state == "done"
    assert weights(run, "pytorch") == weights(reference.run, "pytorch")


@pytest.mark.thorough
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_damaged_checkpoint(framework: str, reference: SharedRun, vectors_kept: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The training begins again, and says so; without this way out no resume would ever succeed."""
    run = copy_run(reference.run)
    checkpoint = run.framework_folder(framework) / "checkpoint.safetensors"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-1000])
    run.forget_outcome(framework)
    status = run.read_status()
    status.state = "failed"
    run.write_status(status)
    status = fill_again(run, monkeypatch)
    assert status.state == "done", status.message
    assert any("began its training again from the start" in note and "is damaged" in note for note in status.notes), status.notes
    resumed = [event for event in run.read_events(framework)[0] if event["event"] == "resumed"]
    assert (resumed[0]["epoch"], resumed[0]["step"]) == (0, 0)
    assert weights(run, framework) == weights(reference.run, framework)


@pytest.mark.usefixtures("workers")
def test_vectors_that_were_cut_short_or_removed_are_computed_again(tiny_encoder: Path, reference: SharedRun) -> None:
    home().mkdir()
    kept = Path(shutil.copytree(reference.run.path.parent / "_features", home() / "_features"))
    (matrix,) = kept.glob("*[0-9a-f].npy")
    whole = matrix.read_bytes()
    matrix.write_bytes(whole[:-500])
    run = fill(small_experiment(tiny_encoder, frameworks=("pytorch",)))
    assert run.read_status().state == "done", run.read_status().message
    assert "encode" in run.read_status().progress, "they were computed"
    assert len(matrix.read_bytes()) == len(whole)


@pytest.mark.parametrize(
    ("encoder", "says"),
    [
        ("nobody-at-all/no-such-model", "the hub cannot be reached. Connect to the network once, choose a local folder"),
        ("not an id!!", "is neither a folder nor a model id"),
        ("/no/such/folder", "There is no folder /no/such/folder"),
    ],
)
def test_encoders_that_cannot_be_had(encoder: str, says: str) -> None:
    run = fill(small_experiment(encoder))
    assert run.read_status().state == "failed" and says in run.read_status().message
    assert run.read_status().phase == "end"


def test_an_encoder_with_pickled_weights_only_is_refused(tmp_path: Path) -> None:
    folder = write_tiny_encoder(tmp_path / "pickled")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    run = fill(small_experiment(folder))
    assert run.read_status().state == "failed"
    assert "pickled or HDF5 weights only, which are never loaded here because a pickle can run code" in run.read_status().message
    assert not (home() / "_features").exists()


@pytest.mark.usefixtures("workers")
def test_encoders_that_are_known_to_differ_are_refused_in_matched_mode_only(
    tiny_encoder: Path, reference: SharedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    home().mkdir()
    kept = Path(shutil.copytree(reference.run.path.parent / "_features", home() / "_features"))
    (note,) = (file for file in kept.glob("*.json") if not file.name.startswith("."))
    note.write_text('{"encoder_difference": 0.25}')
    run = fill(small_experiment(tiny_encoder))
    assert run.read_status().state == "failed"
    assert (
        "they differ by 0.25, expected at most 0.0001" in run.read_status().message
        and "matched mode is refused" in run.read_status().message
    )
    assert not list(kept.glob("*[0-9a-f].npy")), "the next run looks again"


def test_a_description_that_is_damaged_is_said(tiny_encoder: Path) -> None:
    run = create_run(small_experiment(tiny_encoder))
    (run.path / "experiment.json").write_text("{")
    launching.launch(run)
    status = wait_for_end(run)
    assert status.state == "failed" and "has no readable experiment.json" in status.message


@pytest.mark.thorough
@pytest.mark.usefixtures("workers")
def test_a_grown_file_encodes_its_new_texts_and_damaged_vectors_again(tiny_encoder: Path) -> None:
    first = fill(small_experiment(tiny_encoder, data=small_data(60), frameworks=("pytorch",)))
    kept = home() / "_features"
    (matrix,) = kept.glob("*[0-9a-f].npy")
    changed = bytearray(matrix.read_bytes())
    changed[200] ^= 1  # one bit of the first text's vector
    matrix.write_bytes(changed)
    run = fill(small_experiment(tiny_encoder, data=small_data(725), frameworks=("pytorch",)))
    status = run.read_status()
    assert status.state == "done", status.message
    assert "One kept vector was damaged (the checksum does not fit) and not used." in status.notes
    (note,) = (read_json(file) for file in kept.glob("[0-9a-f]*.json") if not file.name.startswith(matrix.stem))
    texts = [set(each.read_data()["text"]) for each in (first, run)]
    assert note is not None and note["encoded"] == len(texts[1] - texts[0]) + 1
    assert not list(kept.glob("*draft*"))
    again = fill(small_experiment(tiny_encoder, data=small_data(725), frameworks=("pytorch",)))
    assert "encode" not in again.read_status().progress, "the vectors were kept"
    assert np.array_equal(np.load(again.input_array(0)), np.load(run.input_array(0)))
