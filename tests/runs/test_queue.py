"""Who waits for whom."""

from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock

from engine.runs import folder
from engine.runs.folder import Run, create_run
from engine.runs.processes import queue
from engine.runs.processes.identity import ProcessIdentity, process_identity
from engine.runs.processes.queue import lock_path, wait_in_queue
from engine.runs.status import Status
from tests.driving import small_experiment

EXPERIMENT = small_experiment("bundled")


def named_run(second: int) -> Run:
    """A run that was started in this second of a minute."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folder.time, "strftime", lambda form: f"20260131-1425{second:02}")
        return create_run(EXPERIMENT)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a waiting run says; after its third look it is stopped."""
    said: list[str] = []
    monkeypatch.setattr(queue, "wait_a_moment", lambda: None)
    return said


def stop_after(run: Run, said: list[str], words: int):  # type: ignore[no-untyped-def]
    def say(message: str) -> None:
        said.append(message)
        if len(said) == words:
            run.request_stop()

    return say


def test_a_free_machine_is_taken_at_once(waits: list[str]) -> None:
    lock = wait_in_queue(named_run(1), waits.append)
    assert lock is not None and lock.is_locked and waits == []
    lock.release()
    with FileLock(lock_path(), timeout=0):
        pass


def test_a_busy_machine_is_waited_for_and_its_user_named(waits: list[str]) -> None:
    first, second = named_run(1), named_run(2)
    lock = wait_in_queue(first, waits.append)
    assert lock is not None
    assert wait_in_queue(second, stop_after(second, waits, 2)) is None
    lock.release()
    assert set(waits) == {f"Waiting for run {first.identifier} to finish; one run at a time uses this machine"}


def test_a_holder_who_left_no_note(waits: list[str]) -> None:
    run = named_run(1)
    with FileLock(lock_path()):
        assert wait_in_queue(run, stop_after(run, waits, 1)) is None
    assert waits == ["Waiting for another run to finish; one run at a time uses this machine"]


def test_earlier_runs_go_first_unless_they_are_dead(waits: list[str]) -> None:
    first, second, third = named_run(1), named_run(2), named_run(3)
    for run in (first, second):
        run.write_status(Status(coordinator=process_identity()))
    assert wait_in_queue(third, stop_after(third, waits, 1)) is None
    assert waits == ["Waiting: 2 earlier runs are queued before this one"]
    third.withdraw_stop()
    for run in (first, second):
        run.write_status(Status(coordinator=ProcessIdentity(2**22 + 1, 1.0)))
    lock = wait_in_queue(third, waits.append)
    assert lock is not None
    lock.release()


def test_a_removed_folder_ends_the_waiting(waits: list[str], tmp_path: Path) -> None:
    assert wait_in_queue(Run(tmp_path / "gone"), waits.append) is None
