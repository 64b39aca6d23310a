"""What the values of a split column mean, and which columns are taken for one."""

import pandas
import pytest

from engine.reading.columns.part_names import NO_PART, PARTS, likely_split_column, part_of, parts_of
from engine.reading.options import ReadingOptions
from engine.reading.table import Table

TRAIN, VALIDATION, TEST = PARTS


def table_of(**columns):
    return Table(pandas.DataFrame(columns, dtype="str"), ReadingOptions(kind="csv", header=True))


@pytest.mark.parametrize(
    ("part", "values"),
    [
        (TRAIN, "train|TRAIN|Training|Train set|oos_train|train-00001|TrainSet|learn|trn|Trainingsdaten|entraînement|训练集"),
        (VALIDATION, "valid|val|Validation set|dev|DevSet|development|eval|oos_val|validation_matched|Validierung|验证"),
        (TEST, "test|Test Set|testing|tests|holdout|hold-out|Held out|oos_test|test.clean|テスト"),
        (NO_PART, "||  |-|extra|unlabelled|Unlabeled|unsupervised|train_unlabeled|N/A|none|unused".replace("||", "|")),
        (None, "0|1|sports|train/test|devtest|testimony|trainer|train, test or validation|fold 3|yes"),
    ],
)
def test_what_values_mean(part, values):
    assert {value: part_of(value) for value in values.split("|")} == dict.fromkeys(values.split("|"), part)


def test_eval_is_the_test_beside_a_validation_part():
    assert parts_of(["train", "dev", "eval"]) == {"train": TRAIN, "dev": VALIDATION, "eval": TEST}
    assert parts_of(["train", "eval"])["eval"] == parts_of(["train", "eval", "test"])["eval"] == VALIDATION


@pytest.mark.parametrize(
    ("name", "yes", "no"),
    [("is_valid", VALIDATION, TRAIN), ("test", TEST, TRAIN), ("in train set", TRAIN, TEST)],
)
@pytest.mark.parametrize("written", [("True", "False"), ("1", "0"), ("yes", "no"), ("1.0", "0.0")])
def test_yes_and_no_in_a_column_that_has_the_name_of_a_part(name, yes, no, written):
    assert parts_of(written, name) == dict(zip(written, (yes, no), strict=True))
    assert set(parts_of(written, "useful").values()) <= {None, NO_PART} and None in parts_of([*written, "maybe"], name).values()
    assert likely_split_column(table_of(**{"text": written, name: written})) is None, "it may mean that the row is valid"


@pytest.mark.parametrize("name", ["split", "Split", "data_split", "set", "subset", "partition", "fold", "dataset", "train/test set"])
def test_a_published_split_is_recognised(name):
    assert likely_split_column(table_of(**{"text": ["a", "b", "c"], name: ["train", "Dev", "test"]})) == name


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("split", ["train", "train", "train"]),  # says nothing
        ("split", ["test", "valid", "test"]),  # nothing to learn from
        ("fold", ["1", "2", "3"]),
        ("split", ["train", "test", "banana"]),
        ("topic", ["train", "test", "train"]),  # messages about railways
        ("set", [f"train {letter}" for letter in "abcdefghijklmnopqrstu"] + ["test"]),
    ],
)
def test_other_columns_are_not_offered(name, values):
    assert likely_split_column(table_of(**{"text": values, name: values})) is None


def test_text_and_label_are_not_offered():
    table = table_of(set=["train", "test"], label=["a", "b"])
    assert likely_split_column(table) == "set" and likely_split_column(table, besides=["set"]) is None
