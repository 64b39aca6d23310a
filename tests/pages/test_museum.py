"""Museum: empty, under way, failed, done; and what is shown of a mistake that was stopped, warned of, silent, harmless or lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from engine import FRAMEWORKS
from engine.runs.records.reading import to_json
from engine.runs.status import Status
from engine.shared.devices import Machine
from engine.studies.mistake_catalogue import MISTAKES
from engine.studies.mistake_results import MuseumResults
from engine.studies.mistakes import MuseumRequest
from engine.studies.study import Study, list_studies, start_study
from engine.workers.requests.mistakes import Observation, PrintedWarning
from pages.parts.studies import mistakes_view as museum_view
from tests.made_up_results import ERROR, RIGHT, mistake_row, observed
from tests.pages.conftest import charts, words

OpenPage = Callable[..., AppTest]

pytestmark = pytest.mark.usefixtures("no_process")


LONG = replace(ERROR, message="Graph execution error:\n" + "\n".join(f"frame {number}" for number in range(30)), at_mistake=True)


def results(rows: int = 99) -> MuseumResults:
    warned = observed(RIGHT, warnings=(PrintedWarning(type="UserWarning", message="Was this <i>intended</i>?"),))
    first, second = FRAMEWORKS
    every = (
        mistake_row("labels_out_of_range", first, "stopped", observed([], None, error=ERROR), when="first step", step=1),
        mistake_row("labels_out_of_range", second, "stopped", observed([1.0], None, error=LONG), when="later step", step=2),
        mistake_row("wrong_dtype", first, "crashed", Observation(), reason="The PyTorch worker was ended by signal 11."),
        mistake_row("wrong_dtype", second, "harmless", observed(RIGHT, 0.85), 1.0),
        mistake_row("softmax_before_loss", first, "silent", observed([1.6, 1.5, 1.4, 1.3], 0.4), 0.3),
        mistake_row("softmax_before_loss", second, "warned", warned, 1.0),
        mistake_row("learning_rate_too_high", first, "silent", observed([1.6, 4e5, None, None], 0.2), 0.2),
        mistake_row("learning_rate_too_high", second, "silent", observed([None], 0.2), 0.2),
    )
    machine = Machine(cpu="A processor", packages={"torch": "2.13.0", "tensorflow": "2.21.0"})
    return MuseumResults(data="support_messages.csv", texts=380, machine=machine, rows=every[:rows])


def study(state: str, found: MuseumResults | None = None, **status: Any) -> Study:
    made = start_study("museum", MuseumRequest().to_json())
    if found is not None:
        made.write_results(to_json(found))
    made.write_status(Status(state=state, **status))
    return made


def test_an_empty_page_says_what_will_be_here_and_how_long_it_takes(open_page: OpenPage, no_process: list[str]) -> None:
    page = open_page("museum")
    assert not page.exception
    shown = words(page)
    assert "Which mistakes are caught" in shown and "once: the result is kept" in shown
    assert all(mistake.title in shown for mistake in MISTAKES.values())
    page.button("start_museum").click().run()
    assert not page.exception
    [made] = list_studies("museum")
    assert made.read_request() == {"only": list(MISTAKES)} and no_process == [made.identifier] and page.get("progress")


def test_a_museum_under_way_shows_how_far_it_is_and_can_be_stopped(open_page: OpenPage) -> None:
    made = study("running", results(2), message="Wrong shape, PyTorch", share=0.4, seconds_left=30.0)
    page = open_page("museum")
    assert not page.exception
    [bar] = page.get("progress")
    assert "about 30 seconds left" in bar.proto.text and "Wrong shape, PyTorch" in bar.proto.text
    assert "Of one mistake PyTorch stops 1 and TensorFlow stops 1" in words(page), "what is known is shown at once"
    page.button("stop_museum").click().run()
    assert not page.exception and made.stop_requested()


@pytest.mark.parametrize("state", ["failed", "stopped"])
def test_a_museum_that_did_not_end_says_so_and_goes_on(open_page: OpenPage, no_process: list[str], state: str) -> None:
    made = study(state, message="The worker was <b>killed</b>.")
    page = open_page("museum")
    assert not page.exception and "The worker was <b>killed</b>." in words(page)
    assert len(page.error) == (1 if state == "failed" else 0)
    page.button("resume_museum").click().run()
    assert not page.exception and no_process == [made.identifier] * 2 and made.read_status().active


def test_a_finished_museum_answers_first(open_page: OpenPage) -> None:
    study("done", results(), share=1.0)
    page = open_page("museum")
    assert not page.exception
    answer = next(element.value for element in page.markdown if element.value.startswith("####")).replace("\\", "")
    assert answer == (
        "#### Of 4 mistakes PyTorch stops 1 and TensorFlow stops 1; TensorFlow warns of 1; 1 spoils the model silently in both."
    )
    shown = words(page)
    assert "Stopped at the first step" in shown and "Stopped at step 2" in shown and "The PyTorch worker was ended by signal 11." in shown
    assert "no number as a loss from step 3 on" in shown and "The curve breaks off at step 3" in shown
    assert "In the last epoch the loss is 1.45 with the mistake and 0.825 without it." in shown
    for name in ("labels_out_of_range", "softmax_before_loss"):
        assert MISTAKES[name].notice in shown and MISTAKES[name].fix in shown
    assert charts(page) == 5


def test_code_messages_and_tracebacks_stand_beside_each_other(open_page: OpenPage) -> None:
    study("done", results())
    page = open_page("museum")
    code = [element.value for element in page.code]
    functions = [source for source in code if source.startswith("def labels_out_of_range(")]
    assert len(functions) == 2 and "labels + 1  # mistake" in functions[0]
    assert "Target 5 is <b>out</b> of *bounds*." in code and "Was this <i>intended</i>?" in code
    assert any(source.startswith("→ engine/frameworks/pytorch/mistakes.py:65, in f") for source in code)
    shown = words(page)
    assert "31 lines, the first of them “Graph execution error:”" in shown
    assert "leads to line 65, in f. Below it lies 1 frame of the library." in shown and "the mistaken line itself" in shown


def test_the_end_redraws_the_page(open_page: OpenPage) -> None:
    made = study("running", share=0.9)
    page = open_page("museum")
    made.write_results(to_json(results()))
    made.write_status(Status(state="done"))
    page.run()
    assert not page.exception and not page.get("progress") and charts(page) == 5


def test_a_part_of_the_museum_offers_the_whole(open_page: OpenPage) -> None:
    study("done", results(2))
    page = open_page("museum")
    assert not page.exception and page.button("start_museum")


def test_the_museum_is_not_under_way_on_the_audit_page(open_page: OpenPage) -> None:
    study("running", share=0.5)
    page = open_page("audit")
    assert not page.exception and not page.get("progress")


def test_curves_in_words() -> None:
    same = mistake_row("forgotten_evaluation_mode", "pytorch", "silent", observed(RIGHT, 0.5), 0.6)
    assert "the training shows nothing" in museum_view.curve_sentence(same)
    exploding = museum_view.loss_chart(mistake_row("learning_rate_too_high", "pytorch", "silent", observed([1.0, 1e9, None])))
    assert exploding.complete()["encoding"]["y"]["scale"]["type"] == "symlog"
