"""Reading and checking a large CSV against ``pandas.read_csv(engine="pyarrow")`` on the same file, in one run.

    python -m benchmarks.reading.large_file [--rows 500000] [--repeats 3]

Publishes the ratio of the times (bar: at most 3) and the peak memory that reading and checking add, over the size of the file (bar: at
most 3); and the time where the file was parsed and checked before, as for the preflight and the coordinator. Each measurement is a
process of its own, so that one does not warm up or fill the memory of the other, and its time is that of the whole process, as a person
waits for a command. The reading process, with its start and its memory, is part of both figures.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy

MEBIBYTE = 2**20
TIME_BAR, MEMORY_BAR = 3.0, 3.0
PLAIN = [
    "the", "order", "arrived", "late", "and", "customer", "support", "did", "not", "answer", "before", "Monday", "please", "refund",
    "my", "card", "account", "shows", "wrong", "balance", "since", "update", "application", "crashes", "when", "opening", "settings",
    "page", "delivery", "address", "cannot", "be", "changed", "invoice", "number", "missing", "thank", "you", "for", "quick", "help",
]  # fmt: skip
ACCENTED = ("café", "façade", "naïve", "Zürich", "São", "garçon", "10€", "“quoted”")


def write_file(path: Path, rows: int, seed: int = 0) -> None:
    """A CSV of texts of 8 to 57 words, some with quotes, commas and HTML; a tenth has accented words, 5 % repeat an earlier one."""
    generator = numpy.random.default_rng(seed)
    lengths = generator.integers(8, 58, rows)
    words = generator.integers(0, len(PLAIN), int(lengths.sum()))
    labels = generator.integers(0, 77, rows)
    spice = generator.random(rows)
    texts: list[str] = []
    start = 0
    with path.open("w", encoding="utf-8", newline="") as out:
        out.write("id,text,label\n")
        for row in range(rows):
            chosen = [PLAIN[word] for word in words[start : start + lengths[row]]]
            start += lengths[row]
            if spice[row] < 0.1:
                chosen.insert(3, ACCENTED[row % len(ACCENTED)])
            elif spice[row] < 0.2:
                chosen.insert(5, "<br/>" if row % 4 == 0 else '"so, to speak"')
            text = " ".join(chosen)
            if spice[row] > 0.95 and len(texts) > 100:
                text = texts[row % 100]
            if len(texts) < 101:
                texts.append(text)
            escaped = text.replace('"', '""')
            out.write(f'{row},"{escaped}",class {labels[row]}\n')


def measure(what: str, path: Path) -> dict[str, float]:
    """Seconds and peak added memory of one way, in this process and its children."""
    import pandas
    import psutil
    import pyarrow.csv  # noqa: F401 - imported before the clock starts, for both ways alike

    process = psutil.Process()
    if what != "pandas":
        from engine.data.checks.report import check_table
        from engine.data.choice import DataChoice
        from engine.data.store import DatasetStore
        from engine.data.table_cache import read_stored

    def used() -> int:
        """The memory of the family; the libraries, which all of them have mapped, count once."""
        total = process.memory_info().rss
        for child in process.children():
            with contextlib.suppress(psutil.Error):
                memory = child.memory_info()
                total += memory.rss - getattr(memory, "shared", 0)
        return total

    before = used()
    peak, done = before, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.005):
            peak = max(peak, used())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    start = time.perf_counter()
    if what == "pandas":
        rows = len(pandas.read_csv(path, engine="pyarrow"))
    else:
        [dataset] = DatasetStore(path.parent / "store").list()
        if what == "parity":
            shutil.rmtree(dataset.path.parent / "readings", ignore_errors=True)
        table = read_stored(dataset)
        read = time.perf_counter()
        report = check_table(table, DataChoice("0" * 16, path.name, ("text",), "label", table.options))
        rows = report.rows
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    result = {"seconds": seconds, "added_mib": (peak - before) / MEBIBYTE, "rows": rows}
    if what != "pandas":
        result["reading_seconds"] = read - start
    return result


def run(what: str, path: Path) -> dict[str, float]:
    """The measurement in a fresh process, with the seconds of all of it."""
    start = time.perf_counter()
    output = subprocess.run(
        [sys.executable, "-m", "benchmarks.reading.large_file", "--measure", what, str(path)], check=True, capture_output=True, text=True
    )
    return dict(json.loads(output.stdout)) | {"all_seconds": time.perf_counter() - start}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--measure", nargs=2, metavar=("WAY", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure[0], Path(arguments.measure[1]))))
        return
    from benchmarks.figures import Row, publish
    from engine.data.store import DatasetStore

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.csv"
        write_file(path, arguments.rows)
        size = path.stat().st_size / MEBIBYTE
        DatasetStore(path.parent / "store").add(path.name, path)
        run("kept", path)  # parses and keeps
        measured: dict[str, list[dict[str, float]]] = {"pandas": [], "parity": [], "kept": []}
        for _ in range(arguments.repeats):  # in turns, so that a busy moment of the machine hits all
            for what, results in measured.items():
                results.append(run(what, path))
    if {result["rows"] for results in measured.values() for result in results} != {arguments.rows}:
        raise SystemExit("The ways read different numbers of rows.")
    median = {what: {key: statistics.median(result[key] for result in results) for key in results[0]} for what, results in measured.items()}
    memory = max(result["added_mib"] for result in measured["parity"])
    other, time_goal, rows = 'pandas.read_csv(engine="pyarrow")', f"≤ {TIME_BAR:g}", list[Row]()
    for what, way, goal in (("reading and checking", "parity", time_goal), ("the same, kept from before", "kept", "")):
        rows.append(Row(what, median[way]["all_seconds"], "s", other, median["pandas"]["all_seconds"], goal=goal))
        rows.append(Row(f"{what}, without imports", median[way]["seconds"], "s", other, median["pandas"]["seconds"]))
    rows.append(Row("memory that reading and checking add", memory, "MiB", "the file", size, goal=f"≤ {MEMORY_BAR:g}"))
    note = f"Whole processes in turns; rounds, of which the median is told: {arguments.repeats}."
    publish(f"Reading a CSV of {arguments.rows:,} rows, {size:.0f} MiB", rows, note)


if __name__ == "__main__":
    main()
