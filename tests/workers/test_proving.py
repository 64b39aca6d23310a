"""What proves a carried model, in a framework that is really loaded."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

from engine.runs.folder import Run
from engine.runs.preparing.inputs import load_inputs
from engine.workers.equivalence import train_on
from engine.workers.session import Session
from engine.workers.trained_model import trained_model
from tests.wing_process import InWing


def test_tensorflow_traces_a_further_step_once(in_wing: InWing, trained: Run) -> None:
    """Where Keras makes variables while it traces, TensorFlow traces again: half of the time that an encoder takes."""
    assert in_wing("tensorflow", updates_of_three_steps, trained.path) == {"losses": 3, "every variable once": True}


def updates_of_three_steps(path: Path) -> dict[str, object]:
    """In the process of TensorFlow: how often the optimizer's update is traced."""
    training, inference, devices = (import_module(f"engine.frameworks.tensorflow.{name}") for name in ("training", "inference", "devices"))
    session = Session("tensorflow", training, inference, devices, devices.use_device("cpu"), lambda: False, 0.0)
    trained = Run(path)
    inputs = load_inputs(trained)
    _, _, model = trained_model(session, trained, inputs, "tensorflow")
    updated: list[int] = []
    update = training.MatchedAdam.update_step

    def counted(optimizer: Any, gradient: Any, variable: Any, rate: Any) -> None:
        updated.append(id(variable))
        update(optimizer, gradient, variable, rate)

    with patch.object(training.MatchedAdam, "update_step", counted):
        losses = train_on(session, trained, inputs, model, 3)
    assert losses is not None
    return {"losses": len(losses), "every variable once": len(updated) == len(set(updated)) == len(model.trainable_variables)}
