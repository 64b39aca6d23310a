"""What KerasHub 0.32 does not take from a BERT-family checkpoint by itself.

This file has no twin in the PyTorch wing: transformers wrote these checkpoints and reads them as
they are, while KerasHub's converters differ from them in the ways named below. Without the repairs
the two wings' vectors would differ, in the worst case completely.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras
import keras_hub
import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

from engine.errors import EncoderError

PREFIX_WANTED = ("distilbert", "roberta", "albert")
"""Families whose converter asks for ``roberta.embeddings…``, as fine-tuned models' files say.

Base models' files say ``embeddings…``.
"""

ACTIVATIONS = {
    "gelu": lambda x: keras.activations.gelu(x, approximate=False),
    "gelu_new": lambda x: keras.activations.gelu(x, approximate=True),
    "gelu_pytorch_tanh": lambda x: keras.activations.gelu(x, approximate=True),
    "relu": keras.activations.relu,
    "silu": keras.activations.silu,
    "swish": keras.activations.silu,
}
"""transformers' names.

KerasHub ignores the config's and takes the tanh form of GELU for BERT and ALBERT, the exact one for
the rest.
"""


@contextmanager
def as_keras_hub_expects(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """A folder that KerasHub's converter can read, and what it must be told besides.

    Copies weights only where their names must change.
    """
    config = _config(folder)
    family = config["model_type"]
    if "registered_name" in config:
        raise EncoderError(
            f"The config.json in {folder} describes a saved Keras object. "
            "Expected that of a transformers model of the BERT family."
        )
    # The converter cuts two rows off the positions, which is right when padding is token 1,
    # as in all published models.
    if family in ("roberta", "xlm-roberta") and config.get("pad_token_id", 1) != 1:
        raise EncoderError(
            f"The encoder in {folder} pads with token {config['pad_token_id']}. "
            f"Expected 1: KerasHub counts the positions of a {family} model from there. "
            "Choose another model, or train with PyTorch alone."
        )
    # BERT's converter assumes two kinds of segments whatever the config says.
    settings = {"num_segments": config.get("type_vocab_size", 2)} if family == "bert" else {}
    files, names = _weight_files(folder)
    renamed = {name: _wanted_name(name, family, names) for name in names}
    pooler = _absent_pooler(config, renamed.values())
    if not pooler and all(old == new for old, new in renamed.items()):
        yield str(folder), settings
        return
    with TemporaryDirectory(prefix="parity-encoder-", ignore_cleanup_errors=True) as temporary:
        copy = Path(temporary)
        shutil.copyfile(folder / "config.json", copy / "config.json")
        for file in files:
            _copy_with_names(folder / file, copy / file, renamed)
        save_file(pooler, copy / "pooler.safetensors")
        weight_map = {renamed[name]: file for name, file in names.items()} | dict.fromkeys(
            pooler, "pooler.safetensors"
        )
        (copy / "model.safetensors.index.json").write_text(
            json.dumps({"weight_map": weight_map}), encoding="utf-8"
        )
        yield str(copy), settings


def as_the_config_says(model: keras_hub.models.Backbone, folder: Path) -> None:
    """Set, in place, what KerasHub's classes fix.

    That is the activation, the layer norms' epsilon and RoBERTa's token-type vector.
    """
    config = _config(folder)
    family = config["model_type"]
    activation = config.get(
        "activation" if family == "distilbert" else "hidden_act",
        "gelu_new" if family == "albert" else "gelu",
    )
    if activation not in ACTIVATIONS:
        raise EncoderError(
            f"The encoder in {folder} uses the activation “{activation}”, "
            "which Keras does not have in this form. "
            f"Expected one of {', '.join(ACTIVATIONS)}. Choose another model."
        )
    epsilon = 1e-12 if family == "distilbert" else config.get("layer_norm_eps", 1e-12)
    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, keras.layers.LayerNormalization):
            layer.epsilon = epsilon
        if isinstance(layer, keras_hub.layers.TransformerEncoder):
            layer._feedforward_intermediate_dense.activation = ACTIVATIONS[activation]
    if family == "roberta":
        # Every token is of type 0, so its vector can be part of every position's.
        # The converter drops it.
        _, names = _weight_files(folder)
        name = next(
            name for name in names if name.endswith("embeddings.token_type_embeddings.weight")
        )
        with safe_open(folder / names[name], framework="np") as weights:
            token_type = weights.get_tensor(name)[0]  # (hidden_size,)
        positions = (
            model.embeddings.position_embedding.position_embeddings
        )  # (max_tokens, hidden_size)
        positions.assign(positions + token_type)


def _config(folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return config


def _weight_files(folder: Path) -> tuple[list[str], dict[str, str]]:
    """The safetensors files of a checkpoint, and the file of each tensor by the tensor's name."""
    index = folder / "model.safetensors.index.json"
    files = (
        sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
        if index.exists()
        else ["model.safetensors"]
    )
    names = {}
    for file in files:
        with safe_open(folder / file, framework="np") as weights:
            names.update(dict.fromkeys(weights.keys(), file))
    return files, names


def _wanted_name(name: str, family: str, names: dict[str, str]) -> str:
    if family not in PREFIX_WANTED or any(other.startswith(f"{family}.") for other in names):
        return name
    return f"{family}.{name}"


def _absent_pooler(config: dict[str, Any], names: Any) -> dict[str, np.ndarray]:
    """Zeros for a pooler that a checkpoint left out.

    BERT's and ALBERT's converters insist on it, and nothing here uses its output.
    """
    wanted = {"bert": "pooler.dense.", "albert": "albert.pooler."}.get(config["model_type"])
    if wanted is None or any(name.endswith(f"{wanted}weight") for name in names):
        return {}
    size = config["hidden_size"]
    return {
        f"{wanted}weight": np.zeros((size, size), np.float32),
        f"{wanted}bias": np.zeros(size, np.float32),
    }


def _copy_with_names(source: Path, target: Path, renamed: dict[str, str]) -> None:
    """Copy a safetensors file under new tensor names.

    The file is a length, a JSON header, then the numbers, which are not looked at.
    """
    if all(old == new for old, new in renamed.items()):
        try:
            os.symlink(source.resolve(), target)
        except OSError:  # Windows lets only some users make links
            shutil.copyfile(source, target)
        return
    with open(source, "rb") as old, open(target, "wb") as new:
        (length,) = struct.unpack("<Q", old.read(8))
        header = json.loads(old.read(length))
        renamed_header = json.dumps(
            {renamed.get(name, name): entry for name, entry in header.items()}
        ).encode()
        new.write(struct.pack("<Q", len(renamed_header)) + renamed_header)
        shutil.copyfileobj(old, new, 16 * 1024 * 1024)
