"""A run on very many texts: seconds in all and to the first step, and the most memory that each of its processes takes.

    python -m benchmarks.scale [--rows 100000] [--classifiers embedding-mlp tfidf-mlp] [--texts FILE]

The texts are made of the sentences of a smaller file: the sample, or FILE, of which the columns are guessed. Vectors are not computed but
drawn, around a centre for each class, and put where a run finds vectors that are kept. A worker's framework, its model and its encoder
take memory on few texts too: what the same run takes on ``FEW`` texts is taken off, and what is left is held against the size of the
arrays that the worker maps. Memory is resident memory (RSS), looked at twenty times a second; mapped pages count in full. A million rows
take a few minutes and 5 GB of the disk.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from benchmarks.figures import Row, publish
from engine import FRAMEWORK_NAMES
from engine.data.choice import DataChoice
from engine.data.splitting import PreparedData, load_prepared
from engine.data.store import sample_choice
from engine.data.table_cache import read_stored
from engine.reading.columns.guess import guess_columns
from engine.runs.experiment import Experiment
from engine.runs.folder import Run, home
from engine.runs.launching import start
from engine.runs.paths import HomePaths
from engine.runs.preparing.prepare import dataset_store
from engine.runs.preparing.vectors import place_of_features
from engine.runs.processes.identity import living_process
from engine.shared.encoders.checkpoint import resolve
from engine.shared.encoders.vector_cache import FeatureWriter
from engine.shared.encoders.vector_file import hash_texts

FEW = 2_000
CHARACTERS = 120
"""Sentences are added until a text is as long, and it is cut a little later: like a message, or the teaser of an article."""
AT_ONCE = 16_384
GIBIBYTE = 2**30


@dataclass
class Measured:
    """What was seen of a run from outside while it ran."""

    run: Run
    seconds: float = 0.0
    first_step: float = 0.0
    """Seconds until the first loss of both frameworks was on disk."""
    peaks: dict[str, int] = field(default_factory=dict)
    """The most resident bytes of the ``coordinator`` and of each framework's worker."""

    @property
    def mapped(self) -> int:
        """Bytes of the arrays that a worker maps."""
        return sum(file.stat().st_size for file in self.run.path.glob("input*.npy"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--classifiers", nargs="+", default=["embedding-mlp"])
    parser.add_argument("--texts", type=Path, metavar="FILE", help="any file of texts with labels (default: the sample)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PARITY_RUNS"], os.environ["PARITY_LOCK"] = folder, f"{folder}/lock"
        sentences = sentences_of(options.texts)
        few, many = (choice_of(Path(folder), rows, sentences) for rows in (FEW, options.rows))
        for classifier in options.classifiers:
            small = measure(few, classifier)
            publish(f"{classifier} on {options.rows:,} texts", rows_of(small, measure(many, classifier), options.rows), " ".join(NOTE))


NOTE = (
    "The file was read and checked before. Memory is resident memory, in which mapped pages count in full;",
    f"of a worker what the same run takes on {FEW:,} texts is taken off, for framework, model and encoder need it there too.",
)


def sentences_of(file: Path | None) -> dict[str, list[str]]:
    """Return the sentences of each class."""
    choice = sample_choice()
    if file is not None:
        dataset = dataset_store().add(file.name, file)
        guess = guess_columns(table := read_stored(dataset))
        assert guess.text and guess.label is not None, guess.reason
        choice = DataChoice(dataset.identifier, dataset.name, guess.text, guess.label, table.options)
    frame = load_prepared(dataset_store(), choice).frame
    sentences: dict[str, list[str]] = {}
    for text, label in zip(frame["text"], frame["label"], strict=True):
        sentences.setdefault(label, []).extend(part for part in re.split(r"(?<=[.!?])\s+", text) if part)
    return sentences


def choice_of(folder: Path, rows: int, sentences: dict[str, list[str]]) -> DataChoice:
    """Write a file of texts made of these sentences and store it. Every tenth text has a sentence of another class."""
    generator = np.random.default_rng(0)
    classes = sorted(sentences)
    every = [sentence for label in classes for sentence in sentences[label]]
    file = folder / f"{rows}.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("text", "label"))
        for number, (label, strange) in enumerate(zip(generator.integers(len(classes), size=rows), generator.random(rows), strict=True)):
            parts: list[str] = []
            for chosen in generator.random(8):
                source = every if strange < 0.1 and not parts else sentences[classes[label]]
                parts.append(source[int(chosen * len(source))])
                if sum(map(len, parts)) >= CHARACTERS:
                    break
            writer.writerow((f"{' '.join(parts)[: CHARACTERS + 40]} {number}", classes[label]))
    dataset = dataset_store().add(file.name, file)
    print(f"{rows:,} rows, {file.stat().st_size / 1e6:,.0f} MB", file=sys.stderr, flush=True)
    file.unlink()
    return DataChoice(dataset.identifier, dataset.name, ("text",), "label", read_stored(dataset).options)


def measure(choice: DataChoice, classifier: str) -> Measured:
    """Start a run of one epoch and watch its processes until it has ended."""
    experiment = Experiment.recommended(choice, classifier, epochs=1, patience=0, device="cpu", encoding_precision="float32")
    prepared = load_prepared(dataset_store(), choice)
    if experiment.family_member.takes == "vectors":
        keep_vectors(experiment, prepared)
    del prepared
    began = time.perf_counter()
    seen = Measured(start(experiment))
    ended = threading.Event()
    watcher = threading.Thread(target=watch, args=(seen, ended))
    watcher.start()
    while seen.run.read_status().active:
        begun = [any(event["event"] == "steps" for event in seen.run.read_events(name)[0][:20]) for name in experiment.frameworks]
        if not seen.first_step and all(begun):
            seen.first_step = time.perf_counter() - began
        time.sleep(0.2)
    seen.seconds = time.perf_counter() - began
    ended.set()
    watcher.join()
    assert seen.run.read_status().state == "done", seen.run.read_status().message
    return seen


def keep_vectors(experiment: Experiment, prepared: PreparedData) -> None:
    """Put a vector for each text where a run looks for those that are kept: around a centre for each class, of length 1."""
    checkpoint = resolve(experiment.encoder)
    texts = hash_texts(prepared.frame["text"].tolist())
    features = place_of_features(experiment, checkpoint, texts, HomePaths(home()).features_folder)
    classes = np.searchsorted(prepared.classes, prepared.frame["label"].to_numpy(str))
    generator = np.random.default_rng(1)
    centres = generator.standard_normal((len(prepared.classes), checkpoint.hidden_size))
    writer = FeatureWriter(features, checkpoint.hidden_size)
    missing = writer.missing
    for first in range(0, len(missing), AT_ONCE):
        rows = missing[first : first + AT_ONCE]
        vectors = centres[classes[rows]] + 6 * generator.standard_normal((len(rows), checkpoint.hidden_size))
        writer.write(rows, (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32))
    writer.finish()


def watch(seen: Measured, ended: threading.Event) -> None:
    """Keep the most resident memory of each process of the run."""
    while not ended.wait(0.05):
        status = seen.run.read_status()
        for name, identity in {"coordinator": status.coordinator, **status.workers}.items():
            with suppress(psutil.Error):
                if process := living_process(identity):
                    name = name.partition(" ")[0]  # of a worker the framework, without its job
                    seen.peaks[name] = max(seen.peaks.get(name, 0), process.memory_info().rss)


def rows_of(small: Measured, large: Measured, texts: int) -> list[Row]:
    """Return the figures of the large run."""
    results = large.run.read_results()
    assert results is not None
    agreement = results.parity.test_agreement
    assert agreement is not None
    rows = [
        Row("from the start to the end", large.seconds, "s"),
        Row("from the start to the first loss of both", large.first_step, "s"),
        Row("coordinator, peak memory", large.peaks["coordinator"] / GIBIBYTE, "GiB", goal="≤ 2"),
        Row(f"same answer on {results.data.split['test']:,} test texts", 100 * agreement, "%", goal="≥ 99.5"),
    ]
    for name in results.frameworks:
        beyond = large.peaks[name] - small.peaks[name]
        whole = f"{FRAMEWORK_NAMES[name]} worker, peak memory"
        rows.append(Row(whole, large.peaks[name] / GIBIBYTE, "GiB", f"on {FEW:,} texts", small.peaks[name] / GIBIBYTE))
        mapped = "the arrays that it maps"
        rows.append(Row("of that for the texts", beyond / GIBIBYTE, "GiB", mapped, large.mapped / GIBIBYTE, goal="≤ 1.5"))
    return rows


if __name__ == "__main__":
    main()
