"""What may be asked of a run, and what is said about the rest."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest

from engine.data.store import sample_choice
from engine.errors import ExperimentError
from engine.runs.experiment import Experiment

SAMPLE = sample_choice()


def test_json_and_back() -> None:
    experiment = Experiment(data=SAMPLE, frameworks=("tensorflow", "pytorch"), learning_rate=0.01, epochs=3)
    assert experiment.frameworks == ("pytorch", "tensorflow"), "always in the order in which they are shown"
    assert Experiment.from_json(json.loads(json.dumps(experiment.to_json()))) == experiment


def test_every_setting_explains_itself() -> None:
    for item in fields(Experiment):
        assert item.name == "data" or len(item.metadata["help"]) > 10, item.name


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"epochs": 0}, "epochs must lie between 1 and 1000, but is 0"),
        ({"epochs": 2.5}, "epochs must be a whole number, but is 2.5"),
        ({"epochs": True}, "epochs must be a whole number, but is True"),
        ({"learning_rate": "fast"}, "learning_rate must be a number, but is 'fast'"),
        ({"learning_rate": float("nan")}, "learning_rate must lie between"),
        ({"learning_rate": -1.0}, "learning_rate must lie between"),
        ({"mode": "compiled"}, "mode must be one of matched, defaults, but is 'compiled'"),
        ({"mode": ["matched"]}, "mode must be one of matched, defaults"),
        ({"frameworks": ()}, "frameworks must be one or both of pytorch, tensorflow, but is empty"),
        ({"frameworks": ("pytorch", "pytorch")}, "frameworks must be one or both"),
        ({"frameworks": ("jax", 3)}, "frameworks must be one or both of pytorch, tensorflow, but is jax, 3"),
        ({"encoder": "  "}, "encoder must be 'bundled', a model id or a folder, but is empty"),
    ],
)
def test_what_is_out_of_range_is_said(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ExperimentError, match="The experiment cannot run") as caught:
        Experiment(data=SAMPLE, **wrong)
    assert says in str(caught.value)


def test_all_problems_are_said_at_once() -> None:
    with pytest.raises(ExperimentError) as caught:
        Experiment(data=SAMPLE, epochs=0, batch_size=0, device="tpu")
    assert all(name in str(caught.value) for name in ("epochs", "batch_size", "device"))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"data": SAMPLE.to_json(), "optimiser": "sgd"}, "has unknown fields: optimiser"),
        ({}, "has no field 'data'"),
        ({"data": "sample"}, "is damaged: expected “data” to be an object"),
        ({"data": SAMPLE.to_json(), "frameworks": 5}, "is damaged"),
    ],
)
def test_descriptions_that_cannot_be_read(values: dict[str, Any], says: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        Experiment.from_json(values)
    assert says in str(caught.value)
