"""Writes a fine-tuned encoder as Hugging Face publishes them: a folder that ``AutoModel`` and KerasHub both load.

Whichever framework trained it: the neutral weights of ``transformer`` have the names and layouts of such a folder already.
"""

from __future__ import annotations

import json
import shutil
from codecs import BOM_UTF8
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from safetensors import safe_open

from engine.shared.encoders.checkpoint import Checkpoint
from engine.shared.encoders.tensors import expected_tensors, read_config, stored_tensors, weight_files
from engine.shared.text.tokenizer_settings import SENTENCE_SETTINGS
from engine.shared.weights.files import write_arrays

ENCODER = "encoder."
"""Begins the neutral names of the encoder's weights."""

HEAD = "head.safetensors"
"""The last layer, in neutral layout: no model of transformers has a mean and one dense layer behind an encoder."""

PREFIXED = ("distilbert", "roberta", "albert")
"""Families of which KerasHub expects the names with the family before them; transformers takes both."""

POOLER = {"bert": "pooler.dense", "xlm-roberta": "pooler.dense", "roberta": "pooler.dense", "albert": "pooler"}
"""A dense layer that nothing here uses, but without which KerasHub reads no BERT and no ALBERT."""

COPIED = ("tokenizer.json", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", *SENTENCE_SETTINGS)


def write_checkpoint(folder: Path, trained: Checkpoint, weights: Mapping[str, np.ndarray], classes: Sequence[str]) -> None:
    """Write ``config.json``, ``model.safetensors``, tokenizer, pooling and the last layer into ``folder``, which appears when complete.

    ``weights`` are the neutral ones of ``transformer``; ``trained`` is the checkpoint that it began with.
    """
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        _write(draft, trained, weights, classes)
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)  # of a disk that was full


def _write(folder: Path, trained: Checkpoint, weights: Mapping[str, np.ndarray], classes: Sequence[str]) -> None:
    (folder / "1_Pooling").mkdir(parents=True)
    config = json.loads((trained.folder / "config.json").read_bytes())
    prefix = f"{trained.family}." if trained.family in PREFIXED else ""
    tensors = {f"{prefix}{name}": weights[f"{ENCODER}{name}"] for name, _ in expected_tensors(read_config(trained.folder))}
    tensors |= {f"{prefix}{name}": values for name, values in _pooler(trained).items()}
    write_arrays(folder / "model.safetensors", tensors, {"format": "pt"})
    head = {name: values for name, values in weights.items() if not name.startswith(ENCODER)}
    write_arrays(folder / HEAD, head, {"layout": "outputs = inputs · output.weight + output.bias"})
    config |= {"id2label": dict(enumerate(classes)), "label2id": {name: number for number, name in enumerate(classes)}}
    config |= {"dtype": "float32"}
    config.pop("torch_dtype", None)
    for name in COPIED:
        if (trained.folder / name).exists():
            (folder / name).write_bytes((trained.folder / name).read_bytes().removeprefix(BOM_UTF8))
    kinds = {"": "Transformer", "1_Pooling": "Pooling"}
    modules = [
        {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for number, (path, kind) in enumerate(kinds.items())
    ]
    pooling = {
        "word_embedding_dimension": trained.hidden_size,
        "pooling_mode_mean_tokens": trained.pooling == "mean",
        "pooling_mode_cls_token": trained.pooling == "cls",
    }
    for name, value in {"config.json": config, "modules.json": modules, "1_Pooling/config.json": pooling}.items():
        (folder / name).write_text(json.dumps(value, indent=1, ensure_ascii=False), encoding="utf-8")


def _pooler(trained: Checkpoint) -> dict[str, np.ndarray]:
    """As the first checkpoint has it, else zeros."""
    if trained.family not in POOLER:
        return {}
    size, name = trained.hidden_size, POOLER[trained.family]
    pooler = {f"{name}.weight": np.zeros((size, size), np.float32), f"{name}.bias": np.zeros(size, np.float32)}
    for file in weight_files(trained.folder):
        stored = stored_tensors(trained.folder / file, trained.family)
        with safe_open(trained.folder / file, framework="np") as tensors:
            pooler |= {plain: tensors.get_tensor(stored[plain].name).astype(np.float32) for plain in pooler if plain in stored}
    return pooler
