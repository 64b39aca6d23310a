"""Whole runs: what they leave behind, how equal the two frameworks come out, how they end early, and how they go on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from safetensors.numpy import load_file

from engine import FRAMEWORKS
from engine.errors import RunError
from engine.runs import launching
from engine.runs.folder import Run, create_run
from engine.runs.processes.channel import WorkerProcess
from engine.runs.processes.queue import lock_path
from engine.runs.records.results import ParityFigures
from tests.driving import fill, fill_again, kinds, short_turns, small_experiment, wait_for_end, wait_until, weights
from tests.shared_runs import SharedRun


def test_matched_mode_gives_the_same_model_in_both_frameworks(sample_run: Run) -> None:
    results = sample_run.read_results()
    parity = results.parity
    assert parity.first_batch_logit_difference <= 1e-5
    assert parity.encoder_difference <= 1e-4
    assert parity.max_epoch_loss_drift <= 0.002
    assert parity.test_agreement >= 0.95
    losses = [results.frameworks[framework].epoch_train_loss for framework in FRAMEWORKS]
    assert len(losses[0]) == len(losses[1]) == 12
    np.testing.assert_allclose(losses[0], losses[1], rtol=0.002)
    assert losses[0][-1] < losses[0][0]


def test_results_have_every_figure(sample_run: Run) -> None:
    results = sample_run.read_results()
    assert results.data.rows == sum(results.data.split.values()) == 90
    for framework in FRAMEWORKS:
        figures = results.frameworks[framework]
        empty = {name for part in (figures, figures.latency_ms) for name, value in vars(part).items() if value in (None, "", (), {})}
        assert empty <= {"gpu_memory_mib", "step_milliseconds_p50", "batch_p95"}, "a p95 needs 20 calls, a steady step enough of them"
        assert figures.latency_ms.singles >= 20 and figures.latency_ms.batches >= 5
        assert figures.parameters == 32 * 512 + 512 + 512 * 5 + 5
        assert figures.peak_rss_mib > figures.train_growth_mib >= 0
        assert tuple(figures.per_class) == results.data.classes
        assert np.array(figures.confusion).sum() == results.data.split["test"]
        predictions = sample_run.read_predictions(framework)
        assert float((predictions["label"] == predictions["prediction"]).mean()) == pytest.approx(figures.test_accuracy)
        assert np.allclose(predictions.filter(regex=r"^p\d+$").sum(axis=1), 1, atol=1e-5)
    assert set(results.stages.seconds) >= {"reading", "encoding", "loading", "training", "testing", "timing"} and not results.stages.warm
    packages = results.environment.packages
    assert {"torch", "tensorflow"} <= set(packages) and results.environment.cores >= 1
    assert results.run.state == "done" and results.run.experiment.epochs == 12


def test_each_framework_writes_events_and_tensorboard_logs(sample_run: Run) -> None:
    for framework in FRAMEWORKS:
        found = kinds(sample_run, framework)
        assert found[:2] == ["imported", "built"] and found[-3:] == ["trained", "evaluated", "saved"]
        assert found.count("epoch") == 12
        assert list((sample_run.tensorboard_folder / framework).glob("events.out.tfevents.*")), framework


def test_a_worker_loads_its_own_framework_only(reference: SharedRun) -> None:
    """Also while it writes TensorBoard logs, whose package would load TensorFlow where it finds it."""
    assert "libtorch" in reference.loaded["pytorch"] and "/tensorflow/" not in reference.loaded["pytorch"]
    assert "/tensorflow/" in reference.loaded["tensorflow"] and "libtorch" not in reference.loaded["tensorflow"]


@pytest.mark.thorough
def test_defaults_mode(tiny_encoder: Path, vectors_kept: None) -> None:
    run = fill(small_experiment(tiny_encoder, mode="defaults", epochs=3))
    assert run.read_status().state == "done", run.read_status().message
    parity = run.read_results().parity
    assert parity.first_batch_logit_difference > 1e-3, "each framework drew its own initial weights"
    assert parity.encoder_difference <= 1e-4
    assert [len(run.read_results().frameworks[name].epoch_train_loss) for name in FRAMEWORKS] == [3, 3]


@pytest.mark.usefixtures("workers")
def test_both_at_once_and_early_stopping_on_the_same_epoch(tiny_encoder: Path, vectors_kept: None) -> None:
    run = fill(small_experiment(tiny_encoder, schedule="both-at-once", patience=1, learning_rate=0.02, epochs=60))
    assert run.read_status().state == "done", run.read_status().message
    results = run.read_results()
    assert results.run.schedule == "both-at-once"
    first, second = results.frameworks.values()
    assert first.stop_reason == second.stop_reason == "early"
    assert first.best_epoch == second.best_epoch
    assert len(first.epoch_train_loss) == len(second.epoch_train_loss) == first.best_epoch + 1
    assert first.epoch_validation_loss[-1] >= min(first.epoch_validation_loss)


@pytest.mark.usefixtures("workers")
def test_a_loss_that_is_no_number_stops_with_the_reason(
    tiny_encoder: Path, vectors_kept: None, reference: SharedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = fill(small_experiment(tiny_encoder, learning_rate=1e20))
    status = run.read_status()
    assert status.state == "failed"
    assert "PyTorch and TensorFlow stopped because the loss was no longer a number" in status.message
    assert "a learning rate of 1e+20" in status.message
    assert "The last good weights are kept; start again with a smaller one." in status.message
    for framework in FRAMEWORKS:
        kept = load_file(run.framework_folder(framework) / "model.safetensors")
        assert all(np.isfinite(values).all() for values in kept.values())
        assert run.read_results().frameworks[framework].stop_reason == "diverged"
    with pytest.raises(RunError, match="the loss was no longer a number, and would end so again"):
        launching.resume(run)


@pytest.mark.usefixtures("workers")
def test_one_framework_stopped_while_it_trains_and_resumed(
    tiny_encoder: Path, vectors_kept: None, reference: SharedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_turns(monkeypatch)
    go, turns = WorkerProcess.go, []

    def go_and_ask_for_a_stop(worker: WorkerProcess, **facts: object) -> None:
        turns.append(worker.phase)
        if turns.count("train") == 8:
            run.request_stop()
        go(worker, **facts)

    with monkeypatch.context() as patch:
        patch.setattr(WorkerProcess, "go", go_and_ask_for_a_stop)
        run = create_run(small_experiment(tiny_encoder, frameworks=("pytorch",), epochs=1000))
        launching_in_process(run)
    status = run.read_status()
    assert (status.state, status.message) == ("stopped", "Stopped on request; the best weights so far were kept and evaluated.")
    results = run.read_results()
    assert list(results.frameworks) == ["pytorch"]
    assert results.parity == ParityFigures()
    figures = results.frameworks["pytorch"]
    epochs = len(figures.epoch_train_loss)
    assert figures.stop_reason == "stopped" and 1 <= epochs < 1000
    assert figures.epoch_validation_loss[figures.best_epoch - 1] == min(figures.epoch_validation_loss)

    shorten(run, epochs=12)  # the rest of a thousand epochs would take too long
    checkpoint = run.framework_folder("pytorch") / "checkpoint.safetensors"
    if epochs > 11:
        checkpoint.unlink()
    assert fill_again(run, monkeypatch).state == "done"
    assert kinds(run, "pytorch").count("resumed") == 1
    assert weights(run, "pytorch") == weights(reference.run, "pytorch")


def launching_in_process(run: Run) -> None:
    from engine.runs import coordinator

    coordinator.main([str(run.path)])


def shorten(run: Run, epochs: int) -> None:
    """Change how long a run is to train."""
    file = run.path / "experiment.json"
    file.write_text(file.read_text().replace('"epochs": 1000', f'"epochs": {epochs}'))


@pytest.mark.usefixtures("workers")
def test_stopped_while_it_waits_and_while_it_encodes(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = small_experiment(tiny_encoder, frameworks=("pytorch",), epochs=2)
    with FileLock(lock_path()):
        run = launching.start(experiment)
        wait_until(lambda: "one run at a time uses this machine" in run.read_status().message, "the run to wait")
        with pytest.raises(RunError, match="is still going on"):
            launching.resume(run)
        run.request_stop()
        status = wait_for_end(run)
    assert (status.state, status.message) == ("stopped", "Stopped while it was waiting; nothing was trained.")
    go = WorkerProcess.go

    def go_and_ask_for_a_stop(worker: WorkerProcess, **facts: object) -> None:
        if worker.phase == "encode":
            run.request_stop()
        go(worker, **facts)

    with monkeypatch.context() as patch:
        patch.setattr(WorkerProcess, "go", go_and_ask_for_a_stop)
        status = fill_again(run, monkeypatch)
    assert status.state == "stopped"
    assert status.message == "Stopped before training began; the vectors of the texts are kept for the next run."
    assert fill_again(run, monkeypatch).state == "done"
    with pytest.raises(RunError, match="has finished; there is nothing to resume"):
        launching.resume(run)


@pytest.mark.usefixtures("workers")
def test_two_runs_started_at_the_same_moment(tiny_encoder: Path, vectors_kept: None) -> None:
    experiment = small_experiment(tiny_encoder, frameworks=("pytorch",), epochs=2)
    runs = [launching.start(experiment), launching.start(experiment)]
    assert len({run.path for run in runs}) == 2

    def waiting_for() -> list[str]:
        return [
            run.read_status().message
            for run in runs
            if run.read_status().message.startswith("Waiting:") or "to finish" in run.read_status().message
        ]

    message = wait_until(waiting_for, "one of the two to wait")[0]
    assert "queued before this one" in message or any(run.identifier in message for run in runs)
    assert [wait_for_end(run).state for run in runs] == ["done", "done"]
    assert weights(runs[0], "pytorch") == weights(runs[1], "pytorch")
