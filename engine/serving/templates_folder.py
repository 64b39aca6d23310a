"""The files that go into bundles as they stand, and the texts that are filled in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parent / "templates"


def template(name: str) -> str:
    """Return a file as it stands."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def filled(name: str, **values: Any) -> str:
    """Return a text with the values in its double braces; plain text, nothing is escaped, so no word of a stranger may be among them."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True, autoescape=False
    )
    return environment.get_template(name).render(**values)
