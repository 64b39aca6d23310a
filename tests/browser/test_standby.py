"""The main job where a standby waits: the run is handed to it, and Classify is answered by the processes that trained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from engine import FRAMEWORKS
from engine.runs.folder import open_run
from engine.runs.warm.door import Door, doors
from scripts.browsing import settle, started_dashboard
from tests.browser.conftest import TRAINING_MILLISECONDS, assert_healthy
from tests.driving import processes_about, wait_until


@pytest.mark.thorough
def test_a_standby_trains_and_its_processes_answer(chromium: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs, lock = tmp_path / "runs", str(tmp_path / "machine.lock")
    for name, value in {"PARITY_RUNS": str(runs), "PARITY_LOCK": lock, "PARITY_STANDBY": "1", "HF_HUB_OFFLINE": "1"}.items():
        monkeypatch.setenv(name, value)
    with started_dashboard(runs, tmp_path / "dashboard.log") as address:
        page = chromium.new_context(base_url=address, viewport={"width": 1280, "height": 900}).new_page()
        page.goto("/")
        waiting: Door = wait_until(lambda: next(iter(doors()), None), "a standby")
        page.get_by_role("button", name="Try it on the sample").click()
        page.wait_for_url(re.compile(r"/train\?.*run="))
        found = re.search(r"run=([\w-]+)", page.url)
        assert found
        run = open_run(found[1])
        expect(page.get_by_role("heading", name="Trained on support_messages.csv")).to_be_visible(timeout=TRAINING_MILLISECONDS)
        assert_healthy(page)
        assert run.read_status().coordinator == waiting.process, "the run was handed to the standby"
        wait_until(lambda: not run.read_status().active, "the answers to be timed")
        results = run.read_results()
        assert results is not None and results.stages is not None and results.stages.warm

        answering = wait_until(lambda: next((door for door in doors() if door.run == run.identifier), None), "the trained models")
        assert answering.process == waiting.process and set(answering.frameworks) == set(FRAMEWORKS)
        page.goto(f"/classify?run={run.identifier}")
        settle(page)
        page.get_by_role("textbox", name="Text").fill("where is my parcel")
        page.get_by_role("button", name="Classify", exact=True).click()
        expect(page.get_by_role("heading", name=re.compile(r"PyTorch .*TensorFlow "))).to_contain_text("delivery", timeout=30_000)
        assert_healthy(page)
        page.context.close()
    wait_until(lambda: not processes_about(runs), "whoever waited for the dashboard to leave with it")
