"""Cuts functions, classes and constants out of the engine's source files, with all that they need, without importing any of them."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.runs.moved_files import present_path
from engine.shared.syntax import parse

NOT_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER, tokenize.ENCODING}


@dataclass(frozen=True)
class Definition:
    """A function, a class or a constant as it stands in its file."""

    file: str
    name: str
    """Its name; of several constants on one line all names, with commas between them."""
    first_line: int
    source: str
    uses: frozenset[str]
    """Every name that occurs in it."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names that it defines."""
        return tuple(self.name.split(", "))

    @cached_property
    def lines(self) -> int:
        """Lines of code: blank lines, comments and docstrings are not counted."""
        return len(code_lines(self.source))


class SourceTree:
    """The parsed files. Raises ``ValueError`` when one of them is not Python (a damaged copy)."""

    def __init__(self, files: dict[str, str]) -> None:
        self._definitions: dict[str, dict[str, Definition]] = {}
        self._imports: dict[str, dict[str, str]] = {}
        self.members: set[str] = set()
        """What the classes of these files define and keep: methods, fields, and whatever is assigned to ``self``."""
        for file, text in files.items():
            try:
                module = parse(text)
            except SyntaxError as error:
                raise ValueError(f"{file} is not Python: {error}") from error
            self._definitions[file] = {name: piece for piece in _definitions(file, text, module) for name in piece.names}
            self._imports[file] = dict(_imports(module))
            self.members.update(_members(module))

    def names(self, file: str) -> tuple[str, ...]:
        """Return what the file defines, in its order."""
        return tuple(self._definitions.get(file, ()))

    def definition(self, file: str, name: str) -> Definition:
        """Return a definition by its name. Raises ``ValueError`` when the file defines no such thing."""
        try:
            return self._definitions[file][name]
        except KeyError as error:
            raise ValueError(f"{file} defines no {name}") from error

    def needed(self, definition: Definition) -> Iterator[Definition]:
        """Definitions of these files that this one names itself, those of the file first."""
        file = definition.file
        for name, other in self._definitions[file].items():
            if name in definition.uses and other != definition:
                yield other
        for name in sorted(definition.uses):
            target = self._imports[file].get(name, "").split()
            if target[:1] == ["from"] and target[1].split(".")[0] == "engine":
                yield self.definition(present_path(target[1].replace(".", "/") + ".py"), target[3])

    def closure(self, roots: Sequence[Definition], without: Sequence[Definition] = ()) -> list[Definition]:
        """Return the roots and everything they need, the needed ones first; ``without`` is neither included nor followed."""
        found: dict[Definition, None] = {}
        visiting = set(without)

        def visit(definition: Definition) -> None:
            if definition in visiting:
                return
            visiting.add(definition)
            for needed in self.needed(definition):
                visit(needed)
            found[definition] = None

        for root in roots:
            visit(root)
        return list(found)

    def bindings(self, file: str) -> dict[str, str]:
        """Return what each imported name of a file stands for: ``tf`` for ``tensorflow``, ``nn`` for ``torch.nn``."""
        meanings = {}
        for name, statement in self._imports.get(file, {}).items():
            words = statement.split()
            meanings[name] = f"{words[1]}.{words[3]}" if words[0] == "from" else words[1] if "as" in words else name
        return meanings

    def imports(self, definitions: Sequence[Definition]) -> set[str]:
        """Return the import statements, one name each, that the definitions need from outside the engine."""
        statements: dict[str, str] = {}
        for definition in definitions:
            for name in definition.uses & set(self._imports[definition.file]):
                statement = self._imports[definition.file][name]
                if statements.setdefault(name, statement) != statement:
                    raise ValueError(f"{name} is imported in two ways: “{statements[name]}” and “{statement}”")
        return {statement for statement in statements.values() if statement.split()[1].split(".")[0] not in ("engine", "__future__")}


def code_lines(source: str) -> frozenset[int]:
    """Return the numbers, from 1, of the lines that hold code: neither blank nor only a comment nor part of a docstring."""
    module = parse(source)
    documentation = {
        line
        for node in ast.walk(module)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    code: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in NOT_CODE:
            code.update(range(token.start[0], token.end[0] + 1))
    return frozenset(code - documentation)


def _definitions(file: str, text: str, module: ast.Module) -> Iterator[Definition]:
    lines = text.splitlines()
    statements = list(module.body)
    while statements:
        node = statements.pop(0)
        parts: list[ast.stmt] = [node]
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names, first = [node.name], min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            names, first = _assigned(node), node.lineno
            while statements and _continues(statements[0], names):
                parts.append(statements.pop(0))  # entries that are added to a table, and the sentence below a constant
        else:
            continue
        last = parts[-1].end_lineno or node.lineno
        while first > 1 and lines[first - 2].startswith("#"):
            first -= 1  # the comment above
        uses = frozenset(name.id for part in parts for name in ast.walk(part) if isinstance(name, ast.Name))
        yield Definition(file, ", ".join(names), first, "\n".join(lines[first - 1 : last]), uses)


def _members(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef):
            yield from (part.name for part in node.body if isinstance(part, ast.FunctionDef))
            yield from (part.target.id for part in node.body if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name))
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self":
            yield node.attr


def _assigned(node: ast.stmt) -> list[str]:
    """The names to which a statement gives a value, or of which it changes a part, as ``SIZES["albert"] = …`` does."""
    targets: list[ast.expr] = (
        node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, (ast.AnnAssign, ast.AugAssign)) else []
    )
    names = []
    for target in targets:
        for part in target.elts if isinstance(target, ast.Tuple) else [target]:
            whole = part.value if isinstance(part, ast.Subscript) else part
            names += [whole.id] if isinstance(whole, ast.Name) else []
    return names


def _continues(node: ast.stmt, names: list[str]) -> bool:
    """Whether a statement belongs to the constants above it: a string, which describes them, or a change of one of them."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    changes = isinstance(node, ast.AugAssign) or (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript))
    return changes and set(_assigned(node)) <= set(names)


def _imports(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Each imported name and the statement that imports it alone."""
    for node in module.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name.split(".")[0], f"import {alias.name}" + (f" as {alias.asname}" if alias.asname else "")
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                statement = f"from {node.module} import {alias.name}" + (f" as {alias.asname}" if alias.asname else "")
                yield alias.asname or alias.name, statement
