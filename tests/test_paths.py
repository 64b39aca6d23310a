"""Paths and names that are data point at something: files in text, ``engine.…`` modules, and a file with what is defined in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from engine import FRAMEWORKS
from engine.runs.moved_files import MOVED
from engine.shared.classifiers import CLASSIFIERS
from engine.shared.syntax import parse

PROJECT = Path(__file__).parents[1]
CODE = [
    PROJECT / "dashboard.py",
    *(path for folder in ("engine", "pages", "scripts", "benchmarks") for path in (PROJECT / folder).rglob("*.py")),
]
TEXTS = [
    *CODE,
    *(path for name in ("README.md", "CONTRIBUTING.md") if (path := PROJECT / name).exists()),
    *(PROJECT / "docs").rglob("*.md"),
    *(path for ending in ("md", "html", "css", "json") for path in (PROJECT / "engine").rglob(f"*.{ending}")),
]
FILES = [path.relative_to(PROJECT) for path in CODE]
PATH = re.compile(r"(?<![\w/.-])(?:engine|pages|scripts|benchmarks|docs|assets)/[\w{}./-]*[\w}]\.(?:py|md|html|css|json|svg|csv|png)\b")
MODULE = re.compile(r"(?<![\w/.-])(?:engine|pages|scripts|benchmarks)(?:\.(?!py\b)(?:[a-zA-Z_]\w*|\{[\w.]+\}))+(?!\w*[/(=])")
MADE_FILES = {"source/train.py", "source/inference.py", "code/inference.py", "inference.py", "text_inputs.py", "snippet.py"}
"""Names of files that are written, not read."""


def readings(text: str) -> list[str]:
    """A text with every framework and every classifier in the place of ``{framework}`` and ``{classifier}``; other fields become ``*``."""
    values = {"framework": FRAMEWORKS, "classifier": [name.replace("-", "_") for name in CLASSIFIERS]}
    texts = [text]
    for field, choices in values.items():
        texts = [one.replace(f"{{{field}}}", choice) for one in texts for choice in (choices if f"{{{field}}}" in one else [""])]
    return [re.sub(r"\{[\w.]+\}", "*", one) for one in texts]


@cache
def names_of(file: Path) -> frozenset[str]:
    """What a Python file defines or imports at its top level."""
    names = set()
    for node in ast.walk(parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {alias.asname or alias.name for alias in node.names}
    return frozenset(names)


@cache
def _exists(path: str) -> bool:
    return any(PROJECT.glob(path))


def lost_paths(text: str) -> list[str]:
    """The paths in a text that lead nowhere."""
    return [path for found in PATH.findall(text) if found not in MOVED for path in readings(found) if not _exists(path)]


def lost_modules(text: str) -> list[str]:
    """The dotted names in a text that are no module, nor anything that a module defines."""
    return [name for found in MODULE.findall(text) for name in readings(found) if not _names_something(name)]


@cache
def _names_something(name: str) -> bool:
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        place, rest = "/".join(parts[:count]), parts[count:]
        if files := [*PROJECT.glob(f"{place}.py"), *PROJECT.glob(f"{place}/__init__.py")]:
            return not rest or any(rest[0] in names_of(file) for file in files)
        if any(PROJECT.glob(place)):
            return not rest
    return False


def pairs(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Each file with a name that it is said to define: in ``("a.py", "f")``, ``("a.py", ("f", "g"))`` and ``Place("a.py", "f", …)``.

    In ``in_each("a.py", ("f", …), ("g", …))`` one name belongs to each framework; either file may define it.
    """
    for node in ast.walk(module):
        values = node.elts if isinstance(node, ast.Tuple) else node.args if isinstance(node, ast.Call) else []
        if not values or not (file := _text(values[0])).endswith(".py") or " " in file:
            continue
        for value in values[1:] if isinstance(node, ast.Call) else values[1:2]:
            items = value.elts if isinstance(value, ast.Tuple) else [value]
            names = [_text(item) for item in (items[:1] if isinstance(node, ast.Call) else items)]
            yield from ((file, name) for name in names if name.isidentifier())
            if isinstance(node, ast.Call) and not isinstance(value, ast.Tuple):
                break


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


@cache
def files_meant(path: str) -> list[Path]:
    """The files of the code for which a path or its end may stand, as ``training.py`` stands for that of either wing."""
    return [file for reading in readings(path) for file in FILES if file.match(reading)]


def lost_pairs(module: ast.Module) -> list[str]:
    """Names that are not in the file that they are said to be in, and Python files that are nowhere."""
    lost = [
        f"{file} has no {name}" for file, name in pairs(module) if not any(name in names_of(PROJECT / path) for path in files_meant(file))
    ]
    strings = {_text(node) for node in ast.walk(module) if isinstance(node, ast.expr)}
    names = {text for text in strings if re.fullmatch(r"[\w{}][\w{}/-]*\.py", text)} - MADE_FILES - set(MOVED)
    return lost + [f"{name} is nowhere" for name in names if not files_meant(name)]


def test_no_path_and_no_module_points_at_nothing() -> None:
    lost = []
    for path in TEXTS:
        text = path.read_text(encoding="utf-8")
        lost += [f"{path.relative_to(PROJECT)}: {name}" for name in [*lost_paths(text), *lost_modules(text)]]
    assert not lost, "\n".join(lost)


def test_what_is_said_to_stand_in_a_file_stands_there() -> None:
    lost = [f"{path.relative_to(PROJECT)}: {words}" for path in CODE for words in lost_pairs(parse(path.read_text(encoding="utf-8")))]
    assert not lost, "\n".join(lost)


def test_files_that_moved_are_where_they_are_said_to_be() -> None:
    assert [path for path in MOVED.values() if not (PROJECT / path).exists()] == []
    assert [path for path in MOVED if (PROJECT / path).exists()] == [], "a file that is there has not moved"


LOST_PATHS = ["see engine/running/worker.py", "engine/frameworks/{framework}/nowhere.py", "docs/nowhere.md"]
LOST_MODULES = ["engine.evidence.charts", "engine.runs.folder.Nothing", "-m engine.running.coordinator", "engine.frameworks.{x}.nowhere"]
LOST_PAIRS = [
    'FILE = "running/worker.py"', '("classifiers/{classifier}s.py", "build")', '("training.py", ("train", "nothing"))',
    '("engine/shared/batches.py", "nothing")', 'Place("engine/shared/batches.py", "nothing", "x")',
    'in_each("training.py", ("train", "fit("), ("nothing", "fit("))',
]  # fmt: skip
RIGHT_TEXT = "engine/frameworks/{framework}/training.py, engine.runs.folder.Run, engine.frameworks.{x}.training, python -m engine train"
RIGHT_PAIRS = """
("classifiers/{classifier}.py", "build")
in_each("training.py", ("train", "fit("), ("MatchedAdam", "fit("))
Place("engine/shared/batches.py", "Plan", "x")
"""


def test_what_points_at_nothing_is_found() -> None:
    assert [text for text in LOST_PATHS if not lost_paths(text)] == []
    assert [text for text in LOST_MODULES if not lost_modules(text)] == []
    assert [code for code in LOST_PAIRS if not lost_pairs(parse(code))] == []
    assert not lost_paths(RIGHT_TEXT) and not lost_modules(RIGHT_TEXT) and not lost_pairs(parse(RIGHT_PAIRS))
