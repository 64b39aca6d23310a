"""The fairness checklist says yes, no or not measured, and where it knows that from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.results.checklist import FairnessCheck, checklist
from engine.runs.records.results import DataFacts, FrameworkResults, ParityFigures, Results, RunFacts
from engine.shared.metrics import AccuracyDifference


def results(mode: str = "matched", **sides: dict[str, Any]) -> Results:
    """What a finished run tells, with some figures of one side changed."""
    side = {"parameters": 1000, "device": "cpu", "threads": 2, "epoch_train_loss": (1.0, 0.5), "stop_reason": "finished"}
    difference = AccuracyDifference(value=0.0, low=-0.01, high=0.01, verdict="Within noise.")
    return Results(
        RunFacts(mode=mode, classifier="embedding-mlp", schedule="turns"),
        DataFacts(split={"train": 100, "validation": 20, "test": 20}),
        {name: FrameworkResults(**side | sides.get(name, {})) for name in ("pytorch", "tensorflow")},
        ParityFigures(first_batch_logit_difference=2e-7, encoder_difference=3e-6, accuracy_difference=difference),
    )


def by_claim(results: Results) -> dict[str, FairnessCheck]:
    return {check.claim: check for check in checklist(results)}


def test_a_matched_run_meets_everything_but_the_seeds() -> None:
    checks = by_claim(results())
    assert [claim for claim, check in checks.items() if check.verdict != "yes"] == ["More than one seed"]
    assert "2.00 × 10⁻⁷" in checks["Same initial weights"].evidence


def test_defaults_mode_says_what_it_leaves_to_the_frameworks() -> None:
    checks = by_claim(results(mode="defaults"))
    for claim in ("Same initial weights", "Same batches in the same order", "Same optimizer equation and constants"):
        assert checks[claim].verdict == "no" and "what this mode compares" in checks[claim].evidence


@pytest.mark.parametrize(
    ("side", "claim", "evidence"),
    [
        ({"device": "NVIDIA H100"}, "Same device", "PyTorch: the CPU; TensorFlow: NVIDIA H100."),
        ({"threads": 8}, "Same number of threads", "PyTorch: 2; TensorFlow: 8."),
        ({"epoch_train_loss": (1.0,)}, "As many epochs in both", "PyTorch: 2 epochs; TensorFlow: 1 epoch."),
        ({"parameters": 999}, "Same number of trained weights", "PyTorch: 1,000; TensorFlow: 999."),
        ({"stop_reason": "stopped"}, "Trained to the planned end", "At least one was cut short."),
    ],
)
def test_what_is_not_equal_is_named(side: dict[str, Any], claim: str, evidence: str) -> None:
    assert by_claim(results(tensorflow=side))[claim][1:] == ("no", evidence)


def test_differences_above_their_bars_are_told() -> None:
    run = RunFacts(mode="matched", classifier="embedding-mlp", schedule="both-at-once")
    checks = by_claim(replace(results(), run=run, parity=ParityFigures(first_batch_logit_difference=0.5, encoder_difference=0.1)))
    assert checks["Same initial weights"].verdict == checks["Same vectors of the texts"].verdict == "no"
    assert checks["Each timed by itself"][1:] == ("no", "Both computed at once and competed for the machine.")


def test_what_was_not_measured_is_not_claimed() -> None:
    checks = by_claim(Results(RunFacts(mode="matched")))
    claims = ("Same initial weights", "Same device", "Each timed by itself", "Accuracy difference held against noise")
    assert {checks[claim].verdict for claim in claims} == {"not measured"}
