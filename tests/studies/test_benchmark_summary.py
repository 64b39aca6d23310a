"""Many comparisons in one sentence that crowns nobody from noise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.studies.benchmark.results import VerdictRow
from engine.studies.benchmark.summary import count_verdicts, counts_in_brief, row_sentence, row_title, verdict_counts_sentence
from tests.made_up_results import MIXED, verdict_row


def test_every_comparison_is_told_and_both_directions_are_factors_above_one() -> None:
    counts = count_verdicts(MIXED)
    assert (counts.rows, counts.equivalent, counts.undecided, counts.favours) == (15, 9, 1, None)
    assert counts.largest == pytest.approx(2.1)
    assert verdict_counts_sentence(counts, 0.1) == (
        "Of 15 comparisons 9 equivalent within ±10 %, PyTorch faster in 4 (by 1.20 to 2.10 ×), TensorFlow in 1 (by 1.30 ×), 1 undecided."
    )


def test_who_comes_first_in_the_sentence_brings_the_word() -> None:
    assert verdict_counts_sentence(count_verdicts([verdict_row("tensorflow smaller", 2.0)]), 0.05, "smaller") == (
        "Of 1 comparison none equivalent within ±5 %, TensorFlow smaller in 1 (by 2.00 ×)."
    )


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "Not enough evidence"),
        ([verdict_row("not enough evidence")] * 3, "Not enough evidence"),
        ([verdict_row("equivalent")] * 3, "Holds here"),
        (MIXED, "Mostly holds here"),
        ([*[verdict_row("pytorch faster", 0.5)] * 3, verdict_row("equivalent")], "Not here: PyTorch is mostly faster"),
        ([verdict_row("pytorch faster", 0.5), verdict_row("tensorflow faster", 2.0)], "It depends: each is faster somewhere"),
        ([verdict_row("pytorch faster", 0.5), verdict_row("equivalent")], "It depends on what is compared"),
    ],
)
def test_verdicts(rows: list[VerdictRow], words: str) -> None:
    assert counts_in_brief(count_verdicts(rows)) == words


def test_half_of_the_comparisons_are_not_enough_to_favour_anyone() -> None:
    assert count_verdicts([verdict_row("pytorch faster", 0.5), verdict_row("equivalent")]).favours is None
    assert count_verdicts([verdict_row("tensorflow faster", 2.0)] * 2 + [verdict_row("equivalent")]).favours == "tensorflow"


def test_a_verdict_without_a_figure_decides_nothing() -> None:
    assert count_verdicts([replace(verdict_row("pytorch faster"), ratio=None)]).undecided == 1


def test_rows_in_words() -> None:
    assert row_title(verdict_row("equivalent", sequence_length=128)) == "Step of a training, Text CNN, matched, batch of 32, 128 tokens"
    assert row_title(verdict_row("equivalent", claim="import-time", classifier=None, mode=None, batch_size=None)) == "Loading the framework"
    assert row_sentence(verdict_row("pytorch faster", 0.5)) == "PyTorch 2.00 × faster, 1.90 to 2.11; 7 repeats"
    assert row_sentence(verdict_row("tensorflow faster", 2.0)) == "TensorFlow 2.00 × faster, 1.90 to 2.10; 7 repeats"
    assert row_sentence(verdict_row("equivalent", 1.0)) == "Equivalent, PyTorch : TensorFlow 0.950 to 1.05; 7 repeats"
    assert row_sentence(verdict_row("not enough evidence", 1.1, interval=(), repeats=0)) == "Not enough evidence"
