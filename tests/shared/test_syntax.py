"""Syntax trees in several threads."""

from __future__ import annotations

import ast
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.shared.syntax import parse

ENGINE = Path(__file__).parents[2] / "engine"


def test_threads_that_read_code_at_once_do_not_disturb_one_another() -> None:
    sources = [path.read_text(encoding="utf-8") for path in sorted((ENGINE / "frameworks").rglob("*.py"))]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(parse, sources * 4))
    assert [ast.unparse(tree) for tree in found[: len(sources)]] == [ast.unparse(tree) for tree in found[-len(sources) :]]


def test_what_is_no_python_is_a_syntax_error() -> None:
    with pytest.raises(SyntaxError):
        parse("def")
