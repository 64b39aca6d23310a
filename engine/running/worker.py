"""One process for one framework and one run: ``python -m engine.running.worker RUN_DIR FRAMEWORK JOB``.

Only this process imports a wing. Its jobs are ``encode`` (all texts of the run), ``probe`` (a few, to compare the two encoders), ``train``
and ``answer`` (classify texts until told to end).
"""

from __future__ import annotations

import ctypes
import importlib
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from safetensors import SafetensorError

from engine import FRAMEWORK_NAMES
from engine.errors import ParityError, TrainingError
from engine.neutral.checkpoint import Checkpoint, resolve
from engine.neutral.devices import physical_cores
from engine.neutral.early_stopping import Progress
from engine.neutral.features import PROBE_TEXTS, Features, FeatureWriter
from engine.neutral.tokens import load_tokenizer, token_counts
from engine.neutral.weight_files import read_weights
from engine.neutral.weights import SHAPES
from engine.running.baton import Baton
from engine.running.folder import Run
from engine.running.inputs import load_inputs
from engine.running.latency import measure_latency
from engine.running.reporting import EventFile, Reporter

VALIDATION_BATCH = 256
ENCODING_BATCH = {"cpu": 32, "gpu": 256}
"""Texts; larger batches of sorted texts gain nothing on a CPU."""


def main(arguments: list[str]) -> None:
    """Do one job and leave. A failure that the engine knows is told in a sentence; the traceback goes to the log either way."""
    run, framework, job = Run(Path(arguments[0])), arguments[1], arguments[2]
    if job != "answer":
        end_with_the_coordinator()
    baton = Baton()
    try:
        {"encode": encode, "probe": probe, "train": train, "answer": answer}[job](run, framework, baton)
        baton.tell(done=True)
    except ParityError as error:
        traceback.print_exc()
        baton.tell(failed=str(error))
    except MemoryError:
        traceback.print_exc()
        baton.tell(failed="The machine's memory ran out. Use a smaller batch size, fewer rows or a smaller encoder.")
    except (OSError, SafetensorError) as error:
        traceback.print_exc()
        baton.tell(
            failed=f"A file could not be written or read: {error}. Check the free space and that the run's folder is there, then resume."
        )
    except Exception as error:  # whatever a framework raises is told, never shown as a traceback on a page
        traceback.print_exc()
        reason = (str(error).strip() or "no message").splitlines()[0][:300]
        baton.tell(failed=f"{type(error).__name__}: {reason} (details in worker.log).")


def end_with_the_coordinator() -> None:
    """Ask Linux to end this process when its parent dies, even while it is suspended; elsewhere the closed input does it on waking.

    Not for the job ``answer``: Linux means the thread that started the process, and those of the dashboard come and go. It is never
    suspended, so its closed input ends it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def import_wing(framework: str, *names: str) -> list[Any]:
    """The named modules of a wing, for example ``training`` or ``classifiers.embedding_mlp``."""
    return [importlib.import_module(f"engine.frameworks.{framework}.{name}") for name in names]


def make_encode(framework: str, checkpoint: Checkpoint, max_tokens: int, device: str) -> Any:
    """A function from texts (and an optional ``on_batch``) to their vectors, by this framework's encoder."""
    (encoder,) = import_wing(framework, "encoder")
    model = encoder.load_encoder(checkpoint.folder, device)
    tokenizer = load_tokenizer(checkpoint.folder, min(max_tokens, checkpoint.max_tokens))
    batch_size = ENCODING_BATCH[device]
    return lambda texts, **options: encoder.encode(
        model, tokenizer, texts, checkpoint.pooling, checkpoint.normalize, batch_size=batch_size, **options
    )


def prepare_device(framework: str, wanted: str, threads: int, mode: str) -> tuple[Any, str, str | None]:
    """The wing's ``devices`` module, the device (``cpu`` or ``gpu``) that ``wanted`` means here, and the GPU's name."""
    (devices,) = import_wing(framework, "devices")
    devices.set_threads(threads or physical_cores())
    gpu = devices.visible_gpu() if wanted != "cpu" else None
    return devices, "gpu" if gpu else "cpu", gpu


def encode(run: Run, framework: str, baton: Baton) -> None:
    """Compute the vectors of all texts that are not there yet, and this framework's vectors of the probe texts."""
    experiment = run.experiment
    baton.take("encode")
    inputs = load_inputs(run)
    texts = inputs.texts(run)
    devices, device, _ = prepare_device(framework, experiment.device, experiment.threads, experiment.mode)
    devices.use_device(device, "matched")  # vectors are compared and kept: never with TensorFloat-32
    checkpoint = resolve(inputs.encoder)
    embed = make_encode(framework, checkpoint, experiment.max_tokens, device)
    features = Features(Path(inputs.features).parent, Path(inputs.features).stem)
    writer = FeatureWriter(features, len(texts), checkpoint.hidden_size)
    missing = np.flatnonzero(~writer.done)
    started, last_word = time.perf_counter(), 0.0
    finished = 0

    def on_batch(positions: np.ndarray, vectors: np.ndarray) -> None:
        nonlocal finished, last_word
        writer.write(missing[positions], vectors)
        finished += len(positions)
        if time.perf_counter() - last_word > 0.3:
            last_word = time.perf_counter()
            baton.tell(encoded=int(writer.done.sum()), of=len(texts), per_second=finished / (last_word - started))
            if run.stop_requested:
                writer.save()
                raise ParityError("Stopped while the texts were being encoded; the vectors so far are kept.")

    if len(missing):
        embed([texts[row] for row in missing], on_batch=on_batch)
    seconds = time.perf_counter() - started
    writer.finish()
    features.write_note({"framework": framework, "device": device, "texts": len(texts), "seconds": seconds})
    probe_rows = inputs.probe_rows[:PROBE_TEXTS]
    np.save(run.framework_folder(framework) / "probe.npy", embed([texts[row] for row in probe_rows]))
    baton.tell(encode_seconds=seconds, encoded_now=len(missing))


def probe(run: Run, framework: str, baton: Baton) -> None:
    """Compute this framework's vectors of the probe texts."""
    experiment = run.experiment
    baton.take("probe")
    inputs = load_inputs(run)
    devices, device, _ = prepare_device(framework, experiment.device, experiment.threads, experiment.mode)
    devices.use_device(device, "matched")  # vectors are compared and kept: never with TensorFloat-32
    embed = make_encode(framework, resolve(inputs.encoder), experiment.max_tokens, device)
    texts = inputs.texts(run)
    np.save(run.framework_folder(framework) / "probe.npy", embed([texts[row] for row in inputs.probe_rows]))


def train(run: Run, framework: str, baton: Baton) -> None:
    """Train, evaluate, save and time one framework's classifier, one turn after the other."""
    experiment = run.experiment
    folder = run.framework_folder(framework)
    classifier_name = experiment.classifier.replace("-", "_")

    baton.take("import")
    events = EventFile(run.events_file(framework))
    started = time.perf_counter()
    training, inference, export, classifier = import_wing(framework, "training", "inference", "export", f"classifiers.{classifier_name}")
    import_seconds = time.perf_counter() - started
    rss_after_import = psutil.Process().memory_info().rss / 2**20
    threads = experiment.threads or physical_cores()
    devices, _, gpu = prepare_device(framework, experiment.device, threads, experiment.mode)

    answer = baton.take("build", gpu=gpu, import_seconds=import_seconds)
    inputs = load_inputs(run)
    device = devices.use_device(answer["device"], experiment.mode)
    events.write("imported", seconds=import_seconds, rss_mib=rss_after_import, device=answer["device"], threads=threads)
    devices.set_seed(experiment.seed)
    features = inputs.open_features()
    train_rows, validation_rows, test_rows = (inputs.rows[part] for part in ("train", "validation", "test"))
    model = classifier.build(features.shape[1], experiment.hidden_units, inputs.num_classes, experiment.mode)
    if experiment.mode != "defaults":
        shapes = SHAPES[experiment.classifier](features.shape[1], experiment.hidden_units, inputs.num_classes)
        classifier.load_neutral(model, read_weights(run.path / "initial.safetensors", shapes))
    if hasattr(model, "to"):
        model.to(device)
    train_features, train_labels = training.as_tensors(features[train_rows], inputs.labels[train_rows], device)
    validation = training.as_tensors(features[validation_rows], inputs.labels[validation_rows], device)
    np.save(folder / "first_batch_logits.npy", inference.predict_logits(model, train_features[: experiment.batch_size]))
    progress = Progress(patience=experiment.patience)
    optimizer = training.make_optimizer(model, experiment.mode, experiment.learning_rate)
    checkpoint_file = folder / "checkpoint.safetensors"
    if checkpoint_file.exists():
        try:
            export.load_checkpoint(checkpoint_file, model, optimizer, progress)
        except TrainingError as error:  # raised before anything was changed; without this way out no resume would ever succeed
            checkpoint_file.unlink()
            baton.tell(note=f"{FRAMEWORK_NAMES[framework]} began its training again from the start. {error}")
    if not events.was_empty:
        events.write("resumed", epoch=progress.next_epoch, step=progress.counters.get("step", 0))
    start_weights = classifier.to_neutral(model)

    summaries: list[Any] = []

    def open_summaries() -> Any:
        if not summaries:  # loaded late: its import must not delay the first step
            (module,) = import_wing(framework, "summaries")
            for place in (run.tensorboard_folder, run.tensorboard_folder / framework):
                place.mkdir(exist_ok=True)  # fails when the run was removed meanwhile; the writers would bring its folder back
            summaries.append(module.Summaries(run.tensorboard_folder / framework))
        return summaries[0]

    reporter = Reporter(
        baton,
        events,
        rows=len(train_labels),
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
        parameters=sum(weights.size for weights in start_weights.values()),
        steps_per_epoch=reporter.steps_per_epoch,
        epochs=experiment.epochs,
        start_epoch=progress.next_epoch,
    )

    baton.take("train", start=True)
    batches = training.make_batches(train_features, train_labels, experiment.mode, experiment.batch_size, experiment.seed)
    validation_batch = experiment.batch_size if experiment.mode == "defaults" else VALIDATION_BATCH
    if progress.next_epoch < experiment.epochs and not progress.exhausted:
        training.train(
            model, optimizer, batches, validation, validation_batch, experiment.epochs, progress, classifier.to_neutral, reporter
        )
    elif progress.next_epoch < experiment.epochs:
        reporter.reason = "early"
    if progress.best_weights is not None:
        classifier.load_neutral(model, progress.best_weights)
    elif reporter.reason == "diverged":
        classifier.load_neutral(model, start_weights)
    best_epoch = None if progress.best_epoch is None else progress.best_epoch + 1
    events.write("trained", reason=reporter.reason, best_epoch=best_epoch, epochs=len(reporter.counters["epoch_train_loss"]))

    baton.take("evaluate", trained=True)
    test_features, _ = training.as_tensors(features[test_rows], inputs.labels[test_rows], device)
    probabilities = inference.predict(model, test_features)
    np.save(folder / "test_probabilities.npy", probabilities)
    draft = folder / ".model.safetensors"
    export.save_weights(classifier.to_neutral(model), draft)
    os.replace(draft, folder / "model.safetensors")
    test_accuracy = float(np.mean(probabilities.argmax(axis=1) == inputs.labels[test_rows]))
    events.write("evaluated", test_accuracy=test_accuracy)
    events.write("saved")

    baton.take("check", evaluated=True)
    outcome = reporter.figures() | {
        "import_seconds": import_seconds,
        "rss_after_import_mib": rss_after_import,
        "gpu_memory_mib": devices.gpu_memory_mib(device),
        "parameters": sum(weights.size for weights in start_weights.values()),
        "model_bytes": (folder / "model.safetensors").stat().st_size,
        "best_epoch": best_epoch,
        "stop_reason": reporter.reason,
        "device": gpu if answer["device"] == "gpu" else "cpu",
        "threads": threads,
    }
    baton.tell(outcome=outcome)
    embed = make_encode(framework, resolve(inputs.encoder), experiment.max_tokens, answer["device"])
    texts = inputs.texts(run)
    np.save(folder / "probe.npy", embed([texts[row] for row in inputs.probe_rows]))

    baton.take("latency")
    sample = [texts[row] for row in inputs.probe_rows]
    baton.tell(latency_ms=measure_latency(lambda some: inference.classify(some, embed, model, device), sample))


def answer(run: Run, framework: str, baton: Baton) -> None:
    """Load the trained classifier and its encoder once, then answer with class probabilities until the input ends."""
    experiment = run.experiment
    inputs = load_inputs(run)
    devices, device_kind, _ = prepare_device(framework, experiment.device, experiment.threads, experiment.mode)
    device = devices.use_device(device_kind, experiment.mode)
    classifier_module = f"classifiers.{experiment.classifier.replace('-', '_')}"
    inference, export, classifier = import_wing(framework, "inference", "export", classifier_module)
    checkpoint = resolve(inputs.encoder)
    shapes = SHAPES[experiment.classifier](checkpoint.hidden_size, experiment.hidden_units, inputs.num_classes)
    read_weights(run.framework_folder(framework) / "model.safetensors", shapes)
    model = classifier.build(checkpoint.hidden_size, experiment.hidden_units, inputs.num_classes)
    export.load_weights(model, run.framework_folder(framework) / "model.safetensors", classifier.load_neutral)
    if hasattr(model, "to"):
        model.to(device)
    embed = make_encode(framework, checkpoint, experiment.max_tokens, device_kind)
    inference.classify(["warm-up"], embed, model, device)
    request = baton.take("answer")
    while True:
        probabilities, encode_ms, classify_ms = inference.classify(request["texts"], embed, model, device)
        request = baton.take(
            "answer",
            probabilities=np.asarray(probabilities, float).round(7).tolist(),
            encode_ms=encode_ms,
            classify_ms=classify_ms,
            tokens=token_counts(checkpoint.folder, request["texts"]),
            max_tokens=min(experiment.max_tokens, checkpoint.max_tokens),
        )


if __name__ == "__main__":
    main(sys.argv[1:])
