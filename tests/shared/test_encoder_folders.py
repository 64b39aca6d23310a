"""Folders of encoders as people have them: each is loaded as what it is, or refused in a sentence before a run is queued."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.__main__ import main
from engine.data.store import sample_choice
from engine.runs.experiment import Experiment
from engine.runs.folder import home
from engine.runs.index import run_rows
from engine.runs.planning.data_facts import LocalEncoder, find_encoder
from engine.runs.planning.preflight import preflight
from engine.shared.encoders.checkpoint import resolve
from engine.shared.encoders.contents import EXPONENTS, NUMBERS_AT_ONCE, _count_not_finite
from engine.shared.text.tokens import load_tokenizer, token_counts
from tests.driving import write_tiny_encoder
from tests.encoder_damage import (
    NAN,
    WORDS,
    as_bfloat16,
    as_word_list,
    change,
    change_tokenizer,
    change_weights,
    config,
    cut_off,
    emptied,
    in_half_precision,
    in_hub_cache,
    lie_in_header,
    nested,
    old_layout,
    prefixed,
    reencode,
    rename_tensor,
    replace_bytes,
    retype,
    settings,
    shard,
    torn_link,
    twice,
    with_added,
    with_value,
    without,
    write,
)
from tests.tiny_checkpoints import SENTENCES

INNER = "encoder.layer.0.intermediate.dense.weight"
TOKENS = 100
"""The vocabulary of the sound encoder."""

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 90868376\n"


@pytest.fixture(scope="session")
def sound_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_tiny_encoder(tmp_path_factory.mktemp("encoders") / "sound")
    letters = {letter for sentence in SENTENCES for letter in sentence.lower() if letter.isalnum()}
    words = {word for sentence in SENTENCES for word in re.findall(r"\w+", sentence.lower())}
    # A vocabulary of a known size; the trained one is never twice the same.
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *sorted(words | letters | {f"##{letter}" for letter in letters})][:TOKENS]
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["model"]["vocab"] = {token: number for number, token in enumerate(vocabulary)}
    write(folder / "tokenizer.json", tokenizer)
    change(folder / "config.json", vocab_size=TOKENS)
    change_weights(folder, **{WORDS: lambda tensor: tensor[:TOKENS].copy()})
    return folder


@pytest.fixture
def folder(sound_folder: Path, tmp_path: Path) -> Path:
    """A sound BERT of one layer, to be damaged."""
    return Path(shutil.copytree(sound_folder, tmp_path / "mine"))


def look(folder: Path) -> LocalEncoder:
    """What the checks before a run find."""
    return find_encoder(str(folder))


INFINITE = float("inf")

REFUSED: dict[str, list[tuple[Callable[[Path], object], str]]] = {
    "weights that are no numbers": [
        (lambda f: change_weights(f, **{WORDS: with_value(NAN)}), f"1 of .* numbers are NaN or infinite, in 1 of 21 tensors .{WORDS}."),
        (lambda f: change_weights(f, **{WORDS: with_value(INFINITE, -INFINITE)}), "2 of .* numbers are NaN or infinite"),
        (lambda f: change_weights(f, **{INNER: lambda tensor: tensor * NAN}), "1,536 of .* in 1 of 21 tensors"),
        (lambda f: change_weights(f, **{WORDS: with_value(NAN), INNER: with_value(1.0, NAN)}), "2 of .* in 2 of 21 tensors"),
        (lambda f: change_weights(f, **{INNER: lambda tensor: with_value(NAN)(tensor.astype(np.float16))}), "1 of .* numbers"),
        (lambda f: change_weights(f, **{INNER: lambda tensor: with_value(NAN)(tensor.astype(np.float64))}), "1 of .* numbers"),
    ],
    "fewer vectors than tokens": [
        (lambda f: with_added(f, "urgentxyz"), "hold vectors for 100 tokens, and the tokenizer needs 101 .“urgentxyz” has number 100."),
        (lambda f: with_added(f, "one", "two", "four"), "needs 103 .“four” has number 102.*resize_token_embeddings"),
        (lambda f: (as_word_list(f), write(f / "added_tokens.json", {"urgentxyz": TOKENS})), "for 100 tokens, and the tokenizer needs 101"),
        (settings("tokenizer_config.json", added_tokens_decoder={str(TOKENS): {"content": "urgentxyz"}}), "the tokenizer needs 101"),
        (settings("special_tokens_map.json", additional_special_tokens=["<x>", "<y>"]), "the tokenizer needs 102 .“<y>”"),
        (lambda f: (f / "vocab.txt").write_text("\n".join([*as_word_list(f), "late"])), "the tokenizer needs 101 .“late”"),
        (config(pad_token_id=TOKENS), "pads with token 100, of 100 tokens"),
    ],
    "numbers of tokens that contradict one another": [
        (settings("tokenizer_config.json", added_tokens_decoder={"300": {"content": "urgentxyz"}}),
         "“urgentxyz” the number 300, another 100"),
        (settings("added_tokens.json", urgentxyz=500), "“urgentxyz” the number 500, another 100"),
        (settings("added_tokens.json", account=4), "“account” the number 4, another"),
    ],
    "settings of the wrong type": [
        (config(layer_norm_eps=None), "says layer_norm_eps is null .expected a small number above 0, such as 1e-12"),
        (config(layer_norm_eps="1e-12"), 'layer_norm_eps is "1e-12"'),
        (config(layer_norm_eps=True, hidden_act=3), "layer_norm_eps is true .*, and says hidden_act is 3 .expected a name"),
        (config(vocab_size="240"), 'vocab_size is "240" .expected a whole number above 0'),
        (config(hidden_size=32.5), "hidden_size is 32.5"),
        (config(num_hidden_layers=None), "num_hidden_layers is null"),
        (config(type_vocab_size=[]), r"type_vocab_size is \[\]"),
        (config(pad_token_id=-1), "pad_token_id is -1 .expected a token's number"),
        (config(hidden_dropout_prob="none", attention_probs_dropout_prob=1.5),
         "hidden_dropout_prob .*and says attention_probs_dropout_prob is 1.5"),
        (config(architectures="BertModel"), 'architectures is "BertModel" .expected a list of names'),
        (config(model_type=["bert"]), "type “.'bert'.”"),
        (without("config.json", "hidden_size", "num_attention_heads"), "states no hidden_size .*and states no num_attention_heads"),
        (settings("sentence_bert_config.json", max_seq_length="128"), 'sentence_bert_config.json of mine says max_seq_length is "128"'),
        (settings("sentence_bert_config.json", max_seq_length=-1), "max_seq_length is -1"),
        (settings("sentence_roberta_config.json", max_seq_length=[128]),
         r"sentence_roberta_config.json of mine says max_seq_length is \[128\]"),
        (settings("sentence_bert_config.json", do_lower_case="yes"), 'do_lower_case is "yes" .expected true, false or null'),
        (settings("tokenizer_config.json", model_max_length="512"), 'model_max_length is "512"'),
        (settings("tokenizer_config.json", do_lower_case=1, strip_accents="no"), "do_lower_case is 1 .*and says strip_accents"),
        (settings("tokenizer_config.json", tokenize_chinese_chars=None), "tokenize_chinese_chars is null"),
        (settings("tokenizer_config.json", tokenizer_class={}), "tokenizer_class is {}"),
        (settings("tokenizer_config.json", truncation_side="left"), 'truncation_side is "left" .expected "right", for long texts are cut'),
        (settings("tokenizer_config.json", cls_token=7), "cls_token is 7 .expected a token"),
        (settings("tokenizer_config.json", added_tokens_decoder=[1]), r"added_tokens_decoder is \[1\] .expected an object"),
        (settings("tokenizer_config.json", added_tokens_decoder={"a": {}}), "tokenizer in .* cannot be read"),
        (settings("special_tokens_map.json", sep_token=[]), r"special_tokens_map.json of mine says sep_token is \[\]"),
        (settings("added_tokens.json", urgent="240"), 'added_tokens.json of mine says urgent is "240"'),
        (settings("1_Pooling/config.json", pooling_mode_mean_tokens="yes"), "1_Pooling/config.json of mine says pooling_mode_mean_tokens"),
        (settings("1_Pooling/config.json", pooling_mode=3), "pooling_mode is 3 .expected a name or a list of names"),
        (settings("1_Pooling/config.json", pooling_mode=[["mean"]]), "pooling_mode is"),
    ],
    "files that hold something else": [
        (replace_bytes("config.json", b"{"), "no readable config.json"),
        (replace_bytes("config.json", b"[]"), r"config.json of mine holds \[\]. Expected an object"),
        (replace_bytes("config.json", b"\xff\xfe\xff"), "no readable config.json"),
        (replace_bytes("config.json", b"[" * 100_000), "brackets too deep"),
        (replace_bytes("tokenizer_config.json", b'"x"'), "tokenizer_config.json of mine holds"),
        (replace_bytes("tokenizer.json", b"{}"), "tokenizer in .* cannot be read"),
        (replace_bytes("tokenizer.json", b"null"), "tokenizer in .* cannot be read"),
        (replace_bytes("tokenizer.json", b"\xff\xff"), "tokenizer in .* cannot be read"),
        (without("tokenizer.json", "model"), "tokenizer in .* cannot be read"),
        (lambda f: change_tokenizer(f, model={"type": "WordPiece", "vocab": {"a": "b"}}), "tokenizer in .* cannot be read"),
        (lambda f: change_tokenizer(f, normalizer=7), "tokenizer in .* cannot be read"),
        (replace_bytes("modules.json", b"{}"), "modules.json of mine cannot be read"),
        (replace_bytes("modules.json", b"[]"), "modules.json of mine cannot be read"),
        (replace_bytes("modules.json", b'[{"type": 3, "path": ""}]'), "modules.json of mine cannot be read"),
        (replace_bytes("modules.json", b'[{"type": "a.Transformer"}]'), "modules.json of mine cannot be read"),
        (replace_bytes("modules.json", b"null"), "modules.json of mine holds null"),
        (replace_bytes("1_Pooling/config.json", b"7"), "1_Pooling/config.json of mine holds 7"),
        (replace_bytes("sentence_bert_config.json", b"128"), "sentence_bert_config.json of mine holds 128"),
        (replace_bytes("config.json", b""), "config.json of mine is empty"),
        (replace_bytes("model.safetensors", b""), "model.safetensors of mine is empty"),
    ],
    "modules that no wing rebuilds": [
        (replace_bytes("modules.json", b'[{"type": "a.Pooling", "path": ""}]'), "names Pooling. Expected one Transformer"),
        (replace_bytes("modules.json", b'[{"type": "a.Transformer", "path": ""}, {"type": "Transformer", "path": ""}]'),
         "names T"),
        (replace_bytes("modules.json", b'[{"type": "a.Transformer", "path": "../other"}]'), "leads out of the model's folder"),
        (replace_bytes("modules.json", b'[{"type": "a.Transformer", "path": "/tmp"}]'), "leads out of the model's folder"),
        (replace_bytes("modules.json", b'[{"type": "a.Transformer", "path": "0_T"}]'), "lacks the folder 0_T, which its modules.json"),
        (replace_bytes("modules.json", b'[{"type": "a.Transformer", "path": ""}, {"type": "a.LSTM", "path": "1"}]'), "through LSTM"),
        (settings("1_Pooling/config.json", pooling_mode_mean_tokens=False, pooling_mode_max_tokens=True), "pools .* by max_tokens"),
    ],
    "quantised weights": [
        (config(quantization_config={"quant_method": "bitsandbytes", "load_in_8bit": True}),
         "quantised weights: its config.json says so .bits"),
        (config(quantization_config={"quant_method": "gptq", "bits": 4}), "quantised weights: .*gptq"),
        (config(quantization_config="awq"), "quantised weights: .*quantization_config"),
        (lambda f: change_weights(f, **{INNER: lambda tensor: tensor.astype(np.int8)}), "quantised weights: .* of the type I8"),
        (lambda f: change_weights(f, **{WORDS: lambda tensor: tensor.astype(np.uint8)}), "quantised weights: .* of the type U8"),
        (lambda f: rename_tensor(f, INNER, INNER.replace("weight", "qweight")), "quantised weights: .*qweight.*was quantised"),
        (lambda f: retype(f, INNER, "F8_E4M3"), "quantised weights: .* of the type F8_E4M3"),
    ],
    "a Git LFS pointer": [
        *(
            (replace_bytes(file, POINTER),
             f"{file} of mine is a Git LFS pointer, which stands for a file of 90,868,376 bytes .*`git lfs pull`")
            for file in ("model.safetensors", "tokenizer.json", "config.json", "modules.json", "tokenizer_config.json")
        ),
        (lambda f: (shard(f), replace_bytes("model-00002-of-00002.safetensors", POINTER)(f)),
         "model-00002-of-00002.safetensors of mine is a Git"),
        (lambda f: (as_word_list(f), replace_bytes("vocab.txt", POINTER)(f)), "vocab.txt of mine is a Git LFS pointer"),
    ],
    "weights that do not fit": [
        (lambda f: change_weights(f, **{INNER: lambda tensor: tensor.T.copy()}),
         "config.json says 48 × 32 numbers for .* the weights have 32 × 48"),
        (lambda f: rename_tensor(f, INNER, "other"), f"lack {INNER}. Expected every tensor"),
        (lambda f: rename_tensor(f, WORDS, f"0.auto_model.{WORDS}"), "called 0.auto_model.embeddings.*saved within another"),
        (lambda f: cut_off(f, 100), "damaged: model.safetensors"),
        (lambda f: lie_in_header(f, lambda header: header[INNER].update(data_offsets=[0, 4])), "damaged: model.safetensors"),
        (lambda f: lie_in_header(f, lambda header: header[INNER].update(shape=[10**9, 32])), "damaged: model.safetensors"),
        (lambda f: lie_in_header(f, lambda header: header[INNER].update(dtype="F99")), "damaged: model.safetensors"),
        (replace_bytes("model.safetensors", (2**62).to_bytes(8, "little")), "damaged: model.safetensors"),
        (lambda f: (shard(f), (f / "model-00001-of-00002.safetensors").unlink()), "lacks model-00001-of-00002.safetensors"),
        (lambda f: shard(f, weight_map={"a": "../model.safetensors"}), "names no files of weights"),
        (lambda f: shard(f, weight_map=None), "names no files of weights"),
        (lambda f: twice(f), "holds .* twice, as"),
        (config(num_attention_heads=5), "shares 32 numbers a word among 5 attention heads"),
        (config(hidden_act="gleu"), "the activation “gleu”, which neither framework has. Expected one of gelu"),
        (config(num_hidden_layers=2), "lack encoder.layer.1.attention"),
        (config(max_position_embeddings=512), "do not belong together: config.json says 512 × 32"),
    ],
    "another architecture": [
        (config(model_type="gpt2"), "type “gpt2”.*Expected one of bert, distilbert"),
        (without("config.json", "model_type"), "states no model_type"),
        (config(architectures=["RobertaModel"]), "contradicts itself: model_type is bert, and architectures names RobertaModel"),
        (config(architectures=["T5EncoderModel"]), "contradicts itself"),
        (config(auto_map={"AutoModel": "modeling.Mine"}), "brings code of its own"),
        (config(is_decoder=True), "sets is_decoder to True"),
        (config(position_embedding_type="rotary"), "sets position_embedding_type to rotary"),
    ],
    "a folder without a model": [
        (emptied, "mine is empty. Expected the folder of a BERT-family model"),
        (nested, "A model seems to lie in .*mine/all-MiniLM: choose that folder"),
        (lambda f: ((f / "config.json").unlink(), write(f / "adapter_config.json", {})), "holds an adapter .LoRA."),
        (lambda f: (f / "model.safetensors").rename(f / "pytorch_model.bin"), "pickle can run code"),
        (lambda f: (f / "model.safetensors").rename(f / "model.gguf"), "comes as GGUF only"),
        (lambda f: (f / "model.safetensors").rename(f / "model.onnx"), "comes as ONNX only"),
        (lambda f: (f / "model.safetensors").unlink(), "no model.safetensors"),
        (lambda f: (f / "tokenizer.json").unlink(), "no tokenizer. Expected tokenizer.json .or vocab.txt.*AutoTokenizer"),
        (lambda f: torn_link(f, "model.safetensors"), "model.safetensors of mine leads to .*nowhere, where no file is"),
        (lambda f: torn_link(f, "tokenizer.json"), "tokenizer.json of mine leads to .*nowhere, where no file is"),
    ],
    "a tokenizer that does not begin and end a text": [
        (lambda f: (as_word_list(f), (f / "vocab.txt").write_text("late\nparcel\n")), r"vocabulary .* has no \[CLS\] and no \[SEP\]"),
        (lambda f: (settings("tokenizer_config.json", tokenizer_class="TokenizersBackend")(f), change_tokenizer(f, post_processor=None)),
         "puts no token before or behind a text"),
        (settings("tokenizer_config.json", cls_token="<s>"), "vocabulary .* has no <s>"),
    ],
}  # fmt: skip


def cases() -> Iterator[Any]:
    for kind, variants in REFUSED.items():
        for number, (damage, words) in enumerate(variants, start=1):
            yield pytest.param(damage, words, id=f"{kind} {number}")


@pytest.mark.parametrize(("damage", "words"), list(cases()))
def test_what_cannot_be_used_is_refused_in_a_sentence(folder: Path, damage: Callable[[Path], object], words: str) -> None:
    assert look(folder).checkpoint is not None, "sound before"
    damage(folder)
    found = look(folder)
    assert found.checkpoint is None and re.search(words, found.sentence), found.sentence
    assert "\n" not in found.sentence and len(found.sentence) < 700 and found.sentence[-1] in ".…"


# --- What is loaded as it is ---


ALL_JSON = ("config.json", "tokenizer.json", "tokenizer_config.json", "modules.json", "1_Pooling/config.json")

ACCEPTED: dict[str, list[Callable[[Path], object]]] = {
    "a mark at the beginning": [
        lambda f: [reencode(file, "utf-8-sig")(f) for file in ALL_JSON],
        *(reencode(file, encoding) for file in ("config.json", "tokenizer.json", "modules.json") for encoding in ("utf-8-sig", "utf-16")),
    ],
    "the old layout of sentence-transformers": [
        old_layout,
        lambda f: old_layout(f, "0_BERT"),
        lambda f: (old_layout(f), write(f / "0_Transformer" / "sentence_bert_config.json", {"max_seq_length": 64, "do_lower_case": False})),
        lambda f: (old_layout(f), (f / "config.json").unlink()),
        lambda f: (old_layout(f), reencode("modules.json", "utf-8-sig")(f), reencode("0_Transformer/config.json", "utf-8-sig")(f)),
    ],
    "other forms of the weights": [
        shard, prefixed, as_bfloat16, in_half_precision,
        lambda f: change_weights(f, **{WORDS: lambda tensor: tensor.astype(np.float64)}),
        lambda f: (shutil.copytree(f, f.parent / "other"), shard(f), shutil.copy(f.parent / "other" / "model.safetensors", f),
                   replace_bytes("model-00001-of-00002.safetensors", b"not looked at")(f)),
    ],
    "fields that nothing here needs": [
        without("config.json", "architectures", "type_vocab_size", "layer_norm_eps", "hidden_act", "pad_token_id"),
        config(torch_dtype=7, id2label=[], initializer_range=None, use_cache="yes", transformers_version=5, hidden_dropout_prob=0),
        config(pad_token_id=None, position_embedding_type=None),
        lambda f: (f / "tokenizer_config.json").unlink(),
        settings("tokenizer_config.json", model_max_length=1e30, name_or_path=7, strip_accents=None),
        settings("sentence_bert_config.json", max_seq_length=None, unknown=[]),
        replace_bytes("sentence_bert_config.json", b"{}"),
        replace_bytes("1_Pooling/config.json", b"{}"),
        replace_bytes("other.safetensors", b"not of the encoder"),
    ],
    "a word list in place of tokenizer.json": [
        as_word_list,
        lambda f: (as_word_list(f), reencode("vocab.txt", "utf-8-sig")(f)),
        lambda f: (as_word_list(f), replace_bytes("vocab.txt", (f / "vocab.txt").read_bytes().replace(b"\n", b"\r\n"))(f)),
        lambda f: (as_word_list(f), write(f / "added_tokens.json", {"[PAD]": 0})),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [pytest.param(change, id=f"{kind} {number}") for kind, changes in ACCEPTED.items() for number, change in enumerate(changes, 1)],
)
def test_what_is_only_unusual_is_loaded_as_what_it_is(folder: Path, change: Callable[[Path], object]) -> None:
    usual = look(folder).checkpoint
    assert usual is not None
    tokens = load_tokenizer(folder, 64).encode("My parcel is late: é 中国").ids
    change(folder)
    found = look(folder)
    assert found.checkpoint is not None, found.sentence
    assert load_tokenizer(found.checkpoint.folder, 64).encode("My parcel is late: é 中国").ids == tokens
    for fact in ("name", "root", "family", "hidden_size", "max_tokens", "pooling", "normalize", "activation"):
        is_own = fact == "max_tokens" and "tokenizer_config.json" not in [path.name for path in found.checkpoint.folder.iterdir()]
        assert is_own or getattr(found.checkpoint, fact) == getattr(usual, fact) or found.checkpoint.max_tokens == 66, fact
    assert resolve(str(found.checkpoint.root)) == found.checkpoint, "a worker finds the same by the root"


def test_the_hubs_cache_is_a_model_with_snapshots(folder: Path) -> None:
    cached = in_hub_cache(folder)
    change(folder / "1_Pooling" / "config.json", pooling_mode_mean_tokens=False, pooling_mode_cls_token=True)
    in_hub_cache(folder, "d" * 40, main=None)
    for chosen in (cached, cached / "snapshots", cached / "snapshots" / ("c" * 40)):
        found = look(chosen)
        assert found.checkpoint is not None, found.sentence
        assert (found.checkpoint.name, found.checkpoint.pooling) == ("parity/mine", "mean"), "the one that refs/main names"
    (cached / "refs" / "main").write_text("e" * 40)
    newest = look(cached).checkpoint
    assert newest is not None and newest.pooling == "cls", "without it the newest"
    (cached / "refs" / "main").write_text("../../..")
    assert look(cached).checkpoint == newest, "a name that leads elsewhere is none"
    several = look(folder.parent).sentence
    assert "a cache of the hub's client with 1 model. Expected the folder of one: models--parity--mine" in several
    shutil.rmtree(cached / "snapshots")
    assert "holds no snapshot of it" in look(cached).sentence and "Give parity/mine as the encoder" in look(cached).sentence


def test_a_file_and_a_path_that_cannot_be_are_no_folders(folder: Path) -> None:
    assert (
        f"is a file. Expected the folder with config.json, model.safetensors and the tokenizer; choose {folder}"
        in look(folder / "model.safetensors").sentence
    )
    for name in ("a\0b", "x" * 5000, "~nobody-of-this-name/model", "a b/c?", "a/b/c/d", "..", "-"):
        found = find_encoder(name)
        assert found.checkpoint is None and "Expected" in found.sentence and not found.missing, name


def test_what_may_not_be_read_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(file: Path, *arguments: Any, **options: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    assert "cannot be read (Permission denied). Expected a file that this account may read" in look(folder).sentence
    monkeypatch.undo()
    monkeypatch.setattr(Path, "exists", refuse)
    assert "The folder of mine cannot be read (Permission denied)" in look(folder).sentence


def test_large_weights_are_looked_at_to_their_end(folder: Path) -> None:
    """Their portions do not divide them, and a number's place says nothing about whether it is looked at."""
    numbers = np.zeros(2 * NUMBERS_AT_ONCE + 3, np.float32)
    numbers[[0, NUMBERS_AT_ONCE - 1, NUMBERS_AT_ONCE, -1]] = NAN, INFINITE, -INFINITE, NAN
    numbers[[5, 6]] = np.finfo(np.float32).max, np.finfo(np.float32).tiny
    assert _count_not_finite(numbers.view(np.uint32), EXPONENTS["F32"][1]) == 4
    for dtype, name in ((np.float16, "F16"), (np.float64, "F64")):
        values = np.array([NAN, INFINITE, np.finfo(dtype).max, 0, -1], dtype)
        assert _count_not_finite(values.view(EXPONENTS[name][0]), EXPONENTS[name][1]) == 2


def test_changed_files_are_looked_at_anew(folder: Path) -> None:
    assert look(folder).checkpoint is not None
    change_weights(folder, **{WORDS: with_value(NAN)})
    assert "1 of" in look(folder).sentence
    change_weights(folder, **{WORDS: with_value(0.5)})
    assert look(folder).checkpoint is not None
    assert token_counts(folder, ["urgentxyz parcel"]) != [3]
    change(folder / "added_tokens.json", **{"urgentxyz parcel": TOKENS})
    assert token_counts(folder, ["urgentxyz parcel"]) == [3], "a token of its own by now"


def test_what_one_framework_cannot_rebuild_is_refused_where_it_takes_part(folder: Path) -> None:
    change(folder / "config.json", hidden_act="mish")
    for frameworks, state in ((("pytorch", "tensorflow"), "failed"), (("tensorflow",), "failed"), (("pytorch",), "passed")):
        experiment = Experiment.recommended(sample_choice(), "embedding-mlp", encoder=str(folder), frameworks=frameworks)
        check = next(check for check in preflight(experiment).checks if check.title == "Encoder")
        assert check.state == state and ("train with PyTorch alone" in check.sentence) == (state == "failed")


@pytest.mark.parametrize("command", ["train sample --json", "audit", "ablate", "benchmark --quick"])
def test_nothing_is_queued_with_a_wrong_encoder(folder: Path, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    change(folder / "config.json", layer_norm_eps=None)
    assert main([*command.split(), "--encoder", str(folder)]) == 1
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.startswith("error: config.json of mine says layer_norm_eps is null")
    assert run_rows() == [] and not list(home().glob("_studies/*-*"))
