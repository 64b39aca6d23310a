"""Home: what this is, one button that starts the sample once, and the recent runs."""

import numpy as np

from engine.errors import RunError
from engine.runs import launching
from engine.runs.folder import Run, create_run, home
from engine.runs.index import run_rows
from engine.runs.paths import HomePaths
from engine.runs.status import Status
from engine.shared.encoders.vector_cache import FeatureWriter, features_of
from engine.shared.encoders.vector_file import hash_texts
from tests.pages.conftest import experiment


def words(page) -> str:
    return "\n".join(element.value for kind in ("title", "markdown", "caption", "error") for element in page.get(kind))


def links(page) -> list[str]:
    return [element.proto.label for element in page.get("page_link")]


def test_an_empty_home_says_what_this_is_and_what_will_be_here(open_page):
    page = open_page("home")
    assert not page.exception
    assert "PyTorch and in TensorFlow" in page.title[0].value
    assert "There is none yet" in words(page)
    assert page.button("try_sample").label == "Try it on the sample"


def test_the_button_starts_one_run_of_the_sample_and_opens_it(open_page, monkeypatch):
    monkeypatch.setattr(launching, "start", create_run)
    page = open_page("home")
    page.button("try_sample").click().run()
    assert not page.exception
    [run] = (row.run for row in run_rows())
    assert run.read_experiment().data.dataset == "sample"
    assert page.query_params["run"] in (run.identifier, [run.identifier])
    assert page.title[0].value.startswith("Waiting to train on")

    again = open_page("home")
    again.button("try_sample").click().run()
    assert [row.run for row in run_rows()] == [run], "a second press joins the run that is under way"


def test_a_disk_that_refuses_is_said_in_one_sentence(open_page, monkeypatch):
    def refuse(experiment):
        raise RunError("No run can be started: the disk is full. Free some space.")

    monkeypatch.setattr(launching, "start", refuse)
    page = open_page("home")
    page.button("try_sample").click().run()
    assert not page.exception
    assert "No run can be started" in page.error[0].value


def test_recent_runs_show_state_and_both_accuracies(open_page, finished_run: Run):
    failed = create_run(experiment())
    failed.write_status(Status(state="failed", message="Killed", phase="end"))
    page = open_page("home")
    assert not page.exception
    shown = words(page).replace("\\", "")
    assert "PyTorch 90.0 %" in shown and "TensorFlow 87.5 %" in shown and "Done" in shown and "Failed" in shown
    assert sum("support" in label for label in links(page)) == 2


def test_a_damaged_run_does_not_hide_the_others(open_page, finished_run: Run):
    broken = create_run(experiment())
    (broken.path / "experiment.json").write_text("{")
    page = open_page("home")
    assert not page.exception
    assert "PyTorch 90.0 %" in words(page).replace("\\", "")


def test_kept_vectors_are_shown_and_removed_after_a_question(open_page, finished_run: Run, monkeypatch):
    assert "Vectors kept" not in words(open_page("home")), "there are none"
    kept = HomePaths(home()).features_folder
    for texts in (["one", "two"], ["three"]):
        features = features_of(kept, hash_texts(texts), "f" * 16, 256)
        writer = FeatureWriter(features, 4)
        writer.write(writer.missing, np.ones((len(texts), 4), np.float32))
        writer.finish()
    features.hold()
    page = open_page("home")
    assert "Vectors kept for later runs: 3. They take 0.0 MB, at most" in words(page)
    page.button("remove_vectors").click().run()
    assert not page.exception
    assert "a run under way uses them: 1." in words(page) and "Vectors kept for later runs: 1." in words(page)
    features.release()
    page.button("remove_vectors").click().run()
    assert "The kept vectors are removed" in words(page) and "Vectors kept" not in words(page)
    monkeypatch.setenv("PARITY_VECTORS_LIMIT", "much")
    assert "PARITY_VECTORS_LIMIT is “much”" in words(open_page("home")).replace("\\", "")
