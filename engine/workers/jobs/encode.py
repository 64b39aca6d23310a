"""How a worker turns the texts of a run into vectors: all that are missing, and those of a few by which two encoders are compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from engine.errors import ParityError
from engine.runs.folder import Run
from engine.runs.preparing.inputs import Inputs, load_inputs
from engine.runs.preparing.vectors import features_of_run, precision_of, settle_precision, trials_of
from engine.runs.processes.channel import Channel
from engine.runs.records.results import EncodingFacts
from engine.shared.encoders.checkpoint import Checkpoint, resolve
from engine.shared.encoders.precision import TRIAL_TEXTS, Trial
from engine.shared.encoders.vector_cache import FeatureWriter
from engine.shared.encoders.vector_file import hash_texts
from engine.workers.wing import make_embed, prepare_device

Embed = Callable[..., np.ndarray]
"""Texts to vectors, as ``make_embed`` gives it."""


def encode(run: Run, framework: str, channel: Channel) -> None:
    """Compute the vectors of all texts that are not there yet: the job of a study, whose workers train elsewhere."""
    channel.take("encode")
    experiment = run.read_experiment()
    devices, device, _ = prepare_device(framework, experiment.device, experiment.threads)
    devices.use_device(device, frozenset())  # vectors are compared and kept: never with TensorFloat-32
    encode_texts(run, framework, channel, load_embed(run, framework, device), device)


def load_embed(run: Run, framework: str, device: str) -> Embed:
    """Load the run's encoder in float32."""
    return make_embed(framework, resolve(load_inputs(run).encoder), run.read_experiment(), device)


def keep_probe(run: Run, framework: str, embed: Embed) -> None:
    """Keep this framework's vectors of the probe texts, which are always compared in float32."""
    np.save(run.probe_vectors(framework), embed(list(load_inputs(run).probe_texts)))


def encode_texts(run: Run, framework: str, channel: Channel, embed: Embed, device: str) -> None:
    """Compute the vectors that are not there yet, in the run's precision; a trial says which that is where nobody knows.

    ``embed`` is the encoder in float32 on ``device``. Raises ``ParityError`` after a stop; what was computed until then is kept.
    """
    experiment, inputs = run.read_experiment(), load_inputs(run)
    texts, checkpoint = inputs.texts(run), resolve(inputs.encoder)
    embeds: dict[str, Embed] = {"float32": embed}

    def embed_in(precision: str) -> Embed:
        if precision not in embeds:
            embeds[precision] = make_embed(framework, checkpoint, experiment, device, precision)
        return embeds[precision]

    if not inputs.encoding_precision:
        inputs = _decide(run, framework, inputs, texts, checkpoint, embed_in)
    features = features_of_run(run, texts)
    writer = FeatureWriter(features, checkpoint.hidden_size)
    missing, kept = writer.missing, writer.kept_texts
    channel.tell(findings=features.findings)
    started, last_word = time.perf_counter(), 0.0
    letters = np.array([len(texts[row]) for row in missing])
    finished = read = 0

    def on_batch(positions: np.ndarray, vectors: np.ndarray) -> None:
        nonlocal finished, read, last_word
        writer.write(missing[positions], vectors)
        finished += len(positions)
        read += int(letters[positions].sum())
        if time.perf_counter() - last_word > 0.3:
            last_word = time.perf_counter()
            # Texts of like length come together, and a long one takes longer: what is done of the work is told by letters.
            channel.tell(encoded=finished, of=len(missing), encoded_share=read / max(1, int(letters.sum())))
            if run.stop_requested():
                writer.leave()
                raise ParityError("Stopped while the texts were being encoded; the vectors so far are kept.")

    if len(missing):
        fast = embed_in(inputs.encoding_precision)
        started = time.perf_counter()
        fast([texts[row] for row in missing], on_batch=on_batch)
    seconds = time.perf_counter() - started
    writer.finish()
    features.write_note({"framework": framework, "device": device, "texts": len(texts), "encoded": len(missing), "seconds": seconds})
    pace = len(missing) / seconds if len(missing) else None
    run.write_encoding(EncodingFacts(len(texts), kept, seconds, pace, inputs.encoding_precision))
    channel.tell(encode_seconds=seconds, encoded_now=len(missing))


def _decide(run: Run, framework: str, inputs: Inputs, texts: list[str], checkpoint: Checkpoint, embed_in: Callable[[str], Embed]) -> Inputs:
    """Try both precisions on a few of the texts, keep the outcome for later runs, and write down what this run takes."""
    experiment, folder = run.read_experiment(), Path(inputs.features).parent
    rows = np.linspace(0, len(texts) - 1, min(TRIAL_TEXTS, len(texts))).round().astype(int)
    trials = trials_of(experiment, checkpoint, folder, framework)
    trials.keep(try_precisions(embed_in, [texts[row] for row in rows]))
    precision = precision_of(experiment, checkpoint, hash_texts(texts), folder, framework)
    return settle_precision(run, inputs, texts, checkpoint, precision or "float32")


def try_precisions(embed_in: Callable[[str], Embed], texts: Sequence[str]) -> Trial:
    """Encode the same texts in both precisions by turns, and return how much faster bfloat16 was and how alike the vectors are."""
    seconds: dict[str, list[float]] = {"float32": [], "bfloat16": []}
    vectors: dict[str, np.ndarray] = {}
    try:
        for precision in seconds:
            embed_in(precision)(texts[:4])  # what happens once only does not count
        for _ in range(2):
            for precision, times in seconds.items():
                started = time.perf_counter()
                vectors[precision] = embed_in(precision)(texts)
                times.append(time.perf_counter() - started)
    except Exception as error:  # frameworks say in many types that a processor or a layer cannot compute in bfloat16
        print(f"No trial of bfloat16: {type(error).__name__}: {error}", flush=True)
        return Trial(0.0, 0.0)
    exact, fast = (values / np.linalg.norm(values, axis=1, keepdims=True) for values in vectors.values())
    return Trial(min(seconds["float32"]) / min(seconds["bfloat16"]), float((exact * fast).sum(axis=1).min()))
