"""The index of runs: what lists show, without reading again what has not changed."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from benchmarks.pages import fill_home
from engine.runs import folder, work_folder
from engine.runs.folder import Run, create_run, home
from engine.runs.index import row_of, run_rows, runs_of
from engine.runs.processes.identity import ProcessIdentity, process_identity
from engine.runs.status import Status
from tests.driving import small_experiment

EXPERIMENT = small_experiment("bundled")


def write_results(run: Run, accuracy: float) -> None:
    figures = {"test_accuracy": accuracy, "documents_per_second": 50.0}
    run.results_file.write_text(json.dumps({"frameworks": {"pytorch": figures, "tensorflow": {"test_accuracy": None}}}))


@pytest.fixture
def files_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were read."""
    names: list[str] = []
    for module in (folder, work_folder):
        read = module.read_json
        monkeypatch.setattr(module, "read_json", lambda path, read=read: names.append(path.name) or read(path))
    return names


def test_a_row_shows_what_the_files_say_and_follows_them() -> None:
    run = create_run(EXPERIMENT)
    [row] = run_rows()
    assert (row.run, row.identifier, row.experiment, row.state, row.active) == (run, run.identifier, EXPERIMENT, "queued", True)
    assert not row.has_results and row.accuracies == {}
    run.write_status(Status(state="done", message="Finished", phase="end", created=12.0))
    write_results(run, 0.5)
    [row] = run_rows()
    assert (row.state, row.message, row.phase, row.created, row.active) == ("done", "Finished", "end", 12.0, False)
    assert row.has_results and row.accuracies == {"pytorch": 0.5, "tensorflow": None}
    assert row.documents_per_second == {"pytorch": 50.0, "tensorflow": None}
    write_results(run, 0.9)
    assert row_of(run).accuracies["pytorch"] == 0.9
    run.results_file.unlink()
    assert not row_of(run).has_results


def test_a_file_that_was_replaced_within_a_tick_of_the_clock_is_read_again() -> None:
    run = create_run(EXPERIMENT)
    write_results(run, 0.5)
    os.utime(run.results_file, (1.0, 1.0))
    assert row_of(run).accuracies["pytorch"] == 0.5
    first = run.results_file.rename(run.path / "first.json")  # it keeps its number on the disk, so the next file has another one
    write_results(run, 0.9)
    os.utime(run.results_file, (1.0, 1.0))
    assert first.stat().st_size == run.results_file.stat().st_size and row_of(run).accuracies["pytorch"] == 0.9


def test_what_has_not_changed_is_not_read_again(files_read: list[str]) -> None:
    ended, waiting = create_run(EXPERIMENT), create_run(EXPERIMENT)
    ended.write_status(Status(state="done"))
    assert len(run_rows()) == 2 and sorted(set(files_read)) == ["experiment.json", "results.json", "status.json"]
    files_read.clear()
    assert len(run_rows()) == 2
    assert files_read == ["status.json"], "of the active one alone, whose process may have gone"
    waiting.write_status(Status(state="stopped"))
    run_rows()
    files_read.clear()
    run_rows()
    assert files_read == []


def test_a_run_whose_process_has_gone_reads_as_failed_though_no_file_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    run = create_run(EXPERIMENT)
    run.write_status(Status(state="running", phase="train", coordinator=process_identity()))
    assert row_of(run).state == "running"
    monkeypatch.setattr(work_folder, "living_process", lambda identity: None)
    assert row_of(run).state == "failed" and "ended unexpectedly" in row_of(run).message and row_of(run).phase == "train"
    monkeypatch.undo()
    run.write_status(Status(state="running", coordinator=ProcessIdentity(2**22 + 1, 1.0)))
    assert row_of(run).state == "failed"


def test_the_newest_comes_first_and_damage_hides_nobody() -> None:
    oldest, *others = sorted((create_run(EXPERIMENT) for _ in range(3)), key=lambda run: run.identifier)
    assert [row.run for row in run_rows()] == [*reversed(others), oldest] and [row.run for row in run_rows(1)] == [others[-1]]
    oldest.experiment_file.write_text("{torn")
    assert row_of(oldest).experiment is None and len(run_rows()) == 3
    assert {row.run for row in runs_of(EXPERIMENT)} == set(others)
    assert [row.run for row in runs_of(EXPERIMENT, among=1)] == [others[-1]]
    others[0].experiment_file.unlink()
    shutil.rmtree(others[1].path)
    (home() / "20260131-142501-a1b2c3").write_text("no folder at all")
    assert [row.run for row in run_rows()] == [oldest], "a folder without a description is no run"
    oldest.status_file.unlink()
    assert row_of(oldest).state == "failed"


def test_the_benchmark_of_pages_fills_a_folder_with_runs_that_open() -> None:
    newest = fill_home(home(), 4)
    rows = run_rows()
    assert len(rows) == 4 and rows[0].run == newest
    assert {row.state for row in rows} == {"done"} and all(row.has_results and row.experiment for row in rows)
