"""Damage files in many ways and read them: no traceback, no long wait, no text that vanishes without a count.

``python -m benchmarks.reading.mutations FOLDER [--mutations N] [--seed N]`` takes the files of a folder (of awkward ones, best), flips
and removes bytes, cuts, joins, repeats and swaps lines and cells, and reads and checks each result as the Data page does. It prints how
many were read, how many were refused in a sentence, and everything that must not happen: an error that is not a sentence, more than five
seconds of processor time, and words of a delimited text that are neither in a cell, nor a column's name, nor on a line that a finding
names.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from engine.data.checks.report import check_table
from engine.data.choice import DataChoice
from engine.errors import ParityError
from engine.reading.columns.guess import guess_columns
from engine.reading.finding import SHOWN_ROWS
from engine.reading.read_table import read_table
from engine.reading.table import Table

LONGEST_SECONDS = 5.0
PORTION = 100
MARKS = (b'"', b"'", b",", b";", b"\t", b"|", b"\n", b"\r", b"\\", b"{", b"]", b"\0", b"\x1b", b"=", b"#")
Mutation = Callable[[random.Random, bytes, bytes], bytes]


@dataclass(frozen=True)
class Outcome:
    """What became of one damaged file."""

    kind: str
    """``read``, ``refused``, ``traceback``, ``slow`` or ``lost``."""
    seed: int
    source: str
    mutation: str
    words: str = ""
    """What went wrong."""


def flipped(chance: random.Random, content: bytes, other: bytes) -> bytes:
    damaged = bytearray(content)
    for _ in range(chance.choice((1, 2, 8, 64))):
        if damaged:
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return bytes(damaged)


def marked(chance: random.Random, content: bytes, other: bytes) -> bytes:
    """Put characters that mean something to a reader where they do not belong."""
    damaged = bytearray(content)
    for _ in range(chance.choice((1, 3, 20))):
        place = chance.randrange(len(damaged) + 1)
        damaged[place:place] = chance.choice(MARKS)
    return bytes(damaged)


def cut(chance: random.Random, content: bytes, other: bytes) -> bytes:
    first, last = sorted((chance.randrange(len(content) + 1), chance.randrange(len(content) + 1)))
    return chance.choice((content[:last], content[first:], content[:first] + content[last:], content[first:last]))


def joined(chance: random.Random, content: bytes, other: bytes) -> bytes:
    return chance.choice((content + other, content + b"\n" + other, other[: len(other) // 2] + content, content + content))


def lines_moved(chance: random.Random, content: bytes, other: bytes) -> bytes:
    lines = content.split(b"\n")
    for _ in range(chance.choice((1, 4, 16))):
        first, second = chance.randrange(len(lines)), chance.randrange(len(lines))
        change = chance.randrange(3)
        if change == 0:
            lines[first], lines[second] = lines[second], lines[first]
        elif change == 1:
            lines.insert(first, lines[second])
        elif len(lines) > 1:
            del lines[first]
    return b"\n".join(lines)


def cells_swapped(chance: random.Random, content: bytes, other: bytes) -> bytes:
    delimiter = chance.choice((b",", b";", b"\t", b"|", b'"', b": "))
    lines = [line.split(delimiter) for line in content.split(b"\n")]
    for line in lines:
        if len(line) > 1 and chance.random() < 0.3:
            first, second = chance.randrange(len(line)), chance.randrange(len(line))
            line[first], line[second] = line[second], line[first]
    return b"\n".join(map(delimiter.join, lines))


MUTATIONS: tuple[Mutation, ...] = (flipped, marked, cut, joined, lines_moved, cells_swapped)


def main() -> int:
    """Print what became of all damaged files; 1 where something happened that must not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mutations", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    files = sorted(path for path in options.folder.iterdir() if path.is_file())
    seeds = range(options.seed, options.seed + options.mutations)
    portions = [(files, seeds[start : start + PORTION]) for start in range(0, len(seeds), PORTION)]
    counts: Counter[str] = Counter()
    started = time.time()
    with ProcessPoolExecutor(options.processes) as pool:
        for outcomes in pool.map(try_portion, portions):
            counts.update(outcome.kind for outcome in outcomes)
            for outcome in outcomes:
                if outcome.kind not in ("read", "refused"):
                    print(f"{outcome.kind}: seed {outcome.seed}, {outcome.source}, {outcome.mutation}: {outcome.words}", flush=True)
    told = ", ".join(f"{counts[kind]:,} {kind}" for kind in ("read", "refused", "traceback", "slow", "lost"))
    print(f"{sum(counts.values()):,} mutations of {len(files)} files in {time.time() - started:,.0f} s: {told}.")
    return int(any(counts[kind] for kind in ("traceback", "slow", "lost")))


def try_portion(portion: tuple[list[Path], range]) -> list[Outcome]:
    files, seeds = portion
    with tempfile.TemporaryDirectory() as folder:
        return [outcome for seed in seeds for outcome in try_one(files, seed, Path(folder) / "damaged")]


def damaged_file(files: list[Path], seed: int, target: Path) -> tuple[Path, str]:
    """Write the damaged file of a seed, the same every time; returns which file it was and what was done."""
    chance = random.Random(seed)
    source, other = chance.choice(files), chance.choice(files)
    mutations = chance.choices(MUTATIONS, k=chance.choice((1, 1, 2)))
    content, second = source.read_bytes(), other.read_bytes()
    for mutation in mutations:
        content = mutation(chance, content, second)
    target.write_bytes(content)
    return source, " + ".join(mutation.__name__ for mutation in mutations)


def try_one(files: list[Path], seed: int, target: Path) -> list[Outcome]:
    source, mutation = damaged_file(files, seed, target)
    started = time.process_time()
    kind, words = "read", ""
    try:
        table = read_table(target, source.name)
        guess = guess_columns(table)
        check_table(table, DataChoice("0" * 16, source.name, guess.text, guess.label or "", table.options))
        if missing := lost_words(target, table):
            kind, words = "lost", ", ".join(sorted(missing)[:8])
    except ParityError:
        kind = "refused"
    except Exception:
        kind, words = "traceback", " | ".join(traceback.format_exc().strip().splitlines()[-3:])
    outcomes = [Outcome(kind, seed, source.name, mutation, words)]
    if (seconds := time.process_time() - started) > LONGEST_SECONDS:
        outcomes.append(Outcome("slow", seed, source.name, mutation, f"{seconds:.1f} s"))
    return outcomes


def lost_words(path: Path, table: Table) -> set[str]:
    """Return the words of a delimited text that are in no cell and no name, and on no line of a finding."""
    if table.options.kind != "csv" or table.options.container:
        return set()
    if any(len(finding.lines) >= SHOWN_ROWS for finding in table.findings):  # not all of their lines are named
        return set()
    text = path.read_bytes().decode(table.options.encoding or "utf-8", "replace")
    explained = {line for finding in table.findings for line in finding.lines}
    words: set[str] = set()
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), start=1):
        if number not in explained and number > (table.options.skip_rows or 0):
            words.update(re.findall(r"[A-Za-z]{4,}", line))
    kept = " ".join([*map(str, table.frame.columns), *(cell for name in table.frame for cell in table.frame[name])])
    return {word for word in words - set(re.findall(r"[A-Za-z]{4,}", kept)) if word not in kept}


if __name__ == "__main__":
    sys.exit(main())
