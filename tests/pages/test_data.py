"""The Data page, driven without a browser: choose, read, confirm, check, split, use; and bad input, which is answered with a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from engine.data import rows
from engine.data.process import child
from engine.data.process.request import largest_upload
from engine.data.store import DatasetStore
from engine.reading.options import ReadingOptions
from engine.runs.experiment import Experiment
from engine.runs.folder import create_run
from engine.runs.planning.preflight import preflight
from engine.runs.preparing.prepare import prepare_data

TOPICS = ("billing", "shipping", "returns")
OPENINGS = ("My invoice", "The parcel", "This jacket", "Your driver", "The refund", "An order", "The receipt", "A courier")
ENDINGS = ("never arrived", "looks wrong to me", "was sent twice", "has another colour", "is a week late")

OpenPage = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def empty_caches() -> Iterator[None]:
    """The caches belong to the process, as the tests' pages do."""
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def store(home_folder: Path) -> DatasetStore:
    return DatasetStore(home_folder / "_datasets")


def labelled_rows(classes: tuple[str, ...] = TOPICS) -> list[tuple[str, str]]:
    """40 different texts, the classes in turn."""
    texts = [f"{opening} {ending}, number {place}" for place, opening in enumerate(OPENINGS) for ending in ENDINGS]
    return [(text, classes[place % len(classes)]) for place, text in enumerate(texts)]


def as_csv(rows: list[tuple[str, str]], names: str = "message,department") -> bytes:
    return "\n".join([names, *(f'"{text}","{label}"' for text, label in rows)]).encode()


def upload(page: AppTest, name: str, content: bytes) -> AppTest:
    page.file_uploader[0].set_value([(name, content, "text/csv")])
    page.run()
    assert not page.exception, page.exception
    return page


def words(page: AppTest) -> str:
    """All sentences on the page, without the escapes of Markdown."""
    elements = [*page.markdown, *page.caption, *page.error, *page.warning]
    return "\n".join(element.value for element in elements).replace("\\", "").replace("\u2060", "")


def button(page: AppTest, label: str):
    return next(element for element in page.button if element.label.startswith(label))


def box(page: AppTest, label: str):
    return next(element for element in page.selectbox if element.label == label)


def test_empty_page_offers_the_sample_and_says_what_is_accepted(open_page: OpenPage) -> None:
    page = open_page("data")
    assert not page.exception
    assert f"up to {largest_upload():,} MB" in words(page) and "Parquet" in words(page)
    assert not button(page, "Use the sample").disabled
    assert not page.dataframe


def test_sample_is_one_click_and_ready(open_page: OpenPage) -> None:
    page = open_page("data")
    button(page, "Use the sample").click()
    page.run()
    assert not page.exception
    assert page.query_params["data"] == "sample"
    assert "can be used, in 5 classes" in words(page)
    assert not button(page, "Use this data").disabled


def test_upload_is_stored_at_once_and_its_columns_are_guessed(open_page: OpenPage, store: DatasetStore) -> None:
    page = upload(open_page("data"), "mail.csv", as_csv(labelled_rows()))
    [stored] = store.list()
    assert stored.name == "mail.csv"
    assert page.query_params["data"] == stored.identifier
    assert page.multiselect[0].value == ["message"]
    assert page.selectbox(key=next(box.key for box in page.selectbox if box.label == "Label")).value == "department"
    assert "All 40 rows can be used, in 3 classes" in words(page)
    assert "comma" in words(page) and "UTF-8" in words(page)


def test_reload_of_the_address_shows_the_same_file(open_page: OpenPage, store: DatasetStore) -> None:
    stored = store.add("mail.csv", as_csv(labelled_rows()))
    page = open_page("data", data=stored.identifier)
    assert not page.exception
    assert "All 40 rows can be used" in words(page)
    assert "mail.csv" in page.subheader[0].value.replace("\\", "")


def test_page_preflight_and_coordinator_parse_and_normalise_once(
    open_page: OpenPage, store: DatasetStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    work: list[str] = []
    keep, scan_texts = child.keep, rows.scan_texts
    monkeypatch.setattr(child, "keep", lambda *given: work.append("parsed") or keep(*given))
    monkeypatch.setattr(rows, "scan_texts", lambda texts: work.append("normalised") or scan_texts(texts))
    monkeypatch.setattr(st, "switch_page", lambda page, query_params=None: None)
    page = upload(open_page("data"), "mail.csv", as_csv(labelled_rows()))
    button(page, "Use this data").click()
    page.run()
    [stored] = store.list()
    experiment = Experiment(store.load_choice(stored.identifier), classifier="tfidf-mlp")
    assert preflight(experiment).refusal == ""
    prepared = prepare_data(create_run(experiment))
    assert len(prepared.frame) == 40 and work == ["parsed", "normalised"]


def test_use_this_data_saves_the_choice_and_goes_on(open_page: OpenPage, store: DatasetStore, monkeypatch: pytest.MonkeyPatch) -> None:
    visits: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(st, "switch_page", lambda page, query_params=None: visits.append((page, query_params)))
    stored = store.add("mail.csv", as_csv(labelled_rows()))
    page = open_page("data", data=stored.identifier)
    next(box for box in page.number_input if box.label == "Seed").set_value(7)
    next(box for box in page.number_input if box.label == "Test, %").set_value(25)
    page.run()
    button(page, "Use this data").click()
    page.run()
    assert not page.exception
    assert visits == [("pages/train.py", {"data": stored.identifier})]
    choice = store.load_choice(stored.identifier)
    assert choice is not None
    assert (choice.text, choice.label, choice.seed, choice.test_share) == (("message",), "department", 7, 0.25)
    assert choice.reading.delimiter == ","


def test_earlier_upload_comes_back_with_what_was_confirmed(open_page: OpenPage, store: DatasetStore) -> None:
    first = store.add("first.csv", as_csv(labelled_rows()))
    store.add("second.csv", as_csv(labelled_rows(("a", "b"))))
    page = open_page("data")
    box = next(box for box in page.selectbox if "earlier" in box.label)
    assert len(box.options) == 2
    box.set_value(first.identifier)
    page.run()
    assert not page.exception
    assert page.query_params["data"] == first.identifier
    assert "in 3 classes" in words(page)


def test_unsure_columns_are_asked_for_and_explained(open_page: OpenPage) -> None:
    page = upload(open_page("data"), "numbers.csv", b"a,b\n" + b"\n".join(b"%d,%d" % (place, place * 7) for place in range(50)))
    assert "two questions settle it" in words(page)
    if any(element.label == "Use this data" for element in page.button):
        assert button(page, "Use this data").disabled


def test_reading_can_be_overridden_with_a_preview(open_page: OpenPage) -> None:
    rows = [(f"{text}; again", label) for text, label in labelled_rows()]
    page = upload(open_page("data"), "mail.csv", as_csv(rows))
    next(box for box in page.selectbox if box.label == "Separator").set_value(";")
    page.run()
    assert not page.exception
    assert "The first rows would be" in words(page) and "All 40 rows can be used" in words(page)
    button(page, "Read the whole file this way").click()
    page.run()
    assert not page.exception
    assert "semicolon" in words(page)
    button(page, "Detect everything again").click()
    page.run()
    assert "All 40 rows can be used" in words(page)


def test_duplicates_are_reported_with_a_toggle_that_stays(open_page: OpenPage) -> None:
    rows = labelled_rows()
    page = upload(open_page("data"), "twice.csv", as_csv(rows + rows[:10]))
    toggle = next(element for element in page.toggle if "drop_duplicates" in element.key)
    toggle.set_value(True)
    page.run()
    assert not page.exception
    assert "40 of 50 rows can be used" in words(page)
    again = next(element for element in page.toggle if "drop_duplicates" in element.key)
    assert again.value is True
    again.set_value(False)
    page.run()
    assert not page.exception
    assert "50 rows can be used" in words(page)


def test_one_switch_answers_exact_and_near_duplicates(open_page: OpenPage) -> None:
    rows = labelled_rows()
    nearly = [(text.upper(), label) for text, label in rows[20:25]]
    page = upload(open_page("data"), "twice.csv", as_csv(rows + rows[:10] + nearly))
    assert "Repeated texts" in words(page) and "case or space" in words(page)
    (switch,) = [element for element in page.toggle if "drop_duplicates" in element.key]
    switch.set_value(True)
    page.run()
    assert not page.exception
    assert "40 of 55 rows can be used" in words(page)


def test_rows_of_a_finding_are_shown_as_text(open_page: OpenPage) -> None:
    rows = labelled_rows()
    page = upload(open_page("data"), "twice.csv", as_csv(rows + rows[:10]))
    tables = len(page.dataframe)
    button(page, "Show rows").click()
    page.run()
    assert not page.exception
    assert len(page.dataframe) > tables
    assert "message" in page.dataframe[-1].value.columns


def test_one_class_blocks_with_the_reason_beside_the_button(open_page: OpenPage) -> None:
    page = upload(open_page("data"), "one.csv", as_csv(labelled_rows(("billing",))))
    class_box = next(box for box in page.selectbox if box.label == "Label")
    class_box.set_value("department")
    page.run()
    assert not page.exception
    assert button(page, "Use this data").disabled
    assert "Not yet" in words(page)


def test_same_column_as_text_and_class_is_refused(open_page: OpenPage) -> None:
    page = upload(open_page("data"), "mail.csv", as_csv(labelled_rows()))
    page.multiselect[0].set_value(["message", "department"])
    page.run()
    assert not page.exception
    assert button(page, "Use this data").disabled
    assert "both text and label" in words(page)


def test_another_label_renews_the_guess_of_the_text_but_not_what_a_person_chose(open_page: OpenPage) -> None:
    page = upload(open_page("data"), "mail.csv", as_csv(labelled_rows()))
    box(page, "Label").set_value("message")
    page.run()
    assert page.multiselect[0].value == ["department"] and "both text and label" not in words(page)
    box(page, "Label").set_value("department")
    page.run()
    assert page.multiselect[0].value == ["message"]
    content = as_csv([(f'{text}","{text[::-1]}', label) for text, label in labelled_rows()], "message,backwards,department")
    page = upload(open_page("data"), "two.csv", content)
    page.multiselect[0].set_value(["backwards"])
    page.run()
    box(page, "Label").set_value("message")
    page.run()
    assert page.multiselect[0].value == ["backwards"]


def test_several_labels_in_a_cell_are_a_choice(open_page: OpenPage, store: DatasetStore) -> None:
    rows = [(text, f"{label}|urgent" if place % 4 == 0 else label) for place, (text, label) in enumerate(labelled_rows())]
    page = upload(open_page("data"), "mail.csv", as_csv(rows))
    assert "Several labels in one cell" in words(page) and "in 6 classes" in words(page)
    for way, classes in (("first", 3), ("rows", 4), ("combination", 6)):
        box(page, "Several labels in a cell").set_value(way)
        page.run()
        assert not page.exception and f"in {classes} classes" in words(page), way
    button(page, "Use this data").click()
    page.run()
    assert store.load_choice(store.list()[0].identifier).several_labels == "combination"


def test_spellings_of_a_label_are_shown_before_they_are_merged(open_page: OpenPage) -> None:
    rows = [(text, label.upper() if place % 5 == 0 else label) for place, (text, label) in enumerate(labelled_rows())]
    page = upload(open_page("data"), "mail.csv", as_csv(rows))
    assert "**billing** ← “billing” (11), “BILLING” (3)" in words(page)
    next(toggle for toggle in page.toggle if "person would call the same" in toggle.label).set_value(True)
    page.run()
    assert "in 3 classes" in words(page)


def test_a_published_split_is_used_and_can_be_turned_off(open_page: OpenPage, store: DatasetStore) -> None:
    parts = ["train"] * 30 + ["test"] * 10
    rows = [(f'{text}","{part}', label) for (text, label), part in zip(labelled_rows(), parts, strict=True)]
    page = upload(open_page("data"), "mail.csv", as_csv(rows, "message,split,department"))
    assert box(page, "Split column").value == "split" and "**10** for testing" in words(page)
    button(page, "Use this data").click()
    page.run()
    assert store.load_choice(store.list()[0].identifier).split_column == "split"
    page = open_page("data", data=store.list()[0].identifier)
    box(page, "Split column").set_value("")
    page.run()
    assert "**6** for testing" in words(page)


def test_a_test_file_of_its_own(open_page: OpenPage, store: DatasetStore) -> None:
    held_out = store.add("held out.csv", as_csv([(f"never seen, number {place}", TOPICS[place % 3]) for place in range(12)]))
    other = store.add("other.csv", as_csv(labelled_rows(), "subject,team"))
    page = upload(open_page("data"), "mail.csv", as_csv(labelled_rows()))
    box(page, "Test file").set_value(other.identifier)
    page.run()
    assert not page.exception and "has no column “message”" in words(page)
    box(page, "Test file").set_value(held_out.identifier)
    page.run()
    assert not page.exception and "**12** for testing" in words(page) and "held out.csv" in words(page)
    button(page, "Use this data").click()
    page.run()
    choice = store.load_choice(page.query_params["data"] if isinstance(page.query_params["data"], str) else page.query_params["data"][0])
    assert choice is not None and choice.test_file is not None and choice.test_file.dataset == held_out.identifier


def test_files_dropped_together_are_one_data_set(open_page: OpenPage, store: DatasetStore) -> None:
    files = [("train.csv", as_csv(labelled_rows())), ("test.csv", as_csv([(f"unseen {n}", TOPICS[n % 3]) for n in range(9)]))]
    page = open_page("data")
    page.file_uploader[0].set_value([(name, content, "text/csv") for name, content in files])
    page.run()
    assert not page.exception
    assert box(page, "Split column").value == "split" and "**9** for testing" in words(page)
    assert store.list()[0].name == "train and 1 more file.zip" and "from zip" in words(page)


def test_a_separator_that_nobody_listed_can_be_typed(open_page: OpenPage) -> None:
    lines = ["message§department", *(f"{text}§{label}" for text, label in labelled_rows())]
    page = upload(open_page("data"), "odd.csv", "\n".join(lines).encode())
    assert box(page, "Separator").proto.accept_new_options  # in which a browser types; the driver of this test takes only what is listed
    page.session_state[f"reading of {page.query_params['data']}"] = ReadingOptions(delimiter="§")
    page.run()
    assert not page.exception and "All 40 rows can be used, in 3 classes" in words(page) and "separated by §" in words(page)
    button(page, "Detect everything again").click()
    page.run()
    assert not page.exception and box(page, "Separator").value == "detect"


@pytest.mark.parametrize(
    "name, content",
    [("empty.csv", b""), ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20), ("cut.csv.gz", b"\x1f\x8b\x08\x00garbage")],
)
def test_bad_files_get_a_sentence_and_the_earlier_upload_stays(open_page: OpenPage, name: str, content: bytes) -> None:
    page = upload(open_page("data"), "mail.csv", as_csv(labelled_rows()))
    chosen = page.query_params["data"]
    upload(page, name, content)
    assert len(page.error) == 1 and "was not taken" in page.error[0].value
    assert page.query_params["data"] == chosen
    assert "All 40 rows can be used" in words(page)


@pytest.mark.parametrize("identifier", ["../..", "0123456789abcdef", "<b>x</b>"])
def test_unknown_identifier_in_the_address_is_answered(open_page: OpenPage, identifier: str) -> None:
    page = open_page("data", data=identifier)
    assert not page.exception
    assert "There is no stored file" in words(page)
    assert not button(page, "Use the sample").disabled


def test_markup_in_cells_labels_columns_and_names_is_shown_as_text(open_page: OpenPage) -> None:
    awful = ("**bold** <b>b</b>", "=1+1", ":material/bug_report: $x$")
    page = upload(open_page("data"), "[a](b) *c*.csv", as_csv(labelled_rows(awful), names="**message**,:red[department]"))
    for element in [*page.markdown, *page.caption, *page.subheader]:
        assert "**bold**" not in element.value and ":red[department]" not in element.value and "[a](b)" not in element.value
    assert "[a](b) *c*.csv" in page.subheader[0].value.replace("\\", "")
