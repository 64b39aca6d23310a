"""The servers of real bundles of a trained run, started and asked by the lines of their README, answer as the run did."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import FRAMEWORKS
from engine.runs.folder import Run
from engine.studies.export.optional_packages import missing, missing_java
from tests.bundle_use import (
    PROJECT,
    BundleOf,
    absent,
    call,
    free_ports,
    installed_as_asked,
    labels_of,
    readme_commands,
    serving,
    shell,
    texts_of_test,
    unpacked,
)

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(600)]

# --- HTTP ----------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def http(bundle_of: BundleOf, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a server that was started as its README says, on another port, and the folder of its bundle."""
    absent(missing("fastapi"))
    place = unpacked(bundle_of("http", "pytorch"), tmp_path_factory.mktemp("http") / "unpacked")
    commands = readme_commands(place)
    installed_as_asked(place, commands)
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    with serving(f"{commands[2]} --port {port}", place, f"{address}/health"):
        yield address, place


def test_the_line_of_the_readme_sends_the_example_to_the_server(http: tuple[str, Path]) -> None:
    address, place = http
    found = json.loads(shell(readme_commands(place)[3].replace("http://127.0.0.1:8080", address), place))
    example = json.loads((place / "request.json").read_text(encoding="utf-8"))
    assert list(found["answers"]) == list(FRAMEWORKS) and len(found["answers"]["pytorch"]) == len(example["texts"]) == 2


def test_the_server_answers_for_both_models_as_the_run_did(http: tuple[str, Path], trained: Run) -> None:
    address, place = http
    texts = texts_of_test(trained)
    status, found = call(f"{address}/classify", {"texts": texts})
    assert status == 200 and found["milliseconds"] > 0
    for framework in FRAMEWORKS:
        assert [answer["label"] for answer in found["answers"][framework]] == labels_of(trained, framework)
        assert all(abs(sum(answer["probabilities"].values()) - 1) < 1e-5 for answer in found["answers"][framework])
    example = json.loads((place / "request.json").read_text(encoding="utf-8"))
    status, one = call(f"{address}/classify", example | {"framework": "tensorflow"})
    assert status == 200 and list(one["answers"]) == ["tensorflow"] and len(one["answers"]["tensorflow"]) == len(example["texts"])


def test_the_server_says_that_it_is_well_and_what_it_takes(http: tuple[str, Path], trained: Run) -> None:
    address, place = http
    status, health = call(f"{address}/health")
    assert (status, health["status"], health["models"], health["run"]) == (200, "ok", list(FRAMEWORKS), trained.identifier)
    assert health["labels"] == json.loads((place / "labels.json").read_text(encoding="utf-8"))
    status, description = call(f"{address}/openapi.json")
    assert status == 200 and {"/classify", "/health"} == set(description["paths"])
    limits = description["components"]["schemas"]["Question"]["properties"]["texts"]
    assert (limits["maxItems"], limits["items"]["maxLength"]) == (64, 20_000)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"{", 422, "not a JSON object"),
        (b"[]", 422, "not a JSON object"),
        ({}, 422, "Expected a list “texts”, found none"),
        ({"texts": "one"}, 422, "Expected a list “texts”, found str"),
        ({"texts": []}, 422, "is empty"),
        ({"texts": ["a", 3]}, 422, "Text 2 is not a valid string"),
        (b'{"texts": ["\\ud800"]}', 422, "Text 1 is not a valid string"),
        ({"texts": ["a"] * 65}, 422, "at most 64 texts, found 65"),
        ({"texts": ["a" * 20_001]}, 422, "Text 1 has more than 20,000 characters"),
        ({"texts": ["a"], "framework": "jax"}, 404, "no model “jax”. Expected pytorch or tensorflow"),
        ({"texts": ["a"], "top": 3}, 422, "“top” is not known here"),
    ],
)
def test_the_server_explains_what_is_wrong_with_a_request(http: tuple[str, Path], body: Any, status: int, words: str) -> None:
    code, answer = call(f"{http[0]}/classify", body)
    assert code == status and words in answer["error"], answer


def test_the_server_refuses_a_long_request_before_it_has_come(http: tuple[str, Path]) -> None:
    connection = HTTPConnection(http[0].removeprefix("http://"), timeout=60)
    connection.putrequest("POST", "/classify")
    connection.putheader("Content-Length", "8000001")
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413 and "at most 8,000,000 bytes" in json.load(answer)["error"]
    connection.close()
    code, counted = call(f"{http[0]}/classify", chunks())
    assert code == 413 and "at most 8,000,000 bytes" in counted["error"]


def chunks() -> Iterator[bytes]:
    """A body whose length nobody has declared."""
    yield b'{"texts": ["'
    for _ in range(8):
        yield b"a" * 1_000_000


# --- TorchServe ----------------------------------------------------------------------------------------------------------------------


def test_torchserve_answers_as_the_run_did(trained: Run, bundle_of: BundleOf, tmp_path: Path) -> None:
    absent(missing("torchserve", "torch-model-archiver") or missing_java())
    place = unpacked(bundle_of("torchserve", "pytorch"), tmp_path / "unpacked")
    assert "no longer maintained" in (place / "README.md").read_text(encoding="utf-8")
    commands = readme_commands(place)
    installed_as_asked(place, commands)
    ports = free_ports(5)
    settings = (place / "config.properties").read_text(encoding="utf-8")
    for usual, port in zip(("8080", "8081", "8082", "7070", "7071"), ports, strict=True):
        settings = settings.replace(usual, str(port))
    (place / "config.properties").write_text(settings, encoding="utf-8")
    address = f"http://127.0.0.1:{ports[0]}"
    with serving(commands[2], place, f"{address}/ping", TEMP=str(tmp_path)):
        example = json.loads(shell(commands[3].replace("http://127.0.0.1:8080", address), place))
        assert [answer["label"] for answer in example["answers"]] == labels_of(trained, "pytorch")[:2]
        status, found = call(f"{address}/predictions/classifier", {"texts": texts_of_test(trained)})
        assert status == 200 and [answer["label"] for answer in found["answers"]] == labels_of(trained, "pytorch")
        status, found = call(f"{address}/predictions/classifier", {"texts": []})
        assert status == 400 and "Expected a list “texts” of strings" in found["error"]
        status, found = call(f"{address}/predictions/classifier", {"texts": ["a"] * 65})
        assert status == 400 and "at most 64 texts, found 65" in found["error"]


# --- TensorFlow Serving --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tf_serving(bundle_of: BundleOf, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of its bundle."""
    return unpacked(bundle_of("tf-serving", "tensorflow"), tmp_path_factory.mktemp("tf-serving") / "unpacked")


def test_the_saved_model_is_what_tensorflow_serving_loads(tf_serving: Path, trained: Run) -> None:
    (look,) = re.findall(r"`(saved_model_cli show [^`]*)`", (tf_serving / "README.md").read_text(encoding="utf-8"))
    shown = shell(look, tf_serving)
    assert "signature_def['serving_default']" in shown and "inputs['shares']" in shown and "DT_FLOAT" in shown
    (output,) = re.findall(r"outputs\['(\w+)'\]", shown.split("signature_def['serving_default']")[1].split("signature_def[")[0])
    rows = np.array(json.loads((tf_serving / "request.json").read_text(encoding="utf-8"))["instances"], np.float32)
    np.save(tf_serving / "rows.npy", rows)
    signature = "--dir models/classifier/1 --tag_set serve --signature_def serving_default"
    shell(f"saved_model_cli run {signature} --inputs shares=rows.npy --outdir answers", tf_serving)
    logits = np.load(tf_serving / "answers" / f"{output}.npy")
    labels = json.loads((tf_serving / "labels.json").read_text(encoding="utf-8"))
    assert [labels[number] for number in logits.argmax(axis=1)] == labels_of(trained, "tensorflow")[: len(rows)]


def test_the_client_asks_in_the_format_of_tensorflow_serving(tf_serving: Path, trained: Run) -> None:
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    with pytest.raises(AssertionError, match=r"does not answer .*Start TensorFlow Serving as README.md says"):
        shell(f"python ask.py --address {address} hello", tf_serving)
    text = (tf_serving / "README.md").read_text(encoding="utf-8")
    client = text.split("```\n")[3].splitlines()
    installed_as_asked(tf_serving, client)
    server = f"{shlex.quote(sys.executable)} -m tests.serving.saved_model_server models/classifier classifier {port}"
    with serving(server, tf_serving, f"{address}/v1/models/classifier", PYTHONPATH=str(PROJECT)):
        sent = json.loads(shell(readme_commands(tf_serving)[1].replace("http://127.0.0.1:8501", address), tf_serving))
        logits = np.array(sent["predictions"])
        labels = json.loads((tf_serving / "labels.json").read_text(encoding="utf-8"))
        assert [labels[number] for number in logits.argmax(axis=1)] == labels_of(trained, "tensorflow")[:2]
        by_columns = {"inputs": json.loads((tf_serving / "request.json").read_text(encoding="utf-8"))["instances"]}
        assert call(f"{address}/v1/models/classifier:predict", by_columns) == (200, {"outputs": sent["predictions"]})

        assert client[2].startswith("environment/bin/python ask.py ")
        asked = " ".join(shlex.quote(text) for text in texts_of_test(trained))
        answers = [json.loads(line) for line in shell(f"{client[2]} {asked} --address {address}", tf_serving).splitlines()]
        assert [answer["label"] for answer in answers[1:]] == labels_of(trained, "tensorflow"), "the first is the example of the README"
        assert all(abs(sum(answer["probabilities"].values()) - 1) < 1e-5 for answer in answers)
        with pytest.raises(AssertionError, match=r"answered with 404: Malformed request.*Check the address"):
            shell(f"python ask.py --address {address}/elsewhere hello", tf_serving)
