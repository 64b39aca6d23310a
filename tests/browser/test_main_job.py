"""The main job as a first visitor does it: one click on the sample, watch, compare, read the code, classify. Against the real engine."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from scripts.browsing import settle
from tests.browser.conftest import assert_healthy

OF_A_RUN = ("train", "compare", "code", "classify", "migrate", "export")
PAGES = ("", "guide", "data", *OF_A_RUN, "audit", "benchmark", "museum", "course")


def test_compare_answers_in_numbers(page: Page, run_address: str) -> None:
    page.goto(f"/compare{run_address}")
    settle(page)
    expect(page.get_by_role("heading", name=re.compile(r"\d+(\.\d)? %"))).to_be_visible()
    expect(page.locator("[data-testid='stVegaLiteChart']").first).to_be_visible()
    for words in ("PyTorch", "TensorFlow", "Accuracy"):
        expect(page.get_by_text(words, exact=False).first).to_be_visible()
    for tab in page.get_by_role("tab").all():
        tab.click()
        settle(page)
        assert_healthy(page)


def test_code_shows_what_ran_in_both(page: Page, run_address: str) -> None:
    page.goto(f"/code{run_address}&stage=train")
    settle(page)
    shown = page.locator("[data-testid='stMain']").inner_text()
    assert "optimizer.step()" in shown, "the PyTorch loop"
    assert "model.fit(" in shown, "the Keras call"
    assert_healthy(page)


def test_both_models_answer_where_the_parcel_is(page: Page, run_address: str) -> None:
    page.goto(f"/classify{run_address}")
    settle(page)
    page.get_by_role("textbox", name="Text").fill("where is my parcel")
    page.get_by_role("button", name="Classify", exact=True).click()
    answer = page.get_by_role("heading", name=re.compile(r"PyTorch .*TensorFlow "))
    expect(answer).to_be_visible(timeout=120_000)
    expect(answer).to_contain_text("delivery")
    assert_healthy(page)


def test_home_lists_the_run(page: Page, run_address: str) -> None:
    page.goto("/")
    settle(page)
    expect(page.get_by_role("link", name="support_messages.csv").first).to_be_visible()
    expect(page.get_by_text("Done").first).to_be_visible()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [1280, pytest.param(390, marks=pytest.mark.thorough)])
def test_every_page_opens_without_a_traceback_and_fits(page: Page, run_address: str, name: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"/{name}{run_address if name in OF_A_RUN else ''}")
    settle(page)
    assert_healthy(page)
    excess = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert excess <= 0, f"The page scrolls sideways by {excess} pixels at {width}"


@pytest.mark.parametrize(
    "run", ["20200101-000000-abcdef", *(pytest.param(run, marks=pytest.mark.thorough) for run in ("../..", "", "<b>x</b>"))]
)
def test_an_unknown_run_in_the_address_is_a_sentence(page: Page, dashboard: str, run: str) -> None:
    page.goto(f"/compare?run={run}")
    settle(page)
    expect(page.get_by_role("heading", name="No such run")).to_be_visible()
    assert_healthy(page)
