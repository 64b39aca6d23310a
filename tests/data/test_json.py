"""JSON: every shape in which labelled texts are written down is read, said, and read the same again; else it is refused in a sentence."""

import json
import tracemalloc

import pandas
import pytest

from engine.data.choice import ReadingOptions
from engine.data.reading.columns import guess_columns
from engine.data.reading.json_files import parsing
from engine.data.reading.json_files.parsing import looks_like_json
from engine.data.reading.read_table import read_table
from engine.errors import DataError

CLASSES = ["billing", "delivery", "login"]
TEXTS = ["the invoice shows a wrong amount", "the parcel is three days late", "the password reset mail never comes"]
ROWS = [(f"{TEXTS[number % 3]} ref {number}", CLASSES[number % 3]) for number in range(30)]
OBJECTS = [{"text": text, "label": label} for text, label in ROWS]
PAIRS = [[text, label] for text, label in ROWS]
BY_CLASS = {label: [text for text, other in ROWS if other == label] for label in CLASSES}
FRAME = pandas.DataFrame(OBJECTS)


@pytest.fixture
def read(tmp_path):
    """Read bytes, text or a value as JSON; what is read again with the options that came out is the same."""

    def read_file(content, name="data.json", **options):
        path = tmp_path / name
        if not isinstance(content, (bytes, str)):
            content = json.dumps(content, ensure_ascii=False)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        table = read_table(path, name)
        again = read_table(path, name, table.options)
        assert again.frame.equals(table.frame) and again.options == table.options and again.findings == table.findings
        start = read_table(path, name, limit=7)
        assert start.frame.equals(table.frame[list(start.frame.columns)].head(7)) and start.options == table.options
        return table

    return read_file


def lines(rows, joint="\n"):
    return joint.join(json.dumps(row, ensure_ascii=False) for row in rows)


def found(table):
    """The rows as pairs of text and class, in the columns that are guessed, which must be sure."""
    guess = guess_columns(table)
    assert guess.sure, guess.reason
    return sorted(zip(*(table.frame[name] for name in (guess.text[0], guess.label)), strict=True))


def codes(table):
    return {finding.code: finding.count for finding in table.findings}


def pretty(value):
    return json.dumps(value, indent=1)


SHAPES = {
    "lines": (lines(OBJECTS), "lines"),
    "lines with commas": (lines(OBJECTS, ",\n") + ",\n", "lines"),
    "several objects on a line": ("\n".join(lines(OBJECTS[n : n + 3], " ") for n in range(0, 30, 3)), "lines"),
    "records behind U+001E": ("\x1e" + lines(OBJECTS, "\n\x1e"), "lines"),
    "blank lines between": (lines(OBJECTS, "\n\n"), "lines"),
    "array": (lines([OBJECTS]), "array"),
    "array, one object a line": ("[\n" + lines(OBJECTS, ",\n") + "\n]", "array"),
    "pretty array": (pretty(OBJECTS), "array"),
    "objects one after the other": ("\n".join(map(pretty, OBJECTS)), "array"),
    "objects with commas": (",\n".join(map(pretty, OBJECTS)), "array"),
    "objects without a gap": (lines(OBJECTS, ""), "array"),
    "arrays one after the other": (lines([OBJECTS[:10], OBJECTS[10:]]), "array"),
    "trailing commas": (pretty(OBJECTS).replace('"\n }', '",\n }').replace(" }\n]", " },\n]"), "array"),
    "comments": ("// exported\n".join(["[\n", lines(OBJECTS, ",\n") + " /* end */\n]"]), "array"),
    "Python literals": (str(OBJECTS), "array"),
    "Python literals a line": ("\n".join(map(str, OBJECTS)), "lines"),
    "pairs": (lines([PAIRS]), "pairs"),
    "pairs, label first": (lines([[[label, text] for text, label in ROWS]]), "pairs"),
    "pairs with a header": (lines([[["text", "label"], *PAIRS]]), "pairs"),
    "pairs, one a line": (lines(PAIRS), "pairs"),
    "pairs, pretty": (pretty(PAIRS), "pairs"),
    "pairs of text and labels": (lines([[[text, [label]] for text, label in ROWS]]), "pairs"),
    "names of columns and lists": (lines([{"header": ["text", "label"], "rows": PAIRS}]), "split"),
    "fields and lists": (lines([{"fields": [{"name": "text", "type": "string"}, {"name": "label"}], "data": PAIRS}]), "split"),
    "encoded twice": (json.dumps(lines([OBJECTS])), "array"),
    "lines encoded twice": ("\n".join(json.dumps(json.dumps(row)) for row in OBJECTS), "lines"),
    "phpMyAdmin": (lines([[{"type": "header", "version": "5"}, {"type": "database", "name": "d"},
                           {"type": "table", "name": "tickets", "data": OBJECTS}]]), "rows:tickets"),
    "spaCy's pairs": (lines([[[text, {"cats": {name: float(name == label) for name in CLASSES}}] for text, label in ROWS]]), "pairs"),
    "columns": (lines([{"text": [text for text, _ in ROWS], "label": [label for _, label in ROWS]}]), "columns"),
    "columns without usual names": (lines([{"a": [text for text, _ in ROWS], "b": [label for _, label in ROWS]}]), "columns"),
    "columns of numbers too": (lines([{"text": [t for t, _ in ROWS], "n": [*range(30)], "label": [c for _, c in ROWS]}]), "columns"),
    "pandas columns": (FRAME.to_json(), "columns"),
    "pandas records": (FRAME.to_json(orient="records"), "array"),
    "pandas values": (FRAME.to_json(orient="values"), "pairs"),
    "pandas index": (FRAME.to_json(orient="index"), "index"),
    "pandas split": (FRAME.to_json(orient="split"), "split"),
    "pandas table": (FRAME.to_json(orient="table"), "table"),
    "objects under their ids": (lines([{f"id_{number}": row for number, row in enumerate(OBJECTS)}]), "index"),
    "under a key": (lines([{"data": OBJECTS, "version": 1}]), "rows:data"),
    "two keys deep": (lines([{"result": {"rows": OBJECTS, "count": 30}, "ok": True}]), "rows:result.rows"),
    "pairs under a key": (lines([{"version": "1.0", "examples": PAIRS}]), "rows:examples"),
    "columns under a key": (lines([{"data": {"text": [t for t, _ in ROWS], "label": [c for _, c in ROWS]}}]), "rows:data"),
    "classes under a key": (lines([{"name": "desk", "data": BY_CLASS}]), "rows:data"),
    "Rasa": (lines([{"rasa_nlu_data": {"common_examples": [{"text": t, "intent": c} for t, c in ROWS], "regex_features": []}}]),
             "rows:rasa_nlu_data.common_examples"),
    "one list a class": (lines([BY_CLASS]), "classes"),
    "uneven lists a class": (lines([BY_CLASS | {"billing": [*BY_CLASS["billing"], "one more"]}]), "classes"),
    "objects a class": (lines([{label: [{"text": text, "lang": "en"} for text in texts] for label, texts in BY_CLASS.items()}]), "classes"),
    "examples a class": (lines([{label: {"examples": texts, "id": 3} for label, texts in BY_CLASS.items()}]), "classes"),
    "intents with patterns": (lines([{"intents": [{"tag": c, "patterns": t, "responses": ["Hello", "Bye"]} for c, t in BY_CLASS.items()]}]),
                              "rows:intents"),
    "intents under their names": (lines([{"intents": {c: {"patterns": t, "responses": ["a b c"] * 11} for c, t in BY_CLASS.items()}}]),
                                  "rows:intents"),
    "intents with texts": (lines([{"intents": [{"id": c, "text": t} for c, t in BY_CLASS.items()]}]), "rows:intents"),
    "splits under two keys": (lines([{"corpus": {"splits": {"train": OBJECTS[:20], "test": OBJECTS[20:]}}, "v": 1}]), "rows:corpus.splits"),
    "splits with their rows under a key": (lines([{"train": {"data": OBJECTS[:20]}, "test": {"data": OBJECTS[20:]}}]), "splits"),
    "intents, one a line": (lines([{"intent": label, "examples": texts} for label, texts in BY_CLASS.items()]), "lines"),
    "Dialogflow": (lines([{"name": c, "training_phrases": [{"parts": [{"text": t[:5]}, {"text": t[5:]}]} for t in texts]} for c, texts in
                          BY_CLASS.items()]), "lines"),
    "Snips": (lines([{"intents": {c: {"utterances": [{"data": [{"text": t[:9]}, {"text": t[9:], "entity": "x"}]} for t in texts]}
                                  for c, texts in BY_CLASS.items()}, "entities": {}, "language": "en"}]), "rows:intents"),
    "texts with their labels": (lines([dict(ROWS)]), "mapping"),
    "splits of pairs": (lines([{"train": PAIRS[:20], "val": PAIRS[20:25], "test": PAIRS[25:]}]), "splits"),
    "splits of pairs with headers": (lines([{"train": [["text", "label"], *PAIRS[:9]], "test": [["text", "label"], *PAIRS[9:]]}]),
                                     "splits"),
    "splits of objects": (lines([{"train": OBJECTS[:20], "test": OBJECTS[20:]}]), "splits"),
    "one split": (lines([{"train": PAIRS, "version": 2}]), "splits"),
    "splits under a key": (lines([{"name": "desk", "data": {"train": OBJECTS[:20], "test": OBJECTS[20:]}}]), "rows:data"),
    "splits of columns": (lines([{"train": {"text": [t for t, _ in ROWS], "label": [c for _, c in ROWS]}}]), "splits"),
    "splits of classes": (lines([{part: {c: t[cut] for c, t in BY_CLASS.items()} for part, cut in
                                  (("train", slice(6)), ("test", slice(6, 10)))}]), "splits"),
}  # fmt: skip
"""A file → the shape in which it is read; each holds the same rows."""
SHAPES["splits of classes"] = (
    lines([{"train": {c: t[:6] for c, t in BY_CLASS.items()}, "test": {c: t[6:] for c, t in BY_CLASS.items()}}]),
    "splits",
)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_read_and_read_the_same_again(read, shape):
    content, name = SHAPES[shape]
    table = read(content)
    extra = [("one more", "billing")] if shape == "uneven lists a class" else []
    assert found(table) == sorted(ROWS + extra)
    assert table.options.shape == name and table.options.kind == "json"
    assert not table.findings
    assert name == "lines" or any(note.startswith("The file holds ") for note in table.notes)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_encodings_of_unicode(read, encoding):
    for value in (OBJECTS, PAIRS, {"train": PAIRS}):
        assert found(read(json.dumps(value).encode(encoding))) == sorted(ROWS)
    assert found(read(lines(OBJECTS).encode(encoding), "data.jsonl")) == sorted(ROWS)
    assert found(read(("\n " + lines(OBJECTS)).encode(encoding), "data.txt")) == sorted(ROWS)


def one_hot(label, one=1.0, zero=0.0):
    return {name: one if name == label else zero for name in CLASSES}


def task(text, results, number=1):
    annotation = {"id": 7, "completed_by": 1, "was_cancelled": False, "lead_time": 3.5, "result": results}
    return {"id": number, "data": {"text": text}, "annotations": [annotation], "predictions": [{"result": []}], "project": 1}


EXPORTS = {
    "one value in a list": lambda t, c: {"text": t, "label": [c]},
    "doccano": lambda t, c: {"id": hash(t), "text": t, "label": [c], "Comments": []},
    "Label Studio": lambda t, c: task(t, [{"value": {"choices": [c]}, "from_name": "x", "to_name": "text", "type": "choices"}]),
    "Label Studio's short form": lambda t, c: {"text": t, "id": 1, "annotator": 1, "annotation_id": 2, "sentiment": c, "lead_time": 3.5},
    "Label Studio's short form, choices": lambda t, c: {"text": t, "sentiment": {"choices": [c]}},
    "Label Studio, taxonomy": lambda t, c: task(t, [{"value": {"taxonomy": [[c]]}}]),
    "Argilla": lambda t, c: {
        "id": "x",
        "fields": {"text": t},
        "metadata": {},
        "suggestions": {"label": {"value": "login", "score": 0.5, "agent": "m"}},
        "responses": {"label": [{"value": c, "user_id": "u"}, {"value": "login", "user_id": "v", "status": "discarded"}]},
    },
    "Argilla 1": lambda t, c: {"text": t, "label": [{"user_id": "u", "value": c, "status": "submitted"}], "external_id": None},
    "Argilla 1, records": lambda t, c: {
        "fields": {"text": t},
        "responses": [{"user_id": "u", "values": {"label": {"value": c}}, "status": "submitted"}],
    },
    "Argilla 0": lambda t, c: {"text": t, "inputs": {"text": t}, "prediction": [{"label": "x", "score": 1.0}], "annotation": c, "id": "7"},
    "Argilla's data sets": lambda t, c: {
        "text": t,
        "label.responses": [c, "login"],
        "label.responses.users": ["u", "v"],
        "label.responses.status": ["submitted", "discarded"],
    },
    "Prodigy": lambda t, c: {"text": t, "_task_hash": 5, "options": [{"id": n} for n in CLASSES], "accept": [c], "answer": "accept"},
    "Prodigy, one label": lambda t, c: {"text": t, "label": c, "_task_hash": 5, "answer": "accept"},
    "spaCy": lambda t, c: {"text": t, "cats": one_hot(c)},
    "spaCy's scores": lambda t, c: {"text": t, "cats": one_hot(c, 0.8, 0.1)},
    "one-hot": lambda t, c: {"text": t, "labels": one_hot(c, 1, 0)},
    "one-hot of booleans": lambda t, c: {"text": t, "label": one_hot(c, True, False)},
    "OpenAI": lambda t, c: {
        "messages": [{"role": "system", "content": "Sort."}, {"role": "user", "content": t}, {"role": "assistant", "content": f" {c}\n"}]
    },
    "OpenAI's parts": lambda t, c: {
        "messages": [{"role": "user", "content": [{"type": "text", "text": t}]}, {"role": "assistant", "content": c}]
    },
    "ShareGPT": lambda t, c: {"conversations": [{"from": "human", "value": t}, {"from": "gpt", "value": c}]},
    "prompt and completion": lambda t, c: {"prompt": t, "completion": f" {c}"},
    "prompt and completion with endings": lambda t, c: {"prompt": f"{t}\n\n###\n\n", "completion": f" {c} END"},
    "structured output": lambda t, c: {
        "messages": [{"role": "user", "content": t}, {"role": "assistant", "content": json.dumps({"category": c})}]
    },
    "Gemini": lambda t, c: {"contents": [{"role": "user", "parts": [{"text": t}]}, {"role": "model", "parts": [{"text": c}]}]},
    "a label with its number": lambda t, c: {"text": t, "label": {"id": CLASSES.index(c), "name": c}},
    "a list of labels with their numbers": lambda t, c: {"text": t, "labels": [{"id": CLASSES.index(c), "name": c}]},
    "Vertex": lambda t, c: {"textContent": t, "classificationAnnotation": {"displayName": c}},
    "nested": lambda t, c: {"document": {"body": {"text": t}, "lang": "en"}, "outcome": {"label": c}},
    "Hugging Face's viewer": lambda t, c: {"row_idx": 1, "row": {"text": t, "label": c}, "truncated_cells": []},
}  # fmt: skip
"""A text and a class → a row as a program exports it."""


@pytest.mark.parametrize("program", EXPORTS)
def test_exports_become_one_text_and_one_class(read, program):
    rows = [EXPORTS[program](text, label) for text, label in ROWS]
    for content in (lines(rows), lines([rows]), pretty({"rows": rows, "total": 30})):
        table = read(content)
        assert found(table) == sorted(ROWS)
        assert not table.findings


def test_what_stays_several_labels_is_a_list(read):
    rows = [
        {"text": "a", "label": ["billing", "login"]},
        {"text": "b", "label": []},
        {"text": "c", "label": [7]},
        {"text": "d", "label": None},
    ]
    assert list(read(lines(rows)).frame["label"]) == ['["billing", "login"]', "", "7", ""]
    both = {"text": "a", "cats": {"billing": 1.0, "login": 1.0, "delivery": 0.0}}
    none = {"text": "b", "cats": {"billing": 0.0, "login": 0.0}}
    assert list(read(lines([both, none])).frame["cats"]) == ['["billing", "login"]', ""]
    two = task("a", [{"value": {"choices": ["billing", "login"]}}])
    assert list(read(lines([two, two])).frame["annotations.result.value.choices"]) == ['["billing", "login"]'] * 2


def test_each_question_of_label_studio_is_a_column(read):
    rows = [
        task(t, [{"from_name": "topic", "value": {"choices": [c]}}, {"from_name": "mood", "value": {"choices": ["calm"]}}]) for t, c in ROWS
    ]
    table = read(lines(rows))
    assert set(table.frame["annotations.mood"]) == {"calm"} and set(table.frame["annotations.topic"]) == set(CLASSES)


def test_what_looks_like_scores_is_none(read):
    table = read(lines([{"text": "a", "label": {"id": 1, "score": 0}}, {"text": "b", "label": {"id": 0, "score": 1}}]))
    assert list(table.frame.columns) == ["text", "label.id", "label.score"]
    assert list(read(lines([{"text": "a", "answer": "accept"}, {"text": "b", "answer": "reject"}])).frame["answer"]) == ["accept", "reject"]
    assert "answer" in read(lines([{"text": "a", "label": "x", "answer": ["accept"]}] * 2)).frame
    pair = {"texts": ["one", "two"], "label": 1}
    assert len(read(lines([pair, pair])).frame) == 2


def test_rejected_answers_are_counted(read):
    rows = [{"text": f"text {n}", "accept": ["a"], "answer": ("accept", "reject", "ignore")[n % 3], "_task_hash": n} for n in range(9)]
    table = read(lines(rows))
    assert len(table.frame) == 3 and codes(table) == {"rejected_answers": 6} and list(table.lines) == [1, 4, 7]
    with pytest.raises(DataError, match="holds no JSON object that is a row"):
        read(lines(rows[1:3]))


def test_labels_of_places_are_said(read):
    spans = read(lines([{"text": text, "label": [[0, 3, "X"], [number, 9, "Y"]]} for number, (text, _) in enumerate(ROWS)]))
    assert codes(spans) == {"span_labels": 30} and not guess_columns(spans).sure
    named = read(lines([task("a b c", [{"value": {"start": 0, "end": 1, "labels": ["X"]}}])] * 3))
    assert codes(named) == {"span_labels": 3}


def test_conversations_of_several_turns_are_said(read):
    turns = [{"role": role, "content": content} for role, content in
             (("user", "one"), ("assistant", "Which?"), ("user", "two"), ("assistant", "billing"))]  # fmt: skip
    table = read(lines([{"messages": turns}, {"messages": turns[2:]}]))
    assert list(table.frame["text"]) == ["one\n\ntwo", "two"] and list(table.frame["label"]) == ["billing"] * 2
    assert codes(table) == {"several_turns": 1}


def test_an_ending_that_not_all_have_stays(read):
    rows = [{"prompt": text, "completion": "WEEK END" if number % 3 else "login"} for number, (text, _) in enumerate(ROWS)]
    assert set(read(lines(rows)).frame["completion"]) == {"WEEK END", "login"}


def test_splits_are_named_by_a_column(read):
    table = read({"oos_train": [["out of it", "oos"]], "train": PAIRS[:20], "val": PAIRS[20:], "oos_val": [["far out", "oos"]], "test": []})
    assert table.frame["split"].value_counts().to_dict() == {"train": 21, "val": 11}
    assert list(table.frame.query("label == 'oos'")["split"]) == ["train", "val"]
    columns = {"train_texts": ["a b", "c d"], "train_labels": ["x", "y"], "test_texts": ["e f"], "test_labels": ["x"]}
    assert list(read(columns).frame["split"]) == ["train", "train", "test"]
    own = read({"train": [row | {"split": "mine"} for row in OBJECTS]})
    assert set(own.frame["split"]) == {"mine"} and set(own.frame["split (key)"]) == {"train"}
    assert "split" not in read({"test bench": BY_CLASS["billing"], "train ride": BY_CLASS["login"]}).frame
    beside = read({"train": OBJECTS, "test": OBJECTS[:5], "unlabelled": [{"text": "x"}] * 4})
    assert codes(beside) == {"lists_left_out": 4}


def test_what_could_be_read_otherwise_is_said_and_can_be_chosen(read):
    table = read(BY_CLASS)
    assert any("could also be read as" in note and "--shape columns" in note for note in table.notes)
    assert list(table.frame.columns) == ["text", "label"]
    other = read({"intents": [{"name": name} for name in CLASSES], "utterances": OBJECTS})
    assert len(other.frame) == 30 and codes(other) == {"lists_left_out": 3}
    assert any("--shape rows:intents" in note for note in other.notes)


@pytest.mark.parametrize(
    ("value", "shape", "first"),
    [
        (BY_CLASS, "columns", (ROWS[0][0], ROWS[1][0], ROWS[2][0])),
        ({"a": OBJECTS, "b": [{"name": "x"}]}, "rows:b", ("x",)),
        ({"question": ["a b c", "d e f"], "answer": ["g h", "i j"]}, "classes", ("a b c", "question")),
        ({"text": "one", "data": [{"x": 1}, {"x": 2}]}, "object", ("one", '[{"x": 1}, {"x": 2}]')),
    ],
)
def test_a_shape_can_be_chosen(tmp_path, value, shape, first):
    path = tmp_path / "data.json"
    path.write_text(json.dumps(value))
    table = read_table(path, path.name, ReadingOptions(shape=shape))
    assert tuple(table.frame.iloc[0]) == first and table.options.shape == shape
    with pytest.raises(DataError, match=f"cannot be read in the shape “splits”. These fit it: .*{shape}"):
        read_table(path, path.name, ReadingOptions(shape="splits"))


NUMBERED = [CLASSES.index(label) for _, label in ROWS]


@pytest.mark.parametrize(
    "value",
    [
        {"texts": [text for text, _ in ROWS], "target": NUMBERED, "target_names": CLASSES},
        {"label_names": CLASSES, "rows": [{"text": text, "label": number} for (text, _), number in zip(ROWS, NUMBERED, strict=True)]},
        {"train": [[text, number] for (text, _), number in zip(ROWS, NUMBERED, strict=True)], "classes": CLASSES},
    ],
)
def test_numbers_of_classes_stand_for_the_names_beside_them(read, value):
    table = read(value)
    assert found(table) == sorted(ROWS) and any("stand for the names in" in note for note in table.notes)


def test_classes_in_groups(read):
    table = read({"bank": {"billing": BY_CLASS["billing"]}, "web": {"login": BY_CLASS["login"], "delivery": BY_CLASS["delivery"]}})
    assert found(table) == sorted(ROWS) and set(table.frame["group"]) == {"bank", "web"}


def test_names_of_lists(read):
    assert list(read([[number, *pair] for number, pair in enumerate(PAIRS)]).frame.columns) == ["column 1", "column 2", "column 3"]
    assert read([["id", "text", "label"], *([number, *pair] for number, pair in enumerate(PAIRS))]).frame.columns[0] == "id"
    assert list(read([["a", "b"], ["c", "d"], ["e", "f"]]).frame.columns) == ["column 1", "column 2"]
    uneven = read([*PAIRS, ["short"], ["too", "many", "values"], "none", []])
    assert len(uneven.frame) == 31 and codes(uneven) == {"entries_left_out": 3}


REFUSED = {
    "SQuAD": ({"version": "1", "data": [{"title": "x", "paragraphs": [{"context": "c", "qas": []}]}]}, "set of questions about paragraphs"),
    "texts alone": (["one text", "another"], "list of texts without labels"),
    "nothing": ([], "empty list"),
    "an empty object": ({}, "empty list or a single value"),
    "splits of texts": ({"train": ["a b c"] * 3, "test": ["d e f"] * 3, "v": 1}, ""),
    "columns of different lengths": ({"text": ["a", "b"], "label": ["x"]}, "lists have different lengths"),
    "cut off": (json.dumps(OBJECTS)[:500], "ends in the middle"),
    "cut off, pretty": (pretty(OBJECTS)[:500], "cannot be read at line 27"),
    "no quotes": ("[{text: 'a', label: 'b'},\n {text: 'c', label: 'd'}]", "double quotes"),
    "deep objects": ('{"a":' * 4000 + "1" + "}" * 4000, "nested hundreds of levels deep"),
    "deeper": ("[" * 100_000 + "]" * 100_000, "nested hundreds of levels deep"),
    "deep and open": ("[" * 100_000, "nested hundreds of levels deep"),
    "deep Python": ("{'a':" * 4000 + "1" + "}" * 4000, "cannot be read"),
    "too many fields": ([{f"field {number}": 1 for number in range(1500)}], "at most 1,000"),
    "objects in objects of nothing": ({"a": {"b": {"c": {"d": {}}}}}, "holds no rows"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_holds_no_rows_is_refused_in_a_sentence(read, what):
    content, words = REFUSED[what]
    if what == "splits of texts":  # of one length they are two columns, which nobody takes for text and label
        assert not guess_columns(read(content)).sure
        return
    with pytest.raises(DataError, match=words):
        read(content)


def test_python_literals_are_read_while_they_are_few(read, monkeypatch):
    monkeypatch.setattr(parsing, "MAX_LITERALS", 3000)
    assert any("Python literals" in note for note in read("\n".join(map(str, OBJECTS[:10]))).notes)
    with pytest.raises(DataError, match="at most 0 MB of them are read"):
        read("\n".join(map(str, OBJECTS * 3)))
    assert codes(read(lines(OBJECTS) + "\n" + "{broken\n" * 20)) == {"lines_left_out": 20}


def test_damaged_lines_are_counted(read):
    damaged = lines(OBJECTS).splitlines()
    damaged[3], damaged[7] = damaged[3][:20], "}" + damaged[7]
    for content in ("\n".join(damaged), "[\n" + ",\n".join(damaged) + "\n]", "[" + ",\n".join(damaged) + "]"):
        table = read(content)
        assert len(table.frame) == 28 and codes(table) == {"lines_left_out": 2}
        assert len(table.findings[0].lines) == 2
    table = read(lines(PAIRS[:10]) + "\n[broken\n" + lines(PAIRS[10:]))
    assert found(table) == sorted(ROWS) and codes(table) == {"lines_left_out": 1}


@pytest.mark.parametrize("above", ["# exported today", "oops", '{"text": "cut'])
def test_a_line_above_that_is_no_object_is_left_out(read, above):
    table = read(f"{above}\n{lines(OBJECTS)}", "data.jsonl")
    assert found(table) == sorted(ROWS) and table.findings[0].lines == (1,)


def test_values_that_are_none(read):
    table = read(
        '{"text": "a", "label": NaN, "n": Infinity}\n{"text": "b", "label": null, "n": 1.0}\n{"text": "c", "label": "", "n": 1e400}\n'
    )
    assert list(table.frame["label"]) == [""] * 3 and list(table.frame["n"]) == ["Infinity", "1", "inf"]


def test_keys(read):
    twice = read(lines(OBJECTS).replace('"label"', '"label": "no", "label"'))
    assert found(twice) == sorted(ROWS) and codes(twice) == {"repeated_keys": 30}
    order = read(lines([dict(reversed(row.items())) if number % 2 else row for number, row in enumerate(OBJECTS)]))
    assert found(order) == sorted(ROWS)
    later = read(lines([*OBJECTS, *({"text": "late", "label": "x", "more": number} for number in range(5000))]))
    assert list(later.frame["more"][:31]) == [""] * 30 + ["0"] and len(later.frame) == 5030
    assert list(read("[{1: 'one', None: 'none', 'a': (1, 2)}, {1: 'two'}]").frame.columns) == ["1", "null", "a"]
    same = read(lines([{"a.b": "x", "a": {"b": "y"}}] * 2))
    assert list(same.frame.columns) == ["a.b", "a.b (2)"] and list(same.frame.iloc[0]) == ["x", "y"]
    assert list(read(json.dumps([{"\ud83d": "half", " text ": "x\x00y"}])).frame.iloc[0]) == ["half", "x\x00y"]


def test_many_nested_fields_stay_json_text(tmp_path):
    path = tmp_path / "data.jsonl"
    path.write_text(lines([row | {"more": {f"{number} {key}": key for key in range(100)}} for number, row in enumerate(OBJECTS)]))
    table = read_table(path, path.name)
    assert list(table.frame.columns) == ["text", "label", "more"] and "kept as JSON text" in table.notes[-1]


TABLES = [
    "[URGENT] my card,billing\n[NEW] my parcel,delivery\n",
    '["billing"],my card was charged\n["login"],it is locked\n',
    '["billing"]\tmy card was charged\n["login"]\tit is locked\n',
    "{name} says,label\nHello {name},greeting\n",
    "[1] first text,a\n[2] second text,b\n",
    '{"a": 1},first\n{"b": 2},second\n',
    "[]\tnone\n[]\tnone\n",
    "[[link]] a text,a\n[[other]] b text,b\n",
    "[12:30] hello there,chat\n[12:31] bye,chat\n",
    "[1, 2 left,a\n[3, 4 left,b\n",
]


@pytest.mark.parametrize("content", TABLES)
def test_a_table_whose_first_cell_opens_with_a_bracket_is_a_table(content):
    for name in ("data.csv", "data.txt", "data"):
        assert not looks_like_json(content.encode(), name)


@pytest.mark.parametrize("name", ["data.csv", "data.txt", "data.json"])
def test_json_is_told_whatever_its_name(name):
    for content in (
        lines(OBJECTS),
        lines([PAIRS]),
        pretty(PAIRS),
        lines(PAIRS),
        str(OBJECTS),
        '{"a": [1, 2',
        "[NaN, 1]",
        '{"a": [' + '["x", "y"], ' * 9000,
    ):
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
            assert looks_like_json(content.encode(encoding)[:65536], name), (content[:40], encoding)


def test_lines_are_not_held_in_memory(tmp_path):
    path = tmp_path / "data.jsonl"
    path.write_text(lines([{"id": number, "text": f"{TEXTS[number % 3]} " * 9, "label": CLASSES[number % 3]} for number in range(12_000)]))
    tracemalloc.start()
    table = read_table(path, path.name)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(table.frame) == 12_000
    assert peak < 0.8 * path.stat().st_size  # without Arrow's own memory, which holds the texts once
