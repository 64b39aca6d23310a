"""The run folder: names, half-written and missing files, and processes that are not what they were."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import RunError
from engine.files import read_json, write_atomically
from engine.runs import folder, work_folder
from engine.runs.folder import Run, create_run, home, open_run, readable_experiment
from engine.runs.index import run_rows
from engine.runs.processes.identity import ProcessIdentity, living_process, process_identity
from engine.runs.records.reading import from_json, to_json
from engine.runs.status import Status, WorkProgress, read_status
from engine.workers.callback import EventFile
from tests.driving import small_experiment

EXPERIMENT = small_experiment("bundled")


def test_runs_started_in_the_same_second_get_their_own_folders() -> None:
    runs: list[Run] = []
    threads = [threading.Thread(target=lambda: runs.append(create_run(EXPERIMENT))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({run.path for run in runs}) == 8
    assert [row.identifier for row in run_rows()] == sorted((run.identifier for run in runs), reverse=True)
    assert all(open_run(run.identifier).read_experiment() == EXPERIMENT for run in runs)


def test_a_name_that_is_drawn_twice_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    names = iter(["aaaaaa", "aaaaaa", "bbbbbb"])
    monkeypatch.setattr(folder.secrets, "token_hex", lambda size: next(names) if size == 3 else "00000000")
    monkeypatch.setattr(folder.time, "strftime", lambda form: "20260131-142501")
    assert [create_run(EXPERIMENT).identifier for _ in range(2)] == ["20260131-142501-aaaaaa", "20260131-142501-bbbbbb"]


@pytest.mark.parametrize("name", ["../..", "..", "", "20260131-142501-a1b2c3/../..", "20260131-142501-a1b2c3\n", "C:\\runs", "_features"])
def test_names_that_no_run_can_have(name: str) -> None:
    create_run(EXPERIMENT)
    with pytest.raises(RunError, match=r"is not the name of a run. Expected one like 20260131-142501-a1b2c3"):
        open_run(name)


def test_an_unknown_run() -> None:
    with pytest.raises(RunError, match=r"There is no run 20260131-142501-a1b2c3 in .*It was removed, or it lives in another folder"):
        open_run("20260131-142501-a1b2c3")
    assert run_rows() == []


def test_a_home_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder")
    for wrong in (tmp_path / "file", tmp_path / "file" / "runs"):
        monkeypatch.setenv("PARITY_RUNS", str(wrong))
        with pytest.raises(RunError, match=r"No run can be started: .* Free some space or set PARITY_RUNS"):
            create_run(EXPERIMENT)


def test_nothing_half_made_stays_when_the_disk_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder, "write_atomically", full)
    with pytest.raises(RunError, match=r"cannot be written \(No space left on device\). Free some space"):
        create_run(EXPERIMENT)
    assert list(home().iterdir()) == []


def test_a_draft_that_could_not_be_finished_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(tmp_path / "status.json", "{}")
    assert list(tmp_path.iterdir()) == []


def test_readers_never_see_half_a_status() -> None:
    run = create_run(EXPERIMENT)
    ended = threading.Event()

    def write() -> None:
        while not ended.is_set():
            run.write_status(Status(message="x" * 20_000))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        seen = {run.read_status().state for _ in range(300)}
    finally:
        ended.set()
        writer.join()
    assert seen == {"queued"}


def test_a_torn_last_line_is_left_for_the_next_read() -> None:
    run = create_run(EXPERIMENT)
    file = run.events_file("pytorch")
    file.write_bytes(b'{"event": "imported"}\n{"event": "bui')
    events, offset = run.read_events("pytorch")
    assert [event["event"] for event in events] == ["imported"]
    with open(file, "ab") as stream:
        stream.write(b'lt"}\n')
    events, end = run.read_events("pytorch", offset)
    assert [event["event"] for event in events] == ["built"] and end == file.stat().st_size
    assert run.read_events("pytorch", end) == ([], end)


def test_a_line_torn_by_a_kill_is_passed_over() -> None:
    run = create_run(EXPERIMENT)
    run.events_file("pytorch").write_bytes('{"event": "imported"}\n{"event": "é'.encode()[:-1])
    events = EventFile(run.events_file("pytorch"))
    events.write("built", epochs=3)
    events.close()
    assert not events.was_empty
    assert [event["event"] for event in run.read_events("pytorch")[0]] == ["imported", "built"]


def test_what_is_missing_reads_as_nothing() -> None:
    run = create_run(EXPERIMENT)
    assert (
        run.read_results() is None
        and run.read_data() is None
        and run.read_predictions("pytorch") is None
        and run.read_outcome("pytorch") is None
    )
    assert run.read_events("tensorflow", 7) == ([], 7)
    (run.path / "results.json").write_text('{"half": ')
    run.predictions_file("pytorch").write_bytes(b"PAR1 not a table")
    assert run.read_results() is None and run.read_predictions("pytorch") is None
    for damage in ("[1]", "[" * 100_000):
        (run.path / "results.json").write_text(damage)
        assert read_json(run.path / "results.json") is None


@pytest.mark.parametrize("damage", ["{}", '{"state": "dreaming"}', "[]"])
def test_a_status_without_a_state_that_is_known_cannot_be_read(damage: str) -> None:
    run = create_run(EXPERIMENT)
    run.status_file.write_text(damage)
    status = run.read_status()
    assert status.state == "failed" and "its status cannot be read" in status.message
    assert status.created == run.read_status().created, "a moment of the folder, not of the look at it"


def test_a_removed_folder() -> None:
    run = create_run(EXPERIMENT)
    shutil.rmtree(run.path)
    assert run.read_status().state == "failed" and "The run's folder was removed" in run.read_status().message
    with pytest.raises(RunError, match=r"has no readable experiment.json"):
        _ = run.read_experiment()
    with pytest.raises(RunError, match="cannot be stopped: nothing can be written into its folder"):
        run.request_stop()
    assert readable_experiment(run) is None and run_rows() == []


def test_a_status_of_another_version_is_read_as_far_as_it_is_known() -> None:
    run = create_run(EXPERIMENT)
    values = json.loads((run.path / "status.json").read_text()) | {"mood": "fine", "state": "stopped"}
    (run.path / "status.json").write_text(json.dumps(values))
    assert run.read_status().state == "stopped"


def test_the_number_of_a_process_alone_is_not_trusted() -> None:
    mine = process_identity()
    assert living_process(mine) is not None
    assert living_process(replace(mine, started=mine.started - 60)) is None
    assert living_process(None) is None and living_process(ProcessIdentity(-1, 1.0)) is None
    assert all(from_json(ProcessIdentity, value) is None for value in (None, [], {"pid": 3}, {"pid": "x", "started": 1.0}))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    identity = process_identity(ended.pid)
    deadline = time.monotonic() + 60
    while living_process(identity) is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert living_process(identity) is None, "a zombie does not live"
    ended.wait()


def test_a_run_whose_process_has_gone_reads_as_failed() -> None:
    run = create_run(EXPERIMENT)
    run.write_status(Status(state="running", phase="train", coordinator=ProcessIdentity(2**22 + 1, 1.0)))
    status = run.read_status()
    assert status.state == "failed" and not status.active
    assert "ended unexpectedly while it was in the phase “train”" in status.message and "resume the run" in status.message
    run.write_status(Status(state="running", phase="train", coordinator=process_identity()))
    assert run.read_status().state == "running"


def test_a_last_word_that_comes_between_the_two_looks_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    run = create_run(EXPERIMENT)
    run.write_status(Status(state="running", coordinator=ProcessIdentity(2**22 + 1, 1.0)))

    def finishes_just_now(identity: object) -> None:
        run.write_status(Status(state="done", message="Finished"))

    monkeypatch.setattr(work_folder, "living_process", finishes_just_now)
    assert run.read_status().state == "done"


def test_a_run_whose_process_never_came_reads_as_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    run = create_run(EXPERIMENT)
    assert run.read_status().state == "queued"
    monkeypatch.setattr(work_folder, "SECONDS_TO_APPEAR", -1.0)
    assert run.read_status().state == "failed" and "has not started" in run.read_status().message and "resume" in run.read_status().message


def test_the_status_of_a_run_or_a_study_made_before_version_0_3_is_read() -> None:
    before = {"state": "running", "message": "Training", "phase": "train", "turn": "pytorch", "created": 1.0, "updated": 2.0}
    process, progress = {"pid": 5049, "started": 206.48}, {"pytorch": {"share": 0.5, "seconds_left": None}, "download": {"megabytes": 3.0}}
    run = read_status(before | {"coordinator": process, "workers": {"pytorch train": process}, "progress": progress, "mood": "fine"})
    assert run.coordinator == run.workers["pytorch train"] == ProcessIdentity(5049, 206.48)
    assert run.of("pytorch") == WorkProgress(0.5) and run.of("download").megabytes == 3.0 and run.of("tensorflow") == WorkProgress()
    study = read_status({"state": "queued", "share": 0.25, "seconds_left": 4.0, "process": process, "workers": {}})
    assert (study.coordinator, study.share, study.seconds_left) == (ProcessIdentity(5049, 206.48), 0.25, 4.0)
    damaged = read_status({"coordinator": {"pid": "x"}, "workers": {"pytorch train": 3}, "progress": []})
    assert damaged.coordinator is None and damaged.workers == {} and damaged.progress == {}
    assert read_status(json.loads(json.dumps(to_json(run)))) == run
