"""The standalone scripts, really executed away from the engine: they reach the test accuracy and the answers of their run."""

from __future__ import annotations

import ast
import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas
import pytest

from engine import FRAMEWORKS
from engine.data.choice import DataChoice
from engine.data.store import DatasetStore
from engine.evidence.scripts import COLUMNS, DATA_NAME, SCRIPT_NAMES, data_file, import_lines, notebook, obstacle, standalone_script
from engine.running.experiment import Experiment
from engine.running.folder import Run, create_run, home
from engine.running.inputs import load_inputs

PROJECT = Path(__file__).parents[2]
OWN_PACKAGES = {"pytorch": {"torch", "transformers"}, "tensorflow": {"tensorflow", "keras", "keras_hub"}}
TOKENIZER_STACK = {"tokenizers", "huggingface_hub", "safetensors", "numpy"}
AWKWARD = '=1+1, she said "no"\r\nsecond line\twith a tab, größer, 🙂'
CELLS = ["The run's settings", "Made once", "Load the pre-trained model", "Build", "Train and evaluate", "Classify", "Save", "Run"]


def sixty_rows() -> bytes:
    """Twelve messages of each department of the sample; one of them with everything that a CSV file can be broken by."""
    frame = pandas.read_csv(PROJECT / "assets" / "support_messages.csv", dtype=str)
    frame = frame.groupby("department").head(12)[["message", "department"]].reset_index(drop=True)
    frame.loc[0, "message"] += AWKWARD
    return frame.to_csv(index=False).encode()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A small run of both frameworks, trained for real."""
    folder = tmp_path_factory.mktemp("scripts")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARITY_RUNS", str(folder / "runs"))
        patch.setenv("PARITY_LOCK", str(folder / "machine.lock"))
        dataset = DatasetStore(home() / "_datasets").add("sixty.csv", sixty_rows())
        choice = DataChoice(dataset=dataset.identifier, name="sixty.csv", text=("message",), label="department", test_share=0.3)
        run = create_run(Experiment(choice, epochs=12, batch_size=16, hidden_units=32, learning_rate=0.01, patience=3, device="cpu"))
        subprocess.run([sys.executable, "-m", "engine.running.coordinator", str(run.path)], cwd=PROJECT, check=True, timeout=280)
        assert run.status.state == "done", run.status.message
        yield run


@pytest.fixture
def unfinished() -> Run:
    return create_run(Experiment(DataChoice(dataset="sample", name="support_messages.csv", text=("message",), label="department")))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_script_reaches_what_the_run_reached(finished: Run, framework: str, tmp_path: Path) -> None:
    script = tmp_path / f"{SCRIPT_NAMES[framework]}.py"
    script.write_text(standalone_script(finished, framework), encoding="utf-8")
    (tmp_path / DATA_NAME).write_bytes(data_file(finished))
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    # -I: neither this folder nor any other of the person's own can be imported from.
    answer = subprocess.run(
        [sys.executable, "-I", script.name], cwd=tmp_path, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=280
    )
    assert answer.returncode == 0, answer.stderr[-3000:]

    expected, predictions = finished.results["frameworks"][framework], finished.predictions(framework)
    reached = float(re.search(r"Test accuracy: ([\d.]+)", answer.stdout)[1])
    assert abs(reached - expected["test_accuracy"]) <= 1 / len(predictions) + 1e-6
    assert f"Test accuracy of the run: {expected['test_accuracy']:.6f}" in answer.stdout
    assert answer.stdout.count("Epoch ") == len(expected["epoch_train_loss"]), "it stops after another epoch than the run"
    assert "Example: " in answer.stdout
    with open(tmp_path / f"{framework}_predictions.csv", encoding="utf-8", newline="") as file:
        answers = [row["prediction"] for row in csv.DictReader(file)]
    agreement = sum(mine == theirs for mine, theirs in zip(answers, predictions["prediction"], strict=True)) / len(answers)
    assert agreement >= 0.995
    assert (tmp_path / f"{framework}_model.safetensors").stat().st_size == expected["model_bytes"]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_script_knows_its_framework_and_the_tokenizer_only(finished: Run, framework: str) -> None:
    modules = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(standalone_script(finished, framework)))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    assert modules - set(sys.stdlib_module_names) == OWN_PACKAGES[framework] | TOKENIZER_STACK


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_notebook_holds_the_script(finished: Run, framework: str) -> None:
    script = standalone_script(finished, framework)
    book = json.loads(notebook(script))
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    assert set(book) == {"cells", "metadata", "nbformat", "nbformat_minor"}
    for cell in book["cells"]:
        assert cell["cell_type"] == "code" and cell["outputs"] == [] and cell["execution_count"] is None and cell["metadata"] == {}
        assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", cell["id"])
        compile("".join(cell["source"]), "cell", "exec")
    assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"])
    assert "\n\n\n".join("".join(cell["source"]) for cell in book["cells"]) + "\n" == script
    titles = [cell["source"][0] for cell in book["cells"][1:]]
    assert all(title.startswith(f"# %% {expected}") for title, expected in zip(titles, CELLS, strict=True)), titles


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_data_file_holds_every_text_exactly(finished: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(data_file(finished).decode("utf-8"), newline="")))
    frame = finished.data()
    assert [tuple(row) for row in rows] == [COLUMNS] * len(frame)
    assert [[row[name] for name in COLUMNS] for row in rows] == frame[list(COLUMNS)].to_numpy().tolist()
    assert any("=1+1" in row["text"] and "\n" in row["text"] for row in rows)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_names_from_outside_cannot_become_code(finished: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A local encoder's folder may be called anything."""
    odd = tmp_path / 'a\'b"""\nimport antigravity #'
    odd.symlink_to(bundled_folder(), target_is_directory=True)
    experiment = Experiment(finished.experiment.data, encoder=str(odd))
    monkeypatch.setattr(Run, "experiment", experiment)
    script = standalone_script(finished, "pytorch")
    assert "import antigravity" not in [line.strip() for line in script.splitlines()]
    texts = [node.value for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Constant)]
    assert str(odd) in texts


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hub_model_is_named_with_the_version_that_the_run_used(finished: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    snapshot = tmp_path / "models--somebody--model" / "snapshots" / "0123abcd"
    snapshot.parent.mkdir(parents=True)
    snapshot.symlink_to(bundled_folder(), target_is_directory=True)
    inputs = replace(load_inputs(finished), encoder=str(snapshot))
    monkeypatch.setattr(Run, "experiment", Experiment(finished.experiment.data, encoder="somebody/model"))
    monkeypatch.setattr("engine.evidence.scripts.load_inputs", lambda run: inputs)
    assert "snapshot_download('somebody/model', revision='0123abcd', allow_patterns=ENCODER_FILES)" in standalone_script(
        finished, "tensorflow"
    )


def bundled_folder() -> Path:
    from engine.neutral.checkpoint import bundled_checkpoint

    return bundled_checkpoint().folder


def test_a_run_without_rows_says_why_there_is_no_script(unfinished: Run) -> None:
    assert "has not read its texts" in obstacle(unfinished)


def test_imports_of_one_module_share_a_line() -> None:
    standard, others = import_lines({"from a import c", "from a import b", "import os", "import torch"})
    assert (standard, others) == (["import os"], ["import torch", "from a import b, c"])
