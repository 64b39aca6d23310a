"""Guide: before anything ran, with a benchmark, a museum and an audit; the code that was counted; starting what is missing."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.guide import conclusions as conclusions_module
from engine.guide.cited_facts import OUT_OF_DATE, STATEMENTS
from engine.guide.claims import CLAIMS, GROUPS
from engine.guide.conclusions import NO_GPU, conclusions, guide_answer
from engine.guide.strengths import CARDS
from engine.runs.folder import Run
from engine.runs.status import Status
from engine.source.syntax_counts import syntax_counts
from engine.studies.mistake_catalogue import MISTAKES
from engine.studies.study import list_studies, start_study
from pages.parts.code.counted_code import highlighted_piece
from pages.parts.guide.claim_evidence import DETAILS, FOLDED
from pages.parts.guide.claim_table import claim_row
from tests.made_up_results import MIXED, exported, finished_study, museum_results, verdict_row
from tests.pages.conftest import words

OpenPage = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, no_process: list[str]) -> list[str]:
    """No GPU, and studies are written down as started while nothing is."""
    monkeypatch.setattr(conclusions_module, "machine_has_gpu", lambda: False)
    return no_process


def unfolded(page: AppTest) -> AppTest:
    """The same page after the figures of every claim have been unfolded."""
    for claim in DETAILS:
        page.session_state[f"{FOLDED}{claim}"] = True
    return page.run()


def tables(page: AppTest) -> str:
    return "\n".join(element.proto.body for element in page.get("html"))


def test_the_table_answers_before_anything_ran(open_page: OpenPage) -> None:
    page = open_page("guide")
    assert not page.exception
    shown = words(page)
    assert guide_answer(conclusions()) in shown
    for group, claims in GROUPS.items():
        assert group in [heading.value for heading in page.header]
        for claim in claims:
            assert f'href="#{claim}"' in tables(page), "each row leads to its evidence"
            assert CLAIMS[claim].sentence in shown and CLAIMS[claim].tested in shown
    anchors = [heading.proto.anchor for heading in page.subheader]
    assert anchors == list(CLAIMS)
    assert NO_GPU in shown and "Not measured on this machine yet." in shown


def test_pytorch_stands_left_and_nothing_is_markup() -> None:
    conclusion = conclusions()["syntax"]
    html = claim_row(CLAIMS["syntax"], type(conclusion)("syntax", "counted", "<b>1</b> & 2", "<i>so</i>"))
    assert html.index("More explicit") < html.index("Syntax") < html.index("More abstracted")
    assert "<b>" not in html and "<i>" not in html and "Counted here. &lt;b&gt;1" in html


def test_what_is_missing_can_be_started_from_here(open_page: OpenPage, alone: list[str]) -> None:
    page = open_page("guide")
    assert "once. It goes on when you leave the page." in words(page)
    page.button("start_museum_debugging").click().run()
    assert not page.exception and page.title[0].value == "Museum"
    [made] = list_studies("museum")
    assert alone == [made.identifier] and made.read_request() == {"only": list(MISTAKES)}


def test_a_study_under_way_is_said_and_not_started_twice(open_page: OpenPage) -> None:
    start_study("museum", {"only": list(MISTAKES)}).write_status(Status(state="running"))
    page = open_page("guide")
    assert not page.exception and "Under way: Museum." in words(page)
    assert page.button("start_museum_debugging").disabled and not page.button("start_audit_migration").disabled


def test_measured_claims_show_their_rows_their_machine_and_their_notes(open_page: OpenPage) -> None:
    machine = {"cpu": "A *processor*", "packages": {"torch": "2.13.0", "tensorflow": "2.21.0"}}
    rows = [*MIXED, verdict_row("equivalent", claim="import-time", unit="s", classifier=None, mode=None)]
    rows.append(verdict_row("pytorch faster", 0.5, claim="first-step"))
    finished_study("benchmark", {"rows": rows, "margin": 0.1, "machine": machine, "data": "sample", "notes": ["Threads: <2>."]})
    page = unfolded(open_page("guide"))
    assert not page.exception
    shown, html = words(page), tables(page)
    assert "Mostly holds here" in html and "Of 15 comparisons 9 equivalent within ±10\u00a0%" in html
    assert html.count("Step of a training, Text CNN, matched, batch of 32") == 15 + 1, "all in the table, the largest in the row above"
    assert html.count("Step of a training, matched, batch of 32. ") == 5, "some as twin rows"
    assert "A *processor*" in shown and "Threads: <2>." in shown
    assert "All 15 comparisons, and 1 that bear on it" in [element.label for element in page.expander]
    assert "Loading the framework" in html, "what bears on production stands there"
    assert "Run it again: Benchmark" in [element.proto.label for element in page.get("page_link")]
    assert "python -m engine benchmark --quick --again" in shown


def test_the_museum_fills_the_row_on_debugging(open_page: OpenPage) -> None:
    finished_study("museum", museum_results())
    page = unfolded(open_page("guide"))
    assert not page.exception
    assert "PyTorch stops 2 and TensorFlow stops 1" in words(page) and "The message leads to the mistaken line" in tables(page)
    assert "Run it again: Museum" in [element.proto.label for element in page.get("page_link")]
    assert "python -m engine museum --runs-dir NEW_FOLDER" in words(page)


def test_the_audit_fills_the_row_on_moving(open_page: OpenPage) -> None:
    transfers = [{"classifier": "text-cnn", "source": "pytorch", "target": "tensorflow", "max_logit_difference": 1e-9}]
    rows = [{"classifier": "text-cnn", "level": "same-weights", "max_relative_loss_difference": 0.1}]
    finished_study("audit", {"rows": rows, "transfers": transfers})
    page = unfolded(open_page("guide"))
    assert not page.exception and "Weights trained in one framework give the same answers in the other" in words(page)


def test_what_was_exported_stands_in_the_rows_it_bears_on(open_page: OpenPage, trained: Run) -> None:
    shown = words(unfolded(open_page("guide")))
    for purpose in ("as a file for a server", "as a file for telephones", "as ONNX, which belongs to neither framework"):
        assert f"No model of the newest run has been written {purpose} yet." in shown
    assert "comes with exports" not in shown
    exported(trained, "pytorch", "onnx")
    exported(trained, "tensorflow", "litert")
    page = unfolded(open_page("guide"))
    assert not page.exception
    shown, html = words(page), tables(page)
    assert f"Run {trained.identifier}, as a file for telephones: 1 file, each loaded again by its own runtime" in shown
    assert f"Run {trained.identifier}, as a file for a server: 1 file" in shown
    assert html.count("TensorFlow, LiteRT") == 1 and html.count("PyTorch, ONNX") == 2, "in the row on moving between the two as well"
    labels = [element.proto.label for element in page.get("page_link")]
    assert labels.count("Take a trained model away as a file") == 3 and "Carry a trained model across" in labels


def test_the_code_of_an_experiment_is_read_when_it_is_asked_for(open_page: OpenPage) -> None:
    page = open_page("guide")
    assert not [element for element in page.code if "def judge(" in element.value]
    page.button("code_debugging").click().run()
    assert not page.exception
    assert [element for element in page.code if "def judge(" in element.value]


def test_counts_are_shown_by_stage_for_the_chosen_classifier(open_page: OpenPage) -> None:
    page = unfolded(open_page("guide"))
    counts = syntax_counts().classifiers["embedding-mlp"]
    train = counts.by_stage["train"]
    assert f"{train['pytorch'].lines} | {train['tensorflow'].lines}" in tables(page)
    page.segmented_control("counted_classifier").set_value("bi-lstm").run()
    assert not page.exception
    build = syntax_counts().classifiers["bi-lstm"].by_stage["build"]
    assert f"{build['pytorch'].lines} | {build['tensorflow'].lines}" in tables(page)
    assert "Not measured: how long it takes to learn any of this" in words(page)


@pytest.mark.parametrize("kind", ["lines", "names", "concepts"])
def test_counted_lines_are_tinted_and_say_what_was_counted(kind: str) -> None:
    counts = syntax_counts()
    [piece] = [piece for piece in counts.plain_pieces["pytorch"] if piece.name == "fit"]
    lines = re.findall(r'<div style="display:grid[^"]*">.*?</div>', highlighted_piece(piece, counts.tree, kind))
    assert len(lines) == len(piece.source.splitlines())
    by_text = {re.sub(r"<[^>]*>", "", line): "background" in line for line in lines}
    backward = next(text for text in by_text if "loss.backward()" in text)
    assert by_text[backward]
    assert ("← " in backward) == (kind != "lines")
    assert not next(tinted for text, tinted in by_text.items() if "Minimise the cross-entropy" in text), "a docstring is not code"
    if kind == "concepts":
        assert backward.endswith("← Automatic differentiation")


def test_the_highlighted_stage_follows_the_choice(open_page: OpenPage) -> None:
    page = unfolded(open_page("guide"))
    assert "← " in tables(page)
    page.selectbox("counted_stage").set_value("train").run()
    page.segmented_control("counted_kind").set_value("names").run()
    assert not page.exception and "← torch.nn.utils.clip_grad_norm_" in tables(page)


def test_every_strength_and_weakness_has_a_card(open_page: OpenPage) -> None:
    shown = words(open_page("guide"))
    for card in CARDS:
        assert f"**{card.says}**" in shown
    for framework in FRAMEWORKS:
        assert FRAMEWORK_NAMES[framework] in shown


def test_what_is_stated_and_what_is_out_of_date_name_their_sources(open_page: OpenPage) -> None:
    shown = words(unfolded(open_page("guide")))
    for statement in [*(one for some in STATEMENTS.values() for one in some), *OUT_OF_DATE.values()]:
        assert statement.address in shown and statement.dated in shown
    assert all(f"`{line}`" in shown for line in OUT_OF_DATE)
