"""A migration from start to finish: out of one framework, into the other, and the proof that it is the same model."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.errors import MigrationError
from engine.runs.preparing.graph_inputs import graph_form
from engine.runs.records.reading import to_json
from engine.runs.records.results import Results
from engine.runs.source_code import save_code
from engine.shared.devices import describe_machine
from engine.studies.migration.onnx_runtime import onnx_runtime_logits
from engine.studies.migration.onnx_tf import old_snippets
from engine.studies.migration.request import FURTHER_STEPS, MigrationRequest
from engine.studies.migration.results import FurtherTraining, LogitDifferences, MigrationResults
from engine.studies.migration.words import what_is_carried
from engine.workers.requests.migration import AFTER, BEFORE, ONNX_FILE, ArriveRequest, LeaveRequest, PassageAnswer

if TYPE_CHECKING:
    from engine.studies.coordinator import StudyCoordinator

SIDES = ("source", "target")


def conduct(coordinator: StudyCoordinator) -> list[str]:
    """Fill a study's folder: the source answers and takes its leave, the target arrives and answers, ONNX Runtime judges."""
    request = MigrationRequest.from_json(coordinator.request)
    run, started = request.opened(), time.monotonic()
    arrays, carried = coordinator.study.prepared_folder, coordinator.study.carried_folder
    for folder in (arrays, carried):
        folder.mkdir(parents=True, exist_ok=True)
    save_code(coordinator.study)
    coordinator.expect(8)
    leave = LeaveRequest(
        source=request.source,
        route=request.route,
        arrays=str(arrays),
        carried=str(carried),
        steps=FURTHER_STEPS,
        classes=(run.read_results() or Results()).data.classes,
        weights=tuple(coordinator.request["weights"]),
        graph=graph_writer(request),
    )
    requests = (leave, ArriveRequest(**vars(leave)))
    answers: dict[str, PassageAnswer] = {}
    for side, framework, passage in zip(SIDES, (request.source, request.target), requests, strict=True):
        coordinator.dismiss()  # the check must not depend on what the export has left in the process
        coordinator.frameworks = (framework,)
        name = FRAMEWORK_NAMES[framework]
        words = f"{name} answers, writes the model and trains on" if side == "source" else f"{name} takes it over, answers and trains on"
        answers[side] = coordinator.measure(framework, words, run, passage, cost=3.0)
    coordinator.dismiss()
    coordinator.say("ONNX Runtime answers as well")
    file = (carried if request.route == "onnx" else arrays) / ONNX_FILE
    logits = {side: np.load(arrays / BEFORE.format(side=side)) for side in SIDES}
    trained_on = {side: np.load(arrays / AFTER.format(side=side)) for side in SIDES}
    neutral = onnx_runtime_logits(file, run, graph_form(run, whole=request.route == "onnx"))
    coordinator.skip(1.0)
    coordinator.say("Looking at the snippet of old guides")
    snippets = old_snippets(file)
    coordinator.skip(1.0)
    results = MigrationResults(
        run=request.run,
        data=run.read_experiment().data.name,
        classifier=run.read_experiment().classifier,
        source=request.source,
        target=request.target,
        route=request.route,
        machine=describe_machine(),
        rows=answers["source"].rows,
        accuracy_before=answers["source"].accuracy,
        accuracy_after=answers["target"].accuracy,
        judge={side: differences(neutral, logits[side]) for side in SIDES},
        graph=leave.graph,
        carried=what_is_carried(run, request.route),
        trained_on=further_training(answers, trained_on),
        stages={side: answers[side].stages for side in SIDES},
        left=answers["source"].passage,
        arrived=answers["target"].passage,
        old_snippets=snippets,
        seconds=time.monotonic() - started,
        **vars(differences(logits["source"], logits["target"])),
    )
    coordinator.study.write_results(to_json(results))
    return []


def graph_writer(request: MigrationRequest) -> str:
    """Return whose exporter writes the ONNX graph for ONNX Runtime: the source's where the graph is what travels.

    Else the model is in both frameworks, and the first one's exporter is quicker: tf2onnx takes five times as long over an encoder.
    """
    return request.source if request.route == "onnx" else FRAMEWORKS[0]


def differences(before: np.ndarray, after: np.ndarray) -> LogitDifferences:
    """Return how far two models' logits, (texts, classes), are apart, and on how many texts they agree.

    Raises ``MigrationError`` where one of them is no number.
    """
    if before.shape != after.shape or not (np.isfinite(before).all() and np.isfinite(after).all()):
        raise MigrationError(
            f"The two models cannot be compared: logits of shape {before.shape} and {after.shape}, all of them numbers, were expected to "
            "match. The training may have diverged; choose another run."
        )
    apart = np.abs(before.astype(np.float64) - after)
    same = before.argmax(axis=1) == after.argmax(axis=1)
    return LogitDifferences(
        max_logit_difference=float(apart.max(initial=0.0)),
        mean_logit_difference=float(apart.mean()) if apart.size else 0.0,
        label_agreement=float(same.mean()) if same.size else 1.0,
    )


def further_training(answers: Mapping[str, PassageAnswer], logits: Mapping[str, np.ndarray]) -> FurtherTraining:
    """Return what became of both models after the same further steps: still comparable, for both can be trained."""
    return FurtherTraining(
        steps=FURTHER_STEPS,
        losses={side: tuple(answers[side].losses) for side in SIDES},
        accuracy={side: answers[side].accuracy_trained_on for side in SIDES},
        **vars(differences(logits["source"], logits["target"])),
    )
