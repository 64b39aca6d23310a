"""Each classifier gives the same answers in both wings and in plain NumPy, however it is padded, and trains the same way twice.

What each wing answered in its own process comes back as files.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.shared.architecture import Architecture
from engine.shared.batches import training_plan
from engine.shared.early_stopping import Progress
from engine.shared.recipe import Recipe
from engine.shared.weights.initial import CNN_WIDTHS, WEIGHTS, Weight
from tests.wing_process import InWing

PROJECT = Path(__file__).parents[2]
WINGS = ("pytorch", "tensorflow")
CLASSIFIERS = ("embedding-mlp", "tfidf-mlp", "text-cnn", "bi-lstm")
SEQUENCES = ("text-cnn", "bi-lstm")
BARS = {"float64": 1e-12, "float32": 1e-5}
LENGTHS = (9, 1, 0, 4, 5, 2, 7)
"""Tokens of the texts: one alone, none at all, fewer than a filter sees."""

ARCHITECTURE = Architecture(num_classes=4, input_size=30, hidden_units=6, embedding_size=7, filters=5)
BATCH_SIZE = 16

pytestmark = pytest.mark.timeout(600)


def random_weights(shapes: dict[str, Weight], precision: str) -> dict[str, np.ndarray]:
    """No zeros, as a training leaves them: a bias that is 0 would hide where it went."""
    generator = np.random.default_rng(1)
    return {name: generator.normal(0, 0.4, weight.shape).astype(precision) for name, weight in shapes.items()}


def texts_for(classifier: str, lengths: tuple[int, ...] | np.ndarray, precision: str) -> tuple[np.ndarray, ...]:
    """Made-up texts as the classifier takes them."""
    generator = np.random.default_rng(2)
    size, count, longest = ARCHITECTURE.input_size, len(lengths), max(lengths)
    is_token = np.arange(longest) < np.array(lengths)[:, None]
    if classifier == "embedding-mlp":
        return (generator.normal(size=(count, size)).astype(precision),)
    if classifier == "tfidf-mlp":
        terms = np.array([generator.permutation(size)[:longest] for _ in range(count)])
        return np.where(is_token, terms, 0).astype(np.int32), np.where(is_token, generator.random(terms.shape), 0).astype(precision)
    return (np.where(is_token, generator.integers(1, size, is_token.shape), 0).astype(np.int32),)


class Quiet:
    """A training's callback that does nothing."""

    stop_training = False

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments, **options: None


def answer_everything(wing: str, output: Path) -> None:
    """What the process of one wing does; ``output/<what>-<classifier>-<precision>.npy`` and ``answers.json``."""
    from importlib import import_module

    devices, inference, training = (import_module(f"engine.frameworks.{wing}.{name}") for name in ("devices", "inference", "training"))
    answers: dict[str, Any] = {"round trip": {}, "moved": {}, "twice": {}}
    for precision in BARS:
        devices.use_precision(precision)
        for classifier in CLASSIFIERS:
            module = import_module(f"engine.frameworks.{wing}.classifiers.{classifier.replace('-', '_')}")
            name = f"{classifier}-{precision}"
            weights = random_weights(WEIGHTS[classifier](ARCHITECTURE), precision)
            arrays = texts_for(classifier, LENGTHS, precision)

            def logits(model: Any, arrays: tuple[np.ndarray, ...]) -> np.ndarray:
                inputs, _ = training.as_tensors(arrays, np.zeros(len(arrays[0]), np.int64), "cpu")
                return inference.predict_logits(model, inputs)

            model = module.build(ARCHITECTURE)
            module.load_neutral(model, weights)
            back = module.to_neutral(model)
            same = [np.array_equal(back[key], values) and back[key].dtype == values.dtype for key, values in weights.items()]
            answers["round trip"][name] = list(back) == list(weights) and all(same)
            for other in BARS:  # files of either precision are taken
                module.load_neutral(model, {key: values.astype(other) for key, values in weights.items()})
            module.load_neutral(model, weights)
            np.save(output / f"logits-{name}.npy", logits(model, arrays))
            if classifier in SEQUENCES:
                (tokens,) = arrays
                alone = [logits(model, (tokens[row : row + 1, : max(1, length)],)) for row, length in enumerate(LENGTHS)]
                np.save(output / f"alone-{name}.npy", np.concatenate(alone))
                np.save(output / f"wide-{name}.npy", logits(model, (np.pad(tokens, ((0, 0), (0, 25))),)))

            if precision == "float64":
                model = module.build(ARCHITECTURE, frozenset({"loss"}))
                module.load_neutral(model, weights)
                np.save(output / f"own-loss-{name}.npy", logits(model, arrays))
            else:
                first, second = (train_briefly(training, module, classifier) for _ in range(2))
                answers["twice"][classifier] = all(np.array_equal(first[key], second[key]) for key in weights)
                answers["moved"][classifier] = not np.array_equal(first["output.weight"], back["output.weight"])
                model = module.build(ARCHITECTURE)
                module.load_neutral(model, first)
                np.save(output / f"trained-{name}.npy", logits(model, arrays))
                np.savez(output / f"trained-{classifier}.npz", **first)  # type: ignore[arg-type]
    if wing == "pytorch":
        answers["biases"] = two_biases()
    else:
        answers["tracings"] = tracings_of_a_step(training)
    answers["other framework"] = {"pytorch": "tensorflow", "tensorflow": "torch"}[wing] in sys.modules
    (output / "answers.json").write_text(json.dumps(answers))


def train_briefly(
    training: Any, module: Any, classifier: str, see: Callable[[Any], None] = lambda optimizer: None
) -> dict[str, np.ndarray]:
    """The weights after 20 steps of the wing's own training, the last batch of each epoch a small one; ``see`` is shown the optimizer."""
    rows = 9 * BATCH_SIZE + 3
    lengths = np.random.default_rng(3).integers(1, 20, rows) if classifier in SEQUENCES else None
    arrays = texts_for(classifier, np.full(rows, 8) if lengths is None else lengths, "float32")
    labels = np.random.default_rng(4).integers(0, ARCHITECTURE.num_classes, rows)
    recipe = Recipe(learning_rate=0.01, batch_size=BATCH_SIZE, clip_norm=1.0, weight_decay=0.01, steps_per_call=5)
    model = module.build(ARCHITECTURE)
    module.load_neutral(model, random_weights(WEIGHTS[classifier](ARCHITECTURE), "float32"))
    inputs, targets = training.as_tensors(arrays, labels, "cpu")
    batches = training.make_batches(inputs, targets, lambda epoch: training_plan(rows, lengths, BATCH_SIZE, 0, epoch), recipe)
    optimizer = training.make_optimizer(model, recipe)
    see(optimizer)
    training.train(model, optimizer, batches, (inputs, targets, lengths), recipe, 2, Progress(), lambda model: None, Quiet())
    return module.to_neutral(model)


def tracings_of_a_step(training: Any) -> float:
    """How often Keras traces the step that it then runs."""
    from engine.frameworks.tensorflow.classifiers import text_cnn

    traced: list[int] = []

    def see(optimizer: Any) -> None:
        update_step = optimizer.update_step
        optimizer.update_step = lambda gradient, variable, rate: (traced.append(id(variable)), update_step(gradient, variable, rate))

    train_briefly(training, text_cnn, "text-cnn", see)
    return len(traced) / len(set(traced))


def two_biases() -> dict[str, Any]:
    """What becomes of the second bias of PyTorch's LSTM."""
    import torch

    from engine.frameworks.pytorch.classifiers import bi_lstm

    matched, own = bi_lstm.build(ARCHITECTURE), bi_lstm.build(ARCHITECTURE, frozenset({"bias"}))
    names = ("bias_hh_l0", "bias_hh_l0_reverse")
    found: dict[str, Any] = {
        "matched": [[bool(bias.any()), bias.requires_grad] for bias in map(matched.lstm.get_parameter, names)],
        "own": [[bool(bias.any()), bias.requires_grad] for bias in map(own.lstm.get_parameter, names)],
    }
    tokens = torch.tensor(texts_for("bi-lstm", LENGTHS, "float32")[0])
    matched.load_state_dict(own.state_dict())
    bi_lstm.load_neutral(matched, bi_lstm.to_neutral(own))  # their sum in one of them
    found["difference of the sum"] = float((matched(tokens) - own(tokens)).abs().max())
    return found


# --- The same in plain NumPy ---------------------------------------------------------------------------------------------------------


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


def lstm(weights: dict[str, np.ndarray], direction: str, vectors: np.ndarray) -> np.ndarray:
    """The last state after ``vectors``, (tokens, embedding_size), with the gates as the neutral layout states them."""
    state = cell = np.zeros(ARCHITECTURE.hidden_units)
    for vector in vectors:
        gates = (
            vector @ weights[f"{direction}.input_weight"] + state @ weights[f"{direction}.recurrent_weight"] + weights[f"{direction}.bias"]
        )
        given, forget, candidate, shown = np.split(gates, 4)
        cell = sigmoid(forget) * cell + sigmoid(given) * np.tanh(candidate)
        state = sigmoid(shown) * np.tanh(cell)
    return state


def features(classifier: str, weights: dict[str, np.ndarray], row: tuple[np.ndarray, ...]) -> np.ndarray:
    """What the last layer of a classifier takes of one text, (features,)."""
    if classifier in ("embedding-mlp", "tfidf-mlp"):
        vector = row[0]
        if classifier == "tfidf-mlp":
            vector = np.zeros(ARCHITECTURE.input_size)
            for term, share in zip(*row, strict=True):
                vector[term] += share
        return np.maximum(vector @ weights["hidden.weight"] + weights["hidden.bias"], 0)
    length = int((row[0] != 0).sum())
    tokens = np.concatenate([row[0][:length], np.zeros(max(CNN_WIDTHS), int)])
    vectors = weights["embedding.weight"][tokens]
    if classifier == "bi-lstm":
        read = vectors[: max(1, length)]
        return np.concatenate([lstm(weights, "forward", read), lstm(weights, "backward", read[::-1])])
    strongest = []
    for width in CNN_WIDTHS:
        kernel, bias = weights[f"convolution_{width}.weight"], weights[f"convolution_{width}.bias"]
        windows = [vectors[start : start + width] for start in range(max(length - width, 0) + 1)]
        strongest.append(np.max([np.maximum(np.einsum("wi,wif->f", window, kernel) + bias, 0) for window in windows], axis=0))
    return np.concatenate(strongest)


def reference(classifier: str, weights: dict[str, np.ndarray], precision: str) -> np.ndarray:
    """The logits of the made-up texts, (texts, num_classes)."""
    arrays = texts_for(classifier, LENGTHS, precision)
    rows = [features(classifier, weights, tuple(values[row] for values in arrays)) for row in range(len(LENGTHS))]
    return np.array(rows) @ weights["output.weight"] + weights["output.bias"]


# --- Tests ---------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory, in_wing: InWing) -> Path:
    """A folder with pytorch/ and tensorflow/, each filled by its own process."""
    folder = tmp_path_factory.mktemp("classifiers")
    for wing in WINGS:
        (folder / wing).mkdir()
        in_wing(wing, answer_everything, wing, folder / wing)
    return folder


def answers(answered: Path, wing: str) -> dict[str, Any]:
    return json.loads((answered / wing / "answers.json").read_text())


def array(answered: Path, wing: str, what: str, precision: str) -> np.ndarray:
    found = np.load(answered / wing / f"{what}-{precision}.npy")
    assert found.dtype == np.dtype(precision) and found.shape == (len(LENGTHS), ARCHITECTURE.num_classes)
    return found


@pytest.mark.parametrize("precision", BARS)
@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_both_wings_and_numpy_give_the_same_logits(answered: Path, classifier: str, precision: str) -> None:
    """Of texts of one token and of none, too; with the gates, biases and axes of the neutral layout."""
    pytorch, tensorflow = (array(answered, wing, f"logits-{classifier}", precision) for wing in WINGS)
    assert np.abs(pytorch - tensorflow).max() <= BARS[precision]
    expected = reference(classifier, random_weights(WEIGHTS[classifier](ARCHITECTURE), precision), precision)
    if precision == "float64":
        assert np.abs(pytorch - expected).max() <= BARS[precision]
    assert np.abs(pytorch - expected).max() <= BARS["float32"]
    assert np.ptp(pytorch, axis=0).min() > 0.01, "texts with the same answer would show nothing"


@pytest.mark.parametrize("wing", WINGS)
@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_neutral_weights_come_back_as_they_were(answered: Path, wing: str, classifier: str) -> None:
    for precision in BARS:
        assert answers(answered, wing)["round trip"][f"{classifier}-{precision}"]


@pytest.mark.parametrize("precision", BARS)
@pytest.mark.parametrize("wing", WINGS)
@pytest.mark.parametrize("classifier", SEQUENCES)
def test_padding_changes_no_answer(answered: Path, wing: str, classifier: str, precision: str) -> None:
    together = array(answered, wing, f"logits-{classifier}", precision)
    for surroundings in ("alone", "wide"):
        assert np.abs(together - array(answered, wing, f"{surroundings}-{classifier}", precision)).max() <= BARS[precision]


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_keras_own_loss_takes_probabilities(answered: Path, classifier: str) -> None:
    logits = array(answered, "tensorflow", f"logits-{classifier}", "float64")
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert np.abs(array(answered, "tensorflow", f"own-loss-{classifier}", "float64") - expected).max() <= 1e-12
    assert np.array_equal(
        array(answered, "pytorch", f"own-loss-{classifier}", "float64"), array(answered, "pytorch", f"logits-{classifier}", "float64")
    )


def test_the_second_bias_of_pytorch_trains_only_where_it_is_left_to_it(answered: Path) -> None:
    biases = answers(answered, "pytorch")["biases"]
    assert biases["matched"] == [[False, False]] * 2 and biases["own"] == [[True, True]] * 2
    assert biases["difference of the sum"] <= 1e-6


def test_keras_traces_a_step_once(answered: Path) -> None:
    assert answers(answered, "tensorflow")["tracings"] == 1, "variables that are created within a step make TensorFlow trace it again"


@pytest.mark.parametrize("wing", WINGS)
@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_training_twice_gives_the_same_bits(answered: Path, wing: str, classifier: str) -> None:
    found = answers(answered, wing)
    assert found["twice"][classifier] and found["moved"][classifier]


@pytest.mark.parametrize("wing", WINGS)
@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_trained_weights_say_the_same_elsewhere(answered: Path, wing: str, classifier: str) -> None:
    with np.load(answered / wing / f"trained-{classifier}.npz") as weights:
        expected = reference(classifier, dict(weights), "float32")
    assert np.abs(array(answered, wing, f"trained-{classifier}", "float32") - expected).max() <= 1e-5


@pytest.mark.parametrize("wing", WINGS)
def test_a_wing_loads_its_own_framework_only(answered: Path, wing: str) -> None:
    assert not answers(answered, wing)["other framework"]


@pytest.mark.parametrize("wing", WINGS)
def test_a_classifier_is_a_lesson_of_one_screen(wing: str) -> None:
    for file in (PROJECT / "engine" / "frameworks" / wing / "classifiers").glob("*.py"):
        lines = len(file.read_text(encoding="utf-8").splitlines())
        assert lines < 80, f"{wing}/classifiers/{file.name} has {lines} lines; a lesson has fewer than 80"
