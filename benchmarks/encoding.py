"""How fast texts become vectors in both precisions, beside `SentenceTransformer.encode` at its defaults, and what the precision costs.

    python -m benchmarks.encoding [FILE ...] [--texts 128] [--rounds 3] [--labelled 500]

A FILE is any table of labelled texts; without one the sample's messages are encoded, as they are and joined in fours. In one process all
ways take turns, and the medians count. The accuracy is that of a logistic regression on the vectors of up to ``--labelled`` texts, of
which it learns from four in five. TensorFlow runs afterwards, alone, in a process of its own.
"""

from __future__ import annotations

import argparse
import importlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figures import Row, publish
from engine import FRAMEWORK_NAMES
from engine.reading.columns.guess import guess_columns
from engine.reading.read_table import read_table
from engine.shared.devices import physical_cores
from engine.shared.encoders.checkpoint import bundled_checkpoint
from engine.shared.text.tokens import load_tokenizer, token_counts

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "assets" / "support_messages.csv"
BARS = {"float32": 1.3, "bfloat16": 2.5}
"""Texts a second, as a multiple of sentence-transformers' at its defaults; the second where the processor computes bfloat16 fast."""
LIKENESS_BAR = 0.999
"""The lowest cosine between the vectors of a text in both precisions."""
OTHER = "sentence-transformers"

Labelled = tuple[list[str], np.ndarray]


def labelled_texts(file: Path, number: int) -> Labelled:
    """Texts and labels of a table, drawn at random but always the same."""
    table = read_table(file, file.name)
    columns = guess_columns(table)
    texts = table.frame[list(columns.text)].agg(" ".join, axis=1).to_numpy()
    chosen = np.random.default_rng(0).permutation(len(texts))[:number]
    return texts[chosen].tolist(), table.frame[columns.label].to_numpy()[chosen]


def joined(texts: list[str], together: int) -> list[str]:
    """Longer texts, each made of several."""
    return [" ".join(texts[start : start + together]) for start in range(0, len(texts), together)]


def median_seconds(ways: dict[str, Callable[[], Any]], rounds: int) -> tuple[dict[str, float], dict[str, Any]]:
    """The median time of each way, and what it gave; every round runs all of them, the first round is not counted."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    given = {}
    for _ in range(rounds + 1):
        for name, run in ways.items():
            started = time.perf_counter()
            given[name] = run()
            times[name].append(time.perf_counter() - started)
    return {name: statistics.median(taken[1:]) for name, taken in times.items()}, given


def accuracy(vectors: np.ndarray, labels: np.ndarray) -> float:
    """The share of every fifth text that a logistic regression on the others gets right."""
    from sklearn.linear_model import LogisticRegression

    test = np.arange(len(labels)) % 5 == 0
    return float(LogisticRegression(C=10, max_iter=2000).fit(vectors[~test], labels[~test]).score(vectors[test], labels[test]))


def measure(wing: str, options: argparse.Namespace) -> None:
    """Time one wing in this process; PyTorch's with sentence-transformers beside it."""
    checkpoint = bundled_checkpoint()
    (devices, encoder) = (importlib.import_module(f"engine.frameworks.{wing}.{name}") for name in ("devices", "encoder"))
    devices.set_threads(physical_cores())
    tokenizer = load_tokenizer(checkpoint.folder, checkpoint.max_tokens)
    wings = {
        precision: partial(
            encoder.encode,
            encoder.load_encoder(checkpoint.folder, precision=precision),
            tokenizer,
            pooling=checkpoint.pooling,
            normalize=checkpoint.normalize,
        )
        for precision in BARS
    }
    other = None
    if wing == "pytorch":
        from sentence_transformers import SentenceTransformer

        other = SentenceTransformer(str(checkpoint.folder), device="cpu")
    sets = {Path(file).name: labelled_texts(Path(file), options.labelled) for file in options.files or [SAMPLE]}
    shown = {name: texts[: options.texts] for name, (texts, _) in sets.items()}
    if not options.files:
        shown["the same, joined in fours"] = joined(shown[SAMPLE.name], 4)
    rows: list[Row] = []
    for name, texts in shown.items():
        tokens = np.minimum(token_counts(checkpoint.folder, texts), checkpoint.max_tokens).mean()
        ways: dict[str, Callable[[], Any]] = {precision: partial(encode, texts=texts) for precision, encode in wings.items()}
        if other is not None:
            ways[OTHER] = partial(other.encode, texts)
        seconds, vectors = median_seconds(ways, options.rounds)
        rows += compared(f"{name}, {len(texts)} texts of {tokens:.0f} tokens", len(texts), seconds)
        cosines = (vectors["float32"] * vectors["bfloat16"]).sum(axis=1)  # of vectors of length 1
        rows.append(Row("lowest cosine of both precisions", float(cosines.min()), goal=f"≥ {LIKENESS_BAR}"))
    for name, (texts, labels) in sets.items() if wing == "pytorch" else ():
        right = {precision: 100 * accuracy(encode(texts=texts), labels) for precision, encode in wings.items()}
        what = f"{name}, accuracy of logistic regression on {len(texts)} texts, bfloat16"
        rows.append(Row(what, right["bfloat16"], "%", "float32", right["float32"]))
    note = "Ways take turns in one process; medians. The goal in bfloat16 is one for processors with AMX or AVX512-BF16."
    publish(f"Texts into vectors, {FRAMEWORK_NAMES[wing]}", rows, note)


def compared(name: str, texts: int, seconds: dict[str, float]) -> list[Row]:
    """Texts a second in each precision; beside them those of the other library, or else those in float32."""
    speed = {way: texts / taken for way, taken in seconds.items()}
    if OTHER not in speed:
        return [Row(f"{name}, bfloat16", speed["bfloat16"], "texts/s", "float32", speed["float32"])]
    return [Row(f"{name}, {way}", speed[way], "texts/s", OTHER, speed[OTHER], goal=f"≥ {bar}") for way, bar in BARS.items()]


def main() -> None:
    """Run both wings, each in a fresh process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", help="tables of labelled texts (default: the sample)")
    parser.add_argument("--texts", type=int, default=128, help="how many texts a pass encodes")
    parser.add_argument("--rounds", type=int, default=3, help="passes of each way; the median counts")
    parser.add_argument("--labelled", type=int, default=500, help="how many texts the accuracy is measured on")
    parser.add_argument("--wing", choices=("pytorch", "tensorflow"), help="time this one alone, in the present process")
    options = parser.parse_args()
    if options.wing:
        measure(options.wing, options)
        return
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    environment = os.environ | quiet | {"KERAS_BACKEND": "tensorflow"}
    for wing in ("pytorch", "tensorflow"):
        command = [sys.executable, "-m", "benchmarks.encoding", *sys.argv[1:], "--wing", wing]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=900)


if __name__ == "__main__":
    main()
