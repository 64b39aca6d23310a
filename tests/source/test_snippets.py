"""The Code page's pieces: verbatim, aligned, with a word for each that stands alone, and kept with the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import FRAMEWORKS
from engine.data.choice import DataChoice
from engine.runs.experiment import Experiment
from engine.runs.folder import Run, create_run
from engine.runs.source_code import kept_code, present_code, save_code
from engine.shared.classifiers import CLASSIFIERS
from engine.shared.weights.initial import WEIGHTS
from engine.source.snippets import (
    LOAD,
    OVER_WINDOWS,
    STAGES,
    WITHOUT_COUNTERPART,
    Exhibit,
    cut_snippets,
    load_snippets,
    present_snippets,
)
from engine.source.source_tree import SourceTree, code_lines

PROJECT = Path(__file__).parents[2]
TRAINING = "engine/frameworks/pytorch/training.py"


@pytest.fixture
def run() -> Run:
    return create_run(Experiment(DataChoice(dataset="sample", name="support_messages.csv", text=("message",), label="department")))


SHOWN = [(name, windows) for name, member in CLASSIFIERS.items() for windows in ((False, True) if member.sequences else (False,))]


@pytest.fixture(scope="module", params=SHOWN, ids=[f"{name}, windows" if windows else name for name, windows in SHOWN])
def exhibit(request: pytest.FixtureRequest) -> Exhibit:
    return present_snippets(*request.param)


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_only_a_classifier_with_an_encoder_loads_one(classifier: str) -> None:
    stages = tuple(stage.name for stage in present_snippets(classifier).stages)
    assert stages == (STAGES if CLASSIFIERS[classifier].pretrained else tuple(name for name in STAGES if name != LOAD))


CODE_BEHIND = {
    "embedding-mlp": {
        "a class whose forward method": ("pytorch", "def forward"),
        "Keras lists its layers": ("tensorflow", "keras.Sequential"),
    },
    "tfidf-mlp": {"of its forward method": ("pytorch", "def forward"), "a layer of its own": ("tensorflow", "(keras.layers.Layer)")},
    "text-cnn": {"turns the word vectors": ("pytorch", ".transpose(1, 2)"), "layers of their own": ("tensorflow", "(keras.layers.Layer)")},
    "bi-lstm": {"PyTorch packs the batch": ("pytorch", "pack_padded_sequence("), "Keras is given a mask": ("tensorflow", "mask=")},
    "transformer": {"in a forward method": ("pytorch", "def forward"), "Keras connects it": ("tensorflow", "keras.Model(")},
}
"""What the sentence on a classifier says of a framework, and what must stand in the code beside it."""


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_each_classifier_is_built_in_words_that_its_code_bears_out(classifier: str) -> None:
    building = next(stage for stage in present_snippets(classifier).stages if stage.name == "build")
    for words, (framework, code) in CODE_BEHIND[classifier].items():
        assert words in building.difference
        assert any(code in row.pieces[framework].source for row in building.rows if framework in row.pieces), f"{words}: {code}"


def test_windows_are_shown_where_a_classifier_answers_to_them() -> None:
    for classifier, windows in SHOWN:
        build = next(stage for stage in present_snippets(classifier, True).stages if stage.name == "build")
        assert ("over_windows" in [row.name for row in build.rows]) == CLASSIFIERS[classifier].sequences, classifier
        assert build.difference.endswith(OVER_WINDOWS) == CLASSIFIERS[classifier].sequences
        if not windows:
            build = next(stage for stage in present_snippets(classifier).stages if stage.name == "build")
            assert "over_windows" not in [row.name for row in build.rows]


def test_every_stage_shows_both_frameworks_and_says_what_differs(exhibit: Exhibit) -> None:
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


SHARED = {
    "vectors": {"load_tokenizer"},
    "terms": {"Terms"},
    "words": {"train_words", "token_rows"},
    "pieces": {"load_tokenizer", "token_rows"},
}


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_what_both_need_is_shown_apart(classifier: str) -> None:
    shared = {piece.name for piece in present_snippets(classifier).shared}
    assert {"Architecture", "Recipe", "Plan", "training_plan", "Progress", "initial_weights", "class_weights"} <= shared
    expected = SHARED[CLASSIFIERS[classifier].takes]
    assert shared & set().union(*SHARED.values()) == expected
    assert WEIGHTS[classifier].__name__ in shared
    others = {function.__name__ for function in WEIGHTS.values()} - {WEIGHTS[classifier].__name__}
    assert not shared & others, "the weights of other classifiers are of no interest here"


def test_a_table_is_cut_with_what_is_added_to_it_below() -> None:
    source = """SIZES = {"a": 1}
SIZES |= {"b": 2}
SIZES["c"] = 3
'''How large.'''

FIRST, SECOND = 0, 1


def size(name):
    return SIZES[name] + SECOND
"""
    tree = SourceTree({"sizes.py": source})
    table, pair, function = (tree.definition("sizes.py", name) for name in ("SIZES", "SECOND", "size"))
    assert table.source == source.split("\n\n")[0]
    assert pair.names == ("FIRST", "SECOND") and pair is tree.definition("sizes.py", "FIRST")
    assert tree.closure([function]) == [table, pair, function]


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
    assert len(code_lines(source)) == 6


def test_a_run_shows_the_code_it_kept_not_the_present_one(run: Run) -> None:
    save_code(run)
    files = kept_code(run)
    assert files == present_code()
    earlier = files | {TRAINING: files[TRAINING].replace("optimizer.zero_grad()", "optimizer.zero_grad(set_to_none=False)")}
    run.write_code(earlier)
    exhibit = load_snippets(run)
    train = next(row for stage in exhibit.stages for row in stage.rows if row.name == "train")
    assert "set_to_none=False" in train.pieces["pytorch"].source
    assert not exhibit.note


def test_a_run_that_kept_less_is_shown_as_it_is(run: Run) -> None:
    """Earlier versions had fewer things to share."""
    run.write_code({file: text for file, text in present_code().items() if file != "engine/shared/class_weights.py"})
    exhibit = load_snippets(run)
    assert not exhibit.note
    assert "class_weights" not in {piece.name for piece in exhibit.shared}


def test_a_run_without_its_code_says_so(run: Run) -> None:
    assert "kept no copy" in load_snippets(run).note


@pytest.mark.parametrize("damaged", [{TRAINING: "def train(:"}, {"engine/errors.py": ""}, {TRAINING: 3}])
def test_a_damaged_copy_says_so(run: Run, damaged: dict) -> None:
    run.write_code(damaged)
    exhibit = load_snippets(run)
    assert "copy of its code" in exhibit.note and "present code" in exhibit.note
    assert len(exhibit.stages) == len(STAGES)


def test_the_kept_code_lacks_nothing_that_it_imports() -> None:
    files = present_code()
    for file in files:
        for line in files[file].splitlines():
            if line.startswith("from engine."):
                assert line.split()[1].replace(".", "/") + ".py" in files, f"{file}: {line}"


def test_a_missing_function_is_named() -> None:
    files = present_code()
    files[TRAINING] = files[TRAINING].replace("def evaluate(", "def assess(")
    with pytest.raises(ValueError, match=r"pytorch/training\.py defines no evaluate"):
        cut_snippets(files, "embedding-mlp")
