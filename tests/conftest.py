"""For all tests: no network, and never the runs of the person who runs them."""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow
import pytest

from engine.data.process import child, reader
from engine.data.process.request import Answer, Request
from engine.runs import launching
from engine.runs.folder import Run
from tests import numpy_wing
from tests.driving import processes_about, wait_until
from tests.numpy_wing import use_numpy_workers
from tests.pages.conftest import active_run, finished_run, home_folder
from tests.shared_runs import shared_run, tiny_encoder
from tests.wing_process import InWing, WingProcess

__all__ = ["active_run", "finished_run", "home_folder"]  # the run folders that the tests of the pages build by hand serve elsewhere, too

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before any test imports huggingface_hub, which reads it once
os.environ["PARITY_STANDBY"] = "0"  # runs of a test start as from the command line of a machine without a dashboard
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs and uploads of a test live in its temporary folder, and its runs wait for nobody else's."""
    monkeypatch.setenv("PARITY_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("PARITY_LOCK", str(tmp_path / "machine.lock"))


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run of both frameworks, shared and read-only: some rows of the bundled sample, a tiny encoder, matched, 12 epochs."""
    return shared_run("embedding-mlp", tmp_path_factory).run


@pytest.fixture(scope="session")
def bundled_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same with the bundled encoder, for thorough tests."""
    return shared_run("bundled", tmp_path_factory).run


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The TF-IDF classifier, trained by both frameworks on some rows of the sample. Only what is made of it is written beside it."""
    shared = shared_run("tfidf-mlp", tmp_path_factory).run
    return Run(Path(shutil.copytree(shared.path, tmp_path_factory.mktemp("trained") / "runs" / shared.identifier)))


@pytest.fixture(scope="session", name="tiny_encoder")
def tiny_encoder_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_encoder(tmp_path_factory)


@pytest.fixture
def no_process_left(tmp_path: Path) -> Iterator[None]:
    """After every test, whatever it started is gone."""
    yield
    wait_until(lambda: not processes_about(tmp_path), f"these to leave: {[process.cmdline() for process in processes_about(tmp_path)]}")


@pytest.fixture(params=["numpy", pytest.param("frameworks", marks=pytest.mark.thorough)])
def workers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the runs of this test are trained by: stand-ins where the protocol is tested; thoroughly, PyTorch and TensorFlow as well."""
    if request.param == "numpy":
        use_numpy_workers(monkeypatch)
        detach = launching.detach
        monkeypatch.setattr(launching, "detach", lambda module, folder: detach(numpy_wing.__name__, folder))
    return request.param


@pytest.fixture(scope="session")
def thorough(request: pytest.FixtureRequest) -> bool:
    """Whether tests that only ``make test-all`` runs are among those that were selected."""
    return any(item.get_closest_marker("thorough") for item in request.session.items)


@pytest.fixture(scope="session")
def in_wing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InWing]:
    """``in_wing("pytorch", function, *arguments)`` calls a function of a test module where that framework is loaded."""
    processes: dict[str, WingProcess] = {}

    def call(wing: str, function: Callable[..., Any], *arguments: str | Path | list[str]) -> Any:
        if wing not in processes or processes[wing].process.poll() is not None:
            processes[wing] = WingProcess(wing, tmp_path_factory.mktemp("wing") / f"{wing}.log")
        return processes[wing](function, *arguments)

    yield call
    for process in processes.values():
        process.end()


@pytest.fixture(autouse=True)
def files_are_read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare most tests the start of a reading process: the same request is answered here, over the same bytes."""

    def exchange(request: Request) -> tuple[Answer, pyarrow.Buffer]:
        child.answer(Request.from_line(request.to_line().encode()), said := io.BytesIO())
        line, _, rest = said.getvalue().partition(b"\n")
        return Answer(**json.loads(line)), pyarrow.py_buffer(rest)

    monkeypatch.setattr(reader, "exchange", exchange)
    monkeypatch.setattr(reader.SPARE, "keep", lambda: None)
