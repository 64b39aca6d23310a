"""What differs by default: every row is complete, names a line that exists, and says what an experiment will use."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine import FRAMEWORKS
from engine.data.store import sample_choice
from engine.runs.experiment import Experiment
from engine.shared import values_used
from engine.shared.classifiers import CLASSIFIERS
from engine.shared.framework_defaults import DIFFERENCES, Difference
from engine.shared.recipe import EVERY_DEFAULT
from engine.shared.values_used import NOT_HERE, line_of_code, matters, own_choices, value_used

BY_KEY = {difference.key: difference for difference in DIFFERENCES}


def experiment(classifier: str = "embedding-mlp", **changes: object) -> Experiment:
    return Experiment.recommended(sample_choice(), classifier, **changes)


@pytest.mark.parametrize("difference", DIFFERENCES, ids=list(BY_KEY))
def test_every_difference_is_complete(difference: Difference) -> None:
    for words in (difference.title, difference.pytorch, difference.keras, difference.matched, difference.why):
        assert words and words == words.strip()
    assert difference.pytorch != difference.keras or difference.key == "dropout", "two equal defaults are no difference"
    assert difference.why.endswith(".") and ". " not in difference.why, "one sentence"
    assert difference.aspect is None or difference.aspect in EVERY_DEFAULT
    assert set(difference.concerns) <= set(CLASSIFIERS)
    assert set(difference.code) in (set(FRAMEWORKS), set())
    assert difference.code or "avoided" in difference.matched, "a choice that is made is made somewhere"


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("difference", [row for row in DIFFERENCES if row.code], ids=[row.key for row in DIFFERENCES if row.code])
def test_the_line_that_sets_it_exists(difference: Difference, framework: str) -> None:
    line = line_of_code(difference, framework)
    assert line is not None and line.number > 0 and difference.code[framework].words in line.text
    assert f"/{'tensorflow' if framework == 'pytorch' else 'pytorch'}/" not in line.file, "each framework's line is its own or both's"


def test_a_line_that_has_gone_is_said_with_its_file() -> None:
    place = BY_KEY["epsilon"].code["pytorch"]
    for wrong, words in ((place._replace(name="nothing"), "defines no nothing"), (place._replace(words="???"), "no line with")):
        with pytest.raises(ValueError, match=words):
            line_of_code(replace(BY_KEY["epsilon"], code={"pytorch": wrong}), "pytorch")


def test_every_choice_that_can_be_left_to_the_frameworks_has_a_row() -> None:
    assert {difference.aspect for difference in DIFFERENCES} - {None} == EVERY_DEFAULT
    assert len(BY_KEY) == len(DIFFERENCES) >= 20


@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize("mode", ["matched", "defaults"])
@pytest.mark.parametrize("compiled", [False, True])
def test_every_row_has_a_value_under_every_setting(classifier: str, mode: str, compiled: bool) -> None:
    asked = experiment(classifier, mode=mode, compiled=compiled, class_weights="balanced")
    for difference in DIFFERENCES:
        values = [value_used(difference, framework, asked) for framework in FRAMEWORKS]
        assert all(values)
        if mode == "matched" and difference.key not in ("execution", "tf32", "gpu_memory"):
            assert values[0] == values[1], f"{difference.key} is not made equal"


def test_a_default_is_used_where_it_is_left_to_the_framework() -> None:
    epsilon = BY_KEY["epsilon"]
    assert value_used(epsilon, "pytorch", experiment(mode="defaults")) == epsilon.pytorch
    assert value_used(epsilon, "tensorflow", experiment(mode="defaults")) == epsilon.keras
    assert value_used(epsilon, "tensorflow", experiment()) == epsilon.matched


@pytest.mark.parametrize(
    ("key", "framework", "changes", "expected"),
    [
        ("weight_decay", "pytorch", {"weight_decay": 0.0}, "no decay"),
        ("weight_decay", "pytorch", {"weight_decay": 0.01}, "0.01, of matrices only"),
        ("weight_decay", "tensorflow", {"weight_decay": 0.01, "mode": "defaults"}, "0.004"),
        ("clipping", "tensorflow", {"clip_norm": 2.0, "mode": "defaults"}, "each variable by itself, at 2"),
        ("clipping", "pytorch", {"clip_norm": 2.0, "mode": "defaults"}, "all gradients together, at 2"),
        ("clipping", "pytorch", {}, "no clipping"),
        ("loss_weighting", "pytorch", {}, "no class weights"),
        ("execution", "pytorch", {"compiled": True}, "torch.compile"),
        ("execution", "tensorflow", {"compiled": True}, "XLA"),
        ("execution", "tensorflow", {}, "25 steps a call, without XLA"),
        ("execution", "tensorflow", {"mode": "defaults"}, "one step a call"),
        ("shuffling", "pytorch", {"mode": "defaults"}, "DataLoader(shuffle=True)"),
        ("tf32", "pytorch", {"device": "cpu"}, "no effect"),
        ("embedding", "pytorch", {}, NOT_HERE),
    ],
)
def test_settings_decide_the_value(key: str, framework: str, changes: dict[str, object], expected: str) -> None:
    assert expected in value_used(BY_KEY[key], framework, experiment(**changes))


def test_windows_take_logits_in_every_mode() -> None:
    asked = experiment("text-cnn", mode="defaults", long_texts="windows")
    assert value_used(BY_KEY["loss"], "tensorflow", asked) == "takes logits"


def test_only_what_has_an_effect_matters() -> None:
    assert not matters(BY_KEY["embedding"], experiment())
    assert matters(BY_KEY["embedding"], experiment("text-cnn"))
    assert not matters(BY_KEY["clipping"], experiment()) and matters(BY_KEY["clipping"], experiment(clip_norm=1.0))
    assert not matters(BY_KEY["batch_norm"], experiment())


def test_without_decay_nobody_owns_it() -> None:
    assert own_choices(experiment()) == frozenset()
    assert own_choices(experiment(mode="defaults")) == EVERY_DEFAULT - {"weight_decay"}
    assert own_choices(experiment(mode="defaults", weight_decay=0.1)) == EVERY_DEFAULT


def test_sources_are_read_once() -> None:
    assert values_used._source("engine/shared/weights/initial.py") is values_used._source("engine/shared/weights/initial.py")
