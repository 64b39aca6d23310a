"""A pre-trained encoder, fine-tuned end to end, in TensorFlow: Keras and KerasHub."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from engine.frameworks.tensorflow.checkpoint_names import assign_tensors, to_tensors
from engine.frameworks.tensorflow.encoder import load_encoder, pool
from engine.shared.architecture import Architecture


def build(architecture: Architecture, own: frozenset[str] = frozenset()) -> keras.Model:
    """The model before training: the encoder as its checkpoint holds it, the last layer new.

    ``own`` names what is left to the framework: ``dropout`` and ``gelu`` as KerasHub ships them,
    and with ``loss`` the model answers with probabilities, which Keras's cross-entropy expects.
    """
    assert architecture.encoder is not None
    encoder = load_encoder(architecture.encoder, None, trainable=True, own=own)
    encoder.name = "encoder"
    tokens = keras.Input((None,), dtype="int32", name="tokens")  # (batch, tokens)
    is_token = ops.cast(ops.not_equal(tokens, architecture.padding), "int32")
    # Attention needs a token even where a text has none.
    is_token = ops.concatenate([ops.ones_like(tokens[:, :1]), is_token[:, 1:]], axis=1)
    given = {"token_ids": tokens, "padding_mask": is_token, "segment_ids": ops.zeros_like(tokens)}
    output = encoder({name: given[name] for name in encoder.input})
    token_vectors = output["sequence_output"] if isinstance(output, dict) else output
    vectors = pool(token_vectors, is_token, architecture.pooling)  # (batch, hidden_size)
    answers = keras.layers.Dense(
        architecture.num_classes,
        activation="softmax" if "loss" in own else None,
        dtype=keras.config.floatx(),  # in mixed precision, too: losses and answers are not rounded
        name="output",
    )(vectors)  # (batch, num_classes)
    return keras.Model(inputs=tokens, outputs=answers, name="transformer")


def load_neutral(model: keras.Model, weights: dict[str, np.ndarray]) -> None:
    """Copy the given weights into the model; others stay as they are.

    The encoder's have the names and layouts of its checkpoint, which KerasHub has otherwise.
    """
    assign_tensors(model.get_layer("encoder"), lambda name: weights.get(f"encoder.{name}"))
    output = model.get_layer("output")
    for name, variable in (("output.weight", output.kernel), ("output.bias", output.bias)):
        if name in weights:
            variable.assign(weights[name])


def to_neutral(model: keras.Model) -> dict[str, np.ndarray]:
    """Copies of the model's weights: the last layer's matrix as (inputs, outputs)."""
    tensors = to_tensors(model.get_layer("encoder"))
    weights = {f"encoder.{name}": values for name, values in tensors.items()}
    weights["output.weight"], weights["output.bias"] = model.get_layer("output").get_weights()
    return weights
