"""The callback of both wings, driven by hand: what it reports, when it gives its turn up, and when it says stop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.shared.early_stopping import Progress
from engine.workers import callback as reporting
from engine.workers.callback import EventFile, ReportedTraining, Reporter


class StandInChannel:
    """Notes which turns were taken."""

    def __init__(self) -> None:
        self.turn, self.spent = 1, False
        self.taken: list[dict[str, Any]] = []

    def take(self, phase: str, **facts: Any) -> None:
        self.taken.append({"phase": phase} | facts)
        self.turn, self.spent = self.turn + 1, False


class StandInSummaries:
    def __init__(self) -> None:
        self.scalars: list[tuple[str, float, int]] = []

    def scalar(self, name: str, value: float, step: int) -> None:
        self.scalars.append((name, value, step))

    def flush(self) -> None:
        pass


class Bench:
    """A reporter over 105 rows in batches of 10 (the last one of 5), and everything that it touches."""

    def __init__(self, folder: Path, clock: Any, progress: Progress | None = None) -> None:
        self.channel, self.summaries, self.stop, self.checkpoints = StandInChannel(), StandInSummaries(), False, 0
        self.file, self.clock, self.progress = folder / "events.jsonl", clock, progress or Progress()
        training = ReportedTraining(
            rows=105, batch_size=10, epochs=2, progress=self.progress, stop_requested=lambda: self.stop, synchronize=lambda: None,
            save_checkpoint=self.save, summaries=lambda: self.summaries,
        )  # fmt: skip
        self.reporter = Reporter(self.channel, EventFile(self.file), training)  # type: ignore[arg-type]

    def save(self) -> None:
        self.checkpoints += 1

    def epoch(self, number: int, steps: range = range(11), loss: float = 1.0, val_loss: float = 0.5, per_call: int = 1) -> None:
        self.reporter.on_epoch_begin(number)
        for step in steps:
            self.clock.now += 0.1
            if (step + 1) % per_call == 0 or step == 10:
                self.reporter.on_train_batch_end(step, {"loss": loss})
            if self.reporter.stop_training:
                break
        self.reporter.on_test_begin()
        self.clock.now += 0.5
        self.reporter.on_test_end()
        self.progress.improved(number, val_loss)
        self.reporter.on_epoch_end(number, {"loss": loss, "val_loss": val_loss, "val_accuracy": 0.75})

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [event for line in self.file.read_text().splitlines() if (event := json.loads(line))["event"] == kind]


class StandInClock:
    def __init__(self) -> None:
        self.now = 100.0

    def perf_counter(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    clock = StandInClock()
    monkeypatch.setattr(reporting, "time", clock)
    monkeypatch.setattr(reporting, "REPORT_STEPS", 4)
    bench = Bench(tmp_path, clock)
    yield bench
    bench.reporter._events.close()


def test_steps_losses_and_times(bench: Bench) -> None:
    reporter = bench.reporter
    assert reporter.steps_per_epoch == 11
    reporter.on_train_begin()
    bench.epoch(0)
    bench.epoch(1)
    reporter.on_train_end()
    steps = bench.events("steps")
    assert [event["step"] for event in steps] == [1, 5, 9, 11, 15, 19, 22]
    assert [event["documents"] for event in steps] == [10, 40, 40, 15, 40, 40, 25]
    assert all(event["loss"] == pytest.approx(1.0) for event in steps)
    figures = reporter.figures()
    # 22 steps of 0.1 seconds; the first one is told apart.
    assert figures.train_seconds == pytest.approx(2.1)
    assert figures.first_step_seconds == pytest.approx(0.1)
    assert figures.step_milliseconds_p50 == pytest.approx(100)
    assert figures.validation_seconds == pytest.approx(1.0)
    assert figures.documents_per_second == pytest.approx(160 / 1.7), "the reports right after the first step are left out"
    assert figures.epoch_train_loss == (1.0, 1.0) and reporter.reason == "finished"
    assert bench.checkpoints == 2
    epochs = bench.events("epoch")
    assert [(event["epoch"], event["step"], event["best"]) for event in epochs] == [(0, 11, True), (1, 22, False)]
    assert bench.summaries.scalars[0] == ("loss/train", 1.0, 1)


def test_the_median_is_one_of_steps_not_of_reports(bench: Bench) -> None:
    """The end of an epoch, for which Keras needs a call of its own, would else make up half of all reports."""
    reporter = bench.reporter
    reporter.steps_per_epoch = 5
    reporter.on_train_begin()
    for epoch in range(4):
        reporter.on_epoch_begin(epoch)
        for step in range(5):
            bench.clock.now += 0.1 if step < 4 else 0.9
            reporter.on_train_batch_end(step, {"loss": 1.0})
    assert [event["steps"] for event in bench.events("steps")] == [1, 4, 4, 1, 4, 1, 4, 1]
    assert reporter.figures().step_milliseconds_p50 == pytest.approx(100)


def test_a_million_steps_leave_a_small_checkpoint_and_the_same_median(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    readings = [[float(milliseconds), 25] for milliseconds in np.random.default_rng(0).lognormal(0, 0.3, 40_000)]
    kept: list[list[float]] = []
    for reading in readings:
        kept.append(reading)
        kept = reporting.halved(kept) if len(kept) > reporting.MOST_READINGS else kept
    assert sum(steps for _, steps in kept) == 1_000_000
    medians = []
    for some in (readings, kept):
        bench.reporter.counters["steady_reports"] = some
        medians.append(bench.reporter.figures().step_milliseconds_p50)
    assert medians[1] == pytest.approx(medians[0], rel=0.002)
    monkeypatch.setattr(reporting, "MOST_READINGS", 3)
    bench.reporter.counters["steady_reports"] = []
    bench.reporter.on_train_begin()
    bench.epoch(0)
    bench.epoch(1)
    assert len(bench.reporter.counters["steady_reports"]) <= 3


def test_loss_between_two_reports_is_the_mean_over_those_steps_only(bench: Bench) -> None:
    bench.reporter.on_train_begin()
    bench.reporter.on_epoch_begin(0)
    bench.reporter.on_train_batch_end(0, {"loss": 4.0})
    bench.reporter.on_train_batch_end(4, {"loss": 2.0})  # mean of 50 texts, of which 10 had 4.0
    assert [event["loss"] for event in bench.events("steps")] == [4.0, pytest.approx(1.5)]


def test_a_call_for_several_steps_is_no_first_step(bench: Bench) -> None:
    """Keras calls back once for 25 compiled steps; the first call then holds tracing and 24 ordinary steps."""
    bench.reporter.on_train_begin()
    bench.clock.now += 3.0  # tracing
    bench.reporter.on_epoch_begin(0)
    bench.clock.now += 2.0
    bench.epoch(0, per_call=11)
    bench.epoch(1, per_call=11)
    figures = bench.reporter.figures()
    assert [event["steps"] for event in bench.events("steps")] == [11, 11]
    assert figures.documents_per_second == pytest.approx(105 / 1.1)
    assert figures.train_seconds + figures.first_step_seconds == pytest.approx(2.2, abs=0.01)


def test_the_turn_is_given_up_once_its_time_is_over(bench: Bench) -> None:
    bench.reporter.on_train_begin()
    bench.reporter.on_epoch_begin(0)
    bench.reporter.on_train_batch_end(0, {"loss": 1.0})
    assert bench.channel.taken == []
    bench.channel.spent = True
    bench.reporter.on_train_batch_end(1, {"loss": 1.0})
    assert bench.channel.taken == [], "only at a report"
    bench.clock.now += 0.4
    bench.reporter.on_train_batch_end(4, {"loss": 1.0})
    assert [turn["phase"] for turn in bench.channel.taken] == ["train"]
    assert bench.channel.taken[0]["share"] == pytest.approx(5 / 22)
    bench.clock.now += 99.0  # the other one's turn is over; the time is not counted
    bench.reporter._mark = bench.clock.now
    bench.clock.now += 0.4
    bench.reporter.on_train_batch_end(8, {"loss": 1.0})
    steps = bench.events("steps")
    assert [event["turn"] for event in steps] == [1, 1, 2]
    assert [event["first_of_turn"] for event in steps] == [True, True, True]
    assert bench.reporter.counters["seconds"] == pytest.approx(0.8)


def test_a_stop_ends_the_training_and_leaves_the_last_whole_epochs_checkpoint(bench: Bench) -> None:
    bench.reporter.on_train_begin()
    bench.epoch(0)
    bench.stop = True
    bench.epoch(1)
    assert bench.reporter.stop_training and bench.reporter.reason == "stopped"
    assert bench.checkpoints == 1
    assert bench.events("steps")[-1]["step"] < 22


@pytest.mark.parametrize(("loss", "val_loss"), [(float("nan"), 0.5), (float("inf"), 0.5), (1.0, float("nan"))])
def test_a_loss_that_is_no_number_stops(bench: Bench, loss: float, val_loss: float) -> None:
    bench.reporter.on_train_begin()
    bench.epoch(0)
    bench.epoch(1, loss=loss, val_loss=val_loss)
    assert bench.reporter.stop_training and bench.reporter.reason == "diverged"
    assert bench.checkpoints == 1, "what is not finite is never kept"
    assert len(bench.events("epoch")) == 1 and bench.reporter.figures().epoch_train_loss == (1.0,)
    assert all(event["loss"] is None or event["loss"] == pytest.approx(1.0) for event in bench.events("steps"))


def test_early_stopping_is_told_from_an_ordinary_end(bench: Bench) -> None:
    bench.reporter.on_train_begin()
    bench.epoch(0)
    bench.reporter.on_train_end()
    assert bench.reporter.reason == "early"


def test_a_resumed_training_goes_on_counting(bench: Bench, tmp_path: Path) -> None:
    bench.reporter.on_train_begin()
    bench.epoch(0)
    before = json.loads(json.dumps(bench.progress.counters))  # as a checkpoint keeps it
    (tmp_path / "again").mkdir()
    again = Bench(tmp_path / "again", bench.clock, Progress(next_epoch=1, counters=before))
    again.reporter.on_train_begin()
    again.epoch(1)
    assert [event["step"] for event in again.events("steps")] == [12, 16, 20, 22]
    figures = again.reporter.figures()
    assert len(figures.epoch_train_loss) == 2 and figures.first_step_seconds == pytest.approx(0.1)
    assert figures.train_seconds == pytest.approx(2.0), "without the first step of either process"
    again.reporter._events.close()
