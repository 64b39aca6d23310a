"""Warm models: they answer, they say why they cannot, and they leave no process."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from engine import FRAMEWORKS
from engine.errors import RunError
from engine.runs.folder import create_run
from engine.runs.processes.answering import Answerer
from tests.driving import copy_run, processes_about, small_experiment
from tests.shared_runs import SharedRun

TEXTS = ["My parcel has not arrived", "The invoice was charged twice", "🦊"]


def test_both_frameworks_answer_the_same(reference: SharedRun) -> None:
    run = copy_run(reference.run)
    answerers: list[Answerer] = []

    def start() -> None:  # from a thread that ends, as a page's script does; the model must outlive it
        answerers.extend(Answerer(run, framework) for framework in FRAMEWORKS)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    try:
        answers = [np.array(answerer.answer(TEXTS).probabilities) for answerer in answerers]
        assert answers[0].shape == (3, len(run.read_results().data.classes))
        np.testing.assert_allclose(answers[0], answers[1], atol=1e-4)
        np.testing.assert_allclose(answers[0].sum(axis=1), 1, atol=1e-5)
        again = answerers[0].answer(TEXTS[:1])
        np.testing.assert_allclose(again.probabilities, answers[0][:1], atol=1e-5)
        assert again.encode_ms > 0 and again.classify_ms > 0
        answerers[0]._worker.process.kill()
        answerers[0]._worker.process.wait()
        assert not answerers[0].alive
        with pytest.raises(RunError, match=r"The PyTorch model's process has ended unexpectedly. Ask again; it is started anew"):
            answerers[0].answer(TEXTS)
        assert len(answerers[1].answer(TEXTS).probabilities) == 3
    finally:
        for answerer in answerers:
            answerer.close()
    assert not answerers[1].alive and not processes_about(run.path)
    answerers[1].close()


def test_a_damaged_model_is_said(reference: SharedRun) -> None:
    run = copy_run(reference.run)
    file = run.framework_folder("pytorch") / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    answerer = Answerer(run, "pytorch")
    try:
        with pytest.raises(RunError, match=r"The PyTorch model cannot answer: model.safetensors cannot be read: .*It is damaged"):
            answerer.answer(TEXTS)
    finally:
        answerer.close()


def test_a_run_that_has_not_trained_cannot_answer(tiny_encoder: object) -> None:
    with pytest.raises(RunError, match="has no trained TensorFlow model: training has not finished"):
        Answerer(create_run(small_experiment("bundled")), "tensorflow")
