"""What a file must keep of a model that the frameworks would fill in by themselves."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

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
