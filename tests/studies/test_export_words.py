"""What exports came to, in words: the bar is for float32, int8 says its price, and a race has a winner."""

from __future__ import annotations

from typing import Any

import pytest

from engine.studies.export.manifest import ExportManifest, FileCheck, LatencyRace
from engine.studies.export.words import accuracy_loss, answer, export_table, findings, race_result, title


def manifest(precision: str = "float32", **check: Any) -> ExportManifest:
    figures = {"rows": 200, "label_agreement": 1.0, "max_logit_difference": 3e-7, "accuracy": 0.9, "accuracy_before": 0.9,
               "runtime": "ONNX Runtime", "single_p50_ms": 1.5, "single_p95_ms": 2.5, "batch_texts_per_second": 900.0}  # fmt: skip
    return ExportManifest(framework="pytorch", format="onnx", precision=precision, megabytes=2.5, check=FileCheck(**figures | check))


def raced(ratio: float) -> ExportManifest:
    times = {"pytorch": 2.0, "tensorflow": 4.0, "onnx": 2.0 * ratio}
    return manifest(race=LatencyRace(single_p50_ms=times, faster="pytorch", ratio=ratio))


def test_a_file_in_int8_does_not_count_for_the_bar() -> None:
    rounded = manifest("int8", max_logit_difference=0.3, label_agreement=0.9)
    assert "within the bar of 0.0001" in answer([manifest(), rounded]) and "on 100 % of" in answer([manifest(), rounded])
    assert answer([manifest(), rounded]).startswith("1 file in float32, ")
    assert "in int8" in answer([rounded]) and "bar" not in answer([rounded])
    assert "above the bar" in answer([manifest(max_logit_difference=2e-4)])
    assert [title(manifest()), title(rounded)] == ["PyTorch, ONNX", "PyTorch, ONNX int8"]


@pytest.mark.parametrize(("after", "change"), [(0.875, "loses 2.50 points"), (0.9, "loses none"), (0.91, "gains 1.00 points")])
def test_int8_says_what_it_costs(after: float, change: str) -> None:
    sentence = accuracy_loss(manifest("int8", accuracy=after))
    assert f"ONNX int8, {change} of accuracy" in sentence and "on 200 test texts, the run's own model 90.0 %" in sentence
    assert accuracy_loss(manifest(accuracy=after)) == "", "float32 has its bar"


def test_a_race_names_the_faster_framework_and_who_won() -> None:
    assert "in 1.00 ms, PyTorch in 2.00 ms and TensorFlow in 4.00 ms" in race_result(raced(0.5))
    assert "0.500 times the time of PyTorch, at least as fast as" in race_result(raced(0.5))
    assert "1.50 times the time of PyTorch, slower than" in race_result(raced(1.5))
    assert race_result(manifest()) == "" and findings(manifest()) == []
    assert race_result(raced(0.5)) in export_table([raced(0.5)])
