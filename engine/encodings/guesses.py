"""The best guesses at an encoding, each with a line of the text as it would read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.encodings.judging import Judgement, is_sure

GUESSES = 3
PREVIEW_CHARACTERS = 90
LIKELY = 4.0
"""How much more likely than the next one, as a logarithm, a guess must be to be called likely."""


@dataclass(frozen=True)
class EncodingGuess:
    """One encoding that a file may be in."""

    codec: str
    """Python's name."""
    sureness: Literal["sure", "likely", "possible"]
    preview: str
    """A line of the file with letters beyond ASCII, decoded; one on which the guesses differ. Empty where there is none."""


def guesses(judged: Sequence[Judgement], lines: Sequence[bytes]) -> tuple[EncodingGuess, ...]:
    """Return the first three of the judgements with one of the lines, on which they differ."""
    few = judged[:GUESSES]

    def differing(line: bytes) -> tuple[int, int]:
        """Rank lines: those first that the codecs read in more ways, then short ones."""
        return -len({line.decode(judgement.codec, "replace") for judgement in few}), abs(len(line) - 60)

    line = min(lines[:500], key=differing)
    texts = [line.decode(judgement.codec, "replace").strip() for judgement in few]
    sureness: list[Literal["sure", "likely", "possible"]] = [_first(judged), "possible", "possible"]
    first = min((first_difference(texts[0], other) for other in texts[1:]), default=0)
    return tuple(
        EncodingGuess(judgement.codec, sure, cut(text, first)) for judgement, sure, text in zip(few, sureness, texts, strict=False)
    )


def _first(judged: Sequence[Judgement]) -> Literal["sure", "likely", "possible"]:
    if is_sure(judged):
        return "sure"
    return "likely" if len(judged) == 1 or judged[0].score - judged[1].score >= LIKELY else "possible"


def first_difference(one: str, other: str) -> int:
    return next((place for place, (left, right) in enumerate(zip(one, other, strict=False)) if left != right), 0)


def cut(text: str, around: int = 0) -> str:
    """Return a part of a line for a sentence, with what stands ``around`` a place."""
    start = max(0, around - PREVIEW_CHARACTERS // 2) if len(text) > PREVIEW_CHARACTERS else 0
    cut = text[start : start + PREVIEW_CHARACTERS]
    return (
        ("…" if start else "")
        + "".join(character if character.isprintable() else " " for character in cut)
        + ("…" if start + PREVIEW_CHARACTERS < len(text) else "")
    )
