"""Serving bundles: made of a trained run and its real exports, whole or not at all; SageMaker’s scripts under its variables."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from engine import FRAMEWORKS
from engine.__main__ import main
from engine.errors import RunError
from engine.runs.folder import Run
from engine.serving import archive
from engine.serving.archive import safe_member
from engine.serving.bundles import make_bundle
from engine.serving.engine_code import text_inputs_module
from engine.serving.kinds import BUNDLES, artifacts_needed
from engine.studies.export import optional_packages
from engine.studies.export.optional_packages import missing, missing_java
from engine.studies.export.request import manifests
from tests.bundle_use import (
    PROJECT,
    BundleOf,
    absent,
    labels_of,
    readme_commands,
    shell,
    texts_of_test,
    unpacked,
)
from tests.driving import PATIENCE

# --- SageMaker -----------------------------------------------------------------------------------------------------------------------

ASK = """
import json, sys
import inference
example = inference.input_fn(open(sys.argv[1], encoding="utf-8").read())
texts = inference.input_fn(sys.stdin.read(), "application/json")
answers = []
for folder in sys.argv[2:]:
    model = inference.model_fn(folder)
    answer, kind = inference.output_fn(inference.predict_fn(texts, model), "application/json")
    assert kind == "application/json"
    answers.append(json.loads(answer)["answers"])
assert [one["label"] for one in inference.predict_fn(example, inference.model_fn(sys.argv[2]))] == [one["label"] for one in answers[0][:2]]
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


def ask(example: Path, folders: list[Path], texts: list[str]) -> list[list[str]]:
    """The labels that ``inference.py`` gives with each model folder, in a process that sees nothing of Parity."""
    answer = subprocess.run(
        [sys.executable, "-c", ASK, str(example), *map(str, folders)], cwd=folders[-1] / "code", input=json.dumps({"texts": texts}),
        capture_output=True, text=True, timeout=PATIENCE, env=os.environ | {"SM_NUM_GPUS": "0", "PYTHONPATH": ""},
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr[-3000:]
    assert "image/png is not known. Expected application/json or text/plain" in answer.stderr and "text/csv" in answer.stderr
    return [[one["label"] for one in answers] for answers in json.loads(answer.stdout.splitlines()[-1])]


@pytest.mark.thorough
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_sagemaker_trains_and_answers_under_its_variables(trained: Run, bundle_of: BundleOf, framework: str, tmp_path: Path) -> None:
    place = unpacked(bundle_of("sagemaker", framework), tmp_path / "unpacked")
    shell("tar -xzf model.tar.gz --one-top-level=shipped", place)
    commands = readme_commands(place)
    assert commands[0] == "pip install -r source/requirements.txt"
    assert commands[1].startswith("SM_CHANNEL_TRAINING=training SM_MODEL_DIR=model SM_NUM_GPUS=0 python source/train.py --epochs 3")
    printed = shell(f"{commands[1]} --hidden_units 8 --model_dir s3://bucket/job/model", place)
    assert "Epoch   3" in printed and "Epoch   4" not in printed
    model = place / "model"
    facts = json.loads((model / "model.json").read_text(encoding="utf-8"))
    assert facts["hidden_units"] == 8
    assert {path.name for path in model.iterdir()} >= {path.name for path in (place / "shipped").iterdir()}
    predictions = (model / "predictions.csv").read_text(encoding="utf-8").splitlines()[1:]
    of_shipped, of_trained = ask(place / "request.json", [place / "shipped", model], texts_of_test(trained))
    assert of_shipped == labels_of(trained, framework)
    assert of_trained == [line.split(",")[0] for line in predictions]


@pytest.mark.thorough
def test_a_training_job_says_what_it_lacks(bundle_of: BundleOf, tmp_path: Path) -> None:
    place = unpacked(bundle_of("sagemaker", "pytorch"), tmp_path / "unpacked")
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
    templates = list((PROJECT / "engine" / "serving" / "templates").rglob("*.py"))
    assert len(templates) >= 4, "where have they gone?"
    for path in templates:
        assert "from engine" not in path.read_text(encoding="utf-8"), path.name


@pytest.mark.thorough
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("bundle", "framework"), [(name, framework) for name, kind in BUNDLES.items() for framework in kind.frameworks])
def test_every_bundle_holds_what_its_readme_promises(
    bundle_of: BundleOf, trained: Run, monkeypatch: pytest.MonkeyPatch, bundle: str, framework: str
) -> None:
    absent(missing(*BUNDLES[bundle].packages))
    file = bundle_of(bundle, framework)
    assert file.name == f"{bundle}-{trained.identifier}.zip"
    assert [path.name for path in file.parent.iterdir() if path.name.startswith(".")] == [], "no draft is left"
    with zipfile.ZipFile(file) as packed:
        names = packed.namelist()
        labels = json.loads(packed.read("labels.json"))
    assert {"README.md", "request.json", "labels.json"} <= set(names) and all(safe_member(name) == name for name in names)
    assert trained.read_results() is not None and tuple(labels) == trained.read_results().data.classes
    model = {"http": "models/tensorflow/model.onnx", "tf-serving": "models/classifier/1/saved_model.pb", "sagemaker": "model.tar.gz"}
    assert model.get(bundle, "model-store/classifier.mar") in names
    if bundle == "http":
        monkeypatch.setenv("PARITY_RUNS", str(trained.path.parent))
        made = {(manifest.framework, manifest.format) for manifest in manifests(trained)}
        assert made >= {("pytorch", "onnx"), ("tensorflow", "onnx")} and "models/pytorch/vocabulary.json" in names


def test_a_full_disk_leaves_no_half_bundle_and_the_old_one_whole(trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / f"sagemaker-{trained.identifier}.zip").write_bytes(b"of before")
    opened, written = archive._opened, []

    def full_after_two(content: bytes | Path) -> Any:
        written.append(content)
        if len(written) > 2:
            raise OSError(28, "No space left on device")
        return opened(content)

    monkeypatch.setattr(archive, "_opened", full_after_two)
    with pytest.raises(RunError, match=r"could not be made in .*No space left on device.*Check the free space"):
        make_bundle("sagemaker", "pytorch", trained, {}, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f"sagemaker-{trained.identifier}.zip"]
    assert (tmp_path / f"sagemaker-{trained.identifier}.zip").read_bytes() == b"of before"


def test_two_bundles_of_one_run_at_once_are_both_whole(trained: Run, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        kinds = ["pytorch", "tensorflow"] * 2  # two pairs ask for the same file
        made = list(pool.map(lambda name: make_bundle("sagemaker", name, trained, {}, tmp_path / name), kinds))
    assert made[0] == made[2] and made[1] == made[3]
    for file in made[:2]:
        with zipfile.ZipFile(file) as packed:
            assert packed.testzip() is None
        assert list(file.parent.iterdir()) == [file], "no draft is left"


def test_bundles_are_refused_in_words(trained: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outside = ["export", "../../etc", "--framework", "pytorch", "--format", "sagemaker"]
    assert main(outside) == 1 and "is not the name of a run" in capsys.readouterr().err
    of_other = ["export", trained.identifier, "--framework", "tensorflow", "--format", "torchserve", "--runs-dir", str(trained.path.parent)]
    assert main(of_other) == 1 and "TorchServe serves PyTorch only, found tensorflow" in capsys.readouterr().err
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
