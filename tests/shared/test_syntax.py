"""Syntax trees in several threads."""

from __future__ import annotations

import ast
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.shared import syntax
from engine.shared.syntax import parse

ENGINE = Path(__file__).parents[2] / "engine"


def test_threads_that_read_code_at_once_do_not_disturb_one_another() -> None:
    sources = [path.read_text(encoding="utf-8") for path in sorted((ENGINE / "frameworks").rglob("*.py"))]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(parse, sources * 4))
    assert [ast.unparse(tree) for tree in found[: len(sources)]] == [ast.unparse(tree) for tree in found[-len(sources) :]]


def test_only_one_thread_parses_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where two could be within ``ast.parse`` at once they would meet at the barrier; one alone waits there in vain."""
    barrier, met = threading.Barrier(2), []

    def parse_and_meet(source: str) -> ast.Module:
        with suppress(threading.BrokenBarrierError):
            barrier.wait(0.2)
            met.append(source)
        return ast.Module([], [])

    monkeypatch.setattr(syntax, "ast", SimpleNamespace(parse=parse_and_meet))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(parse, ["one", "two", "three", "four"]))
    assert not met


def test_what_is_no_python_is_a_syntax_error() -> None:
    with pytest.raises(SyntaxError):
        parse("def")
