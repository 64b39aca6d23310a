"""The same labelled texts for all tests of JSON, and what reads them from a file."""

import json

from engine.reading.columns.guess import guess_columns
from engine.reading.read_table import read_table

CLASSES = ["billing", "delivery", "login"]
TEXTS = ["the invoice shows a wrong amount", "the parcel is three days late", "the password reset mail never comes"]
ROWS = [(f"{TEXTS[number % 3]} ref {number}", CLASSES[number % 3]) for number in range(30)]
OBJECTS = [{"text": text, "label": label} for text, label in ROWS]
PAIRS = [[text, label] for text, label in ROWS]
BY_CLASS = {label: [text for text, other in ROWS if other == label] for label in CLASSES}


def reading_twice(folder):
    """Return what reads bytes, text or a value as JSON, and holds that reading again with the options that came out gives the same."""

    def read_file(content, name="data.json"):
        path = folder / name
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
