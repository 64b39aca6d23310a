"""How long a page takes to rerun while 500 runs lie in the folder: ``python -m benchmarks.pages [RUNS]``."""

from __future__ import annotations

import os
import shutil
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from statistics import median

from streamlit.testing.v1 import AppTest

from benchmarks.figures import Row, publish
from engine.runs.folder import Run

PROJECT = Path(__file__).parents[1]
RECORDED = PROJECT / "tests" / "recorded" / "before_0.3.0.tar.xz"
"""A finished run, with all that its pages show."""
PAGES = ("home", "train", "compare")
RERUNS = 9


def fill_home(home: Path, runs: int) -> Run:
    """Make so many finished runs out of the recorded one, the newest of them with all of its files, and give back that one."""
    with tarfile.open(RECORDED) as archive:
        archive.extractall(home, filter="data")
    recorded = next(Run(path) for path in home.iterdir() if not path.name.startswith("_"))
    for number in range(1, runs):
        run = Run(home / f"20250101-{number // 3600:02}{number // 60 % 60:02}{number % 60:02}-{number:06x}")
        run.path.mkdir()
        for name in ("experiment_file", "status_file", "results_file"):
            shutil.copy(getattr(recorded, name), getattr(run, name))
    return recorded


def milliseconds_of(page: AppTest) -> tuple[float, float]:
    """How long a run of the page takes, and how much of that was computed; on a busy machine it waits as well."""
    begins, computed = time.perf_counter(), time.process_time()
    page.run()
    took = (time.perf_counter() - begins) * 1000, (time.process_time() - computed) * 1000
    assert not page.exception, page.exception
    return took


def main(arguments: list[str]) -> None:
    """Publish, for each page, the time of its first run in this process and the median of those after it."""
    runs, rows = int(arguments[0]) if arguments else 500, []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PARITY_RUNS"] = folder
        newest = fill_home(Path(folder), runs)
        for name in PAGES:
            page = AppTest.from_file(str(PROJECT / "dashboard.py"), default_timeout=120)
            page.switch_page(f"pages/{name}.py")
            if name == "compare":
                page.query_params["run"] = newest.identifier
            first, _ = milliseconds_of(page)
            reruns, computed = zip(*(milliseconds_of(page) for _ in range(RERUNS)), strict=True)
            rows.append(Row(f"{name}, the first time", first, "ms"))
            rows.append(Row(f"{name}, again", median(reruns), "ms"))
            rows.append(Row(f"{name}, again, of the processor", median(computed), "ms"))
    publish(f"Pages with {runs} runs in the folder", rows, f"Without a browser; “again” is the median of {RERUNS} reruns.")


if __name__ == "__main__":
    main(sys.argv[1:])
