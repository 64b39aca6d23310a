"""Parts that a column or files give: taken as they are, drawn where they are missing, and no text in two of them where that is asked."""

from dataclasses import replace
from itertools import product

import numpy
import pandas
import pytest

from engine.data.checks.report import check_table
from engine.data.choice import DataChoice, PartFile
from engine.data.chosen_table import chosen_table, with_given_parts, with_label_rows
from engine.data.rows import Rows
from engine.data.splitting import class_counts, load_prepared, prepare
from engine.data.store import DatasetStore
from engine.errors import DataError
from engine.reading.columns.part_names import NO_PART, PARTS, part_of
from engine.reading.options import ReadingOptions
from engine.reading.table import Table
from engine.runs.records.split_facts import SplitFacts, split_facts

TRAIN, VALIDATION, TEST = PARTS


def table_of(**columns):
    return Table(pandas.DataFrame(columns, dtype="str"), ReadingOptions(kind="csv", header=True))


def choice_of(**changes):
    return DataChoice(**{"dataset": "0" * 16, "name": "data.csv", "text": ("text",), "label": "label", **changes})


def by_column(texts, labels, parts, **changes):
    choice = choice_of(split_column="split", **changes)
    return with_given_parts(table_of(text=texts, label=labels, split=parts), choice, {}), choice


def finding_of(table, choice, code):
    return next((finding for finding in check_table(table, choice).findings if finding.code == code), None)


def sizes(prepared):
    return prepared.frame["split"].value_counts().reindex(list(PARTS), fill_value=0).tolist()


def ten_of(part, classes="ab", first=0):
    """Return ten rows of each class as (texts, labels, parts)."""
    rows = [(f"{part} text {number} of {label}", label, part) for label in classes for number in range(first, first + 10)]
    return tuple(map(list, zip(*rows, strict=True)))


def joined(*columns):
    return tuple([cell for cells in parts for cell in cells] for parts in zip(*columns, strict=True))


# A column -------------------------------------------------------------------------------------------------------------------------------


def test_a_column_is_used_as_given():
    table, choice = by_column(*joined(ten_of("train"), ten_of("dev"), ten_of("held-out")))
    prepared = prepare(table, choice)
    assert sizes(prepared) == [20, 20, 20] and not prepared.frame["drawn"].any()
    said = prepared.frame["text"].str.split().str[0].map({"train": TRAIN, "dev": VALIDATION, "held-out": TEST})
    assert said.tolist() == prepared.frame["split"].tolist()
    assert "train 20, validation 20 (“dev”), test 20 (“held-out”)" in table.notes[-1]
    assert check_table(table, choice).findings == ()
    assert check_table(table, choice).parts == {TRAIN: 20, VALIDATION: 20, TEST: 20}


@pytest.mark.parametrize(("given", "expected"), [("test", [16, 4, 20]), ("valid", [16, 20, 4])])
def test_what_a_column_lacks_is_drawn_from_training(given, expected):
    table, choice = by_column(*joined(ten_of("train"), ten_of(given)))
    prepared = prepare(table, choice)
    assert sizes(prepared) == expected
    assert prepared.frame["drawn"].sum() == 4 and set(prepared.frame.loc[prepared.frame["drawn"], "text"].str[:5]) == {"train"}
    finding = finding_of(table, choice, "drawn_parts")
    assert finding.count == 1 and "(15 %) is drawn from the training part" in finding.sentence


def test_rows_in_no_part_are_left_out_with_a_count():
    table, choice = by_column(*joined(ten_of("train"), ten_of("valid"), ten_of("test"), ten_of("extra"), ten_of("")))
    prepared, report = prepare(table, choice), check_table(table, choice)
    assert sizes(prepared) == [20, 20, 20] and (report.rows, report.usable_rows) == (100, 60)
    finding = finding_of(table, choice, "rows_without_part")
    assert finding.count == 40 and finding.rows == tuple(range(60, 100)) and "“extra”, “”" in finding.sentence


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["sports", "politics", "train"] * 20, "found “sports” in 20 rows, “politics” in 20 rows. Expected values such as train"),
        (["test", "valid", ""] * 20, "found “test” in 20 rows"),
        ([str(number) for number in range(60)], "and 55 other values"),
    ],
)
def test_a_column_that_says_no_split_is_refused(values, words):
    with pytest.raises(DataError, match="does not say which rows are for training") as error:
        by_column([f"text {number}" for number in range(60)], ["a", "b"] * 30, values)
    assert words in str(error.value) and "--split-column" in str(error.value)


def test_a_column_that_is_absent_or_used_is_refused():
    table = table_of(text=["a"], label=["b"])
    for name, words in (("gone", "There is no column “gone”; there is “text”, “label”"), ("label", "is the text or the label")):
        with pytest.raises(DataError, match=words):
            with_given_parts(table, choice_of(split_column=name), {})


def test_a_given_part_without_labels_is_drawn_and_said():
    texts, labels, parts = joined(ten_of("train"), ten_of("test"))
    table, choice = by_column(texts, labels[:20] + [""] * 20, parts)
    assert sizes(prepare(table, choice)) == [12, 4, 4]
    sentence = finding_of(table, choice, "drawn_parts").sentence
    assert sentence.startswith("No row of the given test part has both a text and a label; validation (15 %) and test (15 %) are drawn")


def test_a_table_that_did_not_get_its_parts_is_never_split_by_chance():
    with pytest.raises(ValueError, match="must come from chosen_table"):
        prepare(table_of(text=["x"], label=["y"], split=["train"]), choice_of(split_column="split"))


# Files ----------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path):
    return DatasetStore(tmp_path)


def csv_of(texts, labels, _parts=(), columns=("text", "label"), header=True):
    frame = pandas.DataFrame({"text": texts, "label": labels})[list(columns)]
    return frame.to_csv(index=False, header=header).encode()


def stored(store, name, content, **options):
    return PartFile(store.add(name, content).identifier, name, ReadingOptions(**options))


def test_files_are_used_as_given(store):
    main = stored(store, "train.csv", csv_of(*ten_of("train")))
    choice = choice_of(
        dataset=main.dataset,
        name="train.csv",
        validation_file=stored(store, "dev.csv", csv_of(*ten_of("dev"))),
        test_file=stored(store, "test.csv", csv_of(*ten_of("test"), columns=("label", "text"))),
    )
    table = chosen_table(store, choice)
    prepared = load_prepared(store, choice)
    assert sizes(prepared) == [20, 20, 20] and not prepared.frame["drawn"].any()
    assert prepared.frame["text"].str.split().str[0].tolist() == ["train"] * 20 + ["dev"] * 20 + ["test"] * 20
    assert table.files == (("train.csv", 0), ("dev.csv", 20), ("test.csv", 40))
    assert table.lines.tolist() == [*range(2, 22)] * 3
    assert "“test.csv” is the test part: 20 rows." in table.notes
    assert sizes(load_prepared(store, replace(choice, validation_file=None))) == [16, 4, 20]
    assert DataChoice.from_json(choice.to_json()) == choice


def test_a_column_for_one_part_and_a_file_for_the_other(store):
    content = pandas.DataFrame(dict(zip(("text", "label", "split"), joined(ten_of("train"), ten_of("valid")), strict=True)))
    main = stored(store, "train.csv", content.to_csv(index=False).encode())
    choice = choice_of(dataset=main.dataset, split_column="split", test_file=stored(store, "test.csv", csv_of(*ten_of("test"))))
    assert sizes(load_prepared(store, choice)) == [20, 20, 20]
    with pytest.raises(DataError, match=r"Both the column “split” and the file “test.csv” give the validation part"):
        chosen_table(store, replace(choice, test_file=None, validation_file=choice.test_file))


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        (b"words,label\nhello,a\n", {}, ["has no column “text”: found “words”, “label”", "“data.csv”, “text”, “label”"]),
        (b"hello,a\nbye,b\n", {"header": False}, ["has no column “text”, “label”", "The first row of “test.csv” was taken for data"]),
        (b"text,label\n", {"header": True, "kind": "csv", "delimiter": ","}, ["has no rows"]),
    ],
)
def test_a_file_without_the_columns_is_refused(store, content, options, words):
    main = stored(store, "data.csv", csv_of(*ten_of("train")))
    with pytest.raises(DataError, match=r"“test.csv”, given for the test part") as error:
        chosen_table(store, choice_of(dataset=main.dataset, test_file=stored(store, "test.csv", content, **options)))
    assert all(word in str(error.value) for word in words)


def test_files_without_headers_fit_by_position(store):
    plain = {"header": False, "kind": "csv", "delimiter": ","}
    main = stored(store, "data.csv", csv_of(*ten_of("train"), header=False))
    choice = choice_of(dataset=main.dataset, reading=ReadingOptions(**plain), text=("column 1",), label="column 2")
    test = stored(store, "test.csv", csv_of(*ten_of("test"), header=False), **plain)
    assert sizes(load_prepared(store, replace(choice, test_file=test))) == [16, 4, 20]
    wider = stored(store, "test.csv", b"1,test,a\n2,other,b\n", **plain)
    with pytest.raises(DataError, match="has other columns: found “column 1”, “column 2”, “column 3”"):
        chosen_table(store, replace(choice, test_file=wider))


@pytest.mark.parametrize(
    ("header", "test"),
    [
        (False, b"good news,bad label\nsome text,a\nother text,b\n"),  # by itself its first row reads like names
        (True, b"text;label\n1,5;2\n"),
    ],
)
def test_a_part_is_read_as_the_main_file_where_only_so_it_fits(store, header, test):
    plain = {"header": header, "kind": "csv", "delimiter": ";" if b";" in test else ","}
    content = csv_of(*ten_of("train"), header=header).replace(b",", plain["delimiter"].encode())
    main = stored(store, "data.csv", content)
    names = {"text": ("text",), "label": "label"} if header else {"text": ("column 1",), "label": "column 2"}
    wrong = {**plain, "header": not header}
    choice = choice_of(dataset=main.dataset, reading=ReadingOptions(**plain), **names, test_file=stored(store, "test.csv", test, **wrong))
    table = chosen_table(store, choice)
    assert (table.parts == 2).sum() == test.count(b"\n") - header
    assert "In “test.csv”: It is read as “data.csv” is: only so its columns are found." in table.notes


def test_a_test_file_without_labels_is_no_test_part(store):
    main = stored(store, "data.csv", csv_of(*ten_of("train")))
    bare = stored(store, "test.csv", csv_of(ten_of("test")[0], [""] * 20))
    with pytest.raises(DataError, match=r"Parts without a usable row: No row for test has both a text and a label. Choose another file"):
        load_prepared(store, choice_of(dataset=main.dataset, test_file=bare))


def test_the_main_file_is_no_part_of_itself(store):
    main = stored(store, "data.csv", csv_of(*ten_of("train")))
    with pytest.raises(DataError, match=r"it is the main file itself.*--test-file"):
        chosen_table(store, choice_of(dataset=main.dataset, test_file=main))


def test_what_a_reader_says_of_a_part_names_its_file(store):
    main = stored(store, "train.csv", csv_of(*ten_of("train")))
    damaged = csv_of(*ten_of("test")) + b"one cell too many,a,b\n"
    table = chosen_table(store, choice_of(dataset=main.dataset, test_file=stored(store, "test.csv", damaged)))
    assert table.findings and all(finding.sentence.startswith("In “test.csv”: ") for finding in table.findings)
    assert all(row >= 20 for finding in table.findings for row in finding.rows)


def test_without_given_parts_the_table_is_the_file(store):
    main = stored(store, "data.csv", csv_of(*ten_of("train")))
    table = chosen_table(store, choice_of(dataset=main.dataset))
    assert chosen_table(store, choice_of(dataset=main.dataset), table) is table and table.folder is not None


# What may be wrong with them ------------------------------------------------------------------------------------------------------------


def overlapping():
    texts, labels, parts = joined(ten_of("train"), ten_of("valid"), ten_of("test"))
    texts[0], texts[1] = f"  {texts[40].upper()}", texts[41]  # two of training in test
    texts[2] = texts[3] = texts[20]  # one of training in validation, twice
    texts[21] = texts[42]  # one of validation in test
    return texts, labels, parts


def test_overlaps_are_counted_and_can_be_left_out():
    table, choice = by_column(*overlapping())
    finding = finding_of(table, choice, "overlapping_parts")
    assert finding.count == 5 and finding.rows == (0, 1, 2, 3, 21) and finding.choice_field == "drop_overlaps"
    assert "1 text of training in validation, 2 texts of training in test, 1 text of validation in test" in finding.sentence
    assert sizes(prepare(table, choice)) == [20, 20, 20]
    left = prepare(table, replace(choice, drop_overlaps=True))
    assert sizes(left) == [16, 19, 20] and set(left.frame["row"]) == set(range(60)) - {0, 1, 2, 3, 21}
    assert "left out of the earlier part" in finding_of(table, replace(choice, drop_overlaps=True), "overlapping_parts").action


def test_duplicates_are_those_of_one_part():
    table, choice = by_column(*overlapping())
    assert finding_of(table, choice, "exact_duplicates").rows == (2, 3, 20)
    assert sizes(prepare(table, replace(choice, drop_duplicates=True))) == [19, 20, 20]  # the given test part keeps what training has too


def test_classes_without_a_training_text():
    table, choice = by_column(*joined(ten_of("train"), ten_of("test", "abc")))
    prepared = prepare(table, choice)
    assert prepared.classes == ("a", "b", "c") and sizes(prepared) == [16, 4, 30]
    finding = finding_of(table, choice, "classes_without_training")
    assert finding.level == "worth knowing" and finding.count == 1 and "“c”, with 10 rows" in finding.sentence
    left = replace(choice, drop_small_classes=True)
    assert sizes(prepare(table, left)) == [16, 4, 20]
    assert finding_of(table, left, "classes_without_training").action == "Their rows are left out."


@pytest.mark.parametrize(
    ("train", "valid", "test", "words"),
    [
        ("a", "ab", "ab", "Training has 1 class; it needs two."),
        ("ab", "ab", "cd", "The test part has none of the classes of training: “c”, “d”."),
        ("ab", "?", "ab", "The validation part has none of the classes of training: “?”."),
        ("ab", "ab", "-", "The test part has none of the classes of training: “-”."),  # its answers were never published
    ],
)
def test_parts_that_cannot_be_learned_from_block(train, valid, test, words):
    table, choice = by_column(*joined(ten_of("train", train), ten_of("valid", valid), ten_of("test", test)))
    finding = finding_of(table, choice, "classes_without_training")
    assert finding.level == "blocks" and finding.sentence == words
    with pytest.raises(DataError, match="Classes without a training text"):
        prepare(table, choice)


def test_a_part_that_cleaning_empties_blocks():
    texts, labels, parts = joined(ten_of("train"), ten_of("valid"), ten_of("test"))
    texts[20:40] = texts[40:]
    table, choice = by_column(texts, labels, parts, drop_overlaps=True)
    assert "No row is left for validation" in finding_of(table, choice, "empty_parts").sentence
    with pytest.raises(DataError, match="Parts without a usable row"):
        prepare(table, choice)


def test_small_classes_are_those_too_small_to_learn_and_to_draw_from():
    """One text in each given part is enough; a part that is drawn needs another one."""
    texts, labels, parts = joined(ten_of("train"), ten_of("valid"), ten_of("test"), [["x", "y"], ["c", "c"], ["train", "test"]])
    table, choice = by_column(texts, labels, parts)
    assert finding_of(table, choice, "small_classes") is None and class_counts(prepare(table, choice)).loc["c"].tolist() == [1, 0, 1]
    parts = ["train" if part == "valid" else part for part in parts]
    table, choice = by_column(texts, labels, parts)
    assert "1 class has fewer than 2 distinct texts in the training part: “c”" in finding_of(table, choice, "small_classes").sentence


def test_a_class_that_is_not_tested_is_told():
    table, choice = by_column(*joined(ten_of("train", "abc"), ten_of("test")))
    assert "1 class has no text in the given test part: “c”" in finding_of(table, choice, "classes_not_tested").sentence


def test_a_sample_keeps_the_parts_and_the_classes():
    parts = [ten_of(part, "abc", first) for part, times in (("train", 6), ("valid", 2), ("test", 4)) for first in range(0, 10 * times, 10)]
    table, choice = by_column(*joined(*parts), rows=120)
    assert sizes(prepare(table, choice)) == [60, 20, 40]
    assert class_counts(prepare(table, choice)).to_numpy().tolist() == [[20, 7, 14], [20, 7, 13], [20, 6, 13]]
    assert class_counts(prepare(table, replace(choice, rows=9))).to_numpy().tolist() == [[1, 1, 1]] * 3
    with pytest.raises(DataError, match=r"The sample is too small.*Take at least 9 rows"):
        prepare(table, replace(choice, rows=8))


# Anything -------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_promises_hold_for_any_given_parts(seed):
    generator = numpy.random.default_rng(seed)
    rows = 900
    values = numpy.array(["train", "Train set", "dev", "test", "held-out", "unlabelled", ""])
    shares = numpy.array([4, 2, seed % 3 > 0, seed % 3 != 1, seed % 2, 0.5, 0.5])
    said = generator.choice(values, rows, p=shares / shares.sum())
    shapes = [str.upper, str.title, lambda text: f" {text}\n", str]
    texts = [shapes[row % 4](f"text number {generator.integers(0, 700)}") if row % 17 else "" for row in range(rows)]
    labels = [f"class {min(7, generator.geometric(0.35))}" if row % 23 else " " for row in range(rows)]
    table, whole = by_column(texts, labels, said)
    meaning = pandas.Series([part_of(value) for value in said])
    usable = pandas.Series([bool(text) and bool(label.strip()) for text, label in zip(texts, labels, strict=True)])
    given = {part for part in PARTS if (usable & (meaning == part)).any()}
    for overlaps, duplicates, small in product((False, True), repeat=3):
        choice = replace(whole, drop_overlaps=overlaps, drop_duplicates=duplicates, drop_small_classes=small, seed=seed)
        prepared, report = prepare(table, choice), check_table(table, choice)
        frame = prepared.frame
        source = meaning[frame["row"]].to_numpy()
        assert frame["row"].is_monotonic_increasing and frame["row"].is_unique and usable[frame["row"]].all()
        assert not set(source) - set(PARTS)
        moved = frame["split"] != source
        assert (moved == frame["drawn"]).all() and set(source[moved]) <= {TRAIN} and set(frame["split"][moved]) == set(PARTS) - given
        normalised = frame["text"].str.casefold().str.split().str.join(" ")
        in_parts = frame["split"].groupby(normalised).nunique()
        if overlaps:
            assert (in_parts == 1).all()
        else:
            assert report.usable_rows == len(frame) and (in_parts[normalised[source == TRAIN].unique()] >= 1).all()
        if not (overlaps or duplicates or small):
            assert len(frame) == (usable & meaning.isin(PARTS)).sum()  # no row is lost
            counted = {finding.code: finding.count for finding in report.findings}
            assert counted["rows_without_part"] == (meaning == NO_PART).sum()
            shared = Rows(table, choice).part_overlaps
            assert counted.get("overlapping_parts", 0) == len({row for mask in shared.values() for row in numpy.flatnonzero(mask)})
        for part in given - {TRAIN}:
            if not (overlaps or duplicates or small):
                assert (frame["split"] == part).sum() == (usable & (meaning == part)).sum()
        assert len(prepare(table, replace(choice, rows=len(frame) // 2)).frame) == len(frame) // 2


# Several labels -------------------------------------------------------------------------------------------------------------------------


def several(**changes):
    """Every third cell has two labels, and one cell none; each text stands in two rows."""
    labels = ["a; b" if row % 3 == 0 else "ab"[row % 2] for row in range(40)]
    labels[39] = " ; "
    table = table_of(text=[f"text number {row % 39}" for row in range(40)], label=labels)
    choice = choice_of(several_labels="rows", **changes)
    return with_label_rows(replace(table, lines=numpy.arange(2, 42)), choice), choice


def test_each_label_gets_a_row_of_its_own():
    table, choice = several()
    assert len(table.frame) == 53 and table.frame["label"].tolist()[:4] == ["a", "b", "b", "a"]
    assert table.origins.tolist()[:4] == [0, 0, 1, 2] and table.lines.tolist()[:4] == [2, 2, 3, 4]
    finding = finding_of(table, choice, "several_labels")
    assert finding.count == 13 and finding.rows[:4] == (0, 1, 4, 5) and "40 rows became 53, one for each label" in finding.sentence
    assert finding_of(table, choice, "empty_labels").rows == (52,)
    prepared = prepare(table, choice)
    assert len(prepared.frame) == 52 and prepared.classes == ("a", "b")
    assert (prepared.frame.groupby("text")["split"].nunique() == 1).all()


def test_labels_of_one_cell_contradict_nobody():
    table, choice = several()
    assert finding_of(table, choice, "conflicting_labels") is None
    assert len(prepare(table, replace(choice, drop_conflicts=True)).frame) == 52
    frame = table_of(
        text=["one", "one", "two", "two", "three", *map(str, range(20))], label=["a|b", "b", "b|a", "a|b", "a|b", *["a", "b"] * 10]
    )
    clashing = with_label_rows(frame, choice)
    assert finding_of(clashing, choice, "conflicting_labels").rows == (0, 1, 2)


@pytest.mark.parametrize("cells", [["['a', 'b']", "['a']", "['b']"], ["a|b", "a", "b"], ["a, b", "b", "a"]])
def test_every_way_of_writing_several_labels(cells):
    table = with_label_rows(table_of(text=list("xyz"), label=cells), choice_of(several_labels="rows"))
    assert sorted(zip(table.frame["text"], table.frame["label"], strict=True))[:2] == [("x", "a"), ("x", "b")] and len(table.frame) == 4


def test_one_label_a_cell_stays_as_it_is():
    table = table_of(text=list("xyz"), label=["a", "b", "New York, NY"])
    assert with_label_rows(table, choice_of(several_labels="rows")) is table


def test_labels_get_rows_below_given_parts(store):
    texts, labels, parts = joined(
        ten_of("train"), ten_of("valid"), ten_of("test"), [["both"], ["a|b"], ["train"]], [["also"], ["b|a"], ["test"]]
    )
    table, choice = by_column(texts, labels, parts, several_labels="rows")
    prepared = prepare(with_label_rows(table, choice), choice)
    assert sizes(prepared) == [22, 20, 22]
    main = stored(store, "train.csv", csv_of([*texts[:20], "both"], [*labels[:20], "a|b"]))
    test = stored(store, "test.csv", csv_of([*texts[40:60], "also"], [*labels[40:60], "b|a"]))
    table = chosen_table(store, choice_of(dataset=main.dataset, name="train.csv", test_file=test, several_labels="rows"))
    assert table.files == (("train.csv", 0), ("test.csv", 22)) and (table.parts == 2).sum() == 22 and len(table.frame) == 44


# What is said ---------------------------------------------------------------------------------------------------------------------------


def facts_of(table, choice):
    return split_facts(choice, prepare(table, choice).frame)


def test_what_is_said_of_a_split_that_was_drawn():
    texts, labels, _ = ten_of("train")
    facts = facts_of(table_of(text=texts, label=labels), choice_of())
    assert facts == SplitFacts() and facts.promise == "No text stands in two parts."
    assert facts.origin == "Validation and test were drawn, so that every class keeps its share in each part."


def test_what_is_said_of_given_parts():
    table, choice = by_column(*overlapping())
    facts = facts_of(table, choice)
    assert (facts.kind, facts.column, facts.drawn) == ("column", "split", ())
    assert facts.overlaps == {"train and validation": 1, "train and test": 2, "validation and test": 1}
    assert facts.promise == "Texts that stand in two of the given parts: 1 in training and validation, 2 in training and test, " + (
        "1 in validation and test."
    )
    left = facts_of(table, replace(choice, drop_overlaps=True))
    assert left.overlaps == {} and left.promise == "No text stands in two parts." and left.origin == "The column “split” says the parts."


def test_what_is_said_of_files(store):
    main = stored(store, "train.csv", csv_of(*ten_of("train")))
    choice = choice_of(dataset=main.dataset, test_file=stored(store, "test.csv", csv_of(*ten_of("test"))))
    facts = split_facts(choice, load_prepared(store, choice).frame)
    assert facts == SplitFacts("files", files={"test": "test.csv"}, drawn=("validation",))
    assert facts.origin == "“test.csv” is the test part; validation was drawn from training."
