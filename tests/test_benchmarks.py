"""What the benchmarks measure against runs, and what they tell comes together in one page."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import psutil
import pytest

from benchmarks.__main__ import BENCHMARKS, page, section
from benchmarks.accuracy import as_value
from benchmarks.bare_script import SCRIPTS, Party
from benchmarks.figures import COLLECTION, Figures, Row, publish
from benchmarks.training import run_readings, speed_in_windows
from benchmarks.whole_job import made_texts, shuffled
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


@pytest.mark.parametrize(
    ("row", "ratio", "verdict"),
    [
        (Row("seconds", 5.8, "s", goal="≤ 6"), None, "reached"),
        (Row("seconds", 6.2, "s", goal="≤ 6"), None, "missed"),
        (Row("encoded", 100, "texts", goal="= 100"), None, "reached"),
        (Row("encoded", 101, "texts", goal="= 100"), None, "missed"),
        (Row("texts", 300, "texts/s", "a library", 100, goal="≥ 2.5"), 3.0, "reached"),
        (Row("step", 96, "ms", "a bare script", 100, goal="≥ 0.97"), 0.96, "missed"),
        (Row("step", 96, "ms", "a bare script", 100, ratio=0.98, goal="≥ 0.97"), 0.98, "reached"),
        (Row("step", 96, "ms", "a bare script", 100, goal="0.95 to 1.05"), 0.96, "reached"),
        (Row("step", 94, "ms", "a bare script", 100, goal="0.95 to 1.05"), 0.94, "missed"),
        (Row("memory", 12, "MiB"), None, ""),
    ],
    ids=lambda value: value.name if isinstance(value, Row) else "",
)
def test_a_goal_is_held_against_the_ratio_where_there_is_one(row: Row, ratio: float | None, verdict: str) -> None:
    assert (row.quotient, row.verdict) == (ratio, verdict)


def test_figures_are_printed_and_come_together_in_one_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(COLLECTION, str(tmp_path / "figures"))
    publish("Answers", [Row("fast", 1234.5, "texts/s", "a library", 1000.0, goal="≥ 1.1")], "Measured twice.")
    publish("Memory", [Row("peak", 12.345, "MiB")])
    told = [Figures.from_json(line) for line in (tmp_path / "figures").read_text(encoding="utf-8").splitlines()]
    assert [figures.title for figures in told] == ["Answers", "Memory"]
    line = "| fast | 1,234 texts/s | a library | 1,000 texts/s | 1.234 | ≥ 1.1 | reached |"
    assert line in capsys.readouterr().out
    written = page([section("python -m benchmarks.answers", told, 3.4, 1)], 0.0, 90.0)
    assert line in written and "| peak | 12.3 MiB |" in written, "a column that is empty in all rows is left out"
    assert "1 January 1970" in written and "1.5 minutes" in written and "exit code 1" in written


def test_every_benchmark_of_make_bench_is_there() -> None:
    assert not [name for name in BENCHMARKS if not (BARE.parent / f"{name.replace('.', '/')}.py").exists()]


def test_made_texts_are_new_texts_with_the_words_of_their_class() -> None:
    texts = made_texts(50)
    again = shuffled(texts, 1)
    assert len(texts) == 50 and again[0].equals(texts[0])
    assert not set(texts[1]) & set(again[1]), "so that no vector is kept of them"
    assert [sorted(text.split()) for text in texts[1]] == [sorted(text.split()) for text in again[1]]


def test_only_readings_that_lie_within_a_turn_count(tmp_path: Path) -> None:
    party = Party(lambda: [], 0.0)
    party.windows = [(0.0, 10.0), (20.0, 30.0), (40.0, 50.0)]
    events = [(-1.0, 0.0, True), (5.0, 2.0, False), (11.0, 5.0, False), (21.0, 7.0, False), (25.0, 8.0, False), (28.0, 9.0, True)]
    file = tmp_path / "events.jsonl"
    lines = [{"event": "steps", "time": end, "seconds": so_far, "steps": 25, "first_of_turn": first} for end, so_far, first in events]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert run_readings(file) == [(5.0, 2.0, 25), (11.0, 3.0, 25), (21.0, 2.0, 25), (25.0, 1.0, 25)]
    assert speed_in_windows(run_readings(file), party, 32) == [25 * 32 / 2, 25 * 32 / 1, None]


def await_status(process: psutil.Popen, stopped: bool) -> bool:
    """Whether a process comes to be stopped, or not to be: a signal takes its time."""
    deadline = time.monotonic() + 20
    while (process.status() == psutil.STATUS_STOPPED) != stopped and time.monotonic() < deadline:
        time.sleep(0.01)
    return (process.status() == psutil.STATUS_STOPPED) == stopped


def test_what_somebody_else_has_stopped_is_not_resumed() -> None:
    """A run's coordinator stops the worker that waits, and believes it to be stopped until it resumes it."""
    theirs, ours = (psutil.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) for _ in range(2))
    try:
        theirs.suspend()
        assert await_status(theirs, stopped=True)
        party = Party(lambda: [theirs, ours], 0.0)
        party.stop()
        assert await_status(ours, stopped=True)
        party.resume()
        assert await_status(ours, stopped=False) and theirs.status() == psutil.STATUS_STOPPED
    finally:
        for process in (theirs, ours):
            process.kill()
            process.wait()
