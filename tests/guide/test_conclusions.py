"""What is known about each claim: before anything ran, and from results in studies' folders."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from engine import FRAMEWORKS
from engine.guide import conclusions as module
from engine.guide.cited_facts import OUT_OF_DATE, STATEMENTS
from engine.guide.claims import CLAIMS, GROUPS, SOURCES
from engine.guide.conclusions import NO_GPU, NOT_YET, Evidence, by_state, conclusions, gather, guide_answer
from engine.guide.ecosystem import LIBRARIES, count_families, library_version, model_families
from engine.guide.strengths import CARDS
from engine.runs.folder import Run
from engine.runs.records.reading import to_json
from engine.runs.source_code import present_code, source_file
from engine.runs.status import Status
from engine.studies.audit import TRANSFER_BAR
from tests.made_up_results import MIXED, SILENT, finished_study, mistake_error, museum_results, verdict_row


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "machine_has_gpu", lambda: False)


def test_before_anything_ran_every_claim_says_what_is_missing() -> None:
    found = conclusions()
    assert list(found) == list(CLAIMS) and all(conclusion.claim == claim for claim, conclusion in found.items())
    assert all(conclusion.source in SOURCES and conclusion.figure for conclusion in found.values())
    for claim in ("training-speed", "inference-speed", "memory", "negligible-difference"):
        assert (found[claim].figure, found[claim].verdict, found[claim].favours) == (NOT_YET, "", None)
    assert found["gpu-utilisation"].figure == NO_GPU and found["gpu-utilisation"].verdict == ""
    assert not found["debugging"].verdict and not found["migration"].verdict
    assert found["syntax"].verdict and found["learning-curve"].verdict, "the code can always be counted"
    assert guide_answer(found) == (
        "Of the 14 claims of the usual comparison, 3 are put to the test on this machine, 6 wait for a run and 5 cannot be tested here."
    )


def test_a_gpu_that_was_not_used_yet_waits_for_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "machine_has_gpu", lambda: True)
    assert conclusions()["gpu-utilisation"].figure == NOT_YET


def test_timed_claims_come_from_their_rows_alone() -> None:
    memory = [verdict_row("tensorflow smaller", 1.5, claim="memory", unit="MiB")] * 3
    finished_study("benchmark", {"rows": [*MIXED, *memory, verdict_row("equivalent", claim="import-time")], "margin": 0.1})
    found = conclusions()
    assert found["training-speed"].figure.startswith("Of 15 comparisons 9 equivalent within ±10 %, PyTorch faster in 4 (by 1.20 to 2.10 ×)")
    assert (found["training-speed"].verdict, found["training-speed"].favours) == ("Mostly holds here", None)
    assert found["memory"].figure == "Of 3 comparisons none equivalent within ±10 %, TensorFlow smaller in 3 (by 1.50 ×)."
    assert (found["memory"].verdict, found["memory"].favours) == ("Not here: TensorFlow is mostly smaller", "tensorflow")
    assert found["inference-speed"].verdict == ""


def test_the_difference_is_concluded_from_all_rows_and_names_the_largest() -> None:
    slow = verdict_row("tensorflow faster", 3.5, classifier="bi-lstm", mode="compiled")
    finished_study(
        "benchmark", {"rows": [slow, verdict_row("pytorch faster", 0.5), verdict_row("equivalent", claim="memory")], "margin": 0.1}
    )
    conclusion = conclusions()["negligible-difference"]
    assert conclusion.figure.startswith("Of 3 comparisons 1 equivalent")
    assert "The largest difference, 3.50 ×: “Step of a training, Bi-LSTM, compiled, batch of 32”." in conclusion.figure
    assert (conclusion.verdict, conclusion.favours) == ("Not negligible everywhere", None)


def test_a_gpu_is_told_with_its_shares() -> None:
    rows = [verdict_row("equivalent", claim="gpu-utilisation", unit="%", pytorch=81.0, tensorflow=79.0)]
    finished_study("benchmark", {"rows": rows, "margin": 0.2})
    conclusion = conclusions()["gpu-utilisation"]
    assert "within ±20 %" in conclusion.figure and "busy 79.0 to 81.0 % of the time" in conclusion.figure
    assert (conclusion.verdict, conclusion.favours) == ("Holds here", None)


def test_a_framework_against_itself_says_nothing_about_the_other() -> None:
    itself = verdict_row("second faster", 1.2, framework="tensorflow", first=1.2, second=1.0)
    finished_study("benchmark", {"rows": [itself], "against_itself": True}, created=2.0, key="itself")
    assert conclusions()["training-speed"].figure == NOT_YET
    compared = finished_study("benchmark", {"rows": [verdict_row("equivalent")], "against_itself": False}, created=1.0, key="compared")
    assert gather().studies["benchmark"] == compared, "however new the other one is"
    assert conclusions()["training-speed"].figure.startswith("Of 1 comparison 1 equivalent")


def test_only_studies_that_came_to_their_end_count_and_the_newest_of_them() -> None:
    finished_study("benchmark", {"rows": [verdict_row("equivalent")]}, created=1.0, key="old")
    newest = finished_study("benchmark", {"rows": [verdict_row("pytorch faster", 0.5)]}, created=2.0, key="new")
    finished_study("benchmark", {"rows": [verdict_row("tensorflow faster", 2.0)]}, state="stopped", created=3.0, key="half")
    evidence = gather()
    assert evidence.studies["benchmark"] == newest
    assert conclusions(evidence)["training-speed"].favours == "pytorch"


def test_debugging_comes_from_the_museum() -> None:
    finished_study("museum", museum_results())
    conclusion = conclusions()["debugging"]
    assert conclusion.figure.startswith("Of 4 mistakes PyTorch stops 2 and TensorFlow stops 1")
    assert conclusion.figure.endswith("leads to the mistaken line itself: PyTorch in 2 and TensorFlow in 0.")
    assert (conclusion.source, conclusion.verdict, conclusion.favours) == ("tried", "As many noticed in both", None)


def test_one_mistake_more_decides_nothing_and_two_do() -> None:
    results = museum_results()
    results["rows"][3] |= {"outcome": "stopped", "mistaken": mistake_error(True, 5)}  # of a wrong dtype, in TensorFlow
    made = finished_study("museum", results)
    assert (conclusions()["debugging"].verdict, conclusions()["debugging"].favours) == ("About as many noticed in both", None)
    results["rows"][7] |= {"outcome": "warned", "mistaken": SILENT}
    made.write_results(to_json(results))
    assert (conclusions()["debugging"].verdict, conclusions()["debugging"].favours) == ("TensorFlow notices more of them", "tensorflow")


def test_migration_comes_from_the_audit() -> None:
    transfers = [
        {"classifier": "text-cnn", "source": source, "target": target, "max_logit_difference": TRANSFER_BAR / 2}
        for source, target in (FRAMEWORKS, FRAMEWORKS[::-1])
    ]
    made = finished_study("audit", {"rows": [], "transfers": transfers})
    conclusion = conclusions()["migration"]
    assert conclusion.figure.startswith("1 classifier carried across, 2 transfers: logits differ by at most ")
    assert (conclusion.source, conclusion.verdict, conclusion.favours) == ("shown", "Holds here, both ways", None)
    made.write_results({"rows": [], "transfers": [transfers[0] | {"max_logit_difference": 2 * TRANSFER_BAR}]})
    assert conclusions()["migration"].verdict == "The answers differ"


def test_a_migration_counts_where_no_audit_has_been_made() -> None:
    finished_study(
        "migration", {"classifier": "text-cnn", "source": "pytorch", "target": "tensorflow", "max_logit_difference": TRANSFER_BAR / 2}
    )
    conclusion = conclusions()["migration"]
    assert conclusion.figure.startswith("1 classifier carried across, 1 transfer: ") and conclusion.source == "shown"


def test_the_code_that_is_counted_is_that_of_the_newest_finished_run(finished_run: Run, active_run: Run) -> None:
    finished_run.write_code(present_code())
    assert gather().run == finished_run
    assert finished_run.identifier in gather().counts.note
    finished_run.write_status(Status(state="failed"))
    assert gather().run is None


def test_learning_and_syntax_say_both_counts_with_their_units() -> None:
    evidence = Evidence()
    found = conclusions(evidence)
    plain, everything = evidence.counts.plain, evidence.counts.everything
    for counted in (plain["pytorch"], everything["tensorflow"]):
        assert f"{len(counted.names)} names and {len(counted.concepts)} concepts" in found["learning-curve"].figure
        assert f"{counted.lines:,} lines, {counted.statements} statements" in found["syntax"].figure
    assert found["syntax"].favours == "tensorflow", "who has less to write, which some want"


def test_answers_count_every_claim_once() -> None:
    finished_study("museum", museum_results())
    parts = by_state(conclusions())
    assert sorted(one.claim for part in parts for one in part) == sorted(CLAIMS)
    assert "debugging" in [one.claim for one in parts[0]]


# --- What surrounds the conclusions -----------------------------------------------------------------------------------------------------


def test_every_claim_stands_under_one_heading_and_says_all_that_it_must() -> None:
    assert [claim for claims in GROUPS.values() for claim in claims] == list(CLAIMS)
    for claim in CLAIMS.values():
        assert set(claim.says) == set(FRAMEWORKS) and all(claim.says.values())
        assert claim.sentence.endswith(".") and claim.tested.endswith(".")


def test_the_code_of_every_experiment_is_there() -> None:
    files = {file for claim in CLAIMS.values() for file, _ in claim.code}
    assert not [file for file in files if not source_file(file)]
    assert source_file("engine/nothing.py") is None and source_file("engine/../README.md") is None


def test_nothing_is_stated_without_a_source_and_a_date() -> None:
    statements = [*(one for some in STATEMENTS.values() for one in some), *OUT_OF_DATE.values()]
    assert set(STATEMENTS) <= set(CLAIMS)
    for one in statements:
        assert one.says.endswith(".") and one.source and one.dated and one.address.startswith("https://")
    for claim, conclusion in conclusions().items():
        assert conclusion.source != "stated" or claim in STATEMENTS


def test_every_strength_and_weakness_has_evidence_before_and_after_the_runs() -> None:
    empty = {card.says: card.evidence(conclusions(), gather()) for card in CARDS}
    finished_study("museum", museum_results())
    filled: Mapping[str, str] = {card.says: card.evidence(conclusions(), gather()) for card in CARDS}
    assert all(words.endswith(".") for words in (*empty.values(), *filled.values()))
    assert "4 to 6 frames in PyTorch and 20 to 20 frames in TensorFlow" in filled["Errors in graphs are harder to find"]
    assert [sum(card.framework == name for card in CARDS) for name in FRAMEWORKS] == [8, 8]
    assert all(card.link in CLAIMS or card.link.startswith("pages/") for card in CARDS)


def test_families_are_folders_with_an_implementation() -> None:
    files = [
        "transformers/models/bert/modeling_bert.py",
        "transformers/models/bert/modeling_bert_generation.py",
        "transformers/models/bert/modeling_tf_bert.py",
        "transformers/models/t5/modeling_flax_t5.py",
        "transformers/models/auto/configuration_auto.py",
        "keras_hub/src/models/bert/bert_backbone.py",
    ]
    assert [count_families(name, files) for name in FRAMEWORKS] == [1, 1]
    assert set(model_families()) == set(FRAMEWORKS) and min(model_families().values()) > 10
    assert library_version("pytorch").startswith(f"{LIBRARIES['pytorch'][0]} 5")
