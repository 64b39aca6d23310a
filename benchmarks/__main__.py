"""All benchmarks, one after the other, in at most twelve minutes; what they tell becomes a page: ``python -m benchmarks [NAME …]``.

With names only those run, and the page is left alone. Timings mean something on an otherwise idle machine only. Each benchmark by itself
repeats more where it is asked to; its ``--help`` says how.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from benchmarks.figures import COLLECTION, Figures

PROJECT = Path(__file__).parents[1]
PAGE = PROJECT / "docs" / "performance.md"
BENCHMARKS: Mapping[str, str] = {
    "first_results": "--repeats 2",
    "whole_job": "--texts 800",
    "encoding": "--labelled 300",
    "training": "",
    "pages": "",
    "clients": "",
    "scale": "--rows 20000",
    "reading.large_file": "--repeats 1",
    "reading.encodings": "",
    "measuring": "embedding-mlp --repeats 1",
    "accuracy": "sample --classifier embedding-mlp",
}
"""Each benchmark with the arguments with which all of them together take at most twelve minutes."""
PACKAGES = ("torch", "tensorflow", "keras", "numpy")


def main() -> int:
    """Run them and write the page; return 1 where a benchmark failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; default: all")
    names = parser.parse_args().names
    if unknown := sorted(set(names) - set(BENCHMARKS)):
        parser.error(f"There is no benchmark {', '.join(unknown)}. Expected some of {', '.join(BENCHMARKS)}.")
    began, sections, failed = time.time(), [], []
    for name in names or BENCHMARKS:
        command = f"python -m benchmarks.{name} {BENCHMARKS[name]}".rstrip()
        print(f"\n{command}", flush=True)
        started = time.perf_counter()
        figures, code = run(name, BENCHMARKS[name].split())
        seconds = time.perf_counter() - started
        failed += [name] if code else []
        print(f"{name}: {seconds:.0f} s" + (f", FAILED with exit code {code}" if code else ""), flush=True)
        sections.append(section(command, figures, seconds, code))
    if not names:
        PAGE.write_text(page(sections, began, time.time() - began), encoding="utf-8")
        print(f"\nwritten: {PAGE.relative_to(PROJECT)}, {(time.time() - began) / 60:.1f} minutes")
    return 1 if failed else 0


def run(name: str, arguments: list[str]) -> tuple[list[Figures], int]:
    """Run one benchmark in a process of its own; return what it told and its exit code."""
    with tempfile.TemporaryDirectory() as folder:
        collection = Path(folder, "figures")
        environment = os.environ | {COLLECTION: str(collection), "HF_HUB_OFFLINE": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
        code = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments], cwd=PROJECT, env=environment).returncode
        lines = collection.read_text(encoding="utf-8").splitlines() if collection.exists() else []
        return [Figures.from_json(line) for line in lines], code


def section(command: str, figures: list[Figures], seconds: float, code: int) -> str:
    """Return the part of the page that tells of one benchmark."""
    tables = [f"## {told.title}\n\n{told.table()}\n\n{told.note}".rstrip() for told in figures]
    end = f"`{command}`, {seconds:.0f} seconds" + (f"; it failed with exit code {code}" if code else "") + "."
    return "\n\n".join([*tables, end])


def page(sections: list[str], began: float, seconds: float) -> str:
    """Return the page of all figures with the machine, the versions and the date."""
    versions = ", ".join(f"{package} {importlib.metadata.version(package)}" for package in PACKAGES)
    memory = psutil.virtual_memory().total / 2**30
    date = time.strftime("%d %B %Y, %H:%M UTC", time.gmtime(began)).lstrip("0")
    head = f"""# What was measured

Written by `make bench` and by nobody's hand. Each table is one benchmark: the figure, what it is compared with in the same run, the ratio,
and the goal. Ratios hold on other machines too where they are of the same kind; single figures depend on the machine and its day.

{date}: {processor()}, {os.cpu_count()} cores, {memory:.0f} GiB of memory, {platform.system()};
Python {platform.python_version()}, {versions}. All of it took {seconds / 60:.1f} minutes."""
    return "\n\n".join([head, *sections]) + "\n"


def processor() -> str:
    """Return the processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    sys.exit(main())
