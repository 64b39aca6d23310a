"""Run folders built by hand through ``engine.runs.folder``, and pages opened in them without a browser."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy
import pandas
import pytest
from streamlit.testing.v1 import AppTest

from engine import FRAMEWORKS
from engine.data.choice import DataChoice
from engine.runs.comparison import run_facts
from engine.runs.experiment import Experiment
from engine.runs.folder import Run, create_run
from engine.runs.records.outcome import Latency
from engine.runs.records.results import MEASURING, DataFacts, EncodingFacts, Environment, FrameworkResults, ParityFigures, Results
from engine.runs.records.stages import StageTimes
from engine.runs.status import Status, WorkProgress
from engine.shared.metrics import AccuracyDifference, score
from engine.studies import study as studies

DASHBOARD = Path(__file__).parents[2] / "dashboard.py"
CLASSES = ["*returns* & <b>swaps</b>", "billing", "shipping"]
"""Sorted, as the engine sorts them; one of them tries to be markup."""

TEST_ROWS, EPOCHS, STEPS_PER_EPOCH, BATCH_SIZE = 40, 6, 8, 32


@pytest.fixture
def home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home of runs."""
    monkeypatch.setenv("PARITY_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


@pytest.fixture
def finished_run(home_folder: Path) -> Run:
    """A done run of both frameworks: 3 classes, 40 test texts, predictions that differ on one of them."""
    run = create_run(experiment())
    write_data(run)
    for framework in FRAMEWORKS:
        write_events(run, framework, EPOCHS)
    predictions = {framework: write_predictions(run, framework) for framework in FRAMEWORKS}
    run.write_results(results(run, predictions))
    run.write_status(Status(state="done", message="Finished", phase="end", started=1_800_000_000.0, finished=1_800_000_060.0))
    return run


@pytest.fixture
def measured_run(finished_run: Run) -> Run:
    """The same run while it is still measured how fast its models answer."""
    results = finished_run.read_results()
    assert results is not None
    sides = {name: replace(side, latency_ms=Latency()) for name, side in results.frameworks.items()}
    finished_run.write_results(replace(results, run=replace(results.run, state=MEASURING), frameworks=sides))
    status = Status(state="running", message="Measuring", phase="latency", started=time.time() - 30, share=0.9, seconds_left=3.0)
    finished_run.write_status(status)
    return finished_run


@pytest.fixture
def trained(finished_run: Run) -> Run:
    """The done run with a file where each framework's weights would be."""
    for framework in finished_run.read_experiment().frameworks:
        (finished_run.framework_folder(framework) / "model.safetensors").write_bytes(b"weights")
    return finished_run


@pytest.fixture
def no_process(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Studies are written down as started, and nothing is: the identifiers of those."""
    started: list[str] = []
    monkeypatch.setattr(studies, "detach", lambda module, folder: started.append(folder.name))
    return started


@pytest.fixture
def active_run(home_folder: Path) -> Run:
    """A run in training: PyTorch after three epochs, TensorFlow after two. No process stands behind it."""
    run = create_run(experiment())
    write_data(run)
    write_events(run, "pytorch", 3)
    write_events(run, "tensorflow", 2)
    run.write_status(
        Status(
            state="running",
            message="Training",
            phase="train",
            turn="tensorflow",
            started=time.time() - 30,
            share=0.4,
            seconds_left=45.0,
            progress={"pytorch": WorkProgress(0.5, 20.0), "tensorflow": WorkProgress(1 / 3, 45.0)},
            memory={"pytorch": 412.0, "tensorflow": 1310.0},
        )
    )
    return run


@pytest.fixture(autouse=True)
def by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages run alone here, and ``AppTest`` takes every run for the first of a server; the browser tests see pages handed over."""
    monkeypatch.setattr("pages.parts.widgets.entry.PagesManager", SimpleNamespace(uses_pages_directory=False))


@pytest.fixture
def open_page(home_folder: Path) -> Callable[..., AppTest]:
    """``open_page("train", run=identifier)`` runs that page of the dashboard as a visitor with this address would."""

    def run_page(name: str, **address: str) -> AppTest:
        page = AppTest.from_file(str(DASHBOARD), default_timeout=20)
        page.switch_page(f"pages/{name}.py")
        for key, value in address.items():
            page.query_params[key] = value
        return page.run()

    return run_page


def experiment(**settings: Any) -> Experiment:
    """Small settings on the sample."""
    choice = DataChoice(dataset="sample", name="support_messages.csv", text=("message",), label="department")
    return Experiment(**({"data": choice, "epochs": EPOCHS, "batch_size": BATCH_SIZE} | settings))


def as_classifier(run: Run, classifier: str, data: dict[str, Any] | None = None, **settings: Any) -> None:
    """Write the run's results as if another classifier had been trained, with other ``settings``; ``data`` is added to what they say."""
    experiment = Experiment.recommended(run.read_experiment().data, classifier, **settings)
    results, member = run.read_results(), experiment.family_member
    assert results is not None
    facts = {"max_tokens": experiment.max_tokens if member.concerns("max_tokens") else None, "truncated": 0, "unknown": 0} | (data or {})
    parity = results.parity if member.takes == "vectors" else replace(results.parity, encoder_difference=None)
    run.write_results(replace(results, run=run_facts(run, experiment), data=replace(results.data, **facts), parity=parity))


def everything_shown(page: AppTest) -> str:
    """All words on the page, the escaped HTML of twin rows included."""
    words = []
    for element in page.main:
        proto = getattr(element, "proto", None)
        words += [str(getattr(proto, name)) for name in ("body", "label", "text", "alt", "help") if getattr(proto, name, "")]
    return "\n".join(words)


def write_data(run: Run) -> None:
    """256 training, 40 validation and 40 test rows."""
    parts = ["train"] * STEPS_PER_EPOCH * BATCH_SIZE + ["validation"] * 40 + ["test"] * TEST_ROWS
    rows = numpy.arange(len(parts))
    texts = [f"Message {row}: where is my *order*? <i>Thanks</i>" for row in rows]
    labels = [CLASSES[row % len(CLASSES)] for row in rows]
    pandas.DataFrame({"row": rows, "text": texts, "label": labels, "split": parts}).to_parquet(run.data_file)


def write_events(run: Run, framework: str, epochs: int) -> None:
    """Every line a worker writes until ``epochs`` epochs have passed, and the end if those are all."""
    pace, drift = (0.004, 1.0) if framework == "pytorch" else (0.009, 1.0 + 2e-6)
    moment = 1_800_000_000.0
    events: list[dict[str, Any]] = [
        {"event": "imported", "seconds": 1.9, "rss_mib": 300.0, "device": "cpu", "threads": 2},
        {"event": "built", "parameters": 198_147, "steps_per_epoch": STEPS_PER_EPOCH, "epochs": EPOCHS, "start_epoch": 0},
    ]
    for epoch in range(epochs):
        for step in range(epoch * STEPS_PER_EPOCH + 4, (epoch + 1) * STEPS_PER_EPOCH + 1, 4):
            loss = drift * (0.3 + numpy.exp(-step / 15))
            events.append(
                {
                    "event": "steps",
                    "epoch": epoch,
                    "step": step,
                    "steps": 4,
                    "loss": loss,
                    "seconds": step * pace,
                    "documents": 4 * BATCH_SIZE,
                }
                | {"turn": epoch, "first_of_turn": False}
            )
        losses = {"train_loss": drift * (0.35 + numpy.exp(-epoch / 2)), "validation_loss": drift * (0.4 + numpy.exp(-epoch / 2))}
        finished = (epoch + 1) * STEPS_PER_EPOCH
        events.append(
            {"event": "epoch", "epoch": epoch, "step": finished, "seconds": finished * pace, "best": True, **losses}
            | {"validation_accuracy": 0.6 + 0.05 * epoch}
        )
    if epochs == EPOCHS:
        events += [{"event": "trained", "reason": "finished", "best_epoch": EPOCHS, "epochs": EPOCHS}]
        events += [{"event": "evaluated", "test_accuracy": 0.9 if framework == "pytorch" else 0.875}, {"event": "saved"}]
    lines = [json.dumps(event | {"time": moment + number}) for number, event in enumerate(events)]
    (run.framework_folder(framework) / "events.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_predictions(run: Run, framework: str) -> pandas.DataFrame:
    """Four of 40 wrong in PyTorch; TensorFlow wrong on one more. Columns as the engine writes them."""
    data = run.read_data()
    assert data is not None
    test = data[data["split"] == "test"]
    truth = numpy.array([CLASSES.index(label) for label in test["label"]])
    guess = truth.copy()
    guess[[3, 11, 19, 27]] = (guess[[3, 11, 19, 27]] + 1) % len(CLASSES)
    if framework == "tensorflow":
        guess[35] = (guess[35] + 1) % len(CLASSES)
    probabilities = numpy.full((len(test), len(CLASSES)), 0.1)
    probabilities[numpy.arange(len(test)), guess] = 0.8
    columns = {"row": test["row"].to_numpy(), "label": test["label"].to_numpy(), "prediction": [CLASSES[index] for index in guess]}
    table = pandas.DataFrame(columns | {f"p{index}": probabilities[:, index] for index in range(len(CLASSES))})
    table.to_parquet(run.framework_folder(framework) / "predictions.parquet")
    return table


def results(run: Run, predictions: dict[str, pandas.DataFrame]) -> Results:
    """A comparison with every figure that a finished run has."""
    experiment = run.read_experiment()
    left, right = predictions.values()
    agree = (left["prediction"] == right["prediction"]).to_numpy()
    verdict = "The accuracies differ by 2.5 points on 40 test texts, which is within the noise."
    return Results(
        run=replace(run_facts(run, experiment), created=1_800_000_000.0, finished=1_800_000_060.0, state="done"),
        data=DataFacts(
            name=experiment.data.name,
            text=experiment.data.text,
            label=experiment.data.label,
            reading=experiment.data.reading,
            rows=336,
            classes=tuple(CLASSES),
            split={"train": 256, "validation": 40, "test": TEST_ROWS},
            max_tokens=experiment.max_tokens,
            truncated=0,
            unknown=0,
            majority_class=CLASSES[0],
            majority_accuracy=0.35,
        ),
        frameworks={framework: _framework_results(framework, table) for framework, table in predictions.items()},
        parity=ParityFigures(
            first_batch_logit_difference=2.4e-7,
            encoder_difference=3.1e-6,
            max_epoch_loss_drift=2e-6,
            test_agreement=float(agree.mean()),
            disagreements=tuple(left["row"][~agree].tolist()),
            accuracy_difference=AccuracyDifference(0.025, -0.024, 0.074, 0.95, TEST_ROWS, verdict),
        ),
        environment=Environment(
            python="3.11.9",
            platform="Linux",
            cpu="A processor",
            cores=2,
            memory_gib=8.0,
            packages={"torch": "2.13.0", "tensorflow": "2.21.0", "keras": "3.12.0"},
            threads=2,
        ),
        encoding=EncodingFacts(336, 0, 2.1, 160.0, "float32"),
        stages=StageTimes(
            seconds={"reading": 0.4, "downloading": 0.1, "encoding": 2.4, "loading": 4.2, "training": 1.8, "testing": 0.4, "timing": 4.0}
        ),
    )


def _framework_results(framework: str, table: pandas.DataFrame) -> FrameworkResults:
    slower = 1.0 if framework == "pytorch" else 1.8
    labels, guesses = (numpy.array([CLASSES.index(name) for name in table[column]]) for column in ("label", "prediction"))
    epochs = numpy.arange(EPOCHS)
    return FrameworkResults(
        **vars(score(labels, guesses, tuple(CLASSES))),
        train_seconds=0.19 * slower,
        first_step_seconds=0.05 * slower,
        validation_seconds=0.02 * slower,
        documents_per_second=8_000 / slower,
        step_milliseconds_p50=4.0 * slower,
        steps=EPOCHS * STEPS_PER_EPOCH,
        epoch_train_loss=tuple((0.35 + numpy.exp(-epochs / 2)).tolist()),
        epoch_validation_loss=tuple((0.4 + numpy.exp(-epochs / 2)).tolist()),
        epoch_validation_accuracy=tuple((0.6 + 0.05 * epochs).tolist()),
        import_seconds=1.9 * slower,
        rss_after_import_mib=300.0 * slower,
        peak_rss_mib=412.0 * slower,
        train_growth_mib=40.0 * slower,
        parameters=198_147,
        model_bytes=792_588,
        best_epoch=EPOCHS,
        stop_reason="finished",
        device="cpu",
        threads=2,
        latency_ms=Latency(
            single_p50=9.0 * slower,
            single_p95=12.0 * slower,
            encode_single_p50=8.6 * slower,
            classify_single_p50=0.4 * slower,
            singles=40,
            batch_p50=210.0 * slower,
            batch_p95=260.0 * slower,
            batches=20,
            batch_size=64,
        ),
    )


def words(page: AppTest) -> str:
    """Everything shown, without the marks that keep words from being read as markup or from being parted."""
    return everything_shown(page).replace("\\", "").replace("\u2060", "").replace("\u00a0", " ")


def charts(page: AppTest) -> int:
    """How many charts there are."""
    return len(page.get("vega_lite_chart") or page.get("arrow_vega_lite_chart"))
