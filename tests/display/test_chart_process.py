"""A chart never takes the one that wants it along: what XML does not allow is shown by a sign, and what cannot be drawn is told."""

import json
import xml.etree.ElementTree

import altair
import pandas
import pytest

from engine.display import chart_process
from engine.display.chart_process import CHARTS, ChartProcess
from engine.display.figure import drawn as drawn_picture
from engine.display.svg import chart_svg, printable
from engine.errors import RunError

NOT_XML = [chr(code) for code in (*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), 0xFFFE, 0xFFFF)]


def bars(names: list[str], title: str = "name") -> altair.Chart:
    frame = pandas.DataFrame({title: names, "texts": range(1, len(names) + 1)})
    return altair.Chart(frame).mark_bar().encode(x="texts:Q", y=altair.Y(f"{title}:N", title=title))


def drawn(svg: str) -> list[str]:
    return [element.text or "" for element in xml.etree.ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_every_character_that_xml_does_not_allow_is_drawn_as_a_sign_of_its_own():
    names = [f"a{character}b" for character in NOT_XML]
    svg = chart_svg(drawn_picture(bars(names, "\x1b name"), f"The first is {names[0]}."), 400)
    signs = {f"a{printable(character)}b" for character in NOT_XML}
    assert len(signs) == len(NOT_XML) and signs <= set(drawn(svg)) and "␛ name" in drawn(svg)
    assert "The first is a␀b." in svg


@pytest.mark.parametrize("text", ["a\tb\nc\rd", "naïve 日本語 🙂 \u007f\u0085", "", "<&>\"'"])
def test_what_xml_allows_stays(text):
    assert printable(text) == text


def test_half_a_pair_of_surrogates_is_drawn():
    assert "a�b" in drawn(chart_svg(drawn_picture(bars(["good"]).properties(title="a\ud83db"), "a\ud83db"), 400))


@pytest.mark.parametrize("character", ["\x1b", *(pytest.param(each, marks=pytest.mark.thorough) for each in NOT_XML[1:])])
def test_a_chart_that_ends_the_process_is_told_and_the_next_one_is_drawn(character):
    """The first half shows what would have happened here."""
    with pytest.raises(RunError, match=r"could not be drawn because the library that draws ended unexpectedly\. Its figures stand"):
        CHARTS.svg(json.dumps(bars([f"a{character}b"]).to_dict()))
    assert "good" in drawn(CHARTS.svg(json.dumps(bars(["good"]).to_dict())))


def test_a_chart_that_the_library_refuses_is_told():
    with pytest.raises(RunError, match=r"could not be drawn: .*stand in the tables"):
        CHARTS.svg('{"mark": 7}')


def test_a_chart_that_takes_too_long_is_told(monkeypatch):
    monkeypatch.setattr(chart_process, "CHART_SECONDS", 0.01)
    impatient = ChartProcess(chart_process.__name__)
    with pytest.raises(RunError, match=r"within 0 seconds"):
        impatient.svg(json.dumps(bars(["good"]).to_dict()))
    assert impatient._process is None


def test_the_process_that_gave_its_memory_back_is_started_anew():
    charts_of_a_report = ChartProcess(chart_process.__name__)
    specification = json.dumps(bars(["good"]).to_dict())
    first = charts_of_a_report.svg(specification)
    charts_of_a_report._process.kill()
    assert charts_of_a_report.svg(specification) == first
    charts_of_a_report.end()
