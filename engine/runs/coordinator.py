"""A run from start to finish, in a process of its own that outlives the dashboard: ``python -m engine.runs.coordinator RUN_DIR``."""

from __future__ import annotations

import signal
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout
from safetensors import SafetensorError

from engine import FRAMEWORK_NAMES
from engine.errors import ParityError, TrainingError
from engine.runs.experiment import Experiment
from engine.runs.folder import Run, Status, home
from engine.runs.processes.channel import WorkerProcess, worker_environment
from engine.runs.processes.queue import wait_in_queue
from engine.runs.processes.turns import Turns
from engine.runs.source_code import save_code
from engine.runs.status import StatusBoard
from engine.shared.devices import choose_device, graphics_processors
from engine.shared.encoders.checkpoint import BUNDLED, Checkpoint, resolve

if TYPE_CHECKING:
    from engine.shared.encoders.vector_cache import Features

ENCODER_BAR = 1e-4
"""Vectors of the two encoders that lie further apart are not the same model's; matched mode is refused."""

LOGIT_BAR = 1e-3
"""Untrained models whose answers to the same batch lie further apart do not begin with the same weights."""

SECONDS_TO_LEAVE = 30.0
"""How long a resumed run waits for the process of its first attempt to leave."""


def main(arguments: list[str]) -> None:
    """Fill the run's folder. Whatever happens, the status says how it ended, and no worker is left behind."""
    run = Run(Path(arguments[0]))
    try:
        # One process for each run. The one before, which has failed, may still be ending its workers.
        with FileLock(run.path / ".coordinator.lock", timeout=SECONDS_TO_LEAVE):
            if run.read_status().state == "queued":  # else a second click on “resume” came after the first one's run had ended
                fill(run)
    except Timeout:
        print(f"Not started: another process is at work on run {run.identifier}.")


def fill(run: Run) -> None:
    """Wait in the queue, work, and leave a last word."""
    try:
        coordinator = Coordinator(run)
    except ParityError as error:
        run.write_status(Status(state="failed", message=str(error), phase="end"))
        return
    lock = None
    try:
        lock = wait_in_queue(run, coordinator.board.say_queued)
        if lock is None:
            coordinator.board.finish("stopped", "Stopped while it was waiting; nothing was trained.")
        else:
            coordinator.work()
    except ParityError as error:
        coordinator.board.finish("failed", str(error))
    except SystemExit:
        coordinator.board.finish(
            "failed",
            f"The run was asked to end from outside (SIGTERM) in the phase “{coordinator.board.status.phase}”, for example because the "
            "machine shuts down. What was trained is kept; resume it to go on from the last finished epoch.",
        )
    except Exception as error:  # the last resort: the status must not stay “running”
        traceback.print_exc()
        coordinator.board.finish("failed", _in_words(error))
    finally:
        coordinator.end_workers()
        if lock is not None:
            lock.release()  # only now is the machine free for the next run


def _in_words(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "The machine's memory ran out. Use fewer rows, then start the run again."
    if isinstance(error, (OSError, SafetensorError)):
        return f"A file could not be written or read: {error}. Check the free space and that the run's folder is there, then resume it."
    return (
        f"Unexpected: {type(error).__name__}: {error}. The details are in coordinator.log in the run's folder; "
        "resume the run or start it again."
    )


class Coordinator:
    """Does the work of one run, in the order in which it happens."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.experiment: Experiment = run.read_experiment()
        self.board = StatusBoard(run)

    def work(self) -> None:
        """Prepare, train, compare."""
        self.board.status.started, self.board.status.finished = time.time(), None
        self.board.status.notes = []
        self.board.say("data", "Reading and splitting the texts")
        unfinished = [name for name in self.experiment.frameworks if not self.run.read_outcome(name)]
        self.board.status.progress = {
            name: {"share": 1.0, "seconds_left": 0.0} for name in self.experiment.frameworks if name not in unfinished
        }
        workers = [self._start(name, "train") for name in unfinished]
        if workers:
            workers[0].go(turn=True)  # its import does not need the data and runs while they are read
            save_code(self.run)
        features, checkpoint, texts = self._prepare()
        if features is not None and checkpoint is not None:
            if not features.complete:
                self._encode(features, checkpoint, texts)
            elif workers:
                self._compare_encoders(features, checkpoint, features.note().get("encoder_difference"))
        if self.run.stop_requested:
            self.board.finish("stopped", "Stopped before training began; the vectors of the texts are kept for the next run.")
            return
        if features is not None:
            from engine.runs.preparing.inputs import load_inputs, save_arrays

            save_arrays(self.run, load_inputs(self.run).rows, (features.open(),))
        turns = Turns(workers, self.experiment.schedule == "both-at-once", self.board.on_change)
        self._train(turns)
        self._compare(turns)

    def _start(self, framework: str, job: str) -> WorkerProcess:
        process = WorkerProcess(self.run.path, framework, job, worker_environment(self.experiment.threads, self.experiment.device))
        self.board.processes.append(process)
        self.board.status.workers[f"{framework} {job}"] = process.identity
        self.board.write()
        return process

    def end_workers(self) -> None:
        """No process is left behind."""
        for process in self.board.processes:
            process.end()

    def _prepare(self) -> tuple[Features | None, Checkpoint | None, list[str]]:
        """Rows, split, labels and initial weights; where the vectors are or will be, for a classifier that takes vectors."""
        from engine.runs.preparing.prepare import prepare_data, prepare_inputs  # late: the first worker is importing meanwhile

        prepared = prepare_data(self.run)

        def downloaded(arrived: float, expected: float) -> None:
            if self.board.status.phase != "download" or self.board.age > 0.5:
                self.board.status.progress["download"] = {"share": arrived / expected if expected else None, "megabytes": arrived / 1e6}
                self.board.say("download", f"Downloading {self.experiment.encoder}: {arrived / 1e6:,.0f} of {expected / 1e6:,.0f} MB")

        checkpoint = None
        if self.experiment.family_member.pretrained:
            if self.experiment.encoder != BUNDLED:
                self.board.say("download", f"Looking for {self.experiment.encoder} on this machine and on the hub")
            checkpoint = resolve(self.experiment.encoder, downloaded)
        features, texts = prepare_inputs(self.run, prepared, checkpoint, home() / "_features")
        return features, checkpoint, texts

    def _encode(self, features: Features, checkpoint: Checkpoint, texts: list[str]) -> None:
        """One wing computes all vectors, the other those of the probe; in matched mode they must agree."""
        maker, *others = self.experiment.frameworks
        self.board.say("encode", f"Computing the vectors of {len(texts):,} texts with {checkpoint.name} (kept for the next run)")
        for framework, job in [(maker, "encode"), *((other, "probe") for other in others)]:
            if self.run.stop_requested:
                return
            if job == "probe":
                self.board.say("encode", f"Comparing {FRAMEWORK_NAMES[framework]}'s encoder with {FRAMEWORK_NAMES[maker]}'s on a few texts")
            turns = Turns([self._start(framework, job)], False, self.board.on_change)
            turns.run_until("end")
            turns.end()
            if self.run.stop_requested:
                return
            turns.raise_failures()
        from engine.runs.comparison import encoder_difference

        difference = encoder_difference(self.run, self.experiment.frameworks)
        features.write_note(features.note() | {"encoder_difference": difference})
        self._compare_encoders(features, checkpoint, difference)

    def _compare_encoders(self, features: Features, checkpoint: Checkpoint, difference: float | None) -> None:
        """``TrainingError`` in matched mode when the two encoders are not the same model, also where their vectors were kept."""
        matters = self.experiment.mode == "matched" and len(self.experiment.frameworks) > 1
        if matters and difference is not None and not difference <= ENCODER_BAR:
            features.forget()  # so that the next run looks again, perhaps with repaired files
            raise TrainingError(
                f"The two frameworks' copies of {checkpoint.name} give different vectors: they differ by {difference:.2g}, expected at "
                f"most {ENCODER_BAR:g}. So they are not the same model, and matched mode is refused. Choose another encoder, or the mode "
                "“defaults”."
            )

    def _train(self, turns: Turns) -> None:
        names = " and ".join(FRAMEWORK_NAMES[name] for name in self.experiment.frameworks)
        self.board.say("import", f"Loading {names}", "running")
        at_stake = self.experiment.device != "cpu" and graphics_processors()  # else the device is known before all have been loaded
        if turns.workers and not turns.at_once and not at_stake:
            turns.lead(lambda worker: {"device": "cpu"} if worker.phase == "build" else {})
            if len(turns.workers) > 1 and not turns.workers[0].finished:
                first, second = (FRAMEWORK_NAMES[worker.framework] for worker in turns.workers)
                self.board.say("import", f"Loading {second}; {first} has begun to train", "running")
        turns.run_until("build")
        gpus = {worker.framework: worker.facts.get("gpu") for worker in turns.workers if not worker.finished}
        for name in self.experiment.frameworks:  # what finished before a resume decides too, so that both use the same kind of device
            if outcome := self.run.read_outcome(name):
                gpus[name] = None if outcome["device"] == "cpu" else outcome["device"]
        devices, notes = choose_device(self.experiment.device, gpus)
        self.board.status.notes += [note for note in notes if note not in self.board.status.notes]
        turns.run_until("train", lambda worker: {"device": devices[worker.framework]} if worker.phase == "build" else {})
        if self.experiment.mode == "matched":
            from engine.runs.comparison import first_batch_logit_difference

            difference = first_batch_logit_difference(self.run, self.experiment.frameworks)
            if difference is not None and not difference <= LOGIT_BAR and self.experiment.family_member.takes == "pieces":
                raise TrainingError(
                    f"The two frameworks' copies of {self.experiment.encoder} are not the same model: before the first step their answers "
                    f"to the same texts differ by {difference:.2g}, expected at most {LOGIT_BAR:g}. Matched mode is refused. Choose "
                    "another encoder, or the mode “defaults”."
                )
            if difference is not None and difference > LOGIT_BAR:
                self.board.status.notes.append(f"The models' first answers differ by {difference:.2g}, more than rounding explains.")
        self.board.status.notes += [str(worker.facts["note"]) for worker in turns.workers if "note" in worker.facts]
        self.board.say("train", "Training", "running")
        turns.run_until("evaluate")
        self.board.say("evaluate", "Evaluating on the test texts", "running")
        turns.run_until("latency")
        self.board.say("compare", "Measuring how fast single texts are answered", "running")
        turns.run_until("end")
        for worker in turns.workers:
            outcome = worker.facts.get("outcome")
            if outcome and "latency_ms" in worker.facts:
                self.run.write_outcome(worker.framework, outcome | {"latency_ms": worker.facts["latency_ms"]})
        turns.end()

    def _compare(self, turns: Turns) -> None:
        """Put what is there side by side, also when one of the two has failed."""
        from engine.runs.comparison import compare

        outcomes = {name: outcome for name in self.experiment.frameworks if (outcome := self.run.read_outcome(name))}
        reasons = {outcome["stop_reason"] for outcome in outcomes.values()}
        state = "failed" if turns.failures else "stopped" if "stopped" in reasons else "failed" if "diverged" in reasons else "done"
        difference = None
        if outcomes:
            results = compare(self.run, outcomes, state, self.board.status.notes)
            difference = results["parity"].get("encoder_difference")
            self.run.write_results(results)
        if difference is not None and difference > ENCODER_BAR:
            self.board.status.notes.append(
                f"The two encoders' vectors differ by {difference:.2g} (bar: {ENCODER_BAR:g}): answers to pasted text may differ between "
                "the frameworks."
            )
        self.board.finish(state, self._last_words(turns, outcomes, reasons))

    def _last_words(self, turns: Turns, outcomes: dict[str, dict[str, Any]], reasons: set[str]) -> str:
        if turns.failures:
            kept = [FRAMEWORK_NAMES[name] for name in outcomes]
            return " ".join(turns.failures.values()) + (f" The results of {' and '.join(kept)} are kept." if kept else "")
        if "diverged" in reasons:
            names = [FRAMEWORK_NAMES[name] for name, outcome in outcomes.items() if outcome["stop_reason"] == "diverged"]
            return (
                f"{' and '.join(names)} stopped because the loss was no longer a number: with a learning rate of "
                f"{self.experiment.learning_rate:g} the steps are too large. The last good weights are kept; start again with a smaller "
                "one."
            )
        if "stopped" in reasons:
            return "Stopped on request; the best weights so far were kept and evaluated."
        return "Finished"


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main(sys.argv[1:])
