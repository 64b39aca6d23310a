"""The folder of a study: found again, started once, read in any state; and what its workers count."""

from __future__ import annotations

import json
import math
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import FRAMEWORKS
from engine.errors import RunError, TrainingError
from engine.runs.folder import home
from engine.runs.processes.identity import ProcessIdentity, living_process, process_identity
from engine.runs.source_code import code_digest, syntax_without_texts
from engine.runs.status import Status
from engine.runs.work_folder import SECONDS_TO_APPEAR
from engine.shared.recipe import Recipe
from engine.studies import study as studies
from engine.studies.study import Study, UnitCache, list_studies, start_study
from engine.workers.jobs.ablate import EpochClock
from engine.workers.requests.audit import StepsAnswer
from engine.workers.step_losses import StepLosses, plans_of_steps

DEAD = ProcessIdentity(2**22 + 1, 1.0)


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders for which a process would have been started."""
    folders: list[Path] = []
    monkeypatch.setattr(studies, "detach", lambda module, folder: folders.append(folder))
    return folders


def ended(study: Study, state: str, **facts: Any) -> None:
    study.write_status(Status(state=state, message="", **facts))


# --- Starting ------------------------------------------------------------------------------------------------------------------------


def test_the_same_question_finds_the_same_folder(launched: list[Path]) -> None:
    first = start_study("audit", {"steps": 50, "classifiers": ["text-cnn"]})
    assert (first.kind, first.read_request()) == ("audit", {"steps": 50, "classifiers": ["text-cnn"]})
    assert first.path.parent == home() / "_studies" and launched == [first.path]
    assert (first.read_status().state, first.read_status().message, first.read_results()) == ("queued", "Waiting to start", None)
    assert all(first.framework_folder(framework).is_dir() for framework in FRAMEWORKS)
    assert start_study("audit", {"classifiers": ["text-cnn"], "steps": 50}) == first
    assert launched == [first.path], "whoever asks while it waits watches the same study"
    assert start_study("audit", {"steps": 51, "classifiers": ["text-cnn"]}) != first
    assert start_study("ablation", {"steps": 50, "classifiers": ["text-cnn"]}) != first


def test_other_packages_or_sources_make_another_study(launched: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    first = start_study("audit", {})
    monkeypatch.setattr(studies, "package_versions", lambda: {"torch": "0.1"})
    assert start_study("audit", {}) != first


def test_words_about_the_code_make_no_other_study() -> None:
    code = 'class Rate:\n    """The rate."""\n\n    value: float = 0.1\n    """Per step."""\n\n\ndef half(rate):\n    return rate / 2\n'
    reworded = code.replace("The rate.", "How long\n    a step is.").replace('    """Per step."""\n', "").replace("/ 2", "/ 2  # a half")
    assert syntax_without_texts(code) == syntax_without_texts(reworded.replace("(rate)", "(\n    rate,\n)"))
    assert syntax_without_texts(code) != syntax_without_texts(code.replace("/ 2", "/ 3"))
    assert syntax_without_texts('def title():\n    return "Rate"\n') != syntax_without_texts('def title():\n    return "Step"\n')
    assert code_digest() == code_digest() and len(code_digest()) == 64


def test_a_finished_study_is_there_at_once(launched: list[Path]) -> None:
    study = start_study("audit", {})
    study.write_results({"rows": []})
    ended(study, "done")
    assert start_study("audit", {}).read_results() == {"rows": []} and len(launched) == 1
    (study.path / "results.json").unlink()
    start_study("audit", {})
    assert len(launched) == 2, "results that are gone are made again"


@pytest.mark.parametrize("state", ["stopped", "failed"])
def test_a_study_that_was_cut_short_goes_on(state: str, launched: list[Path]) -> None:
    study = start_study("audit", {})
    study.request_stop()
    assert study.stop_requested()
    left_over = subprocess.Popen(["sleep", "60"])
    identity = process_identity(left_over.pid)
    ended(study, state, workers={"pytorch audit": identity})
    start_study("audit", {})
    assert len(launched) == 2 and not study.stop_requested() and study.read_status().state == "queued"
    assert living_process(identity) is None, "a worker that was left behind would be in the way"
    left_over.wait()


def test_an_unknown_kind() -> None:
    with pytest.raises(RunError, match=r"There is no study “survey”\. Expected one of audit, ablation"):
        start_study("survey", {})


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(studies, "write_atomically", full)
    with pytest.raises(RunError, match=r"cannot be started in .*: No space left on device. Free some space or memory and start it again"):
        start_study("audit", {})


def test_a_process_that_cannot_be_started_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(module: str, folder: Path) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(studies, "detach", refuse)
    with pytest.raises(RunError, match="Cannot allocate memory"):
        start_study("audit", {})
    (found,) = list_studies("audit")
    assert found.read_status().state == "failed" and "Cannot allocate memory" in found.read_status().message


# --- Reading -------------------------------------------------------------------------------------------------------------------------


def test_a_process_that_died_without_a_word_reads_as_failed(launched: list[Path]) -> None:
    study = start_study("audit", {})
    ended(study, "running", coordinator=process_identity())
    assert study.read_status().state == "running"
    ended(study, "running", coordinator=DEAD)
    assert study.read_status().state == "failed"
    assert (
        "process ended unexpectedly" in study.read_status().message and "start the same study again to go on" in study.read_status().message
    )


def test_a_process_that_never_appeared_reads_as_failed(launched: list[Path]) -> None:
    study = start_study("audit", {})
    late = json.loads((study.path / "progress.json").read_text()) | {"updated": time.time() - SECONDS_TO_APPEAR - 1}
    (study.path / "progress.json").write_text(json.dumps(late))
    assert study.read_status().state == "failed" and "has not started" in study.read_status().message


def test_a_folder_that_is_gone_or_damaged(launched: list[Path], tmp_path: Path) -> None:
    study = Study(tmp_path / "audit-0123")
    assert (study.read_status().state, study.read_results()) == ("failed", None)
    with pytest.raises(RunError, match="The study audit-0123 cannot be stopped: nothing can be written into its folder"):
        study.request_stop()
    study = start_study("audit", {})
    (study.path / "request.json").write_text("{torn")
    with pytest.raises(RunError, match=r"was removed or damaged\. Start it again"):
        _ = study.read_request()
    (study.path / "progress.json").write_text('{"state": "done", "of_another_version": 1}')
    assert study.read_status().state == "done"


def test_the_latest_study_comes_first(launched: list[Path]) -> None:
    assert list_studies("audit") == [] and list_studies("ablation") == []
    older, newer = start_study("audit", {"steps": 1}), start_study("audit", {"steps": 2})
    start_study("ablation", {})
    ended(older, "done", created=10.0)
    ended(newer, "done", created=20.0)
    assert list_studies("audit") == [newer, older]


def test_finished_pieces_are_found_by_question_and_code(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = UnitCache()
    question = {"classifier": "text-cnn", "seed": 1}
    assert cache.find(question, StepsAnswer) is None
    cache.keep(question, StepsAnswer(losses=(0.5,)))
    assert UnitCache().find({"seed": 1, "classifier": "text-cnn"}, StepsAnswer) == StepsAnswer(losses=(0.5,))
    assert cache.find(question | {"seed": 2}, StepsAnswer) is None
    monkeypatch.setattr(studies, "package_versions", lambda: {"torch": "0.1"})
    assert UnitCache().find(question, StepsAnswer) is None


# --- What workers count --------------------------------------------------------------------------------------------------------------


def test_every_epoch_of_an_audit_is_one_whole_batch() -> None:
    lengths = np.arange(1, 33)
    recipe = Recipe(0.001, batch_size=8, seed=3)
    plans = plans_of_steps(7, 32, lengths, recipe)
    assert len(plans) == 7 and all(len(plan.order) == 8 and len(plan.widths) == 1 for plan in plans)
    assert all(plan.widths[0] == lengths[plan.order].max() for plan in plans)
    assert sorted(np.concatenate([plan.order for plan in plans[:4]])) == list(range(32)), "the first four are all texts, once"
    plans = plans_of_steps(8, 32, None, recipe)
    assert not any(plan.widths.any() for plan in plans)
    assert not np.array_equal(plans[0].order, plans[4].order), "another epoch, another order"


def test_losses_of_steps_from_epochs_of_one_step_and_from_running_means() -> None:
    single = StepLosses(2, 1, lambda: False)
    for loss in (0.5, 0.25):
        assert not single.stop_training
        single.on_train_batch_end(0, {"loss": 9.0})
        single.on_epoch_end(0, {"loss": loss})
    assert single.losses == [0.5, 0.25] and single.stop_training and not single.stopped
    running = StepLosses(3, 2, lambda: False)
    for batch, mean in ((0, 4.0), (1, 3.0), (0, 1.0)):
        running.on_train_batch_end(batch, {"loss": mean})
        running.on_epoch_end(0, {"loss": 9.0})
    assert running.losses == [4.0, 2.0, 1.0] and running.stop_training


def test_a_stop_and_a_loss_that_is_no_number_end_the_counting() -> None:
    stopped = StepLosses(5, 1, lambda: True)
    stopped.on_epoch_end(0, {"loss": 1.0})
    assert stopped.stopped and stopped.stop_training
    with pytest.raises(TrainingError, match="The loss of step 1 is no longer a number"):
        StepLosses(5, 1, lambda: False).on_epoch_end(0, {"loss": math.nan})
    with pytest.raises(TrainingError, match="The loss of epoch 1 is no longer a number"):
        EpochClock(lambda: None, lambda: False).on_epoch_end(0, {"loss": math.inf})


def test_the_first_epoch_is_left_out_of_the_time() -> None:
    clock = EpochClock(lambda: None, lambda: False)
    for _ in range(3):
        clock.on_epoch_begin(0)
        clock.on_test_begin()
        clock.on_epoch_end(0, {"loss": 0.5})
    clock._epochs = [9.0, 1.0, 3.0]
    assert clock.seconds == 6.0 and clock.loss == 0.5
    clock._epochs = [9.0]
    assert clock.seconds == 9.0
