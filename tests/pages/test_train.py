"""Train: the form, the checks before the start, and a run in each of its states."""

import pytest

from engine.data.store import DatasetStore
from engine.running import launching
from engine.running.folder import Run, Status, create_run, home, list_runs
from tests.pages.conftest import experiment


def words(page) -> str:
    kinds = ("title", "subheader", "markdown", "caption", "error", "code")
    return "\n".join(element.value for kind in kinds for element in page.get(kind)).replace("\\", "").replace("\u2060", "")


def rows(page) -> str:
    return "\n".join(element.proto.body for element in page.get("html"))


def press(page, label: str):
    return next(button for button in page.button if button.label == label).click().run()


def test_the_form_takes_defaults_limits_and_help_from_the_experiment(open_page):
    page = open_page("train")
    assert not page.exception
    assert page.number_input("setting_epochs").value == 20 and page.number_input("setting_epochs").max == 1000
    assert page.number_input("setting_learning_rate").value == 0.001
    assert page.radio("setting_mode").value == "matched"
    assert "training texts are seen" in page.number_input("setting_epochs").help
    assert "support_messages.csv" in words(page)


def test_checks_are_numbered_and_come_with_an_estimate(open_page):
    page = open_page("train")
    shown = words(page)
    assert "Before the start" in shown and "1. :material/" in shown
    assert "of memory" in shown and "bout" in shown


def test_start_makes_one_run_with_the_forms_settings_and_shows_it(open_page, monkeypatch):
    monkeypatch.setattr(launching, "start", create_run)
    page = open_page("train")
    page.number_input("setting_epochs").set_value(3)
    press(page, "Start training")
    assert not page.exception
    [run] = list_runs()
    assert run.experiment.epochs == 3
    assert "Waiting to train on" in page.title[0].value


def test_a_refused_setting_starts_nothing_and_says_why(open_page):
    page = open_page("train")
    page.multiselect("setting_frameworks").set_value([])
    press(page, "Start training")
    assert not page.exception
    assert "frameworks must be one or both" in words(page)
    assert list_runs() == []


def test_a_running_run_shows_curves_turn_progress_and_figures(open_page, active_run: Run):
    page = open_page("train", run=active_run.identifier)
    assert not page.exception
    shown = words(page)
    assert "It is TensorFlow’s turn." in shown
    assert "1 part in 500,000" in shown, "the difference of the two curves is stated in words"
    progress = [element.proto.text for element in page.get("progress")]
    assert "epoch 4 of 6, about 20 seconds left" in progress[0] and progress[0].startswith("**PyTorch")
    assert "70.0 %" in rows(page) and "412 MiB" in rows(page) and "1.28 GiB" in rows(page)
    assert len(page.get("vega_lite_chart") or page.get("arrow_vega_lite_chart")) == 2
    for axis in ("step", "seconds"):
        page.segmented_control("axis").set_value(axis).run()
        assert not page.exception


def test_the_curves_grow_with_the_run(open_page, active_run: Run):
    page = open_page("train", run=active_run.identifier)
    status = active_run.status
    status.turn, status.progress["pytorch"] = "pytorch", {"share": 0.6, "seconds_left": 10.0}
    active_run.write_status(status)
    page.run()
    assert not page.exception
    assert "It is PyTorch’s turn." in words(page)


def test_stop_asks_once_and_says_what_is_kept(open_page, active_run: Run):
    page = open_page("train", run=active_run.identifier)
    page.button("stop").click().run()
    assert active_run.stop_requested
    page.run()
    assert page.button("stop").disabled
    assert "best weights so far are kept" in words(page)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (
            Status(state="queued", phase="queue", message="Waits for another run"),
            ["Waiting to train on", "Waits for another run", "**:material/arrow"],
        ),
        (
            Status(state="preparing", phase="encode", message="Computing", progress={"encode": {"share": 0.42, "seconds_left": 9.0}}),
            ["Preparing to train on", "Turn texts into vectors"],
        ),
        (
            Status(state="preparing", phase="download", message="Downloading", progress={"download": {"share": None}}),
            ["Download the encoder"],
        ),
        (Status(state="running", phase="import", message="Loading PyTorch"), ["Training on", "Loading PyTorch"]),
        (Status(state="stopped", phase="end", message="Stopped before anything was trained"), ["Stopped training on", "nothing yet"]),
    ],
)
def test_every_state_is_designed(open_page, home_folder, status, expected):
    run = create_run(experiment())
    run.write_status(status)
    page = open_page("train", run=run.identifier)
    assert not page.exception
    for phrase in expected:
        assert phrase in words(page)


def test_a_finished_run_answers_first_and_leads_on(open_page, finished_run: Run):
    page = open_page("train", run=finished_run.identifier)
    assert not page.exception
    assert "97.5 % of 40 test texts" in words(page)
    assert "90.0 %" in rows(page) and "87.5 %" in rows(page)
    labels = [element.proto.label for element in page.get("page_link")]
    assert labels[:3] == ["Compare the two models", "Read the code that ran", "Classify your own texts"]
    assert not any(button.key == "stop" for button in page.button)


def test_a_failed_run_says_what_happened_what_is_kept_and_can_resume(open_page, active_run: Run, monkeypatch):
    resumed = []
    monkeypatch.setattr(launching, "resume", lambda run: resumed.append(run.identifier))
    active_run.write_status(Status(state="failed", phase="end", message="The TensorFlow worker was <b>killed</b>."))
    page = open_page("train", run=active_run.identifier)
    assert not page.exception
    assert "was <b>killed</b>" in words(page)
    assert "PyTorch: 3 epochs of 6; TensorFlow: 2 epochs of 6" in words(page)
    page.button("resume").click().run()
    assert resumed == [active_run.identifier]


def test_a_dead_coordinator_is_a_failure_with_a_way_on(open_page, active_run: Run):
    status = active_run.status
    status.coordinator = {"pid": 2**22 + 1, "started": 1.0}
    active_run.write_status(status)
    page = open_page("train", run=active_run.identifier)
    assert not page.exception
    assert "ended unexpectedly" in words(page)
    assert page.button("resume")


def test_the_change_of_state_redraws_the_page_once(open_page, active_run: Run, finished_run: Run):
    page = open_page("train", run=active_run.identifier)
    active_run.write_results(finished_run.results | {})
    active_run.write_status(Status(state="done", phase="end", message="Finished"))
    page.run()
    assert not page.exception
    assert page.title[0].value.startswith("Trained on")


@pytest.mark.parametrize("identifier", ["../..", "20260101-000000-abcdef", "<script>alert(1)</script>", ""])
def test_an_unknown_run_in_the_address_is_one_sentence(open_page, identifier):
    page = open_page("train", run=identifier)
    assert not page.exception
    assert page.title[0].value == "No such run"
    assert len(page.error) == 1


@pytest.mark.parametrize("identifier", ["../..", "0123456789abcdef"])
def test_unknown_data_in_the_address_is_one_sentence(open_page, identifier):
    page = open_page("train", data=identifier)
    assert not page.exception
    assert page.title[0].value == "No such data" and "no stored file" in words(page)


def test_data_without_confirmed_columns_leads_back_to_the_data_page(open_page, home_folder):
    dataset = DatasetStore(home() / "_datasets").add("mine.csv", b"text,label\na,b\n")
    page = open_page("train", data=dataset.identifier)
    assert not page.exception
    assert page.title[0].value == "One step before training"


def test_a_run_folder_deleted_while_open_is_said(open_page, active_run: Run):
    import shutil

    page = open_page("train", run=active_run.identifier)
    shutil.rmtree(active_run.path)
    page.run()
    assert not page.exception
    assert page.title[0].value == "No such run"


def test_the_run_of_this_tab_comes_back_after_a_page_switch(open_page, active_run: Run):
    page = open_page("train", run=active_run.identifier)
    page.switch_page("pages/home.py").run()
    del page.query_params["run"]
    page.switch_page("pages/train.py").run()
    assert not page.exception
    assert page.title[0].value.startswith("Training on")
