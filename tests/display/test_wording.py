"""How numbers, times and strangers' words are written."""

import math

import pytest

from engine.display.formatting import (
    MISSING,
    code_block,
    code_span,
    count,
    date,
    duration,
    memory,
    milliseconds,
    number,
    percent,
    plain,
    seconds,
    shorten,
    when,
)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "–"),
        (math.nan, "–"),
        (0.0, "0"),
        (0.12345, "0.123"),
        (1234.6, "1,230"),
        (199685, "199,685"),
        (3e-7, "3.00 × 10⁻⁷"),
        (-0.5, "-0.500"),
    ],
)
def test_numbers_have_three_significant_digits(value, written):
    assert number(value) == written


@pytest.mark.parametrize(
    ("estimate", "said"),
    [
        (0.4, "about a second"),
        (4, "a few seconds"),
        (22, "about 20 seconds"),
        (70, "about a minute"),
        (130, "about 2 minutes"),
        (5000, "about an hour"),
    ],
)
def test_estimates_are_said_as_people_say_them(estimate, said):
    assert duration(estimate) == said


def test_measured_values_carry_their_units():
    assert [seconds(0.4123), seconds(125), seconds(3900)] == ["0.412 s", "2 min 5 s", "1 h 5 min"]
    assert [milliseconds(4.214), milliseconds(2500), memory(210.4), memory(1310)] == ["4.21 ms", "2.50 s", "210 MiB", "1.28 GiB"]
    assert [percent(0.8812), percent(1.0), percent(None), count(1, "text"), count(1204, "text")] == [
        "88.1 %",
        "100 %",
        "–",
        "1 text",
        "1,204 texts",
    ]
    assert [when(100, now=130), when(100, now=100 + 7300)] == ["just now", "2 hours ago"]
    assert [when(float("nan")), when(-1e20)] == [MISSING, MISSING], "a damaged file takes no page down"


def test_strangers_words_lose_their_markup_but_no_character():
    hostile = "**bold** <b>x</b> [a](http://b.c) :smile: $x$ `c` # h a@b.c"
    escaped = plain(hostile)
    assert escaped.replace("\\", "").replace("\u2060", "") == hostile
    assert "\\*\\*bold" in escaped and "\\<b\\>" in escaped and ":smile:" not in escaped and "http://" not in escaped
    assert plain("two\n\n# lines") == "two \\# lines"


def test_long_words_are_shortened_on_one_line():
    assert shorten("short\ntext") == "short text"
    assert shorten("x" * 1_000_000, 10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    ("words", "in_table", "written"),
    [
        ("a | b", False, "`a | b`"),
        ("a | b", True, "<code>a &#124; b</code>"),
        ("`code` <b>x</b>\n# line", False, "`` `code` <b>x</b> # line ``"),
        ("two `` ticks", False, "```two `` ticks```"),
        ("", False, "`–`"),
    ],
)
def test_strangers_words_are_code_in_a_markdown_file(words, in_table, written):
    assert code_span(words, in_table) == written


def test_a_block_of_code_is_fenced_by_more_backticks_than_it_holds():
    assert code_block("train x") == "```\ntrain x\n```"
    assert code_block("a\n```\nb") == "````\na\n```\nb\n````"


def test_a_date_can_name_its_clock():
    assert date(0).startswith("1 Jan 1970") or date(0).startswith("31 Dec 1969")
    assert date(0, zone=True).startswith(date(0) + " ")
