"""Python source as HTML in which comments, keywords, strings and the names of definitions can be told apart by four CSS classes."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from markupsafe import Markup, escape
from pygments.lexers import PythonLexer
from pygments.token import Comment, Keyword, Name, Operator, String

CLASSES: tuple[tuple[Any, str], ...] = (
    (Comment, "comment"),
    (String.Doc, "comment"),
    (String, "string"),
    (Keyword, "keyword"),
    (Operator.Word, "keyword"),
    (Name.Function, "name"),
    (Name.Class, "name"),
)
"""The first that a token belongs to counts; all other tokens stay as they are."""


def highlighted(source: str) -> Markup:
    """The same characters, escaped, with neighbours of one class in one ``<span>``."""
    tokens = PythonLexer(stripnl=False, ensurenl=False).get_tokens(source)
    parts = []
    for name, group in groupby(tokens, key=lambda token: _class_of(token[0])):
        words = escape("".join(text for _, text in group))
        parts.append(Markup('<span class="{}">{}</span>').format(name, words) if name and words.strip() else words)
    return Markup("").join(parts)


def _class_of(kind: Any) -> str:
    return next((name for family, name in CLASSES if kind in family), "")
