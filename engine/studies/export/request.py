"""What may be asked of an export: which run, whose model, which format; and where what came of it lies."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.errors import MigrationError
from engine.files import read_json
from engine.runs.folder import Run
from engine.runs.records.reading import from_json
from engine.shared.text.inputs import MANIFEST
from engine.studies.export.manifest import ExportManifest
from engine.studies.request import TrainedModelRequest, known_framework
from engine.studies.study import list_studies

FORMATS = {
    "pytorch": {"safetensors": "State dict", "torch-export": "torch.export", "onnx": "ONNX", "executorch": "ExecuTorch"},
    "tensorflow": {"keras": "Keras file", "saved-model": "SavedModel", "onnx": "ONNX", "litert": "LiteRT"},
}
"""Name and title of each, from the nearest to the framework to the farthest: the same place is the same purpose in both."""

EVERY_FORMAT = "all"
"""Asks for one after the other."""


class FileForm(NamedTuple):
    """What the model of a format is, whichever framework has written it."""

    kind: str
    """What a wing's functions call it."""
    file: str
    """The model's file, or the folder that a SavedModel is."""
    runtime: str
    """The program that answers with it."""


FILE_FORMS = {
    "safetensors": FileForm("native", "model.safetensors", "PyTorch"),
    "torch-export": FileForm("graph", "model.pt2", "PyTorch"),
    "executorch": FileForm("mobile", "model.pte", "ExecuTorch"),
    "keras": FileForm("native", "model.keras", "Keras"),
    "saved-model": FileForm("graph", "saved_model", "TensorFlow"),
    "litert": FileForm("mobile", "model.tflite", "LiteRT"),
    "onnx": FileForm("onnx", "model.onnx", "ONNX Runtime"),
}

PRECISIONS = ("float32", "int8")
"""How precisely a file may keep its weights; int8 rounds what flows between the layers as it comes (dynamic quantization)."""

INT8_FORMATS = ("onnx", "executorch", "litert")
"""Formats whose runtimes compute with weights in int8."""

ASIDE = ".old"
"""Ends the name of an export that has stepped aside for a newer one."""


@dataclass(frozen=True)
class ExportRequest(TrainedModelRequest):
    """What is asked of an export.

    Raises ``MigrationError`` on creation when it cannot be done, ``RunError`` when there is no such run.
    """

    framework: str
    """The framework that has trained the model and writes the file."""
    format: str
    """One of its ``FORMATS``."""
    precision: str = "float32"
    """One of ``PRECISIONS``."""

    def __post_init__(self) -> None:
        known_framework(self.framework)
        if self.format not in FORMATS[self.framework]:
            raise MigrationError(
                f"{FRAMEWORK_NAMES[self.framework]} has no format “{self.format}”. Expected one of {', '.join(FORMATS[self.framework])}."
            )
        if self.precision not in precisions(self.format):
            raise MigrationError(_no_precision(self.framework, self.format, self.precision))
        if reason := not_exportable(self.opened_trained()):
            raise MigrationError(reason)

    @property
    def trained_by(self) -> str:
        """The framework."""
        return self.framework

    @property
    def folder(self) -> Path:
        """Return where the finished export lies; its name is made of known words only."""
        suffix = "" if self.precision == "float32" else f"-{self.precision}"
        return self.opened().export_folder(f"{self.framework}-{self.format}{suffix}")


def precisions(name: str) -> tuple[str, ...]:
    """Return which precisions a format offers."""
    return PRECISIONS if name in INT8_FORMATS else PRECISIONS[:1]


def _no_precision(framework: str, name: str, precision: str) -> str:
    if precision not in PRECISIONS:
        return f"There is no precision “{precision}”. Expected {' or '.join(PRECISIONS)}."
    able = " or ".join(form for form in FORMATS[framework] if form in INT8_FORMATS)
    return (
        f"The format {name} has no {precision} that {FILE_FORMS[name].runtime} would compute with. Expected float32, found {precision}. "
        f"Leave the precision out, or choose {able}, which offer both."
    )


def not_exportable(run: Run) -> str:
    """Return why no format can hold this run's models; empty where one can."""
    experiment = run.read_experiment()
    if experiment.family_member.takes == "vectors" and experiment.long_texts == "windows":
        return (
            f"{experiment.family_member.title} over windows takes all windows of a text at once, and the readers that go with an exported "
            "file give one row of tokens a text. Expected a run that cuts long texts. Train one with the long texts cut, or carry this one "
            "over ONNX on the Migrate page."
        )
    return ""


def find_manifest(request: ExportRequest) -> ExportManifest | None:
    """Return what is said of a finished export of the run as it is now, or ``None``."""
    folder = request.folder
    if not folder.exists() and not any(study.read_status().active for study in list_studies("export")):
        bring_back(folder)
    manifest = from_json(ExportManifest, read_json(folder / MANIFEST))
    if manifest is None or not (folder / FILE_FORMS[request.format].file).exists():
        return None
    if (manifest.framework, manifest.format) != (request.framework, request.format):  # a damaged one
        return None
    return manifest if list(manifest.weights) == request.weights_stamp() else None


def bring_back(folder: Path) -> None:
    """Give an export its name again that has stepped aside for a newer one whose process was killed before that took its place."""
    if folder.exists():
        return
    for aside in folder.parent.glob(f".{folder.name}.*{ASIDE}"):
        with suppress(OSError):  # it is complete under either name
            os.replace(aside, folder)
            return


def manifests(run: Run) -> list[ExportManifest]:
    """Return all finished exports of a run, PyTorch's first."""
    finished = []
    for framework in FRAMEWORKS:
        for name in FORMATS[framework]:
            for precision in precisions(name):
                try:
                    manifest = find_manifest(ExportRequest(run.identifier, framework, name, precision))
                except MigrationError:
                    continue  # that framework took no part
                if manifest is not None:
                    finished.append(manifest)
    return finished


def bundles_folder(run: Run, framework: str) -> Path:
    """Return where the command line puts serving bundles."""
    return run.bundles_folder(framework)


def exported_folders(run: Run, finished: Sequence[ExportManifest]) -> dict[tuple[str, str], Path]:
    """Return where each export in ``finished``, as :func:`manifests` gives them, lies: by framework and format; in float32 only."""
    exact = [(manifest.framework, manifest.format) for manifest in finished if manifest.precision == "float32"]
    return {(framework, name): ExportRequest(run.identifier, framework, name).folder for framework, name in exact}
