"""Results of studies and exports that were made up: for the pages, the course and the guide, which show them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine import FRAMEWORKS
from engine.runs.folder import Run, home
from engine.runs.records.reading import to_json
from engine.runs.status import Status
from engine.shared.classifiers import CLASSIFIERS
from engine.shared.devices import Machine
from engine.studies.audit import LEVELS
from engine.studies.audit_results import AuditResults, LevelRow, TransferRow
from engine.studies.benchmark.results import VerdictRow
from engine.studies.export.request import FILE_FORMS, ExportRequest
from engine.studies.mistake_results import MistakeRow
from engine.studies.study import Study
from engine.workers.requests.mistakes import Frame, Observation, RaisedError

# --- Mistakes ---


def observed(losses: Sequence[float | None], accuracy: float | None = 0.8, **changes: Any) -> Observation:
    bad = losses.index(None) + 1 if None in losses else None
    seen = Observation(stage="end", steps=len(losses), losses=tuple(losses), first_not_a_number=bad, accuracy=accuracy)
    return replace(seen, **changes)


RIGHT = [1.6, 1.0, 0.5, 0.2]


OWN_LINE = Frame(file="engine/frameworks/pytorch/mistakes.py", line=65, function="f", code="fit(`x`)", own=True)


ERROR = RaisedError(
    type="IndexError",
    message="Target 5 is <b>out</b> of *bounds*.",
    frames=(OWN_LINE, Frame(file="torch/nn/functional.py", line=3, function="cross_entropy", code="raise")),
    depth=2,
    own_line=OWN_LINE,
    library_frames=1,
)


def mistake_row(mistake: str, framework: str, outcome: str, mistaken: Observation, same: float | None = None, **facts: Any) -> MistakeRow:
    values = {"caught": outcome == "stopped", "correct": observed(RIGHT, 0.85), "same_answers": same, "seconds": 0.4} | facts
    return MistakeRow(mistake=mistake, framework=framework, outcome=outcome, mistaken=mistaken, **values)


# --- The audit ---

DIFFERENCE = dict(zip(LEVELS, (0.08, 0.02, 2.5e-4, 2.8e-7, 2.8e-16, 3e-6), strict=True))


def audit_results(*classifiers: str, levels: int = len(LEVELS)) -> AuditResults:
    rows = []
    for classifier in classifiers or CLASSIFIERS:
        for name, level in list(LEVELS.items())[:levels]:
            largest = DIFFERENCE[name] * (1e3 if classifier == "transformer" and name == "exact-constants" else 1)
            differences = (0.0, largest / 10, largest)
            losses = {"pytorch": (1.0,) * 3, "tensorflow": tuple(1.0 + value for value in differences)}
            facts = {"classifier": classifier, "precision": level.precision, "level": name}
            rows.append(LevelRow(steps=3, max_relative_loss_difference=largest, losses=losses, differences=differences, **facts))
    transfers = tuple(
        TransferRow(classifier=classifier, source=source, target=target, max_logit_difference=2e-7)
        for classifier in classifiers or CLASSIFIERS
        for source in FRAMEWORKS
        for target in FRAMEWORKS
        if source != target
    )
    machine = Machine(cpu="A processor", packages={"torch": "2.13.0", "tensorflow": "2.21.0"})
    return AuditResults(steps=3, data="<b>my</b> file.csv", machine=machine, rows=tuple(rows), transfers=transfers)


# --- The benchmark ---


def verdict_row(verdict: str, ratio: float = 1.0, **facts: Any) -> VerdictRow:
    values: dict[str, Any] = {"claim": "training-speed", "classifier": "text-cnn", "mode": "matched", "batch_size": 32}
    values |= {"unit": "ms", "repeats": 7, "pytorch": 10 * ratio, "tensorflow": 10.0, "ratio": ratio}
    return VerdictRow(**values | {"interval": (ratio * 0.95, ratio * 1.05), "verdict": verdict} | facts)


MIXED = [
    *[verdict_row("equivalent", 1.02)] * 9,
    *[verdict_row("pytorch faster", 1 / factor) for factor in (2.1, 1.2, 1.5, 1.4)],
    verdict_row("tensorflow faster", 1.3),
    verdict_row("not enough evidence", 1.1),
]


# --- Studies as the Guide finds them ---


def finished_study(kind: str, results: dict[str, Any], state: str = "done", created: float = 1.0, key: str = "a") -> Study:
    """A study's folder as its process leaves it; of a kind that this version need not know."""
    made = Study(home() / "_studies" / f"{kind}-{key}")
    made.path.mkdir(parents=True)
    made.write_status(Status(state=state, created=created))
    made.write_results(to_json(results))
    return made


def mistake_error(at_mistake: bool, depth: int) -> dict[str, Any]:
    return {"error": {"at_mistake": at_mistake, "depth": depth}, "warnings": []}


SILENT = {"error": None, "warnings": []}


def museum_results() -> dict[str, Any]:
    outcomes = {
        "labels_out_of_range": (("stopped", mistake_error(True, 4)), ("stopped", mistake_error(False, 20))),
        "wrong_dtype": (("stopped", mistake_error(True, 6)), ("harmless", SILENT)),
        "softmax_before_loss": (("silent", SILENT), ("warned", SILENT)),
        "labels_shuffled": (("silent", SILENT), ("crashed", {})),
    }
    rows = [
        {"mistake": mistake, "framework": framework, "outcome": outcome, "mistaken": mistaken}
        for mistake, sides in outcomes.items()
        for framework, (outcome, mistaken) in zip(FRAMEWORKS, sides, strict=True)
    ]
    return {"rows": rows, "texts": 380, "data": "sample"}


# --- Exports ---


def exported(run: Run, framework: str, name: str, precision: str = "float32", **check: Any) -> None:
    request = ExportRequest(run.identifier, framework, name, precision)
    request.folder.mkdir(parents=True)
    (request.folder / FILE_FORMS[name].file).write_bytes(b"model")
    figures = {"rows": 40, "label_agreement": 1.0, "max_logit_difference": 3e-7, "mean_logit_difference": 1e-8, "accuracy": 0.9,
               "accuracy_before": 0.9, "single_p50_ms": 1.5, "single_p95_ms": 2.5, "batch_texts_per_second": 900.0}  # fmt: skip
    manifest = {"framework": framework, "format": name, "precision": precision, "file": FILE_FORMS[name].file, "megabytes": 2.5,
                "weights": request.to_json()["weights"]}  # fmt: skip
    manifest["check"] = figures | {"runtime": "ONNX Runtime"} | check
    (request.folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
