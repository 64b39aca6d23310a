"""What was silently or wrongly read: markup, files of one class each, spaCy's documents, viewer exports and workspaces of Watson."""

import json
import zipfile

import pytest

from engine.errors import DataError
from engine.reading.columns.guess import guess_columns
from engine.reading.options import ReadingOptions
from engine.reading.read_table import read_table
from tests.reading.written_json import CLASSES, ROWS, codes, found, reading_twice

YAML = "".join(f"- text: {text}\n  label: {label}\n" for text, label in ROWS)
RASA = 'version: "3.1"\nnlu:\n' + "".join(
    f"- intent: {name}\n  examples: |\n" + "".join(f"    - {text}\n" for text, label in ROWS if label == name) for name in CLASSES
)
XML = "<data>" + "".join(f"<r><text>{text}</text><label>{label}</label></r>" for text, label in ROWS) + "</data>\n"
MARKUP = {
    "XML": (XML, "an XML document"),
    "XML in lines": (XML.replace("><", ">\n<"), "an XML document"),
    "XML that is longer than what is looked at": (
        XML.removesuffix("</data>\n") + XML.removeprefix("<data>").removesuffix("</data>\n") * 40 + "</data>\n",
        "an XML document",
    ),
    "YAML": (f"# mail\n---\n{YAML}", "a YAML file"),
    "YAML of Rasa": (RASA, "a YAML file"),
}
TEXTS = {
    "tags in texts": "".join(f"<p><b>{text}</b></p>\t{label}\n" for text, label in ROWS),
    "marks of sentences": "".join(f"<s> <unk> {text} </s>\t{label}\n" for text, label in ROWS),
    "lists in texts": "".join(f"- text: {text}\t{label}\n" for text, label in ROWS),
    "one row of tags": "<p><b>text</b></p>,label\n" + "".join(f"{text},{label}\n" for text, label in ROWS),
    "a talk": "".join(f"- {name}: {text}\t{label}\n" for name in ("Anna", "Bo") for text, label in ROWS),
}


@pytest.fixture
def read(tmp_path):
    return reading_twice(tmp_path)


@pytest.mark.parametrize("what", MARKUP)
def test_markup_is_refused_by_what_it_is(read, what):
    content, words = MARKUP[what]
    with pytest.raises(DataError, match=words):
        read(content)


@pytest.mark.parametrize("what", TEXTS)
def test_texts_with_marks_are_a_table(read, what):
    assert len(read(TEXTS[what]).frame) >= 30


def zipped(tmp_path, files):
    path = tmp_path / "mail.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(("ending", "header"), [(".txt", ""), (".csv", "text\n")])
def test_one_file_a_class_is_read_with_the_name_of_the_file(tmp_path, ending, header):
    files = {name: header + "".join(f"{text}\n" for text, label in ROWS if label == name) for name in CLASSES}
    path = zipped(tmp_path, {f"{name}{ending}": content.replace(",", "") for name, content in files.items()})
    table = read_table(path, path.name)
    expected = sorted((text.replace(",", ""), label) for text, label in ROWS)
    assert sorted(table.frame.itertuples(index=False, name=None)) == expected and not table.findings
    assert list(table.frame.columns)[1] == "file" and any("“file”" in note for note in table.notes)
    assert not guess_columns(table).sure  # whether a file is a class, a person knows
    again = read_table(path, path.name, table.options)
    assert again.frame.equals(table.frame)
    assert list(read_table(path, path.name, limit=5).frame.columns) == list(table.frame.columns)


def test_files_that_do_not_go_together_are_counted(tmp_path):
    files = {
        "billing.txt": "a text of mine\nanother one\nthe third\n" * 9,
        "prices.csv": "day,price\n1,2\n3,4\n",
        "login.txt": "one two three\n",
    }
    table = read_table(zipped(tmp_path, files), "mail.zip", ReadingOptions(member="billing.txt"))
    assert codes(table) == {"members_left_out": 2} and any("2 other files" in note for note in table.notes)


def spacy(text, label):
    return {
        "id": 1,
        "cats": [{"label": name, "value": float(name == label)} for name in CLASSES],
        "paragraphs": [{"raw": text, "sentences": []}],
    }


def test_documents_of_spacy(read):
    assert found(read([spacy(*row) for row in ROWS])) == sorted(ROWS)
    without = [{"id": 1, "paragraphs": [{"raw": text, "sentences": []}]} for text, _ in ROWS]
    with pytest.raises(DataError, match="training data of spaCy"):
        read(without)
    assert len(read([{"text": text, "cats": [label], "paragraphs": ["one", "two"]} for text, label in ROWS]).frame) == 30
    tokens = {"id": 1, "cats": spacy("a", "b")["cats"], "paragraphs": [{"sentences": [{"tokens": []}]}]}
    assert len(read([{"paragraphs": ["a b", "c d"], "cats": ["x"], "text": "a"}] * 9).frame) == 9
    assert codes(read([*(spacy(*row) for row in ROWS), tokens])) == {"entries_left_out": 1}


def test_rows_of_the_dataset_viewer_have_the_names_of_their_classes(read):
    names = list(CLASSES)
    features = [
        {"feature_idx": 0, "name": "text", "type": {"dtype": "string", "_type": "Value"}},
        {"feature_idx": 1, "name": "label", "type": {"names": names, "_type": "ClassLabel"}},
    ]
    rows = [
        {"row_idx": n, "row": {"text": text, "label": names.index(label)}, "truncated_cells": []} for n, (text, label) in enumerate(ROWS)
    ]
    table = read({"features": features, "rows": rows})
    assert sorted(zip(table.frame["row.text"], table.frame["row.label"], strict=True)) == sorted(ROWS) and not table.findings
    rows[0]["row"]["label"] = -1
    assert "" in set(read({"features": features, "rows": rows}).frame["row.label"])


@pytest.mark.parametrize("description", ["", "What it is about"])
def test_a_workspace_of_watson(read, description):
    intents = [
        {"intent": name, "examples": [{"text": text} for text, label in ROWS if label == name], "description": description}
        for name in CLASSES
    ]
    nodes = [{"dialog_node": "start", "title": "x"}, {"dialog_node": "end", "title": "y"}]
    beside = {
        "entities": [{"entity": "day", "values": []}],
        "dialog_nodes": nodes,
        "counterexamples": [{"text": f"no {n}"} for n in range(9)],
    }
    table = read({"name": "ws", "intents": intents, **beside})
    assert sorted(zip(table.frame["text"], table.frame["intent"], strict=True)) == sorted(ROWS)
    assert any("3 descriptions of classes" in note for note in table.notes) == bool(description)
    assert codes(table) == {"lists_left_out": 12} and guess_columns(table).label == "intent"
    assert "lists" not in json.dumps(codes(read({"intents": intents})))
