"""The Classify page with stand-ins for the two processes: texts, files, dead processes and everything that may be pasted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from dataclasses import replace
from threading import Event
from types import SimpleNamespace
from typing import ClassVar, cast

import pytest
from streamlit.testing.v1 import AppTest

from engine.errors import RunError
from engine.runs.experiment import Experiment
from engine.runs.folder import Run
from engine.runs.processes.answering import Answers
from engine.shared.classifiers import CLASSIFIERS
from pages.parts.classify import warm_models
from pages.parts.classify.answer_view import HowRead, answer_sentence, cut_sentence, cut_texts_sentence, unknown_sentence
from tests.pages.conftest import CLASSES, as_classifier, everything_shown

OpenPage = Callable[..., AppTest]


class StandIn:
    """Answers like a warm process, without one."""

    started: ClassVar[list[StandIn]] = []
    broken = 0
    """How many of the next answers end the process instead."""
    lasting_failure = ""
    tilt: ClassVar[dict[str, float]] = {"pytorch": 0.0, "tensorflow": 0.0}

    def __init__(self, run: Run, framework: str) -> None:
        self.framework, self.alive, self.texts = framework, True, []
        StandIn.started.append(self)

    def answer(self, texts: list[str]) -> Answers:
        if StandIn.lasting_failure:
            raise RunError(StandIn.lasting_failure)
        if StandIn.broken:
            StandIn.broken -= 1
            self.alive = False
        if not self.alive:
            raise RunError("The process has ended.")
        self.texts += texts
        first = 0.7 - StandIn.tilt[self.framework]
        tokens = tuple(len(text.split()) + 2 for text in texts)
        return Answers(((0.1, first, 0.9 - first),) * len(texts), 5.0 * len(texts), 0.2, tokens, max_tokens=256)

    def close(self) -> None:
        self.alive = False


@pytest.fixture(autouse=True)
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[StandIn]]:
    monkeypatch.setattr(warm_models, "Answerer", StandIn)
    monkeypatch.setattr(StandIn, "started", [])
    monkeypatch.setattr(StandIn, "broken", 0)
    monkeypatch.setattr(StandIn, "lasting_failure", "")
    monkeypatch.setattr(StandIn, "tilt", {"pytorch": 0.0, "tensorflow": 0.0})
    warm_models.warm_model.clear()
    yield StandIn.started
    warm_models.warm_model.clear()


def classify(page: AppTest, text: str, by_line: bool = False) -> AppTest:
    page.text_area(key="classify_text").set_value(text)
    page.toggle(key="classify_by_line").set_value(by_line)
    next(button for button in page.button if button.label == "Classify").click()
    return page.run()


def test_one_text_gets_both_answers(finished_run: Run, open_page: OpenPage) -> None:
    page = classify(open_page("classify", run=finished_run.identifier), "Where is my *order*? <b>now</b>")
    assert not page.exception
    shown = everything_shown(page)
    assert finished_run.identifier in shown
    assert "Both answer **billing**, PyTorch with 70.0 % and TensorFlow with 70.0 %." in shown
    assert ">Encoding</span>" in shown and "5.00 ms" in shown
    assert "&lt;b&gt;swaps&lt;/b&gt;" in shown, "class names are escaped"


def test_the_seconds_are_counted_while_a_model_gets_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    ready, moments, heard = Event(), iter([101.0, 102.2]), list[str]()

    def look(threads: list[Future[None]], timeout: float) -> object:
        if len(heard) == 3:
            ready.set()
        return wait(threads, timeout=timeout if ready.is_set() else 0)

    monkeypatch.setattr(warm_models, "wait", look)
    monkeypatch.setattr(warm_models, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    warm_models._wake(cast(warm_models.WarmModel, SimpleNamespace(wake=lambda: ready.wait(60))), heard.append, "PyTorch", 100.0)
    assert heard == [f"PyTorch is getting ready{since}" for since in ("", ": 1 second", ": 2 seconds")]


def test_the_page_says_when_they_disagree(finished_run: Run, open_page: OpenPage) -> None:
    StandIn.tilt["tensorflow"] = 0.5
    shown = everything_shown(classify(open_page("classify", run=finished_run.identifier), "Hello"))
    assert "They disagree: PyTorch answers **billing** (70.0 %), TensorFlow answers **shipping** (70.0 %)." in shown


def test_several_lines_become_a_table(finished_run: Run, open_page: OpenPage, stand_ins: list[StandIn]) -> None:
    page = classify(open_page("classify", run=finished_run.identifier), "=1+1\n\n  second  \n", by_line=True)
    assert not page.exception
    assert stand_ins[0].texts == ["warm up", "=1+1", "second"]
    assert list(page.dataframe[0].value["text"]) == ["=1+1", "second"]
    assert list(page.dataframe[0].value.columns[1:3]) == ["PyTorch answer", "TensorFlow answer"]
    assert "Both models give the same answer to all 2 texts" in everything_shown(page)


def test_lines_stay_together_without_the_toggle(finished_run: Run, open_page: OpenPage, stand_ins: list[StandIn]) -> None:
    classify(open_page("classify", run=finished_run.identifier), "first\nsecond")
    assert stand_ins[0].texts == ["warm up", "first\nsecond"]


@pytest.mark.parametrize("text", ["", "   ", "\n \t\n"])
@pytest.mark.parametrize("by_line", [False, True])
def test_nothing_to_classify_is_said(finished_run: Run, open_page: OpenPage, stand_ins: list[StandIn], text: str, by_line: bool) -> None:
    page = classify(open_page("classify", run=finished_run.identifier), text, by_line)
    assert not page.exception
    assert "There is no text to classify" in page.warning[0].value
    assert not stand_ins


def test_too_many_lines_are_sent_to_the_file_tab(finished_run: Run, open_page: OpenPage) -> None:
    page = classify(open_page("classify", run=finished_run.identifier), "a\n" * 501, by_line=True)
    assert "at most 500 can be pasted at once" in page.warning[0].value


def test_a_long_text_is_said_to_be_cut(finished_run: Run, open_page: OpenPage) -> None:
    shown = everything_shown(classify(open_page("classify", run=finished_run.identifier), "word " * 1000))
    assert "This text has 1,002 tokens" in shown and "only the first 256" in shown
    assert cut_sentence(256, 256, HowRead()) == ""


@pytest.mark.parametrize(
    ("tokens", "read", "expected"),
    [
        (300, HowRead("words"), "This text has 300 words. The models read only the first 256"),
        (300, HowRead("pieces", windows=True), "in windows of 256 and average"),
        (300, HowRead("terms"), ""),
        (0, HowRead("terms"), ""),
    ],
)
def test_a_cut_is_said_in_the_classifiers_own_words(tokens: int, read: HowRead, expected: str) -> None:
    sentence = cut_sentence(tokens, 256, read)
    assert expected in sentence if expected else not sentence
    several = cut_texts_sentence([tokens, 1], 256, read)
    assert bool(several) == bool(expected) and ("windows" in several) == (read.windows and bool(several))


def test_texts_of_unknown_words_are_said_to_be_guesses() -> None:
    assert "no term that the models know" in unknown_sentence([0], HowRead("terms"))
    assert unknown_sentence([0, 3, 0], HowRead("words")).startswith("2 texts hold no word")
    assert unknown_sentence([1, 2], HowRead("words")) == unknown_sentence([], HowRead()) == ""


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_every_classifier_explains_what_it_reads(finished_run: Run, open_page: OpenPage, classifier: str) -> None:
    as_classifier(finished_run, classifier, compiled=True)
    page = classify(open_page("classify", run=finished_run.identifier), "Where is it?")
    assert not page.exception
    shown = everything_shown(page).replace("\\", "")
    assert f"{CLASSIFIERS[classifier].title} · matched · compiled" in shown
    takes = CLASSIFIERS[classifier].takes
    assert ("vector" in shown) == (takes == "vectors") and ("pre-trained" in shown) == (takes == "vectors")
    help = page.text_area(key="classify_text").help
    limit = Experiment.recommended(finished_run.read_experiment().data, classifier).max_tokens
    assert {"terms": "count the terms", "words": f"{limit} words"}.get(takes, f"{limit} tokens") in help


def test_models_stay_warm(finished_run: Run, open_page: OpenPage, stand_ins: list[StandIn]) -> None:
    page = classify(open_page("classify", run=finished_run.identifier), "one")
    classify(page, "two")
    assert [model.framework for model in stand_ins] == ["pytorch", "tensorflow"]
    assert stand_ins[1].texts == ["warm up", "one", "two"]


def test_a_process_that_dies_in_between_is_started_again_once(finished_run: Run, open_page: OpenPage, stand_ins: list[StandIn]) -> None:
    page = classify(open_page("classify", run=finished_run.identifier), "one")
    stand_ins[0].alive = False
    page = classify(page, "two")
    assert not page.exception and not page.error
    assert [model.framework for model in stand_ins] == ["pytorch", "tensorflow", "pytorch"]
    assert "The process of PyTorch had ended and was started again" in everything_shown(page)


def test_a_process_that_dies_while_answering_is_started_again_once(
    finished_run: Run, open_page: OpenPage, stand_ins: list[StandIn]
) -> None:
    StandIn.broken = 1
    page = classify(open_page("classify", run=finished_run.identifier), "one")
    assert not page.exception and not page.error
    assert len(stand_ins) == 3


def test_a_process_that_keeps_dying_ends_in_a_sentence(finished_run: Run, open_page: OpenPage, stand_ins: list[StandIn]) -> None:
    StandIn.broken = 10
    page = classify(open_page("classify", run=finished_run.identifier), "one")
    assert not page.exception
    assert "The process has ended" in page.error[0].value
    assert len(stand_ins) <= 3, "once, not for ever"


def test_a_reason_from_the_engine_is_shown_as_it_stands(finished_run: Run, open_page: OpenPage) -> None:
    StandIn.lasting_failure = "The PyTorch model cannot answer: its file is damaged."
    page = classify(open_page("classify", run=finished_run.identifier), "one")
    assert "its file is damaged" in page.error[0].value


def upload(page: AppTest, name: str, content: bytes) -> AppTest:
    page.file_uploader(key="classify_file").upload(name, content, "application/octet-stream")
    return page.run()


def classify_rows(page: AppTest) -> AppTest:
    page.button(key="classify_rows").click()
    return page.run()


def test_a_file_of_texts_is_answered_row_by_row(finished_run: Run, open_page: OpenPage, stand_ins: list[StandIn]) -> None:
    lines = "".join(f'{number},"Text number {number}, which is long enough"\n' for number in range(150))
    page = upload(open_page("classify", run=finished_run.identifier), "new.csv", f"id,message\n{lines}151,\n".encode())
    assert not page.exception
    assert page.selectbox[-1].value == "message"
    assert "150 texts to classify, no answer for 1 row without text" in everything_shown(page)
    page = classify_rows(page)
    assert not page.exception and not page.error
    assert len(stand_ins[0].texts) == 1 + 150
    assert "Both models give the same answer to all 150 texts" in everything_shown(page)
    assert list(page.dataframe[-1].value["PyTorch answer"][:2]) == ["billing", "billing"]


def test_a_text_file_holds_one_text_a_line(finished_run: Run, open_page: OpenPage, stand_ins: list[StandIn]) -> None:
    page = upload(open_page("classify", run=finished_run.identifier), "new.txt", b'Hello, "you"\n\n=1+1; second\n')
    page = classify_rows(page)
    assert not page.exception
    assert stand_ins[0].texts == ["warm up", 'Hello, "you"', "=1+1; second"]


@pytest.mark.parametrize(
    ("name", "content"), [("new.csv", b""), ("new.csv", b"\x89PNG\r\n\x1a\n" + bytes(50)), ("new.xlsx", b"PK\x03\x04" + bytes(40))]
)
def test_a_file_that_is_no_table_is_explained(finished_run: Run, open_page: OpenPage, name: str, content: bytes) -> None:
    page = upload(open_page("classify", run=finished_run.identifier), name, content)
    assert not page.exception
    assert page.error and "Expected" in page.error[0].value


def test_a_file_without_any_text_is_explained(finished_run: Run, open_page: OpenPage) -> None:
    page = upload(open_page("classify", run=finished_run.identifier), "new.txt", b" \n \n")
    assert not page.exception
    assert page.warning or page.error


def test_one_framework_answers_alone(finished_run: Run, open_page: OpenPage, stand_ins: list[StandIn]) -> None:
    results = finished_run.read_results()
    assert results is not None
    finished_run.write_results(replace(results, frameworks={"pytorch": results.frameworks["pytorch"]}))
    page = classify(open_page("classify", run=finished_run.identifier), "one")
    assert not page.exception
    assert [model.framework for model in stand_ins] == ["pytorch"]
    shown = everything_shown(page)
    assert "Only PyTorch has a model in this run" in shown and "PyTorch answers **billing**" in shown


@pytest.mark.parametrize(("identifier", "title"), [("../..", "No such run"), (None, "No run yet")])
def test_without_models_the_page_says_where_to_get_them(open_page: OpenPage, identifier: str | None, title: str) -> None:
    page = open_page("classify", **({"run": identifier} if identifier else {}))
    assert not page.exception
    assert page.title[0].value == title


def test_a_class_name_is_never_markup_in_the_answer() -> None:
    sentence = answer_sentence(CLASSES, {"pytorch": [0.9, 0.05, 0.05], "tensorflow": [0.9, 0.05, 0.05]})
    assert "<b>" not in sentence.replace(r"\<b\>", "") and sentence.startswith("Both answer **\\*returns")
