"""What stands around a wing when it loads an encoder: damaged files and a missing GPU are told in a sentence, and nothing is loaded."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from safetensors.numpy import load_file, save_file

from engine.errors import EncoderError
from engine.shared.encoders.checks import obstacle_for_keras_hub
from engine.workers import guards
from engine.workers.guards import guard_encoder
from tests.driving import write_tiny_encoder


@pytest.fixture
def encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sound checkpoint; the wing is a stand-in that sees no GPU."""
    wing = SimpleNamespace(visible_gpu=lambda: None)
    monkeypatch.setattr(guards, "import_module", lambda name: wing)
    return write_tiny_encoder(tmp_path / "encoder")


def change_config(encoder: Path, **changes: Any) -> None:
    file = encoder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def change_weights(encoder: Path, **changes: Any) -> None:
    weights = load_file(encoder / "model.safetensors") | changes
    save_file({name: values for name, values in weights.items() if values is not None}, encoder / "model.safetensors")


NORM = "encoder.layer.0.output.LayerNorm.weight"


@pytest.mark.parametrize("framework", ["pytorch", "tensorflow"])
@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (lambda encoder: (encoder / "model.safetensors").write_bytes(b"half of it"), "are damaged"),
        (lambda encoder: (encoder / "config.json").unlink(), "No such file"),
        (lambda encoder: change_weights(encoder, **{NORM: None}), f"lack {NORM}"),
        (lambda encoder: change_config(encoder, intermediate_size=7), "do not belong together"),
    ],
)
def test_damaged_files_are_told_before_they_are_loaded(encoder: Path, framework: str, damage: Any, found: str) -> None:
    damage(encoder)
    name = {"pytorch": "PyTorch", "tensorflow": "TensorFlow"}[framework]
    words = (
        rf"{name} cannot load the encoder in .*{found}.*Expected a complete config\.json .* belong together\. Download the model again\."
    )
    with pytest.raises(EncoderError, match=words), guard_encoder(framework, encoder):
        pytest.fail("it is loaded nevertheless")


def test_whatever_a_framework_raises_is_told_in_one_line(encoder: Path) -> None:
    with (
        pytest.raises(EncoderError, match=r"PyTorch cannot load the encoder in .* \(Error in the header\)\. Expected"),
        guard_encoder("pytorch", encoder),
    ):
        raise RuntimeError("Error in the header\nand a long traceback")


def test_what_keras_hub_cannot_rebuild_concerns_tensorflow_alone(encoder: Path) -> None:
    words = "uses the activation “mish”, which Keras does not have in this form. Expected one of gelu, .*Choose another"
    change_config(encoder, hidden_act="mish")
    with guard_encoder("pytorch", encoder):
        pass
    with pytest.raises(EncoderError, match=words), guard_encoder("tensorflow", encoder):
        pytest.fail("it is loaded nevertheless")


@pytest.mark.parametrize("family", ["roberta", "xlm-roberta"])
def test_positions_are_counted_from_token_1(family: str) -> None:
    config = {"model_type": family, "pad_token_id": 3}
    words = f"pads with token 3. Expected 1: KerasHub counts the positions of a {family} model from there"
    assert words in (obstacle_for_keras_hub("mine", config) or "")


def test_a_missing_gpu_is_told(encoder: Path) -> None:
    words = r"TensorFlow sees no GPU\. Expected a CUDA or Apple device\. Choose the CPU"
    with pytest.raises(EncoderError, match=words), guard_encoder("tensorflow", encoder, "gpu"):
        pytest.fail("it is loaded nevertheless")
