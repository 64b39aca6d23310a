"""Keeps the source files that train with the run: what the Code page shows is what ran, also after the engine has changed."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TypeVar

from engine.runs.moved_files import present_path
from engine.runs.work_folder import WorkFolder
from engine.shared.syntax import parse

Pieces = TypeVar("Pieces")

ENGINE = Path(__file__).parents[1]
ENGINE_IMPORT = re.compile(r"^from (engine\.[\w.]+) import ", re.MULTILINE)

MADE_ONCE = (
    "shared/architecture.py", "shared/batches.py", "shared/class_weights.py", "shared/early_stopping.py", "shared/recipe.py",
    "shared/text/tokens.py", "shared/text/vocabulary.py", "shared/weights/files.py", "shared/weights/initial.py",
)  # fmt: skip
"""What is made once for both wings."""


def present_code() -> dict[str, str]:
    """Return the text of the engine's files as they are now, by their path, for example ``engine/frameworks/pytorch/training.py``.

    Both wings, what is made once for them, and whatever these import.
    """
    return with_imports([*sorted(ENGINE.glob("frameworks/**/*.py")), *(ENGINE / name for name in MADE_ONCE)])


def with_imports(files: Sequence[Path]) -> dict[str, str]:
    """Return the text of these files and of whatever of the engine they import, by path as in :func:`present_code`."""
    waiting = list(files)
    texts: dict[Path, str] = {}
    for path in waiting:
        if path not in texts:
            texts[path] = path.read_text(encoding="utf-8")
            waiting += [ENGINE.parent / (name.replace(".", "/") + ".py") for name in ENGINE_IMPORT.findall(texts[path])]
    return {path.relative_to(ENGINE.parent).as_posix(): text for path, text in texts.items()}


def source_file(file: str) -> str | None:
    """Return the present text of a file of the engine, by its path as in :func:`present_code`; ``None`` where there is none."""
    path = (ENGINE.parent / file).resolve()
    return path.read_text(encoding="utf-8") if ENGINE in path.parents and path.is_file() else None


def save_code(folder: WorkFolder) -> None:
    """Write the present code into the folder of a run or a study; called when its workers start."""
    folder.write_code(present_code())


def kept_code(folder: WorkFolder) -> dict[str, str] | None:
    """Return the files that a run or a study kept, by today's path; ``None`` where it kept none or its copy is damaged."""
    files = folder.read_code()
    return files and {present_path(path): text for path, text in files.items()}


def cut_code(folder: WorkFolder | None, cut: Callable[[dict[str, str]], Pieces]) -> Pieces:
    """Return what ``cut`` takes from the code that a run or a study kept, for that is what ran.

    Where none was kept, or ``cut`` finds a piece missing (``ValueError``), it is taken from the present code.
    """
    files = kept_code(folder) if folder else None
    if files is not None:
        with suppress(ValueError):
            return cut(files)
    return cut(present_code())


@cache
def code_digest() -> str:
    """Return a hash of what the engine's code does, computed once in a process, which goes on with the code that it has loaded.

    Comments, docstrings and the way lines are broken do not count: they give no other figures. Names and places of files do.
    """
    digest = hashlib.sha256()
    for path in sorted(ENGINE.glob("**/*.py")):
        name = path.relative_to(ENGINE).as_posix()
        digest.update(f"{name}\0{syntax_without_texts(path.read_text(encoding='utf-8'))}\0".encode())
    return digest.hexdigest()


def syntax_without_texts(source: str) -> str:
    """Return the syntax tree of a source as text, without docstrings, those below fields included."""
    tree = parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [line for line in body if not _is_text(line)]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _is_text(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)
