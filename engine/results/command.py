"""The command that repeats a run, and what of the run a command cannot say."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from engine import FRAMEWORKS
from engine.data.choice import DataChoice
from engine.data.store import SAMPLE
from engine.runs.experiment import Experiment

ON_THE_DATA_PAGE = {
    "drop_duplicates": "rows that occur twice are left out",
    "drop_conflicts": "texts under more than one label are left out",
    "merge_labels": "labels that differ only in case or space are one",
    "drop_small_classes": "classes that are too small are left out",
}
"""Choices that no option of the command line makes."""


def repeating_command(experiment: Experiment) -> str:
    """Return ``python -m engine train …`` with every setting that is not as its classifier recommends, quoted for a POSIX shell."""
    data = experiment.data
    words = ["python", "-m", "engine", "train"]
    if data.dataset == SAMPLE:
        words.append(SAMPLE)
    else:
        words.append(f"./{data.name}" if data.name.startswith("-") else data.name)
        for column in data.text:
            words += _option("text", column)
        words += _option("label", data.label)
    if data.rows is not None:
        words += _option("rows", data.rows)
    words += _option("classifier", experiment.classifier)
    recommended = Experiment.recommended(data, experiment.classifier)
    for item in fields(Experiment):
        value = getattr(experiment, item.name)
        if item.name in ("data", "classifier", "frameworks") or value == getattr(recommended, item.name):
            continue
        words += [f"--{_dashed(item.name)}"] if isinstance(value, bool) else _option(item.name, value)
    if experiment.frameworks != FRAMEWORKS:
        words += _option("frameworks", ",".join(experiment.frameworks))
    return shlex.join(words)


def without_option(data: DataChoice) -> list[str]:
    """Return in words what was chosen on the Data page and cannot be said on the command line; nothing where the command says it all."""
    return [*_unsayable(data)]


def _unsayable(data: DataChoice) -> Iterator[str]:
    usual = DataChoice(data.dataset, data.name, data.text, data.label)
    for name, words in ON_THE_DATA_PAGE.items():
        if getattr(data, name):
            yield words
    if (data.test_share, data.validation_share) != (usual.test_share, usual.validation_share):
        yield f"{100 * data.validation_share:g} % of the rows validate and {100 * data.test_share:g} % test"
    if data.seed != usual.seed:
        yield f"the split is drawn with seed {data.seed}"


def _option(name: str, value: Any) -> list[str]:
    """Return an option as two words, or as one where the value would be taken for an option itself."""
    option, words = f"--{_dashed(name)}", str(value)
    return [f"{option}={words}"] if words.startswith("-") else [option, words]


def _dashed(name: str) -> str:
    return name.replace("_", "-")
