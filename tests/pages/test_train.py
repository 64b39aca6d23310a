"""Train: the form, the checks before the start, and a run in each of its states."""

import time

import pytest

from engine.data.store import DatasetStore
from engine.runs import launching
from engine.runs.experiment import Experiment
from engine.runs.folder import Run, create_run, home
from engine.runs.index import run_rows
from engine.runs.processes.identity import ProcessIdentity
from engine.runs.status import Status, WorkProgress
from engine.shared.classifiers import CLASSIFIERS
from pages.parts.train.settings_form import CLASS_WEIGHTS
from tests.pages.conftest import charts, experiment


def words(page) -> str:
    kinds = ("title", "subheader", "markdown", "caption", "error", "code")
    return (
        "\n".join(element.value for kind in kinds for element in page.get(kind))
        .replace("\\", "")
        .replace("\u2060", "")
        .replace("\u00a0", " ")
    )


def rows(page) -> str:
    return "\n".join(element.proto.body for element in page.get("html"))


def bar(page) -> str:
    """The line above the bar that shows how much of the whole run is done."""
    [progress] = page.get("progress")
    return progress.proto.text.replace("\\", "").replace("\u2060", "")


def press(page, label: str):
    return next(button for button in page.button if button.label == label).click().run()


def boxes(page) -> list[str]:
    return [box.label for kind in ("number_input", "selectbox", "multiselect") for box in page.get(kind)]


def test_the_form_takes_defaults_limits_and_help_from_the_experiment(open_page):
    page = open_page("train")
    assert not page.exception
    epochs = page.number_input("setting_epochs_embedding-mlp")
    assert epochs.value == 20 and epochs.max == 1000 and "training texts are seen" in epochs.help
    assert page.number_input("setting_learning_rate_embedding-mlp").value == 0.001
    assert page.radio("setting_mode").value == "matched"
    assert page.segmented_control("setting_classifier").value == "embedding-mlp"
    assert "support_messages.csv" in words(page)


OWN_BOXES = {
    "embedding-mlp": {"Encoder", "Tokens per text", "Hidden units"},
    "tfidf-mlp": {"Terms kept", "Hidden units"},
    "text-cnn": {"Words per text", "Words known", "Length of a word vector", "Filters of each width"},
    "bi-lstm": {"Words per text", "Words known", "Length of a word vector", "LSTM units"},
    "transformer": {"Encoder", "Tokens per text"},
}


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_another_classifier_shows_its_settings_with_what_it_recommends(open_page, classifier):
    page = open_page("train")
    page.segmented_control("setting_classifier").set_value(classifier).run()
    assert not page.exception
    every = set().union(*OWN_BOXES.values())
    assert set(boxes(page)) & every == OWN_BOXES[classifier]
    for name, value in CLASSIFIERS[classifier].recommended.items():
        key = f"setting_{name}_{classifier}"
        assert next(box for kind in ("number_input", "selectbox") for box in page.get(kind) if box.key == key).value == value, name
    shown = words(page)
    assert CLASSIFIERS[classifier].summary in shown and CLASSIFIERS[classifier].source in shown
    assert "Matched mode makes them equal" in shown


def test_each_classifier_keeps_its_own_values(open_page):
    page = open_page("train")
    page.number_input("setting_epochs_embedding-mlp").set_value(3)
    press(page, "Check first")
    page.segmented_control("setting_classifier").set_value("text-cnn").run()
    assert page.number_input("setting_epochs_text-cnn").value == 15
    page.segmented_control("setting_classifier").set_value("embedding-mlp").run()
    assert page.number_input("setting_epochs_embedding-mlp").value == 3


def test_what_differs_follows_mode_and_compilation_at_once(open_page):
    page = open_page("train")
    assert "10⁻⁸, added after the bias correction" in rows(page) and "10⁻⁷, added after it" in rows(page)
    assert "training.py, line" in rows(page) and "eager: one operation after the other" in rows(page)
    page.radio("setting_mode").set_value("defaults").run()
    assert not page.exception
    assert "This mode leaves each framework its own" in words(page) and "Framework defaults:" in words(page)
    page.toggle("setting_compiled").set_value(True).run()
    assert not page.exception
    assert "compiled with XLA" in rows(page) and "Compiler" in words(page)


def test_the_share_of_cut_texts_stands_beside_the_setting(open_page):
    page = open_page("train")
    page.number_input("setting_max_tokens_embedding-mlp").set_value(16)
    press(page, "Check first")
    assert "longer than 16 tokens and cut there" in "\n".join(element.value for element in page.caption).replace("\\", "")


def test_class_weights_are_checked(open_page, monkeypatch):
    for typed in ("nonsense", "nobody=3"):  # AppTest cannot type into a box that offers a choice
        monkeypatch.setitem(CLASS_WEIGHTS, typed, typed)
    page = open_page("train")
    page.selectbox("setting_class_weights").set_value("nonsense")
    press(page, "Check first")
    assert not page.exception
    assert "class_weights must be" in words(page)
    page.selectbox("setting_class_weights").set_value("nobody=3")
    press(page, "Start training")
    assert not page.exception
    assert "name “nobody”, which no text is labelled" in words(page) and "Nothing was started" in words(page)
    assert run_rows() == []


def test_what_cannot_be_compiled_is_not_started(open_page):
    page = open_page("train")
    page.segmented_control("setting_classifier").set_value("text-cnn").run()
    page.toggle("setting_compiled").set_value(True).run()
    page.selectbox("setting_long_texts_text-cnn").set_value("windows")
    press(page, "Start training")
    assert not page.exception
    assert "exclude each other" in words(page) and run_rows() == []


def test_precision_is_explained_where_there_is_no_gpu(open_page, monkeypatch):
    monkeypatch.setattr("pages.parts.train.settings_form.graphics_processors", list)
    monkeypatch.setattr("pages.parts.train.settings_form.computes_bfloat16", lambda: None)
    page = open_page("train")
    page.segmented_control("setting_classifier").set_value("transformer").run()
    assert "Precision" not in boxes(page) and "Mixed precision needs a GPU" in words(page)
    monkeypatch.setattr("pages.parts.train.settings_form.graphics_processors", lambda: ["A card"])
    page.run()
    assert "Precision" in boxes(page)


def test_checks_are_numbered_and_come_with_an_estimate(open_page):
    page = open_page("train")
    shown = words(page)
    assert "Before the start" in shown and "1. :material/" in shown
    assert "of memory" in shown and "bout" in shown


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_start_makes_one_run_with_the_forms_settings_and_shows_it(open_page, monkeypatch, classifier):
    monkeypatch.setattr(launching, "start", create_run)
    page = open_page("train")
    page.segmented_control("setting_classifier").set_value(classifier).run()
    page.number_input(f"setting_epochs_{classifier}").set_value(3)
    press(page, "Start training")
    assert not page.exception
    [run] = (row.run for row in run_rows())
    expected = Experiment.recommended(run.read_experiment().data, classifier, epochs=3)
    assert run.read_experiment() == expected
    assert "Waiting to train on" in page.title[0].value
    assert CLASSIFIERS[classifier].title in words(page)
    assert ("Turn texts into vectors" in words(page)) == (classifier == "embedding-mlp")


def test_a_refused_setting_starts_nothing_and_says_why(open_page):
    page = open_page("train")
    page.multiselect("setting_frameworks").set_value([])
    press(page, "Start training")
    assert not page.exception
    assert "frameworks must be one or both" in words(page)
    assert run_rows() == []


def test_a_running_run_shows_curves_turn_progress_and_figures(open_page, active_run: Run):
    page = open_page("train", run=active_run.identifier)
    assert not page.exception
    shown = words(page)
    assert "1 part in 500,000" in shown, "the difference of the two curves is stated in words"
    assert bar(page) == "**It is TensorFlow’s turn.** About 45 seconds left." and page.get("progress")[0].proto.value >= 40
    assert "**PyTorch**: epoch 4 of 6" in shown and "**TensorFlow**: epoch 3 of 6" in shown
    assert "70.0 %" in rows(page) and "412 MiB" in rows(page) and "1.28 GiB" in rows(page)
    assert len(page.get("vega_lite_chart") or page.get("arrow_vega_lite_chart")) == 2
    for axis in ("step", "seconds"):
        page.segmented_control("axis").set_value(axis).run()
        assert not page.exception


def test_the_curves_grow_with_the_run(open_page, active_run: Run):
    page = open_page("train", run=active_run.identifier)
    status = active_run.read_status()
    status.turn, status.progress["pytorch"] = "pytorch", WorkProgress(0.6, 10.0)
    active_run.write_status(status)
    page.run()
    assert not page.exception
    assert "It is PyTorch’s turn." in bar(page)


def test_a_bar_never_goes_back(open_page, active_run: Run):
    page = open_page("train", run=active_run.identifier)
    values = [page.get("progress")[0].proto.value]
    for seconds_left in (10.0, 400.0):
        status = active_run.read_status()
        status.share, status.seconds_left = 0.2, seconds_left
        active_run.write_status(status)
        page.run()
        values.append(page.get("progress")[0].proto.value)
    assert values == sorted(values) and "About 7 minutes left" in bar(page)


def test_the_page_looks_more_often_until_there_are_curves(open_page, active_run: Run, monkeypatch):
    every = []
    monkeypatch.setattr("streamlit.fragment", lambda draw, run_every: every.append(run_every) or draw)
    empty = create_run(experiment())
    for run, seconds in ((empty, 1), (empty, 100), (active_run, 1)):
        status = run.read_status()
        status.started = time.time() - seconds
        run.write_status(status)
        open_page("train", run=run.identifier)
    assert every == [0.5, 1.0, 1.0]


@pytest.mark.parametrize("state", ["queued", "preparing", "running"])
def test_bar_curves_and_figures_have_their_place_before_there_is_anything(open_page, home_folder, state):
    run = create_run(experiment())
    status = Status(
        state=state, phase="data", message="Reading and splitting the texts", started=time.time(), share=0.02, seconds_left=20.0
    )
    run.write_status(status)
    page = open_page("train", run=run.identifier)
    assert not page.exception
    assert bar(page) == "**Reading and splitting the texts.** About 20 seconds left."
    assert charts(page) == 2 and "Texts per second" in rows(page)
    assert "**PyTorch**: waits for the texts" in words(page)


def test_results_are_shown_while_answers_are_timed(open_page, measured_run: Run):
    page = open_page("train", run=measured_run.identifier)
    assert not page.exception
    assert page.title[0].value.startswith("Trained on") and "97.5 % of 40 test texts" in words(page)
    assert "90.0 %" in rows(page) and "Peak memory" in rows(page)
    assert bar(page) == "**Measuring how fast they answer.** A few seconds left."
    assert page.get("page_link")[0].proto.label == "Compare the two models"


@pytest.mark.parametrize("name", ["compare", "code", "classify", "export", "migrate", "home", "guide"])
def test_every_page_opens_while_answers_are_timed(open_page, measured_run: Run, name):
    page = open_page(name, run=measured_run.identifier)
    assert not page.exception
    if name == "compare":
        assert "still being measured" in "".join(element.value for element in page.info) and "Being measured" in words(page)


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
            ["Waiting to train on", "**:material/arrow"],
        ),
        (
            Status(state="preparing", phase="encode", message="Computing", progress={"encode": WorkProgress(0.42, 9.0)}),
            ["Preparing to train on", "Turn texts into vectors"],
        ),
        (
            Status(state="preparing", phase="download", message="Downloading", progress={"download": WorkProgress()}),
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
        assert phrase in words(page) + (bar(page) if status.active else "")


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
    status = active_run.read_status()
    status.coordinator = ProcessIdentity(2**22 + 1, 1.0)
    active_run.write_status(status)
    page = open_page("train", run=active_run.identifier)
    assert not page.exception
    assert "ended unexpectedly" in words(page)
    assert page.button("resume")


def test_the_change_of_state_redraws_the_page_once(open_page, active_run: Run, finished_run: Run):
    page = open_page("train", run=active_run.identifier)
    active_run.write_results(finished_run.read_results())
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
