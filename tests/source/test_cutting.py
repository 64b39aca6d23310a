"""Templates of scripts: what is cut out of them for one run, and what cannot be cut."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.source.cutting import cut

TEMPLATE = '''
from engine.source.cutting import RUN

SIZE = 3

# %% First
SIZE = 4
"""é, to have bytes and characters differ"""
if RUN.takes == "words":
    # of words
    value = read(words, limit=3, size=SIZE)  # type: ignore[misc]
elif RUN.takes == "terms":
    value = read(terms, size=SIZE)
else:

    def value() -> int:
        """Text."""
        if not RUN.own:
            return draw(RUN.weights, "né", RUN.own)
        else:
            return 2


if RUN.own:
    unheard_of()

shape = Shape(
    first=1 if RUN.own else 2,
    size=(SIZE if RUN.own else None),
    third=3,
)
facts = {
    "size": SIZE,
    "third": 3,
}
# %% Second
nothing = RUN.missing
'''


def weights() -> None: ...


@pytest.fixture
def template(tmp_path: Path) -> Path:
    file = tmp_path / "template.py"
    file.write_text(TEMPLATE, encoding="utf-8")
    return file


def test_what_applies_is_kept_as_it_was_written(template: Path) -> None:
    run = SimpleNamespace(takes="words", own=True, weights=weights)
    whole = '''SIZE = 4
"""é, to have bytes and characters differ"""
# of words
value = read(words, limit=3, size=SIZE)


unheard_of()

shape = Shape(first=1, size=SIZE, third=3)
facts = {
    "size": SIZE,
    "third": 3,
}'''
    assert cut(template, "First", run) == whole
    without_size = whole.replace("SIZE = 4\n", "").replace(", size=SIZE", "").replace('    "size": SIZE,\n', "")
    assert cut(template, "First", run, frozenset({"size"})) == without_size
    assert "value = read(terms, size=SIZE)" in cut(template, "First", SimpleNamespace(takes="terms", own=True, weights=weights))


def test_a_value_takes_the_place_of_the_question(template: Path) -> None:
    program = cut(template, "First", SimpleNamespace(takes="vectors", own=False, weights=weights), frozenset({"size"}))
    assert 'def value() -> int:\n    """Text."""\n    return draw(weights, "né", False)\n\nshape = Shape(first=2, third=3)' in program


def test_brackets_that_only_held_a_choice_together_go_with_it(template: Path) -> None:
    template.write_text('# %% First\nvalue = (\n    "words" if RUN.own else "terms"\n)\n', encoding="utf-8")
    assert cut(template, "First", SimpleNamespace(own=True)) == 'value = "words"'


@pytest.mark.parametrize(("letters", "lines"), [(60, 1), (80, 4)])
def test_a_call_takes_one_line_where_it_fits(template: Path, letters: int, lines: int) -> None:
    template.write_text(f'# %% First\nmodel = build(\n    name="{"a" * letters}",\n    size=SIZE,\n)\n', encoding="utf-8")
    assert len(cut(template, "First", None).splitlines()) == lines


def test_what_cannot_be_cut_is_named(template: Path) -> None:
    with pytest.raises(ValueError, match=r"no cell “Third”\. Expected one of First, Second"):
        cut(template, "Third", None)
    with pytest.raises(AttributeError, match="missing"):
        cut(template, "Second", None)
    template.write_text("# %% First\nif RUN.size > 3:\n    pass\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"asks “RUN\.size > 3”"):
        cut(template, "First", SimpleNamespace(size=3))
