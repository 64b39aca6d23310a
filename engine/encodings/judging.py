"""Which codec makes writing out of bytes: every candidate is judged by the letters and words of every language.

Bytes are decoded with each codec. What comes out is likely where its letters are frequent in one language, and unlikely where control
characters or signs stand between letters, capitals inside words, or two scripts in one word. A frequent word in plain ASCII says the
language whatever the codec is. Each distinct word counts once, so that a sentence repeated in every line is no more evidence than once.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache

from engine.encodings.languages import LANGUAGES, Language
from engine.encodings.survey import portion

MULTIBYTE = ("cp932", "euc_jp", "gb18030", "big5hkscs", "cp950", "cp949", "johab")
CODECS = tuple(dict.fromkeys(codec for language in LANGUAGES for codec in language.codecs))
FIRST_BYTES, PROMISING, BYTES = 6_000, 12, 32_000
"""All codecs are judged by some lines, then the most promising ones by more."""

FOREIGN = -9.5
"""The logarithm of how likely a letter is that the language does not have, nor another one in the same codec."""
NEIGHBOURS = 0.02
"""The share of letters that come from other languages in the same codec: names, quotations, a second language."""
UNUSUAL_CODEC = -8.0
"""What it counts against a codec that nobody uses for the language."""
KNOWN_WORD = 3.0
BROKEN = -14.0

APOSTROPHES = "’‘ʼ"
QUOTES = "“”„«»‹›‚–—…"
COMMON_SIGNS = "¿¡€£°§©®™½¼¾²³·•×±ºª\u00a0\u00ad、。，！？：；（）「」『』・～"
WORD = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*")
ANY_WORD = re.compile("[A-Za-z\u0080-\U0010ffff]*[\u0080-\U0010ffff][A-Za-z\u0080-\U0010ffff]*")
PLAIN_WORD = re.compile(rb"(?<![A-Za-z\x80-\xff])[A-Za-z]{2,}(?![A-Za-z\x80-\xff])")


@dataclass
class Writing:
    """What a codec made of the words with bytes beyond ASCII."""

    words: Counter[str]
    """The different words, and how often each occurs."""
    letters: Counter[str] = field(default_factory=Counter)
    """Lower-case letters beyond ASCII."""
    penalty: float = 0.0
    """What is unlikely in any language: signs and capitals inside words, controls, mixed scripts."""
    odd: int = 0
    """Characters that do not belong where they stand."""
    characters: int = 0


@dataclass(frozen=True)
class Judgement:
    """How well one codec explains the bytes, under the language that fits it best."""

    codec: str
    language: Language
    score: float
    """A logarithm of a likelihood; only differences between codecs mean something."""
    explained: float
    """The share of the characters beyond ASCII that the language has, where it has them."""
    known_words: int
    """Different frequent words of the language that occur."""
    known_share: float
    """What share of all words they make up."""
    writing: Writing


FREQUENT = {"Chinese": 0.35, "Traditional Chinese": 0.35, "Japanese": 0.6, "Korean": 0.6}
"""Shares of frequent characters from which on text is these languages; of other ones nearly every letter must be known."""


def reads_well(judgement: Judgement) -> bool:
    """Return whether this is a language as it is written, and enough of it; whichever other codecs may fit."""
    language = judgement.language
    if language.name in FREQUENT or not language.words:
        return judgement.explained >= FREQUENT.get(language.name, 0.97) and judgement.writing.characters >= 20
    distinct, share = (4, 0.1) if language.plain_words else (2, 0.05)
    return (
        judgement.explained >= 0.97
        and len(judgement.writing.words) >= 5
        and judgement.known_words >= distinct
        and judgement.known_share >= share
    )


def is_sure(judgements: Sequence[Judgement]) -> bool:
    """Return whether the first of the judgements is right beyond doubt: it reads well, and every other codec is far less likely."""
    if not judgements or not reads_well(judgements[0]):
        return False
    best = judgements[0]
    margin = 20 if best.language.name in FREQUENT or not best.language.plain_words else 10
    return len(judgements) == 1 or best.score - judgements[1].score >= margin


def judged_text(codec: str, text: str) -> Judgement:
    """Judge text that was decoded already."""
    plain = Counter(word.lower() for word in re.findall(r"(?<!\w)[A-Za-z]{2,}(?!\w)", text))
    return _fitted(codec, writing(Counter(ANY_WORD.findall(text))), plain)


def judge(lines: Sequence[bytes]) -> list[Judgement]:
    """Return the codecs that can have written the lines, the likeliest first; of codecs that decode them alike the most usual one."""
    promising = _judged(portion(lines, FIRST_BYTES), CODECS)[:PROMISING]
    alike: dict[tuple[str, ...], Judgement] = {}
    for judgement in _judged(portion(lines, BYTES), [judgement.codec for judgement in promising]):
        alike.setdefault(tuple(judgement.writing.words), judgement)
    return list(alike.values())


def _judged(lines: Sequence[bytes], codecs: Sequence[str]) -> list[Judgement]:
    joined = b"\n".join(lines)
    words = Counter(WORD.findall(joined))
    plain = Counter(word.lower().decode("ascii") for word in PLAIN_WORD.findall(joined))
    judged = []
    for codec in codecs:
        decoded = _decoded_words(codec, words, joined)
        if decoded is not None:
            judged.append(_fitted(codec, writing(decoded), plain))
    return sorted(judged, key=lambda judgement: -judgement.score)


def _decoded_words(codec: str, words: Counter[bytes], joined: bytes) -> Counter[str] | None:
    """Decode the words; ``None`` where bytes are no text in this codec."""
    if codec not in MULTIBYTE:
        return Counter(dict(zip(b"\n".join(words).decode(codec, "replace").split("\n"), words.values(), strict=True)))
    text = joined.decode(codec, "replace")
    return None if text.count("\ufffd") > 0.02 * len(text) else Counter(ANY_WORD.findall(text))


def writing(words: Counter[str]) -> Writing:
    """Count letters, and what no language writes."""
    result = Writing(words)
    for word in words:
        composed = unicodedata.normalize("NFC", word) if any("\u0300" <= character <= "\u0323" for character in word) else word
        for position, character in enumerate(composed):
            if character.isascii():
                continue
            before = composed[position - 1] if position else ""
            after = composed[position + 1] if position + 1 < len(composed) else ""
            result.characters += 1
            kind = kind_of(character)
            if kind == "sign":
                cost = _sign_cost(character, before, after)
            elif kind == "broken":
                cost = BROKEN
            else:
                lower = character.lower() if len(character.lower()) == 1 else character
                result.letters[lower] += 1
                cost = _letter_cost(character, kind, before, after, composed[position - 2] if position > 1 else "")
            result.penalty += cost
            result.odd += cost <= -5
    return result


def _letter_cost(character: str, script: str, before: str, after: str, two_before: str) -> float:
    cost = 0.0
    if script not in (kind_of(before), "cjk") and kind_of(before) not in ("sign", "broken"):
        cost -= 9.0
    if after.isascii() and after.isalpha() and script != "latin":
        cost -= 9.0
    if character.isupper():
        cost -= 6.0 if before.islower() else 0.0 if before.isupper() else 1.0
        cost -= 0.0 if before.isalpha() or after.isalpha() else 4.0  # no word has one capital alone: £5 is not Ł5
    elif before.isupper() and two_before.isupper():
        cost -= 3.0
    return cost


def _sign_cost(character: str, before: str, after: str) -> float:
    beside = before.isalpha() + after.isalpha()
    if character in APOSTROPHES:
        return -1.0
    if character in QUOTES:
        return (-1.5, -1.5, -4.0)[beside]
    if character == "\u00a0" or (character == "·" and before + after in ("ll", "LL")):  # French spaces, and l·l in Catalan
        return -2.5
    if (character in "¿¡" and not before.isalpha() and after.isalpha()) or (character == "°" and after in "CF"):
        return -2.5
    if character in COMMON_SIGNS:
        return (-3.0, -5.0, -9.0)[beside] if ord(character) < 0x3000 else -4.0
    return (-8.0, -9.0, -10.0)[beside]


@lru_cache(maxsize=2**16)
def kind_of(character: str) -> str:
    """Return a letter's script, ``sign``, or ``broken`` for what is no writing; of nothing and of what is no letter, ``sign``."""
    if not character:
        return "sign"
    category = unicodedata.category(character)
    if category in ("Cc", "Cn", "Co", "Cs") or character == "\ufffd":
        return "broken"
    if category[0] not in "LM" or character in "ºª":
        return "sign"
    point = ord(character)
    for end, script in SCRIPTS:
        if point < end:
            return script
    return "other"


SCRIPTS = (
    (0x370, "latin"), (0x400, "greek"), (0x530, "cyrillic"), (0x590, "other"), (0x600, "hebrew"), (0x780, "arabic"), (0xE00, "other"),
    (0xE80, "thai"), (0x1E00, "other"), (0x1F00, "latin"), (0x2000, "greek"), (0x3000, "other"), (0xD7B0, "cjk"), (0xF900, "other"),
    (0xFB00, "cjk"), (0xFF00, "arabic"), (0x30000, "cjk"),
)  # fmt: skip


@cache
def letters_in(codec: str) -> dict[str, float]:
    """Return how frequent letters are, on average, in the languages for which the codec is usual."""
    languages = [language for language in LANGUAGES if codec in language.codecs]
    letters: Counter[str] = Counter()
    for language in languages:
        for letter, share in language.frequencies.items():
            letters[letter] += share / len(languages)  # type: ignore[assignment]  # a counter of shares
    return dict(letters)


def _fitted(codec: str, written: Writing, plain: Counter[str]) -> Judgement:
    """Judge the codec under the language that fits it best."""
    hits = {language.name: len(language.plain_words & plain.keys()) for language in LANGUAGES}
    most = max(hits.values())
    lowered: Counter[str] = Counter()
    for word, count in written.words.items():
        lowered[word.strip(APOSTROPHES + QUOTES).lower()] += count

    beside = letters_in(codec)

    def score(language: Language) -> float:
        frequencies = language.frequencies
        total = written.penalty + KNOWN_WORD * len(language.accented_words & lowered.keys())
        for letter, count in written.letters.items():
            share = frequencies.get(letter) or NEIGHBOURS * beside.get(letter, 0.0)
            total += count * (math.log(share) if share else FOREIGN)
        if language.plain_words:  # else it is not written in Latin letters, and words in them say nothing
            total -= min(16.0, 0.8 * (most - hits[language.name]))
        return total + (-min(language.codecs.index(codec), 4) if codec in language.codecs else UNUSUAL_CODEC)

    scores = {language: score(language) for language in LANGUAGES}
    best = max(scores, key=scores.__getitem__)
    foreign = sum(count for letter, count in written.letters.items() if letter not in best.frequencies)
    known = best.plain_words & plain.keys() | best.accented_words & lowered.keys()
    return Judgement(
        codec,
        best,
        scores[best],
        max(written.characters - written.odd - foreign, 0) / max(written.characters, 1),
        len(known),
        sum(plain[word] + lowered[word] for word in known) / max(lowered.total() + bool(best.plain_words) * plain.total(), 1),
        written,
    )
