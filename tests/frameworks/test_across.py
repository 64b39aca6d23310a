"""Every classifier carried from each wing into the other: as an ONNX file, as weights, and the transformer as a Hugging Face folder.

PyTorch, then TensorFlow, then PyTorch again do their work, so that models can go both ways.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from engine.runs.records.reading import to_json
from engine.shared.architecture import Architecture
from engine.shared.encoders.checkpoint import describe
from engine.shared.encoders.writing import HEAD, write_checkpoint
from engine.shared.onnx.graph import open_axes, operator_counts
from engine.shared.onnx.reading import read_graph
from engine.shared.onnx.simplify import simplified
from engine.shared.text.tokens import mean_of_windows
from engine.shared.weights.files import read_weights, write_arrays
from engine.shared.weights.initial import CNN_WIDTHS, WEIGHTS
from engine.shared.weights.mapping import drawn_like, find_places, without_neutral
from tests.tiny_checkpoints import FAMILY
from tests.wing_process import InWing

WINGS = ("pytorch", "tensorflow")
CLASSIFIERS = ("embedding-mlp", "tfidf-mlp", "text-cnn", "bi-lstm", "transformer")
BARS = {"onnx": 1e-4, "weights": 1e-5, "checkpoint": 1e-5}
LENGTHS = (9, 1, 0, 4, 5, 2, 7)
"""Tokens of the texts: one alone, none at all, fewer than a filter sees."""

pytestmark = pytest.mark.timeout(600)


def architecture(classifier: str, folder: Path, family: str = "bert") -> Architecture:
    if classifier == "transformer":
        padding = 1 if "roberta" in family else 0
        return Architecture(num_classes=4, input_size=32, encoder=folder / family, pooling="mean", padding=padding)
    return Architecture(num_classes=4, input_size=30, hidden_units=6, embedding_size=7, filters=5)


def texts(classifier: str, dense: bool, padding: int = 0) -> tuple[np.ndarray, ...]:
    """Made-up texts as a classifier takes them, or as its graph does."""
    generator = np.random.default_rng(2)
    is_token = np.arange(max(LENGTHS)) < np.array(LENGTHS)[:, None]
    if classifier == "embedding-mlp":
        return (generator.normal(size=(len(LENGTHS), 30)).astype(np.float32),)
    if classifier == "tfidf-mlp":
        terms = np.array([generator.permutation(30)[: max(LENGTHS)] for _ in LENGTHS]).astype(np.int32) * is_token
        shares = np.where(is_token, generator.random(terms.shape), 0).astype(np.float32)
        rows = np.zeros((len(LENGTHS), 30), np.float32)
        np.add.at(rows, (np.arange(len(LENGTHS))[:, None], terms), shares)
        return (rows,) if dense else (terms, shares)
    return (np.where(is_token, generator.integers(4, 30, is_token.shape), padding).astype(np.int32),)


def encoded_texts(windows: bool) -> np.ndarray:
    """Tokens for a classifier with its encoder before it: texts of 6, 2 and 4, or of 3 windows, 1 and 2."""
    tokens = np.random.default_rng(3).integers(5, 30, (3, 3, 6)).astype(np.int32)
    if not windows:
        return tokens[:, 0] * (np.arange(6) < np.array([[6], [2], [4]]))
    tokens[1, 1:] = tokens[2, 2:] = tokens[2, 1, 3:] = 0
    return tokens


def input_name(classifier: str) -> str:
    return {"embedding-mlp": "vectors", "tfidf-mlp": "shares"}.get(classifier, "tokens")


def work(wing: str, folder: Path, families: list[str]) -> None:
    """What the process of one wing does with what lies in the folder: import, answer, export."""
    from importlib import import_module

    names = ("training", "inference", "export", "formats", "onnx.model")
    training, inference, export, formats, onnx_model = (import_module(f"engine.frameworks.{wing}.{name}") for name in names)

    def logits(model: Any, arrays: tuple[np.ndarray, ...]) -> np.ndarray:
        tensors, _ = training.as_tensors(arrays, np.zeros(len(arrays[0]), np.int64), "cpu")
        return inference.predict_logits(model, tensors)

    facts: dict[str, Any] = {}
    other = WINGS[1 - WINGS.index(wing)]
    for classifier in CLASSIFIERS:
        module = import_module(f"engine.frameworks.{wing}.classifiers.{classifier.replace('-', '_')}")
        own = architecture(classifier, folder)
        core = module.build(own)
        if classifier == "transformer":
            weights = module.to_neutral(core) | {"output.weight": random(32, 4), "output.bias": random(4)}
        else:
            weights = {name: random(*weight.shape, seed=number) for number, (name, weight) in enumerate(WEIGHTS[classifier](own).items())}
        module.load_neutral(core, weights)
        np.save(folder / f"{classifier}-{wing}.npy", logits(core, texts(classifier, False)))
        if not (folder / f"{classifier}-{wing}.onnx").exists():
            formats.save_onnx(core, texts(classifier, True)[0], input_name(classifier), folder / f"{classifier}-{wing}.onnx")
            write_arrays(folder / f"{classifier}-{wing}.safetensors", module.to_neutral(core))
        drawn = drawn_like(weights)
        module.load_neutral(core, drawn)
        named = export.named_weights(core)
        places = find_places(drawn, named)
        facts[classifier] = {"places": to_json(places), "others": without_neutral(places, named)}
        graph_file = folder / f"{classifier}-{other}.onnx"
        if graph_file.exists():
            model = onnx_model.import_graph(simplified(read_graph(graph_file)))
            np.save(folder / f"{classifier}-{other}-onnx-{wing}.npy", logits(model, texts(classifier, True)))
            facts[classifier]["layers"] = [layer.layer for layer in onnx_model.own_layers(model)]
            trained = {name: list(values.shape) for name, values in export.named_weights(model).items()}
            facts[classifier]["parameters"] = sum(int(np.prod(shape)) for shape in trained.values())
            module.load_neutral(core, read_weights(folder / f"{classifier}-{other}.safetensors", {}))
            np.save(folder / f"{classifier}-{other}-weights-{wing}.npy", logits(core, texts(classifier, False)))
    work_with_the_encoder(wing, folder, logits, facts)
    module = import_module(f"engine.frameworks.{wing}.classifiers.transformer")
    for family in families:
        own = architecture("transformer", folder, family)
        core = module.build(own)
        generator = np.random.default_rng(4)
        weights = {
            name: (values + generator.normal(0, 0.02, values.shape)).astype(np.float32) for name, values in module.to_neutral(core).items()
        }
        weights |= {"output.weight": random(32, 4), "output.bias": random(4)}
        module.load_neutral(core, weights)
        tokens = texts("transformer", False, own.padding)
        np.save(folder / f"{family}-{wing}.npy", logits(core, tokens))
        carried = folder / f"carried-{family}-{wing}"
        write_checkpoint(carried, describe(own.encoder, family), module.to_neutral(core), ["a", "b", "c", "d"])
        for source in WINGS:
            came = folder / f"carried-{family}-{source}"
            if came.exists():
                core = module.build(Architecture(num_classes=4, input_size=32, encoder=came, pooling="mean", padding=own.padding))
                module.load_neutral(core, read_weights(came / HEAD, {}))
                np.save(folder / f"{family}-{source}-checkpoint-{wing}.npy", logits(core, tokens))
                facts[f"{family}-{source}"] = loaded_by_the_library(wing, came)
    (folder / f"{wing}.json").write_text(json.dumps(facts), encoding="utf-8")


def work_with_the_encoder(wing: str, folder: Path, logits: Any, facts: dict[str, Any]) -> None:
    """The same for a classifier of vectors whose graph begins with its encoder, for texts that are cut and for texts in windows."""
    from importlib import import_module

    names = ("classifiers.embedding_mlp", "encoder", "export", "formats", "onnx.model", "training", "whole_model")
    module, encoder, export, formats, onnx_model, training, whole_model = (
        import_module(f"engine.frameworks.{wing}.{name}") for name in names
    )
    own = Architecture(num_classes=4, input_size=32, hidden_units=6)
    weights = {name: random(*weight.shape, seed=number) for number, (name, weight) in enumerate(WEIGHTS["embedding-mlp"](own).items())}
    for windows in (False, True):
        kind, tokens = "windows" if windows else "texts", encoded_texts(windows)
        head = module.build(own)
        module.load_neutral(head, weights)
        real = (tokens.reshape(-1, 6) != 0).any(axis=1)
        rows = tokens.reshape(-1, 6)[real]
        (ids, mask), _ = training.as_tensors((rows, (rows != 0).astype(np.int32)), np.zeros(len(rows), np.int64), "cpu")
        vectors = np.asarray(encoder.embed(encoder.load_encoder(folder / "bert"), ids, mask, "mean", True))
        counts = real.reshape(len(tokens), -1).sum(axis=1)
        np.save(folder / f"expected-{kind}-{wing}.npy", logits(head, (mean_of_windows(vectors, counts.tolist(), windows),)))
        whole = whole_model.with_encoder(head, folder / "bert", "mean", True, 0, windows)
        np.save(folder / f"encoded-{kind}-{wing}.npy", logits(whole, (tokens,)))
        if not (folder / f"encoded-{kind}-{wing}.onnx").exists():
            formats.save_onnx(whole, tokens, "tokens", folder / f"encoded-{kind}-{wing}.onnx")
        graph_file = folder / f"encoded-{kind}-{WINGS[1 - WINGS.index(wing)]}.onnx"
        if graph_file.exists():
            model = onnx_model.import_graph(simplified(read_graph(graph_file)))
            np.save(folder / f"encoded-{kind}-onnx-{wing}.npy", logits(model, (tokens,)))
            head_places = find_places(weights, export.named_weights(model))
            onnx_model.train_only(model, {place.name for place in head_places})
            learning = model.parameters() if wing == "pytorch" else model.trainable_variables
            facts[f"encoded-{kind}"] = sorted(list(weight.shape) for weight in learning if getattr(weight, "requires_grad", True))


def loaded_by_the_library(wing: str, folder: Path) -> float:
    """The sum of all word vectors when the library loads the folder by itself, as anybody would."""
    if wing == "pytorch":
        from transformers import AutoModel

        return float(AutoModel.from_pretrained(folder).get_input_embeddings().weight.sum())
    import keras_hub

    backbone = keras_hub.models.Backbone.from_preset(str(folder))
    embeddings = getattr(backbone, "embeddings", backbone)
    return float(np.sum(embeddings.token_embedding.embeddings.numpy()))


def random(*shape: int, seed: int = 0) -> np.ndarray:
    """tf2onnx keeps equal arrays once, so those of one shape need seeds of their own."""
    return np.random.default_rng([seed, *shape]).normal(0, 0.4, shape).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, in_wing: InWing, checkpoints: Path, families: list[str]) -> Path:
    place = tmp_path_factory.mktemp("across")
    for family in families:
        (place / family).symlink_to(checkpoints / family)
    for wing in ("pytorch", "tensorflow", "pytorch"):
        in_wing(wing, work, wing, place, families)
    return place


def facts(folder: Path, wing: str) -> dict[str, Any]:
    return json.loads((folder / f"{wing}.json").read_text(encoding="utf-8"))


def other(wing: str) -> str:
    return WINGS[1 - WINGS.index(wing)]


# --- ONNX ---


@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize("source", WINGS)
def test_the_graph_gives_the_classifiers_answers_in_the_other_wing_and_in_onnx_runtime(folder: Path, source: str, classifier: str) -> None:
    expected = np.load(folder / f"{classifier}-{source}.npy")
    file = folder / f"{classifier}-{source}.onnx"
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    assert given.name == input_name(classifier)
    (array,) = texts(classifier, True)
    judged = session.run(None, {given.name: array})[0]
    np.testing.assert_allclose(judged, expected, atol=BARS["onnx"])
    few = session.run(None, {given.name: array[:3, :5] if array.dtype == np.int32 else array[:3]})[0]
    assert few.shape == (3, 4), "another number of texts of another length fits"
    np.testing.assert_allclose(np.load(folder / f"{classifier}-{source}-onnx-{other(source)}.npy"), expected, atol=BARS["onnx"])


@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize("source", WINGS)
def test_texts_and_their_length_stay_open(folder: Path, source: str, classifier: str) -> None:
    graph = read_graph(folder / f"{classifier}-{source}.onnx")
    open_axes(graph, input_name(classifier), (0, 1) if input_name(classifier) == "tokens" else (0,))
    assert operator_counts(simplified(graph)).get("MatMul", 0) + operator_counts(simplified(graph)).get("Gemm", 0) >= 1


@pytest.mark.parametrize("source", WINGS)
def test_a_recurrence_becomes_the_operator_of_onnx(folder: Path, source: str) -> None:
    """A loop over the tokens would give the same answers, and take ONNX Runtime several times as long."""
    counts = operator_counts(read_graph(folder / f"bi-lstm-{source}.onnx"))
    assert counts["LSTM"] == {"pytorch": 1, "tensorflow": 2}[source], "for both directions, or one for each"
    assert "Loop" not in counts


@pytest.mark.parametrize("classifier", CLASSIFIERS[:-1])
@pytest.mark.parametrize("source", WINGS)
def test_all_weights_arrive_where_they_can_be_trained(folder: Path, source: str, classifier: str) -> None:
    weights = read_weights(folder / f"{classifier}-{source}.safetensors", {})
    found = facts(folder, other(source))[classifier]
    assert found["parameters"] >= sum(values.size for values in weights.values())
    dense = {"pytorch": "Linear", "tensorflow": "Dense"}[other(source)]
    assert dense in found["layers"]


@pytest.mark.parametrize("kind", ["texts", "windows"])
@pytest.mark.parametrize("source", WINGS)
def test_a_classifier_of_vectors_travels_with_its_encoder(folder: Path, source: str, kind: str) -> None:
    expected = np.load(folder / f"expected-{kind}-{source}.npy")
    np.testing.assert_allclose(np.load(folder / f"encoded-{kind}-{source}.npy"), expected, atol=1e-5)
    file, tokens = folder / f"encoded-{kind}-{source}.onnx", encoded_texts(kind == "windows")
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(session.run(None, {"tokens": tokens})[0], expected, atol=BARS["onnx"])
    fewer = session.run(None, {"tokens": tokens[1:2, ..., :2] if kind == "texts" else tokens[1:2, :1]})[0]
    np.testing.assert_allclose(fewer, expected[1:2], atol=BARS["onnx"])
    open_axes(read_graph(file), "tokens", tuple(range(tokens.ndim)))
    np.testing.assert_allclose(np.load(folder / f"encoded-{kind}-onnx-{other(source)}.npy"), expected, atol=BARS["onnx"])


@pytest.mark.parametrize("kind", ["texts", "windows"])
@pytest.mark.parametrize("wing", WINGS)
def test_only_the_head_is_trained_on_where_the_encoder_came_along(folder: Path, wing: str, kind: str) -> None:
    hidden = {"pytorch": [[6, 32], [4, 6]], "tensorflow": [[32, 6], [6, 4]]}[wing]
    assert facts(folder, wing)[f"encoded-{kind}"] == sorted([*hidden, [6], [4]])


# --- Weights ---


@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize("source", WINGS)
def test_weights_give_the_same_answers_in_the_other_wing(folder: Path, source: str, classifier: str) -> None:
    arrived = np.load(folder / f"{classifier}-{source}-weights-{other(source)}.npy")
    np.testing.assert_allclose(arrived, np.load(folder / f"{classifier}-{source}.npy"), atol=BARS["weights"])


def place(folder: Path, wing: str, classifier: str, weight: str) -> tuple[str, list[int], str]:
    row = next(row for row in facts(folder, wing)[classifier]["places"] if row["weight"] == weight)
    return row["name"], row["shape"], row["change"]


def test_where_each_wing_keeps_a_weight_is_found_by_trying(folder: Path) -> None:
    assert place(folder, "pytorch", "tfidf-mlp", "hidden.weight") == ("hidden.weight", [6, 30], "transposed")
    assert place(folder, "tensorflow", "tfidf-mlp", "hidden.weight") == ("hidden/kernel", [30, 6], "as it is")
    width = CNN_WIDTHS[0]
    assert place(folder, "pytorch", "text-cnn", f"convolution_{width}.weight")[1:] == ([5, 7, width], "axes reversed")
    assert place(folder, "tensorflow", "text-cnn", f"convolution_{width}.weight")[1:] == ([width, 7, 5], "as it is")
    assert place(folder, "pytorch", "bi-lstm", "backward.input_weight") == ("lstm.weight_ih_l0_reverse", [24, 7], "transposed")
    assert place(folder, "tensorflow", "bi-lstm", "forward.bias")[2] == "as it is"
    query = "encoder.encoder.layer.0.attention.self.query.weight"
    assert place(folder, "pytorch", "transformer", query) == (query, [32, 32], "as it is")
    assert place(folder, "tensorflow", "transformer", query)[1:] == ([32, 4, 8], "transposed, split into heads")


def test_what_holds_no_neutral_weight_is_named(folder: Path) -> None:
    assert facts(folder, "pytorch")["bi-lstm"]["others"] == ["lstm.bias_hh_l0", "lstm.bias_hh_l0_reverse"]
    assert facts(folder, "tensorflow")["bi-lstm"]["others"] == []


# --- A Hugging Face folder ---


@pytest.mark.parametrize("family", FAMILY)
@pytest.mark.parametrize("source", WINGS)
def test_a_folder_gives_the_same_answers_in_both_wings(folder: Path, source: str, family: str) -> None:
    expected = np.load(folder / f"{family}-{source}.npy")
    for wing in WINGS:
        np.testing.assert_allclose(np.load(folder / f"{family}-{source}-checkpoint-{wing}.npy"), expected, atol=BARS["checkpoint"])


@pytest.mark.parametrize("family", FAMILY)
@pytest.mark.parametrize("source", WINGS)
def test_transformers_and_keras_hub_load_a_folder_by_themselves(folder: Path, source: str, family: str) -> None:
    by_pytorch, by_tensorflow = (facts(folder, wing)[f"{family}-{source}"] for wing in WINGS)
    assert by_pytorch == pytest.approx(by_tensorflow, rel=1e-4)


def test_a_folder_says_which_classes_there_are_and_can_be_an_encoder_again(folder: Path) -> None:
    carried = folder / "carried-bert-pytorch"
    config = json.loads((carried / "config.json").read_text(encoding="utf-8"))
    assert config["id2label"] == {"0": "a", "1": "b", "2": "c", "3": "d"}
    checkpoint = describe(carried, "carried")
    assert checkpoint.family == "bert" and checkpoint.pooling == "mean" and not checkpoint.normalize
    assert not list(folder.glob(".carried*")), "no draft is left"
