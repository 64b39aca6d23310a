"""The command that repeats a run, and what of the run a command cannot say."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from engine import FRAMEWORKS
from engine.data.choice import DataChoice
from engine.data.store import SAMPLE
from engine.data.table_cache import read_stored
from engine.errors import ParityError
from engine.reading.columns.part_names import likely_split_column
from engine.reading.options import ReadingOptions
from engine.runs.experiment import Experiment
from engine.runs.preparing.prepare import dataset_store

PART_FILES = ("validation_file", "test_file")
OPTIONS_OF_DATA = (
    *("rows", "drop_duplicates", "drop_conflicts", "merge_labels", "drop_small_classes"),
    *("several_labels", "split_column", "drop_overlaps"),
)


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
        words += _changed(data.reading, ReadingOptions())
        for name in PART_FILES:
            if (file := getattr(data, name)) is not None:
                words += _option(name, file.name)
    words += _changed(data, DataChoice(data.dataset, data.name, data.text, data.label), OPTIONS_OF_DATA)
    if not data.split_column and _publishes_split(data):  # without a word the command would take it
        words += _option("split_column", "")
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


def _publishes_split(data: DataChoice) -> bool:
    """Return whether the stored file has a column that says the parts; one that is gone says nothing."""
    if data.dataset == SAMPLE:
        return False
    with contextlib.suppress(ParityError):
        return likely_split_column(read_stored(dataset_store().get(data.dataset), data.reading), (*data.text, data.label)) is not None
    return False


def _changed(values: Any, usual: Any, names: tuple[str, ...] = ()) -> list[str]:
    """Return the options of the fields that are not as usual; of all fields where none are named."""
    words: list[str] = []
    for name in names or [item.name for item in fields(values)]:
        value = getattr(values, name)
        if value == getattr(usual, name) or value is None or name == "container":  # the container is always told from the file
            continue
        if isinstance(value, bool):
            words.append(f"--{_dashed(name)}" if value else f"--no-{_dashed(name)}")
        else:
            visible = not isinstance(value, str) or value.isprintable()
            words += _option(name, value if visible else value.encode("unicode_escape").decode())
    return words


def without_option(data: DataChoice) -> list[str]:
    """Return in words what was chosen on the Data page and cannot be said on the command line; nothing where the command says it all."""
    return [*_unsayable(data)]


def _unsayable(data: DataChoice) -> Iterator[str]:
    usual = DataChoice(data.dataset, data.name, data.text, data.label)
    if (data.test_share, data.validation_share) != (usual.test_share, usual.validation_share):
        yield f"{100 * data.validation_share:g} % of the rows validate and {100 * data.test_share:g} % test"
    if data.seed != usual.seed:
        yield f"the split is drawn with seed {data.seed}"


def _option(name: str, value: Any) -> list[str]:
    """Return an option as two words, or as one where the value would be taken for an option itself or is empty."""
    option, words = f"--{_dashed(name)}", str(value)
    return [f"{option}={words}"] if words.startswith("-") or not words else [option, words]


def _dashed(name: str) -> str:
    return name.replace("_", "-")
