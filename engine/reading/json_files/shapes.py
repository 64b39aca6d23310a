"""The shapes in which JSON holds rows: each is one function from a value to its rows, or to nothing where it does not fit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from engine.errors import DataError
from engine.reading.columns.names import LABEL_NAMES, TEXT_NAMES, name_rank
from engine.reading.json_files.exports import EXAMPLES, LISTED_TEXTS, OWN_LABELS, text_of
from engine.reading.json_files.naming import SAMPLE_ROWS, cells_of, names_of, row_of
from engine.reading.values import Row, plain_text

MAX_PATH = 3
"""Keys, one inside the other, under which rows are looked for; and in objects of at most so many keys."""
MAX_KEYS = 50
SPLITS = {"train", "training", "val", "valid", "validation", "dev", "devel",
          "development", "eval", "evaluation", "test", "testing", "heldout"}  # fmt: skip
BESIDE_SPLITS = {"oos", "ood", "in", "out", "of", "scope", "domain", "set", "data", "split", "full", "small"}
"""Words that stand in the names of splits beside their own: ``oos_train``, ``test_data``."""
LABEL_KEYS = {"label", "labels", "category", "categories", "class", "classes", "target", "targets", "intents", "tags"}
"""Keys that are no names of classes."""
HEADERS = ("columns", "header", "headers", "fields", "names")
CLASS_NAMES = ("label_names", "labels_names", "target_names", "class_names", "labelnames", "classnames", "classes")
"""Keys of a list of the classes' names, where the rows have their numbers."""


@dataclass(frozen=True)
class Rows:
    """The rows that a value holds in one shape."""

    shape: str
    words: str
    """What the file holds, as a noun phrase."""
    items: Iterable[Any]
    """Rows as objects; what is none is left out and counted."""
    notes: tuple[str, ...] = ()
    header: bool | None = None
    """Whether the first list holds the names of the columns; ``None`` where rows are no lists."""
    doubtful: bool = False
    """Another shape that fits is as likely."""
    lost: tuple[tuple[str, int], ...] = ()
    """Lists of rows that stand beside these → how many rows each has."""


def rows_of(value: Any, shape: str | None, header: bool | None, name: str) -> Rows:
    """Return the rows of a value in the shape that is given, or in the likeliest one. Raises ``DataError`` where it has none."""
    refuse_questions(value, name)
    if isinstance(value, list) and (tables := _tables(value)):
        value = tables
    fitting = fitting_shapes(value, header)
    if shape is not None:
        chosen = next((rows for rows in fitting if rows.shape == shape), None)
        if chosen is None:
            listed = ", ".join(rows.shape for rows in fitting) or "none"
            raise DataError(
                f"“{name}” cannot be read in the shape “{shape}”. These fit it: {listed}. Choose one of them with --shape, or none."
            )
        return _with_class_names(chosen, value)
    if not fitting:
        raise DataError(
            f"“{name}” is {kind_of_value(value)}, which holds no rows. Expected a list of objects with a text and a label, one list "
            "for each column, one list of texts for each class, or one object a line. Export it in one of these shapes."
        )
    best, *others = fitting
    said = f"The file holds {best.words}."
    if best.shape in ("columns", "classes", "splits") and (beside := [key for key in value if not isinstance(value[key], (list, dict))]):
        said += f" What stands beside them was passed over: {_listed(beside)}."
        texts = [key for key in beside if best.shape == "classes" and isinstance(value[key], str) and len(value[key].split()) > 2]
        best = replace(best, lost=(*best.lost, *((key, 1) for key in texts)))
    others = [rows for rows in others if rows.shape != "object" and ("rows:" in best.shape or "rows:" not in rows.shape)]
    if others and best.shape not in ("splits", "split", "table"):
        listed = "; ".join(f"{rows.words}: --shape {rows.shape}" for rows in others[:3])
        said += f" It could also be read as {listed}."
    return _with_class_names(replace(best, notes=(said, *best.notes)), value)


def _tables(value: list[Any]) -> Row:
    """Return the tables of an export of phpMyAdmin, by their names."""
    kinds = [item.get("type") if isinstance(item, dict) else None for item in value[:SAMPLE_ROWS]]
    found = [item for item, kind in zip(value, kinds, strict=False) if kind == "table" and isinstance(item.get("data"), list)]
    return {str(item.get("name", "data")): item["data"] for item in found} if kinds[:1] == ["header"] else {}


def _with_class_names(rows: Rows, value: Any) -> Rows:
    """Replace numbers of classes by their names, where a list of them stands beside the rows (scikit-learn, CIFAR and others)."""
    if rows.shape == "rows:rows" and (labels := _class_labels(value)):
        lost = tuple(lost for lost in rows.lost if lost[0] != "features")
        note = f"Numbers stand for the names of classes that “features” gives ({_listed(labels)})."
        return replace(rows, items=(_named(item, labels) for item in rows.items), notes=(*rows.notes, note), lost=lost)
    key = next((key for key in CLASS_NAMES if isinstance(value, dict) and isinstance(value.get(key), list)), None)
    names = value[key] if key else []
    if not names or not all(isinstance(name, str) for name in names):
        return rows

    def named(item: Any) -> Any:
        if not isinstance(item, dict):
            return item
        return {
            field: names[cell] if type(cell) is int and 0 <= cell < len(names) and field.lower() in OWN_LABELS else cell
            for field, cell in item.items()
        }

    return replace(rows, items=map(named, rows.items), notes=(*rows.notes, f"Numbers of labels stand for the names in “{key}”."))


def _named(item: Any, labels: dict[str, list[Any]]) -> Any:
    if not isinstance(item, dict) or not isinstance(row := item.get("row"), dict):
        return item
    numbers = {key: row[key] for key, names in labels.items() if type(row.get(key)) is int and row[key] < len(names)}
    return item | {"row": row | {key: labels[key][number] if number >= 0 else None for key, number in numbers.items()}}  # -1: without


def _class_labels(value: Row) -> dict[str, list[Any]]:
    """Return the names of classes by the column, as Hugging Face's viewer of data sets gives them in “features”."""
    features = value["features"] if isinstance(value.get("features"), list) else []
    kinds = [(feature.get("name"), feature.get("type")) for feature in features if isinstance(feature, dict)]
    return {str(name): kind["names"] for name, kind in kinds if isinstance(kind, dict) and isinstance(kind.get("names"), list)}


def fitting_shapes(value: Any, header: bool | None = None) -> list[Rows]:
    """Return the rows of a value in every shape that fits it, the likeliest first."""
    if isinstance(value, list):
        return [rows for rows in (objects(value), lists(value, header)) if rows]
    if not isinstance(value, dict) or not value:
        return []
    fitting = [rows for shape in SHAPES for rows in [shape(value, header)] if rows] + under_keys(value, header) + single(value)
    return sorted(fitting, key=lambda rows: rows.doubtful)


def objects(value: list[Any]) -> Rows | None:
    """A list of objects."""
    share = sum(isinstance(item, dict) for item in value[:SAMPLE_ROWS]) / max(len(value[:SAMPLE_ROWS]), 1)
    return Rows("array", "a list of objects", value) if share >= 0.5 else None


def lists(value: list[Any], header: bool | None) -> Rows | None:
    """A list of lists: pairs of a text and a label in either order, or rows of more values."""
    if not (naming := names_of(value, header)):
        return None
    items = value[naming.header :]
    what = "pairs" if len(naming.names) == 2 else f"lists of {len(naming.names)} values"
    return Rows("pairs", f"a list of {what}", (row_of(item, naming.names) for item in items), (naming.note,), naming.header)


def pandas_split(value: Row, header: bool | None) -> Rows | None:
    """What pandas calls the orientation ``split``, and others write alike: the names of the columns once, and a list of lists."""
    columns = next((value[key] for key in HEADERS if isinstance(value.get(key), list)), None)
    data = next((value[key] for key in ("data", "rows", "values", "records") if isinstance(value.get(key), list)), None)
    if not columns or not data or not all(isinstance(item, list) for item in data[:SAMPLE_ROWS]):
        return None
    names = [plain_text(column.get("name") if isinstance(column, dict) else column) for column in columns]
    return Rows("split", "column names and lists of values", (row_of(item, names) for item in data))


def pandas_table(value: Row, header: bool | None) -> Rows | None:
    """What pandas calls the orientation ``table``: a schema beside a list of objects."""
    schema, data = value.get("schema"), value.get("data")
    if not isinstance(schema, dict) or not isinstance(data, list) or not (rows := objects(data)):
        return None
    key = schema.get("primaryKey")
    index = key if key == ["index"] else []
    items = ({field: cell for field, cell in item.items() if field not in index} if isinstance(item, dict) else item for item in data)
    return replace(rows, shape="table", words=f"a schema and {rows.words}", items=items)


def splits(value: Row, header: bool | None) -> Rows | None:
    """One value with rows for each split, as CLINC150 is published; a column says the split of each row."""
    filled = _containers(value)
    parts = {key: inner for key, inner in filled.items() if split_of(key)}
    lost = tuple((key, len(inner)) for key, inner in filled.items() if key not in parts and _is_rows(inner))
    names_above: bool | None = None
    if not parts:
        return parallel(filled, header)
    if lost and len(parts) < 2:
        return None
    if all(isinstance(inner, list) and isinstance(inner[0], list) for inner in parts.values()):
        if not (naming := names_of([item for inner in parts.values() for item in inner[:SAMPLE_ROWS]], header)):
            return None
        names, names_above = naming.names, naming.header
        notes: tuple[str, ...] = (naming.note,)
        items = (
            (key, row_of(item, names)) for key, inner in parts.items() for item in inner if not (naming.header and cells_of(item) == names)
        )
    else:
        inside = {key: next(iter(fitting_shapes(inner, header)), None) for key, inner in parts.items()}
        if not all(rows and rows.shape not in ("object", "splits") for rows in inside.values()):
            return None
        notes = tuple(dict.fromkeys(note for rows in inside.values() if rows for note in rows.notes))
        items = ((key, item) for key, rows in inside.items() if rows for item in rows.items)
    words = f"the rows of several splits ({_listed(parts)}; see the column “split”)"
    return Rows("splits", words, _marked(((split_of(key), item) for key, item in items), "split"), notes, names_above, lost=lost)


def parallel(filled: Row, header: bool | None) -> Rows | None:
    """One list for each column of each split: ``train_texts``, ``train_labels``, ``test_texts`` and so on."""
    parts: dict[str, Row] = {}
    for key, inner in filled.items():
        words = re.findall(r"[a-z]+", key.lower())
        split = [word for word in words if word in SPLITS]
        column = " ".join(word for word in words if word not in SPLITS)
        if len(split) != 1 or not column:
            return None
        parts.setdefault(split[0], {})[{"x": "text", "y": "label"}.get(column, column)] = inner
    inside = {split: columns(found, header) for split, found in parts.items()}
    if not inside or not all(rows and not rows.doubtful for rows in inside.values()) or len({tuple(found) for found in parts.values()}) > 1:
        return None
    items = ((split, item) for split, rows in inside.items() if rows for item in rows.items)
    return Rows("splits", f"one list for each column of each split ({_listed(filled)})", _marked(items, "split"))


def _marked(items: Iterable[tuple[str, Any]], column: str) -> Iterator[Any]:
    """Yield each row with the name of the list in which it stands."""
    for mark, item in items:
        yield {**item, (f"{column} (key)" if column in item else column): mark} if isinstance(item, dict) else None


def split_of(key: str) -> str:
    """Return the split that a key names, such as ``train`` of ``oos_train``; the empty string where it names none."""
    words = re.findall(r"[a-z]+", key.lower())
    found = [word for word in words if word in SPLITS]
    return found[0] if len(found) == 1 and all(word in SPLITS | BESIDE_SPLITS for word in words) else ""


def columns(value: Row, header: bool | None) -> Rows | None:
    """One list for each column, all of one length; or as pandas writes it, one object for each column from row to cell."""
    filled = {key: inner for key, inner in _containers(value).items() if key not in CLASS_NAMES}
    if len(filled) < 2:
        return None
    if all(isinstance(inner, list) for inner in filled.values()):
        doubtful = not any(name_rank(key, TEXT_NAMES) is not None for key in filled) and _alike(filled)
    elif all(isinstance(inner, dict) for inner in filled.values()):
        keys = list(next(iter(filled.values())))
        if any(list(inner) != keys or any(isinstance(cell, dict) for cell in inner.values()) for inner in filled.values()):
            return None
        doubtful = not _is_index(keys) and (_is_index(filled) or len(filled) > len(keys))
        filled = {key: list(inner.values()) for key, inner in filled.items()}
    if len({len(inner) if isinstance(inner, list) else -1 for inner in filled.values()}) > 1:
        return None
    items = (dict(zip(filled, cells, strict=True)) for cells in zip(*filled.values(), strict=True))
    return Rows("columns", f"one list for each column ({_listed(filled)})", items, doubtful=doubtful)


def classes(value: Row, header: bool | None) -> Rows | None:
    """One list of texts, or of objects with a text, for each class; or for each class of several groups."""
    filled = _containers(value)
    if not filled or _column_names(filled) or all(map(split_of, filled)) or (LABEL_KEYS | set(EXAMPLES)) & {key.lower() for key in filled}:
        return None
    found = {key: examples for key, inner in filled.items() if (examples := _examples(inner))}
    if not found and len(filled) > 1 and all(isinstance(inner, dict) for inner in filled.values()):
        groups = {key: classes(inner, header) for key, inner in filled.items()}
        grouped = _marked(((key, item) for key, rows in groups.items() if rows for item in rows.items), "group")
        words = f"one list of texts for each class, in groups ({_listed(filled)})"
        return Rows("classes", words, grouped) if all(groups.values()) else None
    fields = [set(examples[0]) if isinstance(examples[0], dict) else set() for examples in found.values()]
    if len(found) < len(filled) or len(set(map(bool, fields))) > 1 or any(map(_repeats, found.values())):
        return None
    if fields[0] and (len(found) < 2 or any(len(keys & fields[0]) < 0.5 * len(keys | fields[0]) for keys in fields)):
        return None  # lists of several kinds of objects under their keys
    items = _marked(((key, _example_row(item)) for key, examples in found.items() for item in examples), "label")
    return Rows("classes", f"one list of texts for each class ({_listed(filled)})", items)


def _repeats(examples: list[Any]) -> bool:
    """Return whether a list holds few values again and again: it is a column of labels, and no texts of one class."""
    sample = [str(example) for example in examples[:SAMPLE_ROWS]]
    return len(sample) >= 10 and len(set(sample)) <= 0.2 * len(sample)


def _example_row(item: Any) -> Row:
    if isinstance(item, dict) and not isinstance(item.get("data"), list):
        return item
    return {"text": text_of(item)}


def _examples(inner: Any) -> list[Any] | None:
    """Return the texts of one class, or ``None`` where a value is no list of them."""
    if isinstance(inner, dict):
        found = [key for key in (*EXAMPLES, *LISTED_TEXTS) if isinstance(inner.get(key), list)]
        return _examples(inner[found[0]]) if len(found) == 1 and not LABEL_KEYS & {key.lower() for key in inner} else None
    sample = inner[:SAMPLE_ROWS]
    kinds = Counter(type(item) for item in sample)
    return inner if kinds[str] >= 0.9 * len(sample) or (kinds[dict] == len(sample) and all(sample)) else None


def index(value: Row, header: bool | None) -> Rows | None:
    """One object for each row under its key, as pandas writes the orientation ``index``."""
    filled = {key: inner for key, inner in value.items() if isinstance(inner, dict) and inner}
    if len(filled) < 2 or len(filled) < len(value):
        return None
    fields = Counter(chain.from_iterable(filled.values()))
    if max(fields.values()) < 0.5 * len(filled) or len(fields) > 3 * max(map(len, filled.values())):
        return None
    number = _is_index(filled)
    doubtful = not number and (_is_index(fields) or len(filled) <= len(fields))
    items = filled.values() if number else _marked(((key, inner) for key, inner in filled.items()), "key")
    return Rows("index", f"one object for each row under its key ({_listed(filled)})", items, doubtful=doubtful)


def mapping(value: Row, header: bool | None) -> Rows | None:
    """One object from text to label, or to a list of labels."""
    keys = list(value)
    if len(keys) < 2 or not all(isinstance(inner, (str, int, float)) or (isinstance(inner, list) and inner) for inner in value.values()):
        return None
    distinct = len({plain_text(inner) for inner in value.values()})
    if sum(len(key.split()) for key in keys) < 2.5 * len(keys) or distinct > max(0.5 * len(keys), 2):
        return None
    return Rows("mapping", "texts, each with its label", ({"text": key, "label": inner} for key, inner in value.items()))


SHAPES: tuple[Callable[[Row, bool | None], Rows | None], ...] = (
    pandas_split, pandas_table, splits, mapping, columns, classes, index,
)  # fmt: skip
"""The shapes of one object, the likeliest first. A new one is one function."""


def under_keys(value: Row, header: bool | None) -> list[Rows]:
    """Return the rows that stand under a key, or under a path of keys, the likeliest first."""
    found = list(_under(value, header))
    found.sort(key=lambda entry: entry[0], reverse=True)
    lists_found = [(path, size) for (_, size), path, rows in found if "list" in rows.words]
    return [
        replace(rows, lost=tuple((other, size) for other, size in lists_found if other != path and not _inside(path, other)))
        for _, path, rows in found
    ]


def _under(value: Row, header: bool | None, prefix: str = "", depth: int = 1) -> Iterator[tuple[tuple[int, int], str, Rows]]:
    """Yield rows with what speaks for them: whether names say that they are texts, and how many there are."""
    for key, inner in _containers(value).items() if len(value) <= MAX_KEYS else ():
        path, rows = f"{prefix}{key}", None
        watson = isinstance(inner, list) and isinstance(inner[0], dict) and {"intent", "examples"} <= inner[0].keys()  # intents come first
        if isinstance(inner, dict):
            rows = next((rows for shape in SHAPES for rows in [shape(inner, header)] if rows and not rows.doubtful), None)
            named = rows is not None and (rows.shape in ("splits", "classes", "split", "table") or _column_names(inner))
            size = sum(map(len, _containers(inner).values()))
        elif _is_rows(inner):
            rows = next(iter(fitting_shapes(inner, header)), None)
            named = isinstance(inner[0], dict) and any(name_rank(key, TEXT_NAMES) is not None or key in EXAMPLES for key in inner[0])
            size = len(inner)
        if rows:
            yield (
                (named + watson, size),
                path,
                replace(rows, shape=f"rows:{path}", words=f"{rows.words} under “{path}” ({size:,})", doubtful=size < 2),
            )
        elif isinstance(inner, dict) and depth < MAX_PATH:
            yield from _under(inner, header, f"{path}.", depth + 1)


def _inside(path: str, other: str) -> bool:
    return path.startswith(f"{other}.") or other.startswith(f"{path}.")


def single(value: Row) -> list[Rows]:
    """Return an object as the one row that it is, where it has a field that is neither a list nor an object."""
    if all(isinstance(inner, (list, dict)) for inner in value.values()):
        return []
    named = any(name_rank(key, TEXT_NAMES) is not None and isinstance(inner, str) for key, inner in value.items())
    return [Rows("object", "one object, which is one row", [value], doubtful=not named)]


def refuse_questions(value: Any, name: str) -> None:
    """Raise ``DataError`` on SQuAD and its kind: questions with answers in a text have no classes."""
    data = value.get("data") if isinstance(value, dict) else value
    sample = [item for item in data[:SAMPLE_ROWS] if isinstance(item, dict)] if isinstance(data, list) else []
    parts = sample[0].get("paragraphs") if sample else None
    if isinstance(parts, list) and not any(isinstance(item.get("cats"), list) and item["cats"] for item in sample):  # spaCy 2
        spacy = any(isinstance(part, dict) and {"raw", "sentences"} & part.keys() for part in parts)
        questions = "a set of questions about paragraphs (as SQuAD is published): its answers are places in a text"
        what = "training data of spaCy without “cats”: its labels are of words" if spacy else questions
        raise DataError(f"“{name}” is {what}, not classes. Expected a text and a class for each row. Choose another data set.")


def kind_of_value(value: Any) -> str:
    """Return what a value without rows is, in words."""
    if isinstance(value, list) and value:
        return f"a list of {'texts without labels' if isinstance(value[0], str) else 'single values'}"
    if not isinstance(value, dict) or not value:
        return "an empty list or a single value"
    lengths = {len(inner) for inner in value.values() if isinstance(inner, list)}
    uneven = f" whose lists have different lengths ({min(lengths):,} to {max(lengths):,})" if len(lengths) > 1 else ""
    return f"an object with the keys {_listed(value)}{uneven}"


def _column_names(keys: Iterable[str]) -> bool:
    texts = any(name_rank(key, TEXT_NAMES) is not None for key in keys)
    return texts and any(name_rank(key, LABEL_NAMES) is not None for key in keys)


def _alike(lists_by_key: Row) -> bool:
    """Return whether all lists hold objects, or strings that repeat about equally often: then none of them is a column of labels."""
    samples = [inner[:SAMPLE_ROWS] for inner in lists_by_key.values()]
    if all(isinstance(item, dict) for sample in samples for item in sample):
        return True
    if not all(isinstance(item, str) for sample in samples for item in sample):
        return False
    distinct = [len(set(sample)) for sample in samples]
    return min(distinct) > 0.5 * max(distinct)


def _is_index(keys: Iterable[str]) -> bool:
    return all(key.isdigit() for key in keys)


def _containers(value: Row) -> Row:
    return {key: inner for key, inner in value.items() if isinstance(inner, (list, dict)) and inner}


def _is_rows(inner: Any) -> bool:
    return isinstance(inner, list) and bool(inner) and isinstance(inner[0], (list, dict))


def _listed(keys: Iterable[str]) -> str:
    names = list(keys)
    return ", ".join(f"“{name[:40]}”" for name in names[:4]) + (" …" if len(names) > 4 else "")
