"""Workers that are killed in each of their phases: the reason is said, the other framework's results stay, and a resume ends well."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.runs.experiment import Experiment
from tests.driving import fill, fill_again, kill_in, kinds, short_turns, small_data, small_experiment, weights
from tests.shared_runs import SharedRun


def test_weights_after_kill_and_resume_are_those_of_an_uninterrupted_run(
    tiny_encoder: Path, reference: SharedRun, vectors_kept: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_turns(monkeypatch)
    with monkeypatch.context() as patch:
        kill_in(patch, "pytorch", "train", turn=9)
        kill_in(patch, "tensorflow", "train", turn=8)
        run = fill(small_experiment(tiny_encoder))
    status = run.read_status()
    assert status.state == "failed"
    for name in ("PyTorch", "TensorFlow"):
        assert f"The {name} worker was ended by signal 9 (SIGKILL, from outside) in the phase “train”" in status.message
    assert "resume the run to go on from the last finished epoch" in status.message
    assert run.read_results() is None
    status = fill_again(run, monkeypatch)
    assert (status.state, status.message) == ("done", "Finished")
    for framework in ("pytorch", "tensorflow"):
        resumed = next(event for event in run.read_events(framework)[0] if event["event"] == "resumed")
        assert resumed["epoch"] >= 2 and resumed["step"] == resumed["epoch"] * 4
        assert weights(run, framework) == weights(reference.run, framework)
        assert (
            run.read_results().frameworks[framework].epoch_train_loss == reference.run.read_results().frameworks[framework].epoch_train_loss
        )


@pytest.mark.thorough
@pytest.mark.timeout(600)
def test_the_frameworks_own_random_numbers_go_on_after_a_kill(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In defaults mode shuffling and dropout are each framework's own."""
    short_turns(monkeypatch)
    experiment = Experiment.recommended(
        small_data(),
        "transformer",
        encoder=str(tiny_encoder),
        mode="defaults",
        epochs=4,
        batch_size=16,
        device="cpu",
        threads=1,
        max_tokens=24,
    )
    whole = fill(experiment)
    assert whole.read_status().state == "done", whole.read_status().message
    with monkeypatch.context() as patch:
        for framework in ("pytorch", "tensorflow"):
            kill_in(patch, framework, "train", turn=7)
        killed = fill(experiment)
    assert killed.read_status().state == "failed" and killed.read_results() is None
    assert fill_again(killed, monkeypatch).state == "done", killed.read_status().message
    for framework in ("pytorch", "tensorflow"):
        resumed = next(event for event in killed.read_events(framework)[0] if event["event"] == "resumed")
        assert resumed["epoch"] >= 1, "it went on from a checkpoint"
        assert weights(killed, framework) == weights(whole, framework), framework


@pytest.mark.usefixtures("workers")
@pytest.mark.parametrize(("framework", "phase"), [("pytorch", "import"), ("tensorflow", "evaluate"), ("pytorch", "latency")])
def test_a_killed_worker_leaves_the_other_one_to_finish(
    framework: str, phase: str, tiny_encoder: Path, reference: SharedRun, vectors_kept: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        kill_in(patch, framework, phase)
        run = fill(small_experiment(tiny_encoder))
    status = run.read_status()
    names = {"pytorch": "PyTorch", "tensorflow": "TensorFlow"}
    (other,) = set(names) - {framework}
    assert status.state == "failed" and status.phase == "end"
    phases = ("import", "build") if phase == "import" else (phase,)  # NumPy may be there before the signal is
    assert any(f"The {names[framework]} worker was ended by signal 9 (SIGKILL, from outside) in the phase “{name}”" in status.message
               for name in phases)  # fmt: skip
    results = run.read_results()
    if phase == "latency":  # both were tested before that, so the results are there without it
        assert f"The results of {names['pytorch']} and {names['tensorflow']} are kept." in status.message
        assert results.parity.test_agreement == 1.0
        assert [side for side, figures in results.frameworks.items() if figures.timed] == [other]
    else:
        assert f"The results of {names[other]} are kept." in status.message
        assert list(results.frameworks) == [other] and results.parity.test_agreement is None
    events_of_other = kinds(run, other)
    status = fill_again(run, monkeypatch)
    assert status.state == "done", status.message
    assert list(run.read_results().frameworks) == ["pytorch", "tensorflow"]
    assert run.read_results().parity.test_agreement == 1.0
    assert run.read_results().parity.first_batch_logit_difference <= 1e-5
    assert kinds(run, other) == events_of_other, "what had finished is not trained again"
    assert all(figures.timed for figures in run.read_results().frameworks.values())
    assert weights(run, framework) == weights(reference.run, framework)


@pytest.mark.usefixtures("workers")
def test_a_worker_killed_while_it_encodes(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = small_experiment(tiny_encoder, frameworks=("pytorch",), epochs=2)
    with monkeypatch.context() as patch:
        kill_in(patch, "pytorch", "encode", job="train")
        run = fill(experiment)
    assert run.read_status().state == "failed"
    assert "The PyTorch worker was ended by signal 9 (SIGKILL, from outside) in the phase “encode”" in run.read_status().message
    assert run.read_results() is None
    assert fill_again(run, monkeypatch).state == "done"
