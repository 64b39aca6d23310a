"""A run whose parts are given: it trains, is tested on the given rows alone, and says where its parts come from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.data.choice import DataChoice, PartFile
from engine.runs.preparing.prepare import dataset_store, prepare_data
from engine.runs.records.split_facts import SplitFacts
from tests.driving import fill, small_experiment

TRAIN = [(f"{'parcel' if row % 2 else 'invoice'} number {row}", "ab"[row % 2]) for row in range(60)]
TEST = [*((f"the {'parcel' if row % 2 else 'invoice'} of test {row}", "ab"[row % 2]) for row in range(18)), TRAIN[0], ("a new kind", "c")]


def stored(name: str, rows: list[tuple[str, str]]) -> PartFile:
    content = "text,label\n" + "".join(f"{text},{label}\n" for text, label in rows)
    return PartFile(dataset_store().add(name, content.encode()).identifier, name)


@pytest.mark.usefixtures("workers")
def test_a_test_file_is_what_is_tested_on(tmp_path: Path) -> None:
    main = stored("train.csv", TRAIN)
    data = DataChoice(main.dataset, "train.csv", ("text",), "label", test_file=stored("test.csv", TEST))
    run = fill(replace(small_experiment("bundled", "tfidf-mlp", epochs=1, class_weights="none"), data=data))
    results = run.read_results()
    assert results is not None
    assert results.data.split == {"train": 50, "validation": 10, "test": 20} and results.data.classes == ("a", "b", "c")
    expected = SplitFacts("files", files={"test": "test.csv"}, drawn=("validation",), overlaps={"train and test": 1})
    assert results.data.split_source == expected
    predictions = run.read_predictions("pytorch")
    assert predictions is not None and predictions["row"].tolist() == list(range(60, 80)), "positions below the main file's rows"
    assert results.frameworks["pytorch"].per_class["c"].support == 1, "a class that nobody could learn counts"
    again = prepare_data(run)
    assert again.frame.equals(run.read_data()) and again.classes == results.data.classes


def test_files_that_are_gone_are_named(tmp_path: Path) -> None:
    main, test = stored("train.csv", TRAIN), stored("test.csv", TEST)
    data = DataChoice(main.dataset, "train.csv", ("text",), "label", test_file=replace(test, dataset="0" * 16))
    run = fill(replace(small_experiment("bundled", "tfidf-mlp"), data=data))
    assert run.read_status().state == "failed" and "There is no stored file “0000000000000000”" in run.read_status().message
