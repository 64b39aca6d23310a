"""Cuts a run's own program out of a template: a Python file with the parts for every run, which the tools check like any other.

In a template ``RUN`` stands for the run. Where it is asked, the answer is looked up and the program keeps what follows from it:

- of ``if RUN.member.takes == "words": … else: …`` the branch, and of ``a if RUN.recipe.own else b`` the expression that applies;
- instead of ``RUN.over_windows`` anywhere else the value, and of a function its name;
- arguments, entries and assignments only where the run has a setting of that name (``hidden_units=…``, ``HIDDEN_UNITS = …``).

``# %% Title`` begins a cell. What stands above the cells, and ``# type: ignore``, is there for the tools alone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.shared.syntax import parse

Node = ast.expr | ast.stmt | ast.keyword

LONGEST_CALL = 110
"""Characters up to which a call whose arguments were chosen stays on one line."""


Edit = tuple[int, int, str]
"""Text that takes the place of what stands between two positions, counted in bytes."""


def cut(template: Path, cell: str, run: object, absent: frozenset[str] = frozenset()) -> str:
    """Return a cell of a template as it is for one run: ``run`` answers what is asked of ``RUN``, ``absent`` are the settings it has not.

    Raises ``ValueError`` for a cell or a question that cannot be, and ``AttributeError`` for one without an answer.
    """
    cells = re.split(r"^# %% (.+)\n", template.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    sources = dict(zip(cells[::2], cells[1::2], strict=True))
    if cell not in sources:
        raise ValueError(f"{template.name} has no cell “{cell}”. Expected one of {', '.join(sources)}.")
    source = sources[cell].strip("\n") + "\n"
    source = re.sub(r"  # type: ignore.*", "", source)
    while edit := next(_edits(Source(source), run, absent), None):
        start, end, text = edit
        source = (source.encode()[:start] + text.encode() + source.encode()[end:]).decode()
    return source.strip("\n")


class Source:
    """A parsed text, and where in it a node stands."""

    def __init__(self, text: str) -> None:
        self.module = parse(text)
        self.lines = text.encode().splitlines(keepends=True)
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line))

    def start(self, line: int, column: int = 0) -> int:
        return self._starts[line - 1] + column

    def span(self, node: Node) -> tuple[int, int]:
        return self.start(node.lineno, node.col_offset), self.start(node.end_lineno or node.lineno, node.end_col_offset or 0)

    def text(self, node: Node) -> str:
        start, end = self.span(node)
        return b"".join(self.lines)[start:end].decode()

    def whole_lines(self, node: Node) -> tuple[int, int]:
        return self.start(node.lineno), self.start((node.end_lineno or node.lineno) + 1)


def _edits(source: Source, run: object, absent: frozenset[str]) -> Iterator[Edit]:
    """What is still to be done, the outermost first."""
    for node in ast.walk(source.module):
        match node:
            case ast.If(test=test) if _asks(test):
                yield _branch(node, source, bool(_answer(test, run)))
            case ast.IfExp(test=test, body=body, orelse=otherwise) if _asks(test):
                yield (*_in_brackets(source, node), source.text(body if _answer(test, run) else otherwise))
            case ast.Assign(targets=[ast.Name(id=name)]) if name.isupper() and name.lower() in absent:
                yield (*source.whole_lines(node), "")
            case ast.Assign(targets=[target], value=ast.Call(args=[], keywords=[_, _, *_] as words, func=function)):
                arguments = [source.text(word) for word in words if word.arg not in absent]
                call = _call(f"{source.text(target)} = {source.text(function)}", arguments, " " * node.col_offset)
                if call != source.text(node):
                    yield (*source.span(node), call)
            case ast.Call(args=arguments, keywords=words) if chosen := [word for word in words if word.arg in absent]:
                everything: list[Node] = [*arguments, *words]
                yield source.span(everything[everything.index(chosen[0]) - 1])[1], source.span(chosen[0])[1], ""
            case ast.Dict(keys=keys):
                names = [key for key in keys if isinstance(key, ast.Constant) and key.value in absent]
                yield from ((*source.whole_lines(name), "") for name in names)
            case ast.Attribute() as question if _asks(question):
                value = _answer(question, run)
                yield (*source.span(question), value.__name__ if callable(value) else repr(value))


def _asks(node: ast.expr) -> bool:
    return any(isinstance(part, ast.Name) and part.id == "RUN" for part in ast.walk(node))


def _answer(question: ast.expr, run: object) -> Any:
    """What ``RUN.`` and the words behind it stand for, compared with a constant, or the opposite of it."""
    match question:
        case ast.Name(id="RUN"):
            return run
        case ast.Attribute(value=value, attr=word):
            return getattr(_answer(value, run), word)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _answer(operand, run)
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[ast.Constant(value=value)]):
            return _answer(left, run) == value
    raise ValueError(f"A template asks “{ast.unparse(question)}”. Expected RUN.word, not RUN.word or RUN.word == ….")


def _branch(node: ast.If, source: Source, holds: bool) -> Edit:
    """The branch that applies, moved to the left, in the place of the whole statement; an ``elif`` becomes the ``if``."""
    first, last = node.lineno, node.end_lineno or node.lineno
    words = tuple(f"{' ' * node.col_offset}{word}".encode() for word in ("elif ", "else:"))
    other = next((line for line in range(first + 1, last + 1) if source.lines[line - 1].startswith(words)), last + 1)
    if not holds and other <= last and source.lines[other - 1].lstrip().startswith(b"elif"):
        return source.start(first), source.start(other + 1), source.lines[other - 1].decode().replace("elif", "if", 1)
    kept = b"".join(source.lines[first : other - 1] if holds else source.lines[other:last]).decode().lstrip("\n")
    start, end = source.whole_lines(node)
    if not kept:  # nor the blank lines above it
        start = len(b"".join(source.lines)[:start].rstrip(b"\n")) + 1
    return start, end, re.sub(r"^ {4}", "", kept, flags=re.MULTILINE)


def _in_brackets(source: Source, node: ast.expr) -> tuple[int, int]:
    """Where an expression stands, with brackets that only hold it together over several lines."""
    start, end = source.span(node)
    text = b"".join(source.lines)
    before, after = text[:start].rstrip(), text[end:].lstrip()
    if before.endswith((b"=(", b" (")) and after.startswith(b")"):
        return len(before) - 1, len(text) - len(after) + 1
    return start, end


def _call(start: str, arguments: list[str], margin: str) -> str:
    """A call on one line, or with a line for each argument where it would be long."""
    line = f"{start}({', '.join(arguments)})"
    return line if len(line) < LONGEST_CALL else "\n".join([f"{start}(", *(f"{margin}    {word}," for word in arguments), f"{margin})"])
