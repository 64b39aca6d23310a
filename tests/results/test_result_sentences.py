"""The sentences that are spoken of a run's figures, and the facts that stand beside them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.results.fairness import machine_facts, parity_facts, setting_facts, side_facts
from engine.results.sentences import (
    FORMATS,
    answer,
    interval_sentence,
    kept_weights_sentences,
    measure_sentence,
    state_sentence,
    times_sentence,
)
from engine.results.tables import Measure
from engine.runs.records.results import DataFacts, FrameworkResults, ParityFigures, Results, RunFacts
from engine.runs.status import Status
from engine.shared.metrics import AccuracyDifference


def two(pytorch: float, tensorflow: float, low: float = -0.01, high: float = 0.01, agreement: float = 0.997) -> Results:
    difference = AccuracyDifference(pytorch - tensorflow, low, high, verdict="Verdict.")
    return Results(
        RunFacts(schedule="turns", mode="matched"),
        DataFacts(split={"test": 760}),
        {"pytorch": FrameworkResults(test_accuracy=pytorch), "tensorflow": FrameworkResults(test_accuracy=tensorflow)},
        ParityFigures(test_agreement=agreement, accuracy_difference=difference),
    )


def test_the_answer_never_crowns_a_winner_from_noise() -> None:
    assert answer(two(0.881, 0.881)) == "Both reach 88.1 % and agree on 99.7 % of 760 test texts."
    assert (
        answer(two(0.881, 0.877))
        == "PyTorch reaches 88.1 % and TensorFlow 87.7 %, equal within noise; they agree on 99.7 % of 760 test texts."
    )
    assert "a difference beyond noise" in answer(two(0.9, 0.8, low=0.05, high=0.15))
    assert "a difference beyond noise" in answer(two(0.8, 0.9, low=-0.15, high=-0.05)), "TensorFlow's lead counts as much"


def test_the_answer_says_nothing_of_noise_that_was_not_measured() -> None:
    results = replace(two(0.881, 0.877), parity=ParityFigures(test_agreement=0.997))
    assert answer(results) == "PyTorch reaches 88.1 % and TensorFlow 87.7 %; they agree on 99.7 % of 760 test texts."
    assert interval_sentence(results) == ""


def test_the_interval_names_its_direction_and_its_level() -> None:
    assert interval_sentence(two(0.881, 0.877)) == "Verdict. PyTorch minus TensorFlow: +0.4 points, 95 % interval −1.0 to +1.0."


def measure(unit: str, group: str, pytorch: float | None, tensorflow: float | None, key: str = "x") -> Measure:
    return Measure(key, "X", group, unit, pytorch, tensorflow, "")


@pytest.mark.parametrize(
    ("item", "sentence"),
    [
        (measure("seconds", "speed", 2.0, 1.0), "TensorFlow 2.0 × faster in this run"),
        (measure("documents per second", "speed", 2.0, 1.0), "PyTorch 2.0 × faster in this run"),
        (measure("seconds", "speed", 1.0, 1.01), "Within 2 % of each other in this run"),
        (measure("seconds", "speed", 1.0, 1.03), "PyTorch 1.03 × faster in this run"),
        (measure("MiB", "memory", 100.0, 150.0), "TensorFlow 1.5 × as much in this run"),
        (measure("bytes", "size", 5.0, 5.0), "The same"),
        (measure("parameters", "size", 5, 5), "The same number, as it should be"),
        (measure("parameters", "size", 5, 6), "Not the same model: the numbers should be equal"),
        (measure("share", "quality", 0.9, 0.9, "test_accuracy"), "Equal to the last digit"),
        (measure("share", "quality", 0.9, 0.898, "test_accuracy"), "0.2 points apart, within noise on 760 test texts"),
        (measure("seconds", "speed", 1.0, None), ""),
        (measure("MiB", "memory", 0.0, 5.0), ""),
    ],
)
def test_one_sentence_for_a_measure(item: Measure, sentence: str) -> None:
    assert measure_sentence(item, two(0.9, 0.9)) == sentence


def test_different_numbers_of_epochs_are_told_beside_the_training_time() -> None:
    sides = {name: FrameworkResults(epoch_train_loss=(1.0,) * epochs) for name, epochs in (("pytorch", 9), ("tensorflow", 11))}
    results = replace(two(0.9, 0.9), frameworks=sides)
    assert measure_sentence(measure("seconds", "speed", 1.0, 2.0, "train_seconds"), results).endswith("but 9 epochs against 11")


def test_competing_frameworks_are_not_timed_against_each_other() -> None:
    results = replace(two(0.9, 0.9), run=RunFacts(schedule="both-at-once"))
    assert "competed" in measure_sentence(measure("seconds", "speed", 1.0, 2.0), results)
    assert "competed" in measure_sentence(measure("milliseconds", "latency", 1.0, 2.0), results)
    assert "competed" not in measure_sentence(measure("MiB", "memory", 100.0, 150.0), results), "memory is each one's own"
    assert "competed" in times_sentence(results)


def test_kept_weights_are_told_of_those_who_have_some() -> None:
    sides = {"pytorch": FrameworkResults(test_accuracy=0.9, best_epoch=4), "tensorflow": FrameworkResults(test_accuracy=0.9)}
    told = kept_weights_sentences(replace(two(0.9, 0.9), frameworks=sides))
    assert told == ["PyTorch keeps the weights after epoch 4, where its validation loss was lowest."]


def test_every_unit_of_a_measure_has_a_format() -> None:
    assert FORMATS["bytes"](2 * 2**20) == "2.00 MiB" and FORMATS["bytes"](2048) == "2.00 KiB"
    assert FORMATS["parameters"](198147.0) == "198,147"
    assert FORMATS["seconds"](0.00677) == "6.77 ms" and FORMATS["seconds"](0.972) == "0.972 s"


def test_a_state_without_trouble_needs_no_sentence() -> None:
    assert state_sentence(Status("done", "Finished")) == ""
    assert "still being measured" in state_sentence(Status("running", "Measuring", "latency"))
    assert state_sentence(Status("failed", "No memory.")).endswith("No memory.")


def test_facts_of_results_without_anything() -> None:
    for facts in (parity_facts(Results()), setting_facts(Results()), side_facts(Results()), machine_facts(None)):
        assert all(len(fact) == 3 and all(isinstance(words, str) for words in fact) for fact in facts)


def test_an_encoder_above_the_bar_is_called_so() -> None:
    assert "It is not met" in parity_facts(Results(parity=ParityFigures(encoder_difference=0.1)))[1][2]
    assert "It is met" in parity_facts(Results(parity=ParityFigures(encoder_difference=1e-6)))[1][2]
