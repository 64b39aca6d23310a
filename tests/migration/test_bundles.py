"""Serving bundles: unpacked as a person does it, started or run as their README says, and compared with the run they came from."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import FRAMEWORKS
from engine.errors import RunError
from engine.migration import optional_packages
from engine.migration.bundles.cutting import text_inputs_module
from engine.migration.bundles.kinds import BUNDLES, artifacts_needed
from engine.migration.bundles.making import make_bundle
from engine.migration.optional_packages import missing, missing_java
from engine.running.folder import Run
from tests.migration.conftest import PROJECT, call, craft, free_ports, serving
from tests.migration.crafting import craft_onnx
from tests.running.driving import PATIENCE


def texts_of_test(run: Run) -> list[str]:
    """The run's test texts in their order."""
    frame = run.data()
    assert frame is not None
    return [str(text) for text in frame[frame["split"] == "test"]["text"]]


def labels_of(run: Run, framework: str) -> list[str]:
    """What the run itself has answered to its test texts."""
    predictions, frame = run.predictions(framework), run.data()
    assert predictions is not None and frame is not None
    assert predictions["row"].tolist() == frame[frame["split"] == "test"]["row"].tolist()
    return predictions["prediction"].tolist()


def unpacked(bundle: Path, folder: Path) -> Path:
    with zipfile.ZipFile(bundle) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    return folder


def finished(command: list[str], folder: Path, **variables: str) -> str:
    answer = subprocess.run(
        command, cwd=folder, env=os.environ | variables, capture_output=True, text=True, encoding="utf-8", timeout=PATIENCE
    )
    assert answer.returncode == 0, answer.stderr[-3000:]
    return answer.stdout


def absent(reason: str) -> None:
    """Skip for want of a package; in continuous integration, where it is installed, that is a failure."""
    if reason:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


# --- HTTP ----------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def http(trained: Run, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The address of a running server."""
    absent(missing("fastapi"))
    folder = tmp_path_factory.mktemp("http")
    artifacts = {framework: craft_onnx(trained, framework, folder / framework) for framework in FRAMEWORKS}
    place = unpacked(make_bundle("http", "pytorch", trained, artifacts, folder), folder / "unpacked")
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    with serving([sys.executable, "server.py", "--port", str(port)], place, f"{address}/health"):
        yield address, place


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


def test_torchserve_answers_as_the_run_did(trained: Run, tmp_path: Path) -> None:
    absent(missing("torchserve", "torch-model-archiver") or missing_java())
    artifact = craft("pytorch", trained, tmp_path / "exported")
    place = unpacked(make_bundle("torchserve", "pytorch", trained, {"pytorch": artifact}, tmp_path), tmp_path / "unpacked")
    assert "no longer maintained" in (place / "README.md").read_text(encoding="utf-8")
    ports = free_ports(5)
    settings = (place / "config.properties").read_text(encoding="utf-8")
    for usual, port in zip(("8080", "8081", "8082", "7070", "7071"), ports, strict=True):
        settings = settings.replace(usual, str(port))
    (place / "config.properties").write_text(settings, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "ts.model_server",
        "--start",
        "--foreground",
        "--disable-token-auth",
        "--ts-config",
        "config.properties",
    ]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # its workers are whatever python comes first
    address = f"http://127.0.0.1:{ports[0]}"
    with serving(command, place, f"{address}/ping", PATH=path, TEMP=str(tmp_path)):
        texts = texts_of_test(trained)
        status, found = call(f"{address}/predictions/classifier", {"texts": texts})
        assert status == 200 and [answer["label"] for answer in found["answers"]] == labels_of(trained, "pytorch")
        status, found = call(f"{address}/predictions/classifier", {"texts": []})
        assert status == 400 and "Expected a list “texts” of strings" in found["error"]


# --- TensorFlow Serving --------------------------------------------------------------------------------------------------------------


def test_the_saved_model_is_what_tensorflow_serving_loads(trained: Run, tmp_path: Path) -> None:
    artifact = craft("tensorflow", trained, tmp_path / "exported")
    place = unpacked(make_bundle("tf-serving", "tensorflow", trained, {"tensorflow": artifact}, tmp_path), tmp_path / "unpacked")
    tool = [str(Path(sys.executable).parent / "saved_model_cli")]
    version = str(place / "models" / "classifier" / "1")
    shown = finished([*tool, "show", "--dir", version, "--tag_set", "serve", "--signature_def", "serving_default"], place)
    assert "inputs['shares']" in shown and "outputs['logits']" in shown and "DT_FLOAT" in shown
    rows = np.array(json.loads((place / "request.json").read_text(encoding="utf-8"))["instances"], np.float32)
    np.save(place / "rows.npy", rows)
    finished(
        [*tool, "run", "--dir", version, "--tag_set", "serve", "--signature_def", "serving_default", "--inputs", "shares=rows.npy",
         "--outdir", str(tmp_path / "answers")],
        place,
    )  # fmt: skip
    logits = np.load(tmp_path / "answers" / "logits.npy")
    labels = json.loads((place / "labels.json").read_text(encoding="utf-8"))
    assert [labels[number] for number in logits.argmax(axis=1)] == labels_of(trained, "tensorflow")[: len(rows)]


# --- SageMaker -----------------------------------------------------------------------------------------------------------------------

ASK = """
import json, sys
import inference
texts = inference.input_fn(sys.stdin.read(), "application/json")
answers = []
for folder in sys.argv[1:]:
    model = inference.model_fn(folder)
    answer, kind = inference.output_fn(inference.predict_fn(texts, model), "application/json")
    assert kind == "application/json"
    answers.append(json.loads(answer)["answers"])
plain = inference.predict_fn(inference.input_fn(b"one text", "text/plain"), model)
assert len(plain) == 1
for refused in (lambda: inference.input_fn("x", "image/png"), lambda: inference.output_fn(plain, "text/csv")):
    try:
        refused()
    except ValueError as error:
        print(error, file=sys.stderr)
    else:
        raise SystemExit("was not refused")
print(json.dumps(answers))
"""


def ask(folders: list[Path], texts: list[str]) -> list[list[str]]:
    """The labels that ``inference.py`` gives with each model folder, in a process that sees nothing of Parity."""
    answer = subprocess.run(
        [sys.executable, "-c", ASK, *map(str, folders)], cwd=folders[-1] / "code", input=json.dumps({"texts": texts}), capture_output=True,
        text=True, timeout=PATIENCE, env=os.environ | {"SM_NUM_GPUS": "0", "PYTHONPATH": ""},
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr[-3000:]
    assert "image/png is not known. Expected application/json or text/plain" in answer.stderr and "text/csv" in answer.stderr
    return [[one["label"] for one in answers] for answers in json.loads(answer.stdout.splitlines()[-1])]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_sagemaker_trains_and_answers_under_its_variables(trained: Run, framework: str, tmp_path: Path) -> None:
    place = unpacked(make_bundle("sagemaker", framework, trained, {}, tmp_path), tmp_path / "unpacked")
    finished(["tar", "-xzf", "model.tar.gz", "--one-top-level=shipped"], place)
    model = tmp_path / "model"
    variables = {"SM_CHANNEL_TRAINING": str(place / "training"), "SM_MODEL_DIR": str(model), "SM_NUM_GPUS": "0"}
    train = [sys.executable, "-I", "source/train.py"]
    printed = finished([*train, "--epochs", "2", "--hidden_units", "8", "--model_dir", "s3://bucket/job/model"], place, **variables)
    assert "Epoch   2" in printed and "Epoch   3" not in printed
    facts = json.loads((model / "model.json").read_text(encoding="utf-8"))
    assert facts["hidden_units"] == 8
    assert {path.name for path in model.iterdir()} >= {path.name for path in (place / "shipped").iterdir()}
    predictions = (model / "predictions.csv").read_text(encoding="utf-8").splitlines()[1:]
    of_shipped, of_trained = ask([place / "shipped", model], texts_of_test(trained))
    assert of_shipped == labels_of(trained, framework)
    assert of_trained == [line.split(",")[0] for line in predictions]


def test_a_training_job_says_what_it_lacks(trained: Run, tmp_path: Path) -> None:
    place = unpacked(make_bundle("sagemaker", "pytorch", trained, {}, tmp_path), tmp_path / "unpacked")
    (tmp_path / "empty").mkdir()
    train = [sys.executable, "-I", "source/train.py"]
    answer = subprocess.run(
        train, cwd=place, capture_output=True, text=True, timeout=PATIENCE,
        env=os.environ | {"SM_CHANNEL_TRAINING": str(tmp_path / "empty"), "SM_MODEL_DIR": str(tmp_path / "model")},
    )  # fmt: skip
    assert answer.returncode == 1 and "There is no data.csv" in answer.stderr


# --- What all have in common ---------------------------------------------------------------------------------------------------------


def test_code_in_bundles_knows_nothing_of_parity() -> None:
    assert "from engine" not in text_inputs_module() and "import engine" not in text_inputs_module()
    compile(text_inputs_module(), "text_inputs.py", "exec")
    for path in (PROJECT / "engine" / "migration" / "bundles" / "templates").rglob("*.py"):
        assert "from engine" not in path.read_text(encoding="utf-8"), path.name


def test_bundles_are_refused_in_words(trained: Run, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"no bundle “zip”\. Expected one of tf-serving, torchserve, http, sagemaker"):
        artifacts_needed("zip", "pytorch")
    with pytest.raises(RunError, match="TorchServe serves PyTorch only, found tensorflow"):
        artifacts_needed("torchserve", "tensorflow")
    with pytest.raises(RunError, match=r"made of an exported model \(onnx, onnx\), and there is none"):
        make_bundle("http", "pytorch", trained, {}, tmp_path)
    assert not list(tmp_path.iterdir())
    assert "no longer maintained" in BUNDLES["torchserve"].caution


def test_what_is_missing_is_said_with_the_command_that_adds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(optional_packages.importlib.util, "find_spec", lambda name: None if name in ("ts", "fastapi") else found(name))
    assert missing("fastapi", "torchserve") == (
        "fastapi and torchserve are not installed. Add them with `pip install -r requirements-export.txt`, then try again."
    )
    monkeypatch.setattr(optional_packages.shutil, "which", lambda name: None)
    missing_java.cache_clear()
    assert "Java 17 or later, found none" in missing_java()
    missing_java.cache_clear()
