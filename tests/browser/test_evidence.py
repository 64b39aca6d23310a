"""What comes after a run: its models exported and carried across, a prediction of the course answered, an answer of the Guide shared."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from scripts.browsing import settle
from tests.browser.conftest import TRAINING_MILLISECONDS, assert_healthy


def choose(page: Page, name: str) -> None:
    """One of the answers that stand beside each other."""
    page.get_by_role("radio", name=name, exact=True).click()
    settle(page)


@pytest.mark.thorough
def test_an_export_is_written_checked_and_downloaded(page: Page, run_address: str, tmp_path: Path) -> None:
    page.goto(f"/export{run_address}")
    settle(page)
    choose(page, "State dict")
    page.get_by_role("button", name="Export", exact=True).click()
    button = page.get_by_role("button", name=re.compile("^Download State dict of PyTorch"))
    expect(button).to_be_visible(timeout=TRAINING_MILLISECONDS)
    settle(page)
    assert_healthy(page)
    with page.expect_download() as download:
        button.click()
    file = tmp_path / "export.zip"
    download.value.save_as(file)
    with zipfile.ZipFile(file) as archive:
        assert any(name.endswith("model.safetensors") for name in archive.namelist())
        manifest = next(name for name in archive.namelist() if name.endswith("manifest.json"))
        assert json.loads(archive.read(manifest))


@pytest.mark.thorough
def test_a_model_is_carried_across(page: Page, run_address: str) -> None:
    page.goto(f"/migrate{run_address}")
    settle(page)
    page.get_by_role("button", name="Carry it across").click()
    expect(page.get_by_text(re.compile(r"The same answer on 100")).first).to_be_visible(timeout=TRAINING_MILLISECONDS)
    settle(page)
    expect(page.get_by_text("Test accuracy").first).to_be_visible()
    assert_healthy(page)


@pytest.mark.thorough
def test_a_prediction_is_answered_by_a_run(page: Page) -> None:
    page.goto("/course?week=1")
    settle(page)
    check = page.get_by_role("button", name="Check")
    expect(check).to_be_disabled()
    page.get_by_text("65 to 90 %", exact=True).click()
    settle(page)
    check.click()
    expect(page.get_by_role("heading", name=re.compile("As you predicted|Measured otherwise"))).to_be_visible(timeout=TRAINING_MILLISECONDS)
    settle(page)
    expect(page.get_by_text("1 of 8 predictions made")).to_be_visible()
    assert_healthy(page)


@pytest.mark.thorough
def test_answers_of_the_chooser_are_shared_by_their_address(page: Page, chromium: Browser) -> None:
    page.goto("/guide")
    settle(page)
    choose(page, "Phone or small device")
    expect(page).to_have_url(re.compile(r"\?.*device"))
    settle(page)
    advice = page.get_by_role("heading", name=re.compile("TensorFlow|PyTorch|Either")).first.inner_text()
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    other = context.new_page()
    other.goto(page.url)
    settle(other)
    expect(other.get_by_role("heading", name=advice).first).to_be_visible()
    expect(other.get_by_role("radio", name="Phone or small device", exact=True)).to_be_checked()
    assert_healthy(other)
    context.close()
