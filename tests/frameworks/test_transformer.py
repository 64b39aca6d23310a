"""The fine-tuned transformer is the same classifier in both wings, for every family: answers, gradients, weights and their names.

PyTorch, then TensorFlow, then PyTorch again do their work, so that trained weights can go both ways.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.shared.architecture import Architecture
from engine.shared.encoders.tensors import stored_tensors
from engine.workers.callback import Listener, Logs
from tests.tiny_checkpoints import FAMILY
from tests.wing_process import InWing

WINGS = ("pytorch", "tensorflow")
BARS = {"float32": 1e-5, "float64": 1e-12}
STEPS = 10
RATE = 2.0**-8

pytestmark = pytest.mark.timeout(600)


def architecture_of(checkpoints: Path, family: str) -> Architecture:
    padding = 1 if "roberta" in family else 0
    return Architecture(num_classes=3, input_size=32, encoder=checkpoints / family, pooling="mean", padding=padding)


def tokens_and_labels(padding: int) -> tuple[np.ndarray, np.ndarray]:
    """Random texts of many lengths; one has the padding token in its middle, as a text may that spells it out."""
    generator = np.random.default_rng(3)
    tokens = generator.integers(4, 100, (8, 20)).astype(np.int32)
    for row, length in enumerate((20, 3, 9, 1, 14, 20, 2, 7)):
        tokens[row, length:] = padding
    tokens[5, 4] = padding
    return tokens, generator.integers(0, 3, 8)


def head() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(5)
    return {"output.weight": generator.normal(0, 0.5, (32, 3)).astype(np.float32), "output.bias": np.array([0.1, 0, -0.1], np.float32)}


class PyTorch:
    """What the tests ask of a wing, in PyTorch."""

    def answer(self, model: Any, tokens: np.ndarray, training: bool = False) -> np.ndarray:
        import torch

        with torch.no_grad():
            return model.train(training)(torch.from_numpy(tokens)).numpy()

    def train(self, model: Any, tokens: np.ndarray, labels: np.ndarray) -> list[float]:
        import torch

        optimizer, losses = torch.optim.SGD([weight for weight in model.parameters() if weight.requires_grad], RATE), []
        for step in range(STEPS):
            rows = [step % 8, (step + 3) % 8, (step + 5) % 8]
            loss = torch.nn.functional.cross_entropy(model.train()(torch.from_numpy(tokens[rows])), torch.from_numpy(labels[rows]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    def decay(self, model: Any, optimizer: Any) -> None:
        import torch

        for weight in model.parameters():
            weight.grad = torch.zeros_like(weight)
        optimizer.step()


class TensorFlow:
    """What the tests ask of a wing, in TensorFlow."""

    def answer(self, model: Any, tokens: np.ndarray, training: bool = False) -> np.ndarray:
        return model(tokens, training=training).numpy()

    def train(self, model: Any, tokens: np.ndarray, labels: np.ndarray) -> list[float]:
        import keras

        if not model.compiled:
            model.compile(keras.optimizers.SGD(RATE), keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False)
        losses = []
        for step in range(STEPS):
            rows = [step % 8, (step + 3) % 8, (step + 5) % 8]
            model.reset_metrics()  # else Keras gives the mean of all losses so far
            losses.append(float(model.train_on_batch(tokens[rows], labels[rows])))
        return losses

    def decay(self, model: Any, optimizer: Any) -> None:
        import tensorflow as tf

        optimizer.apply([tf.zeros_like(weight) for weight in model.trainable_variables], model.trainable_variables)


def work(wing: str, checkpoints: Path, output: Path, families: list[str]) -> None:
    """What the process of one wing does; arrays go into ``output/<wing>-<what>-<family>.npz``."""
    from importlib import import_module

    from engine.shared.recipe import Recipe

    classifier = import_module(f"engine.frameworks.{wing}.classifiers.transformer")
    training = import_module(f"engine.frameworks.{wing}.training")
    devices = import_module(f"engine.frameworks.{wing}.devices")
    tools = {"pytorch": PyTorch, "tensorflow": TensorFlow}[wing]()
    for family in families:
        architecture = architecture_of(checkpoints, family)
        tokens, labels = tokens_and_labels(architecture.padding)
        wider = np.pad(tokens, ((0, 0), (0, 7)), constant_values=architecture.padding)
        found = {}
        for precision in ("float64", "float32"):
            devices.use_precision(precision)
            model = classifier.build(architecture)
            classifier.load_neutral(model, head())
            initial = classifier.to_neutral(model)
            found[precision], found[f"{precision}-wider"] = tools.answer(model, tokens), tools.answer(model, wider)
        found["nothing"] = tools.answer(model, np.full((2, 4), architecture.padding, np.int32))
        for time in ("first", "second"):
            classifier.load_neutral(model, initial)
            found[f"{time}-losses"] = np.array(tools.train(model, tokens, labels))
            trained = classifier.to_neutral(model)
            np.savez(output / f"{wing}-{time}-{family}.npz", **trained)
        found["trained"] = tools.answer(model, tokens)
        tools.decay(model, training.make_optimizer(model, Recipe(RATE, 8, weight_decay=0.5)))
        decayed = [name for name, values in classifier.to_neutral(model).items() if (values != trained[name]).any()]
        classifier.load_neutral(model, initial)
        back = classifier.to_neutral(model)
        found["round-trip"] = np.array([all(np.array_equal(values, back[name]) for name, values in initial.items())])
        found["decayed"] = np.array(sorted(decayed))
        if wing == "tensorflow":
            classifier.load_neutral(model, dict(np.load(output / f"pytorch-first-{family}.npz")))
            found["other"] = tools.answer(model, tokens)
        np.savez(output / f"{wing}-initial-{family}.npz", **initial)
        np.savez(output / f"{wing}-found-{family}.npz", **found)
    if wing == "tensorflow":
        answers = tools.answer(classifier.build(architecture, frozenset({"loss"})), tokens)
        np.save(output / "sums.npy", answers.sum(axis=1))
    model = classifier.build(architecture_of(checkpoints, "bert"), frozenset({"dropout", "gelu"}))
    classifier.load_neutral(model, head())
    tokens, _ = tokens_and_labels(0)
    np.savez(output / f"{wing}-own.npz", learning=tools.answer(model, tokens, training=True), answering=tools.answer(model, tokens))


class Losses(Listener):
    """Notes the loss of each epoch."""

    def __init__(self) -> None:
        self.losses: list[float] = []

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        self.losses.append(float(logs["loss"]))


def work_mixed(wing: str, checkpoints: Path, output: Path) -> None:
    """Train for some epochs in float32 and in mixed precision on the processor; keep the losses and the answers."""
    from importlib import import_module

    from engine.shared.batches import training_plan
    from engine.shared.early_stopping import Progress
    from engine.shared.recipe import Recipe

    classifier = import_module(f"engine.frameworks.{wing}.classifiers.transformer")
    training = import_module(f"engine.frameworks.{wing}.training")
    inference = import_module(f"engine.frameworks.{wing}.inference")
    devices = import_module(f"engine.frameworks.{wing}.devices")
    tokens, labels = tokens_and_labels(0)
    lengths = np.full(len(tokens), tokens.shape[1])
    found = {}
    for precision in ("float32", "mixed"):
        devices.use_precision(precision)
        recipe = Recipe(0.001, 4, mixed_precision=precision == "mixed", steps_per_call=1)
        model = classifier.build(architecture_of(checkpoints, "bert"))
        classifier.load_neutral(model, head())
        inputs, targets = training.as_tensors((tokens,), labels, "cpu")
        batches = training.make_batches(inputs, targets, lambda epoch: training_plan(len(tokens), lengths, 4, 0, epoch), recipe)
        listener = Losses()
        optimizer, rest = training.make_optimizer(model, recipe), (recipe, 6, Progress(patience=0), lambda model: None, listener)
        training.train(model, optimizer, batches, (inputs, targets, lengths), *rest)
        found[f"{precision}-losses"] = np.array(listener.losses)
        found[f"{precision}-answers"] = inference.predict(model, inputs, lengths)
        found[f"{precision}-logits"] = inference.predict_logits(model, tuple(values[:4] for values in inputs))
        found[f"{precision}-weights"] = classifier.to_neutral(model)["output.weight"]
    np.savez(output / f"{wing}-mixed.npz", **found)


def work_again(checkpoints: Path, output: Path, families: list[str]) -> None:
    """What PyTorch does with the weights that TensorFlow trained; and the encoder among them as a checkpoint of its own."""
    import shutil

    import torch
    from safetensors.numpy import save_file
    from transformers import AutoModel

    from engine.frameworks.pytorch.classifiers import transformer

    for family in families:
        architecture = architecture_of(checkpoints, family)
        tokens, _ = tokens_and_labels(architecture.padding)
        weights = dict(np.load(output / f"tensorflow-first-{family}.npz"))
        model = transformer.build(architecture)
        transformer.load_neutral(model, weights)
        answers = PyTorch().answer(model, tokens)
        folder = output / f"checkpoint-{family}"
        folder.mkdir()
        shutil.copyfile(checkpoints / family / "config.json", folder / "config.json")
        encoder = {name.removeprefix("encoder."): values for name, values in weights.items() if name.startswith("encoder.")}
        save_file(encoder, folder / "model.safetensors", {"format": "pt"})
        loaded, report = AutoModel.from_pretrained(folder, output_loading_info=True)
        strange = [*report["unexpected_keys"], *(name for name in report["missing_keys"] if not name.startswith("pooler."))]
        with torch.no_grad():
            vectors = loaded.eval()(torch.from_numpy(tokens[:1])).last_hidden_state.mean(dim=1).numpy()
        np.savez(
            output / f"again-{family}.npz",
            other=answers,
            reloaded=vectors @ weights["output.weight"] + weights["output.bias"],
            strange=np.array(strange, str),
        )


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, in_wing: InWing, checkpoints: Path, families: list[str]) -> Path:
    """The folder with checkpoints/ and what each wing found."""
    folder = tmp_path_factory.mktemp("transformer")
    (folder / "checkpoints").symlink_to(checkpoints)
    for wing in WINGS:
        in_wing(wing, work, wing, checkpoints, folder, families)
    in_wing("pytorch", work_again, checkpoints, folder, families)
    return folder


def found_by(results: Path, wing: str, family: str, what: str = "found") -> dict[str, np.ndarray]:
    return dict(np.load(results / f"{wing}-{what}-{family}.npz"))


def largest_difference(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> float:
    assert set(one) == set(other)
    return max(float(np.abs(values - other[name]).max()) for name, values in one.items())


@pytest.mark.parametrize("family", FAMILY)
def test_both_wings_give_the_same_logits(results: Path, family: str) -> None:
    pytorch, tensorflow = (found_by(results, wing, family) for wing in WINGS)
    for precision, bar in BARS.items():
        assert pytorch[precision].dtype == tensorflow[precision].dtype == precision
        assert np.abs(pytorch[precision] - tensorflow[precision]).max() <= bar
        assert np.ptp(pytorch[precision], axis=0).min() > 0.01, "so that agreement is not for want of a difference"


@pytest.mark.parametrize("wing", WINGS)
@pytest.mark.parametrize("family", FAMILY)
def test_padding_never_changes_an_answer(results: Path, wing: str, family: str) -> None:
    found = found_by(results, wing, family)
    for precision, bar in BARS.items():
        assert np.abs(found[precision] - found[f"{precision}-wider"]).max() <= bar
    assert np.isfinite(found["nothing"]).all(), "a text without any token has an answer, too"


@pytest.mark.parametrize("family", FAMILY)
def test_training_moves_both_wings_alike(results: Path, family: str) -> None:
    pytorch, tensorflow = (found_by(results, wing, family) for wing in WINGS)
    assert np.allclose(pytorch["first-losses"], tensorflow["first-losses"], rtol=1e-5)
    assert len(set(pytorch["first-losses"])) == STEPS
    initial, trained = found_by(results, "pytorch", family, "initial"), found_by(results, "pytorch", family, "first")
    # A key's bias adds the same to all that a softmax compares: its gradient is nothing but rounding.
    learning = [name for name in initial if not name.endswith(("key.bias", "k_lin.bias"))]
    unmoved = {name for name in learning if np.array_equal(initial[name], trained[name])}
    assert unmoved == ({"encoder.embeddings.token_type_embeddings.weight"} if "roberta" in family else set())
    assert largest_difference(trained, found_by(results, "tensorflow", family, "first")) <= 1e-5


@pytest.mark.parametrize("wing", WINGS)
@pytest.mark.parametrize("family", FAMILY)
def test_the_same_training_twice_is_bit_identical(results: Path, wing: str, family: str) -> None:
    first, second = (found_by(results, wing, family, time) for time in ("first", "second"))
    assert largest_difference(first, second) == 0
    found = found_by(results, wing, family)
    assert np.array_equal(found["first-losses"], found["second-losses"])


@pytest.mark.parametrize("wing", WINGS)
@pytest.mark.parametrize("family", FAMILY)
def test_weights_have_the_names_and_shapes_of_the_checkpoint(results: Path, wing: str, family: str) -> None:
    initial = found_by(results, wing, family, "initial")
    assert found_by(results, wing, family)["round-trip"].all()
    stored = stored_tensors(results / "checkpoints" / family / "model.safetensors", family)
    shapes = {f"encoder.{name}": tensor.shape for name, tensor in stored.items() if not name.startswith("pooler.")}
    assert {name: values.shape for name, values in initial.items()} == shapes | {"output.weight": (32, 3), "output.bias": (3,)}
    assert largest_difference(initial, found_by(results, "pytorch", family, "initial")) == 0


@pytest.mark.parametrize("wing", WINGS)
@pytest.mark.parametrize("family", FAMILY)
def test_weight_decay_shrinks_matrices_only(results: Path, wing: str, family: str) -> None:
    """KerasHub shapes the biases of attention as matrices; decay has to leave them alone all the same."""
    weights = found_by(results, wing, family, "first")
    matrices = sorted(name for name, values in weights.items() if values.ndim > 1 and values.any())
    assert list(found_by(results, wing, family)["decayed"]) == matrices


@pytest.mark.parametrize("family", FAMILY)
def test_weights_trained_in_one_wing_answer_the_same_in_the_other(results: Path, family: str) -> None:
    pytorch, tensorflow = (found_by(results, wing, family) for wing in WINGS)
    again = dict(np.load(results / f"again-{family}.npz"))
    assert np.abs(tensorflow["other"] - pytorch["trained"]).max() <= 1e-5
    assert np.abs(again["other"] - tensorflow["trained"]).max() <= 1e-5


@pytest.mark.parametrize("family", FAMILY)
def test_the_trained_encoder_is_a_checkpoint(results: Path, family: str) -> None:
    again = dict(np.load(results / f"again-{family}.npz"))
    assert not again["strange"].size
    assert np.abs(again["reloaded"] - again["other"][:1]).max() <= 1e-5


def test_the_frameworks_own_choices(results: Path) -> None:
    own = {wing: dict(np.load(results / f"{wing}-own.npz")) for wing in WINGS}
    for wing in WINGS:
        assert np.abs(own[wing]["learning"] - own[wing]["answering"]).max() > 1e-3, "dropout as shipped"
    assert np.abs(own["pytorch"]["answering"] - found_by(results, "pytorch", "bert")["float32"]).max() <= 1e-6
    assert 1e-5 < np.abs(own["tensorflow"]["answering"] - own["pytorch"]["answering"]).max() < 1e-1, "KerasHub's form of GELU"
    assert np.allclose(np.load(results / "sums.npy"), 1, atol=1e-5)


@pytest.mark.parametrize("wing", WINGS)
def test_mixed_precision_on_a_processor_learns_as_float32_does(wing: str, in_wing: InWing, checkpoints: Path, tmp_path: Path) -> None:
    in_wing(wing, work_mixed, wing, checkpoints, tmp_path)
    with np.load(tmp_path / f"{wing}-mixed.npz") as found:
        assert all(values.dtype == np.float32 for name, values in found.items() if not name.endswith("losses"))
        plain, mixed = found["float32-losses"], found["mixed-losses"]
        assert plain[-1] < 0.9 * plain[0] and mixed[-1] < 0.9 * mixed[0]
        np.testing.assert_allclose(mixed, plain, rtol=0.05)
        assert (mixed != plain).any(), "bfloat16 rounds"
        np.testing.assert_allclose(found["mixed-answers"].sum(axis=1), 1, atol=1e-5)


def work_mapped(folder: Path) -> list[bool]:
    """Whether tensors hold what the arrays do, wherever those begin, and whether a mapped array stays the memory of its tensor."""
    import tensorflow as tf

    from engine.frameworks.tensorflow.training import as_tensors

    rows = np.random.default_rng(0).standard_normal((100, 24)).astype(np.float32)  # 96 bytes each
    np.save(folder / "rows.npy", rows)
    mapped = np.load(folder / "rows.npy", mmap_mode="c")
    found = []
    for values in (mapped, mapped[2:], mapped[1:], mapped[:0], mapped[:, 1:], rows.astype(np.int32)[:64], rows.astype(np.float64)):
        (tensor,), _ = as_tensors((values,), np.zeros(len(values), np.int64), "cpu")
        expected = np.array(values)
        first = tf.gather(tensor, tf.range(min(1, len(values))))
        found.append(tensor.shape == values.shape and np.array_equal(tensor, expected) and np.array_equal(first, expected[:1]))
    (tensor,), _ = as_tensors((mapped[2:],), np.zeros(98, np.int64), "cpu")
    mapped[2, 0] = 7.0
    found.append(float(tensor[0, 0]) == 7.0)
    del mapped
    found.append(float(tf.reduce_sum(tensor[:, 1])) != 0.0)
    return found


def test_arrays_become_tensors_in_their_own_memory(in_wing: InWing, tmp_path: Path) -> None:
    assert in_wing("tensorflow", work_mapped, tmp_path) == [True] * 9
