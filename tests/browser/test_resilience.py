"""What a visitor does to a dashboard without meaning to: restarts it, opens a deep link first, starts twice, uploads a strange file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from scripts.browsing import settle, started_dashboard
from tests.browser.conftest import TRAINING_MILLISECONDS, assert_healthy


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["train", "compare", "classify"])
def test_after_a_restart_the_run_is_still_at_its_address(chromium: Browser, folder: Path, run_address: str, name: str) -> None:
    """The first visit to a fresh server goes straight to a page, which must come with the menu and not as a page of its own."""
    lock = str(folder / "machine.lock")
    with started_dashboard(folder / "runs", folder / f"restarted-{name}.log", PARITY_LOCK=lock) as address:
        context = chromium.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.goto(f"{address}/{name}{run_address}")
        expect(page.get_by_role("link", name="Compare").first).to_be_visible(timeout=60_000)
        settle(page)
        expect(page.get_by_text("support_messages.csv").first).to_be_visible()
        assert page.locator("[data-testid='stSidebar']").count() == 0, "the menu stands at the top"
        assert_healthy(page)
        context.close()


@pytest.mark.thorough
def test_two_browsers_that_start_at_the_same_moment(chromium: Browser, dashboard: str, run_address: str) -> None:
    """With the same settings they watch the same run; with other settings the second run waits and says for what. Both can be stopped."""
    contexts = [chromium.new_context(base_url=dashboard) for _ in range(3)]
    first, same, other = pages = [context.new_page() for context in contexts]
    for page, address in zip(pages, ("/", "/", "/train?data=sample"), strict=True):
        page.goto(address)
        settle(page)
    other.get_by_role("spinbutton", name="Epochs").fill("7")
    for page in (first, same):
        page.get_by_role("button", name="Try it on the sample").click(no_wait_after=True)
    other.get_by_role("button", name="Start training").click()
    for page in pages:
        page.wait_for_url(re.compile(r"/train\?.*run="), timeout=60_000)
    assert first.url == same.url != other.url
    expect(other.get_by_text(re.compile("Waiting for run|earlier run")).first).to_be_visible(timeout=60_000)
    for page in (other, first):
        page.get_by_role("button", name="Stop").first.click()
    for page in pages:
        expect(page.get_by_role("heading", name=re.compile("Stopped training|Trained on"))).to_be_visible(timeout=TRAINING_MILLISECONDS)
        assert_healthy(page)
    for context in contexts:
        context.close()


def test_an_upload_is_read_confirmed_and_ready_to_train(page: Page, tmp_path: Path) -> None:
    words = ["parcel", "invoice", "password", "camera", "refund", "courier", "lamp", "login", "cable", "price"]
    lines = ["title;body;topic"]
    for number in range(60):
        topic = ("ships", "bills")[number % 2]
        lines.append(f"Note {number} on {words[number % 10]};'{words[number // 6]}; the {number}th of many {topic[0]} words';{topic}")
    file = tmp_path / "notes.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    page.goto("/data")
    settle(page)
    page.locator("input[type=file]").set_input_files(str(file))
    expect(page.get_by_role("heading", name="notes.csv")).to_be_visible(timeout=60_000)
    settle(page)
    assert_healthy(page)
    page.get_by_role("button", name="Use this data").click()
    page.wait_for_url(re.compile(r"/train\?.*data="), timeout=60_000)
    settle(page)
    expect(page.get_by_role("button", name="Start training")).to_be_visible()
    expect(page.get_by_text("notes.csv").first).to_be_visible()
    assert_healthy(page)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(500)),
        ("empty.csv", b""),
        ("header.csv", b"text,label\n"),
        ("broken.xlsx", b"PK\x03\x04 no"),
    ],
)
def test_a_strange_file_is_a_sentence_and_nothing_is_lost(page: Page, tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    page.goto("/data?data=sample")
    settle(page)
    page.locator("input[type=file]").set_input_files(str(file))
    page.wait_for_timeout(500)
    settle(page)
    assert_healthy(page)
    expect(page.locator("[data-testid='stAlert']").first).to_be_visible(timeout=30_000)


@pytest.mark.thorough
def test_tensorboard_opens_from_the_run(page: Page, run_address: str) -> None:
    page.goto(f"/train{run_address}")
    settle(page)
    page.get_by_role("button", name="Open TensorBoard").click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_text("TensorBoard").first).to_be_visible(timeout=120_000)
    expect(page.get_by_role("link", name="Open it in its own tab")).to_be_visible()
    assert_healthy(page)


@pytest.mark.thorough
def test_a_separator_is_typed_and_a_test_file_comes_in_a_dialog(page: Page, tmp_path: Path) -> None:
    for name, rows in (("all.csv", range(60)), ("held-out.csv", range(60, 75))):
        lines = [f"message number {number} about {('parcels', 'bills')[number % 2]}§{('ships', 'bills')[number % 2]}" for number in rows]
        (tmp_path / name).write_text("\n".join(["message§topic", *lines]), encoding="utf-8")
    page.goto("/data")
    settle(page)
    page.locator("input[type=file]").set_input_files(str(tmp_path / "all.csv"))
    expect(page.get_by_role("heading", name="all.csv")).to_be_visible(timeout=60_000)
    page.get_by_text("Read it differently").click()
    separator = page.get_by_role("combobox", name="Separator")
    separator.click()
    separator.fill("§")
    separator.press("Enter")
    page.get_by_role("button", name="Read the whole file this way").click()
    expect(page.get_by_text("separated by §").first).to_be_visible(timeout=60_000)
    settle(page)
    page.get_by_role("button", name="Use this data").click()
    page.wait_for_url(re.compile(r"/train\?.*data="), timeout=60_000)
    assert_healthy(page)
    (tmp_path / "plain.csv").write_text((tmp_path / "all.csv").read_text(encoding="utf-8").replace("§", ","), encoding="utf-8")
    (tmp_path / "held.csv").write_text((tmp_path / "held-out.csv").read_text(encoding="utf-8").replace("§", ","), encoding="utf-8")
    page.goto("/data")
    settle(page)
    page.locator("input[type=file]").set_input_files(str(tmp_path / "plain.csv"))
    expect(page.get_by_role("heading", name="plain.csv")).to_be_visible(timeout=60_000)
    page.get_by_text("The parts are given").click()
    page.get_by_role("button", name="Upload one").nth(1).click()
    page.get_by_role("dialog").locator("input[type=file]").set_input_files(str(tmp_path / "held.csv"))
    expect(page.get_by_text(re.compile("15 for testing"))).to_be_visible(timeout=60_000)
    assert_healthy(page)
