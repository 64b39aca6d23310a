"""The vectors of a run in its precision: the trial in the worker, what it leaves, and what a run on them records."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.runs.folder import Run, create_run, home
from engine.runs.paths import HomePaths
from engine.runs.preparing.inputs import load_inputs, save_arrays
from engine.runs.preparing.prepare import prepare_data, prepare_inputs
from engine.runs.preparing.vectors import features_of_run, notes_on_vectors, trials_of
from engine.shared.encoders.checkpoint import resolve
from engine.shared.encoders.precision import Trial
from engine.shared.text.tokens import load_tokenizer
from engine.workers import equivalence
from engine.workers.jobs import encode as encode_job
from tests.driving import fill, small_data, small_experiment
from tests.numpy_wing import encode as encode_in_numpy
from tests.numpy_wing import load_encoder

TEXTS = 300
"""More than are encoded sooner than tried."""


def prepared(encoder: Path, **changes: Any) -> Run:
    """A run that has read its texts."""
    run = create_run(small_experiment(encoder, data=small_data(TEXTS), **changes))
    prepare_inputs(run, prepare_data(run), resolve(str(encoder)), HomePaths(home()).features_folder)
    return run


def embedding(folder: Path, precision: str) -> Any:
    """Texts to vectors in NumPy, with the tokenizer of an encoder."""
    model, tokenizer = load_encoder(folder, "cpu", precision), load_tokenizer(folder, 64)
    return lambda texts, **options: encode_in_numpy(model, tokenizer, texts, "mean", True, **options)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The precisions in which an encoder was loaded besides the one that was there."""
    precisions: list[str] = []

    def make_embed(framework: str, checkpoint: Any, experiment: Any, device: str, precision: str = "float32") -> Any:
        precisions.append(precision)
        return embedding(checkpoint.folder, precision)

    monkeypatch.setattr(encode_job, "make_embed", make_embed)
    monkeypatch.setattr(equivalence, "make_embed", make_embed)
    return precisions


def encoded(run: Run, encoder: Path) -> np.ndarray:
    """Let a worker's job compute the vectors; return them in the order of the texts."""
    channel = SimpleNamespace(tell=lambda **facts: None)
    encode_job.encode_texts(run, "pytorch", channel, embedding(resolve(str(encoder)).folder, "float32"), "cpu")  # type: ignore[arg-type]
    return np.array(features_of_run(run, load_inputs(run).texts(run)).open())


def differs(run: Run, encoder: Path, vectors: np.ndarray, precision: str) -> float:
    exact = embedding(resolve(str(encoder)).folder, precision)(load_inputs(run).texts(run))
    return float(np.abs(exact - vectors).max())


@pytest.mark.parametrize(("trial", "precision"), [(Trial(2.0, 0.9999), "bfloat16"), (Trial(1.0, 0.9999), "float32")])
def test_a_trial_decides_once_and_later_runs_know(
    tiny_encoder: Path, made: list[str], monkeypatch: pytest.MonkeyPatch, trial: Trial, precision: str
) -> None:
    tried: list[int] = []
    monkeypatch.setattr(encode_job, "try_precisions", lambda embed_in, texts: tried.append(len(texts)) or trial)
    run = prepared(tiny_encoder)
    assert load_inputs(run).encoding_precision == "", "before the trial nobody knows"
    vectors = encoded(run, tiny_encoder)
    assert tried == [32] and load_inputs(run).encoding_precision == precision
    assert differs(run, tiny_encoder, vectors, precision) == 0 and vectors.dtype == np.float32
    facts = run.read_encoding()
    assert facts.precision == precision and (facts.texts, facts.from_cache) == (TEXTS, 0) and facts.texts_per_second > 0
    notes = notes_on_vectors(run, resolve(str(tiny_encoder)))
    assert notes == ((trial.sentence,) if precision == "bfloat16" else ())

    again = prepared(tiny_encoder)
    facts = again.read_encoding()
    assert (facts.texts, facts.from_cache, facts.seconds, facts.texts_per_second) == (TEXTS, TEXTS, 0.0, None)
    assert facts.precision == load_inputs(again).encoding_precision == precision and tried == [32]

    exact = prepared(tiny_encoder, encoding_precision="float32")
    assert differs(exact, tiny_encoder, encoded(exact, tiny_encoder), "float32") == 0, "never a mix"
    assert load_inputs(prepared(tiny_encoder)).encoding_precision == "float32", "nothing is faster than what is there"


def test_asked_for_is_not_tried(tiny_encoder: Path, made: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encode_job, "try_precisions", None)
    run = prepared(tiny_encoder, encoding_precision="bfloat16")
    vectors = encoded(run, tiny_encoder)
    assert differs(run, tiny_encoder, vectors, "bfloat16") == 0 < differs(run, tiny_encoder, vectors, "float32")
    assert made == ["bfloat16"] and notes_on_vectors(run, resolve(str(tiny_encoder))) == ()


def test_a_real_trial_measures_both(tiny_encoder: Path) -> None:
    folder = resolve(str(tiny_encoder)).folder
    trial = encode_job.try_precisions(lambda precision: embedding(folder, precision), ["a late parcel", "thank you"])
    assert trial.speedup > 0 and 0.999 < trial.cosine < 1

    def broken(precision: str) -> Any:
        raise NotImplementedError(precision)

    assert encode_job.try_precisions(broken, ["a"]) == Trial(0.0, 0.0)


def test_a_resumed_run_keeps_to_the_vectors_that_it_has(tiny_encoder: Path, made: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encode_job, "try_precisions", lambda embed_in, texts: Trial(1.0, 1.0))
    run = prepared(tiny_encoder)
    encoded(run, tiny_encoder)
    np.save(run.input_array(0), np.zeros(1))  # it has begun to train
    checkpoint = resolve(str(tiny_encoder))
    trials_of(run.read_experiment(), checkpoint, HomePaths(home()).features_folder).keep(Trial(9.0, 1.0))
    for file in HomePaths(home()).features_folder.glob("*.npy"):
        file.unlink()
    prepare_inputs(run, prepare_data(run), checkpoint, HomePaths(home()).features_folder)
    assert load_inputs(run).encoding_precision == "float32"
    assert load_inputs(prepared(tiny_encoder)).encoding_precision == "bfloat16", "a new run takes what is faster"


def test_whole_run_in_bfloat16_compares_encoders_and_answers_in_float32(tiny_encoder: Path, workers: str) -> None:
    run = fill(small_experiment(tiny_encoder, encoding_precision="bfloat16", epochs=2))
    results = run.read_results()
    assert results.run.state == "done", run.read_status().message
    assert results.encoding.precision == "bfloat16" and results.encoding.texts == results.data.rows == 90
    assert results.parity.encoder_difference <= 1e-4
    probe = np.load(run.probe_vectors("pytorch"))
    inputs = load_inputs(run)
    kept = np.array(features_of_run(run, inputs.texts(run)).open())[inputs.probe_rows]
    assert 1e-6 < np.abs(probe - kept).max() < 0.1, "those of the comparison are not those that were kept"


def test_exported_files_are_compared_with_answers_to_vectors_in_float32(tiny_encoder: Path, made: list[str], tmp_path: Path) -> None:
    """A file is asked with texts; from kept vectors in bfloat16 the model itself would answer something else."""
    run = prepared(tiny_encoder, encoding_precision="bfloat16")
    vectors = encoded(run, tiny_encoder)
    inputs = load_inputs(run)
    save_arrays(run, inputs.rows, (vectors,))
    session: Any = SimpleNamespace(
        framework="pytorch",
        device="cpu",
        training=SimpleNamespace(as_tensors=lambda arrays, labels, device: (arrays, labels)),
        inference=SimpleNamespace(predict_logits=lambda model, batch: batch[0][:, : inputs.num_classes]),  # a model of the first numbers
    )
    answers = {}
    for exact in (True, False):
        equivalence.keep_answers(session, run, inputs, None, tmp_path / "logits.npy", exact=exact)
        answers[exact] = np.load(tmp_path / "logits.npy")
    texts = [inputs.texts(run)[row] for row in inputs.rows["test"]]
    expected = embedding(resolve(str(tiny_encoder)).folder, "float32")(texts)[:, : inputs.num_classes]
    assert np.abs(answers[True] - expected).max() <= 1e-6 < np.abs(answers[False] - expected).max()
