"""Templates of scripts: what is cut out of them for one run, and that nothing in them is lost, unknown or asked in vain."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from engine.shared.classifiers import CLASSIFIERS
from engine.shared.recipe import Recipe
from engine.shared.weights.initial import WEIGHTS
from engine.source.cutting import cut
from engine.source.script_main import EncoderSource, Parts

PROJECT = Path(__file__).parents[2]
TEMPLATES = [*PROJECT.glob("engine/source/templates/*.py"), *PROJECT.glob("engine/serving/sagemaker_templates/*.py")]

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
    answers = {"takes": "words", "own": True, "weights": weights}
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
    assert cut(template, "First", answers) == whole
    without_size = whole.replace("SIZE = 4\n", "").replace(", size=SIZE", "").replace('    "size": SIZE,\n', "")
    assert cut(template, "First", answers, frozenset({"size"})) == without_size
    assert "value = read(terms, size=SIZE)" in cut(template, "First", answers | {"takes": "terms"})


def test_a_value_takes_the_place_of_the_question(template: Path) -> None:
    program = cut(template, "First", {"takes": "vectors", "own": False, "weights": weights}, frozenset({"size"}))
    assert 'def value() -> int:\n    """Text."""\n    return draw(weights, "né", False)\n\nshape = Shape(first=2, third=3)' in program


def test_what_cannot_be_cut_is_named(template: Path) -> None:
    with pytest.raises(ValueError, match=r"no cell “Third”\. Expected one of First, Second"):
        cut(template, "Third", {})
    with pytest.raises(KeyError, match="missing"):
        cut(template, "Second", {})
    template.write_text("# %% First\nif RUN.size > 3:\n    pass\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"asks “RUN\.size > 3”"):
        cut(template, "First", {"size": 3})


def test_every_answer_is_asked_for() -> None:
    parts = Parts("pytorch", CLASSIFIERS["transformer"], WEIGHTS["transformer"], Recipe(0.1, 8), False, True, EncoderSource("hub", "a"))
    questions = {
        node.attr
        for path in TEMPLATES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "RUN"
    }
    assert len(TEMPLATES) >= 4 and questions == {*parts.answers, "warmup_share"}
