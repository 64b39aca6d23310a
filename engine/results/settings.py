"""Every setting of a run in words: its value, and whether that is what its classifier recommends."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, NamedTuple

from engine import FRAMEWORK_NAMES
from engine.data.choice import DataChoice
from engine.runs.experiment import Experiment
from engine.shared.classifiers import CLASSIFIERS

READING = {
    "kind": "format",
    "encoding": "encoding",
    "delimiter": "delimiter",
    "quote": "quote character",
    "header": "first row holds names",
    "sheet": "sheet",
}


class Setting(NamedTuple):
    """One setting as it was."""

    name: str
    """Its name on the command line and in ``docs/settings.md``."""
    value: str
    advice: str
    """``as recommended``, ``recommended: 20``, or that the classifier does not use it."""
    help: str


def chosen_settings(experiment: Experiment) -> list[Setting]:
    """Return all settings of the training, in the order of ``Experiment``; the data have a list of their own."""
    recommended = Experiment.recommended(experiment.data, experiment.classifier)
    member = experiment.family_member
    of_some = {name for other in CLASSIFIERS.values() for name in other.settings}
    rows = []
    for item in fields(Experiment):
        value, advised = getattr(experiment, item.name), getattr(recommended, item.name)
        if item.name == "data":
            continue
        if item.name in of_some and not member.concerns(item.name):
            advice = f"not used by the {member.title}"
        elif item.name == "classifier":
            advice = ""
        else:
            advice = "as recommended" if value == advised else f"recommended: {written(advised)}"
        rows.append(Setting(item.name, written(value), advice, str(item.metadata.get("help") or "")))
    return rows


def chosen_data(data: DataChoice) -> list[tuple[str, str]]:
    """Return (name, value) of every choice that was made about the file."""
    reading = [f"{words}: {_character(getattr(data.reading, name))}" for name, words in READING.items() if _told(data, name)]
    return [
        ("file", data.name),
        ("text columns", ", ".join(data.text)),
        ("label column", data.label),
        ("read as", ", ".join(reading) or "detected"),
        ("rows", "all" if data.rows is None else f"a stratified sample of {data.rows:,}"),
        ("left out", ", ".join(_left_out(data)) or "nothing"),
        ("labels", "merged where a person would call them the same" if data.merge_labels else "as they are"),
        ("split", _split(data)),
        ("content", "the bundled sample" if data.dataset == "sample" else f"SHA-256 begins with {data.dataset}"),
        *((f"content of “{file.name}”", f"SHA-256 begins with {file.dataset}") for file in data.part_files.values()),
    ]


def written(value: Any) -> str:
    """Write a setting's value as a person reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(str(FRAMEWORK_NAMES.get(name, name)) for name in value)
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)


def _split(data: DataChoice) -> str:
    """Write where each part comes from; which of them a column lacks is known with its data only."""
    given = [f"the column “{data.split_column}”"] if data.split_column else []
    given += [f"{part} from “{file.name}”" for part, file in data.part_files.items()]
    shares = {"validation": data.validation_share, "test": data.test_share}
    drawn = [f"{100 * share:g} % {part}" for part, share in shares.items() if part not in data.part_files]
    rest = [", ".join([*drawn, f"seed {data.seed}"])] if drawn else []
    return "; ".join([*given, *(f"where it says none: {words}" if data.split_column else words for words in rest)])


def _left_out(data: DataChoice) -> list[str]:
    kinds = {
        "drop_duplicates": "duplicates",
        "drop_conflicts": "texts with conflicting labels",
        "drop_small_classes": "classes that are too small",
        "drop_overlaps": "texts of an earlier part that a given later one has too",
    }
    return [words for name, words in kinds.items() if getattr(data, name)]


def _told(data: DataChoice, name: str) -> bool:
    return getattr(data.reading, name) not in (None, "")


def _character(value: Any) -> str:
    """Write a single character in quotation marks, or by its name where it cannot be seen."""
    if isinstance(value, str) and len(value) == 1:
        return {"\t": "tab", " ": "space"}.get(value, f"“{value}”")
    return written(value)
