"""One real dashboard and one Chromium for all browser tests. Without a Chromium they are skipped, but in CI they fail."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from scripts.browsing import find_chromium, open_chromium, started_dashboard


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder is a browser test and gets the longer time limit."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(900))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium."""
    if find_chromium() is None:
        reason = "No Chromium was found. Install it (Debian: apt-get install chromium) or name it in CHROMIUM."
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = open_chromium(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a running dashboard that starts without any runs."""
    folder = tmp_path_factory.mktemp("dashboard")
    with started_dashboard(folder / "runs", folder / "dashboard.log", PARITY_LOCK=str(folder / "machine.lock")) as address:
        yield address


@pytest.fixture
def page(chromium: Browser, dashboard: str) -> Iterator[Page]:
    """A fresh browser window whose relative addresses are the dashboard's."""
    context = chromium.new_context(base_url=dashboard, viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()
