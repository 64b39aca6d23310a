"""What stands around an exported model: the same rows as in training, means over windows, labels; in the engine and cut out of it alike."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.serving.engine_code import text_inputs_module
from engine.shared.text.inputs import TextInputs, named_answers
from engine.shared.text.tokens import token_rows
from engine.shared.text.vocabulary import Terms, train_words

TEXTS = ["The parcel is late, late again", "Refund the parcel, please", "the refund is late", "parcel parcel refund the is please again"]
NEW = ["The parcel is late and a refund is due, please, please again", "", "unknown words only", "PARCEL"]


def folder_of(place: Path, **facts: Any) -> Path:
    """What lies beside an exported model."""
    place.mkdir()
    manifest = {"takes": "tokens", "max_tokens": 4, "padding": 0, "long_texts": "truncate", "labels": ["a", "b"]} | facts
    (place / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    train_words(TEXTS, 100).save(str(place / "tokenizer.json"))
    (place / "vocabulary.json").write_text(Terms.fit(TEXTS, 100).to_json(), encoding="utf-8")
    return place


def test_tokens_are_those_of_the_training(tmp_path: Path) -> None:
    rows, counts = TextInputs(folder_of(tmp_path / "model")).rows(NEW)
    expected = token_rows(train_words(TEXTS, 100), NEW, 4, windows=False, padding=0).ids
    assert rows.dtype == np.int32 and np.array_equal(rows, expected) and counts.tolist() == [1, 1, 1, 1]


def test_a_text_in_windows_has_the_mean_of_their_logits(tmp_path: Path) -> None:
    inputs = TextInputs(folder_of(tmp_path / "model", long_texts="windows"))
    rows, counts = inputs.rows(NEW)
    assert counts.tolist() == [4, 1, 1, 1] and rows.shape == (7, 4)  # an empty text keeps one row of padding

    def model(some: np.ndarray) -> np.ndarray:
        return np.stack([some.sum(axis=1), some[:, 0]], axis=1).astype(np.float32)

    assert inputs.logits(NEW, model)[0] == pytest.approx(model(rows[:4]).mean(axis=0))
    assert inputs.logits(NEW, model)[1].tolist() == [0.0, 0.0]


def test_terms_are_written_out(tmp_path: Path) -> None:
    rows, _ = TextInputs(folder_of(tmp_path / "model", takes="shares")).rows(NEW)
    terms = Terms.fit(TEXTS, 100)
    assert rows.shape == (4, terms.size) and rows.dtype == np.float32
    assert rows[3].tolist() == [float(term == "parcel") for term in terms.terms] and not rows[1].any()


def test_labels_and_probabilities_come_of_logits_however_large() -> None:
    first, second = named_answers(np.array([[1e4, 0.0], [0.0, 0.0]], np.float32), ["a", "b"])
    assert first == {"label": "a", "probabilities": {"a": 1.0, "b": 0.0}}
    assert second == {"label": "a", "probabilities": {"a": 0.5, "b": 0.5}}


@pytest.mark.parametrize("facts", [{"long_texts": "windows"}, {"takes": "shares"}], ids=["windows", "terms"])
def test_the_module_that_bundles_carry_gives_the_same_rows_without_parity(facts: dict[str, Any], tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "model", **facts)
    (folder / "text_inputs.py").write_text(text_inputs_module(), encoding="utf-8")
    program = (
        "import sys; sys.path.insert(0, '.')\nimport json, pathlib, text_inputs\n"
        "rows, counts = text_inputs.TextInputs(pathlib.Path()).rows(json.load(sys.stdin))\n"
        "assert 'engine' not in sys.modules\nprint(json.dumps([rows.tolist(), counts.tolist()]))"
    )
    answer = subprocess.run([sys.executable, "-I", "-c", program], cwd=folder, input=json.dumps(NEW), capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    rows, counts = TextInputs(folder).rows(NEW)
    assert json.loads(answer.stdout) == [rows.tolist(), counts.tolist()]
