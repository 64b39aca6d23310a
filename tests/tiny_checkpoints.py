"""Tiny random encoders of every family that both wings load, each a folder as sentence-transformers publishes them.

Run as `python -m tests.tiny_checkpoints FOLDER`, because it imports torch, which no test process may do beside TensorFlow.
Every weight is random, the biases, layer norms and token types too: a wing that drops or mixes up one of them shows.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

FAMILIES = ("bert", "distilbert", "roberta", "xlm-roberta", "albert")
USUAL_FAMILIES = ("bert", "roberta")
"""Those that are tried before every commit: they differ in all that a wing has to mind but the shared layers of ALBERT."""

FAMILY = [name if name in USUAL_FAMILIES else pytest.param(name, marks=pytest.mark.thorough) for name in FAMILIES]
"""The values of a parameter ``family``."""

SENTENCES = [
    "The invoice of last month was charged twice and I want my money back.",
    "My parcel has not arrived yet; the tracking page says it is still in the depot.",
    "How do I change the password of my account? The link in the mail does not work.",
    "The app crashes whenever I open the camera, since the update on Tuesday.",
    "Thank you!",
    "I would like to speak with somebody in sales about a larger plan for our whole team, because we are now forty people in three "
    "offices.",
]


def save_tiny_checkpoint(
    family: str, folder: Path, pooling: str = "mean", normalize: bool = True, activation: str | None = None, **changes: object
) -> None:
    """Write config.json, model.safetensors, the tokenizer, modules.json and the pooling of a random encoder."""
    import torch
    from transformers import (
        AlbertConfig,
        AutoModel,
        BertConfig,
        DistilBertConfig,
        PreTrainedTokenizerFast,
        RobertaConfig,
        XLMRobertaConfig,
    )

    tokenizer = train_tokenizer(family)
    common = {"vocab_size": tokenizer.get_vocab_size(), "pad_token_id": tokenizer.token_to_id("<pad>" if "roberta" in family else "[PAD]")}
    size = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 48, "max_position_embeddings": 66}
    configs = {
        "bert": lambda: BertConfig(**common, **size, hidden_act=activation or "gelu", layer_norm_eps=1e-3),
        "distilbert": lambda: DistilBertConfig(
            **common, dim=32, n_layers=3, n_heads=4, hidden_dim=48, max_position_embeddings=66, activation=activation or "gelu"
        ),
        "roberta": lambda: RobertaConfig(**common, **size, hidden_act=activation or "gelu", layer_norm_eps=1e-5, type_vocab_size=1),
        "xlm-roberta": lambda: XLMRobertaConfig(**common, **size, hidden_act=activation or "gelu", layer_norm_eps=1e-5, type_vocab_size=1),
        "albert": lambda: AlbertConfig(**common, **size, embedding_size=16, num_hidden_groups=1, hidden_act=activation or "gelu_new"),
    }
    config = configs[family]()
    for name, value in changes.items():
        setattr(config, name, value)
    torch.manual_seed(7)
    model = AutoModel.from_config(config)
    for name, parameter in model.named_parameters():
        around = 1.0 if "norm" in name.lower() and name.endswith("weight") else 0.0
        torch.nn.init.normal_(parameter, around, 0.3)
    model.save_pretrained(folder)
    first, last, pad = ("<s>", "</s>", "<pad>") if "roberta" in family else ("[CLS]", "[SEP]", "[PAD]")
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        cls_token=first,
        sep_token=last,
        pad_token=pad,
        model_max_length=64,
        model_input_names=["input_ids", "attention_mask"],
    ).save_pretrained(folder)
    write_modules(folder, pooling, normalize)


def train_tokenizer(family: str):  # type: ignore[no-untyped-def]
    """A small word-piece tokenizer with the special tokens, and their numbers, of the family."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    first, last, specials = (
        ("<s>", "</s>", ["<s>", "<pad>", "</s>", "<unk>"])
        if "roberta" in family
        else ("[CLS]", "[SEP]", ["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    )
    tokenizer = Tokenizer(models.WordPiece(unk_token="<unk>" if "roberta" in family else "[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(SENTENCES, trainers.WordPieceTrainer(vocab_size=300, special_tokens=specials, show_progress=False))
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}", special_tokens=[(token, tokenizer.token_to_id(token)) for token in (first, last)]
    )
    return tokenizer


def write_modules(folder: Path, pooling: str, normalize: bool, newer_form: bool = False) -> None:
    """modules.json and 1_Pooling/config.json, in the form of sentence-transformers before 5.4 or after it."""
    package = "sentence_transformers.sentence_transformer.modules" if newer_form else "sentence_transformers.models"
    kinds = [("", f"{package}.Transformer"), ("1_Pooling", f"{package}.Pooling")] + [("2_Normalize", f"{package}.Normalize")] * normalize
    modules = [{"idx": index, "name": str(index), "path": path, "type": kind} for index, (path, kind) in enumerate(kinds)]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir(exist_ok=True)
    size = {"embedding_dimension": 32} if newer_form else {"word_embedding_dimension": 32}
    mode = (
        {"pooling_mode": pooling}
        if newer_form
        else {"pooling_mode_cls_token": pooling == "cls", "pooling_mode_mean_tokens": pooling == "mean"}
    )
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(size | mode))
    (folder / "2_Normalize").mkdir(exist_ok=True)


def save_all(folder: Path) -> None:
    """One folder a family, and the variants in which published checkpoints differ."""
    for family in FAMILIES:
        save_tiny_checkpoint(family, folder / family)
    save_tiny_checkpoint("bert", folder / "bert-cls", pooling="cls", normalize=False)
    save_tiny_checkpoint("bert", folder / "bert-relu", activation="relu")
    save_tiny_checkpoint("albert", folder / "albert-exact-gelu", activation="gelu", num_hidden_groups=3)
    save_tiny_checkpoint("bert", folder / "bert-one-segment", type_vocab_size=1)
    save_tiny_checkpoint("bert", folder / "bert-odd-activation", activation="mish")
    rewrite(folder / "bert", folder / "bert-without-pooler", lambda name: None if name.startswith("pooler") else name)
    rewrite(folder / "albert", folder / "albert-without-pooler", lambda name: None if name.startswith("pooler") else name)
    rewrite(folder / "roberta", folder / "roberta-prefixed", lambda name: f"roberta.{name}")
    rewrite(folder / "bert", folder / "bert-half-precision", lambda name: name, half=True)
    rewrite(folder / "bert", folder / "bert-missing-tensor", lambda name: None if "layer.1.output.dense.weight" in name else name)
    for family in ("bert", "roberta"):
        shard(folder / family, folder / f"{family}-sharded")
    marked = shutil.copytree(folder / "bert", folder / "bert-marked")
    for file in marked.rglob("*.json"):  # as some editors save
        file.write_text(file.read_text(encoding="utf-8"), encoding="utf-8-sig")
    for family in ("bert", "albert"):
        bare = shutil.copytree(folder / family, folder / f"{family}-bare") / "config.json"
        sizes = {
            key: value for key, value in json.loads(bare.read_text()).items() if key.endswith("_size") or key.startswith(("num_", "max_"))
        }
        bare.write_text(json.dumps({"model_type": family, "torch_dtype": 7, "layer_norm_eps": 1e-3 if family == "bert" else 1e-12} | sizes))
    damaged = shutil.copytree(folder / "bert", folder / "bert-truncated") / "model.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-1000])
    wrong = shutil.copytree(folder / "bert", folder / "bert-wrong-size") / "config.json"
    wrong.write_text(json.dumps(json.loads(wrong.read_text()) | {"hidden_size": 64}))


def rewrite(source: Path, target: Path, rename, half: bool = False) -> None:  # type: ignore[no-untyped-def]
    """A copy with other tensor names; a name that becomes None is left out."""
    import torch
    from safetensors.torch import load_file, save_file

    shutil.copytree(source, target)
    tensors = load_file(source / "model.safetensors")
    kept = {rename(name): tensor.to(torch.bfloat16) if half else tensor for name, tensor in tensors.items() if rename(name)}
    save_file(kept, target / "model.safetensors", metadata={"format": "pt"})


def shard(source: Path, target: Path) -> None:
    """A copy with its weights in two files and an index."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(source, target)
    tensors = load_file(target / "model.safetensors")
    (target / "model.safetensors").unlink()
    names = sorted(tensors)
    weight_map = {name: f"model-0000{1 + (position >= len(names) // 2)}-of-00002.safetensors" for position, name in enumerate(names)}
    for file in set(weight_map.values()):
        save_file({name: tensors[name] for name in names if weight_map[name] == file}, target / file, metadata={"format": "pt"})
    (target / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))


if __name__ == "__main__":
    save_all(Path(sys.argv[1]))
