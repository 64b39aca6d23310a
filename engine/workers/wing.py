"""How a worker comes by its wing: the modules of one framework, its device, and what turns texts into a classifier's inputs."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import cache
from typing import Any

import numpy as np

from engine.runs.experiment import Experiment
from engine.runs.folder import Run
from engine.runs.preparing.inputs import Inputs
from engine.shared.devices import physical_cores
from engine.shared.encoders.checkpoint import Checkpoint, resolve
from engine.shared.text.tokens import load_tokenizer, token_rows
from engine.shared.text.vocabulary import Terms, load_words
from engine.workers.guards import guard_encoder

TOKEN_BUDGET = {"cpu": 1024, "gpu": 8192}
"""Tokens of a batch of texts, padding included. On a CPU more gain nothing; the figure for a GPU was not measured."""

Encode = Callable[[Sequence[str]], tuple[tuple[np.ndarray, ...], np.ndarray | None]]
"""Texts to what a classifier takes, and their lengths where that is tokens."""


def import_wing(framework: str, *names: str) -> list[Any]:
    """Import the named modules of a wing, for example ``training`` or ``classifiers.embedding_mlp``."""
    return [importlib.import_module(f"engine.frameworks.{framework}.{name}") for name in names]


def import_classifier(framework: str, classifier: str) -> Any:
    """Import the module of a classifier."""
    return import_wing(framework, f"classifiers.{classifier.replace('-', '_')}")[0]


def prepare_device(framework: str, wanted: str, threads: int) -> tuple[Any, str, str | None]:
    """Set the threads; return the wing's ``devices``, the device (``cpu`` or ``gpu``) that ``wanted`` means here, and the GPU's name."""
    (devices,) = import_wing(framework, "devices")
    _set_threads(framework, threads or physical_cores())
    gpu = devices.visible_gpu() if wanted != "cpu" else None
    return devices, "gpu" if gpu else "cpu", gpu


@cache  # PyTorch lets itself be told only once
def _set_threads(framework: str, threads: int) -> None:
    import_wing(framework, "devices")[0].set_threads(threads)


_ready_encoders: dict[tuple[object, ...], Any] = {}


def _encoder_key(framework: str, checkpoint: Checkpoint, device: str, precision: str) -> tuple[object, ...]:
    return framework, checkpoint.folder, checkpoint.file_stamps, device, precision


def load_ahead(framework: str, checkpoint: Checkpoint) -> None:
    """Load an encoder on the CPU and let it read one text, so that the next ``make_embed`` for the same files has it at once."""
    prepare_device(framework, "cpu", 0)[0].use_device("cpu", frozenset())
    (encoder,) = import_wing(framework, "encoder")
    model = _load_encoder(framework, checkpoint, "cpu", "float32")
    encoder.encode(model, load_tokenizer(checkpoint.folder, 16), ["once"], checkpoint.pooling, checkpoint.normalize)
    _ready_encoders[_encoder_key(framework, checkpoint, "cpu", "float32")] = model


def forget_encoders_loaded_ahead() -> None:
    """Give their memory back, where a run has no use for them."""
    _ready_encoders.clear()


def _load_encoder(framework: str, checkpoint: Checkpoint, device: str, precision: str) -> Any:
    ready = _ready_encoders.pop(_encoder_key(framework, checkpoint, device, precision), None)
    if ready is not None:
        return ready
    (encoder,) = import_wing(framework, "encoder")
    with guard_encoder(framework, checkpoint.folder, device):
        return encoder.load_encoder(checkpoint.folder, device, precision=precision)


def make_embed(framework: str, checkpoint: Checkpoint, experiment: Experiment, device: str, precision: str = "float32") -> Any:
    """Load the encoder and return a function from texts (and an optional ``on_batch``) to their vectors, in float32 whatever computes."""
    (encoder,) = import_wing(framework, "encoder")
    model = _load_encoder(framework, checkpoint, device, precision)
    tokenizer = load_tokenizer(checkpoint.folder, min(experiment.max_tokens, checkpoint.max_tokens))
    fixed = {"token_budget": TOKEN_BUDGET[device]} | ({"windows": True} if experiment.long_texts == "windows" else {})
    return lambda texts, **options: encoder.encode(model, tokenizer, texts, checkpoint.pooling, checkpoint.normalize, **(fixed | options))


def make_encode(run: Run, framework: str, inputs: Inputs, device: str) -> Encode:
    """Return a function that turns new texts into this run's inputs, exactly as its own texts were turned."""
    experiment = run.read_experiment()
    takes, windows = experiment.family_member.takes, experiment.long_texts == "windows"
    if takes == "vectors":
        embed = make_embed(framework, resolve(inputs.encoder), experiment, device)
        return lambda texts: ((embed(texts),), None)
    if takes == "terms":
        terms = Terms.from_json(run.read_vocabulary())
        return lambda texts: (terms.rows(texts), None)
    tokenizer = load_words(run.read_vocabulary()) if takes == "words" else load_tokenizer(resolve(inputs.encoder).folder, inputs.max_tokens)

    def encode(texts: Sequence[str]) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
        rows = token_rows(tokenizer, texts, inputs.max_tokens, windows, inputs.padding)
        return (rows.ids,), rows.lengths

    return encode


def build_model(framework: str, experiment: Experiment, architecture: Any, own: frozenset[str], device: str) -> tuple[Any, Any, Any]:
    """Build the classifier of an experiment: its module, itself, and what is trained, which is itself or its mean over windows."""
    classifier = import_classifier(framework, experiment.classifier)
    over_windows = experiment.long_texts == "windows" and experiment.family_member.sequences
    with guard_encoder(framework, architecture.encoder) if architecture.encoder else nullcontext():
        core = classifier.build(architecture, own - {"loss"} if over_windows else own)  # means are taken of logits
    if hasattr(core, "to"):
        core.to(device)
    if not over_windows:
        return classifier, core, core
    (windows,) = import_wing(framework, "windows")
    return classifier, core, windows.over_windows(core, architecture.padding)


def with_encoder(framework: str, core: Any, checkpoint: Checkpoint, padding: int, windows: bool = False) -> Any:
    """Put the encoder before a classifier of vectors: one model from tokens to logits; with ``windows`` from all windows of each text."""
    (whole_model,) = import_wing(framework, "whole_model")
    with guard_encoder(framework, checkpoint.folder):
        return whole_model.with_encoder(core, checkpoint.folder, checkpoint.pooling, checkpoint.normalize, padding, windows)
