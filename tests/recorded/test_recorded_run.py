"""A run and studies of an earlier version still open: on every page, in the command line, in reports and as scripts."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from engine import FRAMEWORKS
from engine.__main__ import main
from engine.data.choice import DataChoice
from engine.reading.options import ReadingOptions
from engine.reports.benchmark_report import benchmark_report
from engine.reports.model_card import model_card
from engine.reports.run_report import report
from engine.runs.experiment import Experiment
from engine.runs.folder import Run
from engine.runs.index import run_rows
from engine.runs.paths import TREE, places
from engine.runs.records.outcome import Latency
from engine.runs.records.reading import from_json, to_json
from engine.runs.records.results import DataFacts, Results
from engine.runs.source_code import kept_code
from engine.source.scripts import data_file, notebook, standalone_script
from engine.source.snippets import load_snippets
from engine.studies import study as studies
from engine.studies.export.manifest import ExportManifest
from engine.studies.export.request import ExportRequest, find_manifest
from engine.studies.migration.code import route_code
from engine.studies.mistakes import mistake_code
from engine.studies.results import RESULTS
from tests.pages.conftest import charts, words

OpenPage = Callable[..., AppTest]
PAGES = sorted(path.stem for path in (Path(__file__).parents[2] / "pages").glob("*.py"))

SHOWN = {
    "home": ["support_messages.csv", "PyTorch 13.3 %", "TensorFlow 13.3 %"],
    "guide": ["9 are put to the test on this machine", "2.94 to 8.27 ×"],
    "data": ["Use the sample"],
    "train": ["Both reach 13.3 % and agree on 100 % of 15 test texts", "never differ by more than 1 part in 7,220,000", "13.3 %"],
    "compare": ["Both reach 13.3 % and agree on 100 % of 15 test texts", "1 part in 7,220,000"],
    "code": ["209 lines of PyTorch and 262 lines of TensorFlow: the functions that ran", "pytorch/classifiers/tfidf_mlp.py, from line 15"],
    "migrate": ["100 % of 15 test texts", "no logit is off by more than 2.98 × 10⁻⁸", "1 part in 6,750,000"],
    "export": ["2 files, each loaded again by its own runtime", "no logit off by more than 2.98 × 10⁻⁸", "0.758 times the time of PyTorch"],
    "audit": ["differ by at most 1.60 × 10⁻¹⁶ of the loss (TF-IDF MLP) over 5 steps", "rounding grows to at most 1.72 × 10⁻⁷"],
    "benchmark": ["PyTorch faster in 1 (by 2.94 ×)", "1.93 ms", "jobs/benchmark.py, from line"],
    "museum": ["Of 2 mistakes PyTorch stops 2 and TensorFlow stops 2", "Labels out of range", "Wrong shape"],
    "course": ["Texts become numbers"],
    "classify": ["each of the 5 classes", "20261127-235926-040b9b"],
}
"""Of each page, words that it can only have from what was recorded, where it shows anything of it at all."""

CHARTS = {"train": 2, "compare": 6, "migrate": 2, "export": 1, "audit": 2, "benchmark": 6}


def test_what_a_run_left_is_written_as_it_was_read(recorded_run: Run) -> None:
    results, written = recorded_run.read_results(), recorded_run.results_file.read_text(encoding="utf-8")
    assert results is not None
    recorded_run.write_results(results)
    added = added_keys(json.loads(written), json.loads(recorded_run.results_file.read_text(encoding="utf-8")))
    grown = (DataFacts, DataChoice, ReadingOptions, Experiment, Results, Latency)
    assert added <= {name for record in grown for name in record.__dataclass_fields__}
    assert recorded_run.read_results() == results
    for framework in FRAMEWORKS:
        outcome, written = recorded_run.read_outcome(framework), recorded_run.outcome_file(framework).read_text(encoding="utf-8")
        assert outcome is not None
        recorded_run.write_outcome(framework, outcome)
        again = recorded_run.outcome_file(framework).read_text(encoding="utf-8")
        assert added_keys(json.loads(written), json.loads(again)) <= {*Latency.__dataclass_fields__}


def added_keys(before: Any, after: Any) -> set[str]:
    """The keys that only the later of two JSON values has; everything else must be the same, in the same order."""
    if isinstance(before, dict) and isinstance(after, dict):
        assert [key for key in after if key in before] == list(before)
        return {key for key in after if key not in before}.union(*(added_keys(before[key], after[key]) for key in before))
    assert before == after
    return set()


@pytest.mark.parametrize("name", PAGES)
def test_every_page_shows_what_was_recorded(
    recorded_run: Run, open_page: OpenPage, name: str, monkeypatch: pytest.MonkeyPatch, no_process: list[str]
) -> None:
    # A migration is looked up by the code that made it as well; here it is as if that had stayed the same.
    recorded = {kind: studies.list_studies(kind)[0].identifier.rpartition("-")[2] for kind in studies.KINDS}
    monkeypatch.setattr(studies, "study_key", lambda kind, request: recorded[kind])
    page = open_page(name, run=recorded_run.identifier)
    assert not page.exception and not page.error, [*page.exception, *page.error]
    shown = words(page)
    assert [phrase for phrase in SHOWN[name] if phrase not in shown] == [], shown
    assert charts(page) == CHARTS.get(name, 0)
    assert not no_process, "looking starts nothing"


def test_the_code_page_shows_the_code_that_was_kept(recorded_run: Run) -> None:
    kept = kept_code(recorded_run)
    assert kept is not None and "engine/shared/weights/initial.py" in kept, "under today's paths"
    exhibit = load_snippets(recorded_run)
    assert not exhibit.note and {framework: exhibit.lines(framework) for framework in FRAMEWORKS} == {"pytorch": 209, "tensorflow": 262}
    pieces = [piece for stage in exhibit.stages for row in stage.rows for piece in row.pieces.values()] + list(exhibit.shared)
    assert all(piece.source in kept[piece.file] for piece in pieces)


def test_studies_show_the_code_that_they_kept(recorded_run: Run) -> None:
    museum, migration = (studies.list_studies(kind)[0] for kind in ("museum", "migration"))
    mistakes = mistake_code(museum).mistakes["wrong_shape"]
    kept = kept_code(museum) or {}
    assert all(piece.source in kept[piece.file] for framework in FRAMEWORKS for piece in mistakes[framework])
    kept = kept_code(migration) or {}
    pieces = [piece for wing in route_code("weights", "tfidf-mlp", migration).wings.values() for piece in wing]
    assert len(pieces) == 4 and all(piece.source in kept[piece.file] for piece in pieces)


def test_standalone_scripts_are_cut_from_the_kept_code(recorded_run: Run) -> None:
    kept = kept_code(recorded_run) or {}
    for framework in FRAMEWORKS:
        script = standalone_script(recorded_run, framework)
        train = next(
            node
            for node in ast.parse(kept[f"engine/frameworks/{framework}/training.py"]).body
            if isinstance(node, ast.FunctionDef) and node.name == "train"
        )
        assert ast.unparse(train) in ast.unparse(ast.parse(script))
        assert f"ACCURACY_OF_THE_RUN = {2 / 15!r}" in script
        assert json.loads(notebook(script))["nbformat"] == 4
    assert data_file(recorded_run).decode("utf-8").count('"test"\n') == 15


def test_reports_and_the_model_card_hold_the_figures(recorded_run: Run) -> None:
    page, card = report(recorded_run), model_card(recorded_run)
    for text in (page, card):
        assert "13.3" in text and recorded_run.identifier in text
    assert "tensorflow/training.py" in page, "the code that ran"
    (benchmark,) = studies.list_studies("benchmark")
    assert "2.94" in benchmark_report(benchmark)


def test_the_command_line_knows_the_run(recorded_run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["runs"]) == 0
    assert capsys.readouterr().out == f"{recorded_run.identifier}  done      PyTorch 13.3%, TensorFlow 13.3%\n"
    assert main(["report", recorded_run.identifier, "--to", str(tmp_path / "out"), "--card", "--json"]) == 0
    written = json.loads(capsys.readouterr().out)
    assert all(Path(file).stat().st_size > 2000 for file in written.values())


def test_exports_belong_to_the_weights_that_were_unpacked(recorded_run: Run) -> None:
    for framework, name in (("pytorch", "onnx"), ("tensorflow", "keras")):
        manifest = find_manifest(ExportRequest(recorded_run.identifier, framework, name, "float32"))
        assert manifest is not None and manifest.check.rows == 15


def test_studies_and_manifests_are_read_and_written_back_key_by_key(recorded_run: Run) -> None:
    for kind in studies.KINDS:
        for study in studies.list_studies(kind):
            assert to_json(from_json(RESULTS[kind], study.read_results())) == study.read_results(), study.identifier
    written = [json.loads(file.read_text(encoding="utf-8")) for file in recorded_run.path.glob("exports/*/manifest.json")]
    assert len(written) == 2 and [to_json(from_json(ExportManifest, values)) for values in written] == written


def test_a_run_of_the_same_settings_is_found_again(recorded_run: Run) -> None:
    experiment = recorded_run.read_experiment()
    assert type(experiment).from_json(experiment.to_json()) == experiment
    assert [row.identifier for row in run_rows()] == [recorded_run.identifier]
    status = recorded_run.read_status()
    assert status.state == "done" and not status.active


@pytest.mark.thorough
@pytest.mark.timeout(300)
def test_both_models_still_answer(recorded_run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    predictions = {framework: recorded_run.read_predictions(framework) for framework in FRAMEWORKS}
    rows = recorded_run.read_data()
    texts = rows[rows["split"] == "test"]["text"].tolist()[:3]
    assert main(["predict", recorded_run.identifier, *texts, "--json"]) == 0
    answers = json.loads(capsys.readouterr().out)
    for framework, table in predictions.items():
        assert [answer[framework]["label"] for answer in answers] == table["prediction"].tolist()[:3]
        expected = table.filter(regex=r"^p\d+$").iloc[0].tolist()
        assert list(answers[0][framework]["probabilities"].values()) == pytest.approx(expected, abs=1e-5)


def test_every_file_of_a_recorded_folder_is_in_the_tree(recorded_run: Run) -> None:
    """What a run or a study leaves behind is described; drafts and what frameworks name themselves are not."""
    for folder, holders in TREE.items():
        names = [re.sub(r"<[\w-]+>", "[^/]+", place.name) for place in places(*holders) if place.name != "<framework>/"]
        roots = [recorded_run.path] if "<run>" in folder else [study.path for kind in studies.KINDS for study in studies.list_studies(kind)]
        if folder != "runs/" and "_standby" not in folder:  # what waits leaves nothing behind
            files = [file.relative_to(root).as_posix() for root in roots for file in root.glob("**/*") if file.is_file()]
            unknown = [file for file in files if not any(re.match(name + ("$" if name[-1] != "/" else ""), file) for name in names)]
            assert files and not unknown, f"{folder} also has {', '.join(unknown)}: say in engine/runs/paths.py what that is"
