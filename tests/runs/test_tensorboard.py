"""TensorBoard comes up for a run, is reused, and goes."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator

import pytest

from engine.errors import RunError
from engine.runs import tensorboard
from engine.runs.folder import create_run
from tests.driving import copy_run, processes_about, small_experiment, wait_until
from tests.shared_runs import SharedRun


@pytest.fixture(autouse=True)
def all_closed() -> Iterator[None]:
    yield
    tensorboard.close_all()


@pytest.mark.thorough
def test_it_shows_both_frameworks_and_is_started_once(reference: SharedRun) -> None:
    run = copy_run(reference.run)
    address = tensorboard.open_tensorboard(run, wait_seconds=120)
    assert address.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(address, timeout=60) as answer:
        assert answer.status == 200

    def shown() -> bool:
        with urllib.request.urlopen(f"{address}/data/runs", timeout=60) as answer:
            return set(json.load(answer)) >= {"pytorch", "tensorflow"}

    wait_until(shown, "both frameworks' logs to be shown")
    processes = processes_about(run.path)
    assert tensorboard.open_tensorboard(run) == address
    assert processes_about(run.path) == processes
    tensorboard.close_all()
    assert not processes_about(run.path)


def test_nothing_to_show_yet_is_said() -> None:
    with pytest.raises(RunError, match="There is nothing for TensorBoard yet: the first epoch has not ended"):
        tensorboard.open_tensorboard(create_run(small_experiment("bundled")))
