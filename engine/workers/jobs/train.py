"""A worker's job ``train``: train, evaluate, save and time one framework's classifier, one turn after the other."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from engine import FRAMEWORK_NAMES
from engine.errors import TrainingError
from engine.runs.folder import Run
from engine.runs.preparing.inputs import load_inputs
from engine.runs.preparing.recipes import architecture_of, recipe_of
from engine.runs.processes.channel import Channel
from engine.runs.records.outcome import Outcome
from engine.runs.records.reading import to_json
from engine.shared.batches import Plan, training_plan
from engine.shared.devices import computes_bfloat16, physical_cores
from engine.shared.early_stopping import Progress
from engine.shared.weights.files import read_weights
from engine.shared.weights.initial import merge_initial
from engine.workers.callback import EventFile, ReportedTraining, Reporter
from engine.workers.jobs.answer import answer_texts
from engine.workers.jobs.encode import Embed, encode_texts, keep_probe, load_embed
from engine.workers.latency import BATCH_SIZE, BATCH_SIZE_OF_AN_ENCODER, measure_latency
from engine.workers.loading import load_wing
from engine.workers.meters import peak_rss_mib, reset_peak_rss
from engine.workers.wing import Encode, build_model, import_classifier, import_wing, make_encode, prepare_device


def train(run: Run, framework: str, channel: Channel) -> None:
    """Do all that one framework does for a run, one turn after the other; then answer texts for as long as somebody may ask."""
    channel.take("import")
    training = Training(run, framework, channel)
    answer = channel.take("build", gpu=training.gpu, import_seconds=training.import_seconds)
    if not training.was_loaded:
        training.import_seconds -= answer.get("paused", 0.0)
    while "device" not in answer:  # the vectors come first where they are not there yet
        training.encode(channel.take(answer["next"])["texts"])
        answer = channel.take("build")
    training.build(answer["device"])
    training.keep_first_answers()
    training.go_on_from_checkpoint()
    training.open_reporter()
    channel.take("train", start=True)
    training.fit()
    training.load_best()
    channel.take("evaluate", trained=True)
    training.evaluate()
    training.save()
    outcome = run.read_outcome(framework) or training.outcome()  # it is there when only the answers remain to be timed
    channel.take("check", evaluated=True, outcome=to_json(outcome))
    classify = training.load_classify()
    channel.take("latency")
    outcome = replace(outcome, latency_ms=measure_latency(classify, training.sample, training.batch_to_time))
    answer_texts(run, channel, classify, channel.take("answer", outcome=to_json(outcome), done=True)["texts"])


class Training:
    """One framework's part of a run, step by step in the order of its methods; each step leaves what the next ones need."""

    def __init__(self, run: Run, framework: str, channel: Channel) -> None:
        """Import the framework, and look at what that took and whether it sees a GPU."""
        self.run, self.framework, self.channel = run, framework, channel
        self.experiment = run.read_experiment()
        self.events = EventFile(run.events_file(framework))
        self.was_loaded = load_wing.cache_info().currsize > 0
        loaded = load_wing(framework)
        self.import_seconds, self.rss_after_import = loaded.seconds, loaded.rss_mib
        self.wing, self.inference, self.export = import_wing(framework, "training", "inference", "export")
        import_classifier(framework, self.experiment.classifier)
        self.threads = self.experiment.threads or physical_cores()
        self.devices, self.own_device, self.gpu = prepare_device(framework, self.experiment.device, self.threads)
        self.embed: Embed | None = None

    def encode(self, texts: str) -> None:
        """Turn ``all`` texts that have no vector yet into vectors, or none; then those by which the two encoders are compared."""
        self.devices.use_device(self.own_device, frozenset())  # vectors are compared and kept: never with TensorFloat-32
        self.embed = self.embed or load_embed(self.run, self.framework, self.own_device)
        if texts == "all":
            encode_texts(self.run, self.framework, self.channel, self.embed, self.own_device)
        keep_probe(self.run, self.framework, self.embed)

    def build(self, device: str) -> None:
        """Build the model on ``cpu`` or ``gpu`` and fill it with the initial weights that both frameworks share."""
        self.inputs, self.device_kind = load_inputs(self.run), device
        self.rss_before_training = reset_peak_rss()
        self.recipe = recipe_of(self.experiment, self.inputs, device == "gpu" or bool(computes_bfloat16()))
        self.device = self.devices.use_device(device, self.recipe.own)
        self.devices.use_precision("mixed" if self.recipe.mixed_precision else "float32")
        self.events.write("imported", seconds=self.import_seconds, rss_mib=self.rss_after_import, device=device, threads=self.threads)
        self.devices.set_seed(self.experiment.seed)
        architecture, own = architecture_of(self.experiment, self.inputs), self.recipe.own
        self.classifier, self.core, self.model = build_model(self.framework, self.experiment, architecture, own, self.device)
        if not own >= {"initialiser", "bias"}:  # else the model stays as its framework drew it
            initial = read_weights(self.run.initial_weights, {})
            self.classifier.load_neutral(self.core, merge_initial(initial, self.weights(), own))
        self.parameters = sum(weights.size for weights in self.weights().values())
        self.train_inputs, self.train_labels, self.lengths = self.tensors("train")
        self.validation = self.tensors("validation")

    def weights(self) -> dict[str, np.ndarray]:
        """Return the model's weights under their neutral names."""
        weights: dict[str, np.ndarray] = self.classifier.to_neutral(self.core)
        return weights

    def tensors(self, part: str) -> tuple[Any, Any, Any]:
        """Return a part of the data on the device: inputs, labels, lengths."""
        arrays, labels, lengths = self.inputs.part(self.run, part)
        return *self.wing.as_tensors(arrays, labels, self.device), lengths

    def keep_first_answers(self) -> None:
        """Keep the logits of the first batch: before training both frameworks should give the same."""
        rows = self.experiment.batch_size
        first = tuple(values[:rows] for values in self.train_inputs)
        if self.lengths is not None:
            first = tuple(values[..., : self.lengths[:rows].max()] for values in first)
        np.save(self.run.first_logits(self.framework), self.inference.predict_logits(self.model, first))

    def go_on_from_checkpoint(self) -> None:
        """Take up the training where it was interrupted; a damaged checkpoint is told, and the training begins again."""
        self.progress = Progress(patience=self.experiment.patience)
        self.optimizer = self.wing.make_optimizer(self.model, self.recipe)
        file = self.run.checkpoint_file(self.framework)
        if file.exists():
            try:
                self.export.load_checkpoint(file, self.model, self.optimizer, self.progress)
            except TrainingError as error:  # raised before anything was changed; without this way out no resume would ever succeed
                file.unlink()
                self.channel.tell(note=f"{FRAMEWORK_NAMES[self.framework]} began its training again from the start. {error}")
        if not self.events.was_empty:
            self.events.write("resumed", epoch=self.progress.next_epoch, step=self.progress.counters.get("step", 0))
        if self.progress.best_epoch is None:
            self.keep_best()  # what a training that diverges at once falls back to

    def keep_best(self, model: Any = None) -> None:
        """Keep the present weights as the best so far."""
        self.export.save_weights(self.weights(), self.run.best_weights(self.framework))

    def open_reporter(self) -> None:
        """Make the callback that reports, takes turns and stops the training."""
        checkpoint = self.run.checkpoint_file(self.framework)
        training = ReportedTraining(
            rows=len(self.train_labels),
            batch_size=self.experiment.batch_size,
            epochs=self.experiment.epochs,
            progress=self.progress,
            stop_requested=lambda: self.run.stop_requested(),
            synchronize=lambda: self.devices.synchronize(self.device),
            save_checkpoint=lambda: self.export.save_checkpoint(checkpoint, self.model, self.optimizer, self.progress),
            summaries=self.open_summaries,
        )
        self.reporter = Reporter(self.channel, self.events, training)
        self.events.write(
            "built",
            parameters=self.parameters,
            steps_per_epoch=self.reporter.steps_per_epoch,
            epochs=self.experiment.epochs,
            start_epoch=self.progress.next_epoch,
        )

    @cache  # noqa: B019 - one object, which lives as long as its process
    def open_summaries(self) -> Any:
        """Open the framework's own summary writer at its first use: its import must not delay the first step."""
        (module,) = import_wing(self.framework, "summaries")
        folder = self.run.tensorboard_folder / self.framework
        for place in (folder.parent, folder):
            place.mkdir(exist_ok=True)  # fails when the run was removed meanwhile; the writers would bring its folder back
        return module.Summaries(folder)

    def fit(self) -> None:
        """Train until the epochs are over or the reporter says stop."""
        rows, lengths, recipe = len(self.train_labels), self.lengths, self.recipe

        def plan(epoch: int) -> Plan:
            return training_plan(rows, lengths, recipe.batch_size, recipe.seed, epoch, recipe.compiled)

        batches = self.wing.make_batches(self.train_inputs, self.train_labels, plan, recipe)
        epochs, progress = self.experiment.epochs, self.progress
        if progress.next_epoch < epochs and not progress.exhausted:
            self.wing.train(self.model, self.optimizer, batches, self.validation, recipe, epochs, progress, self.keep_best, self.reporter)
        elif progress.next_epoch < epochs:
            self.reporter.reason = "early"

    def load_best(self) -> None:
        """Put the weights of the best epoch back into the model."""
        if self.progress.best_epoch is not None or self.reporter.reason == "diverged":
            best = self.run.best_weights(self.framework)
            # Killed after its evaluation, a worker finds them under their last name.
            self.export.load_weights(
                self.core, best if best.exists() else self.run.model_file(self.framework), self.classifier.load_neutral
            )
        finished = len(self.reporter.counters["epoch_train_loss"])
        self.events.write("trained", reason=self.reporter.reason, best_epoch=self.best_epoch, epochs=finished)

    @property
    def best_epoch(self) -> int | None:
        """The epoch whose weights are kept, counted from 1."""
        return None if self.progress.best_epoch is None else self.progress.best_epoch + 1

    def evaluate(self) -> None:
        """Keep the probabilities of the test texts."""
        test_inputs, _, lengths = self.tensors("test")
        labels = self.inputs.labels[self.inputs.rows["test"]]
        probabilities = self.inference.predict(self.model, test_inputs, lengths)
        np.save(self.run.test_probabilities(self.framework), probabilities)
        self.test_accuracy = float(np.mean(probabilities.argmax(axis=1) == labels))

    def save(self) -> None:
        """Give the trained weights their last name."""
        file = self.run.model_file(self.framework)
        draft = file.with_name(f".{file.name}")
        self.export.save_weights(self.weights(), draft)
        os.replace(draft, file)
        self.run.best_weights(self.framework).unlink(missing_ok=True)
        self.events.write("evaluated", test_accuracy=self.test_accuracy)
        self.events.write("saved")

    def outcome(self) -> Outcome:
        """Return times, memory and losses; before an encoder is loaded for the checks, which would count as memory of the training.

        What the process had loaded besides the framework before the training began, such as an encoder, does not count either.
        """
        growth = max(peak_rss_mib() - self.rss_before_training, 0.0)
        return replace(
            self.reporter.figures(),
            import_seconds=self.import_seconds,
            rss_after_import_mib=self.rss_after_import,
            peak_rss_mib=self.rss_after_import + growth,
            train_growth_mib=growth,
            gpu_memory_mib=self.devices.gpu_memory_mib(self.device),
            parameters=self.parameters,
            model_bytes=self.run.model_file(self.framework).stat().st_size,
            best_epoch=self.best_epoch,
            stop_reason=self.reporter.reason,
            device=(self.gpu if self.device_kind == "gpu" else None) or "cpu",
            threads=self.threads,
        )

    @property
    def batch_to_time(self) -> int:
        """The texts that are answered at once when that is timed, the same in both frameworks."""
        slow = self.experiment.family_member.pretrained and self.device_kind == "cpu"
        return BATCH_SIZE_OF_AN_ENCODER if slow else BATCH_SIZE

    def load_classify(self) -> Callable[[Sequence[str]], tuple[np.ndarray, float, float]]:
        """Return what answers to new texts, and keep the encoder's vectors of a few, where there is one."""
        self.sample = list(self.inputs.probe_texts)
        encode: Encode
        if self.experiment.family_member.takes == "vectors":
            if self.embed is None or self.own_device != self.device_kind:
                self.embed = load_embed(self.run, self.framework, self.device_kind)
                keep_probe(self.run, self.framework, self.embed)
            embed = self.embed
            encode = lambda some: ((embed(some),), None)  # noqa: E731
        else:
            encode = make_encode(self.run, self.framework, self.inputs, self.device_kind)
        return lambda some: self.inference.classify(some, encode, self.model, self.device)
