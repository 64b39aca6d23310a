"""The chooser as it is mounted on the Guide page: drawn from the address, written to the address, and never broken by it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from engine.guide.claims import Conclusion
from engine.guide.questionnaire import QUESTIONS
from tests.pages.conftest import words

KNOWN = {
    "mobile": Conclusion("mobile", "shown", "LiteRT *1.20* MiB against <b>3.40</b> MiB", "TensorFlow’s file is smaller", "tensorflow"),
    "inference-speed": Conclusion("inference-speed", "measured", "Finish a run to measure it", ""),
    "debugging": Conclusion("debugging", "tried", "7 of 11 mistakes against 5", "PyTorch stops more mistakes", "pytorch"),
    "negligible-difference": Conclusion("negligible-difference", "measured", "88.1 % against 88.3 %", "equal within noise"),
}
IN_BOX = "choosing_{}"


def page(conclusions):  # AppTest runs its source alone: what is imported above is not known in it
    import streamlit

    from pages.parts.guide.chooser_view import show

    if not streamlit.session_state.get("elsewhere"):
        show(conclusions)


@pytest.fixture(autouse=True)
def links(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The links to other pages, which only the whole dashboard knows."""
    drawn: list[str] = []
    monkeypatch.setattr(st, "page_link", lambda page, label, icon: drawn.append(f"{page}: {label}"))
    return drawn


def opened(conclusions: Mapping[str, Conclusion] = KNOWN, **address: str) -> AppTest:
    shown = AppTest.from_function(page, args=(conclusions,), default_timeout=20)
    for name, value in address.items():
        shown.query_params[name] = value
    shown.run()
    assert not shown.exception
    return shown


def box(shown: AppTest, question: str) -> AppTest:
    return shown.segmented_control(IN_BOX.format(question))


def address(shown: AppTest) -> dict[str, str]:
    return {name: value if isinstance(value, str) else value[-1] for name, value in shown.query_params.items()}


def headline(shown: AppTest) -> str:
    return next(element.value for element in shown.markdown if element.value.startswith("####")).replace("\\", "").replace("\u2060", "")


def test_without_answers_it_says_so_and_leaves_the_address_empty() -> None:
    shown = opened()
    assert "Either will do, as long as nothing more is known" in headline(shown)
    assert [control.label for control in shown.segmented_control] == [question.words for question in QUESTIONS.values()]
    assert all(control.value == "any" for control in shown.segmented_control)
    assert address(shown) == {} and not shown.slider and not shown.get("html"), "without answers there are no reasons"


def test_an_answer_goes_to_the_address_and_the_usual_one_leaves_it() -> None:
    shown = opened()
    box(shown, "target").set_value("device").run()
    assert not shown.exception and address(shown) == {"target": "device"}
    assert headline(shown) == "#### Leans to TensorFlow: 1 reason speaks for it, “On a phone or small device”."
    box(shown, "team").set_value("pytorch").run()
    assert address(shown) == {"target": "device", "team": "pytorch"} and headline(shown).startswith("#### Either will do: 1 reason speaks")
    box(shown, "target").set_value("any").run()
    assert not shown.exception and address(shown) == {"team": "pytorch"} and "Leans to PyTorch" in headline(shown)
    shown.button("choosing_anew").click().run()
    assert not shown.exception and address(shown) == {} and box(shown, "team").value == "any"


def test_an_address_moves_the_boxes_and_a_changed_one_moves_them_again() -> None:
    shown = opened(target="device", size="small", weights="on-device.1")
    assert box(shown, "target").value == "device" and box(shown, "size").value == "small" and box(shown, "goal").value == "any"
    assert shown.slider(IN_BOX.format("on-device")).value == 1 and "weighs too little to decide" in headline(shown)
    del shown.query_params["weights"]
    del shown.query_params["size"]
    shown.query_params["goal"] = "learn"
    shown.run()
    assert not shown.exception and box(shown, "size").value == "any" and box(shown, "goal").value == "learn"
    assert shown.slider(IN_BOX.format("on-device")).value == 3


def test_garbage_in_the_address_is_left_out_kindly() -> None:
    shown = opened(goal="<b>fame</b>", target="device", gpu="7" * 4000, weights="on-device.-1 gone.2 %% short-code.0")
    assert box(shown, "goal").value == "any" and box(shown, "target").value == "device"
    assert shown.slider(IN_BOX.format("on-device")).value == 3
    assert "has no such answer or weight: “goal=<b>fame</b>”" in words(shown) and "“goal\\=\\<b\\>" in shown.caption[0].value
    assert len(words(shown)) < 6000
    box(shown, "size").set_value("small").run()
    assert not shown.exception and address(shown) == {"target": "device", "size": "small", "weights": "short-code.0"}
    assert "no such answer" not in words(shown)


def test_weights_go_to_the_address_and_back_to_what_is_usual() -> None:
    shown = opened(target="device")
    shown.slider(IN_BOX.format("on-device")).set_value(0).run()
    assert not shown.exception and address(shown) == {"target": "device", "weights": "on-device.0"}
    assert "Either will do" in headline(shown) and "Left out by its weight" in words(shown)
    shown.button("choosing_usual_weights").click().run()
    assert not shown.exception and address(shown) == {"target": "device"} and "Leans to TensorFlow" in headline(shown)
    assert shown.slider(IN_BOX.format("on-device")).value == 3


def test_reasons_link_to_their_row_and_opinions_are_called_so(links: list[str]) -> None:
    shown = opened(goal="learn", target="device", size="small")
    text = words(shown)
    assert "**On a phone or small device** · weight 3 · [shown here](#mobile)" in text
    assert "**Finding mistakes** · weight 2 · [tried here](#debugging)" in text
    assert "**Every step in your own code** · weight 2 · opinion" in text and "Source: the guide of the course." in text
    assert "The same result · [measured here](#negligible-difference): Equal within noise. 88.1 % against 88.3 %." in text
    assert "Because of “Learning”" in text
    assert "Time of an answer · [not known yet](#inference-speed)" in text and "Finish a run to measure it." in text
    assert links == ["pages/benchmark.py: Measure speed and memory on the Benchmark page: Time of an answer"]
    opened({}, control="faults")
    assert links[1:] == ["pages/museum.py: Make the mistakes on the Museum page: Finding mistakes"]
    headings = [element.proto.body for element in shown.get("html")]
    assert "PyTorch" in headings[0] and "2 reasons" in headings[0] and "TensorFlow" in headings[1]


def test_words_of_findings_are_shown_as_the_characters_they_are() -> None:
    shown = opened(target="device")
    drawn = next(element.value for element in shown.markdown if "LiteRT" in element.value)
    assert r"\*1\.20\* MiB against \<b\>3\.40\<" in drawn


def test_what_would_change_the_answer_is_a_list_with_links_to_rows() -> None:
    text = words(opened(target="device", team="tensorflow"))
    assert "What would change the answer" in text and "Either would do if" in text
    assert "- “On a phone or small device” spoke for PyTorch instead of TensorFlow ([its row](#mobile))" in text
    alone = opened(team="pytorch", goal="language", control="explicit")
    assert "No other answer, and no other evidence, would change it alone." in words(alone)


def test_an_answer_that_decides_nothing_says_why() -> None:
    assert "Nothing has to be deployed, so it decides nothing." in words(opened(target="here"))


def test_coming_back_from_another_page_finds_the_answers_and_an_address_of_its_own_is_obeyed() -> None:
    shown = opened(target="device", weights="on-device.2")
    shown.session_state["elsewhere"] = True
    for name in list(shown.query_params):
        del shown.query_params[name]
    shown.run()
    assert not shown.segmented_control
    shown.session_state["elsewhere"] = False
    shown.run()
    assert (
        not shown.exception and box(shown, "target").value == "device" and address(shown) == {"target": "device", "weights": "on-device.2"}
    )
    shown.session_state["elsewhere"] = True
    shown.run()
    for name in list(shown.query_params):
        del shown.query_params[name]
    shown.query_params["gpu"] = "one"
    shown.session_state["elsewhere"] = False
    shown.run()
    assert not shown.exception and address(shown) == {"gpu": "one"} and box(shown, "target").value == "any"
