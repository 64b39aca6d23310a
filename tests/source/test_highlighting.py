"""Coloured code is the same code."""

from __future__ import annotations

import html
import re

import pytest

from engine.runs.source_code import present_code
from engine.source.highlighting import highlighted, highlighted_lines


@pytest.mark.parametrize("file", ["engine/frameworks/pytorch/training.py", "engine/frameworks/tensorflow/training.py"])
def test_no_character_of_the_source_is_lost(file: str) -> None:
    source = present_code()[file]
    assert html.unescape(re.sub(r"</?span[^>]*>", "", highlighted(source))) == source


def test_kinds_of_words_are_told_apart_and_everything_is_escaped() -> None:
    assert highlighted("\n\ndef f(x):\n    return x < 1  # <b>&") == (
        '\n\n<span class="keyword">def</span> <span class="name">f</span>(x):\n    <span class="keyword">return</span> x &lt; 1  '
        '<span class="comment"># &lt;b&gt;&amp;</span>'
    )


@pytest.mark.parametrize("file", ["engine/frameworks/pytorch/training.py", "engine/frameworks/tensorflow/training.py"])
def test_lines_are_the_lines_of_the_source(file: str) -> None:
    source = present_code()[file]
    lines = highlighted_lines(source)
    assert html.unescape("\n".join(re.sub(r"</?span[^>]*>", "", line) for line in lines)) == source
    assert "class=" not in "".join(lines), "a page brings no style sheet along"
