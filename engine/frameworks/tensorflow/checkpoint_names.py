"""Where KerasHub keeps each tensor of a checkpoint, and in which shape.

This file has no twin in the PyTorch wing: transformers keeps the names and shapes of its files.
Reading the files here, instead of with KerasHub's converters, takes every family as it is stored,
with or without a prefix or a pooler, and the same table writes trained weights back.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from pathlib import Path

import keras
import keras_hub
import numpy as np
from safetensors import safe_open

from engine.shared.encoders.tensors import (
    expected_tensors,
    layer_names,
    part_name,
    stored_tensors,
    weight_files,
)

WORDS = "embeddings.word_embeddings.weight"
POSITIONS = "embeddings.position_embeddings.weight"
TOKEN_TYPES = "embeddings.token_type_embeddings.weight"

KERAS_HUB_PARTS = {
    "query": "_self_attention_layer.query_dense",
    "key": "_self_attention_layer.key_dense",
    "value": "_self_attention_layer.value_dense",
    "attention_output": "_self_attention_layer.output_dense",
    "attention_norm": "_self_attention_layer_norm",
    "feedforward_inner": "_feedforward_intermediate_dense",
    "feedforward_output": "_feedforward_output_dense",
    "feedforward_norm": "_feedforward_layer_norm",
}
"""The parts of one layer by their place in KerasHub's ``TransformerEncoder``."""


def named_variables(encoder: keras_hub.models.Backbone) -> dict[str, keras.Variable]:
    """The encoder's variables under the names of the tensors that they hold; no pooler."""
    config = encoder.checkpoint_config
    # DistilBERT and RoBERTa keep words and positions in a layer of their own.
    embeddings = getattr(encoder, "embeddings", encoder)
    variables = {
        WORDS: embeddings.token_embedding.embeddings,
        POSITIONS: embeddings.position_embedding.position_embeddings,
    }
    if hasattr(encoder, "segment_embedding"):
        variables[TOKEN_TYPES] = encoder.segment_embedding.embeddings
    holders = {"embeddings.LayerNorm": encoder.embeddings_layer_norm}
    if config["model_type"] == "albert":
        holders["encoder.embedding_hidden_mapping_in"] = encoder.embeddings_projection
    layers = keras.tree.flatten(encoder.transformer_layers)  # ALBERT's come in groups
    for name, layer in zip(layer_names(config), layers, strict=True):
        for part, place in KERAS_HUB_PARTS.items():
            holders[part_name(name, part, config["model_type"])] = attrgetter(place)(layer)
    for name, holder in holders.items():
        is_norm = isinstance(holder, keras.layers.LayerNormalization)
        variables[f"{name}.weight"] = holder.gamma if is_norm else holder.kernel
        variables[f"{name}.bias"] = holder.beta if is_norm else holder.bias
    return variables


def load_tensors(encoder: keras_hub.models.Backbone, folder: Path) -> None:
    """Fill the encoder from the safetensors files of its checkpoint.

    Raises ``KeyError`` with the name of a tensor that is not there.
    """
    family = encoder.checkpoint_config["model_type"]
    places = {
        name: (folder / file, stored.name)
        for file in weight_files(folder)
        for name, stored in stored_tensors(folder / file, family).items()
    }

    def read(name: str) -> np.ndarray:
        file, stored = places[name]
        with safe_open(file, framework="np") as tensors:
            return tensors.get_tensor(stored)

    assign_tensors(encoder, read)


def assign_tensors(
    encoder: keras_hub.models.Backbone, read: Callable[[str], np.ndarray | None]
) -> None:
    """Copy tensors into the encoder.

    ``read`` gives a tensor by its name, or ``None`` for one that stays as it is.
    """
    for name, variable in named_variables(encoder).items():
        values = read(name)
        if values is None:
            continue
        values = values.astype(variable.dtype)
        if name == POSITIONS and "roberta" in encoder.checkpoint_config["model_type"]:
            # RoBERTa counts positions from 2, and KerasHub leaves the two unused rows out. Every
            # token is of type 0, so that vector, which KerasHub has no place for, joins them.
            token_types = read(TOKEN_TYPES)
            values = values[2:] if token_types is None else values[2:] + token_types[0]
        if variable.name == "kernel":  # stored as (outputs, inputs)
            values = values.T
        variable.assign(values.reshape(variable.shape))  # outputs of attention: (heads, size)


def to_tensors(encoder: keras_hub.models.Backbone) -> dict[str, np.ndarray]:
    """Copies of the encoder's weights as a checkpoint's file holds them.

    What KerasHub has no place for is zero: RoBERTa's token types and its two unused positions.
    """
    variables, tensors = named_variables(encoder), {}
    for name, shape in expected_tensors(encoder.checkpoint_config):
        if name not in variables:
            tensors[name] = np.zeros(shape, keras.config.floatx())
            continue
        values = variables[name].numpy()
        if variables[name].name == "kernel":
            values = values.reshape(shape[::-1]).T
        elif name == POSITIONS:
            values = np.pad(values, ((shape[0] - len(values), 0), (0, 0)))
        tensors[name] = values.reshape(shape).copy()
    return tensors
