"""Takes the README's pictures of the real dashboard: ``python -m scripts.screenshots [--runs DIRECTORY] [--out docs/pictures]``.

Trains the sample once (unless ``--runs`` already holds a finished run), pictures the Train page while it is live and every page afterwards,
wide (1280) and narrow (390), light and dark: ``compare-light.png``, ``compare-dark.png``, ``compare-narrow-light.png`` and so on.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from scripts.browsing import PROJECT, open_chromium, settle, started_dashboard

SIZES = {"": (1280, 860), "-narrow": (390, 844)}
THEMES = ("light", "dark")
QUESTION = "where is my parcel"
MINUTES_OF_TRAINING = 10


def open_page(browser: Browser, address: str, size: tuple[int, int], theme: str) -> Page:
    """A window of its own, twice as sharp as the screen it pretends to be."""
    context = browser.new_context(
        base_url=address,
        viewport={"width": size[0], "height": size[1]},
        device_scale_factor=2,
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
    )
    context.set_default_timeout(60_000)
    return context.new_page()


def picture(page: Page, target: Path) -> None:
    """What the window shows now, once the page has come to rest."""
    settle(page)
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement?.blur()")
    page.wait_for_timeout(800)  # the charts' last frame
    page.screenshot(path=target)
    print(f"{target.name}: {target.stat().st_size / 1024:.0f} KiB")


def train_on_the_sample(browser: Browser, address: str, out: Path) -> str:
    """Start from the home page, picture the live page in both themes, wait for the end; the run's identifier."""
    page = open_page(browser, address, SIZES[""], "light")
    page.goto("/")
    page.get_by_role("button", name="Try it on the sample").click()
    page.wait_for_url(re.compile(r"run="))
    identifier = re.findall(r"run=([\w-]+)", page.url)[0]
    dark = open_page(browser, address, SIZES[""], "dark")
    dark.goto(f"/train?run={identifier}")
    for window, theme in ((page, "light"), (dark, "dark")):
        window.wait_for_selector("[data-testid='stVegaLiteChart']", timeout=60_000 * MINUTES_OF_TRAINING)
        window.mouse.move(0, 0)
        window.wait_for_timeout(1500)  # let the curves grow
        window.screenshot(path=out / f"live-{theme}.png")
        print(f"live-{theme}.png")
    page.wait_for_selector("text=Trained on", timeout=60_000 * MINUTES_OF_TRAINING)
    page.context.close()
    dark.context.close()
    return identifier


def newest_finished_run(browser: Browser, address: str) -> str | None:
    """Return the run that the Compare page would choose."""
    page = open_page(browser, address, SIZES[""], "light")
    page.goto("/compare")
    settle(page)
    found = re.findall(r"run=([\w-]+)", page.url)
    finished = page.get_by_role("heading", name="Compare").count() > 0
    page.context.close()
    return found[0] if found and finished else None


def picture_every_page(browser: Browser, address: str, run: str, out: Path) -> None:
    for theme in THEMES:
        for suffix, size in SIZES.items():
            page = open_page(browser, address, size, theme)
            for name in ("home", "data", "train", "compare", "code", "classify"):
                page.goto(f"/{'' if name == 'home' else name}" + ("" if name in ("home", "data") else f"?run={run}"))
                settle(page)
                if name == "classify":
                    page.get_by_role("textbox", name="Text").fill(QUESTION)
                    page.get_by_role("button", name="Classify", exact=True).click()
                    page.get_by_role("heading", name=re.compile("PyTorch .*TensorFlow ")).wait_for(timeout=120_000)
                picture(page, out / f"{name}{suffix}-{theme}.png")
            page.context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Take the README's pictures of the real dashboard.")
    parser.add_argument("--runs", type=Path, help="folder of runs; its newest finished run is pictured (default: train the sample anew)")
    parser.add_argument("--out", type=Path, default=PROJECT / "docs" / "pictures")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        browser = open_chromium(playwright)
        with started_dashboard((options.runs or Path(temporary) / "runs").absolute(), Path(temporary) / "dashboard.log") as address:
            run = newest_finished_run(browser, address) if options.runs else None
            picture_every_page(browser, address, run or train_on_the_sample(browser, address, options.out), options.out)
        browser.close()


if __name__ == "__main__":
    main()
