"""The bare scripts that the benchmarks measure against run for every classifier; what they print is a time and a memory."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from benchmarks.accuracy import as_value
from benchmarks.bare_script import SCRIPTS
from engine.shared.architecture import Architecture
from engine.shared.batches import training_plan
from engine.shared.classifiers import CLASSIFIERS
from engine.shared.recipe import Recipe
from tests.driving import write_tiny_encoder

BARE = Path(__file__).parents[1] / "benchmarks" / "bare"
ROWS, TERMS = 20, 40
RUN_ALL = """
import runpy, sys
script, *folders = sys.argv[1:]
for folder in folders:
    sys.argv = [script, folder]
    runpy.run_path(script)
    if "torch" in sys.modules:  # which takes this number once in a process only
        sys.modules["torch"].set_num_interop_threads = int
"""
"""All tasks in one process, for loading a framework takes longer than they do."""


def write_task(folder: Path, classifier: str, encoder: Path, in_rounds: bool) -> Path:
    """What the benchmark writes for a bare script, of random texts."""
    folder.mkdir()
    generator, member = np.random.default_rng(0), CLASSIFIERS[classifier]
    lengths = generator.integers(1, 9, ROWS) if member.sequences else None
    inputs: tuple[np.ndarray, ...] = (generator.normal(size=(ROWS, TERMS)).astype(np.float32),)
    if member.takes == "terms":
        inputs = generator.integers(0, TERMS, (ROWS, 6)).astype(np.int32), generator.random((ROWS, 6)).astype(np.float32)
    elif lengths is not None:
        inputs = (np.where(np.arange(8) < lengths[:, None], generator.integers(1, TERMS, (ROWS, 8)), 0).astype(np.int32),)
    for number, values in enumerate(inputs):
        np.save(folder / f"input_{number}.npy", values)
    np.save(folder / "labels.npy", np.arange(ROWS) % 3)
    plans = [training_plan(ROWS, lengths, 4, 0, epoch) for epoch in range(1 if in_rounds else 2)]
    np.save(folder / "orders.npy", np.stack([plan.order for plan in plans]))
    np.save(folder / "widths.npy", np.stack([plan.widths for plan in plans]))
    decay = 0.01 if classifier == "transformer" else 0.0
    task = asdict(Architecture(3, TERMS, hidden_units=5, embedding_size=6, filters=4)) | asdict(
        Recipe(1e-3, 4, weight_decay=decay, clip_norm=1.0, steps_per_call=2)
    )
    task |= {"own": [], "classifier": classifier, "encoder": str(encoder), "threads": 1, "report_steps": 2, "report_seconds": 9.0}
    if in_rounds:
        task |= {"rounds": [(2, 4), (4, 5)], "answers": True}
    (folder / "task.json").write_text(json.dumps(task))
    return folder


@pytest.mark.thorough
@pytest.mark.parametrize("framework", SCRIPTS)
def test_a_bare_script_trains_every_classifier(framework: str, tmp_path: Path) -> None:
    encoder = write_tiny_encoder(tmp_path / "encoder")
    kinds = [(name, True) for name in CLASSIFIERS] + [("embedding-mlp", False), ("text-cnn", False)]
    folders = [str(write_task(tmp_path / f"{name}-{in_rounds}", name, encoder, in_rounds)) for name, in_rounds in kinds]
    command = [sys.executable, "-c", RUN_ALL, str(BARE / SCRIPTS[framework]), *folders]
    answer = subprocess.run(command, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr[-3000:]
    figures = [json.loads(line) for line in answer.stdout.strip().splitlines()]
    assert len(figures) == len(kinds)
    asked_for_rounds = [found for found, (_, in_rounds) in zip(figures, kinds, strict=True) if in_rounds]
    assert all(found["batch_milliseconds"] > 0 for found in asked_for_rounds)
    assert all([steps for *_, steps in found["readings"]] == [2, 1] for found in asked_for_rounds), "each round, also of two in a row"
    assert all(found["milliseconds"] > 0 and found["peak_mib"] >= found["after_import_mib"] > 0 for found in figures)


def test_a_setting_of_the_accuracy_benchmark_is_read_as_what_it_is() -> None:
    """``--set compiled=false`` was taken for yes, as every word is."""
    values = {text: as_value(text) for text in ("false", "0.01", "32", "windows")}
    assert values == {"false": False, "0.01": 0.01, "32": 32, "windows": "windows"}
