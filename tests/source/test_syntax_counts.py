"""What is counted in the code, and what is not."""

from __future__ import annotations

import ast

import pytest

from engine import FRAMEWORKS
from engine.data.store import sample_choice
from engine.runs.experiment import Experiment
from engine.runs.folder import Run, create_run
from engine.runs.source_code import present_code, save_code
from engine.shared.classifiers import CLASSIFIERS
from engine.source.concepts import CONCEPTS
from engine.source.source_tree import SourceTree
from engine.source.syntax_counts import KNOWN_METHODS, PACKAGES, Counts, SyntaxCounts, count_piece, marks_of, syntax_counts

TRAINING = "engine/frameworks/pytorch/training.py"

SOURCE = '''
import numpy as np
import torch
import tensorflow as tf
from torch import nn
from torch.nn import functional


class Progress:
    patience: int

    def improved(self):
        self.best = 1


def train(model: nn.Module, batches: torch.Tensor) -> torch.Tensor:
    """Nothing counts in here: torch.compile, nn.LSTM."""
    # Nor here: nn.GRU.
    total = np.zeros(3)

    for rows in batches:
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(rows), rows.sum())
        loss.backward()
        optimizer.step()
        progress.improved()
    table: torch.Tensor = layers.append(nn.Linear(
        3, 4))
    with tf.device("cpu"):
        return [part for part in (tf.function(lambda: 1), *total)]
'''


@pytest.fixture(scope="module")
def counted() -> SyntaxCounts:
    return syntax_counts()


def small() -> tuple[SourceTree, Counts]:
    tree = SourceTree({"small.py": SOURCE})
    return tree, count_piece(tree.definition("small.py", "train"), tree)


def test_lines_and_statements_leave_out_what_is_not_code() -> None:
    _, counts = small()
    assert counts.lines == 12
    assert counts.statements == 11, "the function, nine statements in it, and the return within the with"


def test_names_are_those_of_the_framework() -> None:
    """No annotations, no comments, nothing of NumPy, Python or the engine's own classes."""
    _, counts = small()
    assert counts.names == {
        "torch.nn.functional.cross_entropy",
        "torch.nn.Linear",
        "tensorflow.device",
        "tensorflow.function",
        ".zero_grad",
        ".backward",
        ".step",
    }
    assert {"sum", "append"} <= KNOWN_METHODS


def test_concepts_are_recognised_by_syntax_and_name() -> None:
    _, counts = small()
    assert counts.concepts == {
        "context-manager",
        "function-value",
        "unpacking",
        "devices",
        "layers",
        "differentiation",
        "gradient-reset",
        "optimizer-step",
        "training-loop",
        "loss-on-logits",
        "graphs",
    }


def test_marks_stand_on_the_lines_of_what_they_mark() -> None:
    tree, _ = small()
    piece = tree.definition("small.py", "train")
    marks, lines = marks_of(piece, tree), piece.source.splitlines()
    assert {lines[line - 1].strip(): names for line, names in marks.names.items()}["loss.backward()"] == (".backward",)
    assert "training-loop" in marks.concepts[next(number for number, text in enumerate(lines, 1) if "for rows" in text)]
    assert not any(lines[line - 1].lstrip().startswith("#") or not lines[line - 1].strip() for line in marks.lines)


def test_sums_count_each_name_once() -> None:
    first, second = Counts(2, 1, frozenset({"a", "b"}), frozenset({"x"})), Counts(3, 4, frozenset({"b"}), frozenset({"y"}))
    assert first + second == Counts(5, 5, frozenset({"a", "b"}), frozenset({"x", "y"}))


def test_lines_are_those_of_the_code_page(counted: SyntaxCounts) -> None:
    for classifier in CLASSIFIERS:
        found = counted.classifiers[classifier]
        for stage in found.stages:
            for framework in FRAMEWORKS:
                assert found.by_stage[stage.name][framework].lines == stage.lines(framework) - stage.mended(framework)
        assert found.mended["tensorflow"].lines == sum(stage.mended("tensorflow") for stage in found.stages)


def test_what_classifiers_share_is_counted_once(counted: SyntaxCounts) -> None:
    for framework in FRAMEWORKS:
        each = [found.total(framework) for found in counted.classifiers.values()]
        everything = counted.everything[framework]
        assert max(one.lines for one in each) < everything.lines < sum(one.lines for one in each)
        assert everything.names == frozenset().union(*(one.names for one in each))


def test_every_concept_is_met_somewhere(counted: SyntaxCounts) -> None:
    """An entry that nothing meets counts nothing, and one that a change of the wings orphans should go."""
    met = set().union(*(counts.concepts for counts in (*counted.everything.values(), *counted.plain.values())))
    assert set(CONCEPTS) == met


def test_each_framework_asks_for_something_that_the_other_does_not(counted: SyntaxCounts) -> None:
    pytorch, tensorflow = (counted.everything[framework].concepts for framework in FRAMEWORKS)
    assert {"gradient-reset", "optimizer-step", "training-loop"} <= pytorch - tensorflow
    assert {"compile-and-fit", "callbacks", "symbolic-model"} <= tensorflow - pytorch


def test_names_belong_to_the_framework_of_their_column(counted: SyntaxCounts) -> None:
    roots = {"pytorch": {"torch", "transformers"}, "tensorflow": {"tensorflow", "keras", "keras_hub"}}
    for framework in FRAMEWORKS:
        full = {name.split(".")[0] for name in counted.everything[framework].names if not name.startswith(".")}
        assert full <= roots[framework] and full <= set(PACKAGES)


def test_the_least_code_is_a_fraction_of_what_is_under_control(counted: SyntaxCounts) -> None:
    for framework in FRAMEWORKS:
        names = [piece.name for piece in counted.plain_pieces[framework]]
        assert names == ["make_model", "fit", "answer"]
        assert 0 < counted.plain[framework].lines < counted.classifiers["embedding-mlp"].total(framework).lines / 4
    assert "differentiation" in counted.plain["pytorch"].concepts and "compile-and-fit" in counted.plain["tensorflow"].concepts


@pytest.fixture
def run() -> Run:
    return create_run(Experiment(sample_choice()))


def test_a_run_is_counted_in_the_code_that_it_kept(run: Run, counted: SyntaxCounts) -> None:
    files = present_code()
    longer = files[TRAINING].replace("            loss.backward()\n", "            loss.backward()\n            torch.cuda.synchronize()\n")
    assert longer != files[TRAINING]
    run.write_code(files | {TRAINING: longer})
    found = syntax_counts(run)
    assert run.identifier in found.note
    assert found.everything["pytorch"].lines == counted.everything["pytorch"].lines + 1
    assert found.everything["pytorch"].names - counted.everything["pytorch"].names == {"torch.cuda.synchronize"}


@pytest.mark.parametrize("damage", [{TRAINING: "def train(:"}, {"engine/frameworks/pytorch/mistakes.py": ""}])
def test_a_copy_that_cannot_be_counted_gives_way_to_the_present_code(run: Run, damage: dict[str, str], counted: SyntaxCounts) -> None:
    save_code(run)
    run.write_code(present_code() | damage)
    assert syntax_counts(run) == counted and "present code" in counted.note


def test_a_run_without_a_copy_is_counted_in_the_present_code(run: Run, counted: SyntaxCounts) -> None:
    assert syntax_counts(run) == counted


def test_statements_of_a_piece_are_those_of_its_tree(counted: SyntaxCounts) -> None:
    for piece in counted.plain_pieces["pytorch"]:
        nodes = [node for node in ast.walk(ast.parse(piece.source)) if isinstance(node, ast.stmt)]
        assert count_piece(piece, counted.tree).statements == len(nodes) - 1, "each of these functions has one docstring"
