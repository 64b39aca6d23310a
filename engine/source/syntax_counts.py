"""How much there is to write and to know: lines, statements, API names and concepts, counted in the very code that trains.

It reads the syntax tree of the functions on the Code page. What is counted:

* lines that hold code: no blank lines, comments or docstrings;
* statements of the syntax tree, docstrings left out;
* distinct names of the framework: chains that begin at one of its imports (``nn.Linear`` counts as ``torch.nn.Linear``), and methods
  called on values (``.backward``), unless Python's own types, NumPy's arrays or a class of the engine have a method of that name.
  Type annotations are left out, for nothing runs because of them;
* concepts: the entries of ``engine.source.concepts`` that are met.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy

from engine import FRAMEWORKS
from engine.runs.folder import Run
from engine.runs.source_code import kept_code, present_code
from engine.shared.classifiers import CLASSIFIERS
from engine.shared.syntax import parse
from engine.source.concepts import CONCEPTS, Concept
from engine.source.snippets import Stage, cut_snippets
from engine.source.source_tree import Definition, SourceTree, code_lines

PACKAGES = ("torch", "transformers", "tensorflow", "keras", "keras_hub")

KNOWN_METHODS = frozenset(
    name for kind in (str, bytes, int, float, list, tuple, dict, set, Path, numpy.ndarray, numpy.generic) for name in dir(kind)
)
"""Who reads framework code knows these already."""

PLAIN = ("make_model", "fit", "answer")
"""The museum's classifier, which is as short as it can be: what a newcomer would write. In ``mistakes.py`` of each wing."""

NOT_COUNTED = ("Report",)
"""Only hands the loss of each step to the museum."""

NOT_MEASURED = (
    "How long it takes to learn any of this, how good the documentation and the error messages are, how much an editor helps, and how well "
    "a person knows Python already. A short name can hide a hard idea, and long programs can be easy to read. Much of TensorFlow’s code in "
    "the five classifiers is there because this product makes Keras do what PyTorch does; the least code needs none of it."
)


@dataclass(frozen=True)
class Counts:
    """What was counted in some code; sums of it count each name and concept once."""

    lines: int = 0
    statements: int = 0
    names: frozenset[str] = frozenset()
    concepts: frozenset[str] = frozenset()

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.lines + other.lines, self.statements + other.statements, self.names | other.names, self.concepts | other.concepts
        )


@dataclass(frozen=True)
class Marks:
    """The places in a piece of source at which something was counted, by line from 1."""

    lines: frozenset[int]
    names: Mapping[int, tuple[str, ...]]
    concepts: Mapping[int, tuple[str, ...]]


@dataclass(frozen=True)
class ClassifierCounts:
    """One classifier, as the Code page shows it."""

    stages: tuple[Stage, ...]
    by_stage: Mapping[str, Mapping[str, Counts]]
    """Counts by name of the stage and framework, without repairs."""
    mended: Mapping[str, Counts]
    """What only this framework needs to read published encoders right, by framework."""

    def total(self, framework: str) -> Counts:
        """Return all stages, without repairs."""
        return sum((counts[framework] for counts in self.by_stage.values()), Counts())


@dataclass(frozen=True)
class SyntaxCounts:
    """All that was counted."""

    tree: SourceTree
    classifiers: Mapping[str, ClassifierCounts]
    everything: Mapping[str, Counts]
    """All classifiers in all stages, by framework; what they share is counted once. Without repairs."""
    plain: Mapping[str, Counts]
    plain_pieces: Mapping[str, tuple[Definition, ...]]
    note: str
    """The sentence that says which code was counted."""


def syntax_counts(run: Run | None = None) -> SyntaxCounts:
    """Count the code that ``run`` kept, or the engine's present code: without a run, without a copy, or with one of an older version."""
    kept = kept_code(run) if run else None
    if run and kept:
        try:
            return _counted(tuple(sorted(kept.items())), f"Counted in the code that the run {run.identifier} kept.")
        except ValueError:
            pass  # it is damaged, or lacks something that is counted now
    return _counted(tuple(sorted(present_code().items())), "Counted in the engine’s present code.")


@lru_cache(maxsize=4)
def _counted(files: tuple[tuple[str, str], ...], note: str) -> SyntaxCounts:
    texts = dict(files)
    tree = SourceTree(texts)

    @cache
    def counts_of(piece: Definition) -> Counts:  # most pieces belong to all classifiers
        return count_piece(piece, tree)

    classifiers: dict[str, ClassifierCounts] = {}
    everything: dict[str, dict[Definition, Counts]] = {framework: {} for framework in FRAMEWORKS}
    for classifier in CLASSIFIERS:
        stages = cut_snippets(texts, classifier, tree=tree).stages
        by_stage: dict[str, dict[str, Counts]] = {}
        mended = dict.fromkeys(FRAMEWORKS, Counts())
        for stage in stages:
            pieces = {framework: [row.pieces[framework] for row in stage.rows if framework in row.pieces] for framework in FRAMEWORKS}
            counted = {framework: {piece: counts_of(piece) for piece in pieces[framework]} for framework in FRAMEWORKS}
            by_stage[stage.name] = {framework: sum(counted[framework].values(), Counts()) for framework in FRAMEWORKS}
            for framework in FRAMEWORKS:
                everything[framework] |= counted[framework]
                repairs = (counts_of(piece) for piece in stage.repairs.get(framework, ()))
                mended[framework] += sum(repairs, Counts())
        classifiers[classifier] = ClassifierCounts(stages, by_stage, mended)
    plain_pieces = {framework: tuple(_plain(tree, framework)) for framework in FRAMEWORKS}
    plain = {name: sum((counts_of(piece) for piece in pieces), Counts()) for name, pieces in plain_pieces.items()}
    return SyntaxCounts(
        tree, classifiers, {name: sum(found.values(), Counts()) for name, found in everything.items()}, plain, plain_pieces, note
    )


def _plain(tree: SourceTree, framework: str) -> Iterator[Definition]:
    file = f"engine/frameworks/{framework}/mistakes.py"
    for piece in tree.closure([tree.definition(file, name) for name in PLAIN]):
        if piece.file == file and piece.name not in NOT_COUNTED:
            yield piece


def count_piece(piece: Definition, tree: SourceTree) -> Counts:
    """Count one function, class or constant."""
    marks = marks_of(piece, tree)
    statements = [node for node in ast.walk(parse(piece.source)) if isinstance(node, ast.stmt) and not _is_docstring(node)]
    return Counts(len(marks.lines), len(statements), _union(marks.names), _union(marks.concepts))


def marks_of(piece: Definition, tree: SourceTree) -> Marks:
    """Return where the counted lines, names and concepts of a piece stand."""
    module = parse(piece.source)
    uses = sorted(_uses(module, tree.bindings(piece.file)))
    names = [(use.line, use.name) for use in uses if _counts_as_name(use, tree.members)]
    nodes = list(ast.walk(module))
    concepts = [(line, key) for key, concept in CONCEPTS.items() for line in _met(key, concept, nodes, uses)]
    return Marks(code_lines(piece.source), _by_line(names), _by_line(concepts))


class _Use(NamedTuple):
    line: int
    column: int
    name: str
    """The full name of something imported, or ``.name`` for what belongs to a value."""
    written: str
    called: bool
    base: bool


def _uses(module: ast.Module, bindings: Mapping[str, str]) -> Iterator[_Use]:
    """Every imported name and every attribute of a value, annotations left out."""
    called: set[int] = set()
    bases: set[int] = set()
    waiting: list[ast.AST] = [module]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call):
            called.add(id(node.func))
        if isinstance(node, ast.ClassDef):
            bases.update(id(base) for base in node.bases)
        if isinstance(node, (ast.Attribute, ast.Name)):
            written = ast.unparse(node)
            root, _, rest = written.partition(".")
            imported = root in bindings and all(part.isidentifier() for part in written.split("."))
            place = (node.end_lineno or node.lineno, node.end_col_offset or 0)
            marks = (id(node) in called, id(node) in bases)
            if imported:
                yield _Use(*place, bindings[root] + (f".{rest}" if rest else ""), written, *marks)
                continue
            if isinstance(node, ast.Attribute):
                yield _Use(*place, f".{node.attr}", written, *marks)
        waiting += [
            child
            for name, value in ast.iter_fields(node)
            if name not in ("annotation", "returns")
            for child in (value if isinstance(value, list) else [value])
            if isinstance(child, ast.AST)
        ]


def _counts_as_name(use: _Use, members: set[str]) -> bool:
    if not use.name.startswith("."):
        return use.name.split(".")[0] in PACKAGES
    name = use.name[1:]
    return use.called and name not in KNOWN_METHODS and name not in members and not name.startswith("__")


def _met(key: str, concept: Concept, nodes: Iterable[ast.AST], uses: Iterable[_Use]) -> Iterator[int]:
    """The lines on which a concept is met."""
    for use in uses:
        if _matches(use, concept.bases if use.base else concept.names):
            yield use.line
    for node in nodes:
        if isinstance(node, concept.syntax) and isinstance(node, (ast.stmt, ast.expr)):
            yield node.lineno
        elif isinstance(node, ast.keyword) and (node.arg in concept.keywords or (key == "unpacking" and node.arg is None)):
            yield node.value.lineno
        elif isinstance(node, ast.FunctionDef):
            if node.name in concept.defines:
                yield node.lineno
            if key == "decorator" and node.decorator_list:
                yield node.decorator_list[0].lineno
            if key == "function-value":
                yield from (part.lineno for part in node.body if isinstance(part, ast.FunctionDef))
        elif isinstance(node, ast.For) and concept.loops_over:
            last = node.end_lineno or node.lineno
            if any(node.lineno < use.line <= last and _matches(use, concept.loops_over) for use in uses):
                yield node.lineno


def _matches(use: _Use, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(use.name, pattern) or fnmatchcase(use.written, pattern) for pattern in patterns)


def _by_line(found: Iterable[tuple[int, str]]) -> dict[int, tuple[str, ...]]:
    lines: dict[int, dict[str, None]] = {}
    for line, name in found:
        lines.setdefault(line, {})[name] = None
    return {line: tuple(lines[line]) for line in sorted(lines)}


def _union(lines: Mapping[int, tuple[str, ...]]) -> frozenset[str]:
    return frozenset(name for names in lines.values() for name in names)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
