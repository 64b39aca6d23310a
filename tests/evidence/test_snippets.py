"""The Code page's pieces: verbatim, aligned, with a word for each that stands alone, and kept with the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import FRAMEWORKS
from engine.data.choice import DataChoice
from engine.evidence.snippets import STAGES, WITHOUT_COUNTERPART, Exhibit, cut_snippets, load_snippets, present_snippets, save_snippets
from engine.evidence.source_tree import SourceTree, lines_of_code
from engine.running.experiment import CLASSIFIERS, Experiment
from engine.running.folder import Run, create_run
from engine.running.source_code import kept_code, present_code

PROJECT = Path(__file__).parents[2]
TRAINING = "engine/frameworks/pytorch/training.py"


@pytest.fixture
def run() -> Run:
    return create_run(Experiment(DataChoice(dataset="sample", name="support_messages.csv", text=("message",), label="department")))


@pytest.fixture(scope="module", params=sorted(CLASSIFIERS))
def exhibit(request: pytest.FixtureRequest) -> Exhibit:
    return present_snippets(request.param)


def test_every_stage_shows_both_frameworks_and_says_what_differs(exhibit: Exhibit) -> None:
    assert tuple(stage.name for stage in exhibit.stages) == STAGES
    for stage in exhibit.stages:
        assert stage.difference.endswith("."), stage.name
        for framework in FRAMEWORKS:
            assert stage.lines(framework) > 0, f"{stage.name} has no {framework} code"


def test_pieces_stand_in_their_files_word_for_word(exhibit: Exhibit) -> None:
    pieces = [piece for stage in exhibit.stages for row in stage.rows for piece in row.pieces.values()]
    pieces += [piece for stage in exhibit.stages for repairs in stage.repairs.values() for piece in repairs]
    for piece in [*pieces, *exhibit.shared]:
        lines = (PROJECT / piece.file).read_text(encoding="utf-8").splitlines()
        here = lines[piece.first_line - 1 :][: len(piece.source.splitlines())]
        assert "\n".join(here) == piece.source, f"{piece.file}:{piece.first_line}"


def test_functions_of_one_name_share_a_row(exhibit: Exhibit) -> None:
    for stage in exhibit.stages:
        names = [row.name for row in stage.rows]
        assert len(names) == len(set(names)), f"{stage.name} has two rows of one name"
        for row in stage.rows:
            assert len(row.pieces) == 2 or row.reason, f"{row.name} stands alone; say why in WITHOUT_COUNTERPART"
            assert len({piece.file.split("/", 3)[-1] for piece in row.pieces.values()}) == 1, (
                f"{row.name} comes from files that are no twins"
            )


def test_nothing_is_shown_twice(exhibit: Exhibit) -> None:
    pieces = [piece for stage in exhibit.stages for row in stage.rows for piece in row.pieces.values()]
    pieces += [piece for stage in exhibit.stages for repairs in stage.repairs.values() for piece in repairs]
    pieces += exhibit.shared
    assert len(pieces) == len(set(pieces))


def test_reasons_are_about_pieces_that_exist() -> None:
    tree = SourceTree(present_code())
    defined = {name for file in present_code() for name in tree.names(file)}
    assert set(WITHOUT_COUNTERPART) <= defined


def test_what_both_need_is_shown_apart() -> None:
    assert {"epoch_order", "Progress", "initial_weights", "load_tokenizer"} <= {piece.name for piece in present_snippets().shared}


def test_lines_of_code_leave_out_what_is_not_code() -> None:
    source = '''
# A comment.
def f(
    x,
):
    """A docstring
    of two lines."""

    text = """a string
    is code"""  # and so is its line
    return x + text
'''
    assert lines_of_code(source) == 6


def test_a_run_shows_the_code_it_kept_not_the_present_one(run: Run) -> None:
    save_snippets(run)
    files = kept_code(run)
    assert files == present_code()
    earlier = files | {TRAINING: files[TRAINING].replace("optimizer.zero_grad()", "optimizer.zero_grad(set_to_none=False)")}
    run.write_code(earlier)
    exhibit = load_snippets(run)
    train = next(row for stage in exhibit.stages for row in stage.rows if row.name == "train")
    assert "set_to_none=False" in train.pieces["pytorch"].source
    assert not exhibit.note


def test_a_run_without_its_code_says_so(run: Run) -> None:
    assert "kept no copy" in load_snippets(run).note


@pytest.mark.parametrize("damaged", [{TRAINING: "def train(:"}, {"engine/errors.py": ""}, {TRAINING: 3}])
def test_a_damaged_copy_says_so(run: Run, damaged: dict) -> None:
    run.write_code(damaged)
    exhibit = load_snippets(run)
    assert "copy of its code" in exhibit.note and "present code" in exhibit.note
    assert len(exhibit.stages) == len(STAGES)


def test_a_missing_function_is_named() -> None:
    files = present_code()
    files[TRAINING] = files[TRAINING].replace("def evaluate(", "def assess(")
    with pytest.raises(ValueError, match=r"pytorch/training\.py defines no evaluate"):
        cut_snippets(files, "embedding-mlp")
