"""Characters that are no writing or that nobody sees, and the forms in which texts are the same to a reader."""

from __future__ import annotations

import re
import unicodedata

CONTROL_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What is not allowed in XML and becomes a space in every text. What ends a line is not among it."""
NO_WRITING = re.compile(f"{CONTROL_CHARACTERS.pattern[:-1]}\x80-\x9f]")
"""These, and what stands in a wrongly decoded text where quotes and dashes were: it is kept in texts, and nobody sees it."""
INVISIBLE = re.compile("[\xad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]")
"""Soft hyphens, spaces and joiners of no width, marks of direction, marks of the byte order, variants of one character."""
_LOST = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ß": "ss"})


def without_control(text: str) -> str:
    """Return the text as models and charts get it: control characters replaced by spaces, no white space at the ends."""
    return CONTROL_CHARACTERS.sub(" ", text).strip()


def visible(name: str) -> str:
    """Return a name without control characters, and without white space and characters that nobody sees at its ends."""
    return re.sub(rf"^(?:\s|{INVISIBLE.pattern})+|(?:\s|{INVISIBLE.pattern})+$", "", without_control(name))


def normalised(text: str) -> str:
    """Return the form that texts share which are the same to a reader, so that they stay on one side of a split.

    Case, Unicode's forms of one character, and characters that nobody sees do not matter; control characters count as white space, and a
    run of it as one space, with none at the ends. Whatever cleaning does to a text, its form stays the same.
    """
    text = NO_WRITING.sub(" ", text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).casefold())
    return " ".join(text.casefold().split())


def without_accents(key: str) -> str:
    """Return Latin and Greek letters without their accents, and ё as е; marks of other scripts make other letters."""
    if key.isascii():
        return key
    letters = []
    for letter in unicodedata.normalize("NFC", key):
        base, *marks = list(unicodedata.normalize("NFD", letter))
        lost = marks and (base < "\u0400" or letter == "ё") and all("\u0300" <= mark <= "\u036f" for mark in marks)
        letters.append(base if lost else letter)
    return "".join(letters).translate(_LOST)
