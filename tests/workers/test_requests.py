"""What a study asks of its workers and what they answer: it survives the channel, and somebody answers every request."""

from __future__ import annotations

import json
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from engine.runs.records.reading import from_json, to_json
from engine.studies import process as study_process
from engine.studies.audit import AuditRequest
from engine.studies.audit_results import AuditResults
from engine.studies.results import read_results
from engine.studies.study import start_study
from engine.workers.jobs import check, latency_race
from engine.workers.main import ANSWERS, JOBS
from engine.workers.requests import request as base
from engine.workers.requests.ablation import Flip, TrainingRequest
from engine.workers.requests.audit import StepsRequest
from engine.workers.requests.export import CheckRequest, FileRequest, RaceRequest, WriteRequest
from engine.workers.requests.mistakes import Frame, MistakeAnswer, Observation, PrintedWarning, RaisedError
from tests.driving import small_data, studies_in_this_process
from tests.numpy_wing import use_numpy_workers

MODULES = sorted(path.stem for path in Path(base.__file__).parent.glob("*.py") if path.stem not in ("__init__", "request"))


def every_request(kind: Any = base.Request) -> list[Any]:
    """All requests, those that others only begin with left out."""
    for name in MODULES:
        import_module(f"engine.workers.requests.{name}")
    return [each for child in kind.__subclasses__() for each in ([child] if child is not FileRequest else []) + every_request(child)]


def test_somebody_answers_every_request() -> None:
    without_framework = {CheckRequest: check, RaceRequest: latency_race}
    assert {*ANSWERS, *without_framework} == set(every_request())
    for kind in every_request():
        assert fields(kind.answer) and (kind in ANSWERS) == (kind.job not in JOBS), kind


def test_a_request_and_an_answer_cross_the_channel() -> None:
    error = RaisedError(
        type="ValueError", frames=(Frame(file="a.py", line=3, function="f"),), own_line=Frame(file="a.py", line=3, function="f")
    )
    seen = Observation(stage="train", losses=(0.5, None), error=error, warnings=(PrintedWarning(type="UserWarning", message="well"),))
    for message in (
        StepsRequest(steps=3, own=("bias",), constants={"beta_1": 0.875}, precision="float64", keep=True),
        TrainingRequest(seed=1, own=("loss_weighting",), flip=Flip(class_weights=(0.5, 1.5))),
        CheckRequest(kind="onnx", file="model.onnx", precision="int8", draft="a/b", arrays="logits", shape=(None, 7)),
        MistakeAnswer(mistaken=seen, correct=Observation(stage="end"), same_answers=None, seconds=0.1),
    ):
        line = json.dumps(to_json(message) | {"of another version": 1})
        assert from_json(type(message), json.loads(line)) == message


def test_only_requests_that_leave_files_are_always_answered_anew() -> None:
    assert StepsRequest(steps=3, keep=True).leaves_files and not StepsRequest(steps=3).leaves_files
    write = WriteRequest(kind="onnx", file="model.onnx", precision="float32", draft="runs/x/.draft", arrays="logits")
    assert write.leaves_files
    assert (write.path, write.arrays_folder) == (Path("runs/x/.draft/model.onnx"), Path("runs/x/logits"))


def test_a_study_is_filled_by_workers_without_a_framework(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of them are the same stand-in, so an audit finds no difference at all."""
    use_numpy_workers(monkeypatch)
    studies_in_this_process(monkeypatch, study_process.main)
    study = start_study("audit", AuditRequest(("tfidf-mlp",), 2, small_data()).to_json())
    assert study.read_status().state == "done", study.read_status().message
    results = read_results(study, AuditResults)
    assert {row.max_relative_loss_difference for row in results.rows if row.level == "float32"} == {0.0}
    assert [row.max_logit_difference for row in results.transfers] == [0.0, 0.0]
