"""One real dashboard and one Chromium for all browser tests. Without a Chromium they are skipped, but in CI they fail."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from scripts.browsing import find_chromium, open_chromium, started_dashboard

TRAINING_MILLISECONDS = 600_000
"""How long each wait for the run may take at most; on an idle laptop the whole run takes less than half a minute."""


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
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the dashboard of these tests keeps its runs, its log and its lock."""
    return tmp_path_factory.mktemp("dashboard")


@pytest.fixture(scope="session")
def dashboard(folder: Path) -> Iterator[str]:
    """Address of a running dashboard that starts without any runs."""
    with started_dashboard(folder / "runs", folder / "dashboard.log", PARITY_LOCK=str(folder / "machine.lock")) as address:
        yield address


@pytest.fixture(scope="session")
def run_address(chromium: Browser, dashboard: str) -> str:
    """``?run=…`` of a run on the sample, started from the home page and watched until it is done. Asserts on what is seen meanwhile."""
    context = chromium.new_context(base_url=dashboard, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto("/")
    page.get_by_role("button", name="Try it on the sample").click()
    page.wait_for_url(re.compile(r"/train\?.*run=\d{8}-\d{6}-[0-9a-f]{6}"))
    identifier = re.search(r"run=([\w-]+)", page.url)
    assert identifier

    expect(page.get_by_role("heading", name=re.compile(r"raining on support_messages\.csv|repar"))).to_be_visible()
    curves = page.locator("[data-testid='stVegaLiteChart']").first
    expect(curves).to_be_visible(timeout=TRAINING_MILLISECONDS)
    assert_healthy(page)
    check_server(dashboard)

    page.reload()
    expect(page.get_by_role("heading", name="support_messages.csv")).to_be_visible()
    assert identifier.group(1) in page.url, "a reload keeps the run"

    second_tab = context.new_page()
    second_tab.goto(f"/train?run={identifier.group(1)}")
    expect(second_tab.get_by_role("heading", name="support_messages.csv")).to_be_visible()
    second_tab.close()

    expect(page.get_by_role("heading", name="Trained on support_messages.csv")).to_be_visible(timeout=TRAINING_MILLISECONDS)
    assert_healthy(page)
    context.close()
    return f"?run={identifier.group(1)}"


def check_server(address: str) -> None:
    """With a run live, the server holds no framework and stays small."""
    port = address.rsplit(":", 1)[1]
    server = next(process for process in psutil.process_iter(["cmdline"]) if f"--server.port={port}" in (process.info["cmdline"] or []))
    libraries = {Path(region.path).name for region in server.memory_maps()}
    frameworks = [name for name in libraries if name.startswith(("libtorch", "libtensorflow", "_pywrap_tensorflow"))]
    assert not frameworks, frameworks
    mebibytes = server.memory_info().rss / 2**20
    print(f"The dashboard's process takes {mebibytes:.0f} MiB with a run live (bar: 400 MiB)")
    assert mebibytes < 400


def assert_healthy(page: Page) -> None:
    """No exception box, no traceback, nothing of Streamlit's error dialogs."""
    assert page.locator("[data-testid='stException']").count() == 0, page.locator("[data-testid='stException']").first.inner_text()
    words = page.locator("body").inner_text()
    assert "Traceback (most recent call last)" not in words
    assert "Page not found" not in words


@pytest.fixture
def page(chromium: Browser, dashboard: str) -> Iterator[Page]:
    """A fresh browser window whose relative addresses are the dashboard's."""
    context = chromium.new_context(base_url=dashboard, viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()
