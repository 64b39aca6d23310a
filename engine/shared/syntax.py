"""Python's syntax trees, made by one thread at a time."""

from __future__ import annotations

import ast
import threading

_ONE_AT_A_TIME = threading.Lock()


def parse(source: str) -> ast.Module:
    """Parse as ``ast.parse`` does, which in Python 3.11 fails at random when two threads, which is two visitors, call it at once.

    “SystemError: AST constructor recursion depth mismatch”: all threads count in the same place how deep they are.
    """
    with _ONE_AT_A_TIME:
        return ast.parse(source)
