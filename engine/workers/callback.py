"""What both wings call while they train: a listener that does nothing yet, and the run's own, which keeps time, reports and takes turns."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, SupportsFloat

from engine.runs.processes.channel import Channel
from engine.runs.records.outcome import Outcome
from engine.shared.early_stopping import Progress

REPORT_STEPS = 25
"""Steps between two reports; reading a loss more often would slow a GPU down."""

REPORT_SECONDS = 0.4
"""After so long a report is due whatever the number of steps, so that slow steps show too and a turn can end."""

MOST_READINGS = 2048
"""Readings of the step time that are kept apart for its median; of more, those that are next to one another in length become one."""


Logs = dict[str, SupportsFloat]
"""What a framework tells at the end of a batch or an epoch, by name: a number, or a tensor of one."""


class Listener:
    """A callback in Keras's vocabulary, which both wings call while they train; this one does nothing yet."""

    stop_training = False
    stopped = False
    """Whether a stop was asked for."""

    def on_train_begin(self) -> None: ...
    def on_epoch_begin(self, epoch: int) -> None: ...
    def on_train_batch_end(self, batch: int, logs: Logs) -> None: ...
    def on_test_begin(self) -> None: ...
    def on_test_end(self) -> None: ...
    def on_epoch_end(self, epoch: int, logs: Logs) -> None: ...
    def on_train_end(self) -> None: ...


class EventFile:
    """Appends events, one flushed line each; the only writer of its file."""

    def __init__(self, path: Path) -> None:
        self._file = open(path, "a", encoding="utf-8")  # noqa: SIM115 - open as long as the worker lives
        self.was_empty = path.stat().st_size == 0
        """Whether this is the first worker that writes here, not that of a resumed run."""
        if not self.was_empty and not path.read_bytes().endswith(b"\n"):
            self._file.write("\n")  # a killed worker left half a line

    def write(self, event: str, **facts: Any) -> None:
        """Add one event with the time of day."""
        self._file.write(json.dumps({"event": event, "time": time.time()} | facts) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True)
class ReportedTraining:
    """What a reporter knows of a training, and what it may do with it."""

    rows: int
    """Texts in an epoch."""
    batch_size: int
    """Texts in a step."""
    epochs: int
    """Epochs that were asked for, those before a resume included."""
    progress: Progress
    """How far the training has come; it takes the reporter's counters into every checkpoint."""
    stop_requested: Callable[[], bool]
    """Whether somebody has asked for a stop."""
    synchronize: Callable[[], None]
    """Waits until the device has finished, so that a clock read next tells the truth."""
    save_checkpoint: Callable[[], None]
    """Leaves a checkpoint from which the training can be resumed."""
    summaries: Callable[[], Any]
    """Opens the framework's own summary writer at its first use."""


class Reporter(Listener):
    """The callback of a run.

    Only time inside turns counts as training time, and not the time in which this callback itself works. The first call is kept apart,
    for it holds tracing, compilation and warm-up. The first report of a turn is left out of the steady figures.
    """

    def __init__(self, channel: Channel, events: EventFile, training: ReportedTraining) -> None:
        self.reason = "finished"
        """``finished``, ``early``, ``stopped`` or ``diverged``."""
        self.steps_per_epoch = math.ceil(training.rows / training.batch_size)
        self._channel, self._events, self._training = channel, events, training
        progress = training.progress
        self.counters: dict[str, Any] = {
            "step": 0, "seconds": 0.0, "first_call_seconds": 0.0, "first_call_steps": 0, "validation_seconds": 0.0,
            "later_documents": 0, "steady_documents": 0, "steady_seconds": 0.0, "steady_reports": [],
            "epoch_train_loss": [], "epoch_validation_loss": [], "epoch_validation_accuracy": [],
        } | progress.counters  # fmt: skip
        progress.counters = self.counters  # part of every checkpoint, so that a resumed training goes on counting

    def on_train_begin(self) -> None:
        self._last_stop_check = time.monotonic()
        self._first_call = self._first_of_turn = True
        self._mark = time.perf_counter()

    def on_epoch_begin(self, epoch: int) -> None:
        self._epoch = epoch
        self._steps_of_epoch = self._reported_steps = 0
        self._reported_loss = 0.0
        self._mark = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        """``batch`` counts from 0 within the epoch; ``logs["loss"]`` is the mean loss of the epoch so far."""
        self._steps_of_epoch = min(batch + 1, self.steps_per_epoch)
        due = self._steps_of_epoch - self._reported_steps >= REPORT_STEPS or time.perf_counter() - self._mark >= REPORT_SECONDS
        if self._first_call or due or self._steps_of_epoch == self.steps_per_epoch:
            self._report(float(logs["loss"]))

    def _report(self, running_loss: float) -> None:
        self._training.synchronize()
        seconds = time.perf_counter() - self._mark
        steps = self._steps_of_epoch - self._reported_steps
        before, now = self._documents(self._reported_steps), self._documents(self._steps_of_epoch)
        loss = (running_loss * now - self._reported_loss * before) / (now - before)
        counters = self.counters
        if self._first_call and counters["first_call_steps"] == 0:
            counters["first_call_seconds"], counters["first_call_steps"] = seconds, steps
        elif not self._first_call:  # the first call of a resumed training traces and warms up once more, and is not counted
            counters["seconds"] += seconds
            counters["later_documents"] += now - before
            if not self._first_of_turn:
                counters["steady_documents"] += now - before
                counters["steady_seconds"] += seconds
                counters["steady_reports"].append([seconds / steps * 1000, steps])
                if len(counters["steady_reports"]) > MOST_READINGS:  # they are a part of every checkpoint
                    counters["steady_reports"] = halved(counters["steady_reports"])
        counters["step"] += steps
        self._events.write(
            "steps", epoch=self._epoch, step=counters["step"], steps=steps, loss=loss if math.isfinite(loss) else None,
            seconds=counters["seconds"], documents=now - before, turn=self._channel.turn, first_of_turn=self._first_of_turn,
        )  # fmt: skip
        self._reported_steps, self._reported_loss, self._first_of_turn = self._steps_of_epoch, running_loss, self._first_call
        self._first_call = False
        if not math.isfinite(running_loss):
            self.stop_training, self.reason = True, "diverged"
        elif self._stop_is_wished():
            self.stop_training, self.reason = True, "stopped"
        elif self._channel.spent:
            self._take_turn()
        self._mark = time.perf_counter()

    def _documents(self, steps: int) -> int:
        return min(steps * self._training.batch_size, self._training.rows)

    def _stop_is_wished(self) -> bool:
        if time.monotonic() - self._last_stop_check < 0.2:
            return False
        self._last_stop_check = time.monotonic()
        return self._training.stop_requested()

    def _take_turn(self) -> None:
        total, counters = self.steps_per_epoch * self._training.epochs, self.counters
        step, documents = counters["step"], counters["steady_documents"]
        seconds_left = (total - step) * self._training.batch_size * counters["steady_seconds"] / documents if documents else None
        self._channel.take("train", share=step / total, seconds_left=seconds_left)
        self._first_of_turn = True

    def _step_milliseconds(self) -> float | None:
        """Return the median over steps, not over reports: the few steps that are left at the end of an epoch carry the costs of its end.

        Each entry of ``steady_reports`` has the milliseconds of a step and the number of steps.
        """
        steady = sorted(self.counters["steady_reports"])
        passed, half = 0, sum(steps for _, steps in steady) / 2
        for milliseconds, steps in steady:
            passed += steps
            if passed >= half:
                return float(milliseconds)
        return None

    def on_test_begin(self) -> None:
        self._training.synchronize()
        self._validation_mark = time.perf_counter()

    def on_test_end(self) -> None:
        self._training.synchronize()
        self.counters["validation_seconds"] += time.perf_counter() - self._validation_mark

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Report the epoch and, if it was whole, leave a checkpoint."""
        figures = {name: float(logs[name]) for name in ("loss", "val_loss", "val_accuracy")}
        finite = all(math.isfinite(value) for value in figures.values())
        if not finite and not self.stop_training:
            self.stop_training, self.reason = True, "diverged"
        if finite:
            self.counters["epoch_train_loss"].append(figures["loss"])
            self.counters["epoch_validation_loss"].append(figures["val_loss"])
            self.counters["epoch_validation_accuracy"].append(figures["val_accuracy"])
            best = self._training.progress.best_epoch == epoch
            self._events.write(
                "epoch", epoch=epoch, step=self.counters["step"], train_loss=figures["loss"], validation_loss=figures["val_loss"],
                validation_accuracy=figures["val_accuracy"], seconds=self.counters["seconds"], best=best,
            )  # fmt: skip
        if not self.stop_training:
            self._training.save_checkpoint()  # at once, for what was reported as finished should survive a kill
        if finite:
            summaries = self._training.summaries()
            for name, value in (("loss/train", "loss"), ("loss/validation", "val_loss"), ("accuracy/validation", "val_accuracy")):
                summaries.scalar(name, figures[value], epoch + 1)
            summaries.flush()
        if self._channel.spent and not self.stop_training:
            self._take_turn()
        self._mark = time.perf_counter()

    def on_train_end(self) -> None:
        if not self.stop_training and len(self.counters["epoch_train_loss"]) < self._training.epochs:
            self.reason = "early"

    def figures(self) -> Outcome:
        """Return the times and losses of the whole training; what the callback cannot know is left open."""
        counters = self.counters
        step_milliseconds = self._step_milliseconds()
        later_steps = (counters["first_call_steps"] - 1) * (step_milliseconds or 0.0) / 1000
        documents, seconds = counters["steady_documents"], counters["steady_seconds"]
        if not seconds:  # too short for a steady part
            documents, seconds = counters["later_documents"], counters["seconds"]
        return Outcome(
            train_seconds=counters["seconds"] + min(later_steps, counters["first_call_seconds"]),
            first_step_seconds=max(counters["first_call_seconds"] - later_steps, 0.0),
            validation_seconds=counters["validation_seconds"],
            documents_per_second=documents / seconds if seconds else None,
            step_milliseconds_p50=step_milliseconds,
            steps=counters["step"],
            epoch_train_loss=tuple(counters["epoch_train_loss"]),
            epoch_validation_loss=tuple(counters["epoch_validation_loss"]),
            epoch_validation_accuracy=tuple(counters["epoch_validation_accuracy"]),
        )


def halved(readings: list[list[float]]) -> list[list[float]]:
    """Return half as many readings, milliseconds of a step and number of steps, by joining the two that are next in length."""
    ordered = sorted(readings)
    pairs = zip(ordered[::2], ordered[1::2], strict=False)
    joined = [[(left * steps + right * others) / (steps + others), steps + others] for (left, steps), (right, others) in pairs]
    return joined + ordered[len(ordered) // 2 * 2 :]
