"""What a split column says: which part of the data a value names, and which column of a table is likely to be one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable

from engine.reading.table import Table, chunks_of

PARTS = ("train", "validation", "test")
"""The three parts of the data, in this order everywhere."""
NO_PART = ""
"""The part of a value that says that a row is in none: ``unlabelled``, ``extra``, an empty cell."""
MOST_VALUES = 20
"""A column with more different values than this is not offered as a split column."""

_WORDS = {
    "train": "train training trainings trn learn learning entrenamiento entrainement apprentissage addestramento treino treinamento "
    "обучение обучающая 训练 訓練 学習",
    "validation": "validation valid val validate validating dev devel develop development validierung validierungs validacion validazione "
    "validacao eval evaluation валидация 验证 驗證 検証",
    "test": "test tests testing tst holdout prueba prueva teste тест тестовая 测试 測試 テスト",
    NO_PART: "none null nan na n a extra other unknown unlabelled unlabeled unsupervised unused exclude excluded ignore ignored "
    "discard discarded dropped",
}
_EVALUATION = {"eval", "evaluation"}
_WITHOUT_LABELS = {"unlabelled", "unlabeled", "unsupervised", "unused", "excluded", "ignored", "discarded"}
_ANSWERS = {"true": True, "yes": True, "1": True, "1.0": True, "false": False, "no": False, "0": False, "0.0": False}
_ENDINGS = ("set", "data", "split", "part", "sample", "file", "集", "daten", "satz")
_COLUMN_WORDS = {"split", "splits", "set", "subset", "partition", "fold", "usage", "phase", "part", "dataset", "datasplit", "traintest"}


def _words(value: str) -> list[str]:
    """Return the words of a value in small letters without accents: ``TrainSet_1`` is ``train``, ``held-out`` is ``holdout``."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", value)
    folded = "".join(letter for letter in unicodedata.normalize("NFKD", parted) if not unicodedata.combining(letter)).casefold()
    words = re.findall(r"[^\W\d_]+", re.sub(r"h[eo]ld[\W_]*out", "holdout", folded))
    return [next((word[: -len(end)] for end in _ENDINGS if word.endswith(end) and word[: -len(end)] in _PART_OF), word) for word in words]


_PART_OF: dict[str, str] = {}
_PART_OF |= {_words(word)[0]: part for part, words in _WORDS.items() for word in words.split()}


def part_of(value: str) -> str | None:
    """Return the part that a value names, ``NO_PART`` where it names none, ``None`` where it means something else or two parts."""
    words = _words(value)
    named = {_PART_OF[word] for word in words if word in _PART_OF} - {NO_PART}
    if len(named) == 1:
        return NO_PART if _WITHOUT_LABELS & set(words) else named.pop()
    says_none = all(_PART_OF.get(word) == NO_PART for word in words) and not any(letter.isdigit() for letter in value)
    return NO_PART if not named and says_none else None


def parts_of(values: Iterable[str], name: str = "") -> dict[str, str | None]:
    """Return the part of each value of one column; beside a value for validation, and none for the test, ``eval`` is the test part.

    In a column whose name is that of a part, such as ``is_valid``, the values may be yes and no.
    """
    parts = {value: part_of(value) for value in values}
    answers = {value: _ANSWERS.get(value.strip().casefold()) for value in parts}
    if (named := part_of(name)) and None not in answers.values():
        other = PARTS[0] if named != PARTS[0] else PARTS[2]
        return {value: named if answer else other for value, answer in answers.items()}
    evaluation = [value for value in parts if _EVALUATION & set(_words(value))]
    others = {part for value, part in parts.items() if value not in evaluation}
    if "validation" in others and "test" not in others:
        parts |= {value: "test" for value in evaluation if parts[value] == "validation"}
    return parts


def likely_split_column(table: Table, besides: Collection[str] = ()) -> str | None:
    """Return the column in which a file publishes its split, ``None`` where there is no such column; ``besides`` are text and label.

    Its name says that it is one (``split``, ``set``, ``partition``, ``fold`` …), every value is understood, and training and another part
    occur.
    """
    for name in map(str, table.frame.columns):
        if name in besides or not _COLUMN_WORDS & {*_words(name), *re.findall(r"[a-z]+", name.casefold())}:
            continue
        values = chunks_of(table.frame, name).unique().to_pylist()
        parts = set(parts_of(values).values()) if len(values) <= MOST_VALUES else {None}
        if None not in parts and PARTS[0] in parts and parts & {*PARTS[1:]}:
            return name
    return None
