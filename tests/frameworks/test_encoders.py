"""The two wings' encoders give the same vectors, those of sentence-transformers, for every family; and refuse what is damaged.

What each wing made in its own process comes back as files.
"""

from __future__ import annotations

import json
import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.shared.encoders.checkpoint import bundled_checkpoint
from engine.shared.encoders.checks import ACTIVATIONS, KERAS_ACTIVATIONS
from tests.tiny_checkpoints import FAMILIES, SENTENCES, USUAL_FAMILIES
from tests.wing_process import InWing

WINGS = ("pytorch", "tensorflow")
BAR = 1e-4
"""Largest difference of any number of a vector; what is measured is a hundred times less."""

VARIANTS = (
    "bert-cls", "bert-relu", "albert-exact-gelu", "bert-one-segment", "bert-without-pooler", "albert-without-pooler", "roberta-prefixed",
    "bert-half-precision", "bert-sharded", "roberta-sharded", "bert-marked", "bert-bare", "albert-bare",
)  # fmt: skip
ALL = ("bundled", *FAMILIES, *VARIANTS)
USUAL = (*USUAL_FAMILIES, "bert-without-pooler", "roberta-prefixed", "bert-sharded")
DAMAGED = ("bert-truncated", "bert-missing-tensor", "bert-wrong-size", "bert-odd-activation")
TEXTS = [*SENTENCES, "", "word " * 300, *(f"{sentence} {sentence}" for sentence in SENTENCES)]
"""Of many lengths: empty, longer than any limit, and enough for several batches."""

pytestmark = pytest.mark.timeout(600)


def encode_everything(wing: str, checkpoints: Path, output: Path, names: list[str]) -> None:
    """What the process of one wing does: every checkpoint, pooling and normalisation into ``output/<name>-<pooling>-<normalize>.npy``."""
    from importlib import import_module

    from engine.errors import EncoderError
    from engine.shared.text.tokens import load_tokenizer
    from engine.workers.guards import guard_encoder

    encoder = import_module(f"engine.frameworks.{wing}.encoder")
    answers: dict[str, Any] = {"errors": {}}
    told_sizes: list[int] = []
    for name in names:
        folder = bundled_checkpoint().folder if name == "bundled" else checkpoints / name
        try:
            with guard_encoder(wing, folder, "cpu"):
                model = encoder.load_encoder(folder)
        except EncoderError as error:
            answers["errors"][name] = str(error)
            continue
        tokenizer = load_tokenizer(folder, 256 if name == "bundled" else 60)
        for pooling, normalize in product(("mean", "cls"), (True, False)):
            np.save(
                output / f"{name}-{pooling}-{normalize}.npy", encoder.encode(model, tokenizer, TEXTS, pooling, normalize, token_budget=64)
            )
        if name in ("bundled", "bert"):
            fast = encoder.load_encoder(folder, precision="bfloat16")
            np.save(output / f"{name}-bfloat16.npy", encoder.encode(fast, tokenizer, TEXTS, "mean", True))
        if name == "bundled":
            np.save(output / "one-by-one.npy", encoder.encode(model, tokenizer, TEXTS, "mean", True, token_budget=1))
            told = np.full((len(TEXTS), 384), np.nan, dtype=np.float32)

            def on_batch(positions: np.ndarray, vectors: np.ndarray, told: np.ndarray = told) -> None:
                told[positions] = vectors
                told_sizes.append(len(positions))

            encoder.encode(model, tokenizer, TEXTS, "mean", True, token_budget=64, on_batch=on_batch)
            np.save(output / "told.npy", told)
            answers["batches"] = list(told_sizes)
            short = load_tokenizer(folder, 12)
            for windows in (False, True):
                vectors = encoder.encode(model, short, TEXTS, "mean", True, token_budget=64, on_batch=on_batch, windows=windows)
                np.save(output / f"windows-{windows}.npy", vectors)
            np.save(output / "windows-told.npy", told)
            answers["none"] = encoder.encode(model, tokenizer, [], "mean", True).shape
    try:
        with guard_encoder(wing, checkpoints / "bert", "gpu"):
            encoder.load_encoder(checkpoints / "bert", "gpu")
    except EncoderError as error:
        answers["gpu"] = str(error)
    other = {"pytorch": "tensorflow", "tensorflow": "torch"}[wing]
    answers["other framework"] = other in sys.modules
    (output / "answers.json").write_text(json.dumps(answers))


def encode_with_sentence_transformers(checkpoints: Path, output: Path) -> None:
    """The vectors of the library that published such checkpoints, with the pooling that their own files name."""
    from sentence_transformers import SentenceTransformer

    for name, folder in {
        "bundled": bundled_checkpoint().folder,
        "bert-cls": checkpoints / "bert-cls",
        "roberta": checkpoints / "roberta",
    }.items():
        model = SentenceTransformer(str(folder), device="cpu")
        model.max_seq_length = 256 if name == "bundled" else 60
        np.save(output / f"{name}.npy", model.encode(TEXTS))


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory, in_wing: InWing, checkpoints: Path, thorough: bool) -> Path:
    """A folder with pytorch/, tensorflow/ and sentence_transformers/."""
    folder = tmp_path_factory.mktemp("encoders")
    for name in (*WINGS, "sentence_transformers"):
        (folder / name).mkdir()
    for wing in WINGS:
        in_wing(wing, encode_everything, wing, checkpoints, folder / wing, [*(ALL if thorough else USUAL), *DAMAGED])
    if thorough:
        in_wing("pytorch", encode_with_sentence_transformers, checkpoints, folder / "sentence_transformers")
    return folder


def activations_of_keras() -> list[str]:
    from engine.frameworks.tensorflow.checkpoint_repairs import ACTIVATIONS

    return list(ACTIVATIONS)


def activations_of_transformers() -> list[str]:
    from transformers.activations import ACT2FN

    return list(ACT2FN)


def test_the_activations_that_are_named_before_a_run_are_those_of_the_wings(in_wing: InWing) -> None:
    assert list(KERAS_ACTIVATIONS) == in_wing("tensorflow", activations_of_keras)
    assert set(ACTIVATIONS) <= set(in_wing("pytorch", activations_of_transformers))


def difference(one: Path, other: Path) -> float:
    first, second = np.load(one), np.load(other)
    assert first.dtype == second.dtype == np.float32 and first.shape == second.shape and len(first) == len(TEXTS)
    return float(np.abs(first - second).max())


def answers(vectors: Path, wing: str) -> dict[str, Any]:
    return json.loads((vectors / wing / "answers.json").read_text())


@pytest.mark.parametrize("name", [name if name in USUAL else pytest.param(name, marks=pytest.mark.thorough) for name in ALL])
def test_both_wings_give_the_same_vectors(vectors: Path, name: str) -> None:
    for pooling, normalize in product(("mean", "cls"), (True, False)):
        file = f"{name}-{pooling}-{normalize}.npy"
        assert difference(vectors / "pytorch" / file, vectors / "tensorflow" / file) <= BAR, file
        if normalize:
            assert np.allclose(np.linalg.norm(np.load(vectors / "tensorflow" / file), axis=1), 1, atol=1e-5)


def test_poolings_differ(vectors: Path) -> None:
    """So that agreement is not for want of a difference."""
    for wing in WINGS:
        assert difference(vectors / wing / "bert-mean-False.npy", vectors / wing / "bert-cls-False.npy") > 0.01
        assert difference(vectors / wing / "bert-mean-True.npy", vectors / wing / "bert-mean-False.npy") > 0.01


@pytest.mark.thorough
@pytest.mark.parametrize("wing", WINGS)
@pytest.mark.parametrize(
    ("name", "file"), [("bundled", "bundled-mean-True"), ("bert-cls", "bert-cls-cls-False"), ("roberta", "roberta-mean-True")]
)
def test_the_vectors_are_those_of_sentence_transformers(vectors: Path, wing: str, name: str, file: str) -> None:
    assert difference(vectors / wing / f"{file}.npy", vectors / "sentence_transformers" / f"{name}.npy") <= BAR


@pytest.mark.thorough
@pytest.mark.parametrize("wing", WINGS)
def test_batching_changes_nothing(vectors: Path, wing: str) -> None:
    assert difference(vectors / wing / "bundled-mean-True.npy", vectors / wing / "one-by-one.npy") <= 1e-6


@pytest.mark.parametrize("wing", WINGS)
@pytest.mark.parametrize("name", ["bert", pytest.param("bundled", marks=pytest.mark.thorough)])
def test_vectors_in_bfloat16_are_alike_and_come_in_float32(vectors: Path, wing: str, name: str) -> None:
    exact, fast = (np.load(vectors / wing / f"{name}-{kind}.npy") for kind in ("mean-True", "bfloat16"))
    assert fast.dtype == np.float32 and np.allclose(np.linalg.norm(fast, axis=1), 1, atol=1e-5)
    assert (exact * fast).sum(axis=1).min() >= 0.999 and np.abs(exact - fast).max() > 1e-4, "the precision is another one"


@pytest.mark.thorough
@pytest.mark.parametrize("wing", WINGS)
def test_every_batch_is_told(vectors: Path, wing: str) -> None:
    assert difference(vectors / wing / "bundled-mean-True.npy", vectors / wing / "told.npy") == 0
    assert sum(answers(vectors, wing)["batches"]) == len(TEXTS) > len(answers(vectors, wing)["batches"]) > 3
    assert answers(vectors, wing)["none"] == [0, 384]


@pytest.mark.thorough
def test_a_long_text_has_the_mean_of_its_windows(vectors: Path) -> None:
    cut, whole = (np.load(vectors / "pytorch" / f"windows-{windows}.npy") for windows in (False, True))
    is_short = [TEXTS.index("Thank you!"), TEXTS.index("")]
    assert np.abs(cut - whole)[is_short].max() <= 1e-6
    assert np.abs(cut - whole).max(axis=1)[0] > 0.01 and np.allclose(np.linalg.norm(whole, axis=1), 1, atol=1e-5)
    for wing in WINGS:
        assert difference(vectors / wing / "windows-True.npy", vectors / "pytorch" / "windows-True.npy") <= BAR
        assert difference(vectors / wing / "windows-True.npy", vectors / wing / "windows-told.npy") == 0


@pytest.mark.parametrize("wing", WINGS)
def test_damaged_checkpoints_are_refused_in_a_sentence(vectors: Path, wing: str) -> None:
    found = answers(vectors, wing)["errors"]
    framework = {"pytorch": "PyTorch", "tensorflow": "TensorFlow"}[wing]
    for name in ("bert-truncated", "bert-missing-tensor", "bert-wrong-size"):
        assert f"{framework} cannot load the encoder" in found[name], name
        assert "Expected a complete config.json and model.safetensors" in found[name] and "Download the model again" in found[name]
        assert "\n" not in found[name] and len(found[name]) < 600
    assert "encoder.layer.1.output.dense.weight" in found["bert-missing-tensor"]
    # PyTorch has this activation, KerasHub has not.
    assert set(found) == set(DAMAGED) if wing == "tensorflow" else set(found) == set(DAMAGED) - {"bert-odd-activation"}
    if wing == "tensorflow":
        assert "activation “mish”" in found["bert-odd-activation"] and "Expected one of gelu" in found["bert-odd-activation"]


@pytest.mark.parametrize("wing", WINGS)
def test_a_missing_gpu_is_said(vectors: Path, wing: str) -> None:
    """The process of a wing is shown none, on whatever machine the tests run."""
    found = answers(vectors, wing)
    assert "sees no GPU" in found["gpu"] and "Choose the CPU" in found["gpu"]


@pytest.mark.parametrize("wing", WINGS)
def test_a_wing_loads_its_own_framework_only(vectors: Path, wing: str) -> None:
    assert not answers(vectors, wing)["other framework"]
