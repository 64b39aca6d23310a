"""JSON: every shape in which labelled texts are written down is read, said, and read the same again; else it is refused in a sentence."""

import json
import tracemalloc

import pandas
import pytest

from engine.errors import DataError
from engine.reading.columns.guess import guess_columns
from engine.reading.json_files import parsing
from engine.reading.json_files.parsing import looks_like_json
from engine.reading.options import ReadingOptions
from engine.reading.read_table import read_table
from tests.reading.written_json import BY_CLASS, CLASSES, OBJECTS, PAIRS, ROWS, TEXTS, codes, found, lines, pretty, reading_twice


@pytest.fixture
def read(tmp_path):
    return reading_twice(tmp_path)


FRAME = pandas.DataFrame(OBJECTS)
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
    "intents with texts": (lines([{"intents": [{"name": c, "text": t} for c, t in BY_CLASS.items()]}]), "rows:intents"),
    "splits under two keys": (lines([{"corpus": {"splits": {"train": OBJECTS[:20], "test": OBJECTS[20:]}}, "v": 1}]), "rows:corpus.splits"),
    "splits with their rows under a key": (lines([{"train": {"data": OBJECTS[:20]}, "test": {"data": OBJECTS[20:]}}]), "splits"),
    "intents, one a line": (lines([{"intent": label, "examples": texts} for label, texts in BY_CLASS.items()]), "lines"),
    "Dialogflow": (lines([{"name": c, "training_phrases": [{"parts": [{"text": t[:5]}, {"text": t[5:]}]} for t in texts]} for c, texts in
                          BY_CLASS.items()]), "lines"),
    "Snips": (lines([{"intents": {c: {"utterances": [{"data": [{"text": t[:9]}, {"text": t[9:], "entity": "x"}]} for t in texts]}
                                  for c, texts in BY_CLASS.items()}, "entities": {}, "language": "en"}]), "rows:intents"),
    "texts with their labels": (lines([dict(ROWS)]), "mapping"),
    "texts with lists of their labels": (lines([{text: [label] for text, label in ROWS}]), "mapping"),
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
        {
            "label_names": CLASSES,
            "rows": [{"text": text, "label": number, "rating": 1} for (text, _), number in zip(ROWS, NUMBERED, strict=True)],
        },
        {"train": [[text, number] for (text, _), number in zip(ROWS, NUMBERED, strict=True)], "classes": CLASSES},
    ],
)
def test_numbers_of_classes_stand_for_the_names_beside_them(read, value):
    table = read(value)
    assert found(table) == sorted(ROWS) and any("stand for the names in" in note for note in table.notes)
    assert "rating" not in table.frame or set(table.frame["rating"]) == {"1"}


def test_classes_may_have_long_names(read):
    table = read({f"{label} of credit or prepaid cards": texts for label, texts in BY_CLASS.items()})
    assert table.options.shape == "classes" and len(found(table)) == 30


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


def test_one_text_beside_lists_of_texts_is_counted(tmp_path):
    path = tmp_path / "classes.json"
    path.write_text(json.dumps({**{name: [text for text, label in ROWS if label == name] for name in CLASSES}, "fraud": "one text alone"}))
    table = read_table(path, path.name)
    assert len(table.frame) == len(ROWS) and [(f.code, f.count) for f in table.findings] == [("lists_left_out", 1)]


def test_columns_of_different_lengths_are_no_classes(tmp_path):
    path = tmp_path / "columns.json"
    path.write_text(json.dumps({"tickets": [text for text, _ in ROWS], "departments": [label for _, label in ROWS][:-1]}))
    with pytest.raises(DataError, match="holds no rows"):
        read_table(path, path.name)
