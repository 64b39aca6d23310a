"""A worker's jobs ``encode`` (the vectors of all texts of a run) and ``probe`` (those of a few, to compare the two encoders)."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from engine.errors import ParityError
from engine.runs.folder import Run
from engine.runs.preparing.inputs import load_inputs
from engine.runs.processes.channel import Channel
from engine.shared.encoders.checkpoint import resolve
from engine.shared.encoders.vector_cache import PROBE_TEXTS, FeatureWriter, features_at
from engine.workers.wing import make_embed, prepare_device


def encode(run: Run, framework: str, channel: Channel) -> None:
    """Compute the vectors of all texts that are not there yet, and this framework's vectors of the probe texts."""
    experiment = run.read_experiment()
    channel.take("encode")
    inputs = load_inputs(run)
    texts = inputs.texts(run)
    devices, device, _ = prepare_device(framework, experiment.device, experiment.threads)
    devices.use_device(device, frozenset())  # vectors are compared and kept: never with TensorFloat-32
    checkpoint = resolve(inputs.encoder)
    embed = make_embed(framework, checkpoint, experiment, device)
    features = features_at(Path(inputs.features), texts)
    writer = FeatureWriter(features, checkpoint.hidden_size)
    missing = writer.missing
    started, last_word = time.perf_counter(), 0.0
    finished = 0

    def on_batch(positions: np.ndarray, vectors: np.ndarray) -> None:
        nonlocal finished, last_word
        writer.write(missing[positions], vectors)
        finished += len(positions)
        if time.perf_counter() - last_word > 0.3:
            last_word = time.perf_counter()
            channel.tell(encoded=finished, of=len(missing), per_second=finished / (last_word - started))
            if run.stop_requested():
                writer.leave()
                raise ParityError("Stopped while the texts were being encoded; the vectors so far are kept.")

    if len(missing):
        embed([texts[row] for row in missing], on_batch=on_batch)
    seconds = time.perf_counter() - started
    writer.finish()
    features.write_note({"framework": framework, "device": device, "texts": len(texts), "encoded": len(missing), "seconds": seconds})
    probe_rows = inputs.probe_rows[:PROBE_TEXTS]
    np.save(run.probe_vectors(framework), embed([texts[row] for row in probe_rows]))
    channel.tell(encode_seconds=seconds, encoded_now=len(missing))


def probe(run: Run, framework: str, channel: Channel) -> None:
    """Compute this framework's vectors of the probe texts."""
    experiment = run.read_experiment()
    channel.take("probe")
    inputs = load_inputs(run)
    devices, device, _ = prepare_device(framework, experiment.device, experiment.threads)
    devices.use_device(device, frozenset())  # vectors are compared and kept: never with TensorFloat-32
    embed = make_embed(framework, resolve(inputs.encoder), experiment, device)
    texts = inputs.texts(run)
    np.save(run.probe_vectors(framework), embed([texts[row] for row in inputs.probe_rows]))
