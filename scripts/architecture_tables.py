"""Writes the tables of modules into docs/architecture.md, from the modules' own first sentences: ``python -m scripts.architecture_tables``.

The document keeps its prose; only what stands between marks is written anew, and a test compares it with what this makes.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

from engine import FRAMEWORK_NAMES, ROOMS
from engine.runs.paths import folder_tree

PROJECT = Path(__file__).parents[1]
DOCUMENT = PROJECT / "docs" / "architecture.md"


def rooms() -> str:
    """Return the rooms in their order with what each is, as a block of plain text."""
    lines = [f" {room:12}{sentence(PROJECT / 'engine' / room / '__init__.py')}" for room in ROOMS]
    return "\n".join(["```", *lines, "```"])


def modules() -> str:
    """Return the modules of each room, then those of the pages: one heading and one table each, as Markdown."""
    engine, pages = PROJECT / "engine", PROJECT / "pages"
    parts = [f"### `engine/`\n\nWhat all rooms know, and the command line's entry.\n\n{_table(engine, sorted(engine.glob('*.py')))}"]
    for room in ROOMS:
        folder = engine / room
        table = _wings(folder) if room == "frameworks" else _table(folder, _modules(folder))
        parts.append(f"### `engine/{room}/`\n\n{sentence(folder / '__init__.py')}.\n\n{table}")
    parts.append(f"### `pages/`\n\nOne flat script a page, and the parts that pages are made of.\n\n{_table(pages, _modules(pages))}")
    return "\n\n".join(parts)


def folder() -> str:
    """Return the files and folders of runs and studies as a tree, as a block of plain text."""
    return f"```\n{folder_tree()}\n```"


BLOCKS: dict[str, Callable[[], str]] = {"rooms": rooms, "modules": modules, "folder": folder}
"""Name in the marks of the document → what stands between them."""


def document() -> str:
    """Return the whole document with its blocks as they are today."""
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, block in BLOCKS.items():
        start, end = f"<!-- {name}: written by python -m scripts.architecture_tables -->", f"<!-- end of {name} -->"
        before, _, rest = text.partition(start)
        text = f"{before}{start}\n\n{block()}\n\n{end}{rest.partition(end)[2]}"
    return text


def sentence(module: Path) -> str:
    """Return a module's first sentence, on one line and without its full stop; empty where it has none."""
    first = (ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or "").split("\n\n")[0]
    return " ".join(first.split()).replace("``", "`").replace("|", "\\|").removesuffix(".")


def _modules(folder: Path) -> list[Path]:
    """Return the modules of a folder before its packages', each package begun by its ``__init__.py``; its own is the heading's."""
    found = [path for path in folder.glob("**/*.py") if path != folder / "__init__.py" and sentence(path)]
    return sorted(found, key=lambda path: (path.parent != folder, path.parent, path.name != "__init__.py", path.name))


def _table(folder: Path, modules: list[Path]) -> str:
    rows = [f"| {_name(folder, path)} | {_cell(path)} |" for path in modules]
    return "\n".join(["| module | what it owns |", "|---|---|", *rows])


def _wings(folder: Path) -> str:
    """Return both wings in one table: a module's line in each framework, and a dash where only the other one needs it."""
    wings = [folder / name for name in FRAMEWORK_NAMES]
    names = sorted({path.relative_to(wing) for wing in wings for path in _modules(wing)}, key=lambda name: (name.parent != Path(), name))
    rows = []
    for name in names:
        cells = [_cell(wing / name) if (wing / name).exists() else "–" for wing in wings]
        rows.append(f"| {_name(Path(), name)} | {' | '.join(cells)} |")
    heading = " | ".join(f"`{name}/`" for name in FRAMEWORK_NAMES)
    return "\n".join([f"| module | {heading} |", "|---|---|---|", *rows])


def _name(folder: Path, path: Path) -> str:
    name = path.relative_to(folder).as_posix()
    package = name.removesuffix("/__init__.py")
    return f"**`{package}/`**" if package != name else f"`{name}`"


def _cell(path: Path) -> str:
    return f"*{sentence(path)}*" if path.name == "__init__.py" and path.parent.name != "engine" else sentence(path)


def main() -> None:
    """Write the document."""
    DOCUMENT.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
