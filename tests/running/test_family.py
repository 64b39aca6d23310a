"""Every classifier in a real run: both frameworks train the same model, and killed and resumed it ends with the same weights."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from engine.runs.experiment import Experiment
from engine.shared.classifiers import CLASSIFIERS
from tests.running.driving import fill, fill_again, kill_in, short_turns, small_data, weights

SMALL = {"epochs": 4, "batch_size": 16, "patience": 0, "device": "cpu", "threads": 1, "max_tokens": 24, "embedding_size": 16, "filters": 8,
         "hidden_units": 12, "vocabulary_size": 300, "class_weights": "balanced"}  # fmt: skip

WINDOWS = {"long_texts": "windows", "epochs": 2}

OTHERS = [name for name in CLASSIFIERS if name != "embedding-mlp"]
"""``embedding-mlp`` is what all the other tests of this room train."""


@pytest.mark.parametrize("classifier", OTHERS)
def test_the_same_model_in_both_frameworks_also_after_a_kill(classifier: str, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short_turns(monkeypatch)
    experiment = Experiment.recommended(small_data(), classifier, encoder=str(tiny_encoder), **SMALL)
    whole = fill(experiment)
    assert whole.read_status().state == "done", whole.read_status().message
    results = whole.read_results()
    assert results is not None
    parity = results["parity"]
    assert parity["first_batch_logit_difference"] <= 1e-5
    assert parity["max_epoch_loss_drift"] <= 1e-3
    assert parity["test_agreement"] == 1.0
    for framework in ("pytorch", "tensorflow"):
        assert results["frameworks"][framework]["epoch_train_loss"][-1] < results["frameworks"][framework]["epoch_train_loss"][0]

    turn = random.Random(classifier).randint(2, 7)
    with monkeypatch.context() as patch:
        for framework in ("pytorch", "tensorflow"):
            kill_in(patch, framework, "train", turn=turn)
        killed = fill(experiment)
    assert killed.read_status().state == "failed" and killed.read_results() is None
    assert fill_again(killed, monkeypatch).state == "done", killed.read_status().message
    for framework in ("pytorch", "tensorflow"):
        assert weights(killed, framework) == weights(whole, framework), f"{framework}, killed in its turn {turn}"
        first, second = (run.read_predictions(framework) for run in (whole, killed))
        assert first is not None and second is not None
        assert np.array_equal(first.filter(regex=r"^p\d"), second.filter(regex=r"^p\d"))


@pytest.mark.parametrize(("classifier", "tokens"), [("text-cnn", 8), ("transformer", 32)])
def test_long_texts_in_windows(classifier: str, tokens: int, tiny_encoder: Path) -> None:
    run = fill(Experiment.recommended(small_data(), classifier, encoder=str(tiny_encoder), **(SMALL | WINDOWS | {"max_tokens": tokens})))
    assert run.read_status().state == "done", run.read_status().message
    results = run.read_results()
    assert results is not None
    assert results["data"]["truncated"] < 5, "nothing is cut but what lies beyond the last window"
    shapes = {np.load(file, mmap_mode="r").shape for file in run.path.glob("input_*.npy")}
    assert [(shape[0], shape[2]) for shape in shapes] == [(90, tokens)] and next(iter(shapes))[1] > 2
    assert results["parity"]["first_batch_logit_difference"] <= 1e-5
    assert results["parity"]["max_epoch_loss_drift"] <= 1e-3
