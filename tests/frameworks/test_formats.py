"""What a file must keep of a model that the frameworks would fill in by themselves."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.running.driving import write_tiny_encoder


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras itself, as it saves
def test_a_keras_file_keeps_the_encoders_own_activation(tmp_path: Path) -> None:
    """KerasHub would bring back the tanh form of GELU: 3e-4 on a logit of MiniLM."""
    keras = import_module("keras")
    formats = import_module("engine.frameworks.tensorflow.formats")
    whole_model = import_module("engine.frameworks.tensorflow.whole_model")
    encoder = write_tiny_encoder(tmp_path / "encoder")
    tokens = np.arange(1, 13, dtype=np.int32).reshape(2, 6)
    size = import_module("engine.frameworks.tensorflow.encoder").load_encoder(encoder).hidden_dim
    head = keras.Sequential([keras.Input((size,)), keras.layers.Dense(3, name="output")], name="embedding_mlp")
    model = whole_model.with_encoder(head, encoder, "mean", True, 0)
    formats.save_native(model, tokens, "tokens", tmp_path / "model.keras")
    answer = formats.load_native(None, tmp_path / "model.keras", "tokens")
    assert np.abs(answer(tokens) - np.asarray(model(tokens))).max() <= 1e-5


SIZES = {"encoder": 64, "hidden": 256, "classes": 3}
"""Large enough for eight bits to show in a file's size."""


def rows() -> np.ndarray:
    return np.random.default_rng(7).normal(size=(1, SIZES["encoder"])).astype(np.float32)


@pytest.mark.slow
def test_litert_keeps_dense_weights_in_int8(tmp_path: Path) -> None:
    keras = import_module("keras")
    formats = import_module("engine.frameworks.tensorflow.formats")
    keras.utils.set_random_seed(7)
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((SIZES["encoder"],)), layers.Dense(SIZES["hidden"], "relu"), layers.Dense(SIZES["hidden"]), layers.Dense(3)]
    )
    check_int8(formats, model, tmp_path, ".tflite")


@pytest.mark.slow
def test_executorch_keeps_dense_weights_in_int8(tmp_path: Path) -> None:
    pytest.importorskip("executorch")
    torch = import_module("torch")
    torch.manual_seed(7)
    formats = import_module("engine.frameworks.pytorch.formats")
    linear, hidden = torch.nn.Linear, SIZES["hidden"]
    model = torch.nn.Sequential(linear(SIZES["encoder"], hidden), torch.nn.ReLU(), linear(hidden, hidden), linear(hidden, 3))
    check_int8(formats, model, tmp_path, ".pte")


def check_int8(formats: Any, model: Any, folder: Path, suffix: str) -> None:
    """The file shrinks to less than half, and its answers differ, but little."""
    example, files = rows(), [folder / f"{name}{suffix}" for name in ("float32", "int8")]
    formats.save_mobile(model, example, "rows", files[0])
    formats.save_mobile(model, example, "rows", files[1], int8=True)
    exact, rounded = (formats.load_mobile(None, file, "rows")(example) for file in files)
    assert files[1].stat().st_size < 0.5 * files[0].stat().st_size
    assert 0 < np.abs(exact - rounded).max() < 0.1 * np.abs(exact).max()
