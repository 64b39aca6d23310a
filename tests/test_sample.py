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

from engine.data.splitting import load_prepared
from engine.data.store import sample_choice
from engine.runs.experiment import Experiment
from engine.runs.preparing.prepare import dataset_store
from engine.runs.preparing.vectors import place_of_features
from engine.shared.encoders.checkpoint import bundled_checkpoint
from engine.shared.encoders.vector_file import hash_texts

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


def test_vectors_that_come_with_it_are_found_for_all_of_its_texts(tmp_path: Path) -> None:
    experiment, checkpoint = Experiment(data=sample_choice()), bundled_checkpoint()
    texts = load_prepared(dataset_store(), experiment.data).frame["text"].tolist()
    features = place_of_features(experiment, checkpoint, hash_texts(texts), tmp_path)
    assert features.count_missing() == 0, "run `python -m scripts.sample_vectors`"
    assert features.gather(checkpoint.hidden_size) == len(texts) == 725 and not features.findings
    assert features.file.stat().st_size < 1.2e6


@pytest.mark.thorough
def test_vectors_that_come_with_it_are_those_of_the_bundled_encoder(
    sample: pandas.DataFrame, vectors: numpy.ndarray, tmp_path: Path
) -> None:
    checkpoint = bundled_checkpoint()
    features = place_of_features(Experiment(data=sample_choice()), checkpoint, hash_texts(sample["message"].tolist()), tmp_path)
    assert features.gather(checkpoint.hidden_size) == len(sample)
    difference = float(numpy.abs(features.open() - vectors).max())
    assert difference <= 1e-5, f"They differ from what sentence-transformers computes by {difference:.2g}"


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
