"""A worker's job ``train``: train, evaluate, save and time one framework's classifier, one turn after the other."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import Any

import numpy as np
import psutil

from engine import FRAMEWORK_NAMES
from engine.errors import TrainingError
from engine.runs.folder import Run
from engine.runs.preparing.inputs import load_inputs
from engine.runs.preparing.recipes import architecture_of, recipe_of
from engine.runs.processes.channel import Channel
from engine.runs.records.reading import to_json
from engine.shared.batches import training_plan
from engine.shared.devices import physical_cores
from engine.shared.early_stopping import Progress
from engine.shared.encoders.checkpoint import resolve
from engine.shared.weights.files import read_weights
from engine.shared.weights.initial import merge_initial
from engine.workers.callback import EventFile, Reporter
from engine.workers.latency import measure_latency
from engine.workers.meters import peak_rss_mib
from engine.workers.wing import build_model, import_classifier, import_wing, make_embed, make_encode, prepare_device


def train(run: Run, framework: str, channel: Channel) -> None:
    """Train, evaluate, save and time one framework's classifier, one turn after the other."""
    experiment = run.read_experiment()

    channel.take("import")
    events = EventFile(run.events_file(framework))
    started = time.perf_counter()
    training, inference, export = import_wing(framework, "training", "inference", "export")
    import_classifier(framework, experiment.classifier)
    import_seconds = time.perf_counter() - started
    rss_after_import = psutil.Process().memory_info().rss / 2**20
    threads = experiment.threads or physical_cores()
    devices, _, gpu = prepare_device(framework, experiment.device, threads)

    answer = channel.take("build", gpu=gpu, import_seconds=import_seconds)
    inputs = load_inputs(run)
    on_gpu = answer["device"] == "gpu"
    recipe = recipe_of(experiment, inputs, on_gpu)
    device = devices.use_device(answer["device"], recipe.own)
    devices.use_precision("mixed" if recipe.mixed_precision else "float32")
    events.write("imported", seconds=import_seconds, rss_mib=rss_after_import, device=answer["device"], threads=threads)
    devices.set_seed(experiment.seed)
    classifier, core, model = build_model(framework, experiment, architecture_of(experiment, inputs), recipe.own, device)
    initial = read_weights(run.initial_weights, {})
    if not recipe.own >= {"initialiser", "bias"}:  # else the model stays as its framework drew it
        classifier.load_neutral(core, merge_initial(initial, classifier.to_neutral(core), recipe.own))
    arrays, labels, lengths = inputs.part(run, "train")
    train_inputs, train_labels = training.as_tensors(arrays, labels, device)
    validation_arrays, validation_labels, validation_lengths = inputs.part(run, "validation")
    validation = (*training.as_tensors(validation_arrays, validation_labels, device), validation_lengths)
    first = tuple(values[: experiment.batch_size] for values in train_inputs)
    if lengths is not None:
        first = tuple(values[..., : lengths[: experiment.batch_size].max()] for values in first)
    np.save(run.first_logits(framework), inference.predict_logits(model, first))
    progress = Progress(patience=experiment.patience)
    optimizer = training.make_optimizer(model, recipe)
    checkpoint_file, best_file = run.checkpoint_file(framework), run.best_weights(framework)
    if checkpoint_file.exists():
        try:
            export.load_checkpoint(checkpoint_file, model, optimizer, progress)
        except TrainingError as error:  # raised before anything was changed; without this way out no resume would ever succeed
            checkpoint_file.unlink()
            channel.tell(note=f"{FRAMEWORK_NAMES[framework]} began its training again from the start. {error}")
    if not events.was_empty:
        events.write("resumed", epoch=progress.next_epoch, step=progress.counters.get("step", 0))

    def keep_best(_: Any = None) -> None:
        export.save_weights(classifier.to_neutral(core), best_file)

    parameters = sum(weights.size for weights in classifier.to_neutral(core).values())
    if progress.best_epoch is None:
        keep_best()  # what a training that diverges at once falls back to

    summaries: list[Any] = []

    def open_summaries() -> Any:
        if not summaries:  # loaded late: its import must not delay the first step
            (module,) = import_wing(framework, "summaries")
            for place in (run.tensorboard_folder, run.tensorboard_folder / framework):
                place.mkdir(exist_ok=True)  # fails when the run was removed meanwhile; the writers would bring its folder back
            summaries.append(module.Summaries(run.tensorboard_folder / framework))
        return summaries[0]

    reporter = Reporter(
        channel,
        events,
        rows=len(labels),
        batch_size=experiment.batch_size,
        epochs=experiment.epochs,
        stop_requested=lambda: run.stop_requested,
        synchronize=lambda: devices.synchronize(device),
        save_checkpoint=lambda: export.save_checkpoint(checkpoint_file, model, optimizer, progress),
        summaries=open_summaries,
        progress=progress,
    )
    events.write(
        "built",
        parameters=parameters,
        steps_per_epoch=reporter.steps_per_epoch,
        epochs=experiment.epochs,
        start_epoch=progress.next_epoch,
    )

    channel.take("train", start=True)
    batches = training.make_batches(
        train_inputs,
        train_labels,
        lambda epoch: training_plan(len(labels), lengths, recipe.batch_size, recipe.seed, epoch, recipe.compiled),
        recipe,
    )
    if progress.next_epoch < experiment.epochs and not progress.exhausted:
        training.train(model, optimizer, batches, validation, recipe, experiment.epochs, progress, keep_best, reporter)
    elif progress.next_epoch < experiment.epochs:
        reporter.reason = "early"
    if progress.best_epoch is not None or reporter.reason == "diverged":
        # Killed after its evaluation, a worker finds them under their last name.
        kept = best_file if best_file.exists() else run.model_file(framework)
        export.load_weights(core, kept, classifier.load_neutral)
    best_epoch = None if progress.best_epoch is None else progress.best_epoch + 1
    events.write("trained", reason=reporter.reason, best_epoch=best_epoch, epochs=len(reporter.counters["epoch_train_loss"]))

    channel.take("evaluate", trained=True)
    test_arrays, test_labels, test_lengths = inputs.part(run, "test")
    test_inputs, _ = training.as_tensors(test_arrays, test_labels, device)
    probabilities = inference.predict(model, test_inputs, test_lengths)
    np.save(run.test_probabilities(framework), probabilities)
    draft = run.model_file(framework).with_name(".model.safetensors")
    export.save_weights(classifier.to_neutral(core), draft)
    os.replace(draft, run.model_file(framework))
    best_file.unlink(missing_ok=True)
    events.write("evaluated", test_accuracy=float(np.mean(probabilities.argmax(axis=1) == test_labels)))
    events.write("saved")

    channel.take("check", evaluated=True)
    peak = peak_rss_mib()  # before an encoder is loaded for the checks
    outcome = replace(
        reporter.figures(),
        import_seconds=import_seconds,
        rss_after_import_mib=rss_after_import,
        peak_rss_mib=peak,
        train_growth_mib=max(peak - rss_after_import, 0.0),
        gpu_memory_mib=devices.gpu_memory_mib(device),
        parameters=parameters,
        model_bytes=run.model_file(framework).stat().st_size,
        best_epoch=best_epoch,
        stop_reason=reporter.reason,
        device=(gpu if on_gpu else None) or "cpu",
        threads=threads,
    )
    texts = inputs.texts(run)
    sample = [texts[row] for row in inputs.probe_rows]
    if experiment.family_member.takes == "vectors":
        embed = make_embed(framework, resolve(inputs.encoder), experiment, answer["device"])
        np.save(run.probe_vectors(framework), embed(sample))
        encode: Any = lambda some: ((embed(some),), None)  # noqa: E731 - the encoder is loaded once for both uses
    else:
        encode = make_encode(run, framework, inputs, answer["device"])

    channel.take("latency")
    latency = measure_latency(lambda some: inference.classify(some, encode, model, device), sample)
    channel.tell(outcome=to_json(replace(outcome, latency_ms=latency)))
