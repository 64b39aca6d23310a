"""The Code page with a run, without one, with a strange address, and with a run that is incomplete."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from engine.runs.folder import Run, create_run
from engine.runs.source_code import save_code
from engine.shared.classifiers import CLASSIFIERS
from engine.source.snippets import STAGES, load_snippets
from pages.parts.train import difference_list
from tests.pages.conftest import everything_shown, experiment, write_data

OpenPage = Callable[..., AppTest]


def sources(page: AppTest) -> list[str]:
    return [element.value for element in page.code]


def captions(page: AppTest) -> str:
    return "\n".join(element.value for element in page.caption)


def test_a_run_shows_the_functions_that_ran(finished_run: Run, open_page: OpenPage) -> None:
    save_code(finished_run)
    page = open_page("code", run=finished_run.identifier, stage="train")
    assert not page.exception
    assert page.title[0].value == "Code"
    assert page.markdown[0].value.endswith("the functions that ran")
    assert [heading.value for heading in page.subheader][: len(STAGES)] == [name.capitalize() for name in STAGES]
    trains = [source for source in sources(page) if source.startswith("def train(")]
    assert len(trains) == 2 and "loss.backward()" in trains[0] and "model.fit(" in trains[1], "PyTorch first"
    assert "pytorch/training.py, from line" in everything_shown(page)


def test_both_frameworks_and_the_data_can_be_taken_away(finished_run: Run, open_page: OpenPage) -> None:
    page = open_page("code", run=finished_run.identifier)
    assert not page.exception
    labels = [button.proto.label for button in page.get("download_button")]
    assert labels == ["Script (.py)", "Notebook (.ipynb)"] * 2 + ["Data (data.csv)"]


def test_code_that_the_run_did_not_keep_is_marked(finished_run: Run, open_page: OpenPage) -> None:
    page = open_page("code", run=finished_run.identifier)
    assert not page.exception
    assert "kept no copy of its code" in captions(page)
    assert "that ran" not in page.markdown[0].value


def test_before_the_first_run_there_is_code_to_read(open_page: OpenPage) -> None:
    page = open_page("code")
    assert not page.exception
    assert "present code" in captions(page)
    assert [source for source in sources(page) if "def build(" in source], "one stage is unfolded"
    assert not page.get("download_button")


def headings_of(page: AppTest) -> set[str]:
    return {heading.value.removeprefix("###### ").replace("\\", "") for heading in page.markdown if heading.value.startswith("######")}


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_an_address_that_names_a_classifier_and_a_stage_shows_its_code(finished_run: Run, open_page: OpenPage, classifier: str) -> None:
    page = open_page("code", classifier=classifier, stage="build")
    assert not page.exception
    assert CLASSIFIERS[classifier].title in captions(page).replace("\\", "")
    assert f"classifiers/{classifier.replace('-', '_')}.py, from line" in everything_shown(page)
    assert "build" in headings_of(page) and "make_optimizer" not in headings_of(page), "the others are drawn when they are unfolded"


def test_what_the_train_page_links_to_is_drawn_at_its_address(open_page: OpenPage) -> None:
    places = {name: address for (_, name), address in difference_list._anchors("embedding-mlp").items()}
    for name in ("make_optimizer", "MatchedAdam", "train", "build", "save_weights"):
        address, anchor = places[name].removeprefix("&").split("#")
        page = open_page("code", classifier="embedding-mlp", **dict([address.split("=")]))
        assert anchor in {difference_list.anchor_of(heading) for heading in headings_of(page)}


def test_all_code_is_there_once_it_is_unfolded(finished_run: Run, open_page: OpenPage) -> None:
    page = open_page("code", run=finished_run.identifier)
    for block in page.get("expander"):
        page.session_state[block.proto.id.split("-", 2)[-1]] = True
    exhibit = load_snippets(finished_run)
    pieces = [piece for stage in exhibit.stages for row in stage.rows for piece in row.pieces.values()]
    pieces += [piece for stage in exhibit.stages for repairs in stage.repairs.values() for piece in repairs]
    assert sources(page.run()) and not page.exception
    assert sorted(sources(page)) == sorted(piece.source for piece in [*pieces, *exhibit.shared])


def test_another_classifier_can_be_chosen_before_the_first_run(open_page: OpenPage) -> None:
    page = open_page("code", classifier="nonsense")
    assert not page.exception and page.segmented_control("code_classifier").value == "embedding-mlp"
    page.segmented_control("code_classifier").set_value("bi-lstm").run()
    assert not page.exception
    assert "bi_lstm.py" in everything_shown(page) and page.query_params["classifier"] in ("bi-lstm", ["bi-lstm"])


def test_links_lead_to_the_headings_of_the_functions() -> None:
    assert [difference_list.anchor_of(name) for name in ("make_optimizer", "MatchedAdam", "_draw")] == [
        "make-optimizer",
        "matched-adam",
        "draw",
    ]


@pytest.mark.parametrize("identifier", ["../..", "20260101-000000-abcdef", "<b>x</b>"])
def test_an_unknown_run_is_explained(open_page: OpenPage, identifier: str) -> None:
    page = open_page("code", run=identifier)
    assert not page.exception
    assert page.title[0].value == "No such run"
    assert not sources(page)


def test_a_run_of_one_framework_says_which_did_not_run(open_page: OpenPage, home_folder) -> None:
    run = create_run(experiment(frameworks=("pytorch",), mode="defaults"))
    write_data(run)
    page = open_page("code", run=run.identifier)
    assert not page.exception
    assert "TensorFlow took no part" in captions(page) and "in “own”" in captions(page)
    assert len(page.get("download_button")) == 3


def test_a_run_without_rows_offers_no_script(open_page: OpenPage, home_folder) -> None:
    page = open_page("code", run=create_run(experiment()).identifier)
    assert not page.exception
    assert "has not read its texts" in "\n".join(element.value for element in page.info).replace("\\", "")
    assert not page.get("download_button")


def test_a_damaged_description_is_explained(finished_run: Run, open_page: OpenPage) -> None:
    (finished_run.path / "experiment.json").write_text("{", encoding="utf-8")
    page = open_page("code", run=finished_run.identifier)
    assert not page.exception
    assert "damaged" in page.error[0].value
