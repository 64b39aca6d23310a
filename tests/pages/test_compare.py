"""The Compare page in every state that a run can be in, and the sentences it speaks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from engine.evidence.fairness import machine_facts, parity_facts, setting_facts, side_facts
from engine.evidence.result_sentences import FORMATS, answer, interval_sentence, measure_sentence, state_sentence, times_sentence
from engine.evidence.tables import Measure
from engine.neutral.family import CLASSIFIERS
from engine.running.folder import Run, Status
from tests.pages.conftest import as_classifier, everything_shown

OpenPage = Callable[..., AppTest]


def test_a_finished_run_answers_first(finished_run: Run, open_page: OpenPage) -> None:
    page = open_page("compare", run=finished_run.identifier)
    assert not page.exception
    assert page.title[0].value == "Compare"
    shown = everything_shown(page)
    assert "they agree on 97" in shown and "of 40 test texts" in shown
    for measure in ("Accuracy", "Macro-F1", "Training time", "One text, median", "Batch of 64, median", "Peak memory", "Parameters"):
        assert f">{measure}</span>" in shown, measure
    assert "Always answering the most frequent class" in shown


def test_every_tab_has_something_to_say(finished_run: Run, open_page: OpenPage) -> None:
    page = open_page("compare", run=finished_run.identifier)
    assert [tab.label for tab in page.tabs] == [
        "Curves", "Confusion matrices", "Per class", "Disagreements (1)", "Fairness", "Downloads"
    ]  # fmt: skip
    shown = everything_shown(page)
    assert "differ on 1 of 40 test texts" in shown
    assert "First-batch logit difference" in shown and "AMD" not in shown
    assert len(page.get("download_button")) == 4


def test_texts_and_classes_are_shown_as_text(finished_run: Run, open_page: OpenPage) -> None:
    """The fixture's texts and labels try to be markup."""
    page = open_page("compare", run=finished_run.identifier)
    html = "\n".join(element.proto.body for element in page.get("html"))
    assert "&lt;i&gt;Thanks&lt;/i&gt;" in html and "<i>" not in html
    markdown = "\n".join(element.value for element in page.markdown) + "\n".join(element.value for element in page.caption)
    assert "<b>" not in markdown.replace(r"\<b\>", "")


def test_without_a_run_the_page_offers_the_sample(open_page: OpenPage) -> None:
    page = open_page("compare")
    assert not page.exception
    assert page.title[0].value == "No run yet"


@pytest.mark.parametrize("identifier", ["../..", "20260101-000000-abcdef", "", "x" * 500])
def test_an_unknown_run_is_explained(finished_run: Run, open_page: OpenPage, identifier: str) -> None:
    page = open_page("compare", run=identifier)
    assert not page.exception
    assert page.title[0].value == "No such run"


def test_a_run_in_progress_says_so(active_run: Run, open_page: OpenPage) -> None:
    page = open_page("compare", run=active_run.identifier)
    assert not page.exception
    assert page.title[0].value == "No results yet"


def rewrite(run: Run, change: Callable[[dict[str, Any]], None]) -> None:
    results = json.loads(json.dumps(run.results))
    change(results)
    run.write_results(results)


@pytest.mark.parametrize(("kept", "lost"), [("pytorch", "TensorFlow"), ("tensorflow", "PyTorch")])
def test_a_failed_run_keeps_the_other_frameworks_results(finished_run: Run, open_page: OpenPage, kept: str, lost: str) -> None:
    def only_one(results: dict[str, Any]) -> None:
        results["frameworks"] = {kept: results["frameworks"][kept]}
        results["parity"] = dict.fromkeys(results["parity"])

    rewrite(finished_run, only_one)
    finished_run.write_status(Status(state="failed", message="The worker was killed in epoch 3.", phase="end"))
    page = open_page("compare", run=finished_run.identifier)
    assert not page.exception
    shown = everything_shown(page)
    assert f"{lost} has no result in this run" in shown
    assert "The worker was killed in epoch 3" in page.warning[0].value
    assert "Only one framework has results in this run" in shown


def test_a_stopped_run_says_what_is_compared(finished_run: Run, open_page: OpenPage) -> None:
    finished_run.write_status(Status(state="stopped", message="Stopped on request", phase="end"))
    page = open_page("compare", run=finished_run.identifier)
    assert not page.exception and not page.warning
    assert "stopped early" in page.info[0].value


def test_results_of_no_framework_end_the_page_calmly(finished_run: Run, open_page: OpenPage) -> None:
    rewrite(finished_run, lambda results: results.update(frameworks={}))
    page = open_page("compare", run=finished_run.identifier)
    assert not page.exception
    assert "Neither framework finished" in everything_shown(page)


@pytest.mark.parametrize("file", ["data.parquet", "pytorch/predictions.parquet", "pytorch/events.jsonl"])
def test_a_missing_file_costs_only_its_part(finished_run: Run, open_page: OpenPage, file: str) -> None:
    (finished_run.path / file).unlink()
    page = open_page("compare", run=finished_run.identifier)
    assert not page.exception
    assert ">Accuracy</span>" in everything_shown(page)


def test_notes_of_the_run_are_told(finished_run: Run, open_page: OpenPage) -> None:
    finished_run.write_status(Status(state="done", phase="end", notes=["Only PyTorch sees the GPU, so both ran on the CPU."]))
    assert "Only PyTorch sees the GPU" in everything_shown(open_page("compare", run=finished_run.identifier))


@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize("mode", ["matched", "defaults"])
def test_every_classifier_and_mode_reads_well(finished_run: Run, open_page: OpenPage, classifier: str, mode: str) -> None:
    as_classifier(finished_run, classifier, {"truncated": 30, "unknown": 8}, mode=mode, compiled=True, class_weights="balanced")
    page = open_page("compare", run=finished_run.identifier)
    assert not page.exception
    shown = everything_shown(page).replace("\\", "")
    member = CLASSIFIERS[classifier]
    assert f"{member.title} · {'matched' if mode == 'matched' else 'framework defaults'} · compiled" in shown
    assert (">Encoder<" in shown) == member.pretrained and ("Encoder difference" in shown) == (member.takes == "vectors")
    assert ("frozen pre-trained model" in shown) == (member.takes == "vectors")
    assert ("The pre-trained model that is trained along." in shown) == (member.takes == "pieces")
    assert ("Texts cut" in shown) == ("8.9 % of the texts are longer than" in shown) == member.concerns("max_tokens")
    assert ("10.0 % of the validation and test texts hold no" in shown) == (member.takes in ("words", "terms"))
    assert ">Compiled<" in shown and "balanced" in shown


def test_windows_are_not_called_cut(finished_run: Run, open_page: OpenPage) -> None:
    as_classifier(finished_run, "text-cnn", {"truncated": 30}, long_texts="windows")
    shown = everything_shown(open_page("compare", run=finished_run.identifier))
    assert "Texts in windows" in shown and "were cut" not in shown and "Texts cut" not in shown


# --- Sentences ---


def two(pytorch: float, tensorflow: float, low: float = -0.01, high: float = 0.01, agreement: float = 0.997) -> dict[str, Any]:
    return {
        "run": {"schedule": "turns", "mode": "matched"},
        "data": {"split": {"test": 760}},
        "frameworks": {"pytorch": {"test_accuracy": pytorch}, "tensorflow": {"test_accuracy": tensorflow}},
        "parity": {
            "test_agreement": agreement,
            "accuracy_difference": {"value": pytorch - tensorflow, "low": low, "high": high, "confidence": 0.95, "verdict": "Verdict."},
        },
    }


def test_the_answer_never_crowns_a_winner_from_noise() -> None:
    assert answer(two(0.881, 0.881)) == "Both reach 88.1 % and agree on 99.7 % of 760 test texts."
    assert (
        answer(two(0.881, 0.877))
        == "PyTorch reaches 88.1 % and TensorFlow 87.7 %, equal within noise; they agree on 99.7 % of 760 test texts."
    )
    assert "a difference beyond noise" in answer(two(0.9, 0.8, low=0.05, high=0.15))


def test_the_answer_says_nothing_of_noise_that_was_not_measured() -> None:
    results = two(0.881, 0.877)
    results["parity"]["accuracy_difference"] = None
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
    results = two(0.9, 0.9)
    results["frameworks"]["pytorch"]["epoch_train_loss"], results["frameworks"]["tensorflow"]["epoch_train_loss"] = [1.0] * 9, [1.0] * 11
    assert measure_sentence(measure("seconds", "speed", 1.0, 2.0, "train_seconds"), results).endswith("but 9 epochs against 11")


def test_competing_frameworks_are_not_timed_against_each_other() -> None:
    results = two(0.9, 0.9)
    results["run"]["schedule"] = "both-at-once"
    assert "competed" in measure_sentence(measure("seconds", "speed", 1.0, 2.0), results)
    assert "competed" in times_sentence(results)


def test_every_unit_of_a_measure_has_a_format() -> None:
    assert FORMATS["bytes"](2 * 2**20) == "2.00 MiB" and FORMATS["bytes"](2048) == "2.00 KiB"
    assert FORMATS["parameters"](198147.0) == "198,147"
    assert FORMATS["seconds"](0.00677) == "6.77 ms" and FORMATS["seconds"](0.972) == "0.972 s"


def test_a_state_without_trouble_needs_no_sentence() -> None:
    assert state_sentence("done", "Finished") == ""
    assert state_sentence("failed", "No memory.").endswith("No memory.")


def test_facts_of_results_without_anything() -> None:
    for facts in (parity_facts({}), setting_facts({}), side_facts({}), machine_facts({})):
        assert all(len(fact) == 3 and all(isinstance(words, str) for words in fact) for fact in facts)


def test_an_encoder_above_the_bar_is_called_so() -> None:
    assert "It is not met" in parity_facts({"parity": {"encoder_difference": 0.1}})[1][2]
    assert "It is met" in parity_facts({"parity": {"encoder_difference": 1e-6}})[1][2]
