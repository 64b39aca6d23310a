"""JSON: every shape in which labelled texts are written down is read, said, and read the same again; else it is refused in a sentence."""

import json

import pandas
import pytest

from engine.data.reading.columns import guess_columns
from engine.data.reading.read_table import read_table

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


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_encodings_of_unicode(read, encoding):
    for value in (OBJECTS, PAIRS, {"train": PAIRS}):
        assert found(read(json.dumps(value).encode(encoding))) == sorted(ROWS)
    assert found(read(lines(OBJECTS).encode(encoding), "data.jsonl")) == sorted(ROWS)
    assert found(read(("\n " + lines(OBJECTS)).encode(encoding), "data.txt")) == sorted(ROWS)
