"""Rows as annotation tools and training services export them become rows with one text and one class."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from engine.reading.columns.names import LABEL_NAMES, TEXT_NAMES, name_rank
from engine.reading.values import Row, plain_text

EXAMPLES = ("patterns", "examples", "utterances", "training_phrases", "trainingPhrases", "samples", "userSays", "user_says")
"""Fields that hold several texts of one class."""
LISTED_TEXTS = ("phrases", "questions", "sentences", "queries", "text", "texts", "input", "inputs")
"""Fields that do so beside the name of an intent; beside a label their texts belong together."""
CLASS_FIELDS = ("tag", "intent", "label", "class", "category", "topic")
CLASS_NAMES = ("name", "displayName", "id")
"""Fields that name a class where there is no other."""
OWN_LABELS = {"label", "labels", "category", "class", "intent", "target", "sentiment", "topic", "tag"}
"""Fields that are a class whatever stands beside them."""
SCORES = {"cats", "label", "labels", "category", "categories", "classes", "tags", "intents", "topics"}
SCORED = {"score", "confidence", "probability"}
NO_CLASS = SCORED | {"id", "value", "index"}
ANSWERS = {"accept", "reject", "ignore"}
SPANS, TURNS, REJECTED = "spans", "turns", "rejected"
RESPONSES = ".responses"
"""What ends the names of fields with people's answers in the data sets that Argilla publishes."""
NESTED = {list, dict}
LABEL_STUDIO_VALUES = ("choices", "taxonomy", "rating", "number", "text")


def rows_of_export(row: Row, counts: Counter[str]) -> list[Row]:
    """Return the rows that stand in one exported row: none where it was rejected, several where it holds several texts of a class.

    ``counts`` counts what a person should know of.
    """
    if "answer" not in row and not any(type(value) in NESTED for value in row.values()):
        return [row]
    if isinstance(row.get("answer"), str) and row["answer"] in ANSWERS and {"accept", "label", "cats", "_task_hash"} & row.keys():
        if row["answer"] != "accept":
            counts[REJECTED] += 1
            return []
        row = {
            field: value
            for field, value in row.items()
            if not field.startswith("_") and field not in ("answer", "options", "tokens", "config")
        }
    parts, cats = row.get("paragraphs"), row.get("cats")
    if isinstance(parts, list) and isinstance(cats, list) and all(isinstance(item, dict) for item in [*parts, *cats]):  # spaCy 2
        classes = {cat["label"]: cat["value"] for cat in cats}
        row = {"id": row.get("id"), "text": "\n\n".join(part["raw"] for part in parts), "cats": classes}
    for field in ("messages", "conversations", "contents"):
        if field in row and (found := conversation(row, field, counts)):
            return [found]
    if several := texts_of_class(row):
        counts.update({"texts of classes": len(several), "descriptions": bool(row.get("intent") and row.get("description"))})
        return several
    for field in ("annotations", "completions"):
        if isinstance(row.get(field), list) and (isinstance(row.get("data"), dict) or "predictions" in row):
            row = label_studio(row, field, counts)
    if isinstance(row.get("fields"), dict) and {"responses", "suggestions"} & row.keys():
        row = argilla(row)
    if {"inputs", "prediction", "annotation"} <= row.keys():  # Argilla's first records
        row = {
            "text": row.get("text") or row["inputs"],
            **{key: row[key] for key in ("annotation", "id", "status", "metadata") if key in row},
        }
    if any(field.endswith(RESPONSES) for field in row):
        row = argilla_columns(row)
    return [{field: _value(field, value, counts) for field, value in row.items()}]


def _value(field: str, value: Any, counts: Counter[str]) -> Any:
    """Return what a field holds, freed of how its program stores it."""
    if isinstance(value, dict):
        if list(value) == ["choices"]:  # Label Studio's JSON-MIN
            return value["choices"]
        if field.lower() in SCORES and is_scores(value, certain=field != "cats"):
            return highest(value)
    labelled = isinstance(value, (dict, list)) and value and name_rank(field, LABEL_NAMES) is not None
    items = value if isinstance(value, list) else [value]
    if labelled and is_span(items[0]):
        counts[SPANS] += 1
        return plain_text(value)
    if labelled and all(isinstance(item, dict) and isinstance(item.get("name"), str) and not SCORED & item.keys() for item in items):
        return unique(item["name"] for item in items)
    if items and all(isinstance(item, dict) and "value" in item and {"status", "user_id"} & item.keys() for item in items):
        return submitted(items)
    return value


def conversation(row: Row, field: str, counts: Counter[str]) -> Row | None:
    """Return a conversation as OpenAI's fine-tuning takes it: what the user says is the text, the assistant's last answer the label.

    Where the conversation has a label of its own, all that is said is the text.
    """
    turns = row[field]
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, dict) for turn in turns):
        return None
    said = [(str(turn.get("role") or turn.get("from") or "").lower(), _content(turn)) for turn in turns]
    if not {role for role, _ in said} & {"user", "human"}:
        return None
    found: Row = {key: value for key, value in row.items() if key != field}
    if OWN_LABELS & row.keys():
        counts["labelled conversations"] += 1
        return found | {field: "\n\n".join(text for role, text in said if role not in ("system", "developer"))}
    answers = [text for role, text in said if role in ("assistant", "gpt", "model")]
    counts["conversations"] += 1
    counts[TURNS] += len(answers) > 1
    if system := "\n\n".join(text for role, text in said if role in ("system", "developer")):
        counts["system"] += 1
        found["system"] = system
    found["text"] = "\n\n".join(text for role, text in said if role in ("user", "human"))
    answer = answers[-1].strip() if answers else ""
    if answer.startswith("{"):  # structured output: {"category": "billing"}
        with contextlib.suppress(ValueError, RecursionError):
            values = list(json.loads(answer).values())
            answer = values[0] if len(values) == 1 else answer
    return found | {"label": answer}


def _content(turn: Row) -> str:
    content = turn.get("content", turn.get("value", turn.get("parts")))
    parts = content if isinstance(content, list) else [content]
    return "\n".join(str(part.get("text") or "") if isinstance(part, dict) else str(part) for part in parts if part is not None)


def texts_of_class(row: Row) -> list[Row]:
    """Return one row for each text of a class, such as the patterns of a chatbot's intent; none where the row is something else."""
    label = next((field for field in CLASS_FIELDS if isinstance(row.get(field), (str, int))), None)
    if label is None and not any(name_rank(field, LABEL_NAMES) is not None for field in row):
        label = next((field for field in CLASS_NAMES if isinstance(row.get(field), str)), None)
    names = EXAMPLES + (LISTED_TEXTS if label in ("tag", "intent", "name", "displayName") else ())
    lists = [field for field in names if isinstance(row.get(field), list) and row[field]]
    row = {field: row[field] for field in row if (label, lists, field) != ("intent", ["examples"], "description")}  # Watson: of the class
    if len(lists) != 1 or label is None or any(name_rank(field, TEXT_NAMES) is not None and isinstance(row[field], str) for field in row):
        return []
    if not all(isinstance(item, (str, dict)) for item in row[lists[0]]):
        return []
    kept = {field: value for field, value in row.items() if not isinstance(value, (list, dict)) and field != label}
    name = label if label in LABEL_NAMES else "label"
    return [{**kept, "text": text_of(item), name: row[label]} for item in row[lists[0]]]


def text_of(item: Any) -> str:
    """Return the text of an example; the parts of one that names entities are joined (Snips, Dialogflow)."""
    if not isinstance(item, dict):
        return str(item)
    parts = item.get("data") if isinstance(item.get("data"), list) else item.get("parts")
    if isinstance(parts, list):
        return "".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))
    found = next((value for field, value in item.items() if isinstance(value, str) and name_rank(field, TEXT_NAMES) is not None), None)
    return found if found is not None else str(next(iter(item.values()), ""))


def label_studio(row: Row, field: str, counts: Counter[str]) -> Row:
    """Return a task of Label Studio with the choices of all annotations that were not cancelled, and without predictions."""
    choices: dict[str, list[Any]] = {}
    for annotation in row[field]:
        results = annotation.get("result") if isinstance(annotation, dict) and not annotation.get("was_cancelled") else None
        for result in results if isinstance(results, list) else []:
            value = result.get("value") if isinstance(result, dict) else None
            if not isinstance(value, dict):
                continue
            if "start" in value:
                counts[SPANS] += 1
                continue
            for name in LABEL_STUDIO_VALUES:
                if name in value:
                    answer = value[name]
                    paths = isinstance(answer, list) and all(isinstance(item, list) for item in answer)
                    found = [" > ".join(map(str, path)) for path in answer] if paths else answer if isinstance(answer, list) else [answer]
                    asked = result.get("from_name")
                    choices.setdefault(f"{field}.{asked}" if asked else f"{field}.result.value.{name}", []).extend(found)
    kept = {key: value for key, value in row.items() if key in ("id", "data", "text", "meta") and value not in (None, {}, [])}
    return kept | {name: unique(found) for name, found in choices.items()}


def argilla(row: Row) -> Row:
    """Return a record of Argilla with the answers to each question: those of people that were not discarded, and the suggestions."""
    answers: dict[str, list[Any]] = {}
    responses = row.get("responses")
    if isinstance(responses, dict):
        answers = {question: submitted(found) for question, found in responses.items() if isinstance(found, list)}
    for response in responses if isinstance(responses, list) else []:
        if isinstance(response, dict) and isinstance(response.get("values"), dict) and response.get("status") != "discarded":
            for question, answer in response["values"].items():
                answers.setdefault(question, []).append(answer.get("value") if isinstance(answer, dict) else answer)
    found: Row = {key: row[key] for key in ("fields", "metadata") if row.get(key)}
    found |= {question: unique(_several(values)) for question, values in answers.items()}
    suggestions = row.get("suggestions")
    for question, suggestion in suggestions.items() if isinstance(suggestions, dict) else []:
        found[f"{question}.suggestion"] = suggestion.get("value") if isinstance(suggestion, dict) else suggestion
    return found


def argilla_columns(row: Row) -> Row:
    """Return a row of a data set that Argilla publishes: a question's answers that were not discarded, under its name."""
    found: Row = {}
    for field, value in row.items():
        if field.endswith(RESPONSES):
            values, status = value or [], row.get(f"{field}.status")
            known = status if isinstance(status, list) and len(status) == len(values) else [""] * len(values)
            chosen = [item for item, state in zip(values, known, strict=True) if state != "discarded"]
            found[field if field.removesuffix(RESPONSES) in row else field.removesuffix(RESPONSES)] = unique(_several(chosen))
        elif not field.endswith((f"{RESPONSES}.users", f"{RESPONSES}.status")):
            found[field] = value
    return found


def submitted(responses: list[Any]) -> list[Any]:
    """Return the different values of responses that were not discarded."""
    return unique(_several([r["value"] for r in responses if isinstance(r, dict) and "value" in r and r.get("status") != "discarded"]))


def _several(values: Iterable[Any]) -> list[Any]:
    return [item for value in values for item in (value if isinstance(value, list) else [value])]


def unique(values: Iterable[Any]) -> list[Any]:
    """Return the different values in their order."""
    found: list[Any] = []
    for value in values:
        if value is not None and value not in found:
            found.append(value)
    return found


def is_scores(value: Row, certain: bool) -> bool:
    """Return whether an object gives a number from 0 to 1 to each class; ``certain`` asks for 0 and 1 alone, as one-hot does."""
    numbers = [number for number in value.values() if number is not None]
    if not numbers or not all(isinstance(number, (bool, int, float)) and 0 <= number <= 1 for number in numbers):
        return False
    return not certain or (len(value) > 1 and all(number in (0, 1) for number in numbers) and not NO_CLASS & {key.lower() for key in value})


def highest(scores: Row) -> list[str]:
    """Return the classes with the highest score above 0: several where they share it."""
    most = max(number or 0 for number in scores.values())
    return [name for name, number in scores.items() if most > 0 and number == most]


def is_span(value: Any) -> bool:
    """Return whether a value marks a place in a text: start, end and the name of what stands there (doccano)."""
    if isinstance(value, dict):
        return isinstance(value.get("start_offset", value.get("start")), int) and isinstance(value.get("end_offset", value.get("end")), int)
    return (
        isinstance(value, list)
        and len(value) == 3
        and isinstance(value[0], int)
        and isinstance(value[1], int)
        and isinstance(value[2], str)
    )
