"""A worker's job ``benchmark``: how long the steps of training, batches of answers and single answers of one classifier take."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar

import numpy as np
import psutil

from engine.errors import TrainingError
from engine.runs.folder import Run
from engine.runs.preparing.inputs import load_inputs
from engine.runs.preparing.recipes import recipe_of
from engine.shared.batches import Plan, training_plan
from engine.shared.early_stopping import Progress
from engine.workers.callback import Listener, Logs
from engine.workers.meters import EnergyMeter, GpuMeter, peak_rss_mib
from engine.workers.requests.benchmark import MeasuredAnswer, SpeedAnswer, SpeedRequest, TargetAnswer, TargetRequest
from engine.workers.session import Session
from engine.workers.step_losses import VALIDATION_ROWS

LOOK_SECONDS = 0.1
"""How long a worker looks, before it computes, at how busy others keep the machine; and how often it looks for a wish to stop."""

SHORT_CALL = 10
"""Steps; Keras takes so many or more in one call where a step is short. After the other framework's turn the processor's caches hold
nothing of this one's, which only short steps feel: the first call of each round is then left out."""

ON_GPU = 10
"""Times as many steps there, for each is shorter."""

Measured = TypeVar("Measured", bound=MeasuredAnswer)
Asked = TypeVar("Asked")


def with_conditions(measure: Callable[[Session, Run, Asked], Measured | None]) -> Callable[[Session, Run, Asked], Measured | None]:
    """Add to a measurement under which conditions it was made, and what it took of the machine."""

    @wraps(measure)
    def measured(session: Session, prepared: Run, request: Asked) -> Measured | None:
        busy = psutil.cpu_percent(LOOK_SECONDS) / 100  # nobody else of this study computes meanwhile
        answer = measure(session, prepared, request)
        return answer and replace(
            answer,
            device=session.device,
            busy=busy,
            peak_rss_mib=peak_rss_mib() if session.is_fresh else None,
            gpu_memory_mib=session.devices.gpu_memory_mib(session.device),
            import_seconds=session.import_seconds,
        )

    return measured


@with_conditions
def measure_speed(session: Session, prepared: Run, request: SpeedRequest) -> SpeedAnswer | None:
    """Train for a set number of steps, then answer batches and single texts; in rounds, between which the other framework computes.

    Both frameworks are asked the same, so they see the same batches. What is told is the median of the rounds: what disturbs the machine
    for longer than a round disturbs both, a shorter disturbance is left out.
    """
    inputs, mode = load_inputs(prepared), request.mode
    experiment = replace(
        prepared.read_experiment(),
        seed=request.seed,
        batch_size=request.batch_size,
        mode="defaults" if mode == "defaults" else "matched",
        compiled=mode == "compiled",
    )
    on_gpu = session.device != "cpu"
    recipe = recipe_of(experiment, inputs, on_gpu)
    _, _, model = session.build(prepared, inputs, recipe, "float32")
    arrays, labels, lengths = inputs.part(prepared, "train")
    if request.tokens:
        assert lengths is not None  # only classifiers of sequences are asked
        arrays, lengths = (stretched(arrays[0], lengths, request.tokens),), np.full(len(labels), request.tokens)
    tensors, targets = session.training.as_tensors(arrays, labels, session.device)
    validation = session.tensors(prepared, inputs, "validation", "float32", VALIDATION_ROWS)
    call = recipe.steps_per_call  # steps in one call of Keras's graph, in the other framework as many for fairness
    timed = math.ceil(request.steps * (ON_GPU if on_gpu else 1) / request.rounds / call) * call
    rounds = rounds_of(request.rounds, timed, call)
    steps = rounds[-1].stop
    plan = plan_of(steps, len(labels), lengths, recipe.batch_size, recipe.seed, recipe.compiled)
    batches = session.training.make_batches(tensors, targets, lambda epoch: plan, recipe)
    clock = StepClock(rounds, lambda: session.devices.synchronize(session.device), session.stop_requested, session.give_way)
    optimizer = session.training.make_optimizer(model, recipe)
    with GpuMeter(on_gpu) as meter, suppress(AllTimedError):
        session.training.train(model, optimizer, batches, validation, recipe, steps, Progress(), lambda _: None, clock)
    if clock.stopped:
        return None
    answer = SpeedAnswer(
        step_milliseconds=clock.milliseconds,
        first_step_seconds=clock.first_step_seconds,
        joules_per_step=clock.joules_per_step,
        gpu_utilisation=meter.mean,
    )
    if mode != "matched":  # in the other modes the same model answers in the same way
        return answer
    chosen = [[batch_of(arrays, plan, number, recipe.batch_size) for number in some] for some in rounds]
    batch, single = time_answers(session, model, chosen, request.singles, call > 1)
    return replace(answer, batch_milliseconds=batch, single_milliseconds=single)


def rounds_of(count: int, timed: int, call: int) -> list[range]:
    """Return the steps that are timed in each round.

    Before the first lies one call, which traces and warms up; before the others none, or one where steps are short.
    """
    lead = call if call >= SHORT_CALL else 0
    starts = [call + number * (lead + timed) for number in range(count)]
    return [range(start, start + timed) for start in starts]


def plan_of(steps: int, rows: int, lengths: np.ndarray | None, batch_size: int, seed: int, compiled: bool) -> Plan:
    """Return one pass of so many whole batches: the epochs of a training one after the other, their smaller last batches left out."""
    orders, widths, whole = [], [], rows // batch_size
    for epoch in range(math.ceil(steps / whole)):
        plan = training_plan(rows, lengths, batch_size, seed, epoch, compiled)
        orders.append(plan.order[: whole * batch_size])
        widths.append(plan.widths[:whole])
    return Plan(np.concatenate(orders)[: steps * batch_size], np.concatenate(widths)[:steps])


def stretched(tokens: np.ndarray, lengths: np.ndarray, width: int) -> np.ndarray:
    """Return rows of exactly ``width`` tokens, shape (rows, width): longer ones are cut, shorter ones repeated from their start."""
    places = np.arange(width)[None, :] % np.maximum(1, lengths)[:, None]
    return np.take_along_axis(tokens, places, axis=1)


def batch_of(arrays: tuple[np.ndarray, ...], plan: Plan, number: int, batch_size: int) -> tuple[np.ndarray, ...]:
    """Return batch ``number`` of a plan as arrays, cut to its width."""
    rows, width = plan.order[number * batch_size : (number + 1) * batch_size], plan.widths[number]
    return tuple(values[rows][..., :width] if width else values[rows] for values in arrays)


def time_answers(session: Session, model: Any, rounds: list[list[tuple[np.ndarray, ...]]], texts: int, short: bool) -> tuple[float, float]:
    """Return the milliseconds of a batch and of a text alone (medians of the rounds); all are there as tensors before the clock runs.

    ``texts`` are answered alone, in all rounds together. ``short`` answers are warmed up in each round, others in the first only.
    """
    labels = np.zeros(len(rounds[0][0][0]), np.int64)
    per_batch, alone = [], []
    for number, batches in enumerate(rounds):
        tensors = [session.training.as_tensors(batch, labels, session.device)[0] for batch in batches]
        places = [(text, batch) for text in range(len(labels)) for batch in range(len(tensors))][: math.ceil(texts / len(rounds))]
        singles = [tuple(values[text : text + 1] for values in tensors[batch]) for text, batch in places]
        if number:
            session.give_way()
        for some in (tensors[0], singles[0]) if short or not number else ():
            session.inference.predict_logits(model, some)  # traces and warms up
        started = time.perf_counter()
        for batch in tensors:
            session.inference.predict_logits(model, batch)
        per_batch.append((time.perf_counter() - started) / len(tensors))
        times = []
        for single in singles:
            started = time.perf_counter()
            session.inference.predict_logits(model, single)
            times.append(time.perf_counter() - started)
        alone.append(statistics.median(times))
    return 1000 * statistics.median(per_batch), 1000 * statistics.median(alone)


class AllTimedError(Exception):
    """Ends a training at once: a validation, which Keras would first have to trace, is not part of what is timed."""


class StepClock(Listener):
    """Times the steps of each round; gives way to the other framework between two; what happens between two epochs is not counted."""

    def __init__(
        self, rounds: list[range], synchronize: Callable[[], None], stop_requested: Callable[[], bool], give_way: Callable[[], None]
    ) -> None:
        self._ahead, self._synchronize, self._stop_requested, self._give_way = list(rounds), synchronize, stop_requested, give_way
        self._done = self._offset = 0
        self._seconds, self._measured = 0.0, 0
        """The seconds of the round that is under way, and how many steps they were."""
        self._of_rounds: list[float] = []
        self._all_measured = 0
        self._first_call, self._first_steps = 0.0, 0
        self._since: tuple[float, int] | None = None
        """When the clock was started, and after how many steps."""
        self._energy = EnergyMeter()
        self._looked = time.perf_counter()

    @property
    def milliseconds(self) -> float:
        """The milliseconds of a step: the median of the rounds' averages."""
        return 1000 * statistics.median(self._of_rounds)

    @property
    def first_step_seconds(self) -> float:
        """The seconds of the first step, with its tracing, compilation and warm-up; the ordinary steps of the same call are taken off."""
        return max(0.0, self._first_call - (self._first_steps - 1) * self.milliseconds / 1000)

    @property
    def joules_per_step(self) -> float | None:
        """The processor's joules for a step, where the machine counts them."""
        return None if self._energy.joules is None else self._energy.joules / self._all_measured

    def on_train_begin(self) -> None:
        self._started = time.perf_counter()

    def on_epoch_begin(self, epoch: int) -> None:
        self._offset = self._done
        self._start_when_due()

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        self._done = self._offset + batch + 1
        if not self._first_steps:
            self._synchronize()
            self._first_call, self._first_steps = time.perf_counter() - self._started, self._done
        if self._done >= self._ahead[0].stop:
            self._end_round()
        if self._since is None:
            self._start_when_due()
        if time.perf_counter() - self._looked > LOOK_SECONDS:
            self._looked = time.perf_counter()
            self.stopped = self._stop_requested()
            if self.stopped:
                raise AllTimedError

    def on_test_begin(self) -> None:
        self._stop()

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if not math.isfinite(float(logs["loss"])):
            raise TrainingError("The loss is no longer a number. Expected one. Choose other texts, or a smaller batch.")

    def _end_round(self) -> None:
        self._stop()
        self._of_rounds.append(self._seconds / self._measured)
        self._all_measured += self._measured
        self._seconds, self._measured = 0.0, 0
        del self._ahead[0]
        if not self._ahead:
            raise AllTimedError
        self._give_way()

    def _start_when_due(self) -> None:
        if self._done >= self._ahead[0].start:
            self._synchronize()
            self._energy.start()
            self._since = time.perf_counter(), self._done

    def _stop(self) -> None:
        if self._since is not None:
            self._synchronize()
            started, before = self._since
            self._seconds += time.perf_counter() - started
            self._measured += self._done - before
            self._since = None
            self._energy.stop()


@with_conditions
def reach_target(session: Session, prepared: Run, request: TargetRequest) -> TargetAnswer | None:
    """Train until the accuracy on the validation texts is reached and return how long it took; no time when the epochs do not suffice.

    Validation itself and the first epoch's tracing are part of it: that is what a person waits for.
    """
    inputs, experiment = load_inputs(prepared), replace(prepared.read_experiment(), seed=request.seed)
    recipe = recipe_of(experiment, inputs)
    _, _, model = session.build(prepared, inputs, recipe, "float32")
    tensors, labels, lengths = session.tensors(prepared, inputs, "train", "float32")
    validation = session.tensors(prepared, inputs, "validation", "float32")
    batches = session.training.make_batches(
        tensors, labels, lambda epoch: training_plan(len(labels), lengths, recipe.batch_size, recipe.seed, epoch), recipe
    )
    clock = TargetClock(request.target, session.stop_requested)
    optimizer = session.training.make_optimizer(model, recipe)
    session.training.train(model, optimizer, batches, validation, recipe, experiment.epochs, Progress(), lambda _: None, clock)
    return None if clock.stopped else TargetAnswer(target_seconds=clock.seconds, target_epochs=clock.epochs)


class TargetClock(Listener):
    """Stops the training when the accuracy on the validation texts is reached, and knows how long that took."""

    def __init__(self, target: float, stop_requested: Callable[[], bool]) -> None:
        self._target, self._stop_requested = target, stop_requested
        self.seconds: float | None = None
        self.epochs = 0

    def on_train_begin(self) -> None:
        self._started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        self.epochs = epoch + 1
        if float(logs["val_accuracy"]) >= self._target:
            self.seconds = time.perf_counter() - self._started
        self.stopped = self._stop_requested()
        self.stop_training = self.stopped or self.seconds is not None
