"""The command that a report prints asks for the same experiment again."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.commands.parser import make_experiment, make_parser
from engine.data.choice import DataChoice
from engine.data.store import sample_choice
from engine.errors import DataError
from engine.results.command import repeating_command, without_option
from engine.results.settings import chosen_data, chosen_settings
from engine.runs.experiment import Experiment
from engine.runs.preparing.prepare import dataset_store
from engine.shared.classifiers import CLASSIFIERS

CHANGES: list[dict[str, Any]] = [
    {},
    {"mode": "defaults", "compiled": True, "epochs": 3, "learning_rate": 5e-4, "class_weights": "account=2.5, billing=1"},
    {"frameworks": ("tensorflow",), "device": "cpu", "threads": 2, "long_texts": "windows", "encoder": "./my models/it's one"},
]


def asked_by(command: str) -> Experiment:
    words = shlex.split(command)
    assert words[:3] == ["python", "-m", "engine"]
    return make_experiment(make_parser().parse_args(words[3:]))


@pytest.mark.parametrize("changes", CHANGES, ids=["recommended", "many", "awkward"])
@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_the_command_asks_for_the_same_again(classifier: str, changes: dict[str, Any]) -> None:
    experiment = Experiment.recommended(replace(sample_choice(), rows=150), classifier, **changes)
    assert asked_by(repeating_command(experiment)) == experiment


def test_a_file_and_its_awkward_columns_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    name = "-my $reviews.csv"
    rows = "".join(f'"text number {row}, long enough to be read","{row}","{"ab"[row % 2]}"\n' for row in range(40))
    Path(name).write_text('"the, text","--more","it\'s\na label"\n' + rows, encoding="utf-8")
    dataset = dataset_store().add(name, Path(name))
    data = DataChoice(dataset.identifier, name, ("--more", "the, text"), "it's\na label")
    again = asked_by(repeating_command(Experiment.recommended(data, "tfidf-mlp"))).data
    assert (again.dataset, again.name, again.text, again.label, again.rows) == (data.dataset, name, data.text, data.label, None)


@pytest.mark.parametrize("column", ["split", ""])
def test_a_published_split_is_taken_again_only_where_it_was(column: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"a text with the number {row},{'ab'[row % 2]},{('train', 'test')[row % 3 == 0]}\n" for row in range(40))
    Path("mail.csv").write_text(f"text,label,split\n{rows}", encoding="utf-8")
    dataset = dataset_store().add("mail.csv", Path("mail.csv"))
    data = DataChoice(dataset.identifier, "mail.csv", ("text",), "label", split_column=column)
    assert asked_by(repeating_command(Experiment.recommended(data, "tfidf-mlp"))).data.split_column == column


def test_what_no_option_can_say_is_said_in_words() -> None:
    assert without_option(sample_choice()) == []
    data = replace(sample_choice(), drop_duplicates=True, test_share=0.2, seed=7)
    assert without_option(data) == [
        "15 % of the rows validate and 20 % test",
        "the split is drawn with seed 7",
    ]


def test_every_setting_is_listed_with_what_is_recommended() -> None:
    experiment = Experiment.recommended(sample_choice(), "tfidf-mlp", epochs=3)
    listed = {item.name: item for item in chosen_settings(experiment)}
    assert set(listed) == set(Experiment.__dataclass_fields__) - {"data"}
    assert listed["epochs"].advice == "recommended: 10" and listed["patience"].advice == "as recommended"
    assert listed["filters"].advice == "not used by the TF-IDF MLP" and listed["compiled"].value == "no"
    assert all(item.help for item in listed.values())
    data = dict(chosen_data(replace(sample_choice(), drop_conflicts=True, rows=150)))
    assert data["left out"] == "texts with conflicting labels" and data["rows"] == "a stratified sample of 150"
    assert data["read as"].startswith("format: csv, encoding: utf-8, delimiter: “,”")


@pytest.mark.parametrize("words", [["--text", "nosuch"], ["--label", "nosuch"], ["--label", "message", "--text", "message"]])
def test_columns_that_the_sample_does_not_have_are_refused(words: list[str]) -> None:
    with pytest.raises(DataError, match=r"The sample has the columns message \(text\) and department \(label\)"):
        make_experiment(make_parser().parse_args(["train", "sample", *words]))
