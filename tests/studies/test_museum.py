"""The museum: every mistake made for real once, in both frameworks; and, with stand-in workers, what becomes of those that die or hang."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import FRAMEWORKS
from engine.__main__ import main
from engine.course.answers import AnswerFromStudy
from engine.course.lessons import LESSONS
from engine.errors import ExperimentError
from engine.runs.processes import channel
from engine.runs.records.reading import from_json, to_json
from engine.studies import mistakes as museum
from engine.studies import process as study_process
from engine.studies import study as studies
from engine.studies.mistake_catalogue import MISTAKES
from engine.studies.mistake_results import MistakeRow, MuseumResults
from engine.studies.mistakes import (
    HARMLESS,
    OUTCOMES,
    MuseumRequest,
    final_loss,
    judge,
    mistake_code,
    museum_answer,
    museum_table,
    outcomes_by_mistake,
)
from engine.studies.results import read_results
from engine.studies.study import Study, start_study
from engine.workers.jobs.mistakes import MARK, describe_error, observe, shortened_paths
from engine.workers.requests.mistakes import MistakeAnswer, Observation
from tests.driving import processes_about, studies_in_this_process

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """All mistakes, made once."""
    folder = tmp_path_factory.mktemp("museum")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARITY_RUNS", str(folder / "runs"))
        patch.setenv("PARITY_LOCK", str(folder / "machine.lock"))
        studies_in_this_process(patch, study_process.main)
        study = start_study("museum", MuseumRequest().to_json())
    assert study.read_status().state == "done", study.read_status().message
    assert not processes_about(folder) and not study.prepared_folder.exists()
    return study


@pytest.fixture(scope="module")
def rows(made: Study) -> dict[tuple[str, str], dict[str, Any]]:
    assert made.read_results() is not None
    return {(row.mistake, row.framework): row for row in read_results(made, MuseumResults).rows}


# --- What both frameworks really do --------------------------------------------------------------------------------------------------


@pytest.mark.thorough
@pytest.mark.timeout(600)
def test_every_mistake_comes_to_a_definite_end(rows: dict[tuple[str, str], dict[str, Any]]) -> None:
    assert list(rows) == [(name, framework) for name in MISTAKES for framework in FRAMEWORKS]
    for (name, framework), row in rows.items():
        assert row.outcome in OUTCOMES and row.outcome not in ("crashed", "hung"), (name, framework, row)
        assert row.caught == (row.when != "never") == (row.mistaken.error is not None)
        assert row.correct.error is None and row.correct.accuracy > 0.35, f"{name}: the right function learns in {framework}"


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("mistake", "framework", "when", "type", "words"),
    [
        ("labels_out_of_range", "pytorch", "first step", "IndexError", "Target 5 is out of bounds"),
        ("labels_out_of_range", "tensorflow", "first step", "InvalidArgumentError", "outside the valid range of [0, 5)"),
        ("wrong_shape", "pytorch", "first step", "RuntimeError", "shapes cannot be multiplied"),
        ("wrong_shape", "tensorflow", "build", "ValueError", "128"),
        ("wrong_dtype", "pytorch", "first step", "RuntimeError", "dtype"),
        ("frozen_head", "pytorch", "first step", "RuntimeError", "does not require grad"),
        ("batch_axis_lost", "pytorch", "later step", "RuntimeError", "size mismatch"),
        ("batch_axis_lost", "tensorflow", "build", "ValueError", "Could not automatically infer the output shape"),
    ],
)
def test_what_is_caught_says_so_in_the_frameworks_own_words(
    rows: dict[tuple[str, str], dict[str, Any]], mistake: str, framework: str, when: str, type: str, words: str
) -> None:
    row = rows[mistake, framework]
    error = row.mistaken.error
    assert (row.outcome, row.when, error.type) == ("stopped", when, type) and words in error.message
    assert error.depth == len(error.frames) >= 2 and error.frames[0].function == mistake
    assert error.own_line.own and error.own_line.file == f"engine/frameworks/{framework}/mistakes.py"
    assert str(PROJECT) not in str(row) and "site-packages" not in str(row), "no path of this machine is shown"
    assert "\x1b" not in error.message, "colours are for terminals"


@pytest.mark.thorough
def test_what_is_silent_leaves_a_trace(rows: dict[tuple[str, str], dict[str, Any]]) -> None:
    silent = [row for row in rows.values() if row.outcome == "silent"]
    assert len(silent) >= 8
    for row in silent:
        mistaken, correct = row.mistaken, row.correct
        before, after = final_loss(correct), final_loss(mistaken)
        worse = mistaken.accuracy <= correct.accuracy - 0.05
        visible = mistaken.first_not_a_number or (before is not None and after is not None and after > 2 * before)
        assert worse or visible, (row.mistake, row.framework)
        assert len(correct.losses) == correct.steps > 50
        assert row.mistaken.warnings == ()


@pytest.mark.thorough
def test_the_frameworks_differ_where_they_do(rows: dict[tuple[str, str], dict[str, Any]]) -> None:
    assert rows["wrong_dtype", "tensorflow"].outcome == "harmless", "Keras casts"
    assert rows["wrong_dtype", "tensorflow"].same_answers >= HARMLESS
    assert rows["softmax_before_loss", "pytorch"].outcome == "silent"
    warned = rows["softmax_before_loss", "tensorflow"]
    assert warned.outcome == "warned" and "from_logits=True" in warned.mistaken.warnings[0].message
    assert rows["frozen_head", "tensorflow"].outcome == "warned"
    assert "trainable weights" in rows["frozen_head", "tensorflow"].mistaken.warnings[0].message
    for framework in FRAMEWORKS:
        assert rows["learning_rate_too_high", framework].mistaken.first_not_a_number > 1
        dropout = rows["forgotten_evaluation_mode", framework]
        assert dropout.mistaken.losses == dropout.correct.losses, "the training shows nothing"


@pytest.mark.thorough
def test_results_are_told_in_a_sentence_and_a_table(made: Study) -> None:
    results = read_results(made, MuseumResults)
    answer = museum_answer(results)
    assert answer.startswith(f"Of {len(MISTAKES)} mistakes PyTorch stops ") and "silently in both" in answer
    table = museum_table(results)
    assert "IndexError" in table and all(mistake.title in table for mistake in MISTAKES.values())


@pytest.mark.thorough
def test_the_course_is_answered_by_it(made: Study) -> None:
    asked = [lesson.question for lesson in LESSONS.values() if isinstance(lesson.question.answer, AnswerFromStudy)]
    museum_questions = [(question, question.answer) for question in asked if question.answer.kind == "museum"]
    assert len(museum_questions) == 2 and made.read_results() is not None
    for question, source in museum_questions:
        verdict = source.judge(read_results(made, MuseumResults))
        assert verdict.right in question.options and "PyTorch: " in verdict.sentence and "TensorFlow: " in verdict.sentence


@pytest.mark.thorough
def test_the_code_that_ran_is_kept_and_every_exhibit_is_marked(made: Study) -> None:
    code = mistake_code(made)
    for name in MISTAKES:
        for framework in FRAMEWORKS:
            piece = code.mistakes[name][framework][-1]
            assert piece.name == name and MARK in "\n".join(part.source for part in code.mistakes[name][framework])
            assert piece.lines < 30
    assert {piece.name for piece in code.shared["pytorch"]} == {"make_model", "make_bag_of_words", "fit", "answer"}
    kept = made.read_code()
    assert kept is not None
    changed = {file: text.replace("def fit(", "def fit_as_it_was(").replace(" fit(", " fit_as_it_was(") for file, text in kept.items()}
    made.write_code(changed)
    assert {piece.name for piece in mistake_code(made).shared["pytorch"]} == {"make_model", "make_bag_of_words", "fit_as_it_was", "answer"}
    made.write_code({"engine/frameworks/pytorch/mistakes.py": "def torn("})
    assert mistake_code(made) == mistake_code(None), "a damaged copy is replaced by the present code"
    made.write_code(kept)


# --- What may be asked, and what is made of what was seen ----------------------------------------------------------------------------


def test_a_request_survives_its_folder_and_has_defaults() -> None:
    request = MuseumRequest(("wrong_shape", "labels_out_of_range"))
    assert request.only == ("labels_out_of_range", "wrong_shape"), "in one order, so that the same question is the same study"
    assert MuseumRequest.from_json(request.to_json()) == request
    assert MuseumRequest.from_json({}).only == tuple(MISTAKES)


@pytest.mark.parametrize(("only", "words"), [(("typo",), "must be among .*, but found “typo”"), ((), "found none")])
def test_what_cannot_be_shown(only: tuple[str, ...], words: str) -> None:
    with pytest.raises(ExperimentError, match=words):
        MuseumRequest(only)


def seen(**changes: Any) -> Observation:
    observation = from_json(Observation, {"stage": "end", "steps": 4, "losses": [1.0, 0.5], "accuracy": 0.8} | changes)
    assert observation is not None
    return observation


@pytest.mark.parametrize(
    ("mistaken", "same", "outcome", "when", "step"),
    [
        ({"stage": "build", "steps": 0, "error": {}}, None, "stopped", "build", None),
        ({"stage": "train", "steps": 0, "error": {"type": "E"}}, None, "stopped", "first step", 1),
        ({"stage": "train", "steps": 7, "error": {"type": "E"}}, None, "stopped", "later step", 8),
        ({"stage": "answer", "steps": 7, "error": {"type": "E"}}, None, "stopped", "answer", None),
        ({"warnings": [{"type": "UserWarning", "message": "well"}]}, 1.0, "warned", "never", None),
        ({}, 1.0, "harmless", "never", None),
        ({}, 0.9, "silent", "never", None),
        ({"first_not_a_number": 3}, 1.0, "silent", "never", None),
    ],
)
def test_outcomes(mistaken: dict[str, Any], same: float | None, outcome: str, when: str, step: int | None) -> None:
    mistaken = mistaken | ({"error": {"type": "E"}} if "error" in mistaken else {})
    row = judge("wrong_shape", "pytorch", MistakeAnswer(mistaken=seen(**mistaken), correct=seen(), same_answers=same, seconds=0.1))
    assert (row.outcome, row.when, row.step, row.caught) == (outcome, when, step, outcome == "stopped")


def test_a_lost_process_leaves_no_figures_on_disk() -> None:
    lost = {"mistake": "wrong_shape", "framework": "pytorch", "outcome": "hung", "when": "never", "step": None, "caught": False}
    row = from_json(MistakeRow, lost | {"reason": "It gave no answer."})
    assert row is not None and to_json(row) == lost | {"reason": "It gave no answer."}
    assert set(to_json(replace(row, reason=None))) == {*lost, "mistaken", "correct", "same_answers", "seconds"}


def test_a_final_loss_needs_numbers() -> None:
    assert final_loss(Observation(losses=(4.0, 2.0))) == 3.0
    assert final_loss(Observation(losses=(4.0, None))) is None and final_loss(Observation()) is None


def test_where_a_traceback_leads() -> None:
    def exhibit(data: Any, callback: Any, mistaken: bool) -> Any:
        callback.on_train_begin()
        return Path(3)  # mistake: no path

    described, logits = observe(exhibit, None, True, lambda seed: None)
    error = described.error
    assert error is not None and error.own_line is not None
    assert logits is None and (described.stage, described.steps) == ("train", 0)
    assert error.type == "TypeError" and error.at_mistake and error.own_line.function == "exhibit"
    assert error.library_frames == error.depth - 1 > 0
    assert error.own_line.file == "tests/studies/test_museum.py"
    assert describe_error(ValueError("x" * 9000), exhibit).message.endswith("…")


def test_no_path_of_a_machine_is_shown() -> None:
    text = f'File "/home/me/.venv/lib/python3.12/site-packages/keras/src/a.py", {PROJECT}/engine/b.py'
    assert shortened_paths(text) == 'File "keras/src/a.py", engine/b.py'
    assert shortened_paths("/usr/lib/python3.12/pathlib.py") == "pathlib.py"


# --- Workers that die, hang or fail --------------------------------------------------------------------------------------------------

STAND_IN = """
import os, signal, sys
from engine.runs.processes.channel import Channel
framework = sys.argv[2]
channel = Channel()
channel.take("import")
channel.take("ready", gpu=None)
message = channel.take("work")
while True:
    what = plan.get((message["request"]["mistake"], framework))
    if what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "hang":
        signal.pause()
    if what == "fail":
        channel.tell(failed="The exhibit is broken.")
        sys.exit(0)
    seen = {"stage": "end", "steps": 2, "losses": [1.0, 0.5], "first_not_a_number": None, "accuracy": 0.8, "error": None, "warnings": []}
    message = channel.take("work", answer={"mistaken": seen, "correct": seen, "same_answers": 1.0, "seconds": 0.1})
"""
TWO = ("labels_out_of_range", "wrong_shape")


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[tuple[str, str], str]], list[str]]:
    """Workers that do as the plan says instead of loading a framework; the answer names those that were started."""
    studies_in_this_process(monkeypatch, study_process.main)
    popen, started = channel.subprocess.Popen, []

    def follow(plan: dict[tuple[str, str], str]) -> list[str]:
        def start(command: list[str], **options: Any) -> Any:
            if "engine.workers.main" not in command:
                return popen(command, **options)
            started.append(command[-2])
            return popen([sys.executable, "-c", f"plan = {plan!r}\n{STAND_IN}", *command[-3:]], **options)

        monkeypatch.setattr(channel.subprocess, "Popen", start)
        return started

    return follow


def test_a_worker_that_dies_and_one_that_hangs_are_outcomes(
    stand_ins: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started = stand_ins({(TWO[0], "pytorch"): "die", (TWO[0], "tensorflow"): "hang"})
    monkeypatch.setattr(museum, "SECONDS", 0.8)
    study = start_study("museum", MuseumRequest(TWO).to_json())
    assert study.read_status().state == "done", study.read_status().message
    results = read_results(study, MuseumResults)
    pairs = outcomes_by_mistake(results)
    died, hung = (pairs[TWO[0]][framework] for framework in FRAMEWORKS)
    assert died.outcome == "crashed" and "was ended by signal 9" in died.reason
    assert hung.outcome == "hung" and hung.reason == "The TensorFlow worker gave no answer within 0.8 seconds and was ended."
    assert all(row.outcome == "harmless" for row in pairs[TWO[1]].values()), "the next mistake gets a fresh worker"
    assert started == [*FRAMEWORKS] * 3 and not processes_about(tmp_path)
    assert "The process died" in museum_table(results)
    stand_ins({})
    again = start_study("museum", MuseumRequest(TWO[:1]).to_json())
    assert {row.outcome for row in read_results(again, MuseumResults).rows} == {"harmless"}, "it was not kept as an answer"


def test_a_museum_is_stopped_and_goes_on(stand_ins: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stand_ins({(TWO[0], "tensorflow"): "hang"})
    go, given = channel.WorkerProcess.go, []

    def stop_at_the_second(worker: channel.WorkerProcess, **facts: Any) -> None:
        go(worker, **facts)
        if request := facts.get("request"):
            given.append((request["mistake"], worker.framework))
            if len(given) == 2:
                studies.list_studies("museum")[0].request_stop()

    monkeypatch.setattr(channel.WorkerProcess, "go", stop_at_the_second)
    study = start_study("museum", MuseumRequest(TWO).to_json())
    assert study.read_status().state == "stopped" and not processes_about(tmp_path), "a worker that hangs is no reason to wait"
    stand_ins({})
    study = start_study("museum", MuseumRequest(TWO).to_json())
    assert study.read_status().state == "done" and len(read_results(study, MuseumResults).rows) == 4
    assert given == [(TWO[0], "pytorch"), (TWO[0], "tensorflow"), (TWO[0], "tensorflow"), (TWO[1], "pytorch"), (TWO[1], "tensorflow")]


def test_a_broken_exhibit_is_no_outcome(stand_ins: Callable[..., list[str]]) -> None:
    stand_ins({(TWO[0], "pytorch"): "fail"})
    study = start_study("museum", MuseumRequest(TWO).to_json())
    assert (study.read_status().state, study.read_status().message) == ("failed", "The exhibit is broken.")
    assert study.read_results() is None


def test_the_command_prints_a_table_or_rows(stand_ins: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    started = stand_ins({})
    assert main(["museum", "--only", TWO[0], "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["mistake"], row["framework"], row["outcome"]) for row in rows] == [(TWO[0], name, "harmless") for name in FRAMEWORKS]
    assert main(["museum", "--only", TWO[0]]) == 0
    assert "Not caught, harmless" in capsys.readouterr().out and len(started) == 2, "what was found is shown again"
    assert main(["museum", "--only", "typo"]) == 1
    assert "the mistakes must be among" in capsys.readouterr().err
