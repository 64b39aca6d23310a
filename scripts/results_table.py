"""Prints docs/results.md from the records that files are read into: ``python -m scripts.results_table > docs/results.md``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from engine.runs.experiment import Experiment
from engine.runs.records.events import EVENTS
from engine.runs.records.outcome import Outcome
from engine.runs.records.reading import docstrings
from engine.runs.records.results import Results
from engine.runs.status import Status
from engine.studies.ablation_results import AblationResults
from engine.studies.audit_results import AuditResults
from engine.studies.benchmark.results import BenchmarkResults
from engine.studies.export.manifest import ExportManifest
from engine.studies.migration.results import MigrationResults
from engine.studies.mistake_results import MuseumResults

INTRODUCTION = """\
# Results

What the files hold that runs and studies leave: every field with its type, its unit and its meaning. `python -m engine train --json`
prints the first of them. A field that may be null is null where its figure was not measured. A file of another version opens as well:
what it lacks counts as not measured, what only it knows is passed over. `python -m scripts.results_table` prints this page from the
records in the code, and a test compares the two.
"""

FILES: dict[str, tuple[str, type]] = {
    "A run's results": ("`results.json` in the folder of a run", Results),
    "A framework's outcome": (
        "`outcome.json` in the folder of a framework, which a run's results repeat; kept while the other framework fails and is resumed",
        Outcome,
    ),
    "A status": ("`status.json` of a run and `progress.json` of a study, replaced about once a second", Status),
    "An audit's results": ("`results.json` in the folder of a study `audit-…`", AuditResults),
    "An ablation's results": ("`results.json` in the folder of a study `ablation-…`", AblationResults),
    "The museum's results": ("`results.json` in the folder of a study `museum-…`", MuseumResults),
    "A benchmark's results": ("`results.json` in the folder of a study `benchmark-…`", BenchmarkResults),
    "A migration's results": ("`results.json` in the folder of a study `migration-…`", MigrationResults),
    "An export's manifest": (
        "`results.json` in the folder of a study `export-…`, and `manifest.json` beside the exported file",
        ExportManifest,
    ),
}

EVENTS_INTRODUCTION = """\
## Events

Lines of `events.jsonl` in the folder of a framework: each is an object with the event's name as `event`, its `time` (seconds since 1970,
UTC) and these fields. The last one, `saved`, has none.
"""

PLAIN = {
    float: ("number", "numbers"),
    int: ("whole number", "whole numbers"),
    str: ("text", "texts"),
    bool: ("true or false", "true or false"),
}
"""What a plain value is called, one of it and several."""


def page() -> str:
    """Return the whole page as Markdown."""
    parts, shown = [INTRODUCTION], set[type]()
    for title, (place, kind) in FILES.items():
        parts.append(f"## {title}\n\n{place}\n\n{_table(kind)}")
        shown.add(kind)
        for record in _records_within(kind):
            if record not in shown:
                parts.append(f"### {record.__name__}\n\n{_code((record.__doc__ or '').splitlines()[0])}\n\n{_table(record)}")
                shown.add(record)
    parts.append(EVENTS_INTRODUCTION)
    parts += [f"### {name}\n\n{(kind.__doc__ or '').splitlines()[0]}\n\n{_table(kind)}" for name, kind in EVENTS.items() if fields(kind)]
    return "\n".join(parts)


def _table(kind: type) -> str:
    meanings, hints = docstrings(kind), get_type_hints(kind, include_extras=True)
    rows = [
        f"| `{item.name}` | {_words(hints[item.name])} | {next(_units(hints[item.name]), '')} | {_code(meanings.get(item.name, ''))} |"
        for item in fields(kind)
    ]
    return "| field | type | unit | meaning |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"


def _words(hint: Any, several: bool = False) -> str:
    """Return what a field holds, with a link to the table of a record."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _words(arguments[0], several)
    if origin in (Union, UnionType):
        choices = [_words(choice, several) for choice in arguments if choice is not NoneType]
        return " or ".join([*choices, "null"])
    if origin in (tuple, list):
        return f"{'lists' if several else 'list'} of {_words(arguments[0], several=True)}"
    if origin is dict:
        return f"{_words(arguments[1], several=True)} by name"
    if hint is Experiment:
        return "[settings](settings.md)"
    return PLAIN[hint][several] if hint in PLAIN else f"[{hint.__name__}](#{hint.__name__.lower()})"


def _code(words: str) -> str:
    return words.replace("|", "\\|").replace("``", "`")


def _units(hint: Any) -> Iterator[str]:
    """Find the unit in a type or in what a list or an object of it holds."""
    if get_origin(hint) is Annotated:
        yield hint.__metadata__[0]
    for argument in get_args(hint):
        yield from _units(argument)


def _records_within(kind: type) -> list[type]:
    """Return the records inside a record, each once, in the order of reading."""
    found: dict[type, None] = {}

    def look(hint: Any) -> None:
        if is_dataclass(hint) and isinstance(hint, type) and hint not in found and hint is not Experiment:
            found[hint] = None
            for inner in get_type_hints(hint).values():
                look(inner)
        for argument in get_args(hint):
            look(argument)

    for inner in get_type_hints(kind).values():
        look(inner)
    return list(found)


if __name__ == "__main__":
    print(page(), end="")
