"""Which tensors a pre-trained encoder is made of, for each family, and what its safetensors files hold; opens no framework.

Names are those of Hugging Face's base models, without the family's prefix: ``embeddings.word_embeddings.weight``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import safe_open

from engine.errors import EncoderError

Config = Mapping[str, Any]
"""The ``config.json`` of an encoder, as transformers writes it."""

LAYER_PARTS = {
    "query": ("attention.self.query", "attention.q_lin", "attention.query"),
    "key": ("attention.self.key", "attention.k_lin", "attention.key"),
    "value": ("attention.self.value", "attention.v_lin", "attention.value"),
    "attention_output": ("attention.output.dense", "attention.out_lin", "attention.dense"),
    "attention_norm": ("attention.output.LayerNorm", "sa_layer_norm", "attention.LayerNorm"),
    "feedforward_inner": ("intermediate.dense", "ffn.lin1", "ffn"),
    "feedforward_output": ("output.dense", "ffn.lin2", "ffn_output"),
    "feedforward_norm": ("output.LayerNorm", "output_layer_norm", "full_layer_layer_norm"),
}
"""The parts of one layer: what they are called in BERT and both RoBERTas, in DistilBERT, in ALBERT."""

BERT_SIZES = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "max_position_embeddings")
SIZES = {
    "bert": BERT_SIZES,
    "distilbert": ("vocab_size", "dim", "n_layers", "n_heads", "hidden_dim", "max_position_embeddings"),
    "roberta": BERT_SIZES,
    "xlm-roberta": BERT_SIZES,
    "albert": (*BERT_SIZES, "embedding_size"),
}
"""The whole numbers that a ``config.json`` of each family must state: words, width, layers, heads, inner width, positions."""

BERT_DEFAULTS = {"pad_token_id": 0, "type_vocab_size": 2, "layer_norm_eps": 1e-12, "hidden_act": "gelu"}
BERT_DROPOUTS = {"hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1}
DEFAULTS: Mapping[str, Config] = {
    "bert": BERT_DEFAULTS | BERT_DROPOUTS,
    "distilbert": {"pad_token_id": 0, "activation": "gelu", "dropout": 0.1, "attention_dropout": 0.1},
    "roberta": BERT_DEFAULTS | BERT_DROPOUTS | {"pad_token_id": 1},
    "xlm-roberta": BERT_DEFAULTS | BERT_DROPOUTS | {"pad_token_id": 1},
    "albert": BERT_DEFAULTS | dict.fromkeys(BERT_DROPOUTS, 0.0) | {"hidden_act": "gelu_new", "num_hidden_groups": 1, "inner_group_num": 1},
}
"""All else of a ``config.json`` that decides what an encoder computes, with transformers' values where it says nothing."""


class StoredTensor(NamedTuple):
    """What a safetensors file says of a tensor."""

    name: str
    """The name in the file, maybe with the family's prefix."""
    shape: tuple[int, ...]
    dtype: str
    """``F32``, ``BF16``, ``I8`` and so on."""


def read_config(folder: Path) -> Config:
    """Return all of a ``config.json`` that decides the computation, completed; what else stands there reaches no framework."""
    stated = json.loads((folder / "config.json").read_bytes())  # of bytes Python finds the encoding itself, with and without a mark
    family = stated["model_type"]
    said = {name: stated[name] for name in (*SIZES[family], *DEFAULTS[family]) if stated.get(name) is not None}
    return {"model_type": family, **DEFAULTS[family], **said}


def plain_name(stored: str, family: str) -> str:
    """Return a tensor's name without the family's prefix, which fine-tuned models' files have, and without the names of old BERT files."""
    prefix = "roberta." if family == "xlm-roberta" else f"{family}."
    name = stored.removeprefix(prefix)
    for old, new in (("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")):
        name = name.replace(old, new)
    return name


def layer_names(config: Config) -> Iterator[str]:
    """Return the prefix of each layer with weights of its own, in the order in which they compute."""
    family = config["model_type"]
    if family == "albert":
        for group in range(config.get("num_hidden_groups", 1)):
            for number in range(config.get("inner_group_num", 1)):
                yield f"encoder.albert_layer_groups.{group}.albert_layers.{number}"
        return
    stack = "transformer.layer" if family == "distilbert" else "encoder.layer"
    for number in range(config[SIZES[family][2]]):
        yield f"{stack}.{number}"


def part_name(layer: str, part: str, family: str) -> str:
    """Return the name of one of ``LAYER_PARTS``, without ``.weight`` and ``.bias``."""
    return f"{layer}.{LAYER_PARTS[part][{'distilbert': 1, 'albert': 2}.get(family, 0)]}"


def expected_tensors(config: Config) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Name and shape of every tensor of an encoder; the pooler is left out, for nothing here uses it.

    A generator, so that the first missing tensor ends it whatever number of layers a damaged ``config.json`` states.
    """
    family = config["model_type"]
    words, size, _, _, inner, positions = (config[key] for key in SIZES[family][:6])
    width = config["embedding_size"] if family == "albert" else size
    yield "embeddings.word_embeddings.weight", (words, width)
    yield "embeddings.position_embeddings.weight", (positions, width)
    if family != "distilbert":
        yield "embeddings.token_type_embeddings.weight", (config.get("type_vocab_size", 2), width)
    yield from (("embeddings.LayerNorm.weight", (width,)), ("embeddings.LayerNorm.bias", (width,)))
    if family == "albert":
        yield from (("encoder.embedding_hidden_mapping_in.weight", (size, width)), ("encoder.embedding_hidden_mapping_in.bias", (size,)))
    for layer in layer_names(config):
        for part in LAYER_PARTS:
            outputs = inner if part == "feedforward_inner" else size
            inputs = inner if part == "feedforward_output" else size
            name = part_name(layer, part, family)
            yield f"{name}.weight", (size,) if part.endswith("norm") else (outputs, inputs)
            yield f"{name}.bias", (outputs,)


def weight_files(folder: Path) -> list[str]:
    """Return the safetensors files of a checkpoint: the only one, else those that its index names."""
    index = folder / "model.safetensors.index.json"
    if (folder / "model.safetensors").exists() or not index.exists():  # in this order transformers looks for them
        return ["model.safetensors"]
    return sorted(set(json.loads(index.read_bytes())["weight_map"].values()))


def stored_tensors(file: Path, family: str) -> dict[str, StoredTensor]:
    """Return what a file says of each tensor, by the tensor's plain name. Reads no weights.

    Raises ``EncoderError`` where two tensors have the same plain name.
    """
    found: dict[str, StoredTensor] = {}
    with safe_open(file, framework="np") as weights:
        for stored in weights.keys():  # noqa: SIM118 (not a dict)
            described, plain = weights.get_slice(stored), plain_name(stored, family)
            if plain in found:
                raise EncoderError(
                    f"{file.name} in {file.parent} holds {plain} twice, as {found[plain].name} and as {stored}. Expected each tensor once, "
                    "so that both frameworks load the same. Download the model again, or choose another."
                )
            found[plain] = StoredTensor(stored, tuple(described.get_shape()), described.get_dtype())
    return found
