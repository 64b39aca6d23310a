"""``python -m engine check``, and what ``train`` refuses before anything is queued."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from engine.__main__ import main
from engine.commands.data_options import choose_data
from engine.commands.parser import make_parser
from engine.data.choice import DataChoice, PartFile
from engine.reading.options import ReadingOptions
from engine.results.command import repeating_command
from engine.runs.experiment import Experiment
from engine.runs.folder import home
from engine.runs.index import run_rows

TEXTS = [
    f"the {thing} number {number} {state}" for number in range(10) for thing, state in (("parcel", "is late"), ("invoice", "is wrong"))
]
LABELS = ["delivery", "billing"] * 10


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A small file about which nothing is unsure."""
    path = tmp_path / "messages.csv"
    path.write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in zip(TEXTS, LABELS, strict=True)))
    return path


@pytest.fixture
def unsure(tmp_path: Path) -> Path:
    """Two columns could be the label, and neither has a name that says so."""
    path = tmp_path / "unsure.csv"
    rows = (f"{text},{label},{'abc'[place % 3]}\n" for place, (text, label) in enumerate(zip(TEXTS, LABELS, strict=True)))
    path.write_text("text,one,two\n" + "".join(rows))
    return path


def checked(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, Any]:
    """The exit status and the object that ``check --json`` prints."""
    status = main(["check", *map(str, words), "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_a_clean_file(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, facts = checked(capsys, table)
    assert status == 0 and facts["rows"] == facts["usable_rows"] == 20 and facts["classes"] == {"delivery": 10, "billing": 10}
    assert facts["guess"]["text"] == ["text"] and facts["guess"]["label"] == "label" and facts["guess"]["sure"]
    assert facts["columns"] == ["text", "label"] and facts["merge"] == [] and facts["findings"] == []
    reading = facts["reading"]
    assert (reading["kind"], reading["encoding"], reading["delimiter"], reading["header"]) == ("csv", "utf-8", ",", True)


def test_the_sample(capsys: pytest.CaptureFixture[str]) -> None:
    status, facts = checked(capsys, "sample")
    assert status == 0 and facts["rows"] == 725 and len(facts["classes"]) == 5


def test_for_people(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table.write_text(table.read_text().replace(",billing", ",Billing", 3))
    assert main(["check", str(table)]) == 0
    printed = capsys.readouterr().out
    for words in (
        "messages.csv: 20 rows, 2 columns",
        "delimiter ','",
        "Text: text. Label: label.",
        "--merge-labels",
        "It can be trained on.",
    ):
        assert words in printed


def test_options_of_reading_and_cleaning(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = table.read_text().replace(",billing", ",Billing", 3) + f"{TEXTS[0]},delivery\n"
    table.write_text(text.replace(",", "\t").replace("text\tlabel\n", ""))
    status, facts = checked(
        capsys, table, "--delimiter", "\\t", "--no-header", "--quote", "", "--encoding", "latin-1", "--merge-labels", "--drop-duplicates"
    )
    assert status == 0 and facts["columns"] == ["column 1", "column 2"]
    assert facts["reading"]["delimiter"] == "\t" and facts["reading"]["quote"] == "" and facts["reading"]["encoding"] == "latin-1"
    assert facts["rows"] == 21 and facts["usable_rows"] == 20 and facts["classes"] == {"billing": 10, "delivery": 10}
    assert facts["merge"] == [["Billing", "billing"]] or facts["merge"] == [["billing", "Billing"]]


@pytest.mark.parametrize(
    ("content", "words", "status"),
    [
        ("text,label\na b c,x\nd e f,x\n", (), 1),  # one class
        ("text,label\na b c,1\nd e f,2\n", ("--text", "label", "--label", "label"), 1),
        ("text,label\na b c,1\nd e f,2\n", ("--label", "nosuch"), 2),
        ("", (), 2),
        ("\x89PNG\r\n", (), 2),
    ],
)
def test_the_exit_status_says_whether_it_could_be_trained_on(
    content: str, words: tuple[str, ...], status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content.encode("latin-1"))
    given, facts = checked(capsys, path, *words)
    assert given == status
    assert "error" in facts if status == 2 else any(finding["level"] == "blocks" for finding in facts["findings"])


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "nosuch.csv")]) == 2
    assert "There is no file" in capsys.readouterr().err


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    """The exit status and the sentence with which ``train`` refuses; nothing may be queued."""
    status = main(["train", *map(str, words)])
    assert not run_rows() and not [path for path in home().glob("*") if not path.name.startswith("_")]
    return status, capsys.readouterr().err


def test_train_refuses_an_unsure_guess_with_the_line_to_type(unsure: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, sentence = refused(capsys, unsure)
    assert status == 2
    line = sentence[sentence.index("python -m engine") : sentence.index(", or take the guess")]
    assert "--guess" in sentence and "“one”" in sentence and "“two”" in sentence
    choice = choose_data(make_parser().parse_args(shlex.split(line)[3:]))  # the line that it names works
    assert choice.text == ("text",) and choice.label in ("one", "two")
    taken = choose_data(make_parser().parse_args(["train", str(unsure), "--guess"]))
    assert (taken.text, taken.label) == (choice.text, choice.label)


def test_check_says_what_train_would_ask(unsure: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, facts = checked(capsys, unsure)
    assert status == 0 and not facts["guess"]["sure"] and {"one", "two"} <= set(facts["guess"]["candidates"]["label"])


@pytest.mark.parametrize("label", ["one", "two", "text"])
def test_the_label_is_never_among_the_texts(label: str, unsure: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, facts = checked(capsys, unsure, "--label", label)
    assert facts["label"] == label and label not in facts["text"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--rows", "0"), "A sample of 0 rows"),
        (("--rows", "-3"), "A sample of -3 rows"),
        (("--text", "label", "--label", "label"), "chosen as text and as label"),
        (("--label", "nosuch"), "No column is called nosuch"),
        (("--encoding", "klingon"), "not a text encoding"),
        (("--encoder", "./no-such-folder"), "no-such-folder"),
        (("--test-file", "nosuch.csv"), "There is no file nosuch.csv"),
    ],
)
def test_what_can_be_refused_is_refused_before_the_queue(
    words: tuple[str, ...], sentence: str, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, error = refused(capsys, table, *words)
    assert status == 1 and sentence in error and "Traceback" not in error


def test_the_sample_takes_no_options_of_reading(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "sample", "--delimiter", ";")[0] == 1


def test_the_command_of_a_report_names_reading_cleaning_and_parts(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(table.parent)
    table.write_text(table.read_text().replace(",", "\x01"))
    words = ["train", "messages.csv", "--label", "label", "--delimiter", "\\x01", "--quote", "", "--drop-duplicates", "--merge-labels"]
    more = ["--text", "text", "--test-file", "messages.csv", "--several-labels", "first", "--rows", "12"]
    choice = choose_data(make_parser().parse_args([*words, *more]))
    assert isinstance(choice.test_file, PartFile) and choice.test_file.dataset == choice.dataset and choice.reading.delimiter == "\x01"
    command = repeating_command(Experiment.recommended(choice, "tfidf-mlp"))
    assert command.isprintable()
    assert choose_data(make_parser().parse_args(shlex.split(command)[3:])) == choice
    assert DataChoice.from_json(json.loads(json.dumps(choice.to_json()))) == choice


def test_an_older_choice_is_read() -> None:
    old = {"dataset": "sample", "name": "x", "text": ["a"], "label": "b", "reading": {"kind": "json-lines", "encoding": "utf-8"}}
    assert DataChoice.from_json(old).reading == ReadingOptions(kind="json", encoding="utf-8", shape="lines")


@pytest.mark.parametrize("texts", [[""], ["  \n"], ["fine", ""]])
def test_predict_refuses_an_empty_text(texts: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "any-run", *texts]) == 1
    assert "A text is empty" in capsys.readouterr().err


def test_given_parts(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    test = tmp_path / "test.csv"
    test.write_text("text,label\n" + "".join(f"{label} of the test {number},{label}\n" for number in range(4) for label in set(LABELS)))
    status, facts = checked(capsys, table, "--test-file", test)
    assert status == 0 and facts["parts"] == {"train": 20, "validation": 0, "test": 8} and facts["rows"] == 28
    table.write_text(
        "text,label,set\n"
        + "".join(f"{text},{LABELS[place]},{('train', 'dev', 'test')[place // 2 % 3]}\n" for place, text in enumerate(TEXTS))
    )
    assert checked(capsys, table)[1]["parts"] == {"train": 8, "validation": 6, "test": 6}
    assert checked(capsys, table, "--split-column", "")[1]["parts"] == {}
    status, facts = checked(capsys, table, "--split-column", "label")
    assert status == 2 and "is the text or the label" in facts["error"]
    status, facts = checked(capsys, table, "--split-column", "text", "--text", "set")
    assert (
        status == 2
        and "found “the parcel number 0 is late” in 1 row" in facts["error"]
        and "Expected values such as train" in facts["error"]
    )
