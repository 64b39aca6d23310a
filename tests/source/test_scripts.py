"""The standalone scripts, really executed away from the engine: they reach the test accuracy and the answers of their run."""

from __future__ import annotations

import ast
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest

from engine import FRAMEWORKS
from engine.data.choice import DataChoice
from engine.data.store import DatasetStore
from engine.runs.experiment import Experiment
from engine.runs.folder import Run, create_run, home
from engine.runs.preparing.inputs import Inputs
from engine.runs.records.results import EncodingFacts, FrameworkResults, Results
from engine.runs.status import Status
from engine.shared.classifiers import CLASSIFIERS
from engine.shared.recipe import Recipe
from engine.shared.weights.initial import WEIGHTS
from engine.source.script_settings import DATA_NAME
from engine.source.scripts import COLUMNS, SCRIPT_NAMES, data_file, import_lines, notebook, obstacle_to_scripts, standalone_script
from tests.driving import write_tiny_encoder
from tests.prepared_runs import EVERYTHING, RUFF, prepared_run

PROJECT = Path(__file__).parents[2]
AWKWARD = '=1+1, she said "no"\r\nsecond line\twith a tab, größer, 🙂'

COMPILED = "tfidf-mlp"
CASES: dict[str, dict[str, Any]] = {
    COMPILED: {"classifier": "tfidf-mlp", "learning_rate": 0.01, "hidden_units": 32},
    "transformer": {"classifier": "transformer", "learning_rate": 0.005, "epochs": 2},
    "bi-lstm": {"classifier": "bi-lstm", "learning_rate": 0.02, "hidden_units": 16},
    "text-cnn, windows and class weights": {
        "classifier": "text-cnn", "long_texts": "windows", "max_tokens": 12, "class_weights": "balanced", "embedding_size": 32,
        "filters": 16,
    },
    "embedding-mlp": {"classifier": "embedding-mlp", "learning_rate": 0.01, "hidden_units": 32},
    "tfidf-mlp, defaults": {"classifier": "tfidf-mlp", "mode": "defaults", "learning_rate": 0.01, "hidden_units": 32, "weight_decay": 0.1},
}  # fmt: skip
"""What is really trained, the slowest first; the scripts of one are run compiled, too."""

COMPILES = shutil.which("g++") or shutil.which("clang++")
"""What ``torch.compile`` needs on the CPU."""


def sixty_rows() -> bytes:
    """Twelve messages of each department of the sample; one of them with everything that a CSV file can be broken by."""
    frame = pandas.read_csv(PROJECT / "assets" / "support_messages.csv", dtype=str)
    frame = frame.groupby("department").head(12)[["message", "department"]].reset_index(drop=True)
    frame.loc[0, "message"] += AWKWARD
    return frame.to_csv(index=False).encode()


@dataclass
class Ended:
    """A run that was really trained, and the scripts that were made of it and run in folders that hold nothing else."""

    run: Run
    folder: Path
    output: dict[str, str]
    """By framework: what the script printed."""

    def answers(self, framework: str, compiled: bool = False) -> pandas.DataFrame:
        folder = self.folder / "compiled" if compiled else self.folder
        return pandas.read_csv(folder / f"{framework}_predictions.csv", keep_default_na=False)


def execute(run: Run, framework: str, folder: Path) -> str:
    """What the run's script prints, in a folder that holds its data and nothing else."""
    folder.mkdir(exist_ok=True)
    (folder / DATA_NAME).write_bytes(data_file(run))
    file = folder / f"{SCRIPT_NAMES[framework]}.py"
    file.write_text(standalone_script(run, framework), encoding="utf-8")
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    # -I: neither this folder nor any other of the person's own can be imported from.
    answer = subprocess.run(
        [sys.executable, "-I", file.name], cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=280
    )
    assert answer.returncode == 0, answer.stderr[-3000:]
    return answer.stdout


def train_and_execute(run: Run, folder: Path, compiled: Run | None) -> Ended:
    """Train, then run both scripts, and those of the run that would be compiled."""
    places = {"PARITY_RUNS": str(run.path.parent), "PARITY_LOCK": str(folder / "machine.lock")}  # nothing is timed: cases may overlap
    run.write_status(Status())  # it may have waited for longer than a run is believed to be about to start
    coordinator = [sys.executable, "-m", "engine.runs.processes.entry", "engine.runs.coordinator", str(run.path)]
    folder.mkdir()
    subprocess.run(coordinator, cwd=PROJECT, env=os.environ | places, check=True, timeout=280)
    assert run.read_status().state == "done", run.read_status().message
    ended = Ended(run, folder, {framework: execute(run, framework, folder) for framework in FRAMEWORKS})
    if compiled is not None:
        shutil.copyfile(run.data_file, compiled.data_file)
        for framework in FRAMEWORKS:
            execute(compiled, framework, folder / "compiled")
    return ended


@pytest.fixture(scope="module")
def ended(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Ended]]:
    """The cases that the selected tests ask for, two at a time."""
    folder = tmp_path_factory.mktemp("scripts")
    encoder = write_tiny_encoder(folder / "encoder")
    asked = {item.callspec.params.get("case") for item in request.session.items if hasattr(item, "callspec")}
    waiting: dict[str, Future[Ended]] = {}
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setenv("PARITY_RUNS", str(folder / "runs"))
        dataset = DatasetStore(home() / "_datasets").add("sixty.csv", sixty_rows())
        choice = DataChoice(dataset=dataset.identifier, name="sixty.csv", text=("message",), label="department", test_share=0.3)
        for case, changes in CASES.items():
            if case in asked:
                common = {"encoder": str(encoder), "epochs": 3, "batch_size": 8, "patience": 2, "device": "cpu", "threads": 1}
                experiment = Experiment.recommended(choice, **(common | changes))
                compiled = create_run(replace(experiment, compiled=True)) if case == COMPILED and COMPILES else None
                place = folder / case.replace(", ", "-").replace(" ", "-")
                waiting[case] = pool.submit(train_and_execute, create_run(experiment), place, compiled)
        yield lambda case: waiting[case].result()


@pytest.fixture
def unfinished() -> Run:
    return create_run(Experiment(DataChoice(dataset="sample", name="support_messages.csv", text=("message",), label="department")))


# --- Scripts that are really run --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_script_of_a_small_run_reaches_what_it_reached(sample_run: Run, tmp_path: Path, framework: str) -> None:
    folder = tmp_path / "script"
    assert_same_figures(Ended(sample_run, folder, {framework: execute(sample_run, framework, folder)}), framework)


@pytest.mark.thorough
@pytest.mark.timeout(600)
@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("case", CASES)
def test_the_script_reaches_what_the_run_reached(ended: Callable[[str], Ended], case: str, framework: str) -> None:
    assert_same_figures(ended(case), framework)


def assert_same_figures(finished: Ended, framework: str) -> None:
    """What the script printed and wrote is what the run has recorded."""
    expected, predictions = finished.run.read_results().frameworks[framework], finished.run.read_predictions(framework)
    output, answers = finished.output[framework], finished.answers(framework)
    assert f"Test accuracy: {expected.test_accuracy:.6f}" in output
    assert f"Test accuracy of the run: {expected.test_accuracy:.6f}" in output
    losses = re.findall(r"Epoch .*: training loss ([\d.]+), validation loss ([\d.]+)", output)
    of_the_run = zip(expected.epoch_train_loss, expected.epoch_validation_loss, strict=True)
    assert losses == [(f"{first:.4f}", f"{second:.4f}") for first, second in of_the_run]
    assert answers["prediction"].tolist() == predictions["prediction"].tolist()
    assert np.allclose(answers.iloc[:, 1:], predictions[[f"p{number}" for number in range(answers.shape[1] - 1)]], atol=1e-4)
    assert "Example: " in output
    assert (finished.folder / f"{framework}_model.safetensors").stat().st_size == expected.model_bytes


@pytest.mark.thorough
@pytest.mark.timeout(600)
@pytest.mark.skipif(not COMPILES, reason="torch.compile needs a C++ compiler on the CPU")
@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("case", [COMPILED])
def test_compiled_it_answers_the_same(ended: Callable[[str], Ended], case: str, framework: str) -> None:
    finished = ended(case)
    assert "COMPILED = True" in (finished.folder / "compiled" / f"{SCRIPT_NAMES[framework]}.py").read_text(encoding="utf-8")
    answers, uncompiled = finished.answers(framework, compiled=True), finished.answers(framework)
    assert answers["prediction"].tolist() == uncompiled["prediction"].tolist()
    assert np.allclose(answers.iloc[:, 1:], uncompiled.iloc[:, 1:], atol=1e-4)


# --- What stands in them ----------------------------------------------------------------------------------------------------------------

WRITTEN = {f"{name}{suffix}": (name, changes) for name in CLASSIFIERS for suffix, changes in (("", {}), (", everything", EVERYTHING))}
NEEDED = {
    "pytorch": {"vectors": {"transformers", "huggingface_hub", "tokenizers"}, "pieces": {"transformers", "huggingface_hub", "tokenizers"},
                "words": {"tokenizers"}, "terms": {"sklearn"}},
    "tensorflow": {"vectors": {"keras_hub", "huggingface_hub", "tokenizers"}, "pieces": {"keras_hub", "huggingface_hub", "tokenizers"},
                   "words": {"tokenizers"}, "terms": {"sklearn"}},
}  # fmt: skip
ALWAYS = {"pytorch": {"torch", "numpy", "safetensors"}, "tensorflow": {"tensorflow", "keras", "numpy", "safetensors"}}


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize(("classifier", "changes"), WRITTEN.values(), ids=WRITTEN)
def test_a_script_is_whole_and_holds_nothing_that_is_not_needed(classifier: str, changes: dict[str, Any], framework: str) -> None:
    """No name is undefined, defined twice or imported in vain, and what is to be installed is what is imported."""
    script = standalone_script(prepared_run(classifier, **changes), framework)
    found = subprocess.run([*RUFF, "-"], input=script, capture_output=True, text=True, encoding="utf-8")
    assert found.returncode == 0, found.stdout
    modules = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(script))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    } - set(sys.stdlib_module_names)
    assert modules == ALWAYS[framework] | NEEDED[framework][CLASSIFIERS[classifier].takes]
    install = re.search("pip install (.*)", script)[1].split()
    assert set(install) == {{"keras_hub": "keras-hub", "sklearn": "scikit-learn"}.get(name, name) for name in modules}
    defined = {node.name for node in ast.parse(script).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    assert not defined & ({function.__name__ for function in WEIGHTS.values()} - {WEIGHTS[classifier].__name__})
    assert ("over_windows" in defined) == (bool(changes) and CLASSIFIERS[classifier].sequences)
    assert ("use_precision" in defined) == bool(changes)


CELLS = [
    "The run's settings",
    "Made once",
    "Load the pre-trained model",
    "Build",
    "Train and evaluate",
    "Classify",
    "Save",
    "Use as many threads",
    "Run",
]


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_the_notebook_holds_the_script(classifier: str, framework: str) -> None:
    script = standalone_script(prepared_run(classifier, threads=2), framework)
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
    expected = [title for title in CELLS if CLASSIFIERS[classifier].pretrained or title != "Load the pre-trained model"]
    assert all(title.startswith(f"# %% {start}") for title, start in zip(titles, expected, strict=True)), titles


def test_the_settings_are_those_of_the_run_as_far_as_they_concern_it() -> None:
    settings = settings_of(standalone_script(prepared_run("bi-lstm", learning_rate=0.002, class_weights="x=3"), "pytorch"))
    assert settings["LEARNING_RATE"] == 0.002 and settings["CLIP_NORM"] == 1.0 and settings["HIDDEN_UNITS"] == 128
    assert settings["CLASS_WEIGHTS"] == {"x": 3.0, "y": 1.0}
    assert not {"FILTERS", "POOLING", "OWN", "COMPILED", "DECAY_STEPS", "STEPS_PER_CALL", "ACCURACY_OF_THE_RUN"} & set(settings)
    settings = settings_of(standalone_script(prepared_run("transformer", epochs=5, batch_size=3), "tensorflow"))
    assert (settings["WARMUP_STEPS"], settings["DECAY_STEPS"]) == (2, 15) and settings["HIDDEN_SIZE"] == 384
    assert "HIDDEN_UNITS" not in settings and "VOCABULARY_SIZE" not in settings


def test_a_run_that_was_cut_short_is_trained_as_long_with_the_schedule_of_all_its_epochs() -> None:
    run = prepared_run("transformer", epochs=5, batch_size=3)
    side = FrameworkResults(stop_reason="stopped", epoch_train_loss=(1.0, 0.9), test_accuracy=0.5, device="cpu", threads=2)
    run.write_results(Results(frameworks={"pytorch": side}))
    settings = settings_of(standalone_script(run, "pytorch"))
    assert settings["EPOCHS"] == 2 and settings["DECAY_STEPS"] == 15
    assert settings["THREADS"] == 2 and settings["ACCURACY_OF_THE_RUN"] == 0.5


def settings_of(script: str) -> dict[str, Any]:
    """The constants of a script's settings that are plain values."""
    cell = next(cell for cell in script.split("\n\n\n") if cell.startswith("# %% The run's settings"))
    values = {}
    for node in ast.parse(cell).body:
        try:
            values[node.targets[0].id] = ast.literal_eval(node.value)
        except ValueError:
            values[node.targets[0].id] = ast.unparse(node.value)
    return values


def test_every_part_of_a_recipe_reaches_its_script() -> None:
    """A new field of ``Recipe`` that differs from its default is not forgotten."""
    script = standalone_script(prepared_run("transformer", **EVERYTHING), "tensorflow")
    (call,) = [node for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Call) and ast.unparse(node.func) == "Recipe"]
    constants = {"beta_1", "beta_2", "epsilon", "steps_per_call"}  # which no setting of a run changes, or here does not change
    assert {keyword.arg for keyword in call.keywords} == {item.name for item in fields(Recipe)} - constants


def test_the_data_file_holds_every_text_exactly() -> None:
    run = prepared_run("tfidf-mlp")
    frame = run.read_data()
    frame.loc[0, "text"] = AWKWARD
    frame.to_parquet(run.data_file, index=False)
    rows = list(csv.DictReader(io.StringIO(data_file(run).decode("utf-8"), newline="")))
    assert [tuple(row) for row in rows] == [COLUMNS] * len(frame)
    assert [[row[name] for name in COLUMNS] for row in rows] == frame[list(COLUMNS)].to_numpy().tolist()


def test_names_from_outside_cannot_become_code(tmp_path: Path) -> None:
    """A local encoder's folder and a class may be called anything."""
    name = 'a\'b"""\nimport antigravity #\\'
    odd = tmp_path / name
    odd.symlink_to(bundled_folder(), target_is_directory=True)
    run = prepared_run("transformer", encoder=str(odd), class_weights="balanced")
    frame = run.read_data()
    frame["label"] = frame["label"].replace("x", name)
    frame.to_parquet(run.data_file, index=False)
    script = standalone_script(run, "pytorch")
    assert "import antigravity" not in [line.strip() for line in script.splitlines()]
    texts = [node.value for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Constant)]
    assert str(odd) in texts and name in texts


def test_a_hub_model_is_named_with_the_version_that_the_run_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    snapshot = tmp_path / "models--somebody--model" / "snapshots" / "0123abcd"
    snapshot.parent.mkdir(parents=True)
    snapshot.symlink_to(bundled_folder(), target_is_directory=True)
    nothing = np.empty(0, np.int64)
    inputs = Inputs(nothing, {}, nothing, 2, encoder=str(snapshot))
    monkeypatch.setattr("engine.source.script_settings.load_inputs", lambda run: inputs)
    script = standalone_script(prepared_run("embedding-mlp", encoder="somebody/model"), "tensorflow")
    assert "snapshot_download('somebody/model', revision='0123abcd', allow_patterns=ENCODER_FILES)" in script


@pytest.mark.parametrize(("precision", "argument"), [("bfloat16", ', precision="bfloat16")'), ("float32", ")")])
def test_a_script_encodes_in_the_precision_of_the_run(precision: str, argument: str) -> None:
    run = prepared_run("embedding-mlp")
    run.write_encoding(EncodingFacts(16, 0, 1.0, 16.0, precision))
    script = standalone_script(run, "pytorch")
    assert f"    encoder = load_encoder(folder, DEVICE{argument}" in script
    assert subprocess.run([*RUFF, "-"], input=script, text=True, capture_output=True).returncode == 0


def bundled_folder() -> Path:
    from engine.shared.encoders.checkpoint import bundled_checkpoint

    return bundled_checkpoint().folder


def test_a_run_without_rows_says_why_there_is_no_script(unfinished: Run) -> None:
    assert "has not read its texts" in obstacle_to_scripts(unfinished)


def test_class_weights_that_do_not_fit_the_data_say_why_there_is_no_script() -> None:
    assert "The class weights name “z”" in obstacle_to_scripts(prepared_run("bi-lstm", class_weights="z=2"))
    assert obstacle_to_scripts(prepared_run("bi-lstm", class_weights="x=2")) is None


def test_code_of_an_earlier_version_gives_way_to_the_present_one() -> None:
    run = prepared_run("embedding-mlp")
    run.write_code({"engine/frameworks/pytorch/training.py": "def train(): ..."})
    assert "def make_optimizer(" in standalone_script(run, "pytorch")


def test_imports_of_one_module_share_a_line() -> None:
    standard, others = import_lines({"from a import c", "from a import b", "import os", "import torch"})
    assert (standard, others) == (["import os"], ["import torch", "from a import b, c"])
