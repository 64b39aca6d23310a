"""The twin row as HTML."""

import pytest

from engine.display.twin_rows import bar_shares, twin_facts


@pytest.mark.parametrize(
    ("pytorch", "tensorflow", "shares"),
    [(2.0, 1.0, (0.5, 0.0)), (1.0, 2.0, (0.0, 0.5)), (1.0, 1.0, (0.0, 0.0)), (None, 1.0, (0.0, 0.0))],
)
def test_the_bar_of_a_twin_row_grows_from_the_centre_towards_the_larger(pytorch, tensorflow, shares):
    assert bar_shares(pytorch, tensorflow) == shares


def test_facts_keep_pytorch_left_and_are_escaped():
    html = twin_facts([("<b>Version</b>", "torch 2", "")])
    assert html.index("torch 2") < html.index("&lt;b&gt;Version") < html.index("–")
