"""The bundled sample keeps what assets/README.md promises: written one by one, overlapping, learnable but not trivial."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy
import pandas
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score

SAMPLE = Path(__file__).parents[1] / "assets" / "support_messages.csv"
DEPARTMENTS = {"account", "billing", "delivery", "returns", "technical"}

ENCODE = """
import sys, numpy, pandas
from engine.shared.encoders.checkpoint import bundled_checkpoint
from sentence_transformers import SentenceTransformer
texts = pandas.read_csv(sys.argv[1])["message"].tolist()
numpy.save(sys.argv[2], SentenceTransformer(str(bundled_checkpoint().folder), device="cpu").encode(texts, normalize_embeddings=True))
"""
"""Runs in a process of its own, for the tests' process never imports a framework."""


@pytest.fixture(scope="module")
def sample() -> pandas.DataFrame:
    return pandas.read_csv(SAMPLE, dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> numpy.ndarray:
    """The bundled encoder's vectors (texts, 384), each of length 1."""
    target = tmp_path_factory.mktemp("sample") / "vectors.npy"
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    subprocess.run([sys.executable, "-c", ENCODE, str(SAMPLE), str(target)], cwd=SAMPLE.parents[1], env=environment, check=True)
    return numpy.load(target)


def test_at_least_600_messages_in_five_equal_departments(sample: pandas.DataFrame) -> None:
    assert list(sample.columns) == ["message", "department"]
    assert len(sample) >= 600
    assert set(sample["department"]) == DEPARTMENTS
    assert sample["department"].value_counts().nunique() == 1


def test_messages_have_10_to_120_words(sample: pandas.DataFrame) -> None:
    words = sample["message"].str.split().str.len()
    outside = sample[(words < 10) | (words > 120)]
    assert outside.empty, f"Messages outside 10 to 120 words, in rows {outside.index.tolist()}"


def test_no_message_occurs_twice(sample: pandas.DataFrame) -> None:
    normalised = sample["message"].str.lower().str.replace(r"\W+", " ", regex=True).str.strip()
    assert not normalised.duplicated().any(), sample[normalised.duplicated(keep=False)]


def test_messages_are_written_one_by_one(sample: pandas.DataFrame) -> None:
    """A template would show as a run of words that many messages share."""
    sharing: Counter[tuple[str, ...]] = Counter()
    for message in sample["message"]:
        words = re.findall(r"[\w']+", message.lower())
        sharing.update({tuple(words[start : start + 6]) for start in range(len(words) - 5)})
    phrase, messages = sharing.most_common(1)[0]
    assert messages <= 3, f"“{' '.join(phrase)}” stands in {messages} messages; expected no six words in a row in more than 3"


def test_the_file_is_clean(sample: pandas.DataFrame) -> None:
    assert not sample["message"].str.contains(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffd]", regex=True).any()
    assert (sample["message"] == sample["message"].str.strip()).all()


@pytest.mark.thorough
def test_fewer_than_one_in_a_hundred_nearest_neighbours_are_near_copies(vectors: numpy.ndarray) -> None:
    similarity = vectors @ vectors.T
    numpy.fill_diagonal(similarity, -1)
    nearest = similarity.max(axis=1)
    assert (nearest > 0.95).mean() < 0.01, f"Largest cosine {nearest.max():.3f}"


@pytest.mark.thorough
def test_logistic_regression_reaches_80_to_95_percent(sample: pandas.DataFrame, vectors: numpy.ndarray) -> None:
    folds = StratifiedKFold(n_splits=5, shuffle=True, random_state=0)
    accuracy = cross_val_score(LogisticRegression(max_iter=2000), vectors, sample["department"], cv=folds).mean()
    assert 0.80 <= accuracy <= 0.95, f"5-fold accuracy {accuracy:.3f}"
