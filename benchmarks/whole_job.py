"""A first run to both models tested ÷ sentence-transformers and a logistic regression, whole processes in turns; and what new texts cost.

    python -m benchmarks.whole_job [FILE] [--repeats 1] [--texts 2000]

FILE is a table like AG News, without a header: the class, then the text. Without it texts are made of the sample's words, which no vector
is kept of. The other side has one model and no proof; this one trains, tests and compares two. Afterwards a hundred new texts are added.
The goals are those for the 7,600 texts of AG News: on few texts, loading two frameworks weighs more than turning texts into vectors.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas

from benchmarks.figures import Row, publish
from benchmarks.first_results import PROJECT, timeline
from engine.shared.encoders.checkpoint import bundled_checkpoint

GOALS = {"float32": "≤ 1", "bfloat16": "≤ 0.6"}
LEAST_FOR_GOALS = 7_000
"""Texts from which on the goals are meant."""
NEW = 100
REGRESSION = PROJECT / "benchmarks" / "bare" / "sentence_regression.py"


def main() -> None:
    """Publish the ratio in each precision, and how many texts are encoded when some are new."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--texts", type=int, default=2000, help="how many are made without a file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table = pandas.read_csv(options.file, header=None, dtype=str) if options.file else made_texts(options.texts)
        name = options.file.name if options.file else "made texts"
        publish(*measure(Path(folder), table, name, options.repeats))


def measure(folder: Path, table: pandas.DataFrame, name: str, repeats: int) -> tuple[str, list[Row], str]:
    """Let both sides do the whole job in turns."""
    file = write(table, folder / "texts.csv")
    seconds: dict[str, list[float]] = {precision: [] for precision in (*GOALS, "other")}
    for repeat in range(repeats):
        for precision in GOALS:
            times = first_run(folder / f"{precision}-{repeat}", file, precision)
            seconds[precision].append(times["whole"])
        seconds["other"].append(regression(file))
    what = f"{name}, {len(table):,} texts, to both models tested"
    other = ("sentence-transformers and a logistic regression", median(seconds["other"]))
    goals = GOALS if len(table) >= LEAST_FOR_GOALS else dict.fromkeys(GOALS, "")
    rows = [Row(f"{what}, {precision}", median(seconds[precision]), "s", *other, goal=goal) for precision, goal in goals.items()]
    grown = write(pandas.concat([table, shuffled(table.iloc[:NEW], 1)]), folder / "grown.csv")
    times = first_run(folder / "bfloat16-0", grown, "bfloat16")
    encoding = times["results_file"]["encoding"]
    rows.append(Row(f"the same with {NEW} new ones", encoding["texts"] - encoding["from_cache"], "texts encoded", goal=f"= {NEW}"))
    rows.append(Row(f"the same with {NEW} new ones, to both models tested", times["whole"], "s"))
    return "A whole job", rows, f"Whole processes from their start on, in turns; of each kind, of which the median is told: {repeats}."


def first_run(home: Path, file: Path, precision: str) -> dict[str, Any]:
    """Make a run as from the command line; ``whole`` are the seconds from the start of the process to both models tested."""
    home.mkdir(exist_ok=True)
    started = time.time()
    times = timeline(home, str(file), f"encoding_precision={precision}")
    return times | {"whole": times["click"] - started + times["tested"]}


def regression(file: Path) -> float:
    """Return the seconds of the other side's process."""
    started = time.perf_counter()
    subprocess.run([sys.executable, str(REGRESSION), str(bundled_checkpoint().folder), str(file)], check=True, capture_output=True)
    return time.perf_counter() - started


def made_texts(number: int) -> pandas.DataFrame:
    """Texts of ordinary length, made of the sample's words within each class."""
    sample = pandas.read_csv(PROJECT / "assets" / "support_messages.csv")
    chosen = sample.sample(number, replace=True, random_state=0)
    return shuffled(pandas.DataFrame({0: chosen["department"], 1: chosen["message"]}), 0)


def shuffled(table: pandas.DataFrame, seed: int) -> pandas.DataFrame:
    """Return the rows with the words of their last column in another order."""
    generator, last = np.random.default_rng(seed), table.columns[-1]
    changed = table.copy()
    changed[last] = [" ".join(generator.permutation(text.split())) for text in table[last]]
    return changed


def write(table: pandas.DataFrame, file: Path) -> Path:
    """Write a table without a header."""
    table.to_csv(file, index=False, header=False)
    return file


if __name__ == "__main__":
    main()
