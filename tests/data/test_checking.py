"""The check report: every finding, its level, its count and its rows."""

import inspect

import pandas
import pytest

from engine.data.checks.findings import BLOCKING, CHECKS
from engine.data.checks.report import check_table
from engine.data.checks.text_checks import LONG_BYTES
from engine.data.choice import DataChoice
from engine.reading.finding import Finding
from engine.reading.options import ReadingOptions
from engine.reading.table import Table


def table_of(texts, labels, **more):
    frame = pandas.DataFrame({"text": texts, "label": labels, **more}, dtype="str")
    return Table(frame, ReadingOptions(kind="csv", header=True))


def choice_of(**changes):
    return DataChoice(**{"dataset": "0" * 16, "name": "data.csv", "text": ("text",), "label": "label", **changes})


def clean(count=60, classes=3):
    """Texts without a flaw and their labels."""
    return [f"a perfectly ordinary text about thing {number}" for number in range(count)], [
        f"class {number % classes}" for number in range(count)
    ]


def report_of(texts, labels, more=None, **changes):
    return check_table(table_of(texts, labels, **(more or {})), choice_of(**changes))


def finding_of(report, code):
    matching = [finding for finding in report.findings if finding.code == code]
    assert len(matching) == 1, [finding.code for finding in report.findings]
    finding = matching[0]
    assert finding.title and finding.sentence.endswith(".") and finding.action.endswith(".") and finding.count >= 0
    return finding


def test_clean_data_has_no_findings():
    report = report_of(*clean())
    assert report.findings == () and report.usable_rows == report.rows == 60
    assert report.classes == {"class 0": 20, "class 1": 20, "class 2": 20} and report.majority_accuracy == pytest.approx(1 / 3)
    assert report.lengths["texts"].sum() == 60 and report.median_words == report.longest_words == 7 and report.truncated_share is None


def test_every_check_is_registered_once():
    names = [function.__name__ for function in CHECKS]
    assert len(names) == len(set(names)) >= 18


def test_the_split_makes_every_check_that_can_block():
    assert [check for check in CHECKS if '"blocks"' in inspect.getsource(check)] == BLOCKING


def test_empty_texts_and_labels():
    texts, labels = clean()
    texts[3], texts[4], labels[4], labels[5] = "", " \n", "", "  "
    report = report_of(texts, labels)
    assert finding_of(report, "empty_texts").rows == (3, 4) and finding_of(report, "empty_labels").rows == (4, 5)
    assert report.usable_rows == 57 and not report.blocks


def test_nothing_but_empty_blocks():
    texts, labels = clean()
    assert finding_of(report_of(texts, [""] * 60), "empty_labels").level == "blocks"
    assert finding_of(report_of([" "] * 60, labels), "empty_texts").level == "blocks"
    half = report_of(texts[:30] + [""] * 30, [""] * 30 + labels[30:])
    assert finding_of(half, "no_usable_rows").level == "blocks"


def test_structure_blocks_before_everything_else():
    texts, labels = clean()
    table = table_of(texts, labels)
    assert finding_of(check_table(table, choice_of(label="gone")), "missing_columns").level == "blocks"
    assert finding_of(check_table(table, choice_of(text=())), "no_column_chosen").level == "blocks"
    assert finding_of(check_table(table, choice_of(text=("text", "label"))), "label_is_text").level == "blocks"
    assert finding_of(report_of([], []), "no_rows").level == "blocks"
    single = Table(pandas.DataFrame({"text": texts}, dtype="str"), ReadingOptions(kind="csv"))
    assert {finding.code for finding in check_table(single, choice_of()).blocks} == {"one_column", "missing_columns"}


def test_one_class():
    assert finding_of(report_of(clean()[0], ["same"] * 60), "one_class").level == "blocks"


def test_one_row_per_class():
    report = report_of(clean(10)[0], [f"class {number}" for number in range(10)])
    finding = finding_of(report, "small_classes")
    assert finding.level == "blocks" and finding.count == 10 and "training needs two" in finding.sentence


def test_a_hundred_thousand_classes():
    texts = [f"text number {number}" for number in range(200_000)]
    report = report_of(texts, [str(number // 2) for number in range(200_000)])
    assert finding_of(report, "too_many_classes").count == 100_000 and finding_of(report, "too_many_classes").level == "blocks"
    assert finding_of(report, "small_classes").level == "blocks" and len(finding_of(report, "small_classes").rows) == 1000


def test_small_classes_can_be_left_out():
    texts, labels = clean()
    labels[0], labels[1], labels[2], labels[3] = "rare", "rare", "tiny", "rare"
    texts[3] = texts[0].upper()
    finding = finding_of(report_of(texts, labels), "small_classes")
    assert (finding.level, finding.count, finding.rows, finding.choice_field) == ("worth knowing", 2, (0, 1, 2, 3), "drop_small_classes")
    assert report_of(texts, labels, drop_small_classes=True).usable_rows == 56


def test_duplicates_exact_and_normalised():
    texts, labels = clean()
    texts[9], labels[9] = texts[0], labels[0]
    texts[12], labels[12] = texts[0].upper() + " ", labels[0]
    texts[15], labels[15] = texts[12].strip(), labels[0]
    report = report_of(texts, labels)
    assert finding_of(report, "exact_duplicates").count == 2 and finding_of(report, "exact_duplicates").rows == (0, 9, 12, 15)
    assert finding_of(report, "normalised_duplicates").count == 1
    assert report.usable_rows == 60 and report_of(texts, labels, drop_duplicates=True).usable_rows == 57


def test_conflicting_labels():
    texts, labels = clean()
    texts[1] = texts[0].title()
    finding = finding_of(report_of(texts, labels), "conflicting_labels")
    assert finding.rows == (0, 1) and finding.count == 2 and "1 text appears" in finding.sentence
    assert report_of(texts, labels, drop_conflicts=True).usable_rows == 58


def test_label_variants_and_merging():
    texts, labels = clean()
    labels[0], labels[3], labels[4], labels[7], labels[8] = "Class 0", "class  0", "class 1 ", "class\u200b 1", "ｃｌａｓｓ 2"
    finding = finding_of(report_of(texts, labels), "label_variants")
    assert finding.count == 7 and "3 labels" in finding.sentence and finding.choice_field == "merge_labels"
    assert "“class 0” (18), “Class 0” (1), “class  0” (1) → “class 0”" in finding.sentence and "“class[U+200B] 1” (1)" in finding.sentence
    decomposed = finding_of(report_of(texts, ["café", "cafe\u0301", "tea"] * 20), "label_variants")
    assert "“café” (20), “cafe[U+0301]” (20)" in decomposed.sentence or "“cafe[U+0301]” (20), “café” (20)" in decomposed.sentence
    merged = report_of(texts, labels, merge_labels=True)
    assert merged.classes == {"class 0": 20, "class 1": 20, "class 2": 20}
    assert finding_of(merged, "label_variants").rows == tuple(row for row in range(60))


def test_a_label_holds_no_spaces_around_it_and_no_brackets():
    texts, _ = clean()
    report = report_of(texts, ["billing", " billing\n", '["billing"]', "login", "['login']", "\u00a0login"] * 10)
    assert report.classes == {"billing": 30, "login": 30} and report.findings == ()


def test_control_characters_in_labels():
    texts, _ = clean()
    report = report_of(texts, ["ship\x02ping", "bill\x1bing", "login\0", "a\ufffeb", "c\x9bd", "plain"] * 10)
    finding = finding_of(report, "control_characters_in_labels")
    assert finding.count == 50 and finding.rows[:6] == (0, 1, 2, 3, 4, 6)
    assert set(report.classes) == {"ship ping", "bill ing", "login", "a b", "c d", "plain"} and not report.blocks


@pytest.mark.parametrize(
    ("ways", "classes"),
    [
        ("", {"billing|login": 15, "login|billing": 15, "billing": 15, "login": 15}),
        ("first", {"billing": 30, "login": 30}),
        ("combination", {"billing + login": 30, "billing": 15, "login": 15}),
    ],
)
def test_several_labels_in_a_cell(ways, classes):
    report = report_of(clean()[0], ["billing|login", "login|billing", "billing", "login"] * 15, several_labels=ways)
    finding = finding_of(report, "several_labels")
    assert finding.count == 30 and "“billing|login”" in finding.sentence and finding.choice_field == "several_labels"
    assert report.classes == classes


@pytest.mark.parametrize(
    ("labels", "blocks"),
    [
        ([f"{number / 60:.3f}" for number in range(60)], True),
        ([f"{number / 60:.3f}".replace(".", ",") for number in range(60)], True),
        ([f"{number:.2e}" for number in range(60)], False),  # whole numbers, written strangely
        ([f"{number % 41 / 10}" for number in range(60)], True),
        ([f"{number % 9 / 2}" for number in range(60)], False),
        ([f"{number % 5 + 1}.0" for number in range(60)], False),
        ([f"v{number % 5}.{number % 3}" for number in range(60)], False),
        ([f"{number % 4}.{number % 2 * 3}" for number in range(60)], False),
        ([str(number % 20) for number in range(60)], False),
    ],
)
def test_a_measured_number_is_no_label(labels, blocks):
    codes = [finding.code for finding in report_of(clean()[0], labels).blocks]
    assert ("continuous_label" in codes) == blocks and not (blocks and "label_looks_like_text" in codes)


def test_objects_are_no_names_of_classes():
    texts, labels = clean()
    report = report_of(texts, [f'{{"name": "{label}", "score": 0.5}}' for label in labels])
    finding = finding_of(report, "labels_are_objects")
    assert finding.count == len(report.classes) and "“{" in finding.sentence and not report.blocks
    assert report_of(texts, [f"{{{label}}}" for label in labels]).findings == ()


def test_label_that_looks_like_text_or_id():
    texts, _ = clean()
    assert "an id" in finding_of(report_of(texts, [str(number) for number in range(60)]), "label_looks_like_text").title
    assert "a text" in finding_of(report_of(["a", "b"] * 30, texts), "label_looks_like_text").title
    wordy = ["this label is a whole sentence with far too many words " + str(number % 3) for number in range(60)]
    assert finding_of(report_of(texts, wordy), "label_looks_like_text").level == "worth knowing"


def test_imbalance_states_the_baseline():
    texts, _ = clean(100)
    report = report_of(texts, ["ham"] * 87 + ["spam"] * 13)
    assert "87 % of the time" in finding_of(report, "imbalance").sentence and report.majority_accuracy == 0.87


def test_truncation_is_counted_and_estimated():
    texts, labels = clean(3000)
    texts[::2] = [text + " and more words" * 20 for text in texts[::2]]
    counted = []

    def count_tokens(given):
        counted.extend(given)
        return [len(text.split()) for text in given]

    report = check_table(table_of(texts, labels), choice_of(), 20, count_tokens)
    assert len(counted) == 2000 and report.truncated_estimated and report.truncated_share == pytest.approx(0.5, abs=0.05)
    assert "an estimate" in finding_of(report, "truncated_texts").sentence
    exact = check_table(table_of(texts[:100], labels[:100]), choice_of(), 20, count_tokens)
    assert exact.truncated_share == 0.5 and not exact.truncated_estimated and finding_of(exact, "truncated_texts").count == 50


def test_long_binary_markup_and_mojibake():
    texts, labels = clean()
    texts[1] = "word " * LONG_BYTES
    texts[2], texts[3] = "zero\0byte", "lost \ufffd letter"
    texts[4], texts[5], texts[6] = "a <br/> tag", "fish &amp; chips", "costs #36;10 now"
    texts[7], texts[8] = "a cafÃ© in town", "itâ€™s broken"
    texts[9], texts[10], texts[11] = "3 < 4 & 5 > 2", "ÂNGULO e MAÇÃ é café", "issue #42 is open"
    report = report_of(texts, labels)
    assert finding_of(report, "very_long_texts").rows == (1,)
    assert finding_of(report, "binary_texts").rows == (2, 3)
    assert finding_of(report, "markup").rows == (4, 5, 6)
    assert finding_of(report, "mojibake").rows == (7, 8)


def test_what_the_reader_found_is_part_of_the_report():
    texts, labels = clean()
    said = Finding("Rows with the wrong number of cells", 2, "2 rows were filled.", "Look.", code="ragged_rows", lines=(7, 1234))
    table = Table(table_of(texts, labels).frame, ReadingOptions(kind="csv"), findings=(said,))
    assert finding_of(check_table(table, choice_of()), "ragged_rows") is said


def test_columns_that_give_the_label_away():
    texts, labels = clean()
    more = {"code": [f"{label}-x" for label in labels], "channel": ["mail", "web"] * 30, "id": [str(number) for number in range(60)]}
    report = report_of(texts, labels, more)
    finding = finding_of(report, "column_gives_label_away")
    assert (
        "“code”" in finding.sentence
        and "channel" not in finding.sentence
        and "“id”" not in finding.sentence
        and finding.level == "worth knowing"
    )
    assert finding_of(report_of(texts, labels, more, text=("text", "code")), "text_gives_label_away").count == 1


def test_labels_spelled_out_in_the_texts():
    _, labels = clean()
    texts = [f"[{label.upper()}] something happened {number}" for number, label in enumerate(labels)]
    assert finding_of(report_of(texts, labels), "label_in_text").count == 60


def test_labels_with_emoji_slashes_and_markup_are_plain_names():
    names = ["a/b", "🙂", "<b>x</b>", "=1+1", "../.."]
    report = report_of(clean(50)[0], [names[number % 5] for number in range(50)])
    assert set(report.classes) == set(names) and not report.blocks


def test_sample_too_small_for_the_classes():
    assert finding_of(report_of(*clean(), rows=8), "sample_too_small").level == "blocks"
    assert not report_of(*clean(), rows=9).blocks


def test_what_blocks_comes_first():
    report = report_of([""] * 30 + clean(30)[0], ["same"] * 60)
    assert [finding.level for finding in report.findings] == sorted(finding.level for finding in report.findings)
    assert report.blocks and report.worth_knowing


def test_object_columns_with_missing_values_are_accepted():
    frame = pandas.DataFrame({"text": ["a text", None, "b text"], "label": ["x", "y", None]}, dtype=object)
    report = check_table(Table(frame, ReadingOptions(kind="csv")), choice_of())
    assert report.usable_rows == 1
