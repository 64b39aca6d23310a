"""What a file must keep of a model that the frameworks would fill in by themselves."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.shared.architecture import Architecture
from tests.driving import write_tiny_encoder
from tests.wing_process import InWing

SIZES = {"encoder": 64, "hidden": 256, "classes": 3}
"""Large enough for eight bits to show in a file's size."""


def rows() -> np.ndarray:
    return np.random.default_rng(7).normal(size=(1, SIZES["encoder"])).astype(np.float32)


def test_a_keras_file_keeps_the_encoders_own_activation(in_wing: InWing, tmp_path: Path) -> None:
    """KerasHub would bring back the tanh form of GELU: 3e-4 on a logit of MiniLM."""
    in_wing("tensorflow", keras_file, tmp_path)


def test_litert_keeps_dense_weights_in_int8(in_wing: InWing, tmp_path: Path) -> None:
    in_wing("tensorflow", litert_in_int8, tmp_path)


@pytest.mark.skipif(find_spec("executorch") is None, reason="executorch is optional")
@pytest.mark.thorough
def test_executorch_keeps_dense_weights_in_int8(in_wing: InWing, tmp_path: Path) -> None:
    in_wing("pytorch", executorch_in_int8, tmp_path)


@pytest.mark.skipif(find_spec("executorch") is None, reason="executorch is optional")
@pytest.mark.thorough
def test_executorch_takes_a_recurrence_in_int8(in_wing: InWing, tmp_path: Path) -> None:
    """Its biases were added up in the graph, and XNNPACK leaves a dense layer alone whose bias is not constant."""
    in_wing("pytorch", recurrence_in_int8, tmp_path)


def test_a_state_dict_of_terms_answers_to_whole_rows(in_wing: InWing, tmp_path: Path) -> None:
    in_wing("pytorch", state_dict_of_terms, tmp_path)


# --- What is done in a wing's process ---


def keras_file(folder: Path) -> None:
    keras = import_module("keras")
    formats = import_module("engine.frameworks.tensorflow.formats")
    whole_model = import_module("engine.frameworks.tensorflow.whole_model")
    encoder = write_tiny_encoder(folder / "encoder")
    tokens = np.arange(1, 13, dtype=np.int32).reshape(2, 6)
    size = import_module("engine.frameworks.tensorflow.encoder").load_encoder(encoder).hidden_dim
    head = keras.Sequential([keras.Input((size,)), keras.layers.Dense(3, name="output")], name="embedding_mlp")
    model = whole_model.with_encoder(head, encoder, "mean", True, 0)
    formats.save_native(model, tokens, "tokens", folder / "model.keras")
    answer = formats.load_native(None, folder / "model.keras", "tokens")
    assert np.abs(answer(tokens) - np.asarray(model(tokens))).max() <= 1e-5


def litert_in_int8(folder: Path) -> None:
    keras = import_module("keras")
    formats = import_module("engine.frameworks.tensorflow.formats")
    keras.utils.set_random_seed(7)
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((SIZES["encoder"],)), layers.Dense(SIZES["hidden"], "relu"), layers.Dense(SIZES["hidden"]), layers.Dense(3)]
    )
    check_int8(formats, model, folder, ".tflite")


def executorch_in_int8(folder: Path) -> None:
    torch = import_module("torch")
    torch.manual_seed(7)
    formats = import_module("engine.frameworks.pytorch.formats")
    hidden = SIZES["hidden"]

    class WithPositions(torch.nn.Module):
        """Numbers that are added to whole numbers, which an encoder's positions are, must stay whole."""

        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = torch.nn.Linear(SIZES["encoder"], hidden), torch.nn.Linear(hidden, hidden)

        def forward(self, rows: torch.Tensor) -> torch.Tensor:
            places = torch.arange(3) + 1
            return self.second(torch.relu(self.first(rows))).gather(1, places[None])

    check_int8(formats, WithPositions(), folder, ".pte")


def recurrence_in_int8(folder: Path) -> None:
    torch = import_module("torch")
    torch.manual_seed(7)
    formats = import_module("engine.frameworks.pytorch.formats")
    bi_lstm = import_module("engine.frameworks.pytorch.classifiers.bi_lstm")
    model = bi_lstm.build(Architecture(num_classes=3, input_size=20, embedding_size=64, hidden_units=32))
    tokens = np.array([[4, 9, 3, 2, 14, 7, 0, 0, 0]], np.int32)
    formats.save_mobile(model, tokens, "tokens", folder / "float32.pte")
    formats.save_mobile(model, tokens, "tokens", folder / "int8.pte", int8=True)
    exact, rounded = (formats.load_mobile(None, folder / f"{name}.pte", "tokens")(tokens) for name in ("float32", "int8"))
    assert np.abs(exact - model(torch.from_numpy(tokens)).detach().numpy()).max() <= 1e-6
    assert 0 < np.abs(exact - rounded).max() < 0.1 * np.abs(exact).max()
    assert (folder / "int8.pte").stat().st_size < (folder / "float32.pte").stat().st_size


def state_dict_of_terms(folder: Path) -> None:
    """The class itself takes the terms of a text and their shares, the exported model one row."""
    formats = import_module("engine.frameworks.pytorch.formats")
    tfidf_mlp = import_module("engine.frameworks.pytorch.classifiers.tfidf_mlp")
    build = partial(tfidf_mlp.build, Architecture(num_classes=3, input_size=7, hidden_units=5))
    model, shares = build(), np.random.default_rng(7).random((2, 7)).astype(np.float32)
    formats.save_native(model, shares, "shares", folder / "model.safetensors")
    answer = formats.load_native(build(), folder / "model.safetensors", "shares")(shares)
    weights = tfidf_mlp.to_neutral(model)
    hidden = np.maximum(shares @ weights["hidden.weight"] + weights["hidden.bias"], 0)
    assert np.abs(answer - (hidden @ weights["output.weight"] + weights["output.bias"])).max() <= 1e-6


def check_int8(formats: Any, model: Any, folder: Path, suffix: str) -> None:
    """The file shrinks to less than half, and its answers differ, but little."""
    example, files = rows(), [folder / f"{name}{suffix}" for name in ("float32", "int8")]
    formats.save_mobile(model, example, "rows", files[0])
    formats.save_mobile(model, example, "rows", files[1], int8=True)
    exact, rounded = (formats.load_mobile(None, file, "rows")(example) for file in files)
    assert files[1].stat().st_size < 0.5 * files[0].stat().st_size
    assert 0 < np.abs(exact - rounded).max() < 0.1 * np.abs(exact).max()
