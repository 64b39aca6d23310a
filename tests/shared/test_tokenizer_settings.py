"""The tokens of a checkpoint are those of transformers, whatever the small files beside its tokenizer say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from engine.errors import EncoderError
from engine.shared.text.tokens import load_tokenizer
from tests.tiny_checkpoints import SENTENCES
from tests.wing_process import InWing


def write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")


VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "cafe", "café", "Cafe", "Café", "##s", "my", "My", "中", "国", "中国", "##国",
              "straße", "STRASSE", "strasse", "é", "e", "É", "urgent", "-", "!", "n", "##o", "ñ", "##ñ", "İ", "i", "ς", "σ"]  # fmt: skip
AWKWARD = ["My Cafés 中国!", "CAFÉ café Café", "urgentxyz my <ticket-7> urgentxyzs", "[MASK] [CLS] my [SEP]", "Straße STRASSE",
           "É é E e", "Ñño", "  my\u00a0cafe\u0301  ", "\u200bmy İ Σς", "中国国中 my", "", "My URGENTXYZ Urgent-urgentxyz"]  # fmt: skip


def write_tokenizer(
    folder: Path, normalizer: object, tokenizer_config: dict[str, object] | None, family: str = "bert", **files: object
) -> Path:
    folder.mkdir()
    write(folder / "config.json", {"model_type": family})
    ends = [
        {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
    ]
    special = {token: {"id": token, "ids": [VOCABULARY.index(token)], "tokens": [token]} for token in ("[CLS]", "[SEP]")}
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    content = {
        "version": "1.0", "truncation": None, "padding": None, "decoder": None, "pre_tokenizer": {"type": "BertPreTokenizer"},
        "added_tokens": [{"id": number, "content": VOCABULARY[number]} | flags for number in range(5)], "normalizer": normalizer,
        "post_processor": {"type": "TemplateProcessing", "single": ends, "pair": ends, "special_tokens": special},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                  "vocab": {token: number for number, token in enumerate(VOCABULARY)}},
    }  # fmt: skip
    if normalizer == "vocab.txt":
        (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
    else:
        write(folder / "tokenizer.json", content)
    if tokenizer_config is not None:
        write(folder / "tokenizer_config.json", tokenizer_config)
    for name, value in files.items():
        write(folder / f"{name}.json", value)
    return folder


def bert(lowercase: bool = True, strip_accents: bool | None = None, chinese: bool = True) -> dict[str, object]:
    return {
        "type": "BertNormalizer",
        "clean_text": True,
        "handle_chinese_chars": chinese,
        "strip_accents": strip_accents,
        "lowercase": lowercase,
    }


def added(number: int, content: str, **flags: bool) -> dict[str, object]:
    usual = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": True, "special": False}
    return {str(number): {"content": content} | usual | flags}


NEXT = len(VOCABULARY)
TICKET = added(NEXT + 1, "<ticket-7>", special=True, normalized=False)
FAST, BERT = {"tokenizer_class": "PreTrainedTokenizerFast"}, {"tokenizer_class": "BertTokenizer"}
TOKENIZERS: dict[str, tuple[Any, ...]] = {
    "as it is": (bert(), BERT),
    "cased in both": (bert(False), BERT | {"do_lower_case": False}),
    "cased beside tokenizer.json": (bert(True), BERT | {"do_lower_case": False}),
    "small letters beside tokenizer.json": (bert(False), BERT | {"do_lower_case": True}),
    "accents kept": (bert(), BERT | {"strip_accents": False}),
    "accents stripped of capitals": (bert(), BERT | {"do_lower_case": False, "strip_accents": True}),
    "Chinese words left whole": (bert(), BERT | {"tokenize_chinese_chars": False}),
    "all three": (bert(), BERT | {"do_lower_case": False, "strip_accents": True, "tokenize_chinese_chars": False}),
    "only tokenizer.json says it": (bert(False, True, False), FAST),
    "of another class nothing is obeyed": (bert(), FAST | {"do_lower_case": False, "strip_accents": False}),
    "a class that transformers has not": (bert(False), {"tokenizer_class": "OwnTokenizer", "do_lower_case": True}),
    "no tokenizer_config.json": (bert(False), None),
    "an empty tokenizer_config.json": (bert(True, False), {}),
    "DistilBERT": (bert(), {"tokenizer_class": "DistilBertTokenizer", "do_lower_case": False}, "distilbert"),
    "DistilBERT without a class": (bert(), {"do_lower_case": False}, "distilbert"),
    "the fast class": (bert(), {"tokenizer_class": "BertTokenizerFast", "strip_accents": False}),
    "a BERT tokenizer in a RoBERTa": (bert(), BERT | {"do_lower_case": False}, "roberta"),
    "no normalizer": (None, FAST),
    "a token added by its number": (bert(), BERT | {"added_tokens_decoder": added(NEXT, "urgentxyz") | TICKET}),
    "a token within words": (bert(), BERT | {"added_tokens_decoder": added(NEXT, "urgentxyz", single_word=True)}),
    "a token that takes the space": (bert(), BERT | {"added_tokens_decoder": added(NEXT, "urgentxyz", lstrip=True, rstrip=True)}),
    "a cased token": (bert(), BERT | {"added_tokens_decoder": added(NEXT, "URGENTXYZ", normalized=False)}),
    "a word list": ("vocab.txt", BERT),
    "a word list, cased": ("vocab.txt", BERT | {"do_lower_case": False}),
    "a word list alone": ("vocab.txt", None),
    "a word list, accents and Chinese": ("vocab.txt", BERT | {"strip_accents": False, "tokenize_chinese_chars": False}),
}  # fmt: skip
OLD_FILES: dict[str, dict[str, object]] = {
    "added_tokens.json": {"added_tokens": {"urgentxyz": NEXT, "<ticket-7>": NEXT + 1}},
    "added_tokens.json, not in order": {"added_tokens": {"<ticket-7>": NEXT + 1, "urgentxyz": NEXT}},
    "and special_tokens_map.json": {
        "added_tokens": {"urgentxyz": NEXT, "<ticket-7>": NEXT + 1},
        "special_tokens_map": {"additional_special_tokens": ["<ticket-7>"]},
    },
    "a special token with flags": {"special_tokens_map": {"mask_token": {"content": "[MASK]", "lstrip": True, "rstrip": False,
                                                          "normalized": False, "single_word": False}}},
}  # fmt: skip


def tokenizer_folders(place: Path) -> list[Path]:
    folders = [write_tokenizer(place / name, *case) for name, case in TOKENIZERS.items()]
    for name, files in OLD_FILES.items():
        folders += [write_tokenizer(place / f"{name} {kind}", kind, BERT, **files) for kind in ("vocab.txt",)]
        folders += [write_tokenizer(place / f"{name} beside tokenizer.json", bert(), BERT, **files)]
    return folders


def write_trained(folder: Path, family: str, tokenizer_config: dict[str, object], **options: bool) -> Path:
    """A tokenizer of RoBERTa's or ALBERT's kind, as their libraries write it."""
    folder.mkdir()
    if family == "roberta":
        special, ends = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"], ("<s>", "</s>")
        tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=options["space"])
        trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=special, show_progress=False,
                                      initial_alphabet=pre_tokenizers.ByteLevel.alphabet())  # fmt: skip
    else:
        special, ends = ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"], ("[CLS]", "[SEP]")
        tokenizer = Tokenizer(models.Unigram())
        steps = [normalizers.Replace("``", '"'), normalizers.Replace("''", '"')]
        steps += [] if options["accents"] else [normalizers.NFKD(), normalizers.StripAccents()]
        tokenizer.normalizer = normalizers.Sequence([*steps, *([normalizers.Lowercase()] * options["small"])])
        spaces = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), spaces])
        trainer = trainers.UnigramTrainer(vocab_size=200, special_tokens=special, unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator([*SENTENCES, *AWKWARD], trainer)
    numbers = [(token, tokenizer.token_to_id(token)) for token in ends]
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{ends[0]} $A {ends[1]}", special_tokens=numbers)
    tokenizer.save(str(folder / "tokenizer.json"))
    write(folder / "config.json", {"model_type": family})
    write(folder / "tokenizer_config.json", tokenizer_config)
    return folder


TRAINED: dict[str, tuple[Any, ...]] = {
    "RoBERTa": ("roberta", {"tokenizer_class": "RobertaTokenizer"}, {"space": False}),
    "RoBERTa, a space beside tokenizer.json": ("roberta", {"add_prefix_space": True}, {"space": False}),
    "RoBERTa, a space in tokenizer.json alone": ("roberta", {}, {"space": True}),
    "RoBERTa of no class": ("roberta", {"tokenizer_class": "PreTrainedTokenizerFast"}, {"space": True}),
    "ALBERT": ("albert", {"tokenizer_class": "AlbertTokenizer"}, {"small": True, "accents": False}),
    "ALBERT, cased": ("albert", {"do_lower_case": False}, {"small": False, "accents": False}),
    "ALBERT, accents kept": ("albert", {"keep_accents": True}, {"small": True, "accents": True}),
    "ALBERT of no class": ("albert", {"tokenizer_class": "PreTrainedTokenizerFast"}, {"small": False, "accents": True}),
}  # fmt: skip


def trained_folders(place: Path) -> list[Path]:
    return [write_trained(place / name, *case, **options) for name, (*case, options) in TRAINED.items()]


@pytest.mark.parametrize(
    ("said", "done"),
    [
        ({}, {"small": False, "accents": False}),
        ({"do_lower_case": False}, {"small": True, "accents": False}),
        ({"keep_accents": True}, {"small": True, "accents": False}),
        ({}, {"small": True, "accents": True}),
    ],
)
def test_an_albert_tokenizer_that_contradicts_itself_is_refused(tmp_path: Path, said: dict[str, object], done: dict[str, bool]) -> None:
    with pytest.raises(EncoderError, match=r"contradict one another: .* by tokenizer.json. Expected the same in both"):
        load_tokenizer(write_trained(tmp_path / "albert", "albert", said, **done), 64)


def tokens_of_transformers(place: Path, texts: list[str]) -> dict[str, list[list[int]]]:
    """What the library makes of the texts, in the process of a wing."""
    from transformers import AutoTokenizer

    return {folder.name: AutoTokenizer.from_pretrained(folder)(texts)["input_ids"] for folder in sorted(place.iterdir())}


def test_tokens_are_those_of_transformers(tmp_path: Path, in_wing: InWing) -> None:
    place = tmp_path / "tokenizers"
    place.mkdir()
    folders = [*tokenizer_folders(place), *trained_folders(place)]
    theirs = in_wing("pytorch", tokens_of_transformers, place, AWKWARD)
    assert len({json.dumps(tokens) for tokens in theirs.values()}) >= 12, "most of what is set makes a difference"
    for folder in folders:
        ours = [encoding.ids for encoding in load_tokenizer(folder, 512).encode_batch(AWKWARD)]
        assert ours == theirs[folder.name], folder.name


def test_what_is_sent_along_with_a_model_takes_texts_apart_alike(tmp_path: Path) -> None:
    """The tokenizer in a bundle is one file, which says all that the small files beside it said."""
    place = tmp_path / "tokenizers"
    place.mkdir()
    for folder in tokenizer_folders(place):
        tokenizer = load_tokenizer(folder, 512)
        sent = Tokenizer.from_str(tokenizer.to_str())
        assert [sent.encode(text).ids for text in AWKWARD] == [tokenizer.encode(text).ids for text in AWKWARD], folder.name


def test_sentence_transformers_may_make_letters_small_first(tmp_path: Path) -> None:
    cased = write_tokenizer(tmp_path / "cased", bert(False), FAST)
    small = load_tokenizer(write_tokenizer(tmp_path / "small", bert(False), FAST, sentence_bert_config={"do_lower_case": True}), 64)
    assert small.encode("My Café").ids == load_tokenizer(cased, 64).encode("my café").ids != load_tokenizer(cased, 64).encode("My Café").ids
