"""Texts in another language than the one that an encoder was trained on, told by how its tokenizer takes them apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from engine.encodings.languages import LANGUAGES

MULTILINGUAL = "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2"
"""An encoder for fifty languages, as the way out; only named, never downloaded unasked."""
MANY = 0.2
"""The share of foreign texts from which on a data set is spoken about."""
FEWEST_WORDS = 4
"""A text of fewer words says too little about its language; in Chinese and its neighbours a word is counted for every two characters."""

PIECES_A_WORD = 1.6
"""More pieces a word than this: English texts have 1.1 to 1.4, Western European ones 1.7 to 2.3, Polish 2.7, Russian 4.8."""
ENGLISH_SHARE = 0.05
"""The share of frequent English words from which on a text is English, however its other words are taken apart: names, codes, slang."""
UNKNOWN_SHARE = 0.2
"""The share of unknown pieces from which on a text is foreign in any case."""

OTHER_SHARE = 0.15
"""The share of frequent words of one other language from which on a text is in that one; at least two of them."""

WORD = re.compile(r"[^\W\d_]+")
ENGLISH = next(own.plain_words for own in LANGUAGES if own.name == "English") | frozenset(
    "what does how can my your which when where who would there their about been because please just did has had could should".split()  # noqa: SIM905
)
OTHERS = tuple(own.plain_words | own.accented_words for own in LANGUAGES if own.name != "English")
ONLY_ENGLISH = ENGLISH.difference(*OTHERS)
"""Frequent in English and in no other language: “for” and “at” are Danish too."""
NOT_ENGLISH = tuple(own - ENGLISH for own in OTHERS)
WITHOUT_SPACES = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True)
class Pieces:
    """How a tokenizer took one text apart."""

    letters: int
    """Pieces with a letter in them."""
    unknown: int
    """Words or signs for which there is no piece."""
    many_languages: bool = False
    """The vocabulary was made for many languages, which all have more pieces a word."""


@dataclass(frozen=True)
class ForeignTexts:
    """The texts, of those that were looked at, that an encoder hardly has words for."""

    looked_at: int
    foreign: tuple[int, ...]
    """Positions among the texts that were looked at."""
    language: str | None = None
    """What their frequent words say, where they say it."""

    @property
    def share(self) -> float:
        """The share of the texts."""
        return len(self.foreign) / max(self.looked_at, 1)

    def sentence(self, encoder: str) -> str:
        """Return one sentence or two for a person; ``encoder`` begins it: “The bundled encoder was trained on English”."""
        count = len(self.foreign)
        which = "the text is" if self.looked_at == 1 else f"{count:,} of {self.looked_at:,} texts ({self.share:.0%}) are"
        looks = f" The frequent words are {self.language}." if self.language and self.language != "English" else ""
        return f"{encoder}; {which} in another language, or mostly in words that it takes apart into fragments.{looks}"


def judged_foreign(texts: Sequence[str], pieces: Sequence[Pieces], english: bool) -> ForeignTexts:
    """Return which texts are foreign to the tokenizer that took them apart; ``english`` says that its encoder was trained on English."""
    both = enumerate(zip(texts, pieces, strict=True))
    foreign = tuple(position for position, (text, own) in both if is_foreign(text, own, english))
    return ForeignTexts(len(texts), foreign, language_of([texts[position] for position in foreign]))


def is_foreign(text: str, pieces: Pieces, english: bool) -> bool:
    """Return whether a text is mostly outside the vocabulary or, for an English encoder, in another language.

    English that is only unusual is not, whichever the encoder.
    """
    words = WORD.findall(text.lower())
    without_spaces = len(WITHOUT_SPACES.findall(text))
    amount = max(len(words), without_spaces / 2)
    if amount < FEWEST_WORDS:
        return False
    if sum(word in ONLY_ENGLISH for word in words) >= ENGLISH_SHARE * len(words):
        return False
    others = max(sum(word in other for word in words) for other in NOT_ENGLISH)
    if english and (others >= max(2, OTHER_SHARE * len(words)) or without_spaces > 0.3 * len(text)):
        return True
    fragments = pieces.letters > PIECES_A_WORD * amount and not pieces.many_languages
    return fragments or pieces.unknown > UNKNOWN_SHARE * (pieces.letters + pieces.unknown)


def language_of(texts: Sequence[str]) -> str | None:
    """Return the language that most frequent words belong to, or the script of Asian languages; ``None`` where it is not clear."""
    joined = " ".join(texts).lower()
    words = Counter(WORD.findall(joined))
    if len(WITHOUT_SPACES.findall(joined)) > 0.3 * sum(len(word) * count for word, count in words.items()):
        scripts = (("Thai", "[\u0e00-\u0e7f]"), ("Japanese", "[\u3040-\u30ff]"), ("Chinese", "[\u3400-\u9fff]"))
        return next((name for name, letters in scripts if len(re.findall(letters, joined)) > 0.1 * len(joined)), None)
    if len(re.findall("[\uac00-\ud7a3]", joined)) > 0.3 * max(len(joined), 1):
        return "Korean"
    shares = Counter({
        language.name: sum(words[word] for word in language.plain_words | language.accented_words) for language in LANGUAGES
    })  # fmt: skip
    (best, most), (_, next_most) = shares.most_common(2)
    return best if most > 0.06 * words.total() and most > 1.2 * next_most else None
