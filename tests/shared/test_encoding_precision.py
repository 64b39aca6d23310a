"""The trial of both precisions: what it decides, what it says, and that its outcome is found again only where it holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.runs.preparing.vectors import sooner
from engine.shared.encoders.precision import PRECISIONS, WORTH_A_TRIAL, Trial, Trials

FAST, SLOW = Trial(2.0, 0.9999), Trial(1.1, 0.9999)


@pytest.mark.parametrize(
    ("trial", "precision", "words"),
    [
        (FAST, "bfloat16", "2.0 times as fast on this machine as float32"),
        (Trial(1.3, 0.999), "bfloat16", "at least 0.9990"),
        (SLOW, "float32", "was only 1.1 times as fast"),
        (Trial(3.0, 0.99), "float32", "had a cosine of only 0.9900"),
        (Trial(3.0, float("nan")), "float32", "float32"),
        (Trial(0.0, 0.0), "float32", "cannot compute in bfloat16"),
    ],
)
def test_a_trial_decides_and_says_why(trial: Trial, precision: str, words: str) -> None:
    assert trial.precision == precision and words in trial.sentence and f"computed in {precision}" in trial.sentence


@pytest.mark.parametrize(
    ("missing", "trial", "precision"),
    [
        ((0, 0), FAST, "float32"),  # nothing is faster than what is there
        ((0, 7600), None, "float32"),
        ((7600, 7600), None, None),  # only a trial can say
        ((WORTH_A_TRIAL - 1, 7600), None, "float32"),  # encoded sooner than tried
        ((7600, 7600), FAST, "bfloat16"),
        ((7600, 7600), SLOW, "float32"),
        ((7600, 0), FAST, "bfloat16"),
        ((7600, 0), SLOW, "float32"),  # what is kept is no reason to go on with what failed its trial
        ((100, 7600), FAST, "float32"),  # a file that grew by a hundred texts costs those
        ((7600, 100), FAST, "bfloat16"),
        ((100, 100), FAST, "bfloat16"),
    ],
)
def test_the_precision_is_that_in_which_all_vectors_are_there_sooner(
    missing: tuple[int, int], trial: Trial | None, precision: str | None
) -> None:
    assert sooner(dict(zip(PRECISIONS, missing, strict=True)), trial) == precision


def test_a_trial_is_found_again_for_the_same_encoder_framework_device_and_threads(tmp_path: Path) -> None:
    facts = {"fingerprint": "f" * 16, "framework": "pytorch", "device": "cpu", "threads": 2}
    trials = Trials.of(tmp_path / "_features", **facts)
    assert trials.read() is None
    trials.keep(FAST)
    others = [{"fingerprint": "e" * 16}, {"framework": "tensorflow"}, {"device": "gpu"}, {"threads": 1}]
    for other in others:
        place = Trials.of(tmp_path / "_features", **(facts | other))
        assert place.read() is None, other
    Trials.of(tmp_path / "_features", **(facts | others[0])).keep(SLOW)
    assert Trials.of(tmp_path / "_features", **facts).read() == FAST, "another one's outcome takes nothing away"


@pytest.mark.parametrize("damage", ["", "[]", "{", '{"KEY": 3}', '{"KEY": {"speedup": "fast", "cosine": 1}}', '{"KEY": {"speedup": 2}}'])
def test_a_damaged_outcome_is_tried_again(tmp_path: Path, damage: str) -> None:
    trials = Trials.of(tmp_path, "f" * 16, "pytorch", "cpu", 2)
    trials.file.write_text(damage.replace("KEY", trials.key))
    assert trials.read() is None
    trials.keep(FAST)
    assert trials.read() == FAST
