"""What KerasHub 0.32 computes otherwise than the BERT-family checkpoint that it loads.

This file has no twin in the PyTorch wing: transformers wrote these checkpoints and reads them as
they are. Without the repairs the two wings' vectors would differ, in the worst case completely.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
import keras_hub
import numpy as np
import tensorflow as tf


def exact_gelu(x: tf.Tensor) -> tf.Tensor:
    """The GELU of BERT, x times the normal distribution at x.

    TensorFlow's own rounds the root of a half to float32 whatever its argument, which moves a
    float64 result by 1e-8, and takes half as long again.
    """
    return 0.5 * x * (1.0 + tf.math.erf(x * math.sqrt(0.5)))


def tanh_gelu(x: tf.Tensor) -> tf.Tensor:
    """The approximation that ALBERT was trained with; TensorFlow's own rounds 0.044715 likewise."""
    return 0.5 * x * (1.0 + tf.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x * x * x)))


ACTIVATIONS = {
    "gelu": exact_gelu,
    "gelu_new": tanh_gelu,
    "gelu_pytorch_tanh": tanh_gelu,
    "relu": keras.activations.relu,
    "silu": keras.activations.silu,
    "swish": keras.activations.silu,
}
"""transformers' names.

KerasHub ignores the config's and takes the tanh form of GELU for BERT and ALBERT, the exact one for
the rest.
"""


def as_keras_hub_expects(config: Mapping[str, Any]) -> dict[str, float]:
    """What KerasHub must be told to build the model that ``config.json`` describes."""
    if config["model_type"] == "bert":  # whose class assumes two kinds of segments whatever it says
        return {"num_segments": config.get("type_vocab_size", 2)}
    return {}


def activation_name(config: Mapping[str, Any]) -> str:
    """The activation of the encoder, by transformers' name."""
    family = config["model_type"]
    usual = "gelu_new" if family == "albert" else "gelu"
    return str(config.get("activation" if family == "distilbert" else "hidden_act", usual))


def as_the_config_says(
    model: keras_hub.models.Backbone, config: Mapping[str, Any], own: frozenset[str]
) -> None:
    """Set, in place, what KerasHub's classes fix: activation, epsilon and the attention's scale.

    ``own`` names what is left as KerasHub ships it.
    """
    family = config["model_type"]
    epsilon = 1e-12 if family == "distilbert" else config.get("layer_norm_eps", 1e-12)
    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, keras.layers.LayerNormalization):
            layer.epsilon = epsilon
        if isinstance(layer, keras.layers.MultiHeadAttention):
            # A Python number would pass through float32 on its way to a float64 tensor.
            layer._inverse_sqrt_key_dim = np.float64(1 / math.sqrt(layer.key_dim))
        if isinstance(layer, keras_hub.layers.TransformerEncoder) and "gelu" not in own:
            layer._feedforward_intermediate_dense.activation = ACTIVATIONS[activation_name(config)]


def plain_layers(model: keras.Model) -> keras.Model:
    """The same model with each of KerasHub's encoders as a plain model of its layers.

    A file keeps only the sizes of such an encoder, and KerasHub would build it anew with its own
    activation and epsilon; of layers it keeps every setting.
    """

    def plain(layer: keras.layers.Layer) -> keras.layers.Layer:
        if not isinstance(layer, keras_hub.models.Backbone):
            return layer
        for part in layer._flatten_layers(include_self=False):
            if isinstance(part, keras_hub.layers.TransformerEncoder):
                part.layer_norm_epsilon = part._feedforward_layer_norm.epsilon
                computed = part._feedforward_intermediate_dense.activation
                if computed is not tanh_gelu:  # that is what the layer's settings say already
                    # The same function by a name that Keras finds without our code.
                    part.activation = keras.activations.gelu if computed is exact_gelu else computed
        return keras.Model(layer.input, layer.output, name=layer.name)

    return keras.models.clone_model(model, clone_function=plain)
