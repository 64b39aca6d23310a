"""What the command line shows of a run that goes on."""

from __future__ import annotations

import time

import pytest

from engine.commands import following
from engine.data.store import sample_choice
from engine.runs.experiment import Experiment
from engine.runs.folder import create_run
from engine.runs.status import Status


def test_a_run_is_followed_with_bar_turn_and_time_left(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run = create_run(Experiment(sample_choice()))
    began = time.time() - 30
    words = [
        Status("running", "Training", "train", turn="pytorch", started=began, share=0.5, seconds_left=75.0),
        Status("running", "Training", "train", turn="tensorflow", started=began, share=0.2, seconds_left=750.0),
        Status("done", "Finished", "end"),
    ]
    run.write_status(words.pop(0))
    monkeypatch.setattr(following.time, "sleep", lambda seconds: run.write_status(words.pop(0)))
    following.follow(run)
    shown = [line for line in capsys.readouterr().err.split("\r") if "%" in line]
    assert any("PyTorch's turn  50%" in line and "1:1" in line for line in shown), shown
    assert any("TensorFlow's turn  50%" in line and "12:" in line for line in shown), "a bar never goes back"
    assert "Finished" in shown[-1] and "100%" in shown[-1] and "left" not in shown[-1]
