"""No page waits for another process while it is drawn; Classify does once it is asked."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.runs.folder import Run

PAGES = sorted(path.stem for path in (Path(__file__).parents[2] / "pages").glob("*.py"))


@pytest.mark.thorough
def test_no_page_starts_a_process_when_it_is_drawn(
    finished_run: Run, open_page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []

    def refuse(command: object, *arguments: object, **options: object) -> None:
        started.append(command)
        raise OSError("no process is started for a page")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    for name in PAGES:
        page = open_page(name, run=finished_run.identifier)
        assert not page.exception and not started, name
