"""Prints docs/settings.md from the texts that stand beside the settings: ``python -m scripts.settings_table > docs/settings.md``."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from typing import Any

from engine.data.choice import DataChoice
from engine.reading.options import ReadingOptions
from engine.runs.experiment import Experiment
from engine.runs.records.reading import docstrings
from engine.shared.classifiers import CLASSIFIERS

INTRODUCTION = """\
# Settings

All settings of a run, as they stand in the run folder's `experiment.json`. The Data and Train pages build their forms from them; on
the command line a setting is written with dashes (`--learning-rate`). `python -m scripts.settings_table` prints this page from the texts
beside the settings in the code, and a test compares the two.
"""

NESTED = {"data", "reading"}
"""Settings that have a section of their own."""

SECTIONS: dict[str, tuple[str, type]] = {
    "Training": ("`engine/runs/experiment.py`", Experiment),
    "Data": ("`data` in the above, `engine/data/choice.py`", DataChoice),
    "Reading a file": ("`reading` in the above; what is not set is detected", ReadingOptions),
}


def page() -> str:
    """The whole page as Markdown."""
    parts = [INTRODUCTION]
    for title, (source, kind) in SECTIONS.items():
        rows = [f"| `{item.name}` | {_default(item)} | {_meaning(item, kind)} |" for item in fields(kind)]
        parts.append(f"## {title}\n\n{source}\n\n| setting | default | meaning |\n|---|---|---|\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def _default(item: Field[Any]) -> str:
    if item.name in NESTED:
        return "–"
    if item.default is MISSING:
        return "required"
    value = ", ".join(item.default) if isinstance(item.default, tuple) else item.default
    return "none" if value is None else "no" if value is False else f"`{value}`"


def _meaning(item: Field[Any], kind: type) -> str:
    """The setting's help, its choices and limits; of a plain field the docstring under it."""
    words = ["See below."] if item.name in NESTED else [item.metadata.get("help") or docstrings(kind).get(item.name, "")]
    words += [f"`{name}`: {meaning}." for name, meaning in (item.metadata.get("choices") or {}).items()]
    if item.metadata.get("minimum") is not None:
        words.append(f"From {item.metadata['minimum']:g} to {item.metadata['maximum']:,}.")
    if kind is Experiment:
        others = [f"{name} `{member.recommended[item.name]}`" for name, member in CLASSIFIERS.items() if item.name in member.recommended]
        words += [f"Recommended for {', '.join(others)}."] if others else []
    return " ".join(" ".join(words).split()).replace("|", "\\|").replace("``", "`")


if __name__ == "__main__":
    print(page(), end="")
