"""Every classifier in a real run: both frameworks train the same model, and killed and resumed it ends with the same weights."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from engine.shared.classifiers import CLASSIFIERS
from tests.driving import fill, fill_again, kill_in, short_turns, small_experiment, weights
from tests.shared_runs import shared_run

WINDOWS = {"long_texts": "windows", "epochs": 2}

OTHERS = [name for name in CLASSIFIERS if name != "embedding-mlp"]
"""``embedding-mlp`` is what all the other tests of this room train."""


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_the_same_model_in_both_frameworks(classifier: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    results = shared_run(classifier, tmp_path_factory).run.read_results()
    assert results is not None
    parity = results.parity
    assert parity.first_batch_logit_difference <= 1e-5
    assert parity.max_epoch_loss_drift <= 1e-3
    assert parity.test_agreement == 1.0
    for framework in ("pytorch", "tensorflow"):
        assert results.frameworks[framework].epoch_train_loss[-1] < results.frameworks[framework].epoch_train_loss[0]


@pytest.mark.thorough
@pytest.mark.parametrize("classifier", OTHERS)
def test_killed_and_resumed_it_has_the_same_weights(
    classifier: str, tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = shared_run(classifier, tmp_path_factory).run
    short_turns(monkeypatch)
    turn = random.Random(classifier).randint(2, 7)
    with monkeypatch.context() as patch:
        for framework in ("pytorch", "tensorflow"):
            kill_in(patch, framework, "train", turn=turn)
        killed = fill(small_experiment(tiny_encoder, classifier))
    assert killed.read_status().state == "failed" and killed.read_results() is None
    assert fill_again(killed, monkeypatch).state == "done", killed.read_status().message
    for framework in ("pytorch", "tensorflow"):
        assert weights(killed, framework) == weights(whole, framework), f"{framework}, killed in its turn {turn}"
        first, second = (run.read_predictions(framework) for run in (whole, killed))
        assert first is not None and second is not None
        assert np.array_equal(first.filter(regex=r"^p\d"), second.filter(regex=r"^p\d"))


@pytest.mark.thorough
@pytest.mark.parametrize(("classifier", "tokens"), [("text-cnn", 8), ("transformer", 32)])
def test_long_texts_in_windows(classifier: str, tokens: int, tiny_encoder: Path) -> None:
    run = fill(small_experiment(tiny_encoder, classifier, **(WINDOWS | {"max_tokens": tokens})))
    assert run.read_status().state == "done", run.read_status().message
    results = run.read_results()
    assert results is not None
    assert results.data.truncated < 5, "nothing is cut but what lies beyond the last window"
    shapes = {np.load(file, mmap_mode="r").shape for file in run.path.glob("input_*.npy")}
    assert [(shape[0], shape[2]) for shape in shapes] == [(90, tokens)] and next(iter(shapes))[1] > 2
    assert results.parity.first_batch_logit_difference <= 1e-5
    assert results.parity.max_epoch_loss_drift <= 1e-3
