"""SageMaker's two scripts for every classifier: nothing undefined, nothing unused, and the schedule follows the data of the job."""

from __future__ import annotations

import ast
import subprocess
from typing import Any

import pytest

from engine import FRAMEWORKS
from engine.serving.sagemaker_code import inference_source, train_source
from engine.shared.classifiers import CLASSIFIERS
from tests.prepared_runs import EVERYTHING, RUFF, prepared_run

WRITTEN = {f"{name}{suffix}": (name, changes) for name in CLASSIFIERS for suffix, changes in (("", {}), (", everything", EVERYTHING))}


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("case", WRITTEN)
def test_both_scripts_are_whole(case: str, framework: str) -> None:
    classifier, changes = WRITTEN[case]
    run = prepared_run(classifier, **changes)
    for script in (train_source(run, framework), inference_source(run, framework)):
        found = subprocess.run([*RUFF, "-"], input=script, capture_output=True, text=True, encoding="utf-8")
        assert found.returncode == 0, found.stdout
        assert "from engine" not in script and "import engine" not in script
        assert not {"from request_texts", "from text_inputs"} & set(script.splitlines())
    defined = {node.name for node in ast.parse(inference_source(run, framework)).body if isinstance(node, ast.FunctionDef)}
    assert defined >= {"model_fn", "input_fn", "predict_fn", "output_fn"}


def test_hyper_parameters_and_what_follows_from_them() -> None:
    changes: dict[str, Any] = {"rate_schedule": "linear", "warmup_share": 0.25, "weight_decay": 0.1}
    script = train_source(prepared_run("text-cnn", **changes), "pytorch")
    for name in ("epochs", "batch_size", "learning_rate", "weight_decay", "filters", "embedding_size", "max_tokens", "vocabulary_size"):
        assert f'"{name}": {name.upper()},' in script and f"{name.upper()} = ARGUMENTS.{name}" in script
    assert "hidden_units" not in script.split("# %% What SageMaker hands in")[1].split("# %% Run")[0]
    assert "DECAY_STEPS = EPOCHS * math.ceil(TRAINING_ROWS / BATCH_SIZE)" in script
    assert "WARMUP_STEPS = round(EPOCHS * math.ceil(TRAINING_ROWS / BATCH_SIZE) * 0.25)" in script
    assert "THREADS" not in script


def test_a_training_job_brings_its_encoder_along() -> None:
    script = train_source(prepared_run("transformer"), "tensorflow")
    assert 'return Path(__file__).resolve().parent / "encoder"' in script and "snapshot_download" not in script
