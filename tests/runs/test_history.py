"""Events fold into curves, also across a stop and a resume."""

from __future__ import annotations

from typing import Any

from engine.runs.history import EpochPoint, History
from engine.runs.records.events import Built, Imported


def steps(step: int, epoch: int, seconds: float, loss: float | None = 1.0) -> dict[str, Any]:
    return {"event": "steps", "time": 0.0, "epoch": epoch, "step": step, "steps": 2, "loss": loss, "seconds": seconds, "documents": 64,
            "turn": 1, "first_of_turn": False}  # fmt: skip


def epoch(number: int, step: int, seconds: float) -> dict[str, Any]:
    return {"event": "epoch", "time": 0.0, "epoch": number, "step": step, "train_loss": 1.0, "validation_loss": 0.9,
            "validation_accuracy": 0.5, "seconds": seconds, "best": True}  # fmt: skip


IMPORTED = {"event": "imported", "seconds": 1.0, "rss_mib": 200.0, "device": "cpu", "threads": 2}
BUILT = {"event": "built", "parameters": 10, "steps_per_epoch": 4, "epochs": 3, "start_epoch": 0}


def test_points_and_facts() -> None:
    history = History()
    assert history.imported is None and history.documents_per_second is None and history.steps_per_epoch is None
    history.add([IMPORTED, BUILT, steps(2, 0, 0.0), steps(4, 0, 0.5)])
    history.add([epoch(0, 4, 0.5), steps(6, 1, 1.0, None), {"event": "trained", "reason": "diverged", "best_epoch": 1, "epochs": 1}])
    assert [(point.step, point.epoch, point.seconds, point.loss) for point in history.steps] == [
        (2, 0.5, 0.0, 1.0), (4, 1.0, 0.5, 1.0), (6, 1.5, 1.0, None),
    ]  # fmt: skip
    assert history.epochs == [EpochPoint(1, 1.0, 0.9, 0.5, 0.5, 4)]
    assert history.imported == Imported(1.0, 200.0, "cpu", 2) and history.built == Built(10, 4, 3, 0)
    assert history.trained is not None and history.trained.reason == "diverged"
    assert history.documents_per_second == 128 / 1.0


def test_what_is_trained_again_after_a_resume_is_dropped() -> None:
    history = History()
    history.add([IMPORTED, BUILT, steps(4, 0, 0.5), epoch(0, 4, 0.5), steps(6, 1, 1.0), epoch(1, 6, 1.0)])  # stopped within epoch 2
    history.add([{"event": "trained", "reason": "stopped"}, {"event": "evaluated", "test_accuracy": 0.5}, {"event": "saved"}])
    history.add([IMPORTED, {"event": "resumed", "epoch": 1, "step": 4}, BUILT | {"start_epoch": 1}])
    assert [point.step for point in history.steps] == [4] and [point.epoch for point in history.epochs] == [1]
    assert history.trained is None and history.evaluated is None
    history.add([steps(8, 1, 1.4), epoch(1, 8, 1.4)])
    assert [point.step for point in history.steps] == [4, 8] and [point.epoch for point in history.epochs] == [1, 2]
    history.add([{"event": "resumed", "epoch": 0, "step": 0}])  # its checkpoint was damaged
    assert history.steps == [] and history.epochs == []


def test_unknown_and_incomplete_events_are_passed_over() -> None:
    history = History()
    history.add([{"event": "danced"}, {"no": "event"}, {"event": "steps", "step": 1}, {"event": "epoch"}, steps(2, 0, 0.1)])
    assert [point.step for point in history.steps] == [2] and history.steps[0].epoch == 0.0
