"""From the click to curves and to results, on the sample with the recommended settings, in seconds.

    python -m benchmarks.first_results [--repeats 3] [--before FOLDER]

With a standby there, as the dashboard keeps one, and without, as from the command line where there is none. ``--before`` names a checkout
of another version, which takes turns with this one; the runs of both have a home of their own, so that each is a first run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from benchmarks.clients import opened_at_once
from benchmarks.figures import Row, publish
from engine.files import read_json
from engine.runs.paths import HomePaths, StandbyPaths
from scripts.browsing import started_dashboard

PROJECT = Path(__file__).parents[1]
TIMELINE = PROJECT / "benchmarks" / "bare" / "timeline.py"
POINTS = {
    "first loss": ("first loss point of the first framework", "≤ 0.8"),
    "both losses": ("first loss point of both", "≤ 1.5"),
    "tested": ("both tested", ""),
    "results": ("results on the page", "≤ 6"),
    "finished": ("finished with latency", "≤ 10"),
}
"""What is waited for, and the goal in seconds with a standby."""


def timeline(home: Path, *arguments: str, checkout: Path = PROJECT, standby: bool = False) -> dict[str, Any]:
    """Make a run in a fresh process of a checkout; return when what was there, in seconds from the click."""
    environment = os.environ | {
        "PARITY_RUNS": str(home), "PARITY_LOCK": str(home / "lock"), "PARITY_STANDBY": "1" if standby else "0",
        "PYTHONPATH": str(checkout), "HF_HUB_OFFLINE": "1",
    }  # fmt: skip
    done = subprocess.run([sys.executable, str(TIMELINE), *arguments], cwd=checkout, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"A run in {checkout} failed:\n{done.stderr[-2000:]}")
    times: dict[str, Any] = json.loads(done.stdout)
    return times


def with_standby(repeats: int) -> list[dict[str, Any]]:
    """Make runs beside a dashboard that a visitor has opened, each when a standby waits; none where it keeps none."""
    taken: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with started_dashboard(home, home / "dashboard.log", PARITY_STANDBY="1", PARITY_LOCK=str(home / "lock")) as address:
            asyncio.run(opened_at_once(address, "train", {}, 1))
            while len(taken) < repeats and waits(home):
                memory = standby_mib(home)
                taken.append(timeline(home, standby=True) | {"memory": memory})
    return taken


def waits(home: Path, seconds: float = 60) -> bool:
    """Wait until a process that could take any run is there and its workers compute nothing; return whether it came to that."""
    deadline, before = time.monotonic() + seconds, list[float]()
    while time.monotonic() < deadline:
        now = [sum(process.cpu_times()[:2]) for process in waiting_workers(home)]
        if len(now) > 1 and now == before:
            return True
        before = now
        time.sleep(1)
    return False


def waiting_workers(home: Path) -> list[psutil.Process]:
    """Return the workers of the processes of a home that wait for a run, not of those that answer for one."""
    found: list[psutil.Process] = []
    for folder in HomePaths(home).standby_folder.glob("*"):
        door = read_json(StandbyPaths(folder).door_file)
        if door and not door.get("run"):
            with suppress(psutil.Error):
                found += psutil.Process(door["process"]["pid"]).children()
    return found


def standby_mib(home: Path) -> float:
    """Return the memory of the process that waits and of its workers; what they share counts once where the system tells (Linux)."""
    workers = waiting_workers(home)
    processes = {*workers, *(worker.parent() for worker in workers)}
    infos = [process.memory_full_info() for process in processes if process]
    return sum(getattr(info, "pss", info.rss) for info in infos) / 2**20


def main() -> None:
    """Publish the seconds of each point, with and without a standby."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--before", type=Path, metavar="FOLDER", help="a checkout to compare with")
    options = parser.parse_args()
    times: dict[str, list[dict[str, Any]]] = {"without": [], "before": []}
    for _ in range(options.repeats):
        for way, taken in times.items():
            if way != "before" or options.before:
                with tempfile.TemporaryDirectory() as home:
                    checkout = options.before.resolve() if way == "before" else PROJECT
                    taken.append(timeline(Path(home), checkout=checkout))
    kept = with_standby(options.repeats)
    if kept:
        rows = [Row(name, median_of(kept, point), "s", goal=goal) for point, (name, goal) in POINTS.items()]
        rows.append(Row("memory of the standby while it waits", median_of(kept, "memory") / 1024, "GiB"))
        publish("From the click on, the sample, a standby there", rows, f"Runs, of which the median is told: {len(kept)}.")
    note = f"Each run has a home of its own; runs of each kind, of which the median is told: {options.repeats}."
    rows = []
    for point, (name, _) in POINTS.items():
        theirs = median_of(times["before"], point) if options.before else None
        goal = "≤ 0.5" if point == "results" and theirs else ""
        rows.append(Row(name, median_of(times["without"], point), "s", "the version before" if theirs else "", theirs, goal=goal))
    publish("From the click on, the sample, without a standby", rows, note)


def median_of(times: list[dict[str, Any]], point: str) -> float:
    """Return the median of the seconds to a point, or of the memory."""
    return float(median(taken[point] for taken in times))


if __name__ == "__main__":
    main()
