"""Weights and checkpoints on disk: whole or not at all, the same when read back, and a sentence when they are damaged."""

from __future__ import annotations

import math
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from engine.errors import TrainingError
from engine.shared.early_stopping import Progress
from engine.shared.weights import files as weight_files
from engine.shared.weights.files import load_progress, read_weights, save_progress, write_arrays

STATE = {"model.weight": np.arange(6, dtype=np.float32).reshape(2, 3).T, "optimizer.step": np.array(7.0, np.float32)}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "checkpoint.safetensors"


def test_a_checkpoint_comes_back_bit_by_bit(file: Path) -> None:
    progress = Progress(5, 3, 1, 0.1 + 0.2, 1, {"step": 12, "seconds": 1 / 3, "epoch_train_loss": [1 / 7]})
    save_progress(file, STATE, progress)
    again = Progress()
    state = load_progress(file, again)
    for name, values in STATE.items():
        assert state[name].shape == values.shape and np.array_equal(state[name], values), name
    assert again == progress
    assert list(file.parent.iterdir()) == [file]


def test_before_there_is_a_best_epoch(file: Path) -> None:
    save_progress(file, STATE, Progress())
    again = Progress(best_loss=0.5)
    load_progress(file, again)
    assert again.best_epoch is None and again.best_loss == math.inf


def test_a_write_that_fails_leaves_the_one_before(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_progress(file, STATE, Progress(next_epoch=1))

    def full(*arguments: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(
        weight_files, "struct", SimpleNamespace(pack=full)
    )  # in this module alone: pytest-xdist uses the real one meanwhile
    with pytest.raises(OSError, match="No space left"):
        save_progress(file, STATE, Progress(next_epoch=2))
    progress = Progress()
    load_progress(file, progress)
    assert progress.next_epoch == 1 and list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("damage", [lambda data: data[:-3], lambda data: b"", lambda data: b"\x80\x04pickle", lambda data: data[:5]])
def test_a_damaged_file_is_said_and_changes_nothing(file: Path, damage) -> None:  # type: ignore[no-untyped-def]
    save_progress(file, STATE, Progress(next_epoch=3))
    file.write_bytes(damage(file.read_bytes()))
    progress = Progress()
    with pytest.raises(TrainingError, match=r"checkpoint.safetensors cannot be read: .* It is damaged or was removed; train again"):
        load_progress(file, progress)
    assert progress == Progress()


def test_a_missing_file_and_one_without_its_note(file: Path) -> None:
    with pytest.raises(TrainingError, match="cannot be read"):
        read_weights(file, {})
    save_file({"model.weight": np.zeros(2, np.float32)}, file)
    progress = Progress()
    with pytest.raises(TrainingError, match="does not say how far training had come"):
        load_progress(file, progress)
    assert progress == Progress()


def test_weights_of_another_shape(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    save_file({"hidden.weight": np.zeros((2, 3), np.float32)}, file)
    assert read_weights(file, {"hidden.weight": (2, 3)})["hidden.weight"].shape == (2, 3)
    with pytest.raises(TrainingError, match=r"Expected “hidden.weight” of shape \(3, 2\), found shape \(2, 3\). Train the run again"):
        read_weights(file, {"hidden.weight": (3, 2)})
    with pytest.raises(TrainingError, match=r"Expected “output.bias” of shape .*, found none"):
        read_weights(file, {"output.bias": (3,)})


def test_the_process_of_a_writer_is_not_in_the_drafts_name(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a killed writer's draft is replaced by the next one's instead of staying for ever."""
    file.with_name(f".{file.name}.draft").write_bytes(b"of a killed worker")
    save_progress(file, STATE, Progress())
    assert os.listdir(file.parent) == [file.name]


def test_other_programs_read_what_is_written(file: Path) -> None:
    """The safetensors package itself, byte for byte; with odd sizes, scalars and every type that a checkpoint holds."""
    arrays = {
        "step": np.array(7, np.int64),
        "rate": np.array(0.1, np.float32),
        "mask": np.array([True, False, True]),
        "tokens": np.arange(5, dtype=np.int32),
        "double": np.arange(6.0).reshape(2, 3).T,
        "none": np.zeros((0, 4), np.float16),
    }
    write_arrays(file, arrays, {"by": "Parity"})
    found = load_file(file)
    assert {name: (values.dtype, values.shape) for name, values in found.items()} == {
        name: (values.dtype, values.shape) for name, values in arrays.items()
    }
    assert all(np.array_equal(found[name], values) for name, values in arrays.items())
