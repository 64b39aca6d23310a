"""Writes docs/classifiers/<name>.md, one page a classifier: ``python -m scripts.classifier_pages``.

What a classifier is, its paper and its recommended settings come from ``engine/shared/classifiers.py``, the two implementations from the
files that run; only the paragraphs of ``classifier_prose.py`` are written for the pages. A test compares the pages with what this makes.
"""

from __future__ import annotations

import ast
from pathlib import Path

from engine import FRAMEWORK_NAMES
from engine.data.store import sample_choice
from engine.runs.experiment import Experiment
from engine.shared.classifiers import CLASSIFIERS
from scripts.classifier_prose import ACCURACY, HOW, MEASURED_WITH

PROJECT = Path(__file__).parents[1]
FOLDER = PROJECT / "docs" / "classifiers"


def page(name: str) -> str:
    """One page as Markdown."""
    classifier = CLASSIFIERS[name]
    experiment = Experiment.recommended(sample_choice(), name)
    settings = [
        f"| `{setting}` | `{getattr(experiment, setting)}` |"
        for setting in Experiment.__dataclass_fields__
        if classifier.concerns(setting) and setting not in ("seed", "compiled", "precision")
    ]
    return "\n".join(
        [
            f"# {classifier.title} (`{name}`)",
            "",
            f"{classifier.summary}.",
            "",
            f"*Source: {classifier.source}.*",
            "",
            "## What it does",
            "",
            HOW[name],
            "",
            "## Recommended settings",
            "",
            "What the form and the command line begin with; [all settings](../settings.md).",
            "",
            "| setting | value |",
            "|---|---|",
            *settings,
            "",
            "## Expected accuracy",
            "",
            *_accuracy(name),
            "",
            "## The two implementations",
            "",
            "The files that run, without their first lines of imports. The Code page shows the same, and for a run the code that it ran.",
            "",
            "<table>",
            "<tr>" + "".join(f"<th>{title}</th>" for title in FRAMEWORK_NAMES.values()) + "</tr>",
            "<tr>",
            *(line for wing in FRAMEWORK_NAMES for line in ('<td valign="top">', "", "```python", _code(wing, name), "```", "", "</td>")),
            "</tr>",
            "</table>",
            "",
        ]
    )


def _accuracy(name: str) -> list[str]:
    if name not in ACCURACY:
        return ["Not measured yet with these settings."]
    rows = [f"| {data} | {first} | {second} |" for data, (first, second) in ACCURACY[name].items()]
    return [f"| data | {' | '.join(FRAMEWORK_NAMES.values())} |", "|---|---|---|", *rows, "", MEASURED_WITH]


def _code(wing: str, name: str) -> str:
    """The file from its first definition on."""
    file = PROJECT / "engine" / "frameworks" / wing / "classifiers" / f"{name.replace('-', '_')}.py"
    text = file.read_text(encoding="utf-8")
    first = next(node for node in ast.parse(text).body if not isinstance(node, (ast.Import, ast.ImportFrom, ast.Expr)))
    start = min([first.lineno, *(decorator.lineno for decorator in getattr(first, "decorator_list", []))])
    return "\n".join(text.splitlines()[start - 1 :])


def main() -> None:
    """Write all pages."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in CLASSIFIERS:
        (FOLDER / f"{name}.md").write_text(page(name), encoding="utf-8")


if __name__ == "__main__":
    main()
