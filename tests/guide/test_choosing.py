"""The chooser: reasons follow the evidence of this machine, weights decide nothing alone, and what would change the answer really does."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine import FRAMEWORKS
from engine.errors import ExperimentError
from engine.guide.address import ADDRESS_NAMES, from_address, to_address
from engine.guide.claims import CLAIMS, Conclusion
from engine.guide.questionnaire import DEFAULT, LARGEST_WEIGHT, MEASURED_BY, QUESTIONS, REASONS
from engine.guide.recommendation import Recommendation, pages_to_ask, recommend

PAGES = Path(__file__).parents[2] / "pages"
OTHER = dict(zip(FRAMEWORKS, reversed(FRAMEWORKS), strict=True)) | {None: None}
NO_OPINIONS = {name: 0 for name, reason in REASONS.items() if reason.claim is None}


def found(claim: str, favours: str | None, source: str = "measured") -> Conclusion:
    return Conclusion(claim, source, "1.20 s against 1.56 s", "one is 1.3 × faster" if favours else "equal within noise", favours)


def some_cases(number: int = 150) -> Iterator[tuple[dict[str, str], dict[str, int], dict[str, Conclusion]]]:
    """Answers, weights and conclusions of all kinds, the same every time."""
    dice = random.Random(0)
    for _ in range(number):
        answers = {name: dice.choice(question.options).key for name, question in QUESTIONS.items()}
        weights = {name: dice.randint(0, LARGEST_WEIGHT) for name in dice.sample(list(REASONS), 6)}
        known = dice.sample(list(CLAIMS), dice.randint(0, len(CLAIMS)))
        yield answers, weights, {claim: found(claim, dice.choice([*FRAMEWORKS, None])) for claim in known}


# --- The questions and the table of reasons ---


def test_six_questions_with_three_to_five_answers_and_no_preference_among_them() -> None:
    assert len(QUESTIONS) == 6
    for question in QUESTIONS.values():
        keys = [option.key for option in question.options]
        assert 3 <= len(keys) <= 5 and len(set(keys)) == len(keys) and keys[0] == DEFAULT, question.key


@pytest.mark.parametrize(("question", "option"), [(name, option.key) for name in QUESTIONS for option in QUESTIONS[name].options])
def test_every_answer_brings_a_reason_or_says_that_it_decides_nothing(question: str, option: str) -> None:
    weighed = recommend({question: option}, {}, {}).weighed
    assert bool(weighed) != bool(QUESTIONS[question].option(option).decides_nothing)
    assert all(one.because == (QUESTIONS[question].option(option).words,) for one in weighed)


def test_every_reason_is_brought_up_by_answers_that_exist() -> None:
    answers = {f"{name}.{option.key}" for name, question in QUESTIONS.items() for option in question.options}
    for name, reason in REASONS.items():
        assert reason.answers and set(reason.answers) <= answers, name
        assert 0 < reason.weight <= LARGEST_WEIGHT if reason.adjustable else reason.weight == 0, name


def test_every_reason_rests_on_a_claim_or_says_whose_word_it_is_and_no_evidence_counts_twice() -> None:
    claims = [reason.claim for reason in REASONS.values() if reason.claim]
    assert sorted(claims) == sorted(CLAIMS)
    assert all(bool(reason.claim) != bool(reason.source) for reason in REASONS.values())


def test_the_pages_that_measure_exist() -> None:
    assert set(MEASURED_BY) <= set(CLAIMS)
    assert all((PAGES / f"{page}.py").is_file() for page in MEASURED_BY.values())


# --- Evidence ---


def test_a_reason_follows_the_evidence_against_what_is_usually_said() -> None:
    usual = recommend({"target": "device"}, {}, {"mobile": found("mobile", "tensorflow", "shown")})
    assert usual.leaning == "tensorflow" and usual.weighed[0].mark == "shown here"
    assert usual.weighed[0].evidence == "One is 1.3 × faster. 1.20 s against 1.56 s."
    otherwise = recommend({"target": "device"}, {}, {"mobile": found("mobile", "pytorch", "shown")})
    assert otherwise.leaning == "pytorch"
    assert "It is usually said to favour TensorFlow; the evidence says otherwise and is followed." in otherwise.weighed[0].evidence
    no_difference = recommend({"target": "device"}, {}, {"mobile": found("mobile", None)})
    assert no_difference.leaning is None and [one.name for one in no_difference.for_neither] == ["on-device"]
    assert no_difference.for_neither[0].evidence == "Equal within noise. 1.20 s against 1.56 s."


def test_facts_from_outside_that_name_neither_framework_are_no_evidence_of_no_difference() -> None:
    result = recommend(
        {"target": "device"}, {}, {"mobile": Conclusion("mobile", "stated", "TF Lite became LiteRT", "Stated, not measured here")}
    )
    stated = next(one for one in result.unknown if one.name == "on-device")
    assert stated.mark == "stated by others" and not result.for_neither
    assert stated.evidence == ("It is usually said to favour TensorFlow; it counts nothing until it is known here. TF Lite became LiteRT.")


def test_what_is_not_measured_counts_nothing_and_says_so() -> None:
    for conclusions in ({}, {"debugging": Conclusion("debugging", "tried", "The museum has not been made yet", "", "pytorch")}):
        result = recommend({"control": "faults"}, {}, conclusions)
        assert result.leaning is None and not result.speaking_for("pytorch")
        [unknown] = result.unknown
        assert unknown.mark == "not known yet"
        assert "It is usually said to favour PyTorch; it counts nothing until it is known here." in unknown.evidence
        assert ("The museum has not been made yet." in unknown.evidence) == bool(conclusions)
        assert pages_to_ask(result.unknown) == {"museum": ["Finding mistakes"]}


def test_opinions_are_marked_as_such_and_statements_name_their_source() -> None:
    [opinion] = recommend({"team": "pytorch"}, {}, {}).weighed
    assert opinion.mark == "opinion" and "Source: the guide of the course." in opinion.evidence
    [stated] = recommend({"goal": "language"}, {}, {}).weighed
    assert stated.mark == "stated by others" and "transformers 5" in stated.evidence
    [outside] = recommend({"goal": "research"}, {}, {"research": found("research", "pytorch", "stated")}).weighed
    assert outside.mark == "stated by others", "what others state is never called measured"


def test_an_answer_that_two_questions_ask_for_counts_once() -> None:
    result = recommend({"goal": "product", "target": "server"}, {}, {"production": found("production", "tensorflow", "tried")})
    assert [one.name for one in result.speaking_for("tensorflow")] == ["serving"]
    assert result.speaking_for("tensorflow")[0].because == ("A product", "Server")


# --- The recommendation ---


def test_swapping_the_evidence_swaps_the_recommendation() -> None:
    leanings = set()
    for answers, weights, conclusions in some_cases():
        result = recommend(answers, weights | NO_OPINIONS, conclusions)
        swapped = {claim: replace(conclusion, favours=OTHER[conclusion.favours]) for claim, conclusion in conclusions.items()}
        mirrored = recommend(answers, weights | NO_OPINIONS, swapped)
        assert mirrored.leaning == OTHER[result.leaning]
        for framework in FRAMEWORKS:
            assert [one.name for one in mirrored.speaking_for(OTHER[framework])] == [one.name for one in result.speaking_for(framework)]
        leanings.add(result.leaning)
    assert leanings == {*FRAMEWORKS, None}, "the cases show nothing unless all three come up"


def test_without_weights_either_will_do() -> None:
    nothing = dict.fromkeys(REASONS, 0)
    for answers, _, conclusions in some_cases(40):
        result = recommend(answers, nothing, conclusions)
        assert result.leaning is None and result.sentence.startswith("Either will do")
        assert {one.name for one in result.set_aside} == {one.name for one in result.weighed if one.favours}


def test_no_recommendation_without_reasons() -> None:
    for answers, weights, conclusions in some_cases():
        result = recommend(answers, weights, conclusions)
        if result.leaning:
            assert result.speaking_for(result.leaning)
    unanswered = recommend({}, {}, {claim: found(claim, "pytorch") for claim in CLAIMS})
    assert unanswered.leaning is None and not unanswered.weighed and "each answer brings reasons with it" in unanswered.sentence


def test_the_heaviest_reasons_come_first() -> None:
    for answers, weights, conclusions in some_cases(40):
        result = recommend(answers, weights, conclusions)
        for framework in FRAMEWORKS:
            order = [one.weight for one in result.speaking_for(framework)]
            assert order == sorted(order, reverse=True)


def words(answers: dict[str, str], weights: dict[str, int] | None = None, **favours: str | None) -> Recommendation:
    conclusions = {claim.replace("_", "-"): found(claim.replace("_", "-"), side) for claim, side in favours.items()}
    return recommend(answers, weights or {}, conclusions)


def test_the_sentence_says_how_many_reasons_stand_on_each_side_and_never_a_sum() -> None:
    learning = words({"goal": "learn", "team": "new"}, debugging="pytorch", community="tensorflow")
    assert learning.sentence == (
        "Leans to PyTorch: 2 reasons speak for it, the weightiest “Every step in your own code”, and 1 for TensorFlow."
    )
    assert words({"team": "tensorflow"}).sentence == "Leans to TensorFlow: 1 reason speaks for it, “What the team knows”."
    assert words({"target": "here"}).sentence == "Either will do: no reason that counts speaks for one of them."
    slight = words({"size": "small"}, negligible_difference="pytorch")
    assert slight.sentence == "Either will do: 1 reason speaks for PyTorch, and that weighs too little to decide."
    even = words({"control": "explicit", "team": "new"}, learning_curve="tensorflow")
    assert even.sentence == "Either will do: 1 reason speaks for PyTorch and 1 for TensorFlow, and neither side outweighs the other."


def test_a_small_lead_among_many_weights_decides_nothing() -> None:
    """5 against 3 is a quarter of all weights, 6 against 4 is less."""
    answers = {"goal": "research", "team": "tensorflow", "gpu": "one"}
    weights = {"research-code": 3, "busy-gpu": 3, "knows-tensorflow": 3}
    conclusions = {"research": found("research", "pytorch"), "gpu-utilisation": found("gpu-utilisation", "pytorch")}
    assert recommend(answers, weights | {"busy-gpu": 2}, conclusions).leaning == "pytorch"
    more = conclusions | {"memory": found("memory", "pytorch"), "training-speed": found("training-speed", "tensorflow")}
    much = {"busy-gpu": 2, "room": 1, "training-time": 1}
    assert recommend(answers | {"size": "large"}, weights | much, more).leaning is None


# --- What would change it ---


def test_what_would_change_the_answer_really_does_and_nothing_else_does() -> None:
    kinds = set()
    for answers, weights, conclusions in some_cases(80):
        result = recommend(answers, weights, conclusions)
        told = {(change.kind, change.name, value): change.leaning for change in result.changes for value in change.values or ("",)}
        kinds |= {kind for kind, _, _ in told}
        for name, question in QUESTIONS.items():
            for option in question.options:
                leaning = recommend(answers | {name: option.key}, weights, conclusions).leaning
                assert told.get(("answer", name, option.key), result.leaning) == leaning
        for one in result.weighed:
            claim = one.reason.claim
            if claim is None:
                assert (
                    told.get(("opinion", one.name, ""), result.leaning) == recommend(answers, weights | {one.name: 0}, conclusions).leaning
                )
                continue
            for side in set(FRAMEWORKS) - {one.favours}:
                leaning = recommend(answers, weights, conclusions | {claim: found(claim, side)}).leaning
                assert told.get(("evidence", one.name, side), result.leaning) == leaning
    assert kinds == {"answer", "evidence", "opinion"}


def test_what_would_change_the_answer_is_said_in_words() -> None:
    result = words({"target": "device"}, mobile="tensorflow")
    said = {change.words: change.leaning for change in result.changes}
    assert said["“On a phone or small device” spoke for PyTorch instead of TensorFlow"] == "pytorch"
    assert "“Time of an answer”, which is not known yet, spoke for PyTorch" in said
    whole = next(words for words in said if words.startswith("“Where will it run?”"))
    assert whole == "“Where will it run?” were answered with “Not decided” or “Notebook or batch job” or “Server” or “Managed cloud”"
    [opinion] = [change for change in words({"team": "pytorch"}).changes if change.kind == "opinion"]
    assert opinion.words == "“What the team knows” counted nothing" and opinion.leaning is None and opinion.values == ()
    neither = words({"gpu": "one"}, gpu_utilisation=None)
    assert {"“A busy GPU” spoke for PyTorch instead of neither", "“A busy GPU” spoke for TensorFlow instead of neither"} <= {
        change.words for change in neither.changes
    }


# --- The address, and what is wrong ---


def test_answers_and_weights_go_through_an_address_unchanged() -> None:
    assert to_address(dict.fromkeys(QUESTIONS, DEFAULT), {"on-device": 3}) == {}, "what is usual leaves nothing behind"
    for answers, weights, _ in some_cases(40):
        address = to_address(answers, weights)
        assert set(address) <= set(ADDRESS_NAMES) and DEFAULT not in address.values()
        read = from_address(address)
        assert read.answers == answers and not read.ignored
        assert read.weights == {
            name: weight for name, weight in weights.items() if REASONS[name].adjustable and weight != REASONS[name].weight
        }


def test_what_an_address_says_wrongly_is_left_out_and_named() -> None:
    address = {
        "goal": "<b>fame</b>",
        "target": " device ",
        "team": "",
        "weights": "on-device.9 gone.1 short-code.0 managed-cloud.1 . 7",
        "run": "x",
    }
    read = from_address(address | {"gpu": "x" * 5000})
    assert read.answers == dict.fromkeys(QUESTIONS, DEFAULT) | {"target": "device"} and read.weights == {"short-code": 0}
    assert read.ignored[0] == "goal=<b>fame</b>" and "weights=on-device.9" in read.ignored and "weights=gone.1" in read.ignored
    assert len(read.ignored) == 7 and all(len(part) <= 40 for part in read.ignored)


@pytest.mark.parametrize(
    ("answers", "weights", "message"),
    [
        ({"colour": "red"}, {}, "There is no question “colour”. Expected one of goal, target, team"),
        ({"gpu": "many"}, {}, "“many” is no answer to gpu. Choose one of any, none, one, several."),
        ({}, {"charm": 1}, "There is no reason “charm” to weigh. Expected one of explicit-loop"),
        ({}, {"serving": 4}, "serving was given the weight 4. Expected a whole number from 0 to 3."),
    ],
)
def test_what_does_not_exist_is_named_with_what_does(answers: dict[str, str], weights: dict[str, int], message: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        recommend(answers, weights, {})
    assert message in str(caught.value)
