"""The audit: what may be asked, what is peeled, how its study goes, and the bars that the two wings really keep."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

from engine import FRAMEWORKS
from engine.course.verdicts import size_of_difference
from engine.data.store import sample_choice
from engine.errors import ExperimentError
from engine.runs.processes import coordinating
from engine.runs.processes.channel import WorkerProcess
from engine.runs.processes.turns import Turns
from engine.runs.status import Status
from engine.shared.classifiers import CLASSIFIERS
from engine.studies import audit
from engine.studies import process as study_process
from engine.studies import study as studies
from engine.studies.audit import (
    BARS,
    LAST_LEVELS,
    LEVELS,
    REMAINS,
    TRANSFER_BAR,
    AuditRequest,
    audit_table,
    exact_constants,
    relative_differences,
    verdicts,
)
from engine.studies.audit_results import AuditResults
from engine.studies.results import read_results
from engine.studies.study import Study, start_study
from tests.driving import processes_about, small_data, write_tiny_encoder


@pytest.fixture(scope="module")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_encoder(tmp_path_factory.mktemp("encoder") / "tiny")


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A study is done before ``start_study`` returns; only its workers are processes. Sources may be edited meanwhile."""
    monkeypatch.setattr(studies, "code_version", lambda: "of this test")
    monkeypatch.setattr(studies, "detach", lambda module, folder: study_process.main([str(folder)]))


def short_request(encoder: Path, *classifiers: str, steps: int = 4, **changes: Any) -> AuditRequest:
    return AuditRequest(classifiers, steps, **({"data": small_data(100), "encoder": str(encoder)} | changes))


# --- What may be asked ---------------------------------------------------------------------------------------------------------------


def test_a_request_survives_its_folder_and_has_defaults() -> None:
    request = AuditRequest(("bi-lstm", "text-cnn"), 7, small_data(), "some/encoder")
    assert request.classifiers == ("text-cnn", "bi-lstm"), "in the order of the family, so that the same question is the same study"
    assert AuditRequest.from_json(request.to_json()) == request
    everything = AuditRequest.from_json({})
    assert everything.classifiers == tuple(CLASSIFIERS) and everything.steps == 50
    assert everything.to_json()["data"] == sample_choice().to_json()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"classifiers": ("text-cnn", "svm")}, "must be among embedding-mlp, .*, but found “svm”"),
        ({"classifiers": ()}, "but found none"),
        ({"steps": 0}, "a whole number between 1 and 1,000, but is 0"),
        ({"steps": 2.5}, r"but is 2\.5"),
    ],
)
def test_what_cannot_be_audited(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ExperimentError, match=words):
        AuditRequest(**wrong)


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_every_classifier_is_audited_with_few_texts_and_has_its_bar(classifier: str) -> None:
    experiment = AuditRequest().experiment(classifier)
    assert (experiment.rate_schedule, experiment.device, experiment.data.rows) == ("constant", "cpu", audit.ROWS)
    recommended = CLASSIFIERS[classifier].recommended
    assert (experiment.clip_norm, experiment.weight_decay) == (recommended.get("clip_norm", 0.0), recommended.get("weight_decay", 0.0))
    assert classifier in BARS and REMAINS[classifier].endswith(".")
    assert audit.cost(classifier) > 0


def test_each_level_makes_one_more_thing_equal() -> None:
    levels = list(LEVELS.values())
    for before, after in itertools.pairwise(levels):
        assert after.own <= before.own
        assert after.own < before.own or after.exact_constants > before.exact_constants or after.precision != before.precision
    assert set(LAST_LEVELS) <= set(LEVELS) and all(not LEVELS[name].own for name in LAST_LEVELS)


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_float32_holds_every_digit_of_the_exact_constants(classifier: str) -> None:
    experiment = AuditRequest().experiment(classifier)
    constants = exact_constants(experiment)
    assert all(float(np.float32(value)) == value for value in constants.values())
    assert 0.7 < constants["learning_rate"] / experiment.learning_rate < 1.5
    assert ("weight_decay" in constants) == bool(experiment.weight_decay)


def test_differences_are_relative_to_the_larger_loss() -> None:
    assert relative_differences([1.0, 0.5, 0.0], [2.0, 0.5, 0.0]) == [0.5, 0.0, 0.0]


# --- How a study goes ----------------------------------------------------------------------------------------------------------------


@pytest.mark.thorough
@pytest.mark.timeout(600)
def test_both_wings_keep_the_bars(tiny_encoder: Path, in_process: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every classifier for real, from building to the weights carried across; the last level of the peel and the same in float32."""
    monkeypatch.setattr(audit, "LEVELS", {name: LEVELS[name] for name in LAST_LEVELS})
    study = start_study("audit", short_request(tiny_encoder, *CLASSIFIERS).to_json())
    assert (study.read_status().state, study.read_status().message, study.read_status().share) == ("done", "Finished", 1.0)
    assert not processes_about(tmp_path) and not study.prepared_folder.exists()
    results = read_results(study, AuditResults)
    assert (results.steps, results.data) == (4, "support_messages.csv")
    assert results.machine.packages["torch"]
    found = {(row.classifier, row.level): row for row in results.rows}
    for classifier in CLASSIFIERS:
        exact, rounded = (found[classifier, level] for level in LAST_LEVELS)
        assert exact.max_relative_loss_difference <= BARS[classifier], classifier
        assert rounded.max_relative_loss_difference < 1e-3, f"{classifier}; 0 where four losses happen to be rounded alike"
        for losses in rounded.losses.values():
            assert list(losses) == [float(np.float32(loss)) for loss in losses], f"{classifier} was trained in float32"
        for losses in exact.losses.values():
            assert losses != [float(np.float32(loss)) for loss in losses], f"{classifier} was trained in float64"
        assert [len(losses) for losses in exact.losses.values()] == [4, 4] and len(exact.differences) == 4
        assert len(set(exact.losses["pytorch"])) == 4, "each step is another batch"
        assert (exact.precision, rounded.precision) == ("float64", "float32")
    assert len(results.transfers) == 2 * len(CLASSIFIERS)
    assert all(row.max_logit_difference <= TRANSFER_BAR for row in results.transfers)
    assert {row.source for row in results.transfers} == set(FRAMEWORKS)
    assert verdicts(results)[0] == {
        "classifier": "embedding-mlp",
        "precision": "float64",
        "steps": 4,
        "max_relative_loss_difference": found["embedding-mlp", "exact-constants"].max_relative_loss_difference,
    }
    assert len(verdicts(results)) == 2 * len(CLASSIFIERS)

    def refuse(*_: Any) -> None:
        pytest.fail("a worker was started for what is known")

    monkeypatch.setattr(WorkerProcess, "__init__", refuse)
    again = start_study("audit", short_request(tiny_encoder, "text-cnn").to_json())
    assert again != study and again.read_status().state == "done", "a smaller audit needs nothing new"
    assert [row.classifier for row in read_results(again, AuditResults).rows] == ["text-cnn"] * 2


@pytest.mark.thorough
@pytest.mark.timeout(600)
def test_the_peel_of_the_guides_classifier(tiny_encoder: Path, in_process: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped half way, killed half way, then finished: what was found before is not measured again."""
    give, given = Turns.give, []
    request = short_request(tiny_encoder, "embedding-mlp", steps=6, data=small_data(150)).to_json()

    def counted(act: Callable[[WorkerProcess], None], at: int) -> None:
        given.clear()

        def count(turns: Turns, worker: WorkerProcess, answer: Any = lambda worker: {}) -> None:
            if worker.job == "audit" and worker.phase == "work":
                given.append(worker.framework)
                if len(given) == at:
                    act(worker)
            give(turns, worker, answer)

        monkeypatch.setattr(Turns, "give", count)

    counted(lambda worker: Study(next((studies._studies_folder()).glob("audit-*"))).request_stop(), at=3)
    study = start_study("audit", request)
    assert study.read_status().state == "stopped" and len(given) == 3
    assert study.read_status().message == "Stopped on request. What is finished is kept; start the same study again to go on."
    counted(lambda worker: worker.process.kill(), at=2)
    study = start_study("audit", request)
    assert study.read_status().state == "failed"
    assert study.read_status().message.startswith("embedding-mlp: The TensorFlow worker was ended by signal 9 (SIGKILL, from outside)")
    counted(lambda worker: None, at=0)
    study = start_study("audit", request)
    assert study.read_status().state == "done", study.read_status().message
    assert len(given) == 2 * len(LEVELS) + 2 - 3, "two were known after the stop, one more after the kill"
    results = read_results(study, AuditResults)
    largest = {row.level: row.max_relative_loss_difference for row in results.rows}
    first = {row.level: row.differences[0] for row in results.rows}
    assert list(largest) == list(LEVELS)
    assert largest["exact-constants"] <= BARS["embedding-mlp"] < largest["same-batches"] < largest["as-they-come"]
    assert largest["same-epsilon"] < largest["same-batches"]
    assert first["same-batches"] < 1e-15 < first["same-weights"]
    verdict = size_of_difference("embedding-mlp")(results)
    assert verdict.right in ("zero", "last-digits") and verdict.sentence.startswith("In 6 steps "), "the course asks this of another one"
    table = audit_table(results)
    assert "embedding-mlp" in table and "PyTorch's weights in TensorFlow" in table and REMAINS["embedding-mlp"] in table


def test_what_is_wrong_with_the_data_or_the_encoder_is_told_once(tmp_path: Path, in_process: None) -> None:
    study = start_study("audit", short_request(tmp_path / "nowhere", "embedding-mlp", "transformer").to_json())
    assert study.read_status().state == "failed" and study.read_results() is None
    assert study.read_status().message.startswith("embedding-mlp, transformer: ") and "nowhere" in study.read_status().message
    few = short_request(tmp_path, "tfidf-mlp", "text-cnn", data=small_data(15))
    study = start_study("audit", few.to_json())
    assert study.read_status().state == "failed" and study.read_status().message.count("Use more rows") == 1


def test_a_second_process_for_the_same_study_leaves(
    in_process: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(coordinating, "SECONDS_TO_LEAVE", 0.0)
    monkeypatch.setattr(studies, "detach", lambda module, folder: None)
    study = start_study("audit", {})
    with FileLock(study.path / ".coordinator.lock"):
        study_process.main([str(study.path)])
    assert "Not started: another process is at work" in capsys.readouterr().out
    assert study.read_status().state == "queued"
    study.write_status(Status(state="done"))
    study_process.main([str(study.path)])
    assert study.read_status().state == "done", "a late starter finds the work done"


def test_a_damaged_request_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studies, "detach", lambda module, folder: None)
    study = start_study("audit", {})
    (study.path / "request.json").write_text("{torn")
    study_process.main([str(study.path)])
    assert study.read_status().state == "failed" and "was removed or damaged" in study.read_status().message
    study = start_study("audit", {"classifiers": ["of another version"]})
    study_process.main([str(study.path)])
    assert study.read_status().state == "failed" and "found “of another version”" in study.read_status().message


def test_a_study_waits_its_turn_and_can_be_stopped_there(in_process: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.runs.processes import queue

    said = []

    def look() -> None:
        (study,) = studies.list_studies("audit")
        said.append((study.read_status().state, study.read_status().message))
        study.request_stop()

    monkeypatch.setattr(queue, "wait_a_moment", look)
    with FileLock(queue.lock_path()):
        study = start_study("audit", {})
    assert said == [("queued", "Waiting for another run to finish; one run at a time uses this machine")]
    assert study.read_status().state == "stopped"
