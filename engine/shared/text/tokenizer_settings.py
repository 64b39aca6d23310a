"""Reads what the small files beside a checkpoint's tokenizer say of how texts are taken apart, as transformers would obey it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import AddedToken

SENTENCE_SETTINGS = tuple(
    f"sentence_{family}_config.json" for family in ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
)
"""Where sentence-transformers keeps how texts are read; each version has written one of these, and they are looked for in this order."""

BERT_TOKENIZERS = ("BertTokenizer", "BertTokenizerFast", "DistilBertTokenizer", "DistilBertTokenizerFast")
"""Classes of transformers that make letters small, strip accents and part Chinese characters as tokenizer_config.json says."""

ROBERTA_TOKENIZERS = ("RobertaTokenizer", "RobertaTokenizerFast")
"""Classes that put a space before a text, or none, as tokenizer_config.json says."""

ALBERT_TOKENIZERS = ("AlbertTokenizer", "AlbertTokenizerFast")
"""Classes that make letters small and strip accents as tokenizer_config.json says, in their own way."""

SPECIAL_TOKENS = ("unk_token", "cls_token", "sep_token", "pad_token", "mask_token", "bos_token", "eos_token")

CLASS_OF_FAMILY = {
    "bert": BERT_TOKENIZERS[0],
    "distilbert": BERT_TOKENIZERS[0],
    "roberta": ROBERTA_TOKENIZERS[0],
    "albert": ALBERT_TOKENIZERS[0],
}
"""The class that transformers takes where the files name none."""


@dataclass(frozen=True)
class TokenizerSettings:
    """How texts are taken apart, beyond what tokenizer.json or vocab.txt says."""

    tokenizer_class: str
    """The class of transformers that would read the files; its settings go before what tokenizer.json says."""
    lowercase: bool
    strip_accents: bool | None
    """``None``: where letters are made small."""
    keep_accents: bool
    """ALBERT's word for the opposite."""
    space_before: bool
    """Whether RoBERTa's tokenizer puts a space before the first word."""
    part_chinese: bool
    """Whether each Chinese character becomes a word."""
    lowercase_first: bool
    """Whether all letters of a text are made small before the tokenizer sees it, as sentence-transformers may be told."""
    named: tuple[tuple[str, AddedToken], ...]
    """The special tokens with a purpose, such as ``cls_token``, and the tokens themselves."""
    numbered: tuple[tuple[int, AddedToken], ...]
    """Tokens beyond the vocabulary, in the order of their numbers."""
    special: tuple[AddedToken, ...]
    """Further special tokens, without a number."""

    def token(self, purpose: str) -> str:
        """Return the special token with a purpose."""
        return next(token.content for name, token in self.named if name == purpose)

    @classmethod
    def read(cls, folder: Path) -> TokenizerSettings:
        """Return what the files of a checkpoint say, and transformers' defaults for what they leave out."""
        settings = _stated(folder / "tokenizer_config.json")
        decoder = settings.get("added_tokens_decoder")
        if decoder is None:  # as transformers looks at the older files: where nothing newer says which tokens were added
            settings |= _stated(folder / "special_tokens_map.json")
        sentence: Any = next((_stated(folder / name) for name in SENTENCE_SETTINGS if (folder / name).exists()), {})
        config = _stated(folder / "config.json")
        usual = CLASS_OF_FAMILY.get(config.get("model_type"), "")
        tokenizer_class = settings.get("tokenizer_class") or config.get("tokenizer_class") or usual
        if tokenizer_class in BERT_TOKENIZERS:
            settings = {f"{name}_token": f"[{name.upper()}]" for name in ("unk", "cls", "sep", "pad", "mask")} | settings
        named = tuple((name, _token(settings[name])) for name in SPECIAL_TOKENS if settings.get(name))
        further = (settings.get(name) or () for name in ("additional_special_tokens", "extra_special_tokens"))
        special = tuple(_token(token) for tokens in further for token in (tokens.values() if isinstance(tokens, dict) else tokens))
        if decoder is not None:
            numbered = [(int(number), _token(token, False)) for number, token in decoder.items()]
        else:
            texts = {token.content for token in (*special, *(token for _, token in named))}
            numbered = [(number, _token(text, text in texts)) for text, number in _stated(folder / "added_tokens.json").items()]
        return cls(
            tokenizer_class=tokenizer_class,
            lowercase=settings.get("do_lower_case", True),
            strip_accents=settings.get("strip_accents"),
            keep_accents=settings.get("keep_accents", False),
            space_before=settings.get("add_prefix_space", False),
            part_chinese=settings.get("tokenize_chinese_chars", True),
            lowercase_first=bool(sentence.get("do_lower_case")),
            named=named,
            numbered=tuple(sorted(numbered, key=lambda entry: entry[0])),
            special=special,
        )


def _stated(file: Path) -> Any:
    return json.loads(file.read_bytes()) if file.exists() else {}  # of bytes Python finds the encoding itself


def _token(stated: Any, special: bool = True) -> AddedToken:
    """A token stands in the files as it is, or with how it is found in a text."""
    flags = stated if isinstance(stated, dict) else {"content": stated}
    special = flags.get("special", special)
    chosen = {name: flags[name] for name in ("single_word", "lstrip", "rstrip") if name in flags}
    return AddedToken(flags["content"], special=special, normalized=flags.get("normalized", not special), **chosen)
