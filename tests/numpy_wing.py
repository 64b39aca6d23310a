"""A third wing, in NumPy alone, for tests of the protocol: it starts in a second and trains two dense layers as the others do.

It stands in for either framework under that framework's name, and all that a worker does around its wing is the product's own. Its encoder
gives each text the mean of one random vector a token. What a framework itself does is tested with the framework.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine import FRAMEWORKS
from engine.runs.processes import channel
from engine.shared.architecture import Architecture
from engine.shared.early_stopping import Progress
from engine.shared.recipe import Recipe
from engine.shared.weights.files import load_progress, read_weights, save_progress, write_arrays
from engine.shared.weights.initial import WEIGHTS

MODULES = ("devices", "training", "inference", "export", "encoder", "summaries", "checkpoint_repairs", "classifiers.embedding_mlp",
           "classifiers.tfidf_mlp", "classifiers.text_cnn", "classifiers.bi_lstm", "classifiers.transformer", "windows")  # fmt: skip
Weights = dict[str, np.ndarray]
Inputs = tuple[np.ndarray, ...]


# --- How it comes to a run ---


def use_numpy_workers(patch: pytest.MonkeyPatch) -> None:
    """Workers that are started from now on have this wing."""

    def start(command: list[str], **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen([part.replace("engine.workers.main", __name__) for part in command], **options)

    patch.setattr(channel, "subprocess", SimpleNamespace(**vars(subprocess) | {"Popen": start}))


def main(arguments: list[str]) -> None:
    """Fill a run's folder with such workers, in a process of its own; what ``launching.detach`` is given instead of the coordinator."""
    with pytest.MonkeyPatch.context() as patch:
        use_numpy_workers(patch)
        importlib.import_module("engine.runs.coordinator").main(arguments)


# --- devices ---


def set_threads(threads: int) -> None: ...
def set_seed(seed: int) -> None: ...
def use_precision(precision: str) -> None: ...
def synchronize(device: str) -> None: ...
def visible_gpu() -> None: ...
def gpu_memory_mib(device: str) -> None: ...


def use_device(device: str, own: frozenset[str] = frozenset()) -> str:
    return device


# --- classifiers.embedding_mlp, classifiers.tfidf_mlp ---


class Model:
    """Two dense layers, under the neutral names of their weights."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights

    def __call__(self, *inputs: np.ndarray) -> np.ndarray:
        return self.hidden(self.vectors(inputs)) @ self.weights["output.weight"] + self.weights["output.bias"]

    def vectors(self, inputs: Inputs) -> np.ndarray:
        """What ``embedding-mlp`` takes as it is; the terms and shares of ``tfidf-mlp`` spread over the vocabulary."""
        if len(inputs) == 1:
            return inputs[0]
        terms, shares = inputs
        vectors = np.zeros((len(terms), len(self.weights["hidden.weight"])), np.float32)
        np.add.at(vectors, (np.arange(len(terms))[:, None], terms), shares)
        return vectors

    def hidden(self, vectors: np.ndarray) -> np.ndarray:
        return np.maximum(vectors @ self.weights["hidden.weight"] + self.weights["hidden.bias"], 0)


def build(architecture: Architecture, own: frozenset[str] = frozenset()) -> Model:
    return Model({name: np.zeros(weight.shape, np.float32) for name, weight in WEIGHTS["embedding-mlp"](architecture).items()})


def load_neutral(model: Model, weights: Weights) -> None:
    model.weights = {name: values.copy() for name, values in weights.items()}


def to_neutral(model: Model) -> Weights:
    return {name: values.copy() for name, values in model.weights.items()}


# --- training ---


def as_tensors(inputs: Inputs, labels: np.ndarray, device: str) -> tuple[Inputs, np.ndarray]:
    return inputs, labels


class Adam:
    """The moments of each weight, and the steps so far."""

    def __init__(self, model: Model, recipe: Recipe) -> None:
        self.recipe, self.steps = recipe, 0
        self.moments = {f"{kind}.{name}": np.zeros_like(values) for name, values in model.weights.items() for kind in ("first", "second")}

    def step(self, model: Model, gradients: Weights) -> None:
        self.steps += 1
        recipe = self.recipe
        for name, gradient in gradients.items():
            first, second = self.moments[f"first.{name}"], self.moments[f"second.{name}"]
            first += (1 - recipe.beta_1) * (gradient - first)
            second += (1 - recipe.beta_2) * (gradient**2 - second)
            mean, spread = first / (1 - recipe.beta_1**self.steps), second / (1 - recipe.beta_2**self.steps)
            model.weights[name] -= (recipe.learning_rate * mean / (np.sqrt(spread) + recipe.epsilon)).astype(np.float32)


def make_optimizer(model: Model, recipe: Recipe) -> Adam:
    return Adam(model, recipe)


def make_batches(inputs: Inputs, labels: np.ndarray, plan: Callable[[int], Any], recipe: Recipe) -> Callable[[int], Iterable[Any]]:
    def batches(epoch: int) -> Iterator[tuple[Inputs, np.ndarray]]:
        order = plan(epoch).order
        for start in range(0, len(order), recipe.batch_size):
            rows = order[start : start + recipe.batch_size]
            yield tuple(values[rows] for values in inputs), labels[rows]

    return batches


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean over the rows, and its gradient for the logits."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    logarithms = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    truth = np.eye(logits.shape[1], dtype=np.float32)[labels]
    return float(-(logarithms * truth).sum() / len(labels)), (np.exp(logarithms) - truth) / np.float32(len(labels))


def train(
    model: Model,
    optimizer: Adam,
    batches: Any,
    validation: Any,
    recipe: Recipe,
    epochs: int,
    progress: Progress,
    keep_best: Any,
    callback: Any,
) -> None:
    callback.on_train_begin()
    for epoch in range(progress.next_epoch, epochs):
        callback.on_epoch_begin(epoch)
        loss_sum, seen = 0.0, 0
        for step, (inputs, labels) in enumerate(batches(epoch)):
            with np.errstate(all="ignore"):  # a loss that is no number is told like any other
                vectors = model.vectors(inputs)
                hidden = model.hidden(vectors)
                loss, gradient = cross_entropy(model(vectors), labels)
                back = (gradient @ model.weights["output.weight"].T) * (hidden > 0)
                gradients = {"hidden.weight": vectors.T @ back, "hidden.bias": back.sum(axis=0)}
                optimizer.step(model, gradients | {"output.weight": hidden.T @ gradient, "output.bias": gradient.sum(axis=0)})
            loss_sum, seen = loss_sum + loss * len(labels), seen + len(labels)
            callback.on_train_batch_end(step, {"loss": loss_sum / seen})
            if callback.stop_training:
                break
        callback.on_test_begin()
        inputs, labels, _ = validation
        with np.errstate(all="ignore"):
            logits = model(*inputs)
            validation_loss, _ = cross_entropy(logits, labels)
            accuracy = float((logits.argmax(axis=1) == labels).mean())
        callback.on_test_end()
        if progress.improved(epoch, validation_loss):
            keep_best(model)
        callback.on_epoch_end(epoch, {"loss": loss_sum / seen, "val_loss": validation_loss, "val_accuracy": accuracy})
        if callback.stop_training or progress.exhausted:
            break
    callback.on_train_end()


# --- inference ---


def predict_logits(model: Model, inputs: Inputs) -> np.ndarray:
    return model(*inputs)


def predict(model: Model, inputs: Inputs, lengths: np.ndarray | None = None) -> np.ndarray:
    logits = model(*inputs)
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def classify(texts: Sequence[str], encode: Any, model: Model, device: str) -> tuple[np.ndarray, float, float]:
    started = time.perf_counter()
    inputs, _ = encode(texts)
    encoded = time.perf_counter()
    probabilities = predict(model, inputs)
    return probabilities, (encoded - started) * 1000, (time.perf_counter() - encoded) * 1000


# --- export ---


def save_weights(weights: Weights, path: Path) -> None:
    write_arrays(path, weights)


def load_weights(model: Model, path: Path, load: Callable[[Model, Weights], None]) -> None:
    load(model, read_weights(path, {}))


def save_checkpoint(path: Path, model: Model, optimizer: Adam, progress: Progress) -> None:
    save_progress(path, model.weights | optimizer.moments | {"steps": np.array([optimizer.steps])}, progress)


def load_checkpoint(path: Path, model: Model, optimizer: Adam, progress: Progress) -> None:
    state = load_progress(path, progress)
    model.weights = {name: state[name] for name in model.weights}
    optimizer.moments, optimizer.steps = {name: state[name] for name in optimizer.moments}, int(state["steps"][0])


# --- encoder, checkpoint_repairs and summaries ---

ACTIVATIONS = ("gelu",)


def activation_name(config: dict[str, Any]) -> str:
    return str(config["hidden_act"])


def load_encoder(folder: Path, device: str, precision: str = "float32") -> np.ndarray:
    """One random vector a token, (vocabulary, hidden_size); in bfloat16 half of the bits of each number are gone."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    vectors = np.random.default_rng(5).normal(size=(config["vocab_size"], config["hidden_size"])).astype(np.float32)
    if precision == "bfloat16":
        vectors = (vectors.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)
    return vectors


def encode(
    model: np.ndarray, tokenizer: Any, texts: Sequence[str], pooling: str, normalize: bool, token_budget: int = 1024, on_batch: Any = None
) -> np.ndarray:
    means = [model[encoding.ids].mean(axis=0) for encoding in tokenizer.encode_batch(list(texts))]
    vectors = np.array(means, np.float32).reshape(len(texts), model.shape[1])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    if on_batch is not None:
        on_batch(np.arange(len(texts)), vectors)
    return vectors


class Summaries:
    """Writes nothing."""

    def __init__(self, folder: Path) -> None: ...
    def scalar(self, name: str, value: float, step: int) -> None: ...
    def flush(self) -> None: ...


if __name__ == "__main__":
    for wing in FRAMEWORKS:
        sys.modules.update({f"engine.frameworks.{wing}.{name}": sys.modules["__main__"] for name in MODULES})
    importlib.import_module("engine.workers.main").main(sys.argv[1:])
