"""The report: one file that asks nothing of a network, says what there is of a run, and shows strangers' words as characters."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas
import pytest

from engine import FRAMEWORKS, __version__
from engine.__main__ import main
from engine.display.chart_process import CHARTS
from engine.display.figure import Picture
from engine.display.palette import HUES
from engine.display.svg import printable
from engine.errors import RunError
from engine.reports import page as report_page
from engine.reports import sections as report_sections
from engine.reports.run_report import report, write_reports
from engine.reports.sections import LONGEST_TEXT, MOST_DISAGREEMENTS
from engine.results.sentences import answer
from engine.runs.folder import Run
from engine.runs.records.results import ParityFigures, Results
from engine.runs.status import Status
from tests.driving import copy_run

PROJECT = Path(__file__).parents[2]
TITLES = ["Loss curves", "Side by side", "Confusion matrices", "Per class", "Disagreements", "Fairness checklist", "Settings",
          "Versions and hardware", "The code that ran", "How to repeat it"]  # fmt: skip
BLOCKS = {"p", "div", "h1", "h2", "h3", "h4", "td", "th", "tr", "figcaption", "text"}
VOID = {"meta", "br", "img", "link", "input", "hr"}


class Parsed(HTMLParser):
    """The elements of a file with their attributes, and the words of each kind of element."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self.words.setdefault(tag, []).append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> closes another element"
        if tag in BLOCKS:
            self.words["body"][-1] += " "

    def handle_data(self, data: str) -> None:
        for tag in set(self.open):
            self.words[tag][-1] += data

    @property
    def text(self) -> str:
        """All that a reader sees, on one line."""
        return " ".join(" ".join(self.words["body"]).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def html(sample_run: Run) -> str:
    return report(sample_run)


@pytest.fixture(scope="module")
def parsed(html: str) -> Parsed:
    return Parsed(html)


def test_a_finished_run_answers_first_and_has_every_section(sample_run: Run, parsed: Parsed) -> None:
    results = sample_run.read_results()
    assert results is not None
    assert parsed.words["h1"] == [answer(results)]
    wanted = [title for title in TITLES if title != "Disagreements" or results.parity.test_agreement is not None]
    assert parsed.words["h2"] == wanted
    assert "support_messages.csv · 5 classes · Embedding MLP · matched" in parsed.text and sample_run.identifier in parsed.text
    assert f"Made by Parity {__version__} on" in parsed.text
    assert "Not in this report" not in parsed.text and not [1 for _, attributes in parsed.elements if attributes.get("role") == "note"]
    accuracy = results.frameworks["pytorch"].test_accuracy
    assert f"{100 * accuracy:.1f} %" in parsed.text
    for version in ("torch", "tensorflow", "keras"):
        assert f"{version} {results.environment.packages[version]}" in parsed.text
    assert "def train(" in parsed.text and parsed.text.count("def train(") >= 2


def test_nothing_outside_the_file_is_asked_for(html: str, parsed: Parsed) -> None:
    kinds = {tag for tag, _ in parsed.elements}
    assert not kinds & {"script", "link", "img", "iframe", "object", "embed", "base", "form", "image", "use", "foreignobject"}
    for tag, attributes in parsed.elements:
        assert not {"src", "srcset", "data", "action", "poster", "background"} & set(attributes), tag
        assert not [name for name in attributes if name.startswith("on")], tag
        for name in ("href", "xlink:href"):
            assert (attributes.get(name) or "#").startswith("#"), f"{tag} points to {attributes.get(name)}"
        assert not re.search(r"url\((?!['\"]?#)", " ".join(value or "" for value in attributes.values())), tag
    style = "".join(parsed.words["style"])
    assert "@import" not in style and "url(" not in style
    policy = next(found["content"] for found in parsed.all("meta") if found.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    assert html.startswith("<!doctype html>")


def test_links_lead_to_the_sections(parsed: Parsed) -> None:
    anchors = [
        str(attributes["id"]) for _, attributes in parsed.elements if "id" in attributes and not str(attributes["id"]).startswith("clip")
    ]
    assert len(anchors) == len(set(anchors))
    assert [link["href"] for link in parsed.all("a")] == [f"#{anchor}" for anchor in anchors]


def test_charts_are_drawings_with_words_and_a_sentence(parsed: Parsed) -> None:
    drawings = parsed.all("svg")
    assert len(drawings) == 8, "two curves charts and the classes wide and narrow, two matrices once"
    sentences = [str(drawing["aria-label"]) for drawing in drawings]
    assert all(drawing["role"] == "img" for drawing in drawings) and "latest validation loss" in sentences[0]
    drawn = parsed.words["svg"]
    assert "PyTorch" in drawn[0] and "TensorFlow" in drawn[0] and "Epoch" in drawn[2]
    fills = {attributes.get("fill") for tag, attributes in parsed.elements if tag == "text"}
    assert "currentColor" in fills and "black" not in fills and "#000" not in fills, "words around a chart must be readable in the dark"
    strokes = {attributes.get("stroke") for tag, attributes in parsed.elements if tag == "path"}
    assert set(HUES.values()) <= strokes


def test_pytorch_stands_left(parsed: Parsed) -> None:
    for row in ("Accuracy", "Training time"):
        assert row in parsed.text
    assert parsed.text.index("PyTorch") < parsed.text.index("TensorFlow")
    heads = [words for words in parsed.words["th"] if words.startswith(("PyTorch", "TensorFlow"))]
    assert heads and all(left.replace("PyTorch", "TensorFlow") == right for left, right in zip(heads[::2], heads[1::2], strict=True)), (
        "every column of PyTorch has TensorFlow's on its right"
    )


def test_the_colours_are_those_of_the_dashboard() -> None:
    theme = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
    style = (PROJECT / "engine" / "reports" / "templates" / "report.css").read_text(encoding="utf-8")
    for scheme in ("light", "dark"):
        for name in ("backgroundColor", "secondaryBackgroundColor", "textColor", "linkColor"):
            assert theme[scheme][name] in style, f"{name} in the {scheme}"
    assert all(hue in style for hue in HUES.values())


# --- Runs that are not finished ---


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts are rendered to nothing, for tests of what stands around them."""
    monkeypatch.setattr(report_page, "chart_svg", lambda picture, width: "")


def test_a_run_in_training_is_reported_as_far_as_it_is(active_run: Run, undrawn: None) -> None:
    shown = Parsed(report(active_run))
    top = shown.text
    assert top.startswith(
        "This run is still going on and has no results: here is what its folder holds, and what it had not reached is left out."
    )
    assert shown.words["h1"] == [
        "Nothing is compared yet: PyTorch has trained 3 of 6 epochs (validation accuracy 70.0 %), "
        "TensorFlow has trained 2 of 6 epochs (validation accuracy 65.0 %)."
    ]
    assert {"Loss curves", "Settings", "How to repeat it"} <= set(shown.words["h2"])
    assert not {"Confusion matrices", "Per class", "Disagreements"} & set(shown.words["h2"])
    assert "Not in this report: confusion matrices, for no test text was answered yet; scores of each class" in top
    assert "Same initial weights not measured" in top


def test_a_failed_run_without_results_says_why(active_run: Run, undrawn: None) -> None:
    active_run.write_status(Status(state="failed", message="The TensorFlow worker was killed: no memory was left.", phase="end"))
    top = Parsed(report(active_run)).text
    assert top.startswith("This run failed and has no results") and "was killed: no memory was left." in top


def test_a_stopped_run_says_what_is_compared(sample_run: Run, undrawn: None) -> None:
    run = copy_run(sample_run)
    run.write_status(Status(state="stopped", message="Stopped on request", phase="end"))
    shown = Parsed(report(run))
    assert shown.text.startswith("This run was stopped early. What is compared here are the best weights up to then.")
    assert shown.words["h2"] == TITLES


@pytest.mark.parametrize(("kept", "lost"), [("pytorch", "TensorFlow"), ("tensorflow", "PyTorch")])
def test_one_framework_alone_is_reported(finished_run: Run, kept: str, lost: str, undrawn: None) -> None:
    results = finished_run.read_results()
    assert results is not None
    finished_run.write_results(replace(results, frameworks={kept: results.frameworks[kept]}, parity=ParityFigures()))
    finished_run.write_status(Status(state="failed", message=f"The {lost} worker was killed.", phase="end"))
    shown = Parsed(report(finished_run))
    assert f"{lost} has no result in this run." in shown.words["h1"][0]
    assert f"The {lost} worker was killed." in shown.text
    assert "disagreements, for only one framework has results" in shown.text and "Disagreements" not in shown.words["h2"]


def test_a_run_without_a_step_is_refused_with_the_way_out(active_run: Run) -> None:
    for framework in FRAMEWORKS:
        active_run.events_file(framework).unlink()
    with pytest.raises(
        RunError, match=r"nothing to report yet\. Expected results, or at least one step of training; found neither: the run is"
    ):
        report(active_run)
    active_run.write_status(Status(state="failed", message="The disk was full.", phase="end"))
    with pytest.raises(RunError, match=r"the run is failed \(The disk was full\)\. Resume it or start it again"):
        report(active_run)


@pytest.mark.parametrize("file", ["data.parquet", "pytorch/predictions.parquet", "pytorch/events.jsonl", "experiment.json", "code.json"])
def test_a_missing_file_costs_only_its_part(finished_run: Run, file: str, undrawn: None) -> None:
    (finished_run.path / file).unlink(missing_ok=True)
    shown = Parsed(report(finished_run))
    assert answer(finished_run.read_results() or Results()) in shown.words["h1"]
    assert {"Side by side", "Per class"} <= set(shown.words["h2"])


# --- Words of strangers ---


def test_words_of_strangers_are_shown_as_characters(finished_run: Run) -> None:
    results = finished_run.read_results()
    assert results is not None
    notes = ('A note with "quotes" & <img src=x onerror=alert(1)>',)
    data = replace(results.data, name="<script>alert(1)</script>.csv")
    finished_run.write_results(replace(results, run=replace(results.run, notes=notes), data=data))
    shown = Parsed(report(finished_run))
    assert not {"script", "img", "b", "i"} & {tag for tag, _ in shown.elements} - {"b"}
    assert "<script>alert(1)</script>.csv · 3 classes" in shown.text and "<img src=x onerror=alert(1)>" in shown.text
    assert "*returns* & <b>swaps</b>" in " ".join(shown.words["svg"]) and "*returns* & <b>swaps</b>" in " ".join(shown.words["td"])
    assert "where is my *order*? <i>Thanks</i>" in shown.text


def test_no_character_of_a_class_or_a_text_ends_the_process(finished_run: Run) -> None:
    """The library that draws ends its process on these, as the tests of the process show."""
    strange = "".join(map(chr, (*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), 0xFFFE, 0xFFFF)))
    results, data = finished_run.read_results(), finished_run.read_data()
    assert results is not None and data is not None
    classes = tuple(f"{name}{strange}" for name in results.data.classes)
    data = data.assign(text=data["text"] + strange, label=data["label"] + strange)
    data.to_parquet(finished_run.path / "data.parquet")
    finished_run.write_results(replace(results, data=replace(results.data, classes=classes, majority_class=classes[0], name=strange)))
    html = report(finished_run)
    assert html.count("<svg") >= 4 and "could not be drawn" not in html and printable(html) == html
    assert any("␁" in words for words in Parsed(html).words["svg"]), "shown by a sign"


def test_a_chart_that_cannot_be_drawn_leaves_the_report_whole(finished_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def abort(picture: Picture, width: int) -> str:
        return CHARTS.svg('{"title": "\\u001b", "mark": "bar", "data": {"values": [{}]}}')

    monkeypatch.setattr(report_page, "chart_svg", abort)
    shown = Parsed(report(finished_run))
    assert set(TITLES[:8]) <= set(shown.words["h2"])
    assert shown.text.count("This chart could not be drawn because the library that draws ended unexpectedly.") >= 4


def test_only_some_disagreements_are_shown_and_long_texts_are_cut(
    finished_run: Run, monkeypatch: pytest.MonkeyPatch, undrawn: None
) -> None:
    one = {"row": 1, "text": "long " * 400, "true class": "billing"}
    answers = {f"{name} answer": label for name, label in (("PyTorch", "billing"), ("TensorFlow", "shipping"))}
    table = pandas.DataFrame([one | answers | {"PyTorch probability": 0.9, "TensorFlow probability": 0.8}] * (MOST_DISAGREEMENTS + 5))
    monkeypatch.setattr(report_sections, "disagreements", lambda *_: table)
    text = Parsed(report(finished_run)).text
    assert text.count("PyTorch, right") == MOST_DISAGREEMENTS and f"Here are {MOST_DISAGREEMENTS} of them" in text
    assert "long " * (LONGEST_TEXT // 5 - 1) in text and "long " * (LONGEST_TEXT // 5 + 1) not in text


# --- The command ---


def test_the_command_writes_both_files_and_says_where(
    sample_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], undrawn: None
) -> None:
    runs = ["--runs-dir", str(sample_run.path.parent)]
    assert main(["report", sample_run.identifier, "--to", str(tmp_path / "new"), "--card", "--json", *runs]) == 0
    files = json.loads(capsys.readouterr().out)
    assert {name: Path(file).name for name, file in files.items()} == {
        "report": f"{sample_run.identifier}-report.html",
        "model_card": f"{sample_run.identifier}-model-card.md",
    }
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(Path(file).name for file in files.values())
    assert Path(files["report"]).read_text(encoding="utf-8").startswith("<!doctype html>")
    assert main(["report", sample_run.identifier, "--to", str(tmp_path / "new"), *runs]) == 0, "an earlier report is replaced"
    assert capsys.readouterr().out == f"{files['report']}\n"


@pytest.mark.parametrize("name", ["../../etc", "20260101-000000-abcdef", "/tmp", ""])
def test_the_command_leaves_the_folder_of_runs_alone(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", name, "--to", str(tmp_path / "out")]) == 1
    assert not (tmp_path / "out").exists()
    assert "is not the name of a run" in (error := capsys.readouterr().err) or "There is no run" in error


def test_a_file_of_somebody_else_is_not_replaced(finished_run: Run, tmp_path: Path) -> None:
    foreign = tmp_path / f"{finished_run.identifier}-report.html"
    foreign.write_text("<html>my own page</html>", encoding="utf-8")
    with pytest.raises(RunError, match=r"was not made by this command\. Expected no such file, or an earlier report"):
        write_reports(finished_run, tmp_path)
    assert foreign.read_text(encoding="utf-8") == "<html>my own page</html>"


def test_a_place_that_is_no_folder_is_explained(finished_run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(RunError, match="Expected a folder with room and permission to write; name another one with --to"):
        write_reports(finished_run, tmp_path / "file")
