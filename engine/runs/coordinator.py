"""A run from start to finish: what its coordinator does, in a process of its own that outlives the dashboard."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine import FRAMEWORK_NAMES
from engine.errors import TrainingError
from engine.runs.experiment import Experiment
from engine.runs.folder import Run, home
from engine.runs.paths import HomePaths
from engine.runs.planning.stage_clock import StageClock
from engine.runs.planning.stages import STAGE_OF_PHASE
from engine.runs.processes.channel import WorkerProcess
from engine.runs.processes.coordinating import Coordinator, fill
from engine.runs.processes.turns import Turns
from engine.runs.records.outcome import Outcome
from engine.runs.records.reading import from_json
from engine.runs.source_code import save_code
from engine.runs.status import WorkProgress
from engine.runs.warm.answers import answer_for
from engine.runs.warm.door import keeper, own_variables, present_version
from engine.shared.devices import choose_device, graphics_processors, physical_cores
from engine.shared.encoders.checkpoint import BUNDLED, Checkpoint, resolve

if TYPE_CHECKING:
    from engine.shared.encoders.vector_cache import Features

ENCODER_BAR = 1e-4
"""Vectors of the two encoders that lie further apart are not the same model's; matched mode is refused."""

LOGIT_BAR = 1e-3
"""Untrained models whose answers to the same batch lie further apart do not begin with the same weights."""


def main(arguments: list[str]) -> None:
    """Fill the run's folder; then, where a dashboard may ask, answer for the trained models."""
    run, dashboard = Run(Path(arguments[0])), keeper()
    if dashboard is None:
        fill(run, RunCoordinator)
        return
    version = present_version(os.environ | own_variables())
    workers = fill_run(run, [])
    folder = HomePaths(home()).standby_folder / f"{dashboard.pid}-{run.identifier}"
    try:
        answer_for(run, folder, dashboard, version, workers)
    finally:
        for worker in workers:
            worker.end()
        shutil.rmtree(folder, ignore_errors=True)


def fill_run(run: Run, waiting: list[WorkerProcess]) -> list[WorkerProcess]:
    """Fill the run's folder with workers that wait already; return those that can answer for its trained models afterwards."""
    answering: list[WorkerProcess] = []
    fill(run, lambda run: RunCoordinator(run, waiting, answering))
    return answering


def load_for_the_end() -> None:
    """Load what puts the results together, so that they do not wait for it when both have been tested."""
    import sklearn.metrics  # noqa: F401

    import engine.runs.comparison  # noqa: F401


class RunCoordinator(Coordinator):
    """Does the work of one run, in the order in which it happens."""

    last_word_when_stopped = "Stopped while it was waiting; nothing was trained."

    def __init__(self, run: Run, waiting: list[WorkerProcess] | None = None, answering: list[WorkerProcess] | None = None) -> None:
        """``waiting`` are workers that have loaded their framework already; with ``answering``, those that can answer are left in it."""
        self.run = run
        self.experiment: Experiment = run.read_experiment()
        self._waiting, self._answering = waiting or [], answering
        super().__init__(run)
        self.clock = StageClock(self.status.expected, warm=bool(waiting))

    def work(self) -> tuple[str, str]:
        """Prepare, train, compare, and time the answers."""
        self.resumed, self.status.started, self.status.finished = self.status.started is not None, time.time(), None
        self.status.notes = ()
        self._enter("data", "Reading and splitting the texts")
        outcomes = {name: self.run.read_outcome(name) for name in self.experiment.frameworks}
        unfinished = [name for name, outcome in outcomes.items() if outcome is None or not outcome.timed]
        self.status.progress = {name: WorkProgress(1.0, 0.0) for name in self.experiment.frameworks if name not in unfinished}
        turns = self.take_turns([self._start(name) for name in unfinished], self._on_change, self.experiment.schedule == "both-at-once")
        for worker in turns.workers[: physical_cores()]:
            if worker not in self._waiting:
                worker.go(turn=True)  # loading needs no data and goes on while they are read, side by side where there are cores for both
        save_code(self.run)
        features, checkpoint, texts = self._prepare()
        if features is not None and checkpoint is not None and turns.workers:
            if not features.complete:
                features = self._encode(turns, features, checkpoint, texts)
            else:
                difference = features.read_note().get("encoder_difference")
                self._compare_encoders(features, checkpoint, difference if isinstance(difference, float) else None)
        if self.run.stop_requested():
            return "stopped", "Stopped before training began; the vectors of the texts are kept for the next run."
        if features is not None:
            from engine.runs.preparing.inputs import load_inputs, save_arrays
            from engine.runs.preparing.vectors import notes_on_vectors

            assert checkpoint is not None
            self.status.notes += notes_on_vectors(self.run, checkpoint)
            save_arrays(self.run, load_inputs(self.run).rows, (features.open(),))
            features.release()
        self._train(turns)
        if any(not worker.finished for worker in turns.workers):
            self._compare(turns, "measuring")
            self._time_answers(turns)
        return self._compare(turns)

    def _enter(self, phase: str, message: str, state: str = "preparing") -> None:
        self.clock.begin(STAGE_OF_PHASE[phase])
        self.clock.tell(self.status)
        self.say(message, state, phase)

    def _start(self, framework: str) -> WorkerProcess:
        for worker in self._waiting:
            if worker.framework == framework and worker.process.poll() is None:
                worker.adopt(self.run.path, "train")
                return self.take_on(worker)
        return self.start(framework, "train", self.run.path, self.experiment)

    def dismiss(self) -> None:
        """End all workers but those that can answer for the trained models, where somebody may ask."""
        able = [process for process in self.processes if process.phase == "answer" and process.waiting and not process.finished]
        if self._answering is not None:
            self._answering += able
            self.processes = [process for process in self.processes if process not in able]
        for process in self._waiting:
            if process not in able:
                process.end()
        super().dismiss()

    def _on_change(self, worker: WorkerProcess | None) -> None:
        """Say how far the workers are; called at every turn and about twice a second in between."""
        turn = worker.framework if worker else None
        if turn == self.status.turn and self.age < 0.9:
            return
        self.status.turn = turn
        for process in self.processes:
            facts, framework = process.facts, process.framework
            if "share" in facts:
                self.status.progress[framework] = (
                    WorkProgress(1.0, 0.0) if facts.get("trained") else WorkProgress(facts["share"], facts.get("seconds_left"))
                )
            if "encoded" in facts:
                self.status.progress["encode"] = WorkProgress(facts["encoded_share"])
            if not process.finished:
                self.status.memory[framework] = process.rss() / 2**20
            self.status.phases[framework] = process.phase
        self.clock.tell(self.status)
        self.write()

    def _prepare(self) -> tuple[Features | None, Checkpoint | None, list[str]]:
        """Prepare rows, split, labels and initial weights; return where the vectors are or will be, if the classifier takes any."""
        from engine.runs.preparing.prepare import prepare_data, prepare_inputs  # late: the first worker is importing meanwhile

        prepared = prepare_data(self.run)

        def downloaded(arrived: float, expected: float) -> None:
            if self.status.phase != "download" or self.age > 0.5:
                share = arrived / expected if expected else None
                self.status.progress["download"] = WorkProgress(share, megabytes=arrived / 1e6)
                self._enter("download", f"Downloading {self.experiment.encoder}: {arrived / 1e6:,.0f} of {expected / 1e6:,.0f} MB")

        checkpoint = None
        if self.experiment.family_member.pretrained:
            if self.experiment.encoder != BUNDLED:
                self._enter("download", f"Looking for {self.experiment.encoder} on this machine and on the hub")
            checkpoint = resolve(self.experiment.encoder, downloaded)
        features, texts = prepare_inputs(self.run, prepared, checkpoint, HomePaths(home()).features_folder)
        self.status.notes += tuple(features.findings) if features is not None else ()
        return features, checkpoint, texts

    def _encode(self, turns: Turns, features: Features, checkpoint: Checkpoint, texts: list[str]) -> Features:
        """Have one wing compute all vectors while the other loads its encoder, and compare the two on a few texts; return their place."""
        maker, *others = turns.workers
        self._enter("encode", f"Computing the vectors of {len(texts):,} texts with {checkpoint.name} (kept for the next run)")
        parts = {other: ("probe", "none") for other in others} | {maker: ("encode", "all")}
        turns.together({worker: ({"next": phase}, {"texts": some}) for worker, (phase, some) in parts.items()}, "build")
        if self.run.stop_requested():  # it ends the encoding as well, and is no failure
            return features
        turns.raise_failures()
        self.status.notes += tuple(note for note in maker.facts.get("findings", ()) if note not in self.status.notes)
        from engine.runs.comparison import encoder_difference
        from engine.runs.preparing.vectors import features_of_run

        features.release()
        features = features_of_run(self.run, texts)
        features.hold()
        difference = encoder_difference(self.run, self.experiment.frameworks)
        features.write_note(features.read_note() | {"encoder_difference": difference})
        self._compare_encoders(features, checkpoint, difference)
        return features

    def _compare_encoders(self, features: Features, checkpoint: Checkpoint, difference: float | None) -> None:
        """Raise ``TrainingError`` in matched mode when the two encoders are not the same model, also where their vectors were kept."""
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
        self._enter("import", f"Loading {names}", "running")
        at_stake = self.experiment.device != "cpu" and graphics_processors()  # else the device is known before all have been loaded
        if turns.workers and not turns.at_once and not at_stake:
            turns.lead({"device": "cpu"})
            if len(turns.workers) > 1 and not turns.workers[0].finished and turns.workers[1].phase != "build":
                first, second = (FRAMEWORK_NAMES[worker.framework] for worker in turns.workers)
                self._enter("import", f"Loading {second}; {first} has begun to train", "running")
        load_for_the_end()  # while the workers load
        turns.run_until("build")
        gpus = {worker.framework: worker.facts.get("gpu") for worker in turns.workers if not worker.finished}
        for name in self.experiment.frameworks:  # what finished before a resume decides too, so that both use the same kind of device
            if outcome := self.run.read_outcome(name):
                gpus[name] = None if outcome.device == "cpu" else outcome.device
        devices, notes = choose_device(self.experiment.device, gpus)
        self.status.notes += tuple(note for note in notes if note not in self.status.notes)
        turns.run_until("train", lambda worker: {"device": devices[worker.framework], "paused": worker.paused})
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
                self.status.notes += (f"The models' first answers differ by {difference:.2g}, more than rounding explains.",)
        self.status.notes += tuple(str(worker.facts["note"]) for worker in turns.workers if "note" in worker.facts)
        self._enter("train", "Training", "running")
        if not turns.at_once:
            for worker in turns.workers:  # one step each, so that both curves begin before either goes on
                if worker.waiting and worker.phase == "train" and "share" not in worker.facts:
                    turns.give(worker, lambda _: {"seconds": 0.0})
        turns.run_until("evaluate")
        self._enter("evaluate", "Evaluating on the test texts", "running")
        turns.run_until("check")
        self._keep_outcomes(turns)

    def _time_answers(self, turns: Turns) -> None:
        """Measure how fast the trained models answer; the results are there already, and do without it if this fails."""
        self._enter("latency", "The results are there; measuring how fast single texts are answered", "running")
        turns.run_until("latency", together=True)  # nothing of it is measured but the difference of the encoders
        turns.run_until("answer")
        self._keep_outcomes(turns)

    def _keep_outcomes(self, turns: Turns) -> None:
        for worker in turns.workers:
            if outcome := from_json(Outcome, worker.facts.get("outcome")):
                self.run.write_outcome(worker.framework, outcome)

    def _compare(self, turns: Turns, unfinished: str = "") -> tuple[str, str]:
        """Put what is there side by side, also when one of the two has failed. Return the state of the run and its last word.

        ``unfinished`` is the state that the results have meanwhile, where the run goes on.
        """
        from engine.runs.comparison import compare

        outcomes = {name: outcome for name in self.experiment.frameworks if (outcome := self.run.read_outcome(name))}
        reasons = {outcome.stop_reason for outcome in outcomes.values()}
        state = "failed" if turns.failures else "stopped" if "stopped" in reasons else "failed" if "diverged" in reasons else "done"
        difference = None
        if outcomes:
            results = compare(self.run, outcomes, unfinished or state, self.status.notes)
            if not unfinished and state == "done" and not self.resumed:
                epochs = max(len(outcome.epoch_train_loss) for outcome in outcomes.values())
                results = replace(results, stages=self.clock.times(epochs / self.experiment.epochs))
            difference = results.parity.encoder_difference
            self.run.write_results(results)
        if difference is not None and difference > ENCODER_BAR:
            self.status.notes += (
                f"The two encoders' vectors differ by {difference:.2g} (bar: {ENCODER_BAR:g}): answers to pasted text may differ between "
                "the frameworks.",
            )
        return state, self._last_words(turns, outcomes, reasons)

    def _last_words(self, turns: Turns, outcomes: dict[str, Outcome], reasons: set[str]) -> str:
        if turns.failures:
            kept = [FRAMEWORK_NAMES[name] for name in outcomes]
            return " ".join(turns.failures.values()) + (f" The results of {' and '.join(kept)} are kept." if kept else "")
        if "diverged" in reasons:
            names = [FRAMEWORK_NAMES[name] for name, outcome in outcomes.items() if outcome.stop_reason == "diverged"]
            return (
                f"{' and '.join(names)} stopped because the loss was no longer a number: with a learning rate of "
                f"{self.experiment.learning_rate:g} the steps are too large. The last good weights are kept; start again with a smaller "
                "one."
            )
        if "stopped" in reasons:
            return "Stopped on request; the best weights so far were kept and evaluated."
        return "Finished"
