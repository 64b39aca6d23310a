"""The ablation: what may be flipped, what its figures mean, and a small one for real."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from engine import FRAMEWORKS
from engine.errors import ExperimentError
from engine.runs.folder import Run
from engine.runs.processes.channel import WorkerProcess
from engine.shared.classifiers import CLASSIFIERS
from engine.shared.recipe import EVERY_DEFAULT
from engine.studies import process as study_process
from engine.studies import study as studies
from engine.studies.ablation import COMPILED, MATCHED, AblationRequest, ablation_table, aspects_of, flip_of, is_beyond_noise, summarise
from engine.studies.ablation_results import AblationResults
from engine.studies.results import read_results
from engine.studies.study import start_study
from engine.workers.requests.ablation import Flip, TrainingFigures
from tests.driving import processes_about, small_data


def test_a_request_survives_its_folder_and_has_defaults() -> None:
    request = AblationRequest("text-cnn", 3, 2, ("shuffling", "epsilon"), small_data(), "some/encoder", "cpu")
    assert request.defaults == ("epsilon", "shuffling"), "in one order, so that the same question is the same study"
    assert AblationRequest.from_json(request.to_json()) == request
    usual = AblationRequest.from_json({})
    assert (usual.classifier, usual.seeds) == ("embedding-mlp", 5) and usual.defaults == aspects_of("embedding-mlp")
    assert usual.to_json()["epochs"] == usual.experiment().epochs


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"classifier": "svm"}, "There is no classifier “svm”"),
        ({"seeds": 1}, "between 2 and 50, but is 1: with one alone nobody could tell a change from noise"),
        ({"defaults": ("gelu",)}, "embedding-mlp has nothing to flip called “gelu”"),
        ({"epochs": 0}, "epochs must lie between 1 and 1000"),
        ({"device": "abacus"}, "device must be one of"),
    ],
)
def test_what_cannot_be_flipped(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ExperimentError, match=words):
        AblationRequest(**wrong)


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_flips_concern_the_classifier(classifier: str) -> None:
    aspects = aspects_of(classifier, "cpu")
    assert set(aspects) <= EVERY_DEFAULT - {"tf32"} and {"initialiser", "epsilon", "shuffling"} <= set(aspects)
    assert ("gelu" in aspects) == ("dropout" in aspects) == (classifier == "transformer")
    assert COMPILED not in aspects, "it takes a compiler, and is asked for by name"
    assert AblationRequest(classifier, defaults=(COMPILED,), device="cpu").defaults == (COMPILED,)


def test_clipping_is_flipped_where_nothing_would_be_clipped(tmp_path: Path) -> None:
    run = Run(tmp_path)
    assert flip_of("clipping", AblationRequest("embedding-mlp").experiment(), run) == Flip(clip_norm=1.0)
    assert flip_of("clipping", AblationRequest("bi-lstm").experiment(), run) == Flip()
    assert flip_of(COMPILED, AblationRequest().experiment(), run) == Flip(compiled=True)
    assert flip_of("epsilon", AblationRequest().experiment(), run) == Flip()


def unit(loss: float, accuracy: float = 0.8, seconds: float = 2.0) -> TrainingFigures:
    return TrainingFigures(final_loss=loss, accuracy=accuracy, seconds=seconds)


def test_changes_are_paired_by_seed_and_set_against_the_noise_of_seeds() -> None:
    rows, noise, matched = summarise(
        {
            ("pytorch", MATCHED): [unit(0.50), unit(0.60), unit(0.70)],
            ("pytorch", "epsilon"): [unit(0.52), unit(0.62), unit(0.72, seconds=2.02)],
            ("pytorch", "initialiser"): [unit(1.50), unit(1.61), unit(1.69)],
            ("pytorch", "execution"): [unit(0.50, seconds=4.0), unit(0.60, seconds=4.1), unit(0.70, seconds=3.9)],
        }
    )
    assert asdict(matched["pytorch"]) == pytest.approx({"final_loss": 0.6, "accuracy": 0.8, "seconds": 2.0})
    assert asdict(noise["pytorch"]) == pytest.approx({"final_loss": 0.1, "accuracy": 0.0, "seconds": 0.0})
    epsilon, initialiser, execution = rows
    assert epsilon.final_loss_change == pytest.approx(0.02) and epsilon.final_loss_spread == pytest.approx(0.0, abs=1e-12)
    assert not epsilon.beyond_noise, "the same in every seed, but less than another seed does"
    assert initialiser.final_loss == pytest.approx(1.6) and initialiser.beyond_noise_of == ("final_loss",)
    assert execution.seconds_change == pytest.approx(2.0) and execution.beyond_noise_of == ("seconds",)
    table = ablation_table(
        AblationResults(
            classifier="embedding-mlp", data="some.csv", seeds=3, epochs=2, notes=("A note.",), rows=rows, noise=noise, matched=matched
        )
    )
    assert "+1.0000 ± 0.0100  *" in table and "2.00 ± 0.05 ×*" in table and table.endswith("A note.")


def test_a_change_must_exceed_both_the_noise_and_its_own_spread() -> None:
    assert is_beyond_noise(0.3, 0.1, 5, 0.2)
    assert not is_beyond_noise(0.3, 0.1, 5, 0.4)
    assert not is_beyond_noise(0.3, 0.3, 5, 0.2)
    assert is_beyond_noise(-0.3, 0.1, 5, 0.2)


@pytest.mark.usefixtures("workers")
@pytest.mark.timeout(600)
def test_a_small_ablation_stopped_and_resumed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(studies, "detach", lambda module, folder: study_process.main([str(folder)]))
    monkeypatch.setattr(studies, "code_version", lambda: "of this test")  # sources may be edited meanwhile
    request = AblationRequest("tfidf-mlp", 2, 2, ("initialiser", "clipping", "loss_weighting"), small_data(), device="cpu")
    go, given = WorkerProcess.go, []

    def counted(stop_at: int) -> None:
        given.clear()

        def count(worker: WorkerProcess, **facts: Any) -> None:
            if request := facts.get("request"):
                given.append((request["seed"], request["own"], worker.framework, request["flip"]))
                if len(given) == stop_at:
                    (study,) = studies.list_studies("ablation")
                    study.request_stop()
            go(worker, **facts)

        monkeypatch.setattr(WorkerProcess, "go", count)

    counted(stop_at=13)
    study = start_study("ablation", request.to_json())
    assert study.read_status().state == "stopped" and 0.7 < study.read_status().share < 0.9
    assert [framework for *_, framework, _ in given[:4]] == ["pytorch", "tensorflow"] * 2, "they alternate"
    finished = len(given) - 1
    counted(stop_at=0)
    study = start_study("ablation", request.to_json())
    assert study.read_status().state == "done", study.read_status().message
    assert 16 - 13 <= len(given) <= 16 - finished, "what was finished is not trained again"
    assert not processes_about(tmp_path)
    results = read_results(study, AblationResults)
    assert (results.classifier, results.seeds, results.epochs) == ("tfidf-mlp", 2, 2)
    assert set(results.noise) == set(results.matched) == set(FRAMEWORKS)
    rows = {(row.framework, row.aspect): row for row in results.rows}
    assert len(rows) == 6
    for framework in FRAMEWORKS:
        assert rows[framework, "initialiser"].final_loss_change != 0.0
        assert all(rows[framework, aspect].seconds > 0 for aspect in ("initialiser", "clipping"))
    assert set(results.flips) == {"clipping", "loss_weighting"}
    losses = [results.matched[framework].final_loss for framework in FRAMEWORKS]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4), "matched is matched"
    assert "tfidf-mlp on support_messages.csv" in ablation_table(results)
