"""Which tensors a pre-trained encoder is made of, for each family, and what its safetensors files hold; opens no framework.

Names are those of Hugging Face's base models, without the family's prefix: ``embeddings.word_embeddings.weight``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from safetensors import safe_open

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
    """Return the safetensors files of a checkpoint: those that its index names, else the only one."""
    try:
        index = json.loads((folder / "model.safetensors.index.json").read_text(encoding="utf-8"))
        return sorted(set(index["weight_map"].values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ["model.safetensors"]


def stored_tensors(file: Path, family: str) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Return, by its plain name, the name that each tensor has in a file, and its shape. Reads no weights."""
    with safe_open(file, framework="np") as weights:
        return {plain_name(stored, family): (stored, tuple(weights.get_slice(stored).get_shape())) for stored in weights.keys()}  # noqa: SIM118
