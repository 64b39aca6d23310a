"""Texts to token ids with the framework-free Rust tokenizer that both wings share."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer
from tokenizers.models import Unigram, WordPiece
from tokenizers.normalizers import BertNormalizer, Lowercase
from tokenizers.normalizers import Sequence as NormalizerSequence
from tokenizers.pre_tokenizers import BertPreTokenizer, ByteLevel
from tokenizers.processors import TemplateProcessing

from engine.errors import EncoderError
from engine.shared.text.tokenizer_settings import ALBERT_TOKENIZERS, BERT_TOKENIZERS, ROBERTA_TOKENIZERS, TokenizerSettings


def load_tokenizer(folder: Path, max_tokens: int) -> Tokenizer:
    """Return the checkpoint's tokenizer, cutting texts after ``max_tokens`` tokens (the special ones included), without padding.

    It gives the tokens of transformers' ``AutoTokenizer``. Raises ``EncoderError`` where its files are damaged or contradict one another.
    """
    try:
        settings = TokenizerSettings.read(folder)
        if (folder / "tokenizer.json").exists():
            content = (folder / "tokenizer.json").read_bytes()
            tokenizer = Tokenizer.from_str(content.decode(json.detect_encoding(content)))
        else:
            tokenizer = Tokenizer(WordPiece(_word_list(folder / "vocab.txt"), unk_token=settings.token("unk_token")))
        if settings.tokenizer_class in BERT_TOKENIZERS and isinstance(tokenizer.model, WordPiece):
            _read_as_bert(tokenizer, settings)
        elif settings.tokenizer_class in ROBERTA_TOKENIZERS and isinstance(tokenizer.pre_tokenizer, ByteLevel):
            tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=settings.space_before)
        elif settings.tokenizer_class in ALBERT_TOKENIZERS and isinstance(tokenizer.model, Unigram):
            _compare_with_albert(tokenizer, settings)
        _add_tokens(tokenizer, settings)
        if settings.lowercase_first:
            steps = [Lowercase(), tokenizer.normalizer] if tokenizer.normalizer else [Lowercase()]
            tokenizer.normalizer = NormalizerSequence(steps)
    except EncoderError:
        raise
    except KeyError as error:
        raise EncoderError(f"The tokenizer in {folder} cannot be read (it states no {error}). Download the model again.") from error
    except Exception as error:  # the Rust side raises a bare Exception for every kind of damage
        raise EncoderError(f"The tokenizer in {folder} cannot be read ({error}). Download the model again.") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def _word_list(file: Path) -> dict[str, int]:
    lines = file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").removesuffix("\n").split("\n")
    return {token: number for number, token in enumerate(lines)}


def _read_as_bert(tokenizer: Tokenizer, settings: TokenizerSettings) -> None:
    """What tokenizer_config.json says goes before what tokenizer.json says, and a BERT tokenizer's defaults do as well."""
    tokenizer.normalizer = BertNormalizer(
        lowercase=settings.lowercase, strip_accents=settings.strip_accents, handle_chinese_chars=settings.part_chinese
    )
    tokenizer.pre_tokenizer = BertPreTokenizer()
    first, last = settings.token("cls_token"), settings.token("sep_token")
    numbers = [(token, tokenizer.token_to_id(token)) for token in (first, last)]
    if unknown := [token for token, number in numbers if number is None]:
        raise EncoderError(
            f"The vocabulary of the tokenizer has no {' and no '.join(unknown)}, with which a BERT model begins and ends every text. "
            "Expected both among its tokens. Download the model again."
        )
    tokenizer.post_processor = TemplateProcessing(single=f"{first} $A {last}", special_tokens=numbers)


def _compare_with_albert(tokenizer: Tokenizer, settings: TokenizerSettings) -> None:
    """What tokenizer_config.json says would go before what tokenizer.json says, so they must say the same."""
    normalized = tokenizer.normalizer.normalize_str("Aé") if tokenizer.normalizer else "Aé"
    kept = unicodedata.normalize("NFC", normalized)[-1:] == "é"
    for name, stated, done in (("do_lower_case", settings.lowercase, normalized[:1] == "a"), ("keep_accents", settings.keep_accents, kept)):
        if stated != done:
            raise EncoderError(
                f"The tokenizer's files contradict one another: {name} is {str(stated).lower()} by tokenizer_config.json or by default, "
                f"and {str(done).lower()} by tokenizer.json. Expected the same in both. Correct tokenizer_config.json, or download the "
                "model again."
            )


def _add_tokens(tokenizer: Tokenizer, settings: TokenizerSettings) -> None:
    """Tokens that are found in a text as they stand, under the numbers that the files give them."""
    there = {token.content for token in tokenizer.get_added_tokens_decoder().values()}
    for number, token in settings.numbered:
        if token.content not in there:
            tokenizer.add_tokens([token])
        if (other := tokenizer.token_to_id(token.content)) != number:
            raise EncoderError(
                f"The tokenizer's files do not belong together: one gives the token “{token.content}” the number {number}, another "
                f"{other}. Expected numbers that go on where the vocabulary ends. Download the model again."
            )
        there.add(token.content)
    # A special token without a number, such as a [MASK] that is only a default, is none.
    named = [token for _, token in settings.named if tokenizer.token_to_id(token.content) is not None]
    tokenizer.add_tokens([token for token in (*named, *settings.special) if token.content not in there])


def counting_tokenizer(folder: Path) -> Tokenizer:
    """Return the checkpoint's tokenizer without any cut, read again only when its files have changed."""
    return _counting_tokenizer(folder, *(file.stat().st_mtime_ns for file in sorted(folder.iterdir()) if file.suffix in (".json", ".txt")))


@lru_cache(maxsize=4)
def _counting_tokenizer(folder: Path, *changed: int) -> Tokenizer:
    tokenizer = load_tokenizer(folder, 512)
    tokenizer.no_truncation()
    return tokenizer


def token_counts(folder: Path, texts: Sequence[str]) -> list[int]:
    """Number of tokens of each text before any cut, special tokens included."""
    tokenizer = counting_tokenizer(folder)
    return [len(encoding.ids) for portion in _portions(texts) for encoding in tokenizer.encode_batch_fast(portion)]


def count_longer(folder: Path, texts: Sequence[str], tokens: int) -> int:
    """Return how many texts have more than so many tokens before any cut, special ones included.

    Short texts of ASCII alone are not taken apart: of their characters each token takes at least one.
    """
    unsure = [text for text in texts if len(text) + MARKS > tokens or not text.isascii()]
    return sum(count > tokens for count in token_counts(folder, unsure))


MARKS = 8
"""Tokens that stand for no character of a text, at most: those at its ends, and a mark before its first word."""

MOST_WINDOWS = 16
"""The most windows of one text; what lies beyond them is cut, so that one endless text does not decide how much memory a batch takes."""

TEXTS_AT_ONCE = 4096
"""Texts whose token numbers are held as Python's at one time."""

CHARACTERS_AT_ONCE = 2_000_000
"""Characters that the tokenizer is given at once: enough to keep all cores busy, and few enough for the 150 bytes that it notes
about each token."""


@dataclass(frozen=True)
class TokenRows:
    """Texts as rows of token numbers."""

    ids: np.ndarray
    """int32, shape (texts, tokens), or (texts, windows, tokens) where long texts are read in windows; filled up with padding."""
    lengths: np.ndarray
    """int64, shape (texts,): tokens of each text, or of its longest window; at least 1."""
    truncated: int
    """Texts of which a part was cut off."""


def text_windows(tokenizer: Tokenizer, texts: Sequence[str], windows: bool) -> tuple[list[list[list[int]]], int]:
    """Return the tokens of each text's windows, as long as the tokenizer cuts them, and how many texts were cut.

    Without ``windows`` the first one alone. One does not overlap the next, and each has the special tokens of a whole text.
    """
    most = MOST_WINDOWS if windows else 1
    limit = tokenizer.truncation["max_length"] if tokenizer.truncation else None
    found, cut = [], 0
    for portion in _portions(texts):
        for encoding in tokenizer.encode_batch_fast(portion):
            tokens = [encoding.ids]
            if len(tokens[0]) == limit:  # only then there can be more; asking costs a copy
                further = encoding.overflowing
                tokens += [window.ids for window in further[: most - 1]]
                cut += len(further) >= most
            found.append(tokens)
    return found, cut


def _portions(texts: Sequence[str]) -> Iterator[list[str]]:
    portion, characters = [], 0
    for text in texts:
        portion.append(text)
        characters += len(text)
        if characters >= CHARACTERS_AT_ONCE:
            yield portion
            portion, characters = [], 0
    if portion:
        yield portion


def mean_of_windows(vectors: np.ndarray, counts: Sequence[int], normalize: bool) -> np.ndarray:
    """Return one vector a text, (texts, size), from those of its windows, (windows, size), of which text ``i`` has ``counts[i]``."""
    windows = np.array(counts, vectors.dtype)
    means = np.add.reduceat(vectors, np.cumsum([0, *counts[:-1]])) / windows[:, None]
    return means / np.linalg.norm(means, axis=1, keepdims=True) if normalize else means


def logits_over_windows(answer: Callable[[np.ndarray], np.ndarray], batch: np.ndarray, padding: int) -> np.ndarray:
    """Return the mean of a classifier's logits over the windows of each text, (texts, windows, tokens), that hold a token.

    The first window always counts. ``answer`` gives the logits of single windows, (windows, tokens).
    """
    real = (batch != padding).any(axis=2)
    real[:, 0] = True
    logits = answer(batch[real])
    starts = np.cumsum(real.sum(axis=1)) - real.sum(axis=1)
    means: np.ndarray = np.add.reduceat(logits, starts) / real.sum(axis=1, keepdims=True)
    return means


def token_rows(tokenizer: Tokenizer, texts: Sequence[str], max_tokens: int, windows: bool, padding: int) -> TokenRows:
    """Return the texts in tokens, at most ``max_tokens`` each, or in up to ``MOST_WINDOWS`` windows of that many."""
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    tokens = [np.zeros(0, np.int32)]  # of all windows, one after the other
    sizes = [np.zeros(0, np.int64)]  # tokens of each window
    counts = [np.zeros(0, np.int64)]  # windows of each text
    truncated = 0
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        found, cut = text_windows(tokenizer, texts[start : start + TEXTS_AT_ONCE], windows)
        truncated += cut
        counts.append(np.fromiter(map(len, found), np.int64))
        sizes.append(np.fromiter(map(len, chain.from_iterable(found)), np.int64))
        tokens.append(np.fromiter(chain.from_iterable(chain.from_iterable(found)), np.int32))
    windows_of, tokens_of = np.concatenate(counts), np.concatenate(sizes)
    first = np.cumsum(windows_of) - windows_of  # the first window of a text is its longest
    lengths = np.maximum(tokens_of[first], 1)
    ids = np.full((len(texts), windows_of.max(initial=1), lengths.max(initial=1)), padding, np.int32)
    start, text = 0, 0
    for some, numbers in zip(counts, tokens, strict=True):
        rows = ids[text : text + len(some)]  # (texts, windows, tokens)
        is_window = np.arange(ids.shape[1]) < some[:, None]  # (texts, windows)
        filled = tokens_of[start : start + some.sum()]
        is_token = np.zeros(rows.shape, bool)
        is_token[is_window] = np.arange(ids.shape[2]) < filled[:, None]
        rows[is_token] = numbers
        start, text = start + some.sum(), text + len(some)
    return TokenRows(ids if windows else ids[:, 0], lengths, truncated)


def padding_token(folder: Path) -> int:
    """Return the token that stands for none, as the checkpoint's ``config.json`` says; where it says nothing, as its family has it."""
    config = json.loads((folder / "config.json").read_bytes())
    stated = config.get("pad_token_id")
    return int(stated) if stated is not None else int("roberta" in config.get("model_type", ""))
