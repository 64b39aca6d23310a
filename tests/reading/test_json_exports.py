"""Rows as annotation tools and training services export them: one text and one class, and what is neither is said."""

import json

import pytest

from engine.errors import DataError
from engine.reading.columns.guess import guess_columns
from tests.reading.written_json import CLASSES, ROWS, codes, found, lines, pretty, reading_twice


@pytest.fixture
def read(tmp_path):
    return reading_twice(tmp_path)


def one_hot(label, one=1.0, zero=0.0):
    return {name: one if name == label else zero for name in CLASSES}


def task(text, results, number=1):
    annotation = {"id": 7, "completed_by": 1, "was_cancelled": False, "lead_time": 3.5, "result": results}
    return {"id": number, "data": {"text": text}, "annotations": [annotation], "predictions": [{"result": []}], "project": 1}


EXPORTS = {
    "one value in a list": lambda t, c: {"text": t, "label": [c]},
    "doccano": lambda t, c: {"id": 5, "text": t, "label": [c], "Comments": []},
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
    "a conversation with its class": lambda t, c: {"messages": [{"role": "user", "content": t}], "label": c, "type": "chat"},
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


@pytest.mark.parametrize(
    "row",
    [
        {"texts": ["one", "two"], "label": 1},
        {"sentences": ["one", "two"], "label": "same"},
        {"id": "a1", "text": ["one", "two"], "labels": ["x"]},
        {"id": 7, "examples": ["one", "two"]},
        {"name": "Ann", "questions": ["one", "two"], "sentiment": "good"},
        {"intent": "x", "text": "a text", "examples": ["one", "two"]},
    ],
)
def test_texts_that_belong_together_stay_one_row(read, row):
    table = read(lines([row, row]))
    assert len(table.frame) == 2 and '["one", "two"]' in list(table.frame.iloc[0])


def test_lists_of_columns_under_names_are_no_classes(read):
    by_file = {name: {"questions": ["a b c", "d e f"], "labels": ["x", "y"]} for name in ("one", "two")}
    assert "label" not in read(by_file).frame
    chat = [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}]
    assert list(read(lines([{"messages": chat, "label": "x"}] * 2)).frame["messages"]) == ["one\n\ntwo"] * 2


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
