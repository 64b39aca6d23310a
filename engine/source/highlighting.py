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
    """Return the same characters, escaped, with neighbours of one class in one ``<span>``."""
    tokens = PythonLexer(stripnl=False, ensurenl=False).get_tokens(source)
    parts = []
    for name, group in groupby(tokens, key=lambda token: _class_of(token[0])):
        words = escape("".join(text for _, text in group))
        parts.append(Markup('<span class="{}">{}</span>').format(name, words) if name and words.strip() else words)
    return Markup("").join(parts)


STYLES = {"comment": "opacity:0.65", "keyword": "font-weight:600", "name": "font-weight:600"}
"""The classes' looks where there is no style sheet."""


def highlighted_lines(source: str) -> list[Markup]:
    """Return the same characters line by line, with the look in the elements themselves; for a page, which brings no style sheet along."""
    lines: list[Markup] = [Markup("")]
    for kind, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens(source):
        style = STYLES.get(_class_of(kind))
        for number, part in enumerate(text.split("\n")):
            if number:
                lines.append(Markup(""))
            words = escape(part)
            lines[-1] += Markup('<span style="{}">{}</span>').format(style, words) if style and part.strip() else words
    return lines


def _class_of(kind: Any) -> str:
    return next((name for family, name in CLASSES if kind in family), "")
